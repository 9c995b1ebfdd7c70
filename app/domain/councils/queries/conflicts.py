"""Conflicts of interest: what the register hints at, and what members declared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, or_

from app.core.db import ReadSession
from app.core.text import fold
from app.domain.accounts.models import Membership
from app.domain.audit.models import AuditEvent
from app.domain.councils.enums import Hint
from app.domain.councils.models import AgendaItem, ConflictDeclaration, CouncilMember
from app.domain.councils.policy import conducts
from app.domain.councils.queries.meetings import ItemRow, MeetingRow
from app.domain.councils.rules import PREPARING
from app.domain.councils.schemas import ConflictOut, ConflictsOut
from app.domain.dossiers.models import AdvisoryReport, Dossier
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit

_NOTHING = sa.literal("")


@dataclass(frozen=True, slots=True)
class Declared:
    """What a member said about one product."""

    has_conflict: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ConflictLine:
    """One product and one member: the hints, and what was declared."""

    row: ItemRow
    member: CouncilMember
    hints: tuple[Hint, ...]
    declared: Declared | None

    @property
    def is_unanswered(self) -> bool:
        """Whether a hint waits for the member's word."""
        return bool(self.hints) and self.declared is None

    @property
    def matters(self) -> bool:
        """Whether whoever conducts the meeting should look at it."""
        return bool(self.hints) or (self.declared is not None and self.declared.has_conflict)

    def out(self) -> ConflictOut:
        """Return what the API answers."""
        return ConflictOut(
            item=self.row.item.code,
            product=self.row.product.name,
            producer=self.row.producer.name,
            member=self.member.name,
            hints=list(self.hints),
            has_conflict=self.declared.has_conflict if self.declared else None,
            reason=self.declared.reason if self.declared else "",
        )


@dataclass(frozen=True, slots=True)
class ConflictBoard:
    """Every voting member beside every product of an agenda."""

    meeting: MeetingRow
    lines: tuple[ConflictLine, ...]

    @property
    def own(self) -> tuple[ConflictLine, ...]:
        """The lines of whoever asks; empty for seats that do not vote."""
        seat = self.meeting.seat
        return tuple(one for one in self.lines if seat is not None and one.member.id == seat.id)

    @property
    def told(self) -> tuple[ConflictLine, ...]:
        """What whoever presides and the secretary see of everybody: hints and conflicts."""
        if not conducts(self.meeting.meeting, self.meeting.seat):
            return ()
        return tuple(one for one in self.lines if one.matters)

    def of_item(self, item: AgendaItem) -> tuple[ConflictLine, ...]:
        """Return what matters of one product, whoever asks: for the minutes and for the lock."""
        return tuple(one for one in self.lines if one.row.item.id == item.id and one.matters)

    def conflicted(self, item: AgendaItem) -> dict[int, str]:
        """Return the members who declared a conflict in a product, with their reasons."""
        return {
            one.member.id or 0: one.declared.reason
            for one in self.lines
            if one.row.item.id == item.id and one.declared and one.declared.has_conflict
        }

    def out(self) -> ConflictsOut:
        """Return what the API answers."""
        told = self.told
        seen = {(one.row.item.id, one.member.id): one for one in (*self.own, *told)}
        return ConflictsOut(
            meeting=self.meeting.meeting.code,
            own=[one.out() for one in self.own],
            unanswered=sum(one.is_unanswered for one in seen.values()),
            council=[one.out() for one in told],
        )


@dataclass(frozen=True, slots=True)
class _Ties:
    """What one statement found: posts, acts, reports, names of communes, declarations."""

    units: frozenset[tuple[int, str]]
    producers: frozenset[tuple[int, int]]
    helped: frozenset[tuple[int, int]]
    advised: frozenset[tuple[int, int]]
    communes: Mapping[str, str]
    declared: Mapping[tuple[int, int], Declared]

    def hints(self, member: CouncilMember, row: ItemRow) -> tuple[Hint, ...]:
        """Return the hints of one member about one product."""
        user, producer, dossier = member.user_id, row.producer, row.dossier
        place = fold(self.communes.get(producer.commune_code, ""))
        organisation = fold(member.organisation)
        is_local = bool(place) and f" {place} " in f" {organisation} "
        found = {
            Hint.SAME_COMMUNE: is_local or (user, producer.commune_code) in self.units,
            Hint.SAME_ORGANISATION: bool(organisation) and organisation == fold(producer.name),
            Hint.HELPED: (user, dossier.id) in self.helped,
            Hint.ADVISED: (user, dossier.id) in self.advised,
            Hint.ACTS_FOR_PRODUCER: (user, producer.id) in self.producers,
        }
        return tuple(hint for hint, holds in found.items() if holds)


