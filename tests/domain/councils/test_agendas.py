"""The agenda before it opens, how much a day holds, and when members read the dossiers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refused
from app.domain.councils.actions import (
    add_to_agenda,
    arrange_agenda,
    schedule_meeting,
    take_off,
    tell_of_the_day,
)
from app.domain.councils.enums import ItemState
from app.domain.councils.models import Meeting, Round
from app.domain.councils.papers import minutes_data
from app.domain.councils.queries import (
    dossier_ids_on_agenda,
    get_meeting,
    not_taken_in,
    schedulable,
)
from app.domain.councils.rules import MANY_PRODUCTS, day_loads, papers_promised_on
from app.domain.councils.schemas import (
    AddToAgenda,
    AgendaPlace,
    ArrangeAgenda,
    ScheduleMeeting,
    TakeOffAgenda,
)
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import get_dossier
from app.domain.notices.models import Notice
from app.domain.places.models import Holiday
from tests.conftest import AT
from tests.domain.councils.board import by, events, meeting_of, refused, several_products
from tests.factories.agency import advise
from tests.factories.councils import (
    FIRST_MEMBER,
    close,
    convene,
    items_of,
    lock,
    make_council,
    make_meeting,
    score_all,
    the_round,
)
from tests.factories.dossiers import make_dossier
from tests.factories.people import People

REASON = "Chờ kết quả kiểm nghiệm."
A_WEEK_ON = datetime(2026, 9, 21, 1, 0, tzinfo=UTC)  # a Monday
PROMISED = date(2026, 9, 17)  # the Thursday before: Friday and Monday are left


def accepted(session: WriteSession, people: People, count: int) -> list[Dossier]:
    round_ = the_round(session, people)
    return [
        make_dossier(session, people, state=DossierState.ACCEPTED, product=one, round_=round_)
        for one in several_products(session, people, count)
    ]


def scheduled(
    session: WriteSession,
    people: People,
    dossiers: list[Dossier],
    starts_at: datetime = A_WEEK_ON,
) -> Meeting:
    """Schedule a meeting of the tests' council."""
    return schedule_meeting(
        session,
        ScheduleMeeting(
            council=make_council(session, people).code,
            round=the_round(session, people).code,
            place="Phòng họp số 2",
            starts_at=starts_at,
            dossiers=[one.code for one in dossiers],
        ),
        **by(people.agency()),
    )


def adding(meeting: Meeting, *dossiers: Dossier, day: date | None = None) -> AddToAgenda:
    return AddToAgenda(
        dossiers=[one.code for one in dossiers],
        day=day,
        reason="Vừa được tiếp nhận.",
        version=meeting.version,
    )


# --- what a day holds -------------------------------------------------------------------------


def test_a_day_is_counted_and_told_when_it_holds_too_much() -> None:
    first, second = date(2026, 9, 21), date(2026, 9, 22)
    one, two = day_loads([second] * (MANY_PRODUCTS + 1) + [first] * 3)
    assert (one.day, one.products, one.minutes, one.is_too_much) == (first, 3, 60, False)
    assert (two.day, two.products, two.is_too_much) == (second, MANY_PRODUCTS + 1, True)


@pytest.mark.parametrize(
    ("meeting_day", "holidays", "promised"),
    [
        (date(2026, 9, 23), (), date(2026, 9, 21)),
        (date(2026, 9, 21), (), date(2026, 9, 17)),  # over a weekend
        (date(2026, 9, 22), (), date(2026, 9, 18)),  # never a Sunday
        (date(2026, 9, 3), (date(2026, 9, 1), date(2026, 9, 2)), date(2026, 8, 28)),
    ],
)
def test_dossiers_are_promised_on_the_last_working_day_that_leaves_two(
    meeting_day: date, holidays: tuple[date, ...], promised: date
) -> None:
    assert papers_promised_on(meeting_day, 2, frozenset(holidays)) == promised


# --- order, days, additions, removals ---------------------------------------------------------


