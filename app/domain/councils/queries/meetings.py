"""Meetings with attendance, quorum and agenda."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlmodel import and_, col, func, or_, select
from sqlmodel.sql.expression import Select

from app.core.clock import local_day
from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.domain.accounts.models import User
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import ItemState, MeetingForm, MeetingState, Seat, SheetState
from app.domain.councils.models import (
    AgendaItem,
    Attendance,
    Council,
    CouncilMember,
    Meeting,
    Result,
    Round,
    ScoreSheet,
)
from app.domain.councils.policy import presides
from app.domain.councils.queries.rounds import MOST_ITEMS, SeatRow, rules_of
from app.domain.councils.rules import (
    DayLoad,
    QuorumCount,
    day_loads,
    needs_survey,
    quorum_count,
)
from app.domain.councils.schemas import (
    DayLoadOut,
    ItemOut,
    MeetingBriefOut,
    MeetingOut,
    QuorumOut,
)
from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.models import Dossier, SiteSurvey
from app.domain.dossiers.queries import surveys_of
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.rulebooks.model import CouncilRules

AgendaEntry: TypeAlias = tuple[AgendaItem, Dossier, Product, Producer, Result | None]


def meetings_visible_to(actor: Actor) -> Select[Meeting, Council, Round]:
    """Return the only base for meetings: the province, and whoever sits on the council."""
    query = (
        select(Meeting, Council, Round)
        .join(Council, col(Council.id) == col(Meeting.council_id))
        .join(Round, col(Round.id) == col(Meeting.round_id), isouter=True)
    )
    if actor.sees_province:
        return query
    return query.where(sits_in(actor))


def sits_in(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for meetings this actor has to do with by a seat.

    Those of the councils the actor sits on, and those in which the actor had a seat before a later
    decision ended it.
    """
    return or_(
        col(Meeting.council_id).in_(councils_of(actor)),
        col(Meeting.id).in_(
            select(col(Attendance.meeting_id))
            .join(CouncilMember, col(CouncilMember.id) == col(Attendance.member_id))
            .where(col(CouncilMember.user_id) == actor.user_id)
        ),
    )


def councils_of(actor: Actor) -> Any:
    """Return the councils this actor sits on today, as a subquery."""
    return select(col(CouncilMember.council_id)).where(
        col(CouncilMember.user_id) == actor.user_id, col(CouncilMember.left_on).is_(None)
    )


@dataclass(frozen=True, slots=True)
class MeetingBrief:
    """A meeting as lists show it."""

    meeting: Meeting
    council: Council
    round: Round | None
    items: int
    locked: int

    def out(self) -> MeetingBriefOut:
        """Return what the API answers."""
        return MeetingBriefOut(
            **self.meeting.model_dump(
                include={
                    "code",
                    "version",
                    "form",
                    "state",
                    "place",
                    "starts_at",
                    "opinions_due_on",
                }
            ),
            council=self.council.code,
            round=self.round.code if self.round else None,
            items=self.items,
            locked=self.locked,
        )


