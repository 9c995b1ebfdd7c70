"""What a member does with the own sheet: mark, submit, take back, not take part."""

from datetime import datetime
from pathlib import Path

from sqlmodel import col, delete

from app.core.db import WriteSession
from app.core.errors import Invalid, Refused, check_version
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.enums import SheetState
from app.domain.councils.models import Mark, MinimumConfirmation, ScoreSheet
from app.domain.councils.policy import why_not_mark, why_not_withdraw
from app.domain.councils.queries import (
    SheetRow,
    chosen,
    item_for_update,
    sheet_for_update,
    sheet_item_code,
)
from app.domain.councils.rules import MEETING_BASIS, RESULT_BASIS
from app.domain.councils.schemas import (
    MarkIn,
    RecuseSheet,
    SaveMarks,
    SubmitSheet,
    WithdrawSheet,
)
from app.rulebooks.scoring import check_answers, document_hash


class SheetIncomplete(Refused):
    """A blank is not a zero: every criterion that applies needs an answer."""

    code = "sheet.incomplete"
    message = "Còn {count} tiêu chí chưa chấm: {criteria}."
    basis = RESULT_BASIS


class LastScorer(Refused):
    """Somebody must be left to judge."""

    code = "sheet.last_scorer"
    message = (
        "Không tham gia thì sản phẩm không còn đủ số người chấm ({present}/{voting}, cần {needed})."
    )
    basis = MEETING_BASIS


def save_marks(
    session: WriteSession, code: str, data: SaveMarks, *, actor: Actor, at: datetime
) -> SheetRow:
    """Store marks of the own draft; records sheet.saved with the criteria, never the points.

    Refused: an option the rubric does not have, a sheet that is submitted, a meeting that is over.
    Saving what is stored already changes and records nothing.
    """
    row = sheet_for_update(session, code, actor=actor)
    sheet = row.sheet
    if refusal := why_not_mark(sheet, row.meeting, row.item):
        raise refusal
    check_version(data.version, sheet.version)
    _check_named_once(data.marks)
    known = {criterion.code for criterion in row.dossier.rubric.criteria}
    unknown = {
        mark.criterion_code: "Không có tiêu chí này."
        for mark in data.marks
        if mark.criterion_code not in known
    }
    if unknown:
        raise Invalid(unknown, code="sheet.unknown_criterion")
    check_answers(
        row.dossier.rubric,
        {mark.criterion_code: mark.option_code for mark in data.marks if mark.option_code},
    )
    changed = _store(session, row, data.marks)
    if not changed:
        return row
    sheet.total = row.score.total
    sheet.updated_at = at
    sheet.version += 1
    record(session, "sheet.saved", subject=sheet, actor=actor, at=at, criteria=sorted(changed))
    return row


def submit_sheet(
    session: WriteSession,
    code: str,
    data: SubmitSheet,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> ScoreSheet:
    """Hand the own sheet in; records sheet.submitted with a hash of what it holds, not the points.

    Refused while a criterion that applies is without an answer.
    """
    row = _with_item(session, code, actor=actor, rules_dir=council_rules_dir)
    sheet = row.sheet
    if refusal := why_not_mark(sheet, row.meeting, row.item):
        raise refusal
    check_version(data.version, sheet.version)
    if row.score.missing:
        raise SheetIncomplete(count=len(row.score.missing), criteria=", ".join(row.score.missing))
    sheet.opinion = data.opinion
    sheet.total = row.score.total
    sheet.state = SheetState.SUBMITTED
    sheet.submitted_at = at
    sheet.updated_at = at
    sheet.version += 1
    record(
        session,
        "sheet.submitted",
        subject=sheet,
        actor=actor,
        at=at,
        scoring_round=row.item.scoring_round,
        marks_hash=document_hash(chosen(row.marks)),
    )
    return sheet


def withdraw_sheet(
    session: WriteSession,
    code: str,
    data: WithdrawSheet,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> ScoreSheet:
    """Take the own sheet back before the lock; records sheet.withdrawn.

    What the chair confirmed on the sheets as they were no longer holds, and a lock that was prepared
    on them is stale: the version of the item rises.
    """
    row = _with_item(session, code, actor=actor, rules_dir=council_rules_dir)
    sheet = row.sheet
    if refusal := why_not_withdraw(sheet, row.meeting, row.item):
        raise refusal
    check_version(data.version, sheet.version)
    sheet.state = SheetState.DRAFT
    sheet.submitted_at = None
    sheet.updated_at = at
    sheet.version += 1
    forget_confirmations(session, row.item.id or 0)
    row.item.version += 1
    record(session, "sheet.withdrawn", subject=sheet, actor=actor, at=at)
    return sheet


def recuse_sheet(
    session: WriteSession,
    code: str,
    data: RecuseSheet,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> ScoreSheet:
    """Not judge this dossier, with the reason; records sheet.recused.

    The member leaves the quorum's numerator and denominator for this dossier; refused when the
    quorum of the rest would not be met.
    """
    detail = item_for_update(
        session, sheet_item_code(session, code), actor=actor, rules_dir=council_rules_dir
    )
    row = sheet_for_update(session, code, actor=actor)
    sheet = row.sheet
    if refusal := why_not_mark(sheet, row.meeting, row.item):
        raise refusal
    check_version(data.version, sheet.version)
    count = detail.quorum_without(sheet.member_id)
    if count.present == 0 or not count.is_met:
        raise LastScorer(present=count.present, voting=count.voting, needed=count.needed)
    sheet.state = SheetState.RECUSED
    sheet.recusal_reason = data.reason
    sheet.updated_at = at
    sheet.version += 1
    forget_confirmations(session, row.item.id or 0)
    record(session, "sheet.recused", subject=sheet, actor=actor, at=at, reason=data.reason)
    return sheet


def forget_confirmations(session: WriteSession, item_id: int) -> None:
    """Drop the chair's confirmations: the sheets they were about are no longer the same."""
    session.exec(delete(MinimumConfirmation).where(col(MinimumConfirmation.item_id) == item_id))


def _with_item(
    session: WriteSession, code: str, *, actor: Actor, rules_dir: Path | None
) -> SheetRow:
    """Return the own sheet, its agenda item locked first: a lock of the result waits, or is seen."""
    item_for_update(session, sheet_item_code(session, code), actor=actor, rules_dir=rules_dir)
    return sheet_for_update(session, code, actor=actor)


def _check_named_once(marks: list[MarkIn]) -> None:
    seen: set[str] = set()
    for mark in marks:
        if mark.criterion_code in seen:
            raise Invalid(
                {mark.criterion_code: "Tiêu chí này được gửi hai lần."}, code="sheet.named_twice"
            )
        seen.add(mark.criterion_code)


def _store(session: WriteSession, row: SheetRow, marks: list[MarkIn]) -> set[str]:
    changed = set()
    for sent in marks:
        option, remark = sent.option_code or None, normal(sent.remark)
        known = row.marks.get(sent.criterion_code)
        if known is None:
            if option is None and not remark:
                continue
            known = Mark(sheet_id=row.sheet.id or 0, criterion_code=sent.criterion_code)
            session.add(known)
            row.marks[sent.criterion_code] = known
        elif (known.option_code, known.remark) == (option, remark):
            continue
        known.option_code, known.remark = option, remark
        changed.add(sent.criterion_code)
    return changed
