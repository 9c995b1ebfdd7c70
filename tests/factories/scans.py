"""Builders of scans: events as an ingest would have kept them, and lines of journals."""

from datetime import datetime, timedelta
from pathlib import Path

from app.core.db import WriteSession
from app.core.journal import Journal
from app.domain.scans.enums import Caller
from app.domain.scans.models import ScanEvent
from app.domain.scans.rules import Event, encode_event
from app.domain.stamps.enums import Verdict


def add_scan(
    session: WriteSession,
    index: int | None,
    *,
    at: datetime,
    device: str = "",
    place: tuple[int, int] | None = None,
    province: str = "",
    caller: Caller = Caller.BUYER,
    verdict: Verdict = Verdict.VALID,
) -> None:
    """Keep one event."""
    latitude, longitude = place or (None, None)
    session.add(
        ScanEvent(
            at=at,
            stamp_index=index,
            verdict=verdict,
            caller=caller,
            device=device,
            latitude=latitude,
            longitude=longitude,
            province=province,
        )
    )


def many_devices(
    session: WriteSession, index: int, *, count: int = 6, until: datetime, name: str = "d"
) -> None:
    """Let so many devices ask about a stamp, an hour apart, the last one at `until`."""
    for number in range(count):
        at = until - timedelta(hours=count - 1 - number)
        add_scan(session, index, at=at, device=f"{name}{number}")
    session.flush()


def write_journal(directory: Path, *events: Event, broken: bytes = b"") -> Journal:
    """Write events as a worker does; it lives until it is closed."""
    journal = Journal(directory)
    for event in events:
        journal.append(encode_event(event))
    if broken:
        journal.append(broken)
    return journal
