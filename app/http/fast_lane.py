"""A short way for the few reads that many ask for: found before the long table of routes is searched.

What the lane does not understand – another method, a question the schema refuses – goes the ordinary
way, which says why. Both ways call the same function, so that they cannot answer differently. A
list is one transaction behind the gate, as everywhere (sessions.py), with one change of thread instead
of three; a scan needs neither (scan_desk.py).
"""

from collections.abc import Callable
from math import ceil
from typing import Any, Generic, Literal, NamedTuple, NoReturn, Self, TypeAlias, TypeVar
from urllib.parse import parse_qsl

from anyio.to_thread import run_sync
from fastapi import Request, Response
from pydantic import BaseModel, ValidationError
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from app.core.db import (
    DATABASE_FAULTS,
    Database,
    ReadSession,
    close_read,
    is_passing,
    open_read,
)
from app.core.replica import Replica
from app.http.conditional import NOT_MODIFIED, is_held, live, mark_of
from app.http.gate import Gate
from app.http.prepared import PreparedAnswers
from app.http.scan_desk import Form, ScanDesk
from app.http.visitors import is_visitor

Question = TypeVar("Question", bound=BaseModel)
Asked: TypeAlias = tuple[str, Form]
Reading = Callable[[Scope], Asked | None]
Answering = Callable[[Request, ReadSession, Question], Response]


class Sent(NamedTuple):
    """An answer as it goes out."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


_ELSEWHERE: tuple[Match, dict[str, Any]] = (Match.NONE, {})


class FastLane(BaseRoute, Generic[Question]):
    """Answers GET and HEAD of one address whose query is a question of this schema."""

    def __init__(self, address: str, schema: type[Question], answer: Answering[Question]) -> None:
        self._address = address
        self._schema = schema
        self._answer = answer

    def below(self, prefix: str) -> Self:
        """Return the lane where its door is mounted."""
        return type(self)(prefix + self._address, self._schema, self._answer)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take a request whose question is understood."""
        if scope["type"] != "http" or scope["path"] != self._address:
            return _ELSEWHERE
        if scope["method"] not in {"GET", "HEAD"}:
            return _ELSEWHERE
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        asked = dict(pairs)
        if len(asked) != len(pairs):
            return _ELSEWHERE
        try:
            question = self._schema.model_validate(asked)
        except ValidationError:
            return _ELSEWHERE
        return Match.FULL, {"question": question}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in a reading transaction behind the gate."""
        request = Request(scope, receive)
        state = request.app.state
        gate: Gate = state.gate

        replica: Replica = state.replica
        prepared: PreparedAnswers = state.prepared

        def read_from(engine: Database) -> Response:
            session = open_read(engine)
            try:
                return self._answer(request, session, scope["question"])
            finally:
                close_read(session)

        def answered(engine: Database) -> Response:
            if engine is replica.first:
                return read_from(engine)
            lag = replica.age_of(engine)
            try:
                answer = read_from(engine)
            except DATABASE_FAULTS as fault:
                if not is_passing(fault) or replica.is_first_gone:
                    raise
                replica.leave(engine)
                return read_from(replica.first)
            answer.headers["age"] = str(ceil(lag.total_seconds()))
            return answer

        async with gate.entered():
            engine = replica.engine if is_visitor(request) else replica.first
            before = await prepared.before(scope, engine)
            response = await run_sync(answered, engine)
        prepared.keep(before, scope, response)
        await response(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> NoReturn:
        """Know no name: the ordinary route bears it."""
        raise NoMatchFound(name, dict[str, Any](path_params))


class ScanLane:
    """Answers scans and typed serials on the event loop, before anything else of the program is asked.

    `reading` says which code a request asks about and in which form it wants the answer; None for
    anything it does not take, which then goes the ordinary way. So do codes with a typing mistake.
    """

    def __init__(self, reading: Reading, way: Literal["page", "program"]) -> None:
        self._reading = reading
        self.way = way

    def asked(self, scope: Scope) -> Asked | None:
        """Return the plain question about one stamp that a request is, if it is one."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            return None
        return self._reading(scope)

    async def answer(self, scope: Scope, asked: Asked) -> Sent:
        """Admit, look, answer, write down; what is refused or breaks is raised, nothing was sent."""
        state = scope["app"].state
        desk: ScanDesk = state.desk
        text, form = asked
        headers = dict(scope["headers"])
        host, at = scope["client"][0] if scope["client"] else "", desk.now()
        desk.admit(host, at=at)
        glance = desk.look(text) if desk.is_quick else await desk.glance(text)
        told = await desk.told(form, glance, text, state.gate, at)
        etag = mark_of(told.body)
        out = [(b"etag", etag.encode()), *live(at=at, age=told.age)]
        held = headers.get(b"if-none-match")
        if held and is_held(held.decode("latin-1"), etag):
            return Sent(NOT_MODIFIED, out, b"")
        body, encoding = told.packed(headers.get(b"accept-encoding", b""))
        out += told.headers
        out += encoding
        out.append((b"content-length", b"%d" % len(body)))
        if scope["method"] == "HEAD":
            return Sent(200, out, b"")
        agent = headers.get(b"user-agent", b"")
        line = desk.line(
            told.said,
            glance.index,
            at=at,
            caller=form.caller,
            host=host,
            agent=agent,
            alarm=told.alarm,
        )
        if desk.log.waits:
            await desk.write(line, at=at)
        else:
            desk.log.write(line, at=at)
        return Sent(200, out, body)


class RefusedBefore(BaseRoute):
    """Where a request goes that a lane took and could not answer: refused or broken as by any route."""

    KEY = "ocop.refused"

    def matches(self, scope: Scope) -> tuple[Match, dict[str, Any]]:
        """Take what was refused already."""
        return (Match.FULL, {}) if self.KEY in scope else _ELSEWHERE

    async def handle(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Raise it where the program's own answers to refusals are."""
        refused: Exception = scope[self.KEY]
        raise refused

    def url_path_for(self, name: str, /, **path_params: Any) -> NoReturn:
        """Know no name."""
        raise NoMatchFound(name, dict[str, Any](path_params))
