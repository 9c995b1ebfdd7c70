"""A crowd writes while every part dies in turn: a worker, the standby, the database itself.

Two workers over one PostgreSQL with a streaming standby, all killed without a word (SIGKILL) and brought
back as an operator or a supervisor does. Nothing that was acknowledged may be lost, nothing may be there
twice, and the standby must end where the primary is. `tests/benchmarks/load.py` does the same with two
hundred people for two minutes and prints how long each part was missed.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event
from time import monotonic
from uuid import uuid4

import httpx2
import psycopg

from app.commands.schema import migrate_database
from app.core.clock import now
from app.core.db import make_engine, transaction
from app.core.settings import Settings
from app.domain.places.actions import load_reference
from tests.factories.processes import workers_of
from tests.factories.served import Served, wait_for
from tests.journeys.pressing import (
    PATIENCE_SECONDS,
    ROOM_FOR_A_CROWD,
    Press,
    Presser,
    gather,
    kinds_of,
    missing,
)
from tests.plugins.standby import Cluster, until

PEOPLE = 16
BETWEEN = 60  # acknowledged writes from one death to the next
POOL = 8  # of each worker: both, and what runs beside them, within the cluster's sixty
STARTS_WITHIN = 180.0  # two workers read the whole program in first
PARTS = ("worker", "standby", "database")


class Installation(Served):
    """The program with two workers over a database and its standby, as `ocop serve` serves it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            settings,
            settings.data_dir / "server.log",
            **ROOM_FOR_A_CROWD,
            OCOP_DATABASE_REPLICA_URL=settings.database_replica_url,
            OCOP_WORKERS="2",
            OCOP_POOL_SIZE=str(POOL),
            OCOP_JOBS_BESIDE="false",
        )

    def kill_a_worker(self) -> None:
        """End one of them without a word; the other goes on, and a new one is started."""
        before = workers_of(self.process.pid)
        dies = min(before)
        os.kill(dies, signal.SIGKILL)
        until(lambda: len(workers_of(self.process.pid) - {dies}) == len(before), "one worker only")


