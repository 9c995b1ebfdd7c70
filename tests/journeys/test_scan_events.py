"""A scan that was answered is counted exactly once, however often the server is killed in between.

A real server over HTTP, killed with its ingest running. Every scan comes from a browser of its own name,
so that each is found again by the mark of its device; every second one tells a place, which takes it the
ordinary way, the others are answered the quick way.
"""

import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from threading import Event

from sqlalchemy import Engine
from sqlmodel import col, func, select

from app.core.clock import now
from app.core.db import reading, transaction
from app.core.journal import Durability, pending
from app.core.settings import Settings
from app.domain.scans.actions import ingest_journals
from app.domain.scans.models import ScanEvent, ScanJournal, ScanTotal
from app.domain.stamps.enums import BatchState
from app.http.scan_log import ScanLog
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.served import Served, served_and_killed
from tests.factories.stamps import make_batch, serial_text, stamps_of

SCANS = 1_500
CLIENTS = 6
KILLS = 2


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@contextmanager
def installation(settings: Settings) -> Iterator[Served]:
    """Serve with the ingest beside, at a quick pace."""
    with served_and_killed(
        settings,
        settings.data_dir / "server.log",
        OCOP_SCANS_OF_NETWORK="1000000/minute",
        OCOP_SCANS_EVERY_SECONDS="0.2",
    ) as running:
        yield running


def agent_of(number: int) -> str:
    """Return the name of the browser of a scan: no two scans have the same."""
    return f"scan/{number}"


def scan_all(port: int, serials: list[str], numbers: range, answered: list[int]) -> None:
    """Ask about stamps, each number once; what is not answered is given up: it may be kept or not."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    for number in numbers:
        path = f"/api/v1/verify/{serials[number % len(serials)]}"
        if number // len(serials) % 2:
            path += "?lat=22.4&lon=103.5"
        try:
            connection.request("GET", path, headers={"user-agent": agent_of(number)})
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            connection.close()
            while not is_listening(port):
                Event().wait(0.05)
            continue
        assert answer.status == 200
        answered.append(number)
    connection.close()


def test_every_answered_scan_is_kept_exactly_once_through_two_kills(
    engine: Engine, settings: Settings
) -> None:
    answered_scans_are_kept_once(engine, settings, SCANS)


def answered_scans_are_kept_once(engine: Engine, settings: Settings, scans: int) -> int:
    """Ask so many times while the server is killed twice; return how many were answered (and kept)."""
    with transaction(engine) as session:
        batch = make_batch(
            session,
            People(session, AT),
            settings.private_key_dir,
            state=BatchState.IN_USE,
            quantity=10,
        )
        stamps = stamps_of(session, batch)
        serials = [serial_text(stamp) for stamp in stamps]
    answered: list[list[int]] = [[] for _ in range(CLIENTS)]
    with installation(settings) as running, ThreadPoolExecutor(CLIENTS) as clients:
        asked = [
            clients.submit(
                scan_all, running.port, serials, range(one, scans, CLIENTS), answered[one]
            )
            for one in range(CLIENTS)
        ]
        for kill in range(1, KILLS + 1):
            while sum(map(len, answered)) < scans * kill / (KILLS + 2):
                assert not all(one.done() for one in asked)
                Event().wait(0.01)
            running.is_killed_and_comes_back()
        for one in asked:
            one.result()
    while ingest_journals(engine, settings.scans_dir, at=now()).kept:
        pass
    ingest_journals(engine, settings.scans_dir, at=now())
    with reading(engine) as session:
        events = session.exec(select(ScanEvent.device, ScanEvent.latitude)).all()
        totals = session.exec(select(func.sum(col(ScanTotal.scans)))).one()
        assert session.exec(select(ScanJournal)).all() == []
    kept = Counter(device for device, _latitude in events)
    marks = ScanLog(settings.scans_dir, Durability.PROCESS)
    told = {
        marks.device_mark(
            stamps[number % len(stamps)].index, "127.0.0.1", agent_of(number).encode(), at=now()
        )
        for mine in answered
        for number in mine
    }
    assert len(told) > scans / 2
    assert told <= set(kept)
    assert set(kept.values()) == {1}
    assert totals == len(events)
    assert {latitude for _device, latitude in events} == {None, 224}
    assert pending(settings.scans_dir) == []
    return len(told)
