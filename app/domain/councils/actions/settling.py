"""What the council settles before and with the lock: gates, minima, scoring anew, the result."""

from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from app.core.codes import new_code, new_secret
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Refusal, Refused, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.actions.sheets import forget_confirmations
from app.domain.councils.enums import GateState, ItemState, SheetState
from app.domain.councils.models import (
    AgendaItem,
    GateFinding,
    MinimumConfirmation,
    Result,
    SupersededSheet,
)
from app.domain.councils.policy import (
    why_not_certify,
    why_not_discuss,
    why_not_raise_gate,
    why_not_settle,
)
from app.domain.councils.queries import ItemDetail, gate_item_code, item_for_update
from app.domain.councils.rules import (
    MEETING_BASIS,
    OPINION_BASIS,
    RESULT_BASIS,
    gates_of,
    is_majority,
)
from app.domain.councils.schemas import (
    CertifyItem,
    ConfirmMinimum,
    DecideGate,
    LockItem,
    RaiseGate,
    RescoreItem,
)
from app.domain.dossiers.actions import close_without_recognition, lock_dossier
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.rulebooks import scoring as arithmetic
from app.rulebooks.scoring import Outcome

_ENDS: dict[Outcome, DossierState] = {
    Outcome.BELOW_THREE: DossierState.BELOW_THREE,
    Outcome.EXCLUDED: DossierState.EXCLUDED,
}


class GateRaised(Conflict):
    """A gate is raised once for a dossier."""

    code = "gate.raised_already"
    message = "Điều kiện này đã được {name} nêu ra."
    basis = MEETING_BASIS


class TooManyVotes(Refused):
    """No more votes than members who may vote."""

    code = "gate.too_many_votes"
    message = "Chỉ có {eligible} thành viên được biểu quyết, không thể có {votes} phiếu."
    basis = MEETING_BASIS


class NothingToConfirm(Refused):
    """The chair confirms only minima that the sheets do not see alike."""

    code = "minimum.nothing_to_confirm"
    message = "Tiêu chí {criterion} hạng {star} sao không cần Chủ tịch xác nhận."
    basis = RESULT_BASIS


class SheetsMissing(Refused):
    """Every member present hands in a sheet or says why not."""

    code = "item.sheets_missing"
    message = "Mới có {submitted}/{expected} phiếu được nộp."
    basis = RESULT_BASIS


class OpinionsDiffer(Refused):
    """In writing a renewal is settled only where the opinions agree."""

    code = "opinion.differ"
    message = (
        "Các ý kiến bằng văn bản chưa thống nhất ({count} lý do cần họp trực tiếp): hãy chuyển sản "
        "phẩm ra họp."
    )
    basis = OPINION_BASIS


class ItemQuorumNotMet(Refused):
    """After recusals too few are left."""

    code = "item.quorum_not_met"
    message = "Chỉ còn {present}/{voting} thành viên chấm sản phẩm này, cần ít nhất {needed}."
    basis = MEETING_BASIS


class GatesOpen(Refused):
    """A raised or suggested gate is decided before the lock."""

    code = "item.gates_open"
    message = "Còn điều kiện loại trừ chưa biểu quyết: {criteria}."
    basis = MEETING_BASIS


class MinimaOpen(Refused):
    """The chair confirms each minimum that is not unanimous."""

    code = "item.minima_open"
    message = "Còn yêu cầu tối thiểu chờ Chủ tịch xác nhận: {criteria}."
    basis = RESULT_BASIS


class Divergent(Refused):
    """Sheets that differ too much are discussed and scored anew."""

    code = "item.divergent"
    message = (
        "Phiếu cao nhất và thấp nhất chênh nhau {spread} điểm, quá {limit} điểm: thảo luận rồi "
        "chấm lại."
    )
    basis = RESULT_BASIS


class NotCertified(Refused):
    """Two people stand for a result: the secretary certifies the tally, then the chair locks."""

    code = "item.not_certified"
    message = "Thư ký chưa xác nhận bảng tổng hợp phiếu."
    basis = MEETING_BASIS


class CertifiedOtherwise(Refused):
    """What was certified is no longer what the sheets add up to."""

    code = "item.certified_otherwise"
    message = "Phiếu hoặc kết luận đã thay đổi sau khi {name} xác nhận: cần xác nhận lại."
    basis = MEETING_BASIS


