"""What councils wait for from a person."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import and_, col, func, select

from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.errors import Worded
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import (
    ItemState,
    MeetingForm,
    MeetingState,
    ReopeningState,
    Seat,
    SheetState,
)
from app.domain.councils.models import (
    AgendaItem,
    CouncilMember,
    Meeting,
    Reopening,
    Round,
    ScoreSheet,
)
from app.domain.councils.policy import presides
from app.domain.councils.queries.rounds import MOST_ROUNDS
from app.domain.councils.rules import (
    MEETING_BASIS,
    OPINION_BASIS,
    RENEWAL_LIMIT_BASIS,
    RESULT_BASIS,
    own_order,
)
from app.domain.dossiers.enums import DossierKind, Step
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import states_before
from app.domain.products.models import Product

MOST_WORK = 50


def work_for(session: ReadSession, actor: Actor, on: date) -> list[WorkItem]:
    """Return what councils wait for from this person, in at most three statements.

    Members fill their sheets, whoever presides locks, chair and secretary open and close meetings,
    the secretary certifies, the agency puts accepted dossiers on an agenda before the round's end, its
    head decides whether a locked result is taken up again.
    """
    found = []
    if actor.has(Role.COUNCIL_MEMBER):
        found += _council_work(session, actor, on)
    if actor.has(Role.AGENCY_OFFICER):
        found += _agency_work(session, on)
    if actor.has(Role.AGENCY_HEAD):
        found += _reopenings(session, on)
    return found


def _reopenings(session: ReadSession, on: date) -> list[WorkItem]:
    """Return the requests to take a locked result up again; no limit is set, so they wait from today."""
    rows = session.exec(
        select(Reopening, AgendaItem.code, Product.name)
        .join(AgendaItem, col(AgendaItem.id) == col(Reopening.item_id))
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .where(col(Reopening.state) == ReopeningState.REQUESTED)
        .order_by(col(Reopening.id))
        .limit(MOST_WORK)
    )
    return [
        WorkItem(
            kind="reopening.decide",
            code=item_code,
            title=Worded("Đề nghị mở lại kết quả: {product}", product=product),
            subtitle=reopening.reason,
            due_on=on,
            overdue=False,
            basis=RESULT_BASIS,
            route_name="items.show",
        )
        for reopening, item_code, product in rows
    ]


def _council_work(session: ReadSession, actor: Actor, on: date) -> list[WorkItem]:
    own = and_(
        col(ScoreSheet.item_id) == col(AgendaItem.id),
        col(ScoreSheet.member_id) == col(CouncilMember.id),
    )
    waiting_sheets = (
        select(func.count())
        .select_from(ScoreSheet)
        .where(
            col(ScoreSheet.item_id) == col(AgendaItem.id),
            col(ScoreSheet.state) == SheetState.DRAFT,
        )
        .correlate(AgendaItem)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(
            Meeting, CouncilMember, AgendaItem, ScoreSheet, Dossier, Product, Round, waiting_sheets
        )
        .join(CouncilMember, col(CouncilMember.council_id) == col(Meeting.council_id))
        .join(Round, col(Round.id) == col(Meeting.round_id), isouter=True)
        .join(AgendaItem, col(AgendaItem.meeting_id) == col(Meeting.id))
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(ScoreSheet, own, isouter=True)
        .where(
            col(CouncilMember.user_id) == actor.user_id,
            col(CouncilMember.left_on).is_(None),
            col(Meeting.state) != MeetingState.CLOSED,
            col(AgendaItem.state) != ItemState.TAKEN_OFF,
        )
        .order_by(col(Meeting.starts_at), col(AgendaItem.position))
        .limit(MOST_WORK * 4)
    ).all()
    items: list[WorkItem] = []
    meetings: dict[int, tuple[Meeting, CouncilMember, date, bool]] = {}
    for meeting, member, item, sheet, dossier, product, round_, missing in _in_own_order(rows):
        locked = item.state is ItemState.LOCKED
        known = meetings.get(meeting.id or 0)
        due = _due_on(meeting, dossier, round_)
        meetings[meeting.id or 0] = (
            meeting,
            member,
            min(due, known[2]) if known else due,
            locked and (known[3] if known else True),
        )
        subtitle = _told(meeting)
        if item.state is not ItemState.SCORING:
            continue
        if sheet is not None and sheet.state is SheetState.DRAFT:
            items.append(
                WorkItem(
                    kind="sheet.score",
                    code=sheet.code,
                    title=Worded("Chấm điểm: {product}", product=product.name),
                    subtitle=subtitle,
                    due_on=meeting.opinions_due_on or due,
                    overdue=on > (meeting.opinions_due_on or due),
                    basis=_basis(meeting),
                    route_name="sheets.show",
                )
            )
        if presides(meeting, member) and not missing:
            items.append(
                WorkItem(
                    kind="item.lock",
                    code=item.code,
                    title=Worded("Chốt kết quả: {product}", product=product.name),
                    subtitle=subtitle,
                    due_on=due,
                    overdue=on > due,
                    basis=RESULT_BASIS,
                    route_name="items.show",
                )
            )
        certifies = member.seat is Seat.SECRETARY and not presides(meeting, member)
        if certifies and not missing and item.certified_at is None:
            items.append(
                WorkItem(
                    kind="item.certify",
                    code=item.code,
                    title=Worded("Xác nhận bảng tổng hợp: {product}", product=product.name),
                    subtitle=subtitle,
                    due_on=due,
                    overdue=on > due,
                    basis=RESULT_BASIS,
                    route_name="items.show",
                )
            )
    items.sort(key=lambda one: one.kind == "sheet.score")  # others wait for a lock
    for meeting, member, due, all_locked in meetings.values():
        if member.seat not in {Seat.CHAIR, Seat.SECRETARY} and not presides(meeting, member):
            continue
        is_today = local_day(meeting.starts_at) <= on
        opens = meeting.state is MeetingState.SCHEDULED and is_today
        closes = meeting.state is MeetingState.OPEN and all_locked
        if opens or closes:
            items.append(
                WorkItem(
                    kind="meeting.open" if opens else "meeting.close",
                    code=meeting.code,
                    title=Worded("Mở phiên họp")
                    if opens
                    else Worded("Kết thúc phiên họp, lập biên bản"),
                    subtitle=_told(meeting),
                    due_on=due,
                    overdue=on > due,
                    basis=_basis(meeting),
                    route_name="meetings.show",
                )
            )
    return items[:MOST_WORK]


def _in_own_order(rows: Sequence[Any]) -> list[Any]:
    """Return the rows of each meeting in the member's own order, as the sheets follow one another."""
    places: dict[str, int] = {}
    for meeting, member in {row[0].id: (row[0], row[1]) for row in rows}.values():
        items = [row[2].code for row in rows if row[0].id == meeting.id]
        order = own_order(meeting.code, member.id or 0, items)
        places |= {code: place for place, code in enumerate(order)}
    return sorted(rows, key=lambda row: (row[0].starts_at, row[0].id, places[row[2].code]))


