"""Nothing that was acknowledged is lost when the server dies, and nothing is there twice.

A real server over HTTP, killed without a word (SIGKILL) while twenty people write; started again, killed
again. Whoever got no answer sends the same again under the same key.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic

from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.ideas.models import ProductIdea
from tests.factories.served import Served, served_and_killed
from tests.journeys.pressing import (
    ROOM_FOR_A_CROWD,
    Acknowledged,
    Press,
    gather,
    kinds_of,
    missing,
)

PEOPLE = 20
KILLS = 2
BETWEEN = 40  # acknowledged writes from one kill to the next
KEPT_KINDS = {"idea", "photo", "paper", "product", "report", "scan"}
PATIENCE_SECONDS = 180.0  # it is seconds' work, on a machine that may have much else to do


@contextmanager
def served(settings: Settings) -> Iterator[Served]:
    """Serve an installation that is pressed, and kill the server in the end."""
    log = settings.data_dir / "server.log"
    with served_and_killed(settings, log, **ROOM_FOR_A_CROWD, OCOP_JOBS_BESIDE="false") as running:
        yield running


@contextmanager
def pressing(press: Press) -> Iterator[None]:
    """Let the crowd press meanwhile; afterwards every write has its answer."""
    stop = Event()
    with ThreadPoolExecutor(1) as crowd:
        pressed = crowd.submit(press.run, stop)
        try:
            yield
        finally:
            stop.set()
            pressed.result()


def acknowledge_more(press: Press) -> None:
    """Wait until the crowd got so many answers more."""
    goal = len(press.acknowledged) + BETWEEN
    until(lambda: len(press.acknowledged) >= goal)


def until(is_so: Callable[[], bool]) -> None:
    """Look again and again until something is so."""
    ends = monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert monotonic() < ends, "nothing happened"
        Event().wait(0.02)


def test_what_was_acknowledged_is_there_once_after_the_server_was_killed_twice(
    engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = gather(session, settings, PEOPLE, at=now())
    with served(settings) as running:
        press = Press(running.address, people, seed=1)
        with pressing(press):
            for _ in range(KILLS):
                acknowledge_more(press)
                running.is_killed_and_comes_back()
            acknowledge_more(press)
    assert (press.refused, press.faults) == ([], [])
    assert press.asked_again > 0, "no write was under way when the server was killed"
    assert set(kinds_of(press.acknowledged)) >= KEPT_KINDS
    assert missing(engine, settings, press.acknowledged) == []


def test_what_looks_for_the_lost_finds_what_is_lost(engine: Engine, settings: Settings) -> None:
    with transaction(engine) as session:
        gather(session, settings, 1, at=now())
    with reading(engine) as session:
        assert session.exec(select(col(ProductIdea.id))).first() is None
    sent = "0" * 64
    lost = [
        Acknowledged("idea", "YT-00000000", sent, "ý tưởng"),
        Acknowledged("paper", "MC-00000000", sent, "phiếu"),
        Acknowledged("scan", "1", sent, "press/1/1/1"),
    ]
    found = missing(engine, settings, lost)
    for word in (
        "idea YT-00000000: no such row",
        "idea YT-00000000: 0 audit events",
        "paper MC-00000000: no such row",
        f"file {sent}: not kept",
        "scan press/1/1/1 of 1: there 0 times",
    ):
        assert any(line.startswith(word) for line in found), (word, found)
