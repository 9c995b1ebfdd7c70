"""Tries every route as every kind of person against the whole application, and undoes what was done."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Any

from anyio._backends._asyncio import AsyncIOBackend
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx2 import Request, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message

from app.api import routers as api_routers
from app.core.clock import local_day, now
from app.main import API_PREFIX
from app.web import routers as page_routers
from tests.api.test_contract import OPEN_CALLS, OPEN_PAGES
from tests.authorisation.bodies import QUESTIONS, document_body, form_of, form_says, of_today, paper
from tests.authorisation.things import OTHER, OWN, Caller, Things, Whose

_keys = count(1)


class Said(StrEnum):
    """What an answer tells of the person who asked."""

    MAY = "may"
    MAY_NOT = "may not"
    UNREAD = "the body was not understood, so that nobody was asked for"


# Who it is, is asked before the body is read: that it could not be read is told to those let in.
_ASKED_FIRST = {
    "POST /accounts",
    "POST /accounts/{username}/handover",
    "POST /accounts/{username}/password",
    "POST /accounts/{username}/posts/{number}/end",
    "POST /advisory-teams/{code}/amendments",
    "POST /api/v1/inspections",
    "POST /api/v1/meetings",
    "POST /api/v1/misuse-reports/{code}/join",
    "POST /imports",
    "POST /misuse/{code}/join",
    "POST /papers/{code}/replace",
    "POST /producers/{code}/papers",
    "POST /products/{code}/photos",
    "PUT /api/v1/certificate-decisions/{code}",
}


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one route."""

    method: str
    path: str
    name: str
    route: BaseRoute

    @property
    def is_api(self) -> bool:
        """Whether a program asks here, with a token."""
        return self.path.startswith(API_PREFIX)

    @property
    def place(self) -> str:
        """What it is called."""
        return f"{self.method} {self.path}"

    @property
    def refuses_nobody(self) -> bool:
        """Whether a misread body says that somebody was let in: nobody is kept out, or not any more."""
        short = self.path.removeprefix(API_PREFIX)
        is_for_anybody = self.path in OPEN_PAGES or short in OPEN_CALLS
        return is_for_anybody or self.path.startswith("/account/") or self.place in _ASKED_FIRST


def doors(app: FastAPI) -> Iterator[Door]:
    """Yield every method of every route the application answers."""
    for router in api_routers():
        for route in router.routes:
            assert isinstance(route, APIRoute), route
            yield from _methods(route, API_PREFIX + route.path, str(route.summary or route.name))
    known = {id(route) for router in page_routers() for route in router.routes}
    for router in page_routers():
        for route in router.routes:
            assert isinstance(route, Route), route
            yield from _methods(route, route.path, route.name)
    for route in app.routes:
        if isinstance(route, Mount):
            yield Door("GET", route.path, str(route.name), route)
        elif type(route) is Route and id(route) not in known:
            yield from _methods(route, route.path, route.name)


def _methods(route: Route, path: str, name: str) -> Iterator[Door]:
    for method in sorted(route.methods or ()):
        yield Door(method, path, name, route)


class Trier:
    """Asks as somebody, tells what the answer says, and puts the world back as it was."""

    def __init__(self, app: FastAPI, file: str, things: Things) -> None:
        self._app, self._things = app, things
        self._today = local_day(now())
        self._loop = asyncio.Runner()
        self._document = app.openapi()
        self._kept = sqlite3.connect(":memory:")
        self._live = sqlite3.connect(file)
        self._live.backup(self._kept)
        self._version = self._written()

    def _written(self) -> int:
        return int(self._live.execute("PRAGMA data_version").fetchone()[0])

    def put_back(self) -> None:
        """Undo what a request wrote, if it wrote."""
        if self._written() != self._version:
            self._kept.backup(self._live)
            self._version = self._written()

    def said(self, door: Door, caller: Caller, *, is_own: bool) -> tuple[Said, int]:
        """Return what an answer tells, and its number."""
        answer = self.answer(door, caller, is_own=is_own)
        self.put_back()
        return _told(answer), answer.status_code

    def answer(self, door: Door, caller: Caller, *, is_own: bool) -> Response:
        """Return the answer to one request about something of one's own, or of another."""
        whose = Whose(OWN if is_own else OTHER, caller.user_id, is_own)
        path = self._things.filled(door.path, whose)
        path = "/static/css/app.css" if path == "/static" else path
        path += f"?{QUESTIONS[door.path]}" if door.path in QUESTIONS else ""
        headers = {"idempotency-key": f"thu-quyen-{next(_keys):08}"}
        if door.path.startswith("/uploads"):
            headers |= _TUS
        if caller.token and (door.is_api or not caller.cookie):  # a machine has a key alone
            headers["authorization"] = f"Bearer {caller.token}"
        elif caller.cookie:
            headers["cookie"] = f"ocop={caller.cookie}"
        asked = Request(
            door.method,
            f"http://testserver{path}",
            headers=headers,
            **self._sent(door, headers, whose),
        )
        return self._loop.run(_answered(self._app, asked))

    def close(self) -> None:
        """End the application."""
        self._loop.run(_ended(self._app))
        self._loop.close()
        self._live.close()
        self._kept.close()

    def _sent(self, door: Door, headers: Mapping[str, str], whose: Whose) -> dict[str, Any]:
        if door.method in {"GET", "HEAD", "OPTIONS"}:
            return {}
        if door.method == "PATCH" and door.path.startswith("/uploads"):
            return {"content": b""}  # whoever tries next begins at the same place
        if door.path.endswith("/pack-returns"):
            answers = self._things.answers(whose)
            if door.is_api:
                return {"json": json.loads(answers)}
            return {
                "data": {"_key": headers["idempotency-key"]},
                "files": {"file": ("phieu-cham.json", answers.encode(), "application/json")},
            }
        names = {
            name: self._things.filled(path, whose).rsplit("/", 1)[-1]
            for name, path in _NAMED.items()
        }
        names["commune_code"] = whose.unit
        beside = Whose(OTHER if whose.unit == OWN else OWN, whose.user_id, whose.is_own)
        names["item"] = self._things.filled("/items/{code}", whose).rsplit("/", 1)[-1]
        names["beside"] = self._things.filled("/items/{code}", beside).rsplit("/", 1)[-1]
        if door.is_api:
            body = document_body(self._document, door.method, door.path, names)
            typed = {way: body[way] for way in ("json", "data") if way in body}
            return {**body, **of_today(typed, today=self._today)}
        assert isinstance(door.route, Route)
        fields, takes_file = form_of(door.route.endpoint)
        data = (
            dict(fields)
            | names
            | dict(form_says(door.path, names))
            | {"_key": headers["idempotency-key"]}
        )
        data = of_today(data, today=self._today)
        return {"data": data, **({"files": {"file": paper(door.path)}} if takes_file else {})}


