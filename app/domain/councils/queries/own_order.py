"""The own sheets of a member in the member's own order, see rules.own_order."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from app.core.db import ReadSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import ItemState, SheetState
from app.domain.councils.models import AgendaItem, CouncilMember, Meeting, ScoreSheet
from app.domain.councils.queries.meetings import meetings_visible_to
from app.domain.councils.rules import own_order
from app.domain.councils.schemas import OwnSheetOut
from app.domain.dossiers.models import Dossier
from app.domain.products.models import Product

# Neither stands in a name: texts are stored without control characters.
_FIELD, _RECORD = "\x1f", "\x1e"


@dataclass(frozen=True, slots=True)
class OwnSheet:
    """One of the own sheets, at its place in the own order."""

    place: int
    code: str
    state: SheetState
    item: str
    item_state: ItemState
    position: int
    product: str

    @property
    def waits(self) -> bool:
        """Whether its member still has to score it."""
        return self.state is SheetState.DRAFT and self.item_state is ItemState.SCORING

    def out(self) -> OwnSheetOut:
        """Return what the API answers."""
        return OwnSheetOut(
            place=self.place,
            sheet=self.code,
            state=self.state,
            item=self.item,
            item_state=self.item_state,
            position=self.position,
            product=self.product,
        )


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """The sheets of one member in one meeting, in the order of this member."""

    sheets: tuple[OwnSheet, ...] = ()

    @property
    def waiting(self) -> int:
        """How many are still to be scored."""
        return sum(one.waits for one in self.sheets)

    @property
    def first(self) -> OwnSheet | None:
        """The first that is still to be scored."""
        return next((one for one in self.sheets if one.waits), None)

    def at(self, code: str) -> OwnSheet | None:
        """Return this sheet with its place."""
        return next((one for one in self.sheets if one.code == code), None)

    def before(self, code: str) -> OwnSheet | None:
        """Return the sheet before this one, scored or not."""
        here = self.at(code)
        return self.sheets[here.place - 2] if here and here.place > 1 else None

    def after(self, code: str) -> OwnSheet | None:
        """Return the sheet after this one, scored or not."""
        here = self.at(code)
        return self.sheets[here.place] if here and here.place < len(self.sheets) else None

    def next_to_score(self, code: str) -> OwnSheet | None:
        """Return the next that is still to be scored: after this one, else from the beginning."""
        here = self.at(code)
        place = here.place if here else 0
        following = (*self.sheets[place:], *self.sheets[: max(0, place - 1)])
        return next((one for one in following if one.waits), None)


NO_ORDER = OwnOrder()


def own_sheets(session: ReadSession, meeting_code: str, *, actor: Actor) -> OwnOrder:
    """Return the own sheets of a meeting this actor may see, in two statements; none before it opens."""
    found = session.exec(
        meetings_visible_to(actor).where(col(Meeting.code) == meeting_code)
    ).one_or_none()
    if found is None:
        raise NotFound
    rows = session.execute(
        sa.select(
            col(ScoreSheet.member_id),
            col(ScoreSheet.code),
            col(ScoreSheet.state),
            col(AgendaItem.code),
            col(AgendaItem.state),
            col(AgendaItem.position),
            col(Product.name),
        )
        .select_from(ScoreSheet)
        .join(CouncilMember, col(CouncilMember.id) == col(ScoreSheet.member_id))
        .join(AgendaItem, col(AgendaItem.id) == col(ScoreSheet.item_id))
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .where(
            col(AgendaItem.meeting_id) == found[0].id,
            col(AgendaItem.state) != ItemState.TAKEN_OFF,
            col(CouncilMember.user_id) == actor.user_id,
        )
    ).all()
    member_id = rows[0][0] if rows else 0
    return in_own_order(meeting_code, member_id, (tuple(row[1:]) for row in rows))


def own_order_column() -> Any:
    """Return the sheets of the member of a sheet in the same meeting, packed into one column.

    Beside the sheet, not in a statement of its own: pages have few statements to spend.
    """
    other, item = aliased(ScoreSheet), aliased(AgendaItem)
    fields = (
        other.code,
        other.state,
        item.code,
        item.state,
        sa.cast(item.position, sa.String),
        Product.name,
    )
    packed: Any = sa.cast(col(fields[0]), sa.String)
    for field in fields[1:]:
        packed = packed + sa.literal(_FIELD) + sa.cast(field, sa.String)
    return (
        select(func.aggregate_strings(packed, _RECORD))
        .select_from(other)
        .join(item, col(item.id) == col(other.item_id))
        .join(Dossier, col(Dossier.id) == col(item.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .where(
            col(other.member_id) == col(ScoreSheet.member_id),
            col(item.meeting_id) == col(AgendaItem.meeting_id),
            col(item.state) != ItemState.TAKEN_OFF,
        )
        .correlate(ScoreSheet, AgendaItem)
        .scalar_subquery()
    )


def unpacked(meeting_code: str, member_id: int, packed: str | None) -> OwnOrder:
    """Return the order that a packed column holds."""
    records = (record.split(_FIELD) for record in (packed or "").split(_RECORD) if record)
    return in_own_order(
        meeting_code,
        member_id,
        (
            (code, SheetState(state), item, ItemState(item_state), int(position), product)
            for code, state, item, item_state, position, product in records
        ),
    )


def in_own_order(meeting_code: str, member_id: int, rows: Iterable[Any]) -> OwnOrder:
    """Return sheets (code, state, item, its state, its position, product) in the order of a member."""
    by_item = {row[2]: row for row in rows}
    order = own_order(meeting_code, member_id, by_item)
    return OwnOrder(
        tuple(OwnSheet(place, *by_item[item]) for place, item in enumerate(order, start=1))
    )
