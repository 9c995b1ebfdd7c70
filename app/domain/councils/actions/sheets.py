"""What a member does with the own sheet: mark, submit, take back, not take part."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlmodel import col, delete, select

from app.core.db import WriteSession
from app.core.errors import Invalid, Refused, Worded, check_version
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.enums import Hint, SheetOrigin, SheetState
from app.domain.councils.models import (
    AgendaItem,
    ConflictDeclaration,
    Mark,
    MinimumConfirmation,
    ScoreSheet,
)
from app.domain.councils.policy import why_not_enter_for, why_not_mark, why_not_withdraw
from app.domain.councils.queries import (
    SheetRow,
    chosen,
    item_for_update,
    sheet_for_update,
    sheet_item_code,
    sheet_to_enter_for,
)
from app.domain.councils.rules import RESULT_BASIS
from app.domain.councils.schemas import (
    MarkIn,
    RecuseSheet,
    SaveMarks,
    SubmitSheet,
    WithdrawSheet,
)
from app.domain.dossiers.models import Evidence, EvidenceUse
from app.rulebooks.scoring import check_answers, document_hash


class SheetIncomplete(Refused):
    """A blank is not a zero: every criterion that applies needs an answer."""

    code = "sheet.incomplete"
    message = "Còn {count} tiêu chí chưa chấm: {criteria}."
    basis = RESULT_BASIS


def save_marks(
    session: WriteSession,
    code: str,
    data: SaveMarks,
    *,
    actor: Actor,
    at: datetime,
    origin: SheetOrigin = SheetOrigin.ONLINE,
    for_member: bool = False,
) -> SheetRow:
    """Store marks of the own draft; records sheet.saved with the criteria, never the points.

    With `for_member` the council's office enters them for the member, which the event tells.

    Refused: an option the rubric does not have, a sheet that is submitted, a meeting that is over.
    Saving what is stored already changes and records nothing.
    """
    row = _to_write(session, code, actor=actor, for_member=for_member)
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
    _check_evidence(session, row, data.marks)
    changed = _store(session, row, data.marks)
    if data.opinion is not None and data.opinion != sheet.opinion:
        sheet.opinion = data.opinion
        changed.add("opinion")
    if not changed:
        return row
    sheet.total = row.score.total
    sheet.origin = origin
    sheet.updated_at = at
    sheet.version += 1
    record(
        session,
        "sheet.saved",
        subject=sheet,
        actor=actor,
        at=at,
        criteria=sorted(changed),
        **_how(row, for_member=for_member),
    )
    return row


def submit_sheet(
    session: WriteSession,
    code: str,
    data: SubmitSheet,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
    for_member: bool = False,
) -> ScoreSheet:
    """Hand the own sheet in; records sheet.submitted with a hash of what it holds, not the points.

    Refused while a criterion that applies is without an answer.
    """
    item_for_update(
        session, sheet_item_code(session, code), actor=actor, rules_dir=council_rules_dir
    )
    row = _to_write(session, code, actor=actor, for_member=for_member)
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
        **_how(row, for_member=for_member),
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

    The member leaves the quorum's numerator and denominator for this dossier; a quorum that is lost
    by it stands in the way of the lock, never of the declaration.
    """
    item = item_for_update(
        session, sheet_item_code(session, code), actor=actor, rules_dir=council_rules_dir
    ).row.item
    row = sheet_for_update(session, code, actor=actor)
    sheet = row.sheet
    if refusal := why_not_mark(sheet, row.meeting, row.item):
        raise refusal
    check_version(data.version, sheet.version)
    keep_declaration(session, item, sheet.member_id, has_conflict=True, reason=data.reason, at=at)
    leave_out(session, sheet, item, data.reason, actor=actor, at=at)
    return sheet