def meetings_page(
    session: ReadSession,
    *,
    actor: Actor,
    round_id: int | None = None,
    form: MeetingForm | None = None,
    after: int = 0,
    limit: int = 20,
) -> Page[MeetingBrief]:
    """Return meetings this actor may see, newest first, with how far their agendas are."""
    query = meetings_visible_to(actor)
    if round_id is not None:
        query = query.where(col(Meeting.round_id) == round_id)
    if form is not None:
        query = query.where(col(Meeting.form) == form)
    page = newest_first(session, query, Meeting, after=after, limit=limit)
    counted: dict[int, tuple[int, int]] = {
        meeting_id: (items, locked)
        for meeting_id, items, locked in session.exec(
            select(
                col(AgendaItem.meeting_id),
                func.count(),
                func.count(col(AgendaItem.locked_at)),
            )
            .where(
                col(AgendaItem.meeting_id).in_([row[0].id for row in page.items]),
                col(AgendaItem.state) != ItemState.TAKEN_OFF,
            )
            .group_by(col(AgendaItem.meeting_id))
        )
    }
    return page.map(lambda row: MeetingBrief(*row, *counted.get(row[0].id or 0, (0, 0))))


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One dossier of an agenda with how far its sheets are; the result once locked."""

    item: AgendaItem
    dossier: Dossier
    product: Product
    producer: Producer
    result: Result | None
    needs_survey: bool
    survey: SiteSurvey | None
    sheets: tuple[ScoreSheet, ...]
    my_sheet: ScoreSheet | None

    @property
    def expected(self) -> int:
        """Sheets that count when submitted: of present members not recused, who did not let it lapse."""
        return len(self.sheets) - self.recused - self.lapsed

    @property
    def submitted(self) -> int:
        """Sheets handed in."""
        return sum(sheet.state is SheetState.SUBMITTED for sheet in self.sheets)

    @property
    def recused(self) -> int:
        """Members who do not judge this dossier."""
        return sum(sheet.state is SheetState.RECUSED for sheet in self.sheets)

    @property
    def lapsed(self) -> int:
        """Members who gave no written opinion by the end of its collection."""
        return sum(sheet.state is SheetState.LAPSED for sheet in self.sheets)

    @property
    def is_complete(self) -> bool:
        """Whether every expected sheet is in, and there is one."""
        return 0 < self.expected == self.submitted

    def out(self) -> ItemOut:
        """Return what the API answers."""
        return ItemOut(
            **self.item.model_dump(
                include={
                    "code",
                    "version",
                    "position",
                    "day",
                    "papers_open_on",
                    "state",
                    "taken_off_reason",
                    "survey_record",
                    "scoring_round",
                }
            ),
            is_renewal=self.dossier.kind is DossierKind.RENEWAL,
            previous_star=self.dossier.previous_star,
            due_on=self.dossier.province_due_on,
            dossier=self.dossier.code,
            product=self.product.name,
            producer=self.producer.name,
            set_number=self.product.set_number,
            needs_survey=self.needs_survey,
            sheets_expected=self.expected,
            sheets_submitted=self.submitted,
            sheets_recused=self.recused,
            my_sheet=self.my_sheet.code if self.my_sheet else None,
            star=self.result.star if self.result else None,
            average=self.result.average_text if self.result else None,
        )


@dataclass(frozen=True)
class MeetingRow:
    """A meeting with its council, seats, attendance and agenda, as this actor sees it."""

    meeting: Meeting
    council: Council
    round: Round | None
    rules: CouncilRules
    seats: tuple[SeatRow, ...]
    present_ids: frozenset[int]
    items: tuple[ItemRow, ...]
    taken_off: tuple[ItemRow, ...]
    seat: CouncilMember | None

    @property
    def is_written(self) -> bool:
        """Whether the council gives its opinion in writing."""
        return self.meeting.form is MeetingForm.WRITTEN

    @property
    def loads(self) -> tuple[DayLoad, ...]:
        """How much each day of the meeting holds."""
        return day_loads(row.item.day for row in self.items if row.item.day is not None)

    @property
    def late_papers(self) -> tuple[ItemRow, ...]:
        """The dossiers that members may read later than the council rules promise."""
        promised = self.meeting.papers_promised_on
        if promised is None:
            return ()
        return tuple(row for row in self.items if row.item.papers_open_on > promised)

    @property
    def waiting_for(self) -> tuple[SeatRow, ...]:
        """The seats whose written opinion is still to come."""
        drafts = {
            sheet.member_id
            for row in self.items
            for sheet in row.sheets
            if sheet.state is SheetState.DRAFT
        }
        return tuple(seat for seat in self.seats if seat.member.id in drafts)

    def has_lapsed(self, member: CouncilMember) -> bool:
        """Tell whether a member let an opinion lapse."""
        return any(
            sheet.member_id == member.id and sheet.state is SheetState.LAPSED
            for row in self.items
            for sheet in row.sheets
        )

    def was_late(self, sheet: ScoreSheet) -> bool:
        """Tell whether a written opinion came after its day; it counts all the same."""
        due = self.meeting.opinions_due_on
        return (
            due is not None
            and sheet.submitted_at is not None
            and local_day(sheet.submitted_at) > due
        )

    @property
    def presiding(self) -> CouncilMember | None:
        """Who has the chair's word."""
        return next((s.member for s in self.seats if presides(self.meeting, s.member)), None)

    @property
    def open_items(self) -> int:
        """Dossiers whose result is not locked."""
        return sum(row.item.state is not ItemState.LOCKED for row in self.items)

    @cached_property
    def quorum(self) -> QuorumCount:
        """How many of the voting members are present."""
        return meeting_quorum(
            self.rules,
            [seat.member for seat in self.seats],
            present_ids=self.present_ids,
            presiding_id=self.meeting.presiding_id,
        )

    def out(self) -> MeetingOut:
        """Return what the API answers."""
        is_open = self.meeting.opened_at is not None
        return MeetingOut(
            **self.meeting.model_dump(
                include={
                    "code",
                    "version",
                    "form",
                    "state",
                    "place",
                    "starts_at",
                    "papers_promised_on",
                    "opinions_due_on",
                    "collected_at",
                    "opened_at",
                    "closed_at",
                    "minutes_number",
                    "conclusion",
                }
            ),
            council=self.council.code,
            round=self.round.code if self.round else None,
            quorum=quorum_out(self.quorum) if is_open else None,
            present=[s.username for s in self.seats if s.member.id in self.present_ids],
            days=[
                DayLoadOut(
                    day=one.day,
                    products=one.products,
                    minutes=one.minutes,
                    is_too_much=one.is_too_much,
                )
                for one in self.loads
            ],
            items=[row.out() for row in self.items],
            taken_off=[row.out() for row in self.taken_off],
        )


