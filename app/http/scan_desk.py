"""Where scans are answered: one for each process, used by the quick way and by the ordinary one.

The quick way (`ScanLane`) knows nothing of verdicts. It looks at the stamp itself each time – signature,
one row – and only asks whether the answer of such a stamp was given a moment ago; if not, the ordinary
way gives it. So the ordinary way stays the one source of what is said.

No place behind the gate is taken for a look: it needs no session and none of the pool's connections,
and on SQLite it is over in a few hundredths of a millisecond on the event loop, less than the change of
a thread costs. A server's answer (PostgreSQL) is waited for in two threads, and asked once for all who came
meanwhile, behind a gate of their own. What the ordinary way reads goes through the gate like everything
else, once for all who wait for the same.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from math import ceil
from typing import Protocol, TypeAlias

from anyio.to_thread import run_sync
from fastapi import Request, Response
from sqlalchemy import Engine

from app.core import clock
from app.core.clock import local_day
from app.core.db import DATABASE_FAULTS, close_read, open_read
from app.core.errors import Refusal
from app.core.points import PointReads
from app.core.replica import Replica
from app.core.settings import Settings
from app.domain.scans.enums import Caller
from app.domain.scans.queries import Glance, Glances, look_up_and_count
from app.domain.scans.rules import Event, encode_event
from app.domain.stamps.enums import Verdict
from app.domain.verification.queries import LookedUp, bare
from app.domain.verification.rules import Kind
from app.domain.verification.schemas import Answer, AskedTold
from app.http.codings import BROTLI, GZIP, PLAIN, Headers, accepted_codings, gzipped
from app.http.conditional import NOT_MODIFIED, shown_live
from app.http.gate import Gate
from app.http.limits import ScanLimit
from app.http.ready import Ready, Written, made_ready
from app.http.scan_log import ScanLog
from app.http.together import Together

_Key: TypeAlias = tuple[Kind | Verdict, date]
_Asking: TypeAlias = "asyncio.Task[tuple[LookedUp, datetime, timedelta]]"

LONGEST_MEMORY = timedelta(seconds=5)
MOST_KINDS = 4096
_MOST_LOOKS = 3
_READERS = 2  # of a server: while one waits for it, the other gathers
_TOGETHER = 32  # looks that are one question to it

# Words no stamp and no product has; what would have one is answered the ordinary way.
_SERIAL, _TEXT = "9XQZ-SERIAL-MARK-9XQZ", "9XQZTEXTMARK9XQZ"
_ASKED = AskedTold(times=987_654_321_098, first_at=datetime(1983, 11, 27, 4, 56, tzinfo=UTC))


class Form(Protocol):
    """One way of writing an answer: JSON, or a page in one language."""

    @property
    def name(self) -> str:
        """Tell the forms apart."""
        ...

    @property
    def caller(self) -> Caller:
        """Who asks in this form."""
        ...

    def written(self, answer: Answer, text: str) -> Written:
        """Write an answer to what the address asked, by the ordinary way."""
        ...

    def words(self, serial: str | None, asked: AskedTold | None, text: str) -> Sequence[str]:
        """Return what differs between stamps of one kind, as it is written: always as many words."""
        ...


@dataclass(slots=True)
class _Remembered:
    """An answer of a kind of stamp, when its facts were read, and the texts made of it so far."""

    answer: Answer
    read_at: datetime
    alarm: bool = False
    lag: timedelta = timedelta()  # how old it may have been when it was read
    texts: dict[tuple[str, bool], tuple[Ready | None, Headers]] = field(default_factory=dict)


@dataclass(slots=True)
class Told:
    """What goes out: the text, headers, verdict, and how many seconds ago (rounded up) it was read."""

    body: bytes
    headers: Headers
    said: Verdict
    age: int
    alarm: bool
    ready: Ready | None
    words: Sequence[str]

    def packed(self, accepted: bytes) -> tuple[bytes, Headers]:
        """Return the body as small as it may be for this Accept-Encoding, and the headers for that."""
        codings = accepted_codings(accepted)
        if "br" in codings and self.ready and (packed := self.ready.packed(self.words)):
            return packed, BROTLI
        if "gzip" in codings:
            return gzipped(self.body), GZIP
        return self.body, PLAIN


_FOR_LAYERS = b"x-slim-answer"  # a word to layers that the quick way does not pass


class ScanDesk:
    """Looks, remembers, counts and writes the journal."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        *,
        now: Callable[[], datetime] = clock.now,
        replica: Replica | None = None,
    ) -> None:
        self.now = now
        self._replica = replica or Replica(engine, None, most_lag_seconds=0)
        self.log = ScanLog(settings.scans_dir, settings.scan_durability)
        self._limit = ScanLimit(settings.scans_of_network, workers=settings.workers)
        self._reads = PointReads(engine)
        self._first = Glances(self._reads)
        self.look = self._first.of
        self._near_reads: PointReads | None = None
        self._near: Glances | None = None
        if self._replica.standby is not None:
            self._near_reads = PointReads(self._replica.standby)
            self._near = Glances(self._near_reads, alarm=_not_known_yet)
        self.is_quick = self._reads.in_process  # to look takes no server's time
        self._demonstration = settings.demonstration
        self._remembered: dict[_Key, _Remembered] = {}
        self._asking: dict[_Key, _Asking] = {}
        self._looking = Gate(
            _READERS * _TOGETHER, settings.admission_seconds, line=settings.admission_waiting
        )
        self._looks = Together(self._look_at_all, threads=_READERS, most=_TOGETHER)

    def close(self) -> None:
        """Let files and connections go."""
        self.log.close()
        self._reads.close()
        if self._near_reads is not None:
            self._near_reads.close()

    # --- both ways --------------------------------------------------------------------------------

    def admit(self, host: str, *, at: datetime) -> None:
        """Count a question before anything is looked at, good or bad; refuse a flood (429)."""
        self._limit.count(host, at=at.timestamp())

    def line(
        self,
        said: Verdict,
        index: int | None,
        *,
        at: datetime,
        caller: Caller,
        host: str,
        agent: bytes,
        alarm: bool = False,
        place: tuple[int, int] | None = None,
        province: str = "",
    ) -> bytes:
        """Return the line of the journal for an answer."""
        latitude, longitude = place or (None, None)
        device = self.log.device_mark(index, host, agent, at=at)
        return encode_event(
            Event(at, index, said, caller, device, latitude, longitude, province, alarm)
        )

    def finished(
        self,
        request: Request,
        answer: Response,
        found: LookedUp,
        *,
        at: datetime,
        caller: Caller,
        place: tuple[int, int] | None = None,
        province: str = "",
    ) -> Response:
        """Give an answer of the ordinary way its short life, and count it.

        HEAD tells no verdict and 304 tells none anew: neither is a scan.
        """
        shown = shown_live(request, answer, at=at)
        if request.method != "HEAD" and shown.status_code != NOT_MODIFIED:
            line = self.line(
                found.answer.verdict,
                found.index,
                at=at,
                caller=caller,
                host=host_of(request),
                agent=request.headers.get("user-agent", "").encode("latin-1"),
                alarm=found.alarm,
                place=place,
                province=province,
            )
            self.log.write(line, at=at)
        return shown

    # --- the quick way ----------------------------------------------------------------------------

    async def glance(self, text: str) -> Glance:
        """Look at a stamp."""
        if self.is_quick:
            return self.look(text)
        async with self._looking.entered():
            return await self._looks.answer(text)

    async def write(self, line: bytes, *, at: datetime) -> None:
        """Keep a line before its answer is sent, off the loop: for a log that waits for its disk."""
        await run_sync(lambda: self.log.write(line, at=at))

    async def told(self, form: Form, glance: Glance, text: str, gate: Gate, at: datetime) -> Told:
        """Answer what was looked at, in a form."""
        known = self._remembered.get(_key(glance, at))
        if known is None or not timedelta() <= at - known.read_at < LONGEST_MEMORY:
            known = await self._known(glance, text, gate, at)
        age = max(0, ceil((at - known.read_at + known.lag).total_seconds()))
        key = form.name, glance.asked is not None
        if key not in known.texts:
            known.texts[key] = _made_ready(form, known.answer, glance, text)
        ready, headers = known.texts[key]
        said, alarm = known.answer.verdict, glance.alarm or known.alarm
        if ready is None:
            written = form.written(_own(known.answer, glance.serial, glance.asked), text)
            return Told(written.text.encode(), headers, said, age, alarm, None, ())
        words = form.words(glance.serial, glance.asked, text)
        return Told(ready.filled(words), headers, said, age, alarm, ready, words)

    async def _known(self, glance: Glance, text: str, gate: Gate, at: datetime) -> _Remembered:
        for _ in range(_MOST_LOOKS):
            key = _key(glance, at)
            known = self._remembered.get(key)
            if known is not None and timedelta() <= at - known.read_at < LONGEST_MEMORY:
                return known
            if glance.kind is None:
                answer = self._nothing_behind(glance.said, at)
                return self._remember(key, _Remembered(answer, at))
            task = self._asking.get(key)
            if task is None:
                task = asyncio.create_task(self._asked(text, gate, at))
                self._asking[key] = task
                task.add_done_callback(partial(self._answered, key))
            found, read_at, lag = await asyncio.shield(task)
            # Artwork needs no row: that nothing stands behind it is told by whoever looks it up.
            if found.kind == glance.kind or (found.kind is None and glance.kind.record):
                return self._remember(key, _Remembered(found.answer, read_at, found.alarm, lag))
            glance = await self.glance(text)  # it changed this very moment
        found, read_at, lag = await self._asked(text, gate, at)
        return _Remembered(found.answer, read_at, found.alarm, lag)

    def _answered(self, key: _Key, task: _Asking) -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()  # told to whoever still waits

    async def _asked(
        self, text: str, gate: Gate, at: datetime
    ) -> tuple[LookedUp, datetime, timedelta]:
        """Ask the ordinary way, behind the gate; tell as well how old it may be."""
        async with gate.entered():
            found, lag = await run_sync(self._looked_up, text, at)
        return found, at, lag

    def _looked_up(self, text: str, at: datetime) -> tuple[LookedUp, timedelta]:
        engine = self._replica.engine
        lag = self._replica.age_of(engine)
        try:
            return self._look_up(engine, text, at, lag), lag
        except DATABASE_FAULTS:
            if not self._replica.leave(engine):
                raise
        return self._look_up(self._replica.first, text, at, timedelta()), timedelta()

    def _look_up(self, engine: Engine, text: str, at: datetime, lag: timedelta) -> LookedUp:
        session = open_read(engine, lag=lag)
        try:
            return look_up_and_count(session, text, at=at, demonstration=self._demonstration)
        finally:
            close_read(session)

    def _look_at_all(self, texts: Sequence[str]) -> list[Glance | Refusal]:
        """Look at the standby while it is near; whatever it does not know, the first one is asked for.

        A stamp issued, or a key published, within the last seconds is no forgery.
        """
        engine = self._replica.engine
        if self._near is None or engine is not self._replica.standby:
            return self._first.of_many(texts)
        try:
            seen = self._near.of_many(texts)
        except DATABASE_FAULTS:
            self._replica.leave(engine)
            return self._first.of_many(texts)
        unknown = [
            place
            for place, glance in enumerate(seen)
            if isinstance(glance, Glance) and glance.kind is None
        ]
        if unknown and not self._replica.is_first_gone:
            known = self._first.of_many([texts[place] for place in unknown])
            for place, glance in zip(unknown, known, strict=True):
                seen[place] = glance
        return seen

    def _nothing_behind(self, said: Verdict, at: datetime) -> Answer:
        answer = bare(said, at=at)
        return answer.model_copy(update={"demonstration": self._demonstration})

    def _remember(self, key: _Key, fresh: _Remembered) -> _Remembered:
        known = self._remembered.get(key)
        if known is not None and known.read_at == fresh.read_at:  # somebody waited for it too
            return known
        if len(self._remembered) >= MOST_KINDS:
            self._remembered.clear()
        self._remembered[key] = fresh
        return fresh


def _not_known_yet(*, kid: int, index: int) -> None:
    """Say nothing of a stamp that a standby does not know: the first database is asked next."""


def _key(glance: Glance, at: datetime) -> _Key:
    return glance.kind or glance.said, local_day(at)


def host_of(request: Request) -> str:
    """Return the address a request came from."""
    return request.client.host if request.client else ""


def _own(answer: Answer, serial: str | None, asked: AskedTold | None) -> Answer:
    """Return the answer of a kind as the answer of one stamp."""
    return answer.model_copy(update={"serial": serial, "asked": asked})


def _made_ready(
    form: Form, answer: Answer, glance: Glance, text: str
) -> tuple[Ready | None, Headers]:
    marks = _SERIAL if glance.serial else None, _ASKED if glance.asked else None, _TEXT
    real = glance.serial, glance.asked, text
    marked = form.written(_own(answer, *marks[:2]), _TEXT)
    written = form.written(_own(answer, *real[:2]), text)
    ready = made_ready(marked, form.words(*marks), written, form.words(*real))
    return ready, [header for header in written.headers if header[0] != _FOR_LAYERS]
