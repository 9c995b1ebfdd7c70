"""Lines to somewhere else: to the hosts of the settings, and never to an address that somebody sent."""

import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from app.domain.accounts.enums import Scope
from app.web import routers as page_routers
from tests.api.test_contract import filled
from tests.authorisation.bodies import document_body, form_of
from tests.factories.people import token_for
from tests.journeys.world import World

# Things that nobody has: what is looked for is who is called, not what is answered.
NAMED = {
    "item": "MH-0000000",
    "beside": "MH-0000000",
    "certificate": "CN-0000000",
    "returned_sheet": "PD-0000000",
    "given_post": "1",
}
CALLERS = ("canboxa", "canbotinh")


class Ear:
    """Listens on a port of this machine, and counts who calls."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.2)
        self.port: int = self._listening.getsockname()[1]
        self.calls = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                line, _ = self._listening.accept()
            except TimeoutError:
                continue
            self.calls += 1
            line.close()

    def close(self) -> None:
        """Stop listening."""
        self._over.set()
        self._thread.join()
        self._listening.close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    yield ear
    ear.close()


def pointing(value: Any, address: str) -> Any:
    """Return an example whose free texts are an address."""
    if isinstance(value, dict):
        return {name: pointing(one, address) for name, one in value.items()}
    if isinstance(value, list):
        return [pointing(one, address) for one in value]
    return address if isinstance(value, str) and " " in value else value


def test_no_address_that_somebody_sends_is_called(world: World, ear: Ear) -> None:
    app: Any = world.client.app
    assert isinstance(app, FastAPI)
    document, address = app.openapi(), f"http://127.0.0.1:{ear.port}/anh.png"
    tried = 0
    for username in CALLERS:
        token = token_for(world.engine, username, Scope.REGISTER_READ)
        client = world.sign_in(username)
        for path, operations in document["paths"].items():
            for method in set(operations) - {"get", "head"}:
                body = document_body(document, method.upper(), path, NAMED)
                if "json" in body:
                    client.request(
                        method.upper(),
                        filled(path),
                        json=pointing(body["json"], address),
                        headers={
                            "authorization": f"Bearer {token}",
                            "idempotency-key": str(uuid4()),
                        },
                    )
                    tried += 1
        for router in page_routers():
            for route in router.routes:
                assert isinstance(route, Route)
                if "POST" in (route.methods or ()) and not route.path.startswith("/sign"):
                    fields, _ = form_of(route.endpoint)
                    said = pointing(dict(fields), address) | {"url": address, "next": address}
                    client.post(filled(route.path), data=said | {"_key": str(uuid4())})
                    tried += 1
        for query in ("next", "url", "redirect", "callback"):
            client.get("/register", params={query: address, "q": address})
    assert tried > 300
    assert ear.calls == 0


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in?next={}",
        "/language/en?next={}",
        "/language/en?back={}",
        "/01/08938505974194?linkType={}",
        "/register?q={}",
        "/?next={}",
    ],
)
@pytest.mark.parametrize(
    "where", ["https://noi-khac.example/", "//noi-khac.example", "/%5Cnoi-khac.example"]
)
def test_no_redirect_leads_to_another_site(world: World, path: str, where: str) -> None:
    world.client.cookies.clear()
    for headers in ({}, {"referer": where}):
        answer = world.client.get(path.format(where), headers=headers)
        told = urlsplit(answer.headers.get("location", ""))
        assert not told.netloc, answer.headers["location"]
        assert not told.path.startswith(("//", "/\\")), answer.headers["location"]
