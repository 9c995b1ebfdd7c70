"""Single rows by key: what was committed, never a write, and a database may be restarted beneath."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col

from app.core.db import transaction
from app.core.points import PointReads
from app.domain.scans.models import ScanTotal

AT = datetime(2026, 9, 14, 2, 3, 4, tzinfo=UTC)
ONE = sa.select(col(ScanTotal.scans), col(ScanTotal.first_at)).where(
    col(ScanTotal.stamp_index) == sa.bindparam("index")
)


@pytest.fixture
def reads(engine: Engine) -> Iterator[PointReads]:
    reads = PointReads(engine)
    yield reads
    reads.close()


def kept(engine: Engine, index: int, scans: int) -> None:
    with transaction(engine) as session:
        session.merge(ScanTotal(stamp_index=index, scans=scans, first_at=AT, last_at=AT))


def test_a_row_is_read_as_it_was_committed_last(engine: Engine, reads: PointReads) -> None:
    read = reads.prepared(ONE, "index")
    assert read(4_000_000_000) is None
    for scans in (1, 2, 3):
        kept(engine, 4_000_000_000, scans)
        assert list(read(4_000_000_000)) == [scans, AT]


def test_no_place_of_the_pool_is_taken(engine: Engine, reads: PointReads) -> None:
    read = reads.prepared(ONE, "index")
    read(1)
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # -- of a QueuePool


def test_nothing_can_be_written_by_such_a_read(engine: Engine, reads: PointReads) -> None:
    kept(engine, 1, 1)
    read = reads.prepared(ONE, "index")
    read(1)
    connection = reads._idle[0]
    with pytest.raises(reads.failure):
        connection.execute("UPDATE scan_totals SET scans = 9")


def test_a_connection_that_broke_is_replaced(engine: Engine, reads: PointReads) -> None:
    kept(engine, 1, 7)
    read = reads.prepared(ONE, "index")
    assert read(1)[0] == 7
    if reads.in_process:
        reads._idle[0].close()
    else:
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    assert read(1)[0] == 7
    assert read(1)[0] == 7
    assert len(reads._idle) == 1
