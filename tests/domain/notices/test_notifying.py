"""A notice is written with the change, once for each recipient, and undone with it."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import WriteSession, transaction
from app.domain.accounts.actions import disable_user
from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership
from app.domain.accounts.rules import SYSTEM
from app.domain.notices.actions import notify, notify_each
from app.domain.notices.models import Notice
from app.domain.notices.rules import (
    Draft,
    Recipients,
    agency,
    commune,
    commune_leaders,
    commune_officers,
    filled,
    persons,
    producer_account,
)
from tests.conftest import commit
from tests.domain.notices.letters import LETTER, Thing
from tests.factories.people import ELSEWHERE, HOME, People
from tests.factories.statements import counted


def told(session: WriteSession) -> dict[int, Notice]:
    """Return the notices there are, by whom they are for."""
    return {one.user_id: one for one in session.exec(select(Notice)).all()}


def test_everybody_asked_for_is_told_once_with_the_sentences_and_the_day(
    session: WriteSession, people: People
) -> None:
    officer, leader, actor = people.officer(), people.leader(), people.agency()
    people.officer(ELSEWHERE)
    count = notify(
        session,
        LETTER,
        to=commune(HOME),
        subject=Thing(),
        actor=actor,
        at=people.at,
        due_on=date(2026, 10, 1),
        number=7,
        who="Hợp tác xã {kỳ lạ}",
        day=date(2026, 9, 30),
    )
    rows = told(session)
    assert count == 2
    assert set(rows) == {officer.user_id, leader.user_id}
    row = rows[officer.user_id or 0]
    assert filled(row.title, row.params) == "Việc 7 của Hợp tác xã {kỳ lạ} đã xảy ra"
    assert filled(row.todo, row.params) == "Hãy xem trước ngày 30/09/2026."
    assert (row.due_on, row.route_name, row.subject_code) == (
        date(2026, 10, 1),
        "work.list",
        "VV-1",
    )
    assert row.basis == "26/2026/QĐ-TTg, Điều 7"
    assert row.read_at is None


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (commune_officers(HOME), {"officer"}),
        (commune_leaders(HOME), {"leader"}),
        (agency(), {"agency", "head"}),
        (producer_account(5), {"producer"}),
        (producer_account(6), set()),
        (producer_account(None), set()),
        (Recipients(), set()),
        (
            commune_officers(HOME) | agency() | producer_account(5),
            {"officer", "agency", "head", "producer"},
        ),
    ],
)
def test_recipients_are_those_who_hold_the_post(
    session: WriteSession, people: People, to: Recipients, expected: set[str]
) -> None:
    who = {
        "officer": people.officer(),
        "leader": people.leader(),
        "agency": people.agency(),
        "head": people.head(),
        "producer": people.producer(5),
    }
    people.officer(ELSEWHERE)
    notify(
        session,
        LETTER,
        to=to,
        subject=Thing(),
        actor=SYSTEM,
        at=people.at,
        number=1,
        who="",
        day="",
    )
    assert set(told(session)) == {who[name].user_id for name in expected}


def test_a_person_is_told_whatever_post_they_hold_and_a_closed_account_nothing(
    session: WriteSession, people: People
) -> None:
    auditor, closed = people.auditor(), people.partner()
    disable_user(session, "doitac", actor=people.administrator(), at=people.at)
    notify(
        session,
        LETTER,
        to=persons(auditor.user_id, closed.user_id, None),
        subject=Thing(),
        actor=SYSTEM,
        at=people.at,
        number=1,
        who="",
        day="",
    )
    assert set(told(session)) == {auditor.user_id}


def test_a_post_that_ended_is_told_nothing(session: WriteSession, people: People) -> None:
    officer = people.officer()
    for post in session.exec(select(Membership).where(col(Membership.user_id) == officer.user_id)):
        post.valid_to = people.at.date() - timedelta(days=1)
    notify(
        session,
        LETTER,
        to=commune_officers(HOME),
        subject=Thing(),
        actor=SYSTEM,
        at=people.at,
        number=1,
        who="",
        day="",
    )
    assert not told(session)


def test_nobody_is_told_what_they_did_themselves(session: WriteSession, people: People) -> None:
    officer, leader = people.officer(), people.leader()
    notify(
        session,
        LETTER,
        to=commune(HOME),
        subject=Thing(),
        actor=officer,
        at=people.at,
        number=1,
        who="",
        day="",
    )
    assert set(told(session)) == {leader.user_id}


def test_nothing_is_told_while_the_past_is_brought_in(
    session: WriteSession, people: People
) -> None:
    people.officer()
    count = notify(
        session,
        LETTER,
        to=commune(HOME),
        subject=Thing(),
        actor=people.agency().loading_history(),
        at=people.at,
        number=1,
        who="",
        day="",
    )
    assert count == 0
    assert not told(session)


def test_the_same_occasion_is_told_once_and_another_again(
    session: WriteSession, people: People
) -> None:
    people.officer()

    def again(occasion: str, at: datetime) -> int:
        return notify(
            session,
            LETTER,
            to=commune_officers(HOME),
            subject=Thing(),
            actor=SYSTEM,
            at=at,
            occasion=occasion,
            number=1,
            who="",
            day="",
        )

    later = people.at + timedelta(days=1)
    assert [again("90", people.at), again("90", later), again("30", later)] == [1, 0, 1]


def test_notices_are_undone_with_the_change(
    engine: Engine, people: People, session: WriteSession
) -> None:
    people.officer()
    commit(session)

    class Undone(Exception):  # noqa: N818 -- thrown to undo
        """Something went wrong after the notice."""

    def fails() -> None:
        with transaction(engine) as writing:
            notify(
                writing,
                LETTER,
                to=commune_officers(HOME),
                subject=Thing(),
                actor=SYSTEM,
                at=people.at,
                number=1,
                who="",
                day="",
            )
            raise Undone

    with pytest.raises(Undone):
        fails()
    assert not told(session)


def test_many_things_are_told_in_few_statements(
    engine: Engine, session: WriteSession, people: People
) -> None:
    for number in range(1, 6):
        people.producer(number)
    people.officer()
    session.flush()
    drafts = [
        Draft(
            LETTER,
            producer_account(number % 5 + 1) | commune_officers(HOME),
            subject_code=f"VV-{number}",
            said={"number": number, "who": "", "day": ""},
        )
        for number in range(150)
    ]
    with counted(engine) as sent:
        assert notify_each(session, drafts, at=people.at) == 300
    assert len(sent) == 2
    assert notify_each(session, drafts, at=people.at) == 0


def test_one_with_two_posts_is_told_once(session: WriteSession, people: People) -> None:
    officer = people.officer()
    session.add(
        Membership(
            user_id=officer.user_id or 0,
            role=Role.COMMUNE_LEADER,
            unit_code=HOME,
            valid_from=date(2025, 7, 1),
        )
    )
    session.flush()
    assert (
        notify(
            session,
            LETTER,
            to=commune(HOME) | persons(officer.user_id),
            subject=Thing(),
            actor=SYSTEM,
            at=people.at,
            number=1,
            who="",
            day="",
        )
        == 1
    )
