"""Attempts that several processes count together: exactly as many are let through as may be."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from limits import parse
from sqlalchemy import Engine

from app.core.db import make_engine, open_write, transaction
from app.core.rates import SharedCounts, counts_of, forget_counters
from app.core.settings import Settings
from app.http.limits import FloodLimit, MovingWindow, TooManyAttempts
from tests.architecture.source import ROOT

PROCESSES, TRIES, MOST = 4, 100, 100
_COUNTS_TOGETHER = """
import sys
from app.core.db import make_engine
from app.core.rates import counts_of
from app.core.settings import Settings
from app.http.limits import FloodLimit, TooManyAttempts
engine = make_engine(Settings(database_url=sys.argv[1]))
limit = FloodLimit("100/day", "test", counts_of(engine))
allowed = 0
for _ in range(100):
    try:
        limit.count("203.0.113.7")
        allowed += 1
    except TooManyAttempts:
        pass
print(allowed)
"""


@pytest.fixture
def on_postgres(
    tmp_path: Path, new_postgres_database: Callable[..., str], postgres_template: str
) -> Settings:
    return Settings(
        data_dir=tmp_path, database_url=new_postgres_database(template=postgres_template)
    )


@pytest.fixture
def engine(on_postgres: Settings) -> Iterator[Engine]:
    engine = make_engine(on_postgres)
    yield engine
    engine.dispose()


@pytest.fixture
def counts(engine: Engine) -> Iterator[SharedCounts]:
    counts = counts_of(engine)
    assert isinstance(counts, SharedCounts)
    yield counts
    counts.close()


def _rows(engine: Engine) -> list[tuple[str, int]]:
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT key, hits FROM rate_counters ORDER BY key"))
        return [(key, hits) for key, hits in rows]


def test_four_processes_that_try_a_hundred_times_each_get_a_hundred_through(
    on_postgres: Settings, engine: Engine
) -> None:
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", _COUNTS_TOGETHER, on_postgres.database_url],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    allowed = [int(one.communicate(timeout=120)[0]) for one in crowd]
    assert sum(allowed) == MOST, allowed
    assert sum(hits for _key, hits in _rows(engine)) == MOST


def test_what_was_counted_stays_though_the_request_is_undone(
    engine: Engine, counts: SharedCounts
) -> None:
    limit = FloodLimit("2/hour", "reports", counts)
    for _ in range(2):
        session = open_write(engine)
        session.connection()
        limit.count("198.51.100.4")
        session.rollback()
        session.close()
    with pytest.raises(TooManyAttempts) as stopped:
        limit.count("198.51.100.4")
    # A try counts for its window and at most a sixtieth more.
    assert 3590 < stopped.value.retry_after_seconds <= 3661
    FloodLimit("2/hour", "pins", counts).count("198.51.100.4")  # another thing is counted apart


def test_no_place_of_the_pool_is_taken_and_no_address_is_kept(
    engine: Engine, counts: SharedCounts
) -> None:
    FloodLimit("2/hour", "reports", counts).count("198.51.100.4")
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # -- of a QueuePool
    [(key, hits)] = _rows(engine)
    assert hits == 1
    assert "198.51.100.4" not in key


def test_a_window_moves_on(engine: Engine, counts: SharedCounts) -> None:
    window, rate = MovingWindow(counts), parse("2/hour")
    assert window.hit(rate, "somebody")
    assert window.hit(rate, "somebody")
    assert window.wait(rate, "somebody") > 0
    assert not window.hit(rate, "somebody")
    with engine.begin() as connection:  # as if an hour and a minute had gone by
        connection.execute(sa.text("UPDATE rate_counters SET ends_at = ends_at - 3661"))
    assert window.wait(rate, "somebody") == 0
    assert window.hit(rate, "somebody")


def test_what_counts_no_more_is_forgotten(engine: Engine, counts: SharedCounts) -> None:
    window = MovingWindow(counts)
    window.hit(parse("2/minute"), "a")
    window.hit(parse("2/day"), "b")
    later = datetime.now(UTC) + timedelta(minutes=5)
    with transaction(engine) as session:
        assert forget_counters(session, at=later) == 1
    assert len(_rows(engine)) == 1
