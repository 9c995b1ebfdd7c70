"""Answers to visitors given again as they are, for as long as nothing was committed to the database.

The register is read far more than it is written, and many ask for the same pages: whatever a route shares
with everybody (conditional.py) and a visitor asked for is kept, with the state of the database that was
there before it was read. Asked again, the state is compared and nothing else is read, filled in or packed. So
nothing is ever older than it would be without this: a commit of anybody, on any machine, ends what is kept.

What an answer depends on beside the database is its key: address, day, and the headers named here. An
answer that depends on another header says so (Vary) and is not kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from http import HTTPStatus
from math import ceil
from typing import Any, NamedTuple, NoReturn, TypeAlias

from fastapi import Request, Response
from sqlalchemy import Engine
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from app.core import clock
from app.core.clock import local_day
from app.core.db import DATABASE_FAULTS
from app.core.points import PointReads
from app.core.replica import Replica
from app.http.codings import Headers, accepted_codings, brotlied, gzipped
from app.http.conditional import OF_ROWS_ALONE, seconds_to_keep, shared
from app.http.metrics import measure_prepared
from app.http.together import Together
from app.http.visitors import SESSION_COOKIES

_Key: TypeAlias = tuple[Any, ...]
_METHODS = frozenset({"GET", "HEAD"})
_DEPENDS_ON = (b"host", b"cookie", b"hx-request")
_TOLD_OF = frozenset({"cookie", "hx-request", "accept-encoding"})
_NEVER = frozenset({b"authorization", b"range"})
_MADE_ANEW = frozenset({b"age", b"content-length", b"cache-control"})
_SESSIONS = tuple(f"{name}=".encode() for name in SESSION_COOKIES)
_MOST_BYTES = 16 * 1024 * 1024
_LARGEST = 512 * 1024
_LONGEST_ADDRESS = 1024
_SMALLEST_PACKED = 600
_PACKS = {"br": brotlied, "gzip": gzipped}  # the better one first
_TOGETHER = 4096
_PATIENCE_SECONDS = 0.1
_ELSEWHERE: tuple[Match, dict[str, Any]] = (Match.NONE, {})
_SEEN = "ocop.seen"


class Before(NamedTuple):
    """A question as it was before it was answered: what it depends on, when, and of which database."""

    key: _Key
    at: datetime
    engine: Engine
    state: object


@dataclass(slots=True)
class _Kept:
    engine: Engine
    state: object
    until: datetime
    headers: Headers
    etag: str
    body: bytes
    said: Mapping[str, Any]  # what logs and measures find in a scope
    packed: dict[str, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The bytes it takes at most: packed twice it is smaller than once more."""
        return 2 * len(self.body)


class PreparedAnswers:
    """What was answered of late, of one event loop; the longest unasked goes first."""

    def __init__(
        self,
        replica: Replica,
        *,
        now: Callable[[], datetime] = clock.now,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        self.replica = replica
        self.now = now
        self._most_bytes = most_bytes
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self.size = 0  # bytes of what is kept
        engines = (one for one in (replica.first, replica.standby) if one is not None)
        self._states = {engine: PointReads(engine) for engine in engines}
        # Asked of a server once for all who wait: what they came before, they may all be told.
        self._asking = {
            engine: Together(partial(_same_for_all, reads), threads=1, most=_TOGETHER)
            for engine, reads in self._states.items()
        }

    def close(self) -> None:
        """Let connections go."""
        for reads in self._states.values():
            reads.close()

    def find(self, scope: Scope) -> _Kept | None:
        """Return what was kept for this question, whatever it is worth now."""
        if not self._kept:
            return None
        at = self.now()
        key = _key(scope, local_day(at))
        kept = self._kept.get(key) if key else None
        if key is None or kept is None:
            return None
        if at >= kept.until:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def state_at_once(self, engine: Engine) -> object | None:
        """Return the state of a database in this process; None for a server, which is waited for."""
        reads = self._states[engine]
        return _state_seen(reads) if reads.in_process else None

    async def before(self, scope: Scope, engine: Engine) -> Before | None:
        """Look at a question before the database is read; None when its answer is not to be kept."""
        at = self.now()
        key = _key(scope, local_day(at))
        if key is None:
            return None
        seen: tuple[Engine, object] | None = scope.get(_SEEN)
        state = seen[1] if seen and seen[0] is engine else await self.state(engine)
        return None if state is None else Before(key, at, engine, state)

    async def state(self, engine: Engine) -> object | None:
        """Return the state of a database, None while it does not answer at once.

        Outside the gate, and for a moment only: whoever gets none waits there once, like anybody.
        """
        reads = self._states[engine]
        if reads.in_process:
            return _state_seen(reads)
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self._asking[engine].answer(None)
        return None

    def keep(self, before: Before | None, scope: Scope, answer: Response) -> None:
        """Keep an answer that anybody may be given, of what was read after that look.

        Under the day of that look: an answer that took until after midnight is of no use tomorrow.
        """
        body = getattr(answer, "body", None)
        if before is None or not isinstance(body, bytes) or len(body) > _LARGEST:
            return
        if not (scope.get(OF_ROWS_ALONE) and _is_for_all(answer)):
            return
        self._drop(before.key)
        self._kept[before.key] = kept = _Kept(
            before.engine,
            before.state,
            before.at + timedelta(seconds=seconds_to_keep(before.at)),
            [one for one in answer.raw_headers if one[0] not in _MADE_ANEW],
            answer.headers["etag"],
            body,
            {name: scope[name] for name in ("route", "question") if name in scope},
        )
        self.size += kept.size
        while self.size > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: _Key) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.size -= gone.size


