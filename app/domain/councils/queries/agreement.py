"""How far apart the members of a meeting lie, from sheets whose results are locked.

Everybody sees the own severity and nobody else's; whoever presides sees how well the members agree
and whether they drifted over the day, never who.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property

from sqlmodel import col, select

from app.core.clock import VIET_NAM
from app.core.db import ReadSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import ItemState, SheetOrigin, SheetState
from app.domain.councils.models import (
    AgendaItem,
    Council,
    CouncilMember,
    Meeting,
    ScoreSheet,
)
from app.domain.councils.policy import presides
from app.domain.councils.queries.meetings import meetings_visible_to, seats_in
from app.domain.councils.schemas import (
    AgreementOut,
    CouncilAgreementOut,
    DriftOut,
    OwnDeviationOut,
)
from app.domain.dossiers.models import Dossier
from app.domain.products.models import Product
from app.rulebooks.recomputation import ratio_text
from app.rulebooks.spread import RELIABLE, TENTATIVE, agreement, deviations, mean_of

MOST_SHEETS = 4000
# The day of a council in this many stretches: enough to see a slope, with some sheets in each.
STRETCHES = 5


@dataclass(frozen=True, slots=True)
class JudgedSheet:
    """A submitted sheet of a locked product: its total, and when it was handed in."""

    item_id: int
    position: int
    product: str
    member_id: int
    total: int
    submitted_at: datetime
    origin: SheetOrigin


@dataclass(frozen=True, slots=True)
class Drift:
    """How strict the council was in one stretch: the mean deviation, and of how many sheets.

    `first` and `last` are places in the members' own sequences, `hour` the beginning of an hour.
    """

    mean: Fraction
    sheets: int
    first: int = 0
    last: int = 0
    hour: datetime | None = None


@dataclass(frozen=True)
class Agreement:
    """The locked sheets of a meeting as this actor may see them."""

    meeting: Meeting
    seat: CouncilMember | None
    presides: bool
    sheets: tuple[JudgedSheet, ...]

    @cached_property
    def _by_item(self) -> dict[int, dict[int, JudgedSheet]]:
        found: dict[int, dict[int, JudgedSheet]] = defaultdict(dict)
        for sheet in self.sheets:
            found[sheet.item_id][sheet.member_id] = sheet
        return found

    @cached_property
    def _deviations(self) -> list[tuple[JudgedSheet, Fraction]]:
        found = []
        for of_item in self._by_item.values():
            totals = {member: sheet.total for member, sheet in of_item.items()}
            apart = deviations(totals)
            found += [(sheet, apart[member]) for member, sheet in of_item.items()]
        return found

    @property
    def products(self) -> int:
        """How many locked products there are."""
        return len(self._by_item)

    @property
    def own(self) -> list[tuple[JudgedSheet, Fraction]]:
        """The own sheets with how far each lies from the mean of its product, in agenda order."""
        if self.seat is None:
            return []
        return [one for one in self._deviations if one[0].member_id == self.seat.id]

    @property
    def own_mean(self) -> Fraction | None:
        """The own severity: above zero is milder than the council, below is stricter."""
        return mean_of([apart for _, apart in self.own])

    @cached_property
    def alpha(self) -> float | None:
        """Krippendorff's alpha of the totals; only for whoever presides."""
        if not self.presides:
            return None
        return agreement(
            {member: sheet.total for member, sheet in of_item.items()}
            for of_item in self._by_item.values()
        )

    @property
    def reading(self) -> str:
        """What the alpha says, in a word."""
        if self.alpha is None:
            return "unknown"
        if self.alpha >= RELIABLE:
            return "reliable"
        return "tentative" if self.alpha >= TENTATIVE else "weak"

    @cached_property
    def by_hour(self) -> list[Drift]:
        """The mean deviation of the sheets of each hour; paper and packs tell no hour."""
        hours: dict[datetime, list[Fraction]] = defaultdict(list)
        for sheet, apart in self._judged_here():
            at = sheet.submitted_at.astimezone(VIET_NAM)
            hours[at.replace(minute=0, second=0, microsecond=0)].append(apart)
        return [
            Drift(sum(found, Fraction()) / len(found), len(found), hour=hour)
            for hour, found in sorted(hours.items())
        ]

    @cached_property
    def by_place(self) -> list[Drift]:
        """The mean deviation along the members' own sequences, in a few stretches."""
        of_member: dict[int, list[tuple[JudgedSheet, Fraction]]] = defaultdict(list)
        for one in self._judged_here():
            of_member[one[0].member_id].append(one)
        longest = max((len(found) for found in of_member.values()), default=0)
        width = max(1, -(-longest // STRETCHES))
        stretches: dict[int, list[Fraction]] = defaultdict(list)
        for found in of_member.values():
            found.sort(key=lambda one: (one[0].submitted_at, one[0].item_id))
            for place, (_, apart) in enumerate(found):
                stretches[place // width].append(apart)
        return [
            Drift(
                sum(found, Fraction()) / len(found),
                len(found),
                first=number * width + 1,
                last=min(longest, (number + 1) * width),
            )
            for number, found in sorted(stretches.items())
        ]

    def _judged_here(self) -> Iterable[tuple[JudgedSheet, Fraction]]:
        if not self.presides:
            return ()
        return (one for one in self._deviations if one[0].origin is SheetOrigin.ONLINE)

    def out(self) -> AgreementOut:
        """Return what the API answers."""
        return AgreementOut(
            meeting=self.meeting.code,
            products=self.products,
            own_mean=_ratio(self.own_mean),
            own=[
                OwnDeviationOut(
                    product=sheet.product, total=sheet.total, deviation=ratio_text(apart)
                )
                for sheet, apart in self.own
            ],
            council=CouncilAgreementOut(
                alpha=self.alpha,
                reading=self.reading,
                by_hour=_drifts_out(self.by_hour),
                by_place=_drifts_out(self.by_place),
            )
            if self.presides
            else None,
        )


def _ratio(value: Fraction | None) -> str | None:
    return None if value is None else ratio_text(value)


def _drifts_out(drifts: Sequence[Drift]) -> list[DriftOut]:
    return [
        DriftOut(
            hour=one.hour,
            first=one.first,
            last=one.last,
            mean=ratio_text(one.mean),
            sheets=one.sheets,
        )
        for one in drifts
    ]


def get_agreement(session: ReadSession, code: str, *, actor: Actor) -> Agreement:
    """Return how far apart the locked sheets of a meeting lie, in three statements."""
    found = session.exec(meetings_visible_to(actor).where(col(Meeting.code) == code)).one_or_none()
    if found is None:
        raise NotFound
    meeting: Meeting = found[0]
    council: Council = found[1]
    seats, _ = seats_in(session, meeting, council)
    seat = next((one.member for one in seats if one.member.user_id == actor.user_id), None)
    rows = session.exec(
        select(ScoreSheet, AgendaItem.position, Product.name)
        .join(AgendaItem, col(AgendaItem.id) == col(ScoreSheet.item_id))
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .where(
            col(AgendaItem.meeting_id) == meeting.id,
            col(AgendaItem.state) == ItemState.LOCKED,
            col(ScoreSheet.state) == SheetState.SUBMITTED,
        )
        .order_by(col(AgendaItem.position), col(ScoreSheet.id))
        .limit(MOST_SHEETS)
    )
    return Agreement(
        meeting=meeting,
        seat=seat,
        presides=presides(meeting, seat),
        sheets=tuple(
            JudgedSheet(
                item_id=sheet.item_id,
                position=position,
                product=product,
                member_id=sheet.member_id,
                total=sheet.total,
                submitted_at=sheet.submitted_at,
                origin=sheet.origin,
            )
            for sheet, position, product in rows
            if sheet.submitted_at is not None
        ),
    )
