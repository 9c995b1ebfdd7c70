"""Each member scores in an order of the own; what stands is told from kept totals."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.domain.councils.models import Meeting
from app.domain.councils.queries import get_item, get_sheet, own_sheets, standings
from app.domain.councils.rules import own_order
from tests.conftest import commit
from tests.domain.councils.board import (
    lock_with,
    opened,
    several_products,
    with_total,
)
from tests.factories.councils import (
    CHAIR,
    SECRETARY,
    convene,
    items_of,
    make_meeting,
    score,
    score_all,
    sheets_of,
)
from tests.factories.people import People
from tests.factories.statements import counted

CODES = st.lists(st.text("ABCDEF0123456789", min_size=3, max_size=9), unique=True, max_size=30)


@given(CODES, st.integers(1, 10**6))
def test_an_own_order_holds_every_product_once_however_the_agenda_lies(
    codes: list[str], member: int
) -> None:
    order = own_order("PH-1", member, codes)
    assert sorted(order) == sorted(codes)
    assert order == own_order("PH-1", member, reversed(codes))


@given(CODES.filter(lambda codes: len(codes) > 1), st.integers(1, 10**6))
def test_a_product_more_or_less_leaves_the_order_of_the_others(
    codes: list[str], member: int
) -> None:
    order = own_order("PH-1", member, codes)
    assert [one for one in order if one != codes[0]] == own_order("PH-1", member, codes[1:])


def test_first_places_are_spread_over_products_members_and_meetings() -> None:
    codes = [f"MH-{number}" for number in range(12)]
    by_member = {own_order("PH-1", member, codes)[0] for member in range(60)}
    by_meeting = {own_order(f"PH-{number}", 7, codes)[0] for number in range(60)}
    assert len(by_member) == len(by_meeting) == len(codes)


def full_meeting(session: WriteSession, people: People, count: int) -> Meeting:
    meeting = make_meeting(
        session, people, products=several_products(session, people, count), members=2
    )
    return convene(session, people, meeting)


def test_the_own_sheets_lie_in_the_own_order_and_lead_from_one_to_the_next(
    session: WriteSession, people: People
) -> None:
    meeting = full_meeting(session, people, 5)
    orders = []
    for number in (CHAIR, 3, 4):
        member = people.council_member(number)
        found = own_sheets(session, meeting.code, actor=member)
        assert [one.place for one in found.sheets] == [1, 2, 3, 4, 5]
        assert {one.position for one in found.sheets} == {1, 2, 3, 4, 5}
        for before, after in pairwise(found.sheets):
            read = get_sheet(session, before.code, actor=member, in_order=True).own_order
            assert read == found
            assert read.after(before.code) == read.next_to_score(before.code) == after
            assert read.before(after.code) == before
        orders.append(tuple(one.position for one in found.sheets))
    assert len(set(orders)) > 1
    assert [item.position for item in items_of(session, meeting)] == [1, 2, 3, 4, 5]


def test_the_next_to_score_goes_round_and_leaves_out_what_is_done(
    session: WriteSession, people: People
) -> None:
    meeting = full_meeting(session, people, 3)
    member = people.council_member(3)
    first, second, last = own_sheets(session, meeting.code, actor=member).sheets
    sheets = {
        sheet.code: sheet
        for item in items_of(session, meeting)
        for sheet in sheets_of(session, item)
    }
    score(session, people, sheets[second.code], member)
    now = own_sheets(session, meeting.code, actor=member)
    assert now.next_to_score(first.code) == last
    assert now.next_to_score(last.code) == first
    assert (now.first, now.waiting) == (first, 2)
    for one in (first, last):
        score(session, people, sheets[one.code], member)
    done = own_sheets(session, meeting.code, actor=member)
    assert (done.first, done.next_to_score(first.code)) == (None, None)


def test_who_has_no_sheet_has_no_order_and_a_stranger_sees_no_meeting(
    session: WriteSession, people: People
) -> None:
    meeting = full_meeting(session, people, 2)
    for actor in (people.council_member(SECRETARY), people.agency(), people.auditor()):
        assert own_sheets(session, meeting.code, actor=actor).sheets == ()
    for stranger in (people.council_member(9), people.partner()):
        with pytest.raises(NotFound):
            own_sheets(session, meeting.code, actor=stranger)
        with pytest.raises(NotFound):
            standings(session, meeting.code, actor=stranger)


def test_a_standing_is_what_the_sheets_add_up_to(session: WriteSession, people: People) -> None:
    item = opened(session, people, members=2)
    meeting = session.get(Meeting, item.meeting_id)
    assert meeting is not None
    score_all(session, people, item, each=[with_total(total) for total in (80, 77, 75)])
    (one,) = standings(session, meeting.code, actor=people.council_member(CHAIR))
    computed = get_item(session, item.code, actor=people.council_member(CHAIR)).settling
    assert computed is not None
    assert (one.average, one.spread) == (computed.average, computed.spread)
    assert (one.average_text, one.band_star) == (computed.average_text, computed.band_star)
    assert not one.is_divergent


def test_a_standing_is_told_when_all_is_in_to_who_conducts_and_after_the_lock_to_all(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people, members=2)
    meeting = session.get(Meeting, item.meeting_id)
    assert meeting is not None
    sheets = sheets_of(session, item)
    everybody = [
        people.council_member(CHAIR),
        people.council_member(SECRETARY),
        people.council_member(3),
        people.agency(),
        people.auditor(),
    ]

    def told() -> list[int]:
        return [len(standings(session, meeting.code, actor=actor)) for actor in everybody]

    for sheet, number in zip(sheets, (CHAIR, 3, 4), strict=True):
        assert told() == [0, 0, 0, 0, 0]
        score(session, people, sheet, people.council_member(number))
    assert told() == [1, 1, 0, 0, 0]
    lock_with(session, people, item)
    assert told() == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("count", [1, 4])
def test_order_and_standings_ask_the_same_few_things_at_any_size(
    session: WriteSession, people: People, engine: Engine, count: int
) -> None:
    meeting = full_meeting(session, people, count)
    member = people.council_member(CHAIR)
    commit(session)
    with counted(engine) as asked:
        own_sheets(ReadSession(session), meeting.code, actor=member)
    assert len(asked) == 2
    with counted(engine) as asked:
        standings(ReadSession(session), meeting.code, actor=member)
    assert len(asked) == 3