def leave_out(
    session: WriteSession,
    sheet: ScoreSheet,
    item: AgendaItem,
    reason: str,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Take a member out of judging a product; records sheet.recused.

    What the chair confirmed was about other sheets, and a lock prepared on them is stale.
    """
    sheet.state = SheetState.RECUSED
    sheet.recusal_reason = reason
    sheet.updated_at = at
    sheet.version += 1
    item.version += 1
    forget_confirmations(session, item.id or 0)
    record(session, "sheet.recused", subject=sheet, actor=actor, at=at, reason=reason)


def keep_declaration(
    session: WriteSession,
    item: AgendaItem,
    member_id: int,
    *,
    has_conflict: bool,
    reason: str,
    hints: Sequence[Hint] = (),
    at: datetime,
) -> None:
    """Keep what a member says about the own interests in a product, in place of what was said."""
    known = session.get(ConflictDeclaration, (item.id, member_id)) or ConflictDeclaration(
        item_id=item.id or 0, member_id=member_id, has_conflict=has_conflict, declared_at=at
    )
    known.has_conflict, known.reason, known.declared_at = has_conflict, reason, at
    known.hints = [hint.value for hint in hints] or known.hints
    session.add(known)


def forget_confirmations(session: WriteSession, item_id: int) -> None:
    """Drop the chair's confirmations: the sheets they were about are no longer the same."""
    session.exec(delete(MinimumConfirmation).where(col(MinimumConfirmation.item_id) == item_id))


def _to_write(session: WriteSession, code: str, *, actor: Actor, for_member: bool) -> SheetRow:
    """Return the own sheet, or a member's for the council's office, locked."""
    if not for_member:
        return sheet_for_update(session, code, actor=actor)
    row = sheet_to_enter_for(session, code, actor=actor, lock=True)
    if refusal := why_not_enter_for(actor, row.member, row.seat, row.readers_sheet):
        raise refusal
    return row


def _how(row: SheetRow, *, for_member: bool) -> dict[str, str]:
    """Return what an event tells beside the act: how the marks came, and for whom."""
    told = {} if row.sheet.origin is SheetOrigin.ONLINE else {"origin": row.sheet.origin.value}
    return told | ({"for_member": row.member.name} if for_member else {})


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


def _check_evidence(session: WriteSession, row: SheetRow, marks: list[MarkIn]) -> None:
    """Refuse what the dossier does not cite, a page the paper does not have, and both yes and no."""
    pointing = [mark for mark in marks if mark.evidence_code]
    cited: dict[str, int | None] = {}
    if pointing:
        cited = dict(
            session.exec(
                select(Evidence.code, Evidence.pages)
                .join(EvidenceUse, col(EvidenceUse.evidence_id) == col(Evidence.id))
                .where(
                    col(EvidenceUse.dossier_id) == row.item.dossier_id,
                    col(Evidence.code).in_({mark.evidence_code for mark in pointing}),
                )
                .distinct()
            ).all()
        )
    wrong: dict[str, str] = {}
    for mark in marks:
        pages = cited.get(mark.evidence_code or "")
        if mark.evidence_code and mark.without_evidence:
            wrong[mark.criterion_code] = Worded("Chọn một giấy tờ, hoặc «không có minh chứng».")
        elif mark.evidence_code and mark.evidence_code not in cited:
            wrong[mark.criterion_code] = Worded("Hồ sơ không viện dẫn giấy tờ này.")
        elif mark.evidence_page and not mark.evidence_code:
            wrong[mark.criterion_code] = Worded("Hãy chọn giấy tờ có trang này.")
        elif mark.evidence_page and pages and mark.evidence_page > pages:
            wrong[mark.criterion_code] = Worded("Giấy tờ này chỉ có {pages} trang.", pages=pages)
    if wrong:
        raise Invalid(wrong, code="sheet.evidence")


def _store(session: WriteSession, row: SheetRow, marks: list[MarkIn]) -> set[str]:
    changed = set()
    for sent in marks:
        said = (
            sent.option_code or None,
            normal(sent.remark),
            sent.evidence_code or None,
            sent.evidence_page,
            sent.without_evidence,
        )
        known = row.marks.get(sent.criterion_code)
        if known is None:
            if not any(said):
                continue
            known = Mark(sheet_id=row.sheet.id or 0, criterion_code=sent.criterion_code)
            session.add(known)
            row.marks[sent.criterion_code] = known
        elif said == _said(known):
            continue
        (
            known.option_code,
            known.remark,
            known.evidence_code,
            known.evidence_page,
            known.without_evidence,
        ) = said
        changed.add(sent.criterion_code)
    return changed


def _said(mark: Mark) -> tuple[str | None, str, str | None, int | None, bool]:
    return (
        mark.option_code,
        mark.remark,
        mark.evidence_code,
        mark.evidence_page,
        mark.without_evidence,
    )
