"""The province takes a proposed dossier into a round."""

from datetime import datetime

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Refused, check_version
from app.core.numbering import next_number
from app.domain.accounts.rules import Actor
from app.domain.dossiers.actions.moving import move
from app.domain.dossiers.enums import Step
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.policy import why_not_accept
from app.domain.dossiers.queries import dossier_for_update
from app.domain.dossiers.rules import CUT_OFF, slip_number
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


def accept_dossier(
    session: WriteSession,
    code: str,
    data: AcceptDossier,
    round_: RoundChoice,
    *,
    actor: Actor,
    at: datetime,
) -> Dossier:
    """Take a dossier into a round with a provincial slip number; records dossier.accepted.

    Refused when the commune proposed on or after the round's cut-off (art. 5.1).
    """
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    refusal = why_not_accept(actor, dossier)
    if refusal:
        raise refusal
    check_version(data.version, dossier.version)
    today = local_day(at)
    proposed = local_day(dossier.proposed_at) if dossier.proposed_at else today
    if proposed >= round_.proposals_before:
        raise TooLateForRound(
            proposed=f"{proposed:%d/%m/%Y}",
            round=round_.code,
            cut_off=f"{round_.proposals_before:%d/%m/%Y}",
        )
    if today >= round_.results_before:
        raise RoundClosed(round=round_.code, end=f"{round_.results_before:%d/%m/%Y}")
    dossier.round_id = round_.id
    dossier.accepted_at = at
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
        round=round_.code,
        slip_number=dossier.province_slip_number,
    )