def _state_seen(reads: PointReads) -> object | None:
    try:
        return reads.state()
    except DATABASE_FAULTS:
        return None


def _same_for_all(reads: PointReads, questions: Sequence[None]) -> list[object | None]:
    return [_state_seen(reads)] * len(questions)


class PreparedLane(BaseRoute):
    """Gives again what was kept, before the table of routes is searched."""

    def matches(self, scope: Scope) -> tuple[Match, dict[str, Any]]:
        """Take a request whose answer was kept; of a database in this process, one that still holds."""
        if scope["type"] != "http" or scope["method"] not in _METHODS or _SEEN in scope:
            return _ELSEWHERE
        answers: PreparedAnswers = scope["app"].state.prepared
        kept = answers.find(scope)
        if kept is None:
            return _ELSEWHERE
        state = answers.state_at_once(kept.engine)
        if state is not None and state != kept.state:
            scope[_SEEN] = kept.engine, state
            return _ELSEWHERE
        return Match.FULL, {"ocop.kept": kept, "ocop.holds": state is not None} | dict(kept.said)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give it again where the database is as it was; else let the request go its ordinary way."""
        kept: _Kept = scope["ocop.kept"]
        answers: PreparedAnswers = scope["app"].state.prepared
        if not scope["ocop.holds"]:
            engine = answers.replica.engine
            seen = await answers.state(engine)
            if engine is not kept.engine or seen is None or seen != kept.state:
                scope[_SEEN] = engine, seen
                for name in kept.said:
                    del scope[name]
                await scope["app"].router(scope, receive, send)
                return
        measure_prepared()
        await _given_again(kept, Request(scope), answers)(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> NoReturn:
        """Know no name."""
        raise NoMatchFound(name, dict[str, Any](path_params))


def _given_again(kept: _Kept, request: Request, answers: PreparedAnswers) -> Response:
    answer = Response(kept.body)
    answer.raw_headers = list(kept.headers)
    if len(kept.body) >= _SMALLEST_PACKED:
        accepted = accepted_codings(request.headers.get("accept-encoding", "").encode("latin-1"))
        coding = next((one for one in _PACKS if one in accepted), None)
        if coding is not None:
            if coding not in kept.packed:
                kept.packed[coding] = _PACKS[coding](kept.body)
            answer.body = kept.packed[coding]
            answer.headers["content-encoding"] = coding
        answer.headers.add_vary_header("Accept-Encoding")
    answer.headers["content-length"] = str(len(answer.body))
    answer = shared(request, answer, at=answers.now(), etag=kept.etag)
    if kept.engine is not answers.replica.first:
        answer.headers["age"] = str(ceil(answers.replica.age_of(kept.engine).total_seconds()))
    return answer


def _key(scope: Scope, day: date) -> _Key | None:
    """Return what an answer depends on; None where it is not for everybody, or is not to be kept."""
    if scope["method"] not in _METHODS:
        return None
    query: bytes = scope["query_string"]
    if len(scope["path"]) + len(query) > _LONGEST_ADDRESS:
        return None
    said: list[tuple[bytes, bytes]] = []
    for name, value in scope["headers"]:
        if name in _NEVER:
            return None
        if name in _DEPENDS_ON:
            if name == b"cookie" and any(cookie in value for cookie in _SESSIONS):
                return None
            said.append((name, value))
    said.sort()
    return day, scope["method"], scope.get("scheme"), scope["path"], query, *said


def _is_for_all(answer: Response) -> bool:
    """Tell whether an answer may be given to anybody who asks the same."""
    headers = answer.headers
    if answer.status_code != HTTPStatus.OK or "set-cookie" in headers or "etag" not in headers:
        return False
    depends = {name.strip().lower() for name in headers.get("vary", "").split(",") if name.strip()}
    return depends <= _TOLD_OF