def test_the_agenda_is_given_another_order_and_days(session: WriteSession, people: People) -> None:
    meeting = scheduled(session, people, accepted(session, people, 3))
    one, two, three = items_of(session, meeting)
    first, second = date(2026, 9, 21), date(2026, 9, 22)
    data = ArrangeAgenda(
        items=[
            AgendaPlace(item=three.code, day=second),
            AgendaPlace(item=two.code, day=first),
            AgendaPlace(item=one.code, day=first),
        ],
        version=meeting.version,
    )
    arrange_agenda(session, meeting.code, data, **by(people.agency()))
    assert items_of(session, meeting) == [two, one, three]
    row = get_meeting(session, meeting.code, actor=people.agency())
    assert [(load.day, load.products) for load in row.loads] == [(first, 2), (second, 1)]
    with refused(Conflict, code="stale_version"):
        arrange_agenda(session, meeting.code, data, **by(people.agency()))
    with refused(NotPermitted, code="council.agency_prepares"):
        arrange_agenda(session, meeting.code, data, **by(people.council_member(FIRST_MEMBER)))


def test_an_agenda_is_arranged_whole_and_within_its_days(
    session: WriteSession, people: People
) -> None:
    meeting = scheduled(session, people, accepted(session, people, 2))
    one, two = items_of(session, meeting)

    def arrange(*places: tuple[str, date]) -> None:
        data = ArrangeAgenda(
            items=[AgendaPlace(item=code, day=day) for code, day in places],
            version=meeting.version,
        )
        arrange_agenda(session, meeting.code, data, **by(people.agency()))

    day = date(2026, 9, 21)
    with pytest.raises(Invalid):
        arrange((one.code, day))
    with pytest.raises(Invalid):
        arrange((one.code, day), (one.code, day))
    with pytest.raises(Invalid) as problem:
        arrange((one.code, day), (two.code, day - timedelta(days=1)))
    assert set(problem.value.fields) == {"items.1.day"}
    with refused(Refused, code="meeting.after_round", basis="5.1"):
        arrange((one.code, day), (two.code, date(2026, 12, 30)))


def test_what_is_taken_off_waits_again_where_it_stood_and_may_come_back(
    session: WriteSession, people: People
) -> None:
    plain, advised, stays = accepted(session, people, 3)
    advise(session, people, advised)
    meeting = scheduled(session, people, [plain, advised, stays])
    items = items_of(session, meeting)
    for item in items[:2]:
        data = TakeOffAgenda(reason=REASON, version=item.version)
        take_off(session, item.code, data, **by(people.agency()))
    assert (plain.state, advised.state) == (DossierState.ACCEPTED, DossierState.ADVISED)
    row = get_meeting(session, meeting.code, actor=people.agency())
    assert [one.item.position for one in row.items] == [1]
    assert [one.item.taken_off_reason for one in row.taken_off] == [REASON, REASON]
    assert {
        one.dossier.code
        for one in schedulable(session, the_round(session, people).id, actor=people.agency())
    } == {plain.code, advised.code}
    add_to_agenda(session, meeting.code, adding(meeting, plain), **by(people.agency()))
    row = get_meeting(session, meeting.code, actor=people.agency())
    assert [one.dossier.code for one in row.items] == [stays.code, plain.code]
    assert [one.dossier.code for one in row.taken_off] == [advised.code]
    told = events(session, "agenda.taken_off", "agenda.added")
    assert [one.data["reason"] for one in told] == [REASON, REASON, "Vừa được tiếp nhận."]


def test_an_open_meeting_keeps_its_agenda(session: WriteSession, people: People) -> None:
    meeting = make_meeting(session, people)
    other = make_dossier(
        session, people, state=DossierState.ACCEPTED, round_=the_round(session, people)
    )
    convene(session, people, meeting)
    (item,) = items_of(session, meeting)
    data = TakeOffAgenda(reason=REASON, version=item.version)
    with refused(Conflict, code="meeting.state", says="Đang họp"):
        take_off(session, item.code, data, **by(people.agency()))
    with refused(Conflict, code="meeting.state"):
        add_to_agenda(session, meeting.code, adding(meeting, other), **by(people.agency()))
    assert item.state is ItemState.SCORING


def test_a_meeting_about_nothing_is_not_opened(session: WriteSession, people: People) -> None:
    meeting = make_meeting(session, people)
    (item,) = items_of(session, meeting)
    data = TakeOffAgenda(reason=REASON, version=item.version)
    take_off(session, item.code, data, **by(people.agency()))
    with refused(Refused, code="meeting.nothing_on_agenda"):
        convene(session, people, meeting_of(session, item))


# --- dossiers in members' hands ---------------------------------------------------------------


