"""The board tells chair and secretary how far everybody is, and no marks before all sheets are in."""

from fractions import Fraction

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import NotFound, NotPermitted
from app.domain.accounts.rules import Actor
from app.domain.councils.actions import raise_gate, recuse_sheet
from app.domain.councils.enums import GateKind
from app.domain.councils.models import AgendaItem, Meeting
from app.domain.councils.queries import Board, BoardRow, board_head, get_board
from app.domain.councils.schemas import RaiseGate, RecuseSheet
from tests.conftest import commit
from tests.domain.councils.board import (
    best,
    by,
    confirm_all,
    lock_with,
    meeting_of,
    opened,
    refused,
    several_products,
    with_total,
)
from tests.factories.councils import (
    CHAIR,
    SECRETARY,
    certify,
    items_of,
    score,
    score_all,
    sheets_of,
)
from tests.factories.people import People
from tests.factories.statements import counted


def board(session: WriteSession, meeting: Meeting, actor: Actor) -> Board:
    return get_board(session, board_head(session, meeting.code, actor=actor), actor=actor)


def row_of(session: WriteSession, people: People, item: AgendaItem) -> BoardRow:
    found = board(session, meeting_of(session, item), people.council_member(SECRETARY))
    return next(one for one in found.rows if one.row.item.id == item.id)


def test_each_member_is_shown_as_far_as_the_own_sheet_is(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    sheets = sheets_of(session, item)
    score(session, people, sheets[0], people.council_member(1))
    half = dict(list(best().items())[:7])
    score(session, people, sheets[1], people.council_member(3), answers=half, submit=False)
    recuse_sheet(
        session,
        sheets[2].code,
        RecuseSheet(reason="Có góp vốn.", version=sheets[2].version),
        **by(people.council_member(4)),
    )
    row = row_of(session, people, item)
    told = [(cell.state.value, cell.marked) for cell in row.cells.values()]
    assert told == [
        ("submitted", len(best())),
        ("draft", 7),
        ("recused", 0),
        ("draft", 0),
        ("draft", 0),
    ]
    assert row.criteria == len(best())
    assert (row.row.submitted, row.row.expected) == (1, 4)
    assert (row.detail.quorum.voting, row.detail.quorum.present) == (4, 4)


@pytest.mark.parametrize("missing", [1, 4])
def test_nothing_is_added_up_while_a_sheet_of_the_product_is_missing(
    session: WriteSession, people: People, missing: int
) -> None:
    item = opened(session, people)
    for number, sheet in list(zip((1, 3, 4, 5, 6), sheets_of(session, item), strict=True))[
        missing:
    ]:
        score(
            session, people, sheet, people.council_member(number), answers=with_total(60 + number)
        )
    row = row_of(session, people, item)
    assert (row.spread, row.apart, row.near, list(row.split_minima)) == (None, [], None, [])
    out = row.out()
    assert (out.spread, out.apart, out.near_band, out.average) == (None, [], None, None)


def test_when_all_sheets_are_in_the_board_tells_spread_edges_and_what_waits(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    totals = [69, 70, 70, 70, 70]
    score_all(session, people, item, each=[with_total(total) for total in totals])
    row = row_of(session, people, item)
    assert row.spread == 1
    assert row.apart
    assert all(points > 0 for _, points in row.apart)
    assert row.near is not None
    assert (row.near.star, row.near.points, row.near.is_below) == (4, Fraction(1, 5), True)
    assert row.near.criterion_code in dict(row.apart)
    confirm_all(session, people, item)
    assert row_of(session, people, item).asks_nothing
    certify(session, people, item)
    assert row_of(session, people, item).is_certified


def test_differences_beyond_the_limit_and_gates_are_told(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item, each=[with_total(t) for t in (60, 75, 75, 75, 75)])
    raise_gate(
        session,
        item.code,
        RaiseGate(criterion_code="6.1", kind=GateKind.STOP, reason="Không có giấy phép."),
        **by(people.council_member(3)),
    )
    out = row_of(session, people, item).out()
    assert (out.spread, out.is_divergent, out.gates_raised) == (15, True, ["6.1"])
    assert not row_of(session, people, item).asks_nothing


def test_a_locked_product_shows_its_result(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    score_all(session, people, item, each=[with_total(t) for t in (95, 96, 96, 96, 97)])
    confirm_all(session, people, item)
    result = lock_with(session, people, item)
    commit(session)
    session.expire_all()
    out = row_of(session, people, item).out()
    assert (out.star, out.average, out.spread) == (result.star, "96,00", 2)


def test_the_board_is_for_chair_and_secretary_alone(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    meeting = meeting_of(session, item)
    for number in (CHAIR, SECRETARY):
        assert board(session, meeting, people.council_member(number)).rows
    for actor in (people.council_member(3), people.agency()):
        with refused(NotPermitted, code="meeting.not_conducting"):
            board(session, meeting, actor)
    with refused(NotFound, code="not_found"):
        board(session, meeting, people.officer())


def test_the_mark_changes_with_every_change_and_only_then(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    meeting = meeting_of(session, item)
    secretary = people.council_member(SECRETARY)

    def mark() -> str:
        return board_head(session, meeting.code, actor=secretary).mark

    seen = [mark()]
    assert mark() == seen[0]
    sheets = sheets_of(session, item)
    score(session, people, sheets[0], people.council_member(1), submit=False)
    seen.append(mark())
    for number, sheet in zip((3, 4, 5, 6), sheets[1:], strict=True):
        score(session, people, sheet, people.council_member(number), answers=with_total(75))
        seen.append(mark())
    raise_gate(
        session,
        item.code,
        RaiseGate(criterion_code="6.1", kind=GateKind.STOP, reason="Không có giấy phép."),
        **by(people.council_member(3)),
    )
    seen.append(mark())
    assert len(set(seen)) == len(seen)


def test_the_board_asks_as_much_of_the_database_for_many_products_as_for_one(
    session: WriteSession, people: People, engine: Engine
) -> None:
    item = opened(session, people, products=several_products(session, people, 4), members=3)
    meeting = meeting_of(session, item)
    items = items_of(session, meeting)
    secretary = people.council_member(SECRETARY)

    def statements() -> int:
        commit(session)
        session.expunge_all()
        with counted(engine) as sent:
            board(session, meeting, secretary).out()
        return len(sent)

    for one in items[:1]:
        score_all(session, people, one, answers=with_total(75))
    code = meeting.code
    few = statements()
    for one in session.exec(
        select(AgendaItem).where(col(AgendaItem.id).in_([i.id for i in items[1:]]))
    ):
        score_all(session, people, one, answers=with_total(75))
    assert meeting.code == code
    assert statements() == few <= 6
