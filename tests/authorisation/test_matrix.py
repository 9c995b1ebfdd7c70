"""The table of rights (`matrix.csv`) and the application say the same, each cell tried for real.

May: whatever is answered once the person was let through, a refusal by state or rule included. May not:
401, 403, 404, or a way to the sign-in page. A body that cannot be read decides nothing and fails.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from app.domain.accounts.enums import Scope
from app.main import create_app
from tests.authorisation.matrix import (
    COLUMNS,
    FOR_NO_PERSON,
    MAY_ALL,
    MAY_NOT,
    MAY_OWN,
    MONITOR_KEY,
    NOBODY,
    Column,
    Row,
    Tried,
    build_world_of_rights,
    doors_of,
    read_matrix,
    world_settings,
)
from tests.authorisation.things import Caller
from tests.authorisation.tries import in_one_thread

ROWS = {row.place: row for row in read_matrix()}


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Tried]:
    """Return the whole application with one thing of each kind in two communes, and its people."""
    place = tmp_path_factory.mktemp("rights")
    shutil.copy(sqlite_template, place / "ocop.db")
    settings = world_settings(place)
    build_world_of_rights(settings)
    with in_one_thread():
        tried = Tried(settings)
        yield tried
        tried.close()


def test_every_route_has_its_row_and_every_row_its_route() -> None:
    doors = set(doors_of(create_app()))
    assert doors - set(ROWS) == set(), "routes without a row of the table of rights"
    assert set(ROWS) - doors == set(), "rows of the table of rights without a route"


def test_the_words_of_a_row_say_what_its_cells_say() -> None:
    for row in ROWS.values():
        assert len(row.cells) == len(COLUMNS), row.place
        assert set(row.cells) <= {MAY_ALL, MAY_OWN, MAY_NOT}, row.place
        assert row.said == row.who, row.place


def test_every_row_says_who_may() -> None:
    unsaid = [row.place for row in ROWS.values() if row.who == NOBODY]
    assert not unsaid, "the world lacks what is asked for there, or the try names it wrongly"


def test_what_is_for_no_person_opens_to_the_machine_its_row_names(tried: Tried) -> None:
    monitor = Caller(0, token=MONITOR_KEY)
    for place, whom in FOR_NO_PERSON.items():
        assert ROWS[place].said == whom
        answer = tried.trier.answer(tried.doors[place], monitor, is_own=True)
        assert answer.status_code == 200, place


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.username or "visitor")
def test_each_kind_of_person_may_what_the_table_says_and_nothing_else(
    tried: Tried, column: Column
) -> None:
    position = COLUMNS.index(column)
    wrong = []
    for place, door in tried.doors.items():
        row: Row | None = ROWS.get(place)
        if row is not None:
            found = tried.cell(door, column)
            if found != row.cells[position]:
                wrong.append(f"{place}: the table says {row.cells[position]}, tried: {found}")
    assert not wrong, "\n".join(wrong)


def test_a_token_opens_nothing_beyond_its_scopes(tried: Tried) -> None:
    lacking = {scope: tried.caller_without(scope) for scope in Scope}
    wrong, asked = [], 0
    for place, door in tried.doors.items():
        scope = _scope_of(door.route) if isinstance(door.route, APIRoute) and door.is_api else None
        if scope is not None:
            answer = tried.trier.answer(door, lacking[scope], is_own=True)
            asked += 1
            if answer.status_code != 403 or answer.json()["code"] != "token.scope_missing":
                wrong.append(f"{place} without {scope}: {answer.status_code}")
    assert asked > 200
    assert not wrong, "\n".join(wrong)


def _scope_of(route: APIRoute) -> Scope | None:
    """Return the scope a call asks every token for; None where it asks for none, or for no token."""
    for needed in route.dependant.dependencies:
        scope = getattr(needed.call, "scope", None)
        if isinstance(scope, Scope):
            return scope
    return None
