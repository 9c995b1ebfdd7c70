"""The board of a meeting: how far every member is with every product, and what that leads to.

For whoever presides and the secretary. What sheets add up to stands there only when every sheet of
that product is in, and never what one member gave.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer
from sqlmodel import and_, col, func, select

from app.core.db import ReadSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import GateState, ItemState, SheetState
from app.domain.councils.models import (
    AgendaItem,
    Council,
    CouncilMember,
    GateFinding,
    Mark,
    Meeting,
    MinimumConfirmation,
    Result,
    ScoreSheet,
)
from app.domain.councils.policy import why_not_see_board
from app.domain.councils.queries.items import ItemDetail
from app.domain.councils.queries.meetings import (
    ItemRow,
    MeetingRow,
    meetings_visible_to,
    quorum_out,
    seats_in,
)
from app.domain.councils.queries.rounds import MOST_ITEMS, SeatRow, rules_of
from app.domain.councils.schemas import (
    ApartOut,
    BoardCellOut,
    BoardItemOut,
    BoardMemberOut,
    BoardOut,
    NearBandOut,
)
from app.domain.dossiers.models import Dossier
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.rulebooks import scoring as arithmetic
from app.rulebooks.recomputation import ratio_text
from app.rulebooks.spread import NearBand, furthest_apart, near_band

# Of the criteria where the sheets differ, the board tells the widest; the product's page tells all.
MOST_APART = 3


@dataclass(frozen=True, slots=True)
class BoardCell:
    """How far one member is with one product; None where the member has no sheet for it."""

    number: int
    state: SheetState
    marked: int


@dataclass(frozen=True)
class BoardRow:
    """One product on the board."""

    detail: ItemDetail
    marked: dict[int, int]
    numbers: dict[int, int]

    @property
    def row(self) -> ItemRow:
        """The product with its sheets and, once locked, its result."""
        return self.detail.row

    @property
    def criteria(self) -> int:
        """How many criteria a sheet of this product asks about."""
        return len(self.detail.dossier.rubric.criteria)

    @cached_property
    def cells(self) -> dict[int, BoardCell]:
        """How far each member is, by the member's number on the board."""
        return {
            number: BoardCell(number, sheet.state, self.marked.get(sheet.id or 0, 0))
            for sheet in self.row.sheets
            if (number := self.numbers.get(sheet.member_id)) is not None
        }

    @property
    def computed(self) -> arithmetic.Result | None:
        """What the sheets add up to when all are in and nothing is locked yet."""
        return None if self.row.item.state is ItemState.LOCKED else self.detail.computed

    @property
    def spread(self) -> int | None:
        """How many points the highest sheet lies above the lowest, once every sheet is in."""
        if self.row.result is not None:
            return self.row.result.spread
        return self.computed.spread if self.computed else None

    @property
    def apart(self) -> list[tuple[str, int]]:
        """The criteria where the sheets differ most."""
        return furthest_apart(self.computed, MOST_APART) if self.computed else []

    @property
    def near(self) -> NearBand | None:
        """The edge of a band that the product is near."""
        return near_band(self.computed, self.detail.dossier.regime) if self.computed else None

    @property
    def gates_raised(self) -> list[str]:
        """Where a member raised a gate that the council has not decided."""
        return [g.criterion_code for g in self.detail.gates if g.state is GateState.RAISED]

    @property
    def gates_to_vote(self) -> Sequence[str]:
        """Where sheets close a gate by their points and the council has not voted."""
        return self.detail.gates_to_vote if self.computed else ()

    @property
    def split_minima(self) -> Sequence[arithmetic.MinimumFinding]:
        """The minima about which the sheets differ and the chair has not spoken."""
        return self.computed.awaiting_chair if self.computed else ()

    @property
    def is_certified(self) -> bool:
        """Whether the tally was certified as it is now."""
        said = self.row.item.certified_hash
        return bool(said) and self.computed is not None and said == self.detail.record().hash

    @property
    def asks_nothing(self) -> bool:
        """Whether all is settled but the certificate and the lock."""
        return (
            self.computed is not None
            and self.computed.is_settled
            and self.detail.quorum.is_met
            and not self.gates_raised
            and not self.gates_to_vote
        )

    def out(self) -> BoardItemOut:
        """Return what the API answers."""
        near = self.near
        return BoardItemOut(
            code=self.row.item.code,
            position=self.row.item.position,
            product=self.row.product.name,
            state=self.row.item.state,
            criteria=self.criteria,
            cells=[
                BoardCellOut(member=cell.number, state=cell.state, marked=cell.marked)
                for cell in self.cells.values()
            ],
            sheets_expected=self.row.expected,
            sheets_submitted=self.row.submitted,
            sheets_recused=self.row.recused,
            quorum=quorum_out(self.detail.quorum),
            spread=self.spread,
            is_divergent=self.computed is not None and self.computed.is_divergent,
            apart=[ApartOut(criterion_code=code, points=points) for code, points in self.apart],
            gates_raised=self.gates_raised,
            gates_to_vote=list(self.gates_to_vote),
            minima_awaiting_chair=[
                f"{one.criterion_code} ({one.star} sao)" for one in self.split_minima
            ],
            near_band=None
            if near is None
            else NearBandOut(
                star=near.star,
                points=ratio_text(near.points),
                is_below=near.is_below,
                criterion_code=near.criterion_code,
            ),
            certified_by=self.row.item.certified_by if self.is_certified else None,
            star=self.row.result.star if self.row.result else None,
            average=self.row.result.average_text if self.row.result else None,
        )