def quorum_out(count: QuorumCount) -> QuorumOut:
    """Return a quorum as the API answers it."""
    return QuorumOut(
        voting=count.voting, present=count.present, needed=count.needed, is_met=count.is_met
    )


def meeting_quorum(
    rules: CouncilRules,
    members: Sequence[CouncilMember],
    *,
    present_ids: frozenset[int],
    presiding_id: int | None,
    without: frozenset[int] = frozenset(),
) -> QuorumCount:
    """Return the quorum of a meeting, or of one dossier without its recused members."""
    voting = [one for one in members if one.voting and (one.id or 0) not in without]
    return quorum_count(
        rules,
        voting=len(voting),
        present=sum((one.id or 0) in present_ids for one in voting),
        chair_present=presiding_id is not None and presiding_id in present_ids,
    )


def papers_opening(session: ReadSession, *, on: date) -> Sequence[tuple[Meeting, int]]:
    """Return the meetings whose dossiers are open to members by this day, with how many they are."""
    return [
        (meeting, count)
        for meeting, count in session.exec(
            select(Meeting, func.count())
            .join(AgendaItem, col(AgendaItem.meeting_id) == col(Meeting.id))
            .where(
                col(Meeting.state) == MeetingState.SCHEDULED,
                col(Meeting.papers_promised_on) <= on,
                col(AgendaItem.state) != ItemState.TAKEN_OFF,
            )
            .group_by(col(Meeting.id))
            .order_by(col(Meeting.id))
        )
    ]


def get_meeting(
    session: ReadSession, code: str, *, actor: Actor, rules_dir: Path | None = None
) -> MeetingRow:
    """Return a meeting this actor may see, with its agenda, in four statements."""
    found = session.exec(meetings_visible_to(actor).where(col(Meeting.code) == code)).one_or_none()
    if found is None:
        raise NotFound
    meeting, council, round_ = found
    return meeting_row(session, meeting, council, round_, actor=actor, rules_dir=rules_dir)


def meeting_for_update(
    session: WriteSession, code: str, *, actor: Actor, rules_dir: Path | None = None
) -> MeetingRow:
    """Return a meeting with its agenda, the meeting locked until the transaction ends."""
    found = session.exec(
        meetings_visible_to(actor).where(col(Meeting.code) == code).with_for_update(of=Meeting)
    ).one_or_none()
    if found is None:
        raise NotFound
    meeting, council, round_ = found
    return meeting_row(session, meeting, council, round_, actor=actor, rules_dir=rules_dir)


