"""Interests declared by members; a conflict is the same write as not taking part."""

from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Invalid, NotFound
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.actions.sheets import keep_declaration, leave_out
from app.domain.councils.enums import ItemState, SheetState
from app.domain.councils.models import AgendaItem, CouncilMember, ScoreSheet
from app.domain.councils.policy import why_not_declare, why_not_declare_on
from app.domain.councils.queries import (
    ConflictBoard,
    ConflictLine,
    conflict_board,
    meeting_for_update,
)
from app.domain.councils.schemas import DeclareConflict, DeclareConflicts

FIELD_MESSAGES = {
    "conflict": "Hãy nêu xung đột lợi ích là gì.",
    "hint": "Dữ liệu có dấu hiệu; hãy nêu vì sao vẫn chấm được.",
}


def declare_conflicts(
    session: WriteSession,
    code: str,
    data: DeclareConflicts,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> ConflictBoard:
    """Keep what a voting member declares for products of an agenda; records conflict.declared.

    A conflict takes the member out of judging that product: at once where scoring goes on, else
    when the meeting is opened. Refused: a conflict, or a «no» in spite of a hint, without its
    reason; a conflict after the own sheet was handed in; a «no» after not taking part.
    """
    row = meeting_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    if refusal := why_not_declare(row.meeting, row.seat):
        raise refusal
    items = _locked(session, row.meeting.id or 0)
    own = {line.row.item.code: line for line in conflict_board(session, row, on=local_day(at)).own}
    wrong: dict[str, str] = {}
    for place, said in enumerate(data.declarations):
        if said.item not in own:
            raise NotFound
        if fault := _fault(own[said.item], said):
            wrong[f"declarations.{place}.reason"] = fault
    if wrong:
        raise Invalid(wrong, code="conflict.reason_missing")
    for said in data.declarations:
        _declare(session, own[said.item], items[said.item], said, actor=actor, at=at)
    session.flush()
    return conflict_board(session, row, on=local_day(at))


def starting_sheets(
    item: AgendaItem, scorers: list[CouncilMember], board: ConflictBoard, *, at: datetime
) -> list[ScoreSheet]:
    """Return the sheets with which the scoring of a product begins.

    Who declared a conflict does not judge, present or not: both numbers of the quorum go without.
    """
    conflicted = board.conflicted(item)
    judging = [one.id or 0 for one in scorers if (one.id or 0) not in conflicted]
    return [
        *(_sheet(item, member_id, SheetState.DRAFT, at=at) for member_id in judging),
        *(
            _sheet(item, member_id, SheetState.RECUSED, reason=reason, at=at)
            for member_id, reason in conflicted.items()
        ),
    ]


def _sheet(
    item: AgendaItem, member_id: int, state: SheetState, *, at: datetime, reason: str = ""
) -> ScoreSheet:
    return ScoreSheet(
        code=new_code("PD"),
        item_id=item.id or 0,
        member_id=member_id,
        state=state,
        recusal_reason=reason,
        updated_at=at,
    )


def _fault(line: ConflictLine, said: DeclareConflict) -> str | None:
    if said.reason:
        return None
    if said.has_conflict:
        return FIELD_MESSAGES["conflict"]
    return FIELD_MESSAGES["hint"] if line.hints else None


def _declare(
    session: WriteSession,
    line: ConflictLine,
    item: AgendaItem,
    said: DeclareConflict,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    known = line.declared
    if known and (known.has_conflict, known.reason) == (said.has_conflict, said.reason):
        return
    sheet = session.exec(
        select(ScoreSheet)
        .where(col(ScoreSheet.item_id) == item.id, col(ScoreSheet.member_id) == line.member.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if refusal := why_not_declare_on(item, sheet, has_conflict=said.has_conflict):
        raise refusal
    keep_declaration(
        session,
        item,
        line.member.id or 0,
        has_conflict=said.has_conflict,
        reason=said.reason,
        hints=line.hints,
        at=at,
    )
    record(
        session,
        "conflict.declared",
        subject=item,
        actor=actor,
        at=at,
        has_conflict=said.has_conflict,
        reason=said.reason,
        hints=list(line.hints),
    )
    if not said.has_conflict or item.state is not ItemState.SCORING:
        return
    if sheet is None:
        session.add(
            _sheet(item, line.member.id or 0, SheetState.RECUSED, reason=said.reason, at=at)
        )
    elif sheet.state is not SheetState.RECUSED:
        leave_out(session, sheet, item, said.reason, actor=actor, at=at)


def _locked(session: WriteSession, meeting_id: int) -> dict[str, AgendaItem]:
    return {
        item.code: item
        for item in session.exec(
            select(AgendaItem)
            .where(col(AgendaItem.meeting_id) == meeting_id)
            .order_by(col(AgendaItem.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
