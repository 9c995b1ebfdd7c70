"""From the journals of the web workers into the database, each event once.

The rows, the totals and how far the journal was read become true in one transaction. A line that
cannot be read, or that the database refuses, is counted and passed over; a file that cannot be read does
not stop the others.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.db import WriteSession, insert_many, reading, transaction
from app.core.journal import Tail, claim, pending
from app.domain.scans.actions.flagging import alarm_raised
from app.domain.scans.models import ScanJournal
from app.domain.scans.rules import (
    HIGHEST_LATITUDE,
    HIGHEST_LONGITUDE,
    Event,
    UnreadableEventError,
    decode_event,
)
from app.domain.stamps.rules import HIGHEST_INDEX

MOST_AT_ONCE = 500
# So many lines of one file in one pass: a busy worker does not keep the others' lines waiting.
_MOST_OF_FILE = 100_000
_COLUMNS = (
    "at",
    "stamp_index",
    "verdict",
    "caller",
    "device",
    "latitude",
    "longitude",
    "province",
)
_TYPES = ("timestamptz", "int8", "varchar", "varchar", "varchar", "int4", "int4", "varchar")
_AT = UTCDateTime()
_COUNT = sa.text(
    "INSERT INTO scan_totals (stamp_index, scans, first_at, last_at) "
    "VALUES (:stamp_index, :scans, :first_at, :last_at) "
    "ON CONFLICT (stamp_index) DO UPDATE SET scans = scan_totals.scans + excluded.scans, "
    "first_at = CASE WHEN excluded.first_at < scan_totals.first_at "
    "THEN excluded.first_at ELSE scan_totals.first_at END, "
    "last_at = CASE WHEN excluded.last_at > scan_totals.last_at "
    "THEN excluded.last_at ELSE scan_totals.last_at END"
).bindparams(
    sa.bindparam("first_at", type_=_AT),
    sa.bindparam("last_at", type_=_AT),
)


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one pass did: events kept, lines and files that could not be read, files ended."""

    kept: int = 0
    broken: int = 0
    torn: int = 0
    ended: int = 0
    unread: tuple[str, ...] = ()
    is_busy: bool = False  # somebody else is at it

    def __add__(self, other: "Ingested") -> "Ingested":
        return Ingested(
            self.kept + other.kept,
            self.broken + other.broken,
            self.torn + other.torn,
            self.ended + other.ended,
            self.unread + other.unread,
            self.is_busy or other.is_busy,
        )


def ingest_journals(engine: Engine, directory: Path, *, at: datetime) -> Ingested:
    """Read every journal of a directory as far as it goes; return what was kept and what was not.

    Another process that reads the same directory is left to it. The files of workers that ended are
    taken away once all they hold is kept. Alarms (a valid signature on an index never issued) raise
    their flag in the transaction of the event.
    """
    done = Ingested()
    with claim(directory) as mine:
        if not mine:
            return Ingested(is_busy=True)
        for path in pending(directory):
            try:
                done += _read_in(engine, path, at=at)
            except OSError as broken:
                done += Ingested(unread=(f"{path.name}: {broken}",))
    return done


def _read_in(engine: Engine, path: Path, *, at: datetime) -> Ingested:
    done = Ingested()
    with Tail(path) as tail:
        with reading(engine) as session:
            known = session.get(ScanJournal, path.name)
            offset = known.offset if known else 0
        refused_until = 0  # up to here lines go one by one: the database refused one of them
        while done.kept < _MOST_OF_FILE:
            at_once = 1 if offset < refused_until else MOST_AT_ONCE
            chunk = tail.read(offset, most_lines=at_once)
            if chunk.offset == offset:
                break
            tail.sync()
            events = list(_readable(chunk.lines))
            try:
                was_ours = _kept(engine, path.name, offset, chunk.offset, events, at=at)
            except _refusals_of(engine):
                if at_once > 1:
                    refused_until = chunk.offset
                    continue
                events = []
                was_ours = _kept(engine, path.name, offset, chunk.offset, events, at=at)
            if not was_ours:
                return done  # somebody on another machine was quicker
            offset = chunk.offset
            unreadable = chunk.damaged + len(chunk.lines) - len(events)
            done += Ingested(kept=len(events), broken=unreadable)
        if not tail.is_finished(offset):
            return done
        torn = bool(tail.torn(offset))
        tail.remove()
    with transaction(engine) as session:  # never before the file is gone: it would be read again
        session.connection().execute(
            sa.delete(ScanJournal).where(col(ScanJournal.name) == path.name)
        )
    return done + Ingested(torn=int(torn), ended=1)


def _refusals_of(engine: Engine) -> tuple[type[Exception], ...]:
    """Return how a database says that it does not take a row; what is copied in binary is said bare."""
    driver: Any = engine.dialect.loaded_dbapi
    return IntegrityError, DataError, driver.IntegrityError, driver.DataError


def _kept(
    engine: Engine, name: str, before: int, after: int, events: Sequence[Event], *, at: datetime
) -> bool:
    """Keep events and how far their journal was read, in one transaction; False when it had moved."""
    with transaction(engine) as session:
        if not _moved_on(session, name, before, after, at=at):
            return False
        if events:
            _keep(session, events)
        alarm_raised(session, [event for event in events if event.alarm], at=at)
    return True


def _readable(lines: Iterable[bytes]) -> Iterable[Event]:
    for line in lines:
        try:
            event = decode_event(line)
        except UnreadableEventError:
            continue
        if _has_place(event):
            yield event


def _has_place(event: Event) -> bool:
    """Tell whether the columns hold an event: one that they refuse would stop all behind it."""
    return (
        (event.stamp_index is None or 0 <= event.stamp_index <= HIGHEST_INDEX)
        and (event.latitude is None or abs(event.latitude) <= HIGHEST_LATITUDE)
        and (event.longitude is None or abs(event.longitude) <= HIGHEST_LONGITUDE)
    )


def _moved_on(session: WriteSession, name: str, before: int, after: int, *, at: datetime) -> bool:
    """Put down how far a journal was read, if it still stood where we began."""
    known = session.get(ScanJournal, name, with_for_update=True)
    if known is None:
        known = ScanJournal(name=name, offset=0, read_at=at)
        session.add(known)
    if known.offset != before:
        return False
    known.offset, known.read_at = after, at
    session.flush()
    return True


def _keep(session: WriteSession, events: Sequence[Event]) -> None:
    connection = session.connection()
    stored = _AT.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    insert_many(
        session,
        "scan_events",
        _COLUMNS,
        _TYPES,
        [
            (
                stored(event.at) if stored else event.at,
                event.stamp_index,
                event.verdict.value,
                event.caller.value,
                event.device,
                event.latitude,
                event.longitude,
                event.province,
            )
            for event in events
        ],
    )
    scans = Counter(event.stamp_index for event in events if event.stamp_index is not None)
    times: dict[int, list[datetime]] = {}
    for event in events:
        if event.stamp_index is not None:
            times.setdefault(event.stamp_index, []).append(event.at)
    if scans:
        # In the order of indexes, so that two who count the same stamps do not wait in a circle.
        connection.execute(
            _COUNT,
            [
                {
                    "stamp_index": index,
                    "scans": scans[index],
                    "first_at": min(times[index]),
                    "last_at": max(times[index]),
                }
                for index in sorted(scans)
            ],
        )
