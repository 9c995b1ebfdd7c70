"""What workers wrote down comes into the database once, whatever breaks and whoever reads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import col, func, select

from app.core.db import finish, open_write, reading
from app.core.journal import claim, pending
from app.domain.audit.models import AuditEvent
from app.domain.scans.actions import Ingested, ingest_journals
from app.domain.scans.actions.ingesting import MOST_AT_ONCE
from app.domain.scans.enums import Caller, FlagKind
from app.domain.scans.models import CloneFlag, ScanEvent, ScanJournal, ScanTotal
from app.domain.scans.rules import Event, encode_event
from app.domain.stamps.enums import Verdict
from tests.factories.scans import write_journal


def events(at: datetime, count: int, *, index: int | None = 5, first: int = 0) -> Iterator[Event]:
    for number in range(first, first + count):
        yield Event(
            at + timedelta(seconds=number), index, Verdict.VALID, Caller.BUYER, f"{number:x}"
        )


def marks(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return sorted(session.exec(select(ScanEvent.device)).all())


def test_each_line_is_kept_once_with_totals_and_the_file_of_a_dead_worker_goes(
    engine: Engine, tmp_path: Path, at: datetime
) -> None:
    count = MOST_AT_ONCE + 20
    first = write_journal(tmp_path, *events(at, count))
    second = write_journal(
        tmp_path,
        Event(
            at - timedelta(hours=1),
            7,
            Verdict.EXPIRED,
            Caller.PROGRAM,
            "ab",
            -33,
            1799,
            "12",
            False,
        ),
        Event(at, None, Verdict.TAMPERED, Caller.BUYER),
    )
    assert ingest_journals(engine, tmp_path, at=at) == Ingested(kept=count + 2)
    assert ingest_journals(engine, tmp_path, at=at) == Ingested()
    for event in events(at, 3, index=7, first=count):
        first.append(encode_event(event))
    first.close()
    assert ingest_journals(engine, tmp_path, at=at) == Ingested(kept=3, ended=1)
    assert len(pending(tmp_path)) == 1
    second.close()
    assert ingest_journals(engine, tmp_path, at=at) == Ingested(ended=1)
    with reading(engine) as session:
        assert session.exec(select(ScanJournal)).all() == []
        assert session.exec(select(func.count()).select_from(ScanEvent)).one() == count + 5
        told = session.exec(select(ScanEvent).where(col(ScanEvent.province) == "12")).one()
        assert (told.at, told.stamp_index, told.verdict, told.caller, told.device) == (
            at - timedelta(hours=1),
            7,
            Verdict.EXPIRED,
            Caller.PROGRAM,
            "ab",
        )
        assert (told.latitude, told.longitude) == (-33, 1799)
        totals = {one.stamp_index: one for one in session.exec(select(ScanTotal))}
        assert (totals[5].scans, totals[5].first_at) == (count, at)
        assert totals[7].scans == 4
        assert totals[7].first_at == at - timedelta(hours=1)
        assert totals[7].last_at == at + timedelta(seconds=count + 2)


@pytest.mark.parametrize(
    "line",
    [
        b"not an event",
        b"1\t0\t99999999999999999999\tvalid\tbuyer\t\t\t\t\t0",
        b"1\t0\t5\tvalid\tbuyer\t\t99999999999\t0\t\t0",
    ],
)
def test_a_line_that_cannot_be_read_is_counted_and_stops_nothing(
    engine: Engine, tmp_path: Path, at: datetime, line: bytes
) -> None:
    write_journal(tmp_path, *events(at, 2), broken=line).close()
    write_journal(tmp_path, *events(at, 2, first=2)).close()
    (tmp_path / "no-file.journal").mkdir()
    done = ingest_journals(engine, tmp_path, at=at)
    assert (done.kept, done.broken, done.ended) == (4, 1, 2)
    assert len(done.unread) == 1
    assert marks(engine) == ["0", "1", "2", "3"]


def test_many_readers_at_once_never_double_a_line(
    engine: Engine, tmp_path: Path, at: datetime
) -> None:
    for worker in range(4):
        write_journal(tmp_path, *events(at, 300, first=300 * worker)).close()
    with ThreadPoolExecutor(4) as readers:
        passes = list(readers.map(lambda _: ingest_journals(engine, tmp_path, at=at), range(8)))
    assert sum(done.kept for done in passes) == 1200
    assert len(set(marks(engine))) == len(marks(engine)) == 1200


def test_a_second_machine_that_read_the_same_lines_is_not_believed(
    engine: Engine, tmp_path: Path, at: datetime
) -> None:
    journal = write_journal(tmp_path, *events(at, 3))
    (path,) = pending(tmp_path)
    session = open_write(engine)
    session.add(ScanJournal(name=path.name, offset=10_000, read_at=at))
    finish(session)
    session.close()
    assert ingest_journals(engine, tmp_path, at=at).kept == 0  # that far is behind the end
    with claim(tmp_path) as mine:
        assert mine
        assert ingest_journals(engine, tmp_path, at=at).is_busy
    assert marks(engine) == []
    journal.close()


def test_a_signature_on_a_stamp_never_issued_raises_its_flag_at_once_and_lets_it_grow(
    engine: Engine, tmp_path: Path, at: datetime
) -> None:
    alarm = Event(at, 4_000_000_000, Verdict.UNKNOWN, Caller.BUYER, "ab", alarm=True)
    write_journal(tmp_path, alarm, alarm._replace(at=at + timedelta(hours=1))).close()
    ingest_journals(engine, tmp_path, at=at)
    write_journal(tmp_path, alarm._replace(at=at + timedelta(hours=2))).close()
    ingest_journals(engine, tmp_path, at=at)
    with reading(engine) as session:
        flag = session.exec(select(CloneFlag)).one()
        assert (flag.kind, flag.stamp_index) == (FlagKind.NEVER_ISSUED, 4_000_000_000)
        assert flag.evidence["count"] == 3
        assert flag.seen_until == at + timedelta(hours=2)
        told = session.exec(select(AuditEvent).where(col(AuditEvent.kind) == "flag.raised")).all()
        assert [event.subject_code for event in told] == [flag.code]


def test_a_line_that_the_database_refuses_stops_nothing(
    engine: Engine, tmp_path: Path, at: datetime
) -> None:
    beyond = 2**53  # milliseconds: a year that no database knows
    odd = b"1\t%d\t5\tvalid\tbuyer\tff\t\t\t\t0" % beyond
    with engine.begin() as connection:  # a database that is stricter than this program
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(
                "CREATE TRIGGER strict BEFORE INSERT ON scan_events WHEN NEW.device = '1' "
                "BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        else:
            connection.exec_driver_sql(
                "ALTER TABLE scan_events ADD CONSTRAINT strict CHECK (device <> '1')"
            )
    write_journal(tmp_path, *events(at, 4), broken=odd).close()
    done = ingest_journals(engine, tmp_path, at=at)
    assert (done.kept, done.broken, done.ended) == (3, 2, 1)
    assert marks(engine) == ["0", "2", "3"]


def test_whatever_may_be_answered_may_be_kept(engine: Engine, tmp_path: Path, at: datetime) -> None:
    said = [Event(at, 5, verdict, caller) for verdict in Verdict for caller in Caller]
    write_journal(tmp_path, *said).close()
    assert ingest_journals(engine, tmp_path, at=at).kept == len(said)
    write_journal(tmp_path, broken=b"nothing but this").close()
    assert ingest_journals(engine, tmp_path, at=at) == Ingested(broken=1, ended=1)
