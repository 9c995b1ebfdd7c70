"""From a program's request to a Call: bearer token to Actor, scopes, idempotency, paging."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Form, Path, Query, Request, UploadFile
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field, ValidationError

from app.api.problems import PROBLEMS
from app.core import clock
from app.core.clock import local_day
from app.core.db import Database, ReadSession, WriteSession, reading, transaction
from app.core.errors import Invalid, NotPermitted
from app.core.files import store
from app.core.paging import LARGEST_KEY, LARGEST_PAGE, Page
from app.core.sentences import fields_of
from app.core.settings import Settings
from app.core.storage import Storage
from app.domain.accounts.actions import note_token_used
from app.domain.accounts.enums import Scope
from app.domain.accounts.models import ApiToken, User
from app.domain.accounts.queries import actor_of, find_token
from app.domain.accounts.rules import Actor
from app.http.idempotency import check_key, claim, fingerprint
from app.http.limits import FloodLimit, network_of
from app.http.sessions import RecentRoute, TransactionRoute, Unit, VerdictRoute, unit_of

Item = TypeVar("Item")
Other = TypeVar("Other")
Said = TypeVar("Said", bound=BaseModel)
Kept = TypeVar("Kept")

_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="Khóa kết nối tạo trong trang tài khoản: `Authorization: Bearer ocop_…`",
)
IDEMPOTENCY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Mỗi thao tác một mã (ví dụ UUID); gửi lại cùng mã nhận lại cùng câu trả lời.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 80},
    "example": "5b0f3c1e-7c39-4f6e-9a53-3c8c9f1c2a10",
}


class TokenNeeded(Exception):  # noqa: N818 -- an answer (401), not a fault
    """No bearer token, or none in force."""


class ScopeMissing(NotPermitted):
    """The token was not made for this."""

    code = "token.scope_missing"
    message = "Khóa kết nối không có phạm vi «{scope}»."


def code_path(example: str, *, longest: int = 20) -> Any:
    """Return the path parameter of a code as it is given here: letters, digits, hyphen, dot."""
    return Path(max_length=longest, pattern=r"^[\w.-]+$", examples=[example])


def api_router(
    *, route_class: type[TransactionRoute] = TransactionRoute, **options: Any
) -> APIRouter:
    """Return a router of the JSON door."""
    return APIRouter(route_class=route_class, responses=PROBLEMS, **options)


def public_router(**options: Any) -> APIRouter:
    """Return a router of what anybody may read, which may tell what was true a few seconds ago."""
    return api_router(route_class=RecentRoute, **options)


def verdict_router(**options: Any) -> APIRouter:
    """Return a router of verdicts, which the standby of the database gives when the first is gone."""
    return api_router(route_class=VerdictRoute, **options)


@dataclass
class Call:
    """A request of a program: who, in which transaction, when, by which token."""

    request: Request
    unit: Unit
    actor: Actor
    at: datetime
    token: ApiToken

    @property
    def session(self) -> WriteSession:
        """The session of this request; on a GET the database refuses to write through it."""
        return WriteSession(self.unit.session)

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        settings: Settings = self.request.app.state.settings
        return settings


@dataclass
class OpenCall:
    """A request by anybody: no token asked, nothing private answered."""

    request: Request
    unit: Unit
    at: datetime

    @property
    def session(self) -> WriteSession:
        """The session of this request (reading)."""
        return WriteSession(self.unit.session)

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        settings: Settings = self.request.app.state.settings
        return settings


def needs(scope: Scope | None) -> Any:
    """Return the dependency that lets a token with this scope in, and each unsafe call once.

    None asks for a token in force, whatever it may be used for.
    """

    def call(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> Call:
        unit, at = unit_of(request), clock.now()
        token, user, scopes = _owner(request, unit.session, credentials, scope, at=at)
        actor = request.state.actor = actor_of(unit.session, user, at=at, scopes=scopes)
        if (used := _use_to_note(token, at=at)) is not None:
            unit.later.append(used)
        if unit.writes:
            body = getattr(request, "_body", b"")
            unit.claimed = claim(
                unit.write_session,
                owner=f"token:{token.id}",
                key=check_key(request.headers.get("idempotency-key"), field="Idempotency-Key"),
                request_fingerprint=fingerprint(
                    request.method,
                    request.url.path,
                    body,
                    request.headers.get("content-type", ""),
                ),
                at=at,
            )
        return Call(request, unit, actor, at, token)

    call.scope = scope  # type: ignore[attr-defined]  # -- read by the OpenAPI document
    return Depends(call)


def only_with(scope: Scope) -> Any:
    """Return the dependency that turns strangers away before a file is kept for them.

    It looks in a reading transaction of its own that is over at once: a file is checked and written
    before the first query of the request, so that no writer waits for a disk.
    """

    def check(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> None:
        with reading(request.app.state.engine) as session:
            _owner(request, session, credentials, scope, at=clock.now())

    return Depends(check)


def _use_to_note(token: ApiToken, *, at: datetime) -> Callable[[Database], None] | None:
    """Return what notes that a token is in use, None where this day is noted already."""
    number, day = token.id or 0, local_day(at)
    if token.last_used_on is not None and token.last_used_on >= day:
        return None

    def note(engine: Database) -> None:
        with transaction(engine) as session:
            note_token_used(session, number, on=day)

    return note


def _owner(
    request: Request,
    session: ReadSession,
    credentials: HTTPAuthorizationCredentials | None,
    scope: Scope | None,
    *,
    at: datetime,
) -> tuple[ApiToken, User, frozenset[Scope]]:
    roles = request.app.state.second_factor_roles
    found = (
        find_token(session, credentials.credentials, at=at, roles=roles) if credentials else None
    )
    if found is None:
        raise TokenNeeded
    token, user = found
    scopes = frozenset(Scope(word) for word in token.scopes)
    if scope is not None and scope not in scopes:
        raise ScopeMissing(scope=scope.value)
    return token, user, scopes


class WithFile(BaseModel):
    """The file of a multipart form; a form is this and what is said of the file."""

    file: UploadFile


@dataclass(frozen=True, slots=True)
class Sent(Generic[Said, Kept]):
    """A file that is checked and kept, with what was said of it; the database was asked nothing yet."""

    data: Said
    stored: Kept
    file_name: str


def sent(
    form: type[WithFile], said: type[BaseModel], keep: Callable[[Storage, bytes], Any] = store
) -> Any:
    """Return the dependency that checks and keeps the file of a multipart form."""

    def read(
        request: Request,
        filled: Annotated[form, Form(media_type="multipart/form-data")],  # type: ignore[valid-type]  # -- read at run time
    ) -> Sent[Any, Any]:
        whole: WithFile = filled
        try:
            data = said(**whole.model_dump(exclude={"file"}))
        except ValidationError as wrong:  # a text that was long enough until it was tidied up
            raise Invalid(fields_of(wrong.errors(include_url=False))) from wrong
        return Sent(
            data,
            keep(request.app.state.settings.files, whole.file.file.read()),
            whole.file.filename or "",
        )

    return Depends(read)


@dataclass
class AnybodysCall(OpenCall):
    """An unsafe request by anybody, taken once per key; `program` is whose token came with it."""

    program: str = ""


def open_or_with(scope: Scope) -> Any:
    """Return the dependency that lets anybody in, so many times; with a token of this scope, more.

    Keys of strangers are kept apart by network: two of them may choose the same.
    """

    def call(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> AnybodysCall:
        unit, at, program = unit_of(request), clock.now(), ""
        network = network_of(request.client.host if request.client else "")
        if credentials is None:
            of_network: FloodLimit = request.app.state.network_reports
            of_network.count(network)
            owner = f"open:{hashlib.sha256(network.encode()).hexdigest()[:40]}"
        else:
            token, user, _ = _owner(request, unit.session, credentials, scope, at=at)
            of_program: FloodLimit = request.app.state.program_reports
            of_program.count(str(token.id))
            owner, program = f"token:{token.id}", user.name
            if (used := _use_to_note(token, at=at)) is not None:
                unit.later.append(used)
        body = getattr(request, "_body", b"")
        unit.claimed = claim(
            unit.write_session,
            owner=owner,
            key=check_key(request.headers.get("idempotency-key"), field="Idempotency-Key"),
            request_fingerprint=fingerprint(request.method, request.url.path, body),
            at=at,
        )
        return AnybodysCall(request, unit, at, program)

    return Depends(call)


@dataclass(frozen=True, slots=True)
class Question:
    """A question too long for an address, by anybody: it changes nothing, so that it needs no key."""

    request: Request
    at: datetime

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        settings: Settings = self.request.app.state.settings
        return settings

    @property
    def body(self) -> bytes:
        """What was sent, as it came."""
        body: bytes = getattr(self.request, "_body", b"")
        return body

    def reading(self) -> AbstractContextManager[ReadSession]:
        """Return a transaction that only reads; nobody who writes waits for it."""
        return reading(self.request.app.state.engine)


def question_by_anybody(scope: Scope, *, limit: str) -> Any:
    """Return the dependency that lets anybody ask so many times; with a token of this scope, more.

    `limit` names the two counters of the application, one for networks and one for programs.
    """

    def ask(request: Request) -> Question:
        at = clock.now()
        typed = request.headers.get("authorization")
        if typed is None:
            of_network: FloodLimit = getattr(request.app.state, f"network_{limit}")
            of_network.count(network_of(request.client.host if request.client else ""))
            return Question(request, at)
        kind, _, text = typed.partition(" ")
        bearer = HTTPAuthorizationCredentials(scheme=kind, credentials=text.strip())
        known = bearer if kind.casefold() == "bearer" else None
        with reading(request.app.state.engine) as session:
            token = _owner(request, session, known, scope, at=at)[0]
            number, used = str(token.id), _use_to_note(token, at=at)
        of_program: FloodLimit = getattr(request.app.state, f"program_{limit}")
        of_program.count(number)
        if used is not None:
            used(request.app.state.engine)
        return Question(request, at)

    return Depends(ask)


def open_call(request: Request) -> OpenCall:
    """Let anybody in."""
    return OpenCall(request, unit_of(request), clock.now())


AnyCall = Annotated[OpenCall, Depends(open_call)]


class Paging(BaseModel):
    """Where a list goes on, and how much of it at once."""

    after: int = Field(
        default=0, ge=0, le=LARGEST_KEY, description="Giá trị `next_after` của trang trước."
    )
    limit: int = Field(default=20, ge=1, le=LARGEST_PAGE)


Pages = Annotated[Paging, Query()]


class PageOut(BaseModel, Generic[Item]):
    """One page of a list; `next_after` is null on the last one."""

    items: Sequence[Item]
    next_after: int | None = None


def page_out(page: Page[Other], change: Callable[[Other], Item]) -> PageOut[Item]:
    """Return a page of rows as a page of answers."""
    return PageOut(items=[change(row) for row in page.items], next_after=page.next_after)