def conflict_board(session: ReadSession, meeting: MeetingRow, *, on: date) -> ConflictBoard:
    """Return who of the voting members is tied to which product of the agenda, in one statement."""
    voting = [seat.member for seat in meeting.seats if seat.member.voting]
    ties = _ties(session, voting, meeting.items, on=on)
    return ConflictBoard(
        meeting,
        tuple(
            ConflictLine(
                row,
                member,
                ties.hints(member, row),
                ties.declared.get((member.id or 0, row.item.id or 0)),
            )
            for row in meeting.items
            for member in voting
        ),
    )


def _ties(
    session: ReadSession, members: Sequence[CouncilMember], items: Sequence[ItemRow], *, on: date
) -> _Ties:
    found: dict[str, list[tuple[int, int, str, str]]] = {}
    for kind, person, about, text, more in session.execute(
        sa.union_all(*_questions(members, items, on=on))
    ):
        found.setdefault(kind, []).append((person, about, text, more))

    def pairs(kind: str) -> Iterable[tuple[int, int]]:
        return ((person, about) for person, about, _, _ in found.get(kind, ()))

    return _Ties(
        units=frozenset((person, text) for person, _, text, _ in found.get("unit", ())),
        producers=frozenset(pairs("producer")),
        helped=frozenset(pairs("helped")),
        advised=frozenset(pairs("advised")),
        communes={text: more for _, _, text, more in found.get("commune", ())},
        declared={
            (person, about): Declared(has_conflict=more == "yes", reason=text)
            for person, about, text, more in found.get("declared", ())
        },
    )


def _questions(
    members: Sequence[CouncilMember], items: Sequence[ItemRow], *, on: date
) -> list[Any]:
    """Return the parts of the one statement: kind, person, about what, and two texts."""
    users = {one.user_id for one in members}
    dossiers = {one.dossier.id or 0 for one in items}
    communes = {one.producer.commune_code for one in items}
    held = (
        col(Membership.user_id).in_(users),
        col(Membership.valid_from) <= on,
        or_(col(Membership.valid_to).is_(None), col(Membership.valid_to) >= on),
    )
    person, none = col(Membership.user_id), sa.literal(0)
    return [
        sa.select(
            sa.literal("unit").label("kind"),
            person.label("person"),
            none.label("about"),
            col(Membership.unit_code).label("text"),
            _NOTHING.label("more"),
        ).where(*held, col(Membership.unit_code).in_(communes)),
        sa.select(
            sa.literal("producer"), person, col(Membership.producer_id), _NOTHING, _NOTHING
        ).where(*held, col(Membership.producer_id).in_({one.producer.id or 0 for one in items})),
        sa.select(
            sa.literal("helped"),
            col(AuditEvent.actor_id),
            col(AuditEvent.subject_id),
            _NOTHING,
            _NOTHING,
        )
        .where(
            col(AuditEvent.subject_type) == Dossier.__name__,
            col(AuditEvent.subject_id).in_(dossiers),
            col(AuditEvent.actor_id).in_(users),
            col(AuditEvent.kind).in_(PREPARING),
        )
        .distinct(),
        sa.select(
            sa.literal("advised"),
            col(AdvisoryReport.written_by_id),
            col(AdvisoryReport.dossier_id),
            _NOTHING,
            _NOTHING,
        ).where(
            col(AdvisoryReport.dossier_id).in_(dossiers),
            col(AdvisoryReport.written_by_id).in_(users),
        ),
        sa.select(
            sa.literal("commune"),
            none,
            none,
            col(AdministrativeUnit.code),
            col(AdministrativeUnit.full_name),
        ).where(
            col(AdministrativeUnit.code).in_(communes),
            col(AdministrativeUnit.level) == UnitLevel.COMMUNE,
            col(AdministrativeUnit.valid_from) <= on,
            or_(col(AdministrativeUnit.valid_to).is_(None), col(AdministrativeUnit.valid_to) >= on),
        ),
        sa.select(
            sa.literal("declared"),
            col(ConflictDeclaration.member_id),
            col(ConflictDeclaration.item_id),
            col(ConflictDeclaration.reason),
            sa.case((col(ConflictDeclaration.has_conflict).is_(True), "yes"), else_="no"),
        ).where(
            col(ConflictDeclaration.item_id).in_({one.item.id or 0 for one in items}),
            col(ConflictDeclaration.member_id).in_({one.id or 0 for one in members}),
        ),
    ]
