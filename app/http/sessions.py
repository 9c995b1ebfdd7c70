"""One transaction a request: commit happens before the answer leaves, a refusal undoes everything.

GET, HEAD and OPTIONS read only: the database itself refuses a write. Other methods write; an answer
of 400 and more is rolled back.
"""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from math import ceil
from typing import Any, TypeAlias

from anyio.to_thread import run_sync
from fastapi import Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError

from app.core.db import (
    DATABASE_FAULTS,
    ReadSession,
    WriteSession,
    close_read,
    finish,
    is_passing,
    open_read,
    open_write,
)
from app.core.errors import Conflict, Invalid
from app.core.replica import Replica
from app.core.settings import Settings
from app.http.bodies import read_body
from app.http.gate import Gate
from app.http.idempotency import IdempotentRequest, Replay, remember
from app.http.prepared import PreparedAnswers
from app.http.visitors import is_visitor

READING = frozenset({"GET", "HEAD", "OPTIONS"})
Handling: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]
FIRST_ERROR_STATUS = 400


class ParallelChange(Conflict):
    """Two people did the same at the same moment; the database let one through."""

    code = "parallel_change"
    message = "Có người vừa làm cùng việc này. Hãy tải lại trang để xem kết quả."


class ValueNotStorable(Invalid):
    """A value that no column holds: a number beyond its range, a text with U+0000."""

    code = "value_not_storable"
    message = "Có giá trị quá lớn, hoặc có ký tự không được nhận. Hãy sửa rồi gửi lại."

    def __init__(self) -> None:
        super().__init__({})


class Unit:
    """The session of one request, opened at the first need."""

    def __init__(
        self,
        engine: Engine,
        *,
        writes: bool,
        lag: timedelta = timedelta(),
    ) -> None:
        self.engine = engine
        self.writes = writes
        self.session: ReadSession = open_write(engine) if writes else open_read(engine, lag=lag)
        self.later: list[Callable[[Engine], None]] = []
        self.claimed: IdempotentRequest | None = None

    @property
    def write_session(self) -> WriteSession:
        """The session as one that may write; a reading request has none."""
        if not self.writes:
            message = "a reading request asked to write"
            raise RuntimeError(message)
        return WriteSession(self.session)

    def keep_no_answer(self) -> None:
        """Let this answer be kept nowhere: it holds what is shown once and recorded each time.

        The key goes as well: pressed again, the request is another one.
        """
        if self.claimed is not None:
            self.write_session.delete(self.claimed)
            self.claimed = None

    def end(self, *, keep: bool) -> None:
        """Commit or undo, and give the connection back."""
        try:
            if self.writes and keep:
                finish(self.write_session)
        finally:
            close_read(self.session)

    def run_later(self) -> None:
        """Do what must not hold up the answer's transaction (each in its own)."""
        for task in self.later:
            task(self.engine)


def _given_again(again: Replay) -> Response:
    answer = again.answer
    headers = {"idempotent-replay": "true"}
    if answer.location:
        headers["location"] = answer.location
    if answer.media_type:
        headers["content-type"] = answer.media_type
    return Response(answer.body, status_code=answer.status, headers=headers)


def unit_of(request: Request) -> Unit:
    """Return the unit of work of this request."""
    unit: Unit = request.state.unit
    return unit


class TransactionRoute(APIRoute):
    """A route whose whole handling is one transaction behind the gate."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's own handler."""
        handle = super().get_route_handler()

        async def within_transaction(request: Request) -> Response:
            settings: Settings = request.app.state.settings
            gate: Gate = request.app.state.gate
            first: Engine = request.app.state.engine
            if request.method not in READING:
                await read_body(request, most_bytes=settings.largest_upload_bytes)
                async with gate.entered():
                    return await _in_one_unit(request, handle, Unit(first, writes=True))
            async with gate.entered():
                return await self.answer_reading(request, handle)

        return within_transaction

    async def answer_reading(self, request: Request, handle: Handling) -> Response:
        """Answer a request that only reads, behind the gate."""
        return await _read(request, handle, self.reads_from(request))

    def reads_from(self, request: Request) -> Engine:
        """Return the database that answers a reading request: the first one."""
        engine: Engine = request.app.state.engine
        return engine


class RecentRoute(TransactionRoute):
    """A route of what is public anyway: a visitor may be shown it as it was a few seconds ago.

    Whoever signed in, or brought a token, reads the first database: what they wrote is there. What any
    visitor may be shown is kept, to be given again while nothing changed (prepared.py).
    """

    async def answer_reading(self, request: Request, handle: Handling) -> Response:
        """Answer, and keep what anybody may be given."""
        prepared: PreparedAnswers = request.app.state.prepared
        engine = self.reads_from(request)
        before = await prepared.before(request.scope, engine)
        answer = await _read(request, handle, engine)
        prepared.keep(before, request.scope, answer)
        return answer

    def reads_from(self, request: Request) -> Engine:
        """Return the standby while it is near and a visitor asks, otherwise the first database."""
        replica: Replica = request.app.state.replica
        return replica.engine if is_visitor(request) else replica.first


class VerdictRoute(TransactionRoute):
    """A route of verdicts beside the quick way: answered by the standby when nothing else is left.

    Not before: the ordinary way raises the alarm about what the database does not know.
    """

    def reads_from(self, request: Request) -> Engine:
        """Return the first database, the standby only when the first is gone."""
        replica: Replica = request.app.state.replica
        return replica.engine_in_need if is_visitor(request) else replica.first


async def _read(request: Request, handle: Handling, engine: Engine) -> Response:
    replica: Replica = request.app.state.replica
    if engine is replica.first:
        return await _in_one_unit(request, handle, Unit(engine, writes=False))
    return await _from_standby(request, handle, engine)


async def _from_standby(request: Request, handle: Handling, engine: Engine) -> Response:
    """Answer from the standby, with its age; when that breaks, once more from the first database."""
    replica: Replica = request.app.state.replica
    lag = replica.age_of(engine)
    try:
        response = await _in_one_unit(request, handle, Unit(engine, writes=False, lag=lag))
    except DATABASE_FAULTS as fault:
        if not is_passing(fault) or replica.is_first_gone:
            raise
        replica.leave(engine)
        return await _in_one_unit(request, handle, Unit(replica.first, writes=False))
    response.headers["age"] = str(ceil(lag.total_seconds()))
    return response


async def _in_one_unit(request: Request, handle: Handling, unit: Unit) -> Response:
    request.state.unit = unit
    kept = False
    try:
        response = await handle(request)
        kept = response.status_code < FIRST_ERROR_STATUS
        if kept and unit.claimed is not None:
            remember(
                unit.claimed,
                status=response.status_code,
                location=response.headers.get("location"),
                media_type=response.headers.get("content-type"),
                body=bytes(response.body),
            )
    except Replay as again:
        response = _given_again(again)
    except DataError as unfit:
        raise ValueNotStorable from unfit
    except IntegrityError as clash:
        raise ParallelChange from clash
    finally:
        try:
            await run_sync(lambda: unit.end(keep=kept))
        except IntegrityError as clash:
            raise ParallelChange from clash
    if unit.later:
        await run_sync(unit.run_later)
    return response
