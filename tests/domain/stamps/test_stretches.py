"""Stamps in parts: found in one of them, made ahead, whole again without one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.core.clock import now
from app.core.db import insert_many, make_engine, open_write, reading, transaction
from app.core.partitions import parts_of
from app.core.settings import Settings
from app.domain.stamps.actions import issue_waiting
from app.domain.stamps.actions.stretches import AHEAD, STRETCH, Stretches
from app.domain.stamps.enums import BatchState
from tests.factories.people import People
from tests.factories.stamps import make_batch

COLUMNS = ("index", "roll_id", "place", "header", "signature")
TYPES = ("int8", "int4", "int4", "bytea", "bytea")


@pytest.fixture
def settings(
    tmp_path: Path, new_postgres_database: Callable[..., str], postgres_template: str
) -> Settings:
    return Settings(
        data_dir=tmp_path,
        database_url=new_postgres_database(template=postgres_template),
        stamp_host="tem.example",
    )


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = make_engine(settings)
    yield engine
    engine.dispose()


def _parts(engine: Engine) -> list[str]:
    session = open_write(engine)
    try:
        return parts_of(session, "stamps")
    finally:
        session.close()


def _roll(engine: Engine, settings: Settings) -> int:
    with transaction(engine) as session:
        make_batch(
            session,
            People(session, now()),
            settings.private_key_dir,
            state=BatchState.ISSUING,
            quantity=5,
        )
    issue_waiting(engine, key_dir=settings.private_key_dir, clock=now)
    with reading(engine) as session:
        return int(
            session.connection().execute(text("SELECT max(id) FROM stamp_rolls")).scalar_one()
        )


def _copy(engine: Engine, roll: int, indexes: list[int]) -> None:
    rows = [(index, roll, 100 + place, b"h" * 16, b"s" * 64) for place, index in enumerate(indexes)]
    with transaction(engine) as session:
        insert_many(session, "stamps", COLUMNS, TYPES, rows)


def test_stamps_are_copied_through_the_whole_and_one_part_is_looked_into_for_each(
    engine: Engine, settings: Settings
) -> None:
    roll = _roll(engine, settings)
    Stretches(engine).reach(1, 3 * STRETCH)
    _copy(engine, roll, [STRETCH - 1, STRETCH, 3 * STRETCH + 7, 9 * STRETCH])
    where = text('SELECT tableoid::regclass::text FROM stamps WHERE place >= 100 ORDER BY "index"')
    with engine.connect() as connection:
        lying = [name for (name,) in connection.execute(where)]
        assert lying == [
            "stamps_from_0",
            "stamps_from_10000000",
            "stamps_from_30000000",
            "stamps_rest",
        ]
        connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
        connection.exec_driver_sql(
            'PREPARE one (bigint) AS SELECT header FROM stamps WHERE "index" = $1'
        )
        plan = "\n".join(
            line
            for (line,) in connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, COSTS OFF) EXECUTE one ({3 * STRETCH + 7})"
            )
        )
        assert "stamps_from_30000000" in plan
        assert "Subplans Removed" in plan
        assert "stamps_from_0" not in plan
        assert "stamps_rest" not in plan


def test_a_part_takes_in_what_came_before_it_and_keeps_places_of_a_roll_apart(
    engine: Engine, settings: Settings
) -> None:
    roll = _roll(engine, settings)
    _copy(engine, roll, [5 * STRETCH + 1, 5 * STRETCH + 2])
    assert "from_50000000" not in _parts(engine)
    stretches = Stretches(engine)
    stretches.reach(5 * STRETCH + 1, 6 * STRETCH - AHEAD)
    stretches.reach(5 * STRETCH + 1, 6 * STRETCH - AHEAD)
    assert {"from_50000000", "from_60000000", "rest"} <= set(_parts(engine))
    with engine.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM stamps_from_50000000")).scalar_one()
        assert count == 2
        assert connection.execute(text("SELECT count(*) FROM stamps_rest")).scalar_one() == 0
    with pytest.raises(Exception, match="uq_stamps_from_50000000_roll_id_place"):
        _copy(engine, roll, [5 * STRETCH + 9])  # another stamp on the first one's place


def test_issuing_makes_the_next_part_before_it_is_needed(
    engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, now())
        keys = settings.private_key_dir
        batch = make_batch(session, people, keys, state=BatchState.ISSUING, quantity=5)
        batch.first_index = STRETCH - AHEAD
    issue_waiting(engine, key_dir=settings.private_key_dir, clock=now)
    assert "from_10000000" in _parts(engine)
