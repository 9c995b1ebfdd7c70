"""Producers are told which papers run out, at ninety days and at thirty."""

from datetime import timedelta

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.wallet.actions import remind_of_expiry
from tests.factories.notices import notices_of, title_of
from tests.factories.people import People
from tests.factories.register import make_producer
from tests.factories.wallet import make_paper, renew

KIND = "paper.expires"


def test_a_paper_that_runs_out_is_told_twice_and_no_more(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    end = local_day(people.at) + timedelta(days=200)
    paper = make_paper(session, people, producer, "Phiếu kiểm nghiệm gạo", expires_on=end)
    counts = {
        left: remind_of_expiry(session, at=people.at + timedelta(days=200 - left))
        for left in (91, 90, 89, 31, 30, 1, 0, -1)
    }
    assert counts == {91: 0, 90: 1, 89: 0, 31: 0, 30: 1, 1: 0, 0: 0, -1: 0}
    rows = notices_of(session, KIND)
    assert {name for name, _ in rows} == {f"chuthe{producer.id}"}
    assert {(one.subject_code, one.due_on) for _, one in rows} == {(paper.code, end)}
    assert title_of(rows[0][1]) == (
        f"Giấy tờ «Phiếu kiểm nghiệm gạo» hết hạn sau ngày {end:%d/%m/%Y}"
    )


def test_a_paper_first_seen_with_few_days_left_is_told_once(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    end = local_day(people.at) + timedelta(days=20)
    make_paper(session, people, producer, expires_on=end)
    assert remind_of_expiry(session, at=people.at) == 1
    assert remind_of_expiry(session, at=people.at + timedelta(days=1)) == 0


def test_a_renewed_paper_is_told_by_its_own_day_only(session: WriteSession, people: People) -> None:
    producer = make_producer(session, people)
    day = local_day(people.at)
    old = make_paper(session, people, producer, "Cũ", expires_on=day + timedelta(days=20))
    renew(session, people, old, "Mới", expires_on=day + timedelta(days=60))
    remind_of_expiry(session, at=people.at)
    assert [one.params["title"] for _, one in notices_of(session, KIND)] == ["Mới"]


def test_papers_without_a_last_day_are_told_to_nobody(
    session: WriteSession, people: People
) -> None:
    make_paper(session, people, make_producer(session, people))
    assert remind_of_expiry(session, at=people.at) == 0