@contextmanager
def in_one_thread() -> Iterator[None]:
    """Let requests that are asked one after another be answered where they are asked.

    Ten thousand tries would spend most of their time handing work from thread to thread.
    """

    async def at_once(
        _backend: type[AsyncIOBackend],
        work: Callable[..., Any],
        args: tuple[Any, ...],
        *_: Any,
        **__: Any,
    ) -> Any:
        return work(*args)

    kept = vars(AsyncIOBackend)["run_sync_in_worker_thread"]
    AsyncIOBackend.run_sync_in_worker_thread = classmethod(at_once)  # type: ignore[assignment]  # -- put back below
    try:
        yield
    finally:
        AsyncIOBackend.run_sync_in_worker_thread = kept  # type: ignore[method-assign]  # -- what was there


async def _ended(app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        pass


async def _answered(app: ASGIApp, asked: Request) -> Response:
    """Ask the application itself, without a client between."""
    waiting, body, begun = [asked.read()], bytearray(), dict[str, Any]()

    async def receive() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            begun.update(message)
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": asked.url.path,
        "raw_path": asked.url.raw_path,
        "query_string": asked.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in asked.headers.raw],
        "client": ("testclient", 50000),
        "server": ("testserver", 80),
        "state": {},
    }
    await app(scope, receive, send)
    return Response(begun["status"], headers=begun["headers"], content=bytes(body))


# An upload in pieces is begun and gone on with by headers (tus 1.0).
_TUS = {
    "tus-resumable": "1.0.0",
    "upload-length": "10",
    "upload-offset": "0",
    "content-type": "application/offset+octet-stream",
}
# Fields of bodies that name a thing, and an address whose last place is one.
_NAMED = {
    "certificate": "/certificates/{code}",
    "dossier": "/dossiers/{code}",
    "dossiers": "/dossiers/{code}",
    "producer": "/producers/{code}",
    "producer_code": "/producers/{code}",
    "product": "/products/{code}",
    "product_code": "/products/{code}",
    "round": "/rounds/{code}",
    "council": "/councils/{code}",
    "plan": "/inspection-plans/{code}",
    "evidence": "/papers/{code}",
    "given_post": "/accounts/{username}/posts/{number}",
    "returned_sheet": "/returned-sheets/{code}",
}


# Said to whoever has nothing there, whether the thing is there or not.
_NOTHING_YOURS = ("pack.nothing_to_score", "Bạn không có phiếu nào đang chấm ở đây")


def _told(answer: Response) -> Said:
    if answer.status_code in {401, 403, 404}:
        return Said.MAY_NOT
    if answer.status_code == 422 and any(word in answer.text for word in _NOTHING_YOURS):
        return Said.MAY_NOT
    if answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?"):
        return Said.MAY_NOT
    if answer.status_code in {400, 415, 422} and _is_unread(answer):
        return Said.UNREAD
    return Said.MAY


def _is_unread(answer: Response) -> bool:
    if answer.content and answer.headers["content-type"].startswith("application/problem"):
        return answer.json()["code"] in {"invalid", "body.unreadable"}
    return 'aria-invalid="true"' in answer.text or "<code>invalid</code>" in answer.text
