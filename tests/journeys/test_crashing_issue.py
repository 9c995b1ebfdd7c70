"""The power fails ten times while stamps are issued; whoever goes on makes each of them exactly once.

The signing process is a real one, killed without a word (SIGKILL), on a real SQLite file and a real
PostgreSQL. It is killed while it signs, while a transaction is written, and right after one.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, text
from sqlmodel import col, func, select

from app.core.clock import now
from app.core.db import reading, steady_reading, transaction
from app.core.settings import Settings
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import SigningRecord, Stamp, StampBatch, StampRoll
from app.domain.stamps.queries import LogRead, Proof, prove_balance, read_signing_log
from tests.architecture.source import ROOT
from tests.factories.people import People
from tests.factories.stamps import make_batch

QUANTITY, ROLL = 15_000, 250
ROLLS = QUANTITY // ROLL
WAIT_SECONDS = 30.0

# One process that knows the program makes a child for each line it is sent: ten starts cost as one.
MOTHER = """
import os, sys
from app.core.clock import now
from app.core.db import make_engine
from app.core.settings import Settings
from app.domain.stamps.actions import issue_waiting

for _line in sys.stdin:
    child = os.fork()
    if not child:
        settings = Settings()
        issue_waiting(
            make_engine(settings), key_dir=settings.private_key_dir, clock=now, stamps=1_000
        )
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

Moment = Callable[[Engine, Settings], None]


def _environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        "OCOP_DATA_DIR": str(settings.data_dir),
        "OCOP_DATABASE_URL": settings.database_url,
    }


def _issued(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(select(StampBatch.issued_count)).one()


def _until(is_so: Callable[[], bool]) -> None:
    """Look again and again until something is so."""
    ends = Event()
    for _ in range(int(WAIT_SECONDS / 0.001)):
        if is_so():
            return
        ends.wait(0.001)
    raise AssertionError("nothing happened")


def _after(milliseconds: int) -> Moment:
    """Return a moment in which the process signs, or begins to, or writes: whatever it does then."""

    def wait(_engine: Engine, _settings: Settings) -> None:
        Event().wait(milliseconds / 1000)

    return wait


def _once_more_is_issued(engine: Engine, _settings: Settings) -> None:
    before = _issued(engine)
    _until(lambda: _issued(engine) > before)


def _while_it_is_written(engine: Engine, settings: Settings) -> None:
    """Wait until stamps are on their way to the disk of SQLite, or into PostgreSQL."""
    if engine.dialect.name == "sqlite":
        log = Path(f"{settings.database_url.removeprefix('sqlite:///')}-wal")
        before = log.stat().st_mtime_ns
        _until(lambda: log.stat().st_mtime_ns != before)
        return
    _until(lambda: _copies(engine))


def _copies(engine: Engine) -> bool:
    query = "SELECT count(*) FROM pg_stat_progress_copy WHERE relid = 'stamps'::regclass"
    with (
        engine.connect() as connection
    ):  # what a transaction has seen of this, it sees until it ends
        return bool(connection.execute(text(query)).scalar())


MOMENTS: tuple[Moment, ...] = (
    _after(5),
    _after(15),
    _once_more_is_issued,
    _while_it_is_written,
    _after(30),
    _while_it_is_written,
    _after(45),
    _while_it_is_written,
    _once_more_is_issued,
    _after(60),
)


@pytest.fixture
def mother(settings: Settings) -> Iterator["subprocess.Popen[str]"]:
    """Start the process whose children sign."""
    with subprocess.Popen(
        [sys.executable, "-c", MOTHER],
        cwd=ROOT,
        env=_environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def _killed_at(
    mother: "subprocess.Popen[str]", moment: Moment, engine: Engine, settings: Settings
) -> bool:
    """Let a child sign and kill it at a moment; tell whether it was still at work."""
    assert mother.stdin is not None
    assert mother.stdout is not None
    mother.stdin.write("sign\n")
    mother.stdin.flush()
    child = int(mother.stdout.readline())
    moment(engine, settings)
    os.kill(child, signal.SIGKILL)
    return int(mother.stdout.readline()) == -signal.SIGKILL


def _check_whole(engine: Engine) -> None:
    """Check that every roll is there with all its stamps and its line of the log, or not at all."""
    with reading(engine) as session:
        rolls, sizes, labels = session.exec(
            select(
                func.count(),
                func.coalesce(func.sum(col(StampRoll.size)), 0),
                func.count(func.distinct(col(StampRoll.label_index))),
            ).select_from(StampRoll)
        ).one()
        stamps = session.exec(select(func.count()).select_from(Stamp)).one()
        records, signed = session.exec(
            select(func.count(), func.coalesce(func.sum(col(SigningRecord.count)), 0)).select_from(
                SigningRecord
            )
        ).one()
        issued = session.exec(select(StampBatch.issued_count)).one()
    assert (records, signed, stamps) == (rolls, sizes + labels, sizes + labels)
    assert issued == sizes


def test_killed_ten_times_each_stamp_is_made_once_and_the_log_is_complete(
    engine: Engine, settings: Settings, mother: "subprocess.Popen[str]"
) -> None:
    with transaction(engine) as session:
        make_batch(
            session,
            People(session, now()),
            settings.private_key_dir,
            state=BatchState.ISSUING,
            quantity=QUANTITY,
            roll_size=ROLL,
        )
    reached = []
    for moment in MOMENTS:
        assert _killed_at(mother, moment, engine, settings), "it was done before it was killed"
        _check_whole(engine)
        reached.append(_issued(engine))
    assert 0 < reached[-1] < QUANTITY
    ended = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "sign", "--once"],
        cwd=ROOT,
        env=_environment(settings),
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"Đã ký {QUANTITY - reached[-1]} tem" in ended.stdout
    _check_whole(engine)
    read, proof = LogRead(), Proof()
    with steady_reading(engine) as session:
        assert list(read_signing_log(session, read, verify=True)) == []
        assert list(prove_balance(session, proof)) == []
        indexes = session.exec(select(func.count(func.distinct(col(Stamp.index))))).one()
        batch_state = session.exec(select(StampBatch.state)).one()
    [summed] = read.sums.values()
    assert (summed.records, summed.signed, summed.found) == (ROLLS, indexes, indexes)
    assert indexes == QUANTITY + ROLLS
    assert (proof.stamps, proof.rolls) == (QUANTITY, ROLLS)
    assert batch_state is BatchState.ISSUED