@dataclass(frozen=True)
class Board:
    """Everything of a meeting that chair and secretary keep their eyes on."""

    meeting: MeetingRow
    rows: tuple[BoardRow, ...]
    members: tuple[SeatRow, ...]
    mark: str

    @property
    def submitted(self) -> int:
        """Sheets handed in, of all products."""
        return sum(one.row.submitted for one in self.rows)

    @property
    def expected(self) -> int:
        """Sheets that must come in, of all products."""
        return sum(one.row.expected for one in self.rows)

    @property
    def locked(self) -> int:
        """Products whose result is locked."""
        return sum(one.row.item.state is ItemState.LOCKED for one in self.rows)

    @property
    def waiting_for_council(self) -> int:
        """Products with every sheet in that are not locked."""
        return sum(one.computed is not None for one in self.rows)

    def out(self) -> BoardOut:
        """Return what the API answers."""
        return BoardOut(
            meeting=self.meeting.meeting.code,
            state=self.meeting.meeting.state,
            members=[
                BoardMemberOut(
                    number=number,
                    name=seat.member.name,
                    username=seat.username,
                    is_present=seat.member.id in self.meeting.present_ids,
                )
                for number, seat in enumerate(self.members, start=1)
            ],
            items=[one.out() for one in self.rows],
        )


@dataclass(frozen=True, slots=True)
class BoardHead:
    """The meeting of a board, and a mark that changes whenever anything on the board may."""

    meeting: Meeting
    council: Council
    mark: str


