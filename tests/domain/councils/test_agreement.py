"""Members see the own severity, whoever presides sees agreement and drift, and nobody sees names."""

from datetime import timedelta
from fractions import Fraction

import pytest
from sqlalchemy import Engine

from app.core.db import WriteSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import SheetOrigin
from app.domain.councils.models import Meeting
from app.domain.councils.queries import Agreement, get_agreement
from tests.conftest import AT, commit
from tests.domain.councils.board import (
    confirm_all,
    lock_with,
    meeting_of,
    opened,
    refused,
    several_products,
    with_total,
)
from tests.factories.councils import CHAIR, SECRETARY, items_of, score_all, sheets_of
from tests.factories.people import People
from tests.factories.statements import counted

TOTALS = ([91, 92, 93, 94, 95], [90, 93, 92, 95, 95], [96, 95, 96, 97, 99])


@pytest.fixture
def meeting(session: WriteSession, people: People) -> Meeting:
    """Return a meeting with three locked products and one that is being scored."""
    item = opened(session, people, products=several_products(session, people, 4))
    held = meeting_of(session, item)
    for place, (one, totals) in enumerate(zip(items_of(session, held), TOTALS, strict=False)):
        score_all(session, people, one, each=[with_total(total) for total in totals])
        for sheet in sheets_of(session, one):
            sheet.submitted_at = AT + timedelta(hours=place)
        confirm_all(session, people, one)
        lock_with(session, people, one)
    commit(session)
    return held


def seen(session: WriteSession, meeting: Meeting, actor: Actor) -> Agreement:
    return get_agreement(session, meeting.code, actor=actor)


def test_everybody_sees_the_own_severity_over_locked_products(
    session: WriteSession, people: People, meeting: Meeting
) -> None:
    for place, number in enumerate((CHAIR, 3, 4, 5, 6)):
        found = seen(session, meeting, people.council_member(number))
        apart = [totals[place] - Fraction(sum(totals), 5) for totals in TOTALS]
        assert [one for _, one in found.own] == apart
        assert found.own_mean == sum(apart) / 3
        assert found.products == 3
    assert seen(session, meeting, people.council_member(SECRETARY)).own_mean is None
    assert seen(session, meeting, people.agency()).own == []


def test_only_whoever_presides_sees_agreement_and_drift_and_no_names(
    session: WriteSession, people: People, meeting: Meeting
) -> None:
    out = seen(session, meeting, people.council_member(CHAIR)).out()
    assert out.council is not None
    assert out.council.alpha is not None
    assert -1 <= out.council.alpha <= 1
    assert [one.mean for one in out.council.by_hour] == ["0/1"] * 3  # every sheet of one product
    assert [one.sheets for one in out.council.by_place] == [5, 5, 5]
    said = out.council.model_dump_json()
    assert "hoidong" not in said.lower()
    for actor in (people.council_member(3), people.council_member(SECRETARY), people.agency()):
        found = seen(session, meeting, actor)
        assert (found.out().council, found.alpha, found.by_hour, found.by_place) == (
            None,
            None,
            [],
            [],
        )
    with refused(NotFound, code="not_found"):
        seen(session, meeting, people.officer())


def test_a_council_that_grows_milder_is_seen_along_its_own_sequence(
    session: WriteSession, people: People, meeting: Meeting
) -> None:
    """Two members in the order of the agenda, the others backwards: each product at two times."""
    for place, item in enumerate(items_of(session, meeting)[:3]):
        for number, sheet in enumerate(sheets_of(session, item)):
            late = place if number % 2 else 2 - place
            sheet.total = 80 + late
            sheet.submitted_at = AT + timedelta(hours=late)
    session.flush()
    found = seen(session, meeting, people.council_member(CHAIR))
    by_place = [one.mean for one in found.by_place]
    assert by_place == sorted(by_place)
    assert by_place[0] < 0 < by_place[-1]
    assert [one.mean for one in found.by_hour] == by_place


def test_paper_and_packs_tell_no_hour(
    session: WriteSession, people: People, meeting: Meeting
) -> None:
    for item in items_of(session, meeting)[:3]:
        for sheet in sheets_of(session, item):
            sheet.origin = SheetOrigin.PAPER
    session.flush()
    found = seen(session, meeting, people.council_member(CHAIR))
    assert (found.by_hour, found.by_place) == ([], [])
    assert found.alpha is not None


def test_it_asks_three_statements_at_any_size(
    session: WriteSession, people: People, meeting: Meeting, engine: Engine
) -> None:
    chair = people.council_member(CHAIR)
    commit(session)
    session.expunge_all()
    with counted(engine) as sent:
        get_agreement(session, meeting.code, actor=chair).out()
    assert len(sent) == 3