def kill_and_bring_back(cluster: Cluster) -> None:
    """End a PostgreSQL without a word, and start it as soon as the last of its backends is gone."""
    os.kill(int((cluster.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def starts() -> bool:
        with suppress(AssertionError):
            cluster.start()
            return True
        return False

    until(starts, "PostgreSQL does not come back")


@dataclass
class Probe:
    """Somebody who asks for one thing again and again and notes when it was given."""

    ask: Callable[[], bool]
    given: list[float] = field(default_factory=list)  # moments of good answers

    def run(self, stop: Event) -> None:
        """Ask until told to stop."""
        while not stop.is_set():
            with suppress(httpx2.TransportError):
                if self.ask():
                    self.given.append(monotonic())
            stop.wait(0.05)

    def missed_after(self, moment: float) -> float:
        """Return how many seconds after a moment the last long silence that began around it ended.

        Zero where nobody noticed.
        """
        before = [one for one in self.given if one <= moment]
        after = [one for one in self.given if one > moment]
        around = [before[-1], *after] if before else after
        silences = [
            (later - earlier, later)
            for earlier, later in pairwise(around)
            if earlier <= moment + _NOTICED_WITHIN
        ]
        longest, ended = max(silences, default=(0.0, moment))
        return max(0.0, ended - moment) if longest > _SILENCE else 0.0


_SILENCE = 0.75  # a busy machine answers later now and then
_NOTICED_WITHIN = 10.0


@dataclass(frozen=True)
class Night:
    """What was acknowledged, what became of it, and how long each part was missed."""

    kinds: Counter[str]
    lost: list[str]
    refused: list[str]
    asked_again: int
    missed: dict[str, dict[str, float]]
    slowest: float


def _client(address: str) -> httpx2.Client:
    return httpx2.Client(base_url=address, trust_env=False, timeout=PATIENCE_SECONDS)


def _probes(reader: httpx2.Client, writer: httpx2.Client, person: Presser) -> dict[str, Probe]:
    serial = person.stamps[0][0]

    def scans() -> bool:
        return reader.get(f"/api/v1/verify/{serial}").status_code == 200

    def writes() -> bool:
        answer = writer.post(
            "/api/v1/ideas",
            headers={"authorization": f"Bearer {person.token}", "idempotency-key": str(uuid4())},
            json={
                "proposer": "Người canh",
                "title": f"Ý tưởng {uuid4().hex}",
                "description": "Trà túi lọc.",
                "material": "Giảo cổ lam",
                "local_identity": "Bài thuốc của bản",
                "producer_code": person.producer,
            },
        )
        return answer.status_code == 201

    return {"scan": Probe(scans), "write": Probe(writes)}


@contextmanager
def _running(settings: Settings) -> Iterator[Installation]:
    installation = Installation(settings)
    try:
        wait_for(installation.is_up, seconds=STARTS_WITHIN)
        yield installation
    finally:
        installation.end()


def parts_die(
    primary: Cluster,
    standby: Cluster,
    settings: Settings,
    *,
    people: int,
    wait_for_next: Callable[[Press], None],
    pause_seconds: float = 0.0,
) -> Night:
    """Let a crowd write, kill one part after the other, and look for what was acknowledged.

    `wait_for_next` returns when the next part may die.
    """
    migrate_database(settings)
    engine = make_engine(settings.model_copy(update={"pool_size": 2}))
    with transaction(engine) as session:
        load_reference(session)
        *crowd, watcher = gather(session, settings, people + 1, at=now())
    died: dict[str, float] = {}
    with (
        _running(settings) as running,
        _client(running.address) as reader,
        _client(running.address) as writer,
        ThreadPoolExecutor(3) as beside,
    ):
        probes, stop = _probes(reader, writer, watcher), Event()
        press = Press(running.address, crowd, seed=7, pause_seconds=pause_seconds)
        watching = [beside.submit(probe.run, stop) for probe in probes.values()]
        pressing = beside.submit(press.run, stop)
        deaths: dict[str, Callable[[], None]] = {
            "worker": running.kill_a_worker,
            "standby": lambda: kill_and_bring_back(standby),
            "database": lambda: kill_and_bring_back(primary),
        }
        try:
            for part in PARTS:
                wait_for_next(press)
                died[part] = monotonic()
                deaths[part]()
            wait_for_next(press)
        finally:
            stop.set()
        for one in (pressing, *watching):
            one.result()
    lost = missing(engine, settings, press.acknowledged)
    lost += _differing(primary, standby)
    engine.dispose()
    return Night(
        kinds_of(press.acknowledged),
        lost,
        [f"{one.kind} {one.status} {one.body}" for one in (*press.refused, *press.faults)],
        press.asked_again,
        {
            part: {name: probe.missed_after(at) for name, probe in probes.items()}
            for part, at in died.items()
        },
        max(press.seconds, default=0.0),
    )


def _differing(primary: Cluster, standby: Cluster) -> list[str]:
    """Wait until the standby has read all of the primary, and compare the head of the audit chain."""
    [(written,)] = primary.run("SELECT pg_current_wal_flush_lsn()")

    def has_caught_up() -> bool:
        with suppress(psycopg.OperationalError):
            [(ready,)] = standby.run(f"SELECT pg_last_wal_replay_lsn() >= '{written}'::pg_lsn")
            return bool(ready)
        return False

    until(has_caught_up, "the standby stays behind")
    head = "SELECT sequence, hash FROM audit_events ORDER BY sequence DESC LIMIT 1"
    heads = [cluster.run(head) for cluster in (primary, standby)]
    return [] if heads[0] == heads[1] else [f"audit chain of the standby: {heads}"]


def test_nothing_acknowledged_is_lost_when_worker_standby_and_database_die(
    own_cluster: Cluster, standby: Cluster, tmp_path: Path
) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url=own_cluster.url(),
        database_replica_url=standby.url(),
        stamp_host="tem.example",
    )

    def wait_for_next(press: Press) -> None:
        enough = len(press.acknowledged) + BETWEEN
        until(lambda: len(press.acknowledged) >= enough, "nobody is answered any more")

    night = parts_die(own_cluster, standby, settings, people=PEOPLE, wait_for_next=wait_for_next)
    assert night.lost == []
    assert night.refused == []
    assert set(night.kinds) >= {"idea", "photo", "paper", "report", "scan"}