def board_head(session: ReadSession, code: str, *, actor: Actor) -> BoardHead:
    """Return the meeting and the mark of its board, in one statement however large it is.

    Refused for everybody who does not conduct the meeting.
    """
    items = select(col(AgendaItem.id)).where(col(AgendaItem.meeting_id) == col(Meeting.id))
    parts = [
        _of(func.count(col(AgendaItem.id)), func.sum(AgendaItem.version)).where(
            col(AgendaItem.meeting_id) == col(Meeting.id)
        ),
        _of(func.count(col(ScoreSheet.id)), func.sum(ScoreSheet.version)).where(
            col(ScoreSheet.item_id).in_(items)
        ),
        _of(
            func.count(col(GateFinding.id)),
            func.sum(GateFinding.votes_for),
            func.max(GateFinding.decided_at),
        ).where(col(GateFinding.item_id).in_(items)),
        _of(
            func.count(col(MinimumConfirmation.item_id)),
            func.max(MinimumConfirmation.confirmed_at),
        ).where(col(MinimumConfirmation.item_id).in_(items)),
    ]
    found = session.execute(
        meetings_visible_to(actor)
        .add_columns(
            select(CouncilMember.id)  # the own seat
            .where(
                col(CouncilMember.council_id) == col(Meeting.council_id),
                col(CouncilMember.user_id) == actor.user_id,
            )
            .order_by(col(CouncilMember.id).desc())
            .limit(1)
            .scalar_subquery(),
            *(part.scalar_subquery() for part in parts),
        )
        .where(col(Meeting.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    meeting, council, _, seat_id, *said = found
    raw = "/".join(str(one) for one in (meeting.version, seat_id, *said))
    return BoardHead(meeting, council, sha256(raw.encode()).hexdigest()[:16])


def _of(*values: Any) -> sa.Select[tuple[str]]:
    """Return a statement that writes some aggregates into one text."""
    texts = [func.coalesce(sa.cast(value, sa.String), "-") for value in values]
    told: sa.ColumnElement[str] = texts[0]
    for text in texts[1:]:
        told = told + "." + text
    return sa.select(told)


def get_board(
    session: ReadSession, head: BoardHead, *, actor: Actor, rules_dir: Path | None = None
) -> Board:
    """Return the board of a meeting in five statements, at any size."""
    seats, present = seats_in(session, head.meeting, head.council)
    own = next((one.member for one in seats if one.member.user_id == actor.user_id), None)
    if refusal := why_not_see_board(head.meeting, own):
        raise refusal
    meeting = MeetingRow(
        meeting=head.meeting,
        council=head.council,
        round=None,
        rules=rules_of(
            session, head.meeting if head.meeting.council_rules_hash else head.council, rules_dir
        ),
        seats=seats,
        present_ids=present,
        items=(),
        taken_off=(),
        seat=own,
    )
    agenda = _agenda(session, head.meeting)
    sheets, marked = _sheets(session, head.meeting)
    rows = [
        ItemRow(
            item=item,
            dossier=dossier,
            product=product,
            producer=producer,
            result=result,
            needs_survey=False,
            survey=None,
            sheets=tuple(sheets.get(item.id or 0, ())),
            my_sheet=None,
        )
        for item, dossier, product, producer, result in agenda
    ]
    judging = {sheet.member_id for row in rows for sheet in row.sheets}
    members = tuple(one for one in seats if one.member.id in judging)
    numbers = {one.member.id or 0: number for number, one in enumerate(members, start=1)}
    complete = [
        sheet.id or 0
        for row in rows
        if row.is_complete and row.item.state is not ItemState.LOCKED
        for sheet in row.sheets
        if sheet.state is SheetState.SUBMITTED
    ]
    answers = _answers(session, complete)
    gates, confirmations = _findings(session, head.meeting)
    return Board(
        meeting=meeting,
        rows=tuple(
            BoardRow(
                ItemDetail(
                    meeting=meeting,
                    row=row,
                    gates=tuple(gates.get(row.item.id or 0, {}).values()),
                    confirmations=tuple(confirmations.get(row.item.id or 0, {}).values()),
                    reopenings=(),
                    marks={},
                    answers=answers,
                ),
                marked,
                numbers,
            )
            for row in rows
        ),
        members=members,
        mark=head.mark,
    )


def _agenda(
    session: ReadSession, meeting: Meeting
) -> Sequence[tuple[AgendaItem, Dossier, Product, Producer, Result | None]]:
    return session.exec(  # type: ignore[call-overload, no-any-return]  # -- five tables are one too many
        sa.select(AgendaItem, Dossier, Product, Producer, Result)
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .join(Result, col(Result.item_id) == col(AgendaItem.id), isouter=True)
        .options(
            defer(Result.document),  # type: ignore[arg-type]  # -- a mapped column
            defer(Result.sealed),  # type: ignore[arg-type]  # -- a mapped column
        )
        .where(
            col(AgendaItem.meeting_id) == meeting.id,
            col(AgendaItem.state) != ItemState.TAKEN_OFF,
        )
        .order_by(col(AgendaItem.position))
        .limit(MOST_ITEMS)
    ).all()


def _sheets(
    session: ReadSession, meeting: Meeting
) -> tuple[dict[int, list[ScoreSheet]], dict[int, int]]:
    """Return the sheets of each item, and on how many criteria each has an answer."""
    sheets: dict[int, list[ScoreSheet]] = {}
    marked: dict[int, int] = {}
    answered = (
        select(func.count(col(Mark.option_code)))
        .where(col(Mark.sheet_id) == col(ScoreSheet.id))
        .correlate(ScoreSheet)
        .scalar_subquery()
    )
    for sheet, count in session.exec(
        select(ScoreSheet, answered)
        .join(AgendaItem, col(AgendaItem.id) == col(ScoreSheet.item_id))
        .where(col(AgendaItem.meeting_id) == meeting.id)
        .order_by(col(ScoreSheet.id))
    ):
        sheets.setdefault(sheet.item_id, []).append(sheet)
        marked[sheet.id or 0] = count
    return sheets, marked


def _answers(session: ReadSession, sheet_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return what was chosen on these sheets; plain columns, because a large meeting has 24,000."""
    found: dict[int, dict[str, str]] = {}
    if not sheet_ids:
        return found
    for sheet_id, criterion, option in session.exec(
        select(Mark.sheet_id, Mark.criterion_code, Mark.option_code).where(
            col(Mark.sheet_id).in_(list(sheet_ids)), col(Mark.option_code).is_not(None)
        )
    ):
        found.setdefault(sheet_id, {})[criterion] = option or ""
    return found


def _findings(
    session: ReadSession, meeting: Meeting
) -> tuple[
    dict[int, dict[int, GateFinding]], dict[int, dict[tuple[str, int], MinimumConfirmation]]
]:
    """Return gates and confirmations by item, in one statement: each item has few of both."""
    gates: dict[int, dict[int, GateFinding]] = {}
    confirmations: dict[int, dict[tuple[str, int], MinimumConfirmation]] = {}
    for item_id, gate, said in session.exec(
        select(AgendaItem.id, GateFinding, MinimumConfirmation)
        .join(GateFinding, col(GateFinding.item_id) == col(AgendaItem.id), isouter=True)
        .join(
            MinimumConfirmation,
            and_(col(MinimumConfirmation.item_id) == col(AgendaItem.id)),
            isouter=True,
        )
        .where(col(AgendaItem.meeting_id) == meeting.id)
        .order_by(col(GateFinding.id))
    ):
        if gate is not None:
            gates.setdefault(item_id or 0, {})[gate.id or 0] = gate
        if said is not None:
            confirmations.setdefault(item_id or 0, {})[said.criterion_code, said.star] = said
    return gates, confirmations
