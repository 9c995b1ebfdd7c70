"""The province takes a proposed dossier into a round."""

from datetime import date, datetime

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Invalid, Refused, check_version
from app.core.numbering import next_number
from app.domain.accounts.rules import Actor
from app.domain.dossiers.actions.moving import move
from app.domain.dossiers.enums import CheckedPart, Step
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.policy import why_not_accept
from app.domain.dossiers.queries import dossier_for_update, find_check
from app.domain.dossiers.rules import (
    CHECKED_LABELS,
    CUT_OFF,
    PROVINCE_INTAKE,
    province_due_on,
    runs_in_rounds,
    slip_number,
)
from app.domain.dossiers.schemas import AcceptDossier, RoundChoice
from app.domain.places.queries import PROVINCE_CODE


class TooLateForRound(Refused):
    """«Trước ngày» means the day before at the latest."""

    code = "dossier.too_late_for_round"
    message = (
        "Xã đề nghị ngày {proposed}; đợt {round} chỉ nhận hồ sơ đề nghị trước ngày {cut_off}. "
        "Hãy chọn đợt sau."
    )
    basis = CUT_OFF


class RoundClosed(Refused):
    """A round whose results are due takes nothing in."""

    code = "dossier.round_closed"
    message = "Đợt {round} phải xong trước ngày {end}, không nhận thêm hồ sơ."
    basis = CUT_OFF


class FoundLacking(Refused):
    """What the agency's own check found lacking is completed, or checked anew, before acceptance."""

    code = "dossier.found_lacking"
    message = (
        "Kiểm tra của cơ quan tham mưu còn ghi thiếu: {parts}. Hãy yêu cầu hoàn thiện, hoặc kiểm "
        "tra lại."
    )
    basis = PROVINCE_INTAKE


def accept_dossier(
    session: WriteSession,
    code: str,
    data: AcceptDossier,
    round_: RoundChoice | None,
    *,
    actor: Actor,
    at: datetime,
) -> Dossier:
    """Take a dossier into a round with a provincial slip number; records dossier.accepted.

    Refused when the commune proposed on or after the round's cut-off (art. 5.1), and while the
    agency's own check says that something is lacking. Accepted again it keeps its slip number.
    A renewal is rolling: it goes into no round, and the province's 45 days begin (art. 7.6.g).
    """
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    refusal = why_not_accept(actor, dossier)
    if refusal:
        raise refusal
    check_version(data.version, dossier.version)
    check = find_check(session, dossier)
    lacking = [item["part"] for item in check.items if item["lacks"]] if check else []
    if lacking:
        raise FoundLacking(parts=", ".join(CHECKED_LABELS[CheckedPart(part)] for part in lacking))
    today = local_day(at)
    in_rounds = runs_in_rounds(row.regime, dossier.kind)
    if in_rounds and round_ is None:
        raise Invalid({"round": "Hãy chọn đợt."})
    if not in_rounds and round_ is not None:
        raise Invalid({"round": "Hồ sơ đánh giá lại không theo đợt (Điều 7.6)."})
    if round_ is not None:
        _check_round(dossier, round_, today)
    dossier.province_due_on = province_due_on(row.regime, dossier.kind, today)
    dossier.round_id = round_.id if round_ else None
    dossier.accepted_at = at
    if dossier.province_slip_number is None:
        dossier.province_slip_number = slip_number(
            row.regime,
            province=PROVINCE_CODE,
            commune=dossier.commune_code,
            ordinal=next_number(session, f"slip/{PROVINCE_CODE}/{today.year}"),
            year=today.year,
        )
    return move(
        session,
        dossier,
        Step.ACCEPT,
        actor=actor,
        at=at,
        round=round_.code if round_ else None,
        slip_number=dossier.province_slip_number,
    )


def _check_round(dossier: Dossier, round_: RoundChoice, today: date) -> None:
    proposed = local_day(dossier.proposed_at) if dossier.proposed_at else today
    if proposed >= round_.proposals_before:
        raise TooLateForRound(
            proposed=f"{proposed:%d/%m/%Y}",
            round=round_.code,
            cut_off=f"{round_.proposals_before:%d/%m/%Y}",
        )
    if today >= round_.results_before:
        raise RoundClosed(round=round_.code, end=f"{round_.results_before:%d/%m/%Y}")
