"""Goal G6: no scan lost or doubled by kill -9; and what the reading of journals costs.

The bound of the ingest is the insert of the same rows into the same table in transactions of the same
size, without reading, checking, counting totals or remembering offsets.
"""

import os
from datetime import timedelta
from statistics import median
from time import perf_counter

from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.clock import now
from app.core.db import insert_many, reading, transaction
from app.core.settings import Settings
from app.domain.scans.actions import ingest_journals
from app.domain.scans.actions.ingesting import MOST_AT_ONCE
from app.domain.scans.enums import Caller
from app.domain.scans.models import ScanEvent
from app.domain.scans.rules import Event
from app.domain.stamps.enums import Verdict
from tests.benchmarks.council import told
from tests.conftest import AT
from tests.factories.scans import write_journal
from tests.journeys.test_scan_events import answered_scans_are_kept_once

KILLED = int(os.environ.get("OCOP_BENCH_KILLED_SCANS", "10000"))
LINES, ROUNDS = 20_000, 3
GOAL = 0.08  # of the bare insert, though each line here counts for a stamp of its own


def test_no_answered_scan_is_lost_or_doubled_by_kills(engine: Engine, settings: Settings) -> None:
    answered = answered_scans_are_kept_once(engine, settings, KILLED)
    told(
        f"{engine.dialect.name}: of {KILLED} scans {answered} answered through 2 kills, each kept once"
    )


def test_journals_are_read_in_at_the_pace_of_the_database(
    engine: Engine, settings: Settings
) -> None:
    ratios = []
    for number in range(ROUNDS):
        bound = _bare(engine)
        write_journal(
            settings.scans_dir,
            *(
                Event(AT + timedelta(seconds=n), n % 5_000, Verdict.VALID, Caller.BUYER, f"{n:x}")
                for n in range(LINES)
            ),
        ).close()
        began = perf_counter()
        done = ingest_journals(engine, settings.scans_dir, at=now())
        took = perf_counter() - began
        assert done.kept == LINES
        ratios.append(bound / took)
        told(
            f"{engine.dialect.name}, round {number + 1}: {LINES / took:,.0f} scans/s read in, "
            f"{ratios[-1]:.2f} of bare inserts"
        )
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(ScanEvent)).one() == (
            2 * LINES * ROUNDS
        )
    assert median(ratios) >= GOAL


def _bare(engine: Engine) -> float:
    """Insert as many rows as bare as can be; return the seconds."""
    at = AT if engine.dialect.name == "postgresql" else "2026-09-14 02:00:00.000000"
    began = perf_counter()
    for start in range(0, LINES, MOST_AT_ONCE):
        with transaction(engine) as session:
            insert_many(
                session,
                "scan_events",
                ("at", "stamp_index", "verdict", "caller", "device", "province"),
                ("timestamptz", "int8", "varchar", "varchar", "varchar", "varchar"),
                [
                    (at, n % 5_000, "valid", "buyer", f"{n:x}", "")
                    for n in range(start, start + MOST_AT_ONCE)
                ],
            )
    return perf_counter() - began