def meeting_row(
    session: ReadSession,
    meeting: Meeting,
    council: Council,
    round_: Round | None,
    *,
    actor: Actor,
    rules_dir: Path | None,
    only: AgendaEntry | None = None,
) -> MeetingRow:
    """Return a meeting that was found visible with everything that belongs to it.

    With `only`, an entry of its agenda that was read already, the rest of the agenda is left out.
    """
    rules = rules_of(session, meeting if meeting.council_rules_hash else council, rules_dir)
    seats, present = seats_in(session, meeting, council)
    seat = next((s.member for s in seats if s.member.user_id == actor.user_id), None)
    items = _item_rows(session, meeting, rules, seat=seat, only=only)
    return MeetingRow(
        meeting=meeting,
        council=council,
        round=round_,
        rules=rules,
        seats=seats,
        present_ids=present,
        items=tuple(row for row in items if row.item.state is not ItemState.TAKEN_OFF),
        taken_off=tuple(row for row in items if row.item.state is ItemState.TAKEN_OFF),
        seat=seat,
    )


def seats_in(
    session: ReadSession, meeting: Meeting, council: Council
) -> tuple[tuple[SeatRow, ...], frozenset[int]]:
    """Return the seats of one meeting, chair first, and which of them are present.

    Once attendance was taken they are those it names, whoever came or left by a later decision;
    before, those held on the day of the meeting.
    """
    rows = session.exec(
        select(CouncilMember, User.username, Attendance.present)
        .join(User, col(User.id) == col(CouncilMember.user_id))
        .join(
            Attendance,
            and_(
                col(Attendance.member_id) == col(CouncilMember.id),
                col(Attendance.meeting_id) == meeting.id,
            ),
            isouter=True,
        )
        .where(col(CouncilMember.council_id) == council.id)
        .order_by(col(CouncilMember.id))
    ).all()
    was_taken = any(is_present is not None for _, _, is_present in rows)
    day = local_day(meeting.opened_at or meeting.starts_at)
    order = list(Seat)
    seats = sorted(
        (
            SeatRow(member, username)
            for member, username, is_present in rows
            if (is_present is not None if was_taken else member.is_held_on(day))
        ),
        key=lambda row: order.index(row.member.seat),
    )
    present = frozenset(member.id or 0 for member, _, is_present in rows if is_present)
    return tuple(seats), present


def _agenda(session: ReadSession, meeting: Meeting) -> Sequence[AgendaEntry]:
    # Results here, once for each product: beside each sheet their documents were read twelve times.
    rows: Sequence[Any] = session.execute(
        sa.select(AgendaItem, Dossier, Product, Producer, Result)
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .join(Result, col(Result.item_id) == col(AgendaItem.id), isouter=True)
        .where(col(AgendaItem.meeting_id) == meeting.id)
        .order_by(col(AgendaItem.position))
        .limit(MOST_ITEMS)
    ).all()
    return [(item, *about) for item, *about in rows]


def _item_rows(
    session: ReadSession,
    meeting: Meeting,
    rules: CouncilRules,
    *,
    seat: CouncilMember | None,
    only: AgendaEntry | None,
) -> tuple[ItemRow, ...]:
    rows = [only] if only else _agenda(session, meeting)
    to_survey = [
        dossier.id or 0
        for item, dossier, product, *_ in rows
        if needs_survey(rules, product.set_number) and not item.survey_record
    ]
    surveys = surveys_of(session, to_survey) if to_survey else {}
    ids = [row[0].id or 0 for row in rows]
    sheets: dict[int, list[ScoreSheet]] = {one: [] for one in ids}
    for sheet in session.exec(
        select(ScoreSheet).where(col(ScoreSheet.item_id).in_(ids)).order_by(col(ScoreSheet.id))
    ):
        sheets[sheet.item_id].append(sheet)
    return tuple(
        ItemRow(
            item=item,
            dossier=dossier,
            product=product,
            producer=producer,
            result=result,
            needs_survey=needs_survey(rules, product.set_number),
            survey=surveys.get(dossier.id or 0),
            sheets=tuple(sheets[item.id or 0]),
            my_sheet=next(
                (s for s in sheets[item.id or 0] if seat and s.member_id == seat.id), None
            ),
        )
        for item, dossier, product, producer, result in rows
    )
