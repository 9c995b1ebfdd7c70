"""Scans in parts of a month: made ahead, counted and dropped as a whole when they are old."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.core.db import make_engine, open_write, transaction
from app.core.partitions import parts_of
from app.core.settings import Settings
from app.domain.scans.actions import forget_scans, prepare_months
from app.domain.scans.enums import Caller
from app.domain.scans.models import ScanEvent
from app.domain.stamps.enums import Verdict

BEGAN = datetime(2031, 1, 15, 2, 0, tzinfo=UTC)
LATE_IN_JANUARY = datetime(2031, 1, 31, 16, 59, tzinfo=UTC)  # a minute before February in Viet Nam


@pytest.fixture
def engine(
    tmp_path: Path, new_postgres_database: Callable[..., str], postgres_template: str
) -> Iterator[Engine]:
    engine = make_engine(
        Settings(data_dir=tmp_path, database_url=new_postgres_database(template=postgres_template))
    )
    yield engine
    engine.dispose()


def _seen(engine: Engine, *scans: tuple[datetime, int | None, str]) -> None:
    with transaction(engine) as session:
        session.add_all(
            ScanEvent(
                at=at, stamp_index=index, verdict=Verdict.VALID, caller=Caller.BUYER, device=device
            )
            for at, index, device in scans
        )


def _rows(engine: Engine, statement: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def _parts(engine: Engine) -> list[str]:
    session = open_write(engine)
    try:
        return [suffix for suffix in parts_of(session, "scan_events") if suffix.startswith("2031")]
    finally:
        session.close()


def test_months_are_made_ahead_and_old_ones_are_dropped_when_they_are_counted(
    engine: Engine,
) -> None:
    _seen(engine, (BEGAN, 7, "a"))  # before its month has a part
    assert prepare_months(engine, at=BEGAN) == 3
    assert prepare_months(engine, at=BEGAN) == 0
    assert _parts(engine) == ["2031_01", "2031_02", "2031_03"]
    _seen(
        engine,
        (BEGAN, 7, "a"),
        (BEGAN, 7, "b"),
        (BEGAN, None, ""),
        (LATE_IN_JANUARY, 7, "c"),
        (LATE_IN_JANUARY + timedelta(minutes=1), 7, "c"),
    )
    lying = "SELECT tableoid::regclass::text, count(*) FROM scan_events GROUP BY 1 ORDER BY 1"
    assert _rows(engine, lying) == [("scan_events_2031_01", 5), ("scan_events_2031_02", 1)]
    # Ninety days after the last of January: the month goes as a whole, February stays for now.
    at = LATE_IN_JANUARY + timedelta(days=90, hours=1)
    with transaction(engine) as session:
        assert forget_scans(session, at=at) == 5
    assert _parts(engine) == ["2031_02", "2031_03"]
    with transaction(engine) as session:
        assert forget_scans(session, at=at) == 0
        assert forget_scans(session, at=at + timedelta(days=1)) == 1  # a day of it goes by itself
    assert _rows(
        engine,
        "SELECT day::text, stamp_index, scans, devices FROM scan_days ORDER BY day, stamp_index",
    ) == [
        ("2031-01-15", -1, 1, 0),
        ("2031-01-15", 7, 3, 2),
        ("2031-01-31", 7, 1, 1),
        ("2031-02-01", 7, 1, 1),
    ]