class DivergenceUnexplained(Refused):
    """After scoring anew the council may keep its differences, in writing."""

    code = "item.divergence_unexplained"
    message = (
        "Chấm lại vẫn chênh {spread} điểm, quá {limit} điểm: hãy ghi ý kiến thảo luận trước khi "
        "chốt."
    )
    basis = RESULT_BASIS


def raise_gate(
    session: WriteSession,
    code: str,
    data: RaiseGate,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> GateFinding:
    """Raise a gate the rubric prints, for the council to vote on; records gate.raised."""
    detail = item_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    item = detail.row.item
    refusal = why_not_raise_gate(detail.meeting.meeting, item, detail.row.my_sheet)
    if refusal:
        raise refusal
    printed = {(criterion, kind) for criterion, kind, _ in gates_of(detail.dossier.rubric)}
    if (data.criterion_code, data.kind) not in printed:
        raise Invalid(
            {"criterion_code": "Bộ tiêu chí không có điều kiện này."}, code="gate.unknown"
        )
    for known in detail.gates:
        if (known.criterion_code, known.kind) == (data.criterion_code, data.kind):
            raise GateRaised(name=known.raised_by)
    gate = GateFinding(
        code=new_code("DK"),
        item_id=item.id or 0,
        criterion_code=data.criterion_code,
        kind=data.kind,
        state=GateState.RAISED,
        reason=data.reason,
        raised_by=actor.name,
        raised_at=at,
    )
    session.add(gate)
    record(
        session,
        "gate.raised",
        subject=gate,
        actor=actor,
        at=at,
        item=item.code,
        criterion=data.criterion_code,
        gate=data.kind,
        reason=data.reason,
    )
    return gate


def decide_gate(
    session: WriteSession,
    code: str,
    data: DecideGate,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> GateFinding:
    """Enter the council's vote: upheld by more than half of those who may vote, or by the chair.

    Until the lock a miscounted vote may be entered again. Records gate.decided.
    """
    item_code = gate_item_code(session, code)
    detail = item_for_update(session, item_code, actor=actor, rules_dir=council_rules_dir)
    refusal = why_not_discuss(detail.meeting.meeting, detail.row.item, detail.meeting.seat)
    if refusal:
        raise refusal
    gate = next(one for one in detail.gates if one.code == code)
    # Where the rules leave it to whoever presides, that one word is the vote.
    decides = detail.meeting.rules.gates.decided_by
    eligible = 1 if decides == "chair" else detail.row.expected
    votes = data.votes_for + data.votes_against
    if votes > eligible:
        raise TooManyVotes(eligible=eligible, votes=votes)
    if votes == 0:
        raise Invalid({"votes_for": "Hãy ghi số phiếu thuận và không thuận."})
    upheld = is_majority(data.votes_for, eligible=eligible)
    gate.state = GateState.UPHELD if upheld else GateState.DISMISSED
    gate.votes_for = data.votes_for
    gate.votes_against = data.votes_against
    gate.decided_at = at
    record(
        session,
        "gate.decided",
        subject=gate,
        actor=actor,
        at=at,
        item=item_code,
        state=gate.state,
        votes_for=data.votes_for,
        votes_against=data.votes_against,
    )
    return gate


def confirm_minimum(
    session: WriteSession,
    code: str,
    data: ConfirmMinimum,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> MinimumConfirmation:
    """Say whether a minimum that the sheets do not see alike is met; records minimum.confirmed."""
    detail = _to_discuss(session, code, actor=actor, rules_dir=council_rules_dir)
    result = _computed(detail)
    finding = next(
        (
            one
            for one in result.minima
            if (one.criterion_code, one.star) == (data.criterion_code, data.star)
        ),
        None,
    )
    if finding is None or finding.unanimous:
        raise NothingToConfirm(criterion=data.criterion_code, star=data.star)
    item = detail.row.item
    row = next(
        (
            one
            for one in detail.confirmations
            if (one.criterion_code, one.star) == (data.criterion_code, data.star)
        ),
        None,
    ) or MinimumConfirmation(
        item_id=item.id or 0,
        criterion_code=data.criterion_code,
        star=data.star,
        met=data.met,
        reason=data.reason,
        confirmed_at=at,
    )
    row.met, row.reason, row.confirmed_at = data.met, data.reason, at
    session.add(row)
    record(
        session,
        "minimum.confirmed",
        subject=item,
        actor=actor,
        at=at,
        criterion=data.criterion_code,
        star=data.star,
        met=data.met,
        reason=data.reason,
    )
    return row


def rescore_item(
    session: WriteSession,
    code: str,
    data: RescoreItem,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> AgendaItem:
    """Have a dossier scored anew after discussion; records item.rescored.

    Every submitted sheet is kept as superseded and becomes a draft again.
    """
    detail = _to_discuss(session, code, actor=actor, rules_dir=council_rules_dir)
    item = detail.row.item
    check_version(data.version, item.version)
    _computed(detail)
    for sheet in detail.row.sheets:
        if sheet.state is not SheetState.SUBMITTED or sheet.submitted_at is None:
            continue
        session.add(
            SupersededSheet(
                sheet_id=sheet.id or 0,
                scoring_round=item.scoring_round,
                origin=sheet.origin,
                total=sheet.total,
                opinion=sheet.opinion,
                marks={
                    criterion: {
                        "option": mark.option_code,
                        "remark": mark.remark,
                        "evidence": mark.evidence_code,
                        "page": mark.evidence_page,
                        "without_evidence": mark.without_evidence,
                    }
                    for criterion, mark in detail.marks[sheet.id or 0].items()
                },
                submitted_at=sheet.submitted_at,
                superseded_at=at,
            )
        )
        sheet.state = SheetState.DRAFT
        sheet.submitted_at = None
        sheet.updated_at = at
        sheet.version += 1
    forget_confirmations(session, item.id or 0)
    item.scoring_round += 1
    item.version += 1
    record(
        session,
        "item.rescored",
        subject=item,
        actor=actor,
        at=at,
        scoring_round=item.scoring_round,
        reason=data.reason,
    )
    return item


def certify_item(
    session: WriteSession,
    code: str,
    data: CertifyItem,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> AgendaItem:
    """Confirm as the secretary that the tally is what the sheets add up to; records item.certified.

    What was confirmed is kept as a hash, so whatever changes a sheet, a vote or a minimum afterwards
    makes it stale by itself. Refused while anything but the note on differences is open.
    """
    detail = item_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    item = detail.row.item
    if refusal := why_not_certify(detail.meeting.meeting, item, certifies=detail.certifies):
        raise refusal
    check_version(data.version, item.version)
    _settled(detail, LockItem(divergence_note="…", version=item.version))
    item.certified_at = at
    item.certified_by = actor.name
    item.certified_hash = detail.record().hash
    item.version += 1
    record(
        session,
        "item.certified",
        subject=item,
        actor=actor,
        at=at,
        scoring_round=item.scoring_round,
    )
    return item


def lock_item(
    session: WriteSession,
    code: str,
    data: LockItem,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Result:
    """Fix the result of a dossier; nothing of it changes afterwards. Records item.locked.

    Refused while a sheet is missing, the quorum is not met after recusals, a gate is undecided, a
    minimum waits for the chair, the sheets differ too much, or the secretary has not certified the
    tally as it is now (26/2026/QĐ-TTg art. 3.3, 7.3.d and the council rules). A product below three
    stars or excluded ends here.
    """
    detail = _to_settle(session, code, actor=actor, rules_dir=council_rules_dir)
    item = detail.row.item
    check_version(data.version, item.version)
    settled = _settled(detail, data)
    _check_certified(detail)
    kept = detail.record(new_secret())
    result = Result(
        code=new_code("KQ"),
        item_id=item.id or 0,
        dossier_id=item.dossier_id,
        average_numerator=settled.average.numerator,
        average_denominator=settled.average.denominator,
        average_text=settled.average_text,
        sheets_counted=len(settled.sheets),
        band_star=settled.band_star,
        star=settled.star,
        outcome=settled.outcome.value,
        spread=settled.spread,
        median_numerator=settled.median.numerator,
        median_denominator=settled.median.denominator,
        document=kept.document,
        sealed=kept.sealed,
        document_hash=kept.hash,
        locked_at=at,
    )
    session.add(result)
    item.state = ItemState.LOCKED
    item.locked_at = at
    item.locked_by = actor.name
    item.divergence_note = data.divergence_note
    item.version += 1
    record(
        session,
        "item.locked",
        subject=item,
        actor=actor,
        at=at,
        result=result.code,
        star=result.star,
        average=f"{result.average_numerator}/{result.average_denominator}",
        document_hash=result.document_hash,
        divergence_note=data.divergence_note,
    )
    dossier = session.exec(
        select(Dossier).where(col(Dossier.id) == item.dossier_id).with_for_update()
    ).one()
    goes_on = settled.outcome not in _ENDS
    lock_dossier(session, dossier, actor=actor, at=at, goes_on=goes_on)
    if not goes_on:
        close_without_recognition(session, dossier, _ENDS[settled.outcome], actor=actor, at=at)
    return result


def why_not_lock(detail: ItemDetail) -> Refusal | None:
    """Return what still stands between the sheets and the lock, as the lock itself would say it.

    For whoever presides only: a sentence may tell the spread. A note on differences that stay can
    still be written with the lock, so its absence is not told here.
    """
    try:
        _settled(detail, LockItem(divergence_note="…", version=detail.row.item.version))
        _check_certified(detail)
    except Refused as refusal:
        return refusal
    return None


def why_not_certify_now(detail: ItemDetail) -> Refusal | None:
    """Return why this seat may not certify, or what still stands between the sheets and that."""
    item = detail.row.item
    if refusal := why_not_certify(detail.meeting.meeting, item, certifies=detail.certifies):
        return refusal
    try:
        _settled(detail, LockItem(divergence_note="…", version=item.version))
    except Refused as refusal:
        return refusal
    return None


def is_certified_now(detail: ItemDetail) -> bool:
    """Tell whether what the secretary certified is what the sheets add up to now."""
    said = detail.row.item.certified_hash
    return bool(said) and detail.computed is not None and said == detail.record().hash


def _check_certified(detail: ItemDetail) -> None:
    item = detail.row.item
    if not item.certified_hash:
        raise NotCertified
    if not is_certified_now(detail):
        raise CertifiedOtherwise(name=item.certified_by or "")


def _to_settle(
    session: WriteSession, code: str, *, actor: Actor, rules_dir: Path | None
) -> ItemDetail:
    detail = item_for_update(session, code, actor=actor, rules_dir=rules_dir)
    refusal = why_not_settle(detail.meeting.meeting, detail.row.item, detail.meeting.seat)
    if refusal:
        raise refusal
    return detail


def _to_discuss(
    session: WriteSession, code: str, *, actor: Actor, rules_dir: Path | None
) -> ItemDetail:
    detail = _to_settle(session, code, actor=actor, rules_dir=rules_dir)
    refusal = why_not_discuss(detail.meeting.meeting, detail.row.item, detail.meeting.seat)
    if refusal:
        raise refusal
    return detail


def _computed(detail: ItemDetail) -> arithmetic.Result:
    if detail.computed is None:
        raise SheetsMissing(submitted=detail.row.submitted, expected=detail.row.expected)
    return detail.computed


def _settled(detail: ItemDetail, data: LockItem) -> arithmetic.Result:
    """Return the result when nothing is left to settle, or say what is."""
    count = detail.quorum
    # Members who left cannot come back: waiting for the other sheets would help nobody.
    is_lost = bool(detail.recused_ids) and not detail.meeting.is_written
    result = None if is_lost and not count.is_met else _computed(detail)
    if result is None or not count.is_met:
        raise ItemQuorumNotMet(present=count.present, voting=count.voting, needed=count.needed)
    rules = detail.meeting.rules
    if detail.why_meet:
        raise OpinionsDiffer(count=len(detail.why_meet))
    raised = [gate.criterion_code for gate in detail.gates if gate.state is GateState.RAISED]
    undecided = dict.fromkeys([*raised, *detail.gates_to_vote])
    if undecided:
        raise GatesOpen(criteria=", ".join(undecided))
    if result.awaiting_chair:
        raise MinimaOpen(
            criteria=", ".join(
                f"{one.criterion_code} ({one.star} sao)" for one in result.awaiting_chair
            )
        )
    if result.is_divergent and not result.gates_upheld:
        limit = rules.divergence.limit
        if detail.row.item.scoring_round <= rules.rounds_of_scoring.value:
            raise Divergent(spread=result.spread, limit=limit)
        if not data.divergence_note:
            raise DivergenceUnexplained(spread=result.spread, limit=limit)
    return result