def _due_on(meeting: Meeting, dossier: Dossier, round_: Round | None) -> date:
    """Return the last day for a result: before the round's end, or the renewal's own 45th day."""
    days = [dossier.province_due_on, round_.results_before - timedelta(days=1) if round_ else None]
    return min((day for day in days if day is not None), default=local_day(meeting.starts_at))


def _basis(meeting: Meeting) -> str:
    return OPINION_BASIS if meeting.form is MeetingForm.WRITTEN else MEETING_BASIS


def _told(meeting: Meeting) -> Worded:
    if meeting.form is MeetingForm.WRITTEN:
        return Worded(
            "Lấy ý kiến bằng văn bản đến hết ngày {day}", day=_day(meeting.opinions_due_on)
        )
    day = _day(local_day(meeting.starts_at))
    return Worded("Phiên họp {day} · {place}", day=day, place=meeting.place)


def _day(on: date | None) -> str:
    return f"{on:%d/%m/%Y}" if on else ""


def _agency_work(session: ReadSession, on: date) -> list[WorkItem]:
    rows = session.exec(
        select(Round, func.count())
        .join(Dossier, col(Dossier.round_id) == col(Round.id))
        .where(
            col(Dossier.state).in_(states_before(Step.SCHEDULE)),
            col(Dossier.kind) != DossierKind.RENEWAL,
        )
        .group_by(col(Round.id))
        .order_by(col(Round.results_before))
        .limit(MOST_ROUNDS)
    ).all()
    found = []
    for round_, count in rows:
        due = round_.results_before - timedelta(days=1)
        found.append(
            WorkItem(
                kind="round.schedule",
                code=round_.code,
                title=Worded("Xếp phiên họp: {count} hồ sơ đã tiếp nhận", count=count),
                subtitle=Worded(
                    "Đợt {ordinal} năm {year}", ordinal=round_.ordinal, year=round_.year
                ),
                due_on=due,
                overdue=on > due,
                basis=MEETING_BASIS,
                route_name="rounds.show",
            )
        )
    return [*_renewals_waiting(session, on), *found]


def _renewals_waiting(session: ReadSession, on: date) -> list[WorkItem]:
    """Return the accepted renewals that nobody gives an opinion on yet, the nearest limit first."""
    rows = session.exec(
        select(Dossier, Product)
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .where(
            col(Dossier.kind) == DossierKind.RENEWAL,
            col(Dossier.state).in_(states_before(Step.SCHEDULE)),
        )
        .order_by(col(Dossier.province_due_on), col(Dossier.id))
        .limit(MOST_WORK)
    ).all()
    return [
        WorkItem(
            kind="renewal.opinion",
            code=dossier.code,
            title=Worded("Lấy ý kiến Hội đồng: {product}", product=product.name),
            subtitle=Worded("Đánh giá lại, hồ sơ {dossier}", dossier=dossier.code),
            due_on=dossier.province_due_on,
            overdue=dossier.province_due_on is not None and on > dossier.province_due_on,
            basis=RENEWAL_LIMIT_BASIS,
            route_name="renewals.list",
        )
        for dossier, product in rows
    ]
