"""Reading papers: filters agree with the rule, and what runs out is on the list of work."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import EvidenceKind
from app.domain.producers.models import Producer
from app.domain.wallet.actions import withdraw_paper
from app.domain.wallet.enums import PaperState
from app.domain.wallet.queries import get_paper, history_of, papers_page, uses_of, work_for
from app.domain.wallet.schemas import WithdrawPaper
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, People
from tests.factories.register import make_producer
from tests.factories.statements import counted
from tests.factories.wallet import make_paper, renew

TODAY = local_day(AT)


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.fixture
def producer(session: WriteSession, people: People) -> Producer:
    """Return a producer with papers on both sides of every boundary, one replaced, one put away."""
    producer = make_producer(session, people)
    for days in (-1, 0, 30, 31, 90, 91):
        make_paper(session, people, producer, f"Hạn {days}", expires_on=in_days(days))
    make_paper(session, people, producer, "Không thời hạn", kind=EvidenceKind.STORY, number="CC/07")
    old = make_paper(session, people, producer, "Cũ", expires_on=in_days(-9))
    renew(session, people, old, "Mới", expires_on=in_days(400))
    gone = make_paper(session, people, producer, "Bỏ", expires_on=in_days(5))
    withdraw_paper(
        session,
        gone.code,
        WithdrawPaper(reason="Không dùng", version=1),
        actor=people.officer(),
        at=AT,
    )
    session.flush()
    return producer


def titles(session: WriteSession, actor: Actor, producer: Producer, **asked: object) -> set[str]:
    found = papers_page(
        session,
        actor=actor,
        on=TODAY,
        producer_id=producer.id,
        **asked,  # type: ignore[arg-type]  # -- one dict of all kinds
    )
    return {row.paper.title for row in found.items}


def test_each_state_is_found_by_the_list_as_the_rule_tells_it(
    session: WriteSession, people: People, producer: Producer
) -> None:
    officer = people.officer()
    expected = {
        PaperState.EXPIRED: {"Hạn -1"},
        PaperState.EXPIRING: {"Hạn 0", "Hạn 30", "Hạn 31", "Hạn 90"},
        PaperState.VALID: {"Hạn 91", "Không thời hạn", "Mới"},
        PaperState.REPLACED: {"Cũ"},
        PaperState.WITHDRAWN: {"Bỏ"},
    }
    for state, known in expected.items():
        assert titles(session, officer, producer, state=state) == known
    found = papers_page(session, actor=officer, on=TODAY, producer_id=producer.id)
    for row in found.items:
        assert row.paper.title in expected[row.state_on(TODAY)]
        assert row.out(TODAY).state is row.state_on(TODAY)


def test_papers_are_searched_without_accents_and_by_number_and_filtered_by_kind(
    session: WriteSession, people: People, producer: Producer
) -> None:
    agency = people.agency()
    assert titles(session, agency, producer, search="khong han") == {"Không thời hạn"}
    assert titles(session, agency, producer, search="cc/07") == {"Không thời hạn"}
    assert titles(session, agency, producer, search="100%") == set()
    assert titles(session, agency, producer, kind=EvidenceKind.STORY) == {"Không thời hạn"}


def test_a_list_goes_on_where_it_ended(
    session: WriteSession, people: People, producer: Producer
) -> None:
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = papers_page(session, actor=people.officer(), on=TODAY, after=after, limit=4)
        seen += [row.paper.code for row in page.items]
        after = page.next_after
    assert len(seen) == len(set(seen)) == 10
    assert titles(session, people.officer(ELSEWHERE), producer) == set()


def test_what_runs_out_waits_for_its_producer_soonest_first(
    session: WriteSession, people: People, producer: Producer
) -> None:
    work = work_for(session, people.producer(producer.id or 0), TODAY)
    assert [(item.due_on, item.overdue) for item in work] == [
        (in_days(-1), True),
        (in_days(0), False),
        (in_days(30), False),
        (in_days(31), False),
        (in_days(90), False),
    ]
    assert "đã hết hạn: Hạn -1" in work[0].title
    assert {item.route_name for item in work} == {"papers.show"}
    assert all(item.basis for item in work)


def test_the_commune_sees_one_line_for_each_producer(
    session: WriteSession, people: People, producer: Producer
) -> None:
    make_producer(session, people, "Không có giấy")
    (item,) = work_for(session, people.officer(), TODAY)
    assert (item.code, item.route_name) == (producer.code, "papers.list")
    assert (item.due_on, item.overdue, item.subtitle) == (in_days(-1), True, "5 giấy tờ")
    for other in (people.officer(ELSEWHERE), people.agency(), people.leader()):
        assert work_for(session, other, TODAY) == []


def test_reading_papers_takes_one_statement_however_many(
    session: WriteSession, people: People, producer: Producer, engine: Engine
) -> None:
    officer = people.officer()
    with counted(engine) as sent:
        rows = papers_page(session, actor=officer, on=TODAY, producer_id=producer.id).items
    assert len(sent) == 1
    row = get_paper(session, rows[0].paper.code, actor=officer)
    with counted(engine) as sent:
        uses_of(session, row)
        history_of(session, row)
        work_for(session, officer, TODAY)
    assert len(sent) == 3