def test_members_read_the_dossiers_from_the_promised_day_on(
    session: WriteSession, people: People
) -> None:
    (dossier,) = accepted(session, people, 1)
    meeting = scheduled(session, people, [dossier])
    member = people.council_member(FIRST_MEMBER)
    assert meeting.papers_promised_on == PROMISED
    before = dossier_ids_on_agenda(session, member, on=PROMISED - timedelta(days=1))
    assert before == frozenset()
    with pytest.raises(NotFound):
        get_dossier(session, dossier.code, actor=member, extra_ids=before)
    on_time = dossier_ids_on_agenda(session, member, on=PROMISED)
    assert get_dossier(session, dossier.code, actor=member, extra_ids=on_time)
    row = get_meeting(session, meeting.code, actor=member)
    assert [one.product.name for one in row.items]  # the agenda itself is theirs at once
    assert row.late_papers == ()


def test_a_holiday_moves_the_promised_day_ahead(session: WriteSession, people: People) -> None:
    (dossier,) = accepted(session, people, 1)
    session.add(Holiday(day=date(2026, 9, 18), name="Ngày nghỉ thử nghiệm", source="thử nghiệm"))
    session.flush()
    assert scheduled(session, people, [dossier]).papers_promised_on == date(2026, 9, 16)


def test_what_comes_later_is_opened_later_and_told(session: WriteSession, people: People) -> None:
    first, second = accepted(session, people, 2)
    meeting = scheduled(session, people, [first])
    people.at = AT + timedelta(days=4)  # the Friday before the meeting
    add_to_agenda(
        session, meeting.code, adding(meeting, second), actor=people.agency(), at=people.at
    )
    row = get_meeting(session, meeting.code, actor=people.agency())
    assert [(one.dossier.code, one.item.papers_open_on) for one in row.late_papers] == [
        (second.code, date(2026, 9, 18))
    ]
    (event,) = events(session, "agenda.added")
    assert event.data["late"] is True
    people.at = A_WEEK_ON
    convene(session, people, meeting)
    for item in items_of(session, meeting):
        score_all(session, people, item)
        lock(session, people, item)
    close(session, people, meeting)
    data: Any = minutes_data(get_meeting(session, meeting.code, actor=people.agency()))
    assert "chậm nhất ngày 17/09/2026. Gửi muộn hơn:" in str(data["papers"])
    assert "(ngày 18/09/2026)" in str(data["papers"])


def test_what_was_taken_off_is_closed_to_members_again(
    session: WriteSession, people: People
) -> None:
    (dossier,) = accepted(session, people, 1)
    meeting = scheduled(session, people, [dossier])
    (item,) = items_of(session, meeting)
    data = TakeOffAgenda(reason=REASON, version=item.version)
    take_off(session, item.code, data, **by(people.agency()))
    member = people.council_member(FIRST_MEMBER)
    assert dossier_ids_on_agenda(session, member, on=A_WEEK_ON.date()) == frozenset()


def test_members_are_told_of_the_meeting_and_once_of_its_dossiers(
    session: WriteSession, people: People
) -> None:
    (dossier,) = accepted(session, people, 1)
    meeting = scheduled(session, people, [dossier])

    def told() -> list[str]:
        member = people.council_member(FIRST_MEMBER)
        return list(
            session.exec(
                select(col(Notice.kind))
                .where(col(Notice.subject_code) == meeting.code, Notice.user_id == member.user_id)
                .order_by(col(Notice.id))
            )
        )

    assert told() == ["meeting.called"]
    people.at = AT + timedelta(days=2)
    assert tell_of_the_day(session, at=people.at) == (0, 0)
    people.at = AT + timedelta(days=3)
    assert tell_of_the_day(session, at=people.at)[0] > 0
    assert tell_of_the_day(session, at=people.at) == (0, 0)
    assert told() == ["meeting.called", "meeting.papers_opened"]


# --- what is on no agenda ---------------------------------------------------------------------


def test_proposals_of_a_round_that_are_not_taken_in_are_listed_with_it(
    session: WriteSession, people: People
) -> None:
    round_ = the_round(session, people)
    row = session.exec(select(Round).where(col(Round.code) == round_.code)).one()
    proposed = make_dossier(session, people, state=DossierState.PROPOSED)
    late = make_dossier(session, people, state=DossierState.PROPOSED)
    late.proposed_at = datetime(2026, 10, 29, 17, 0, tzinfo=UTC)  # 30/10 in Viet Nam: too late
    found = not_taken_in(session, row, actor=people.agency())
    assert [one.dossier.code for one in found] == [proposed.code]
    assert not_taken_in(session, row, actor=people.council_member(FIRST_MEMBER)) == []
    assert local_day(people.at) < row.proposals_before
