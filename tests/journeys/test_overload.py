"""Many more people than places: everybody is answered, at once or with when to come again."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.clock import now
from app.core.db import transaction
from app.core.settings import Settings
from app.http.gate import Gate
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.plugins.server import serving
from tests.web.page_checks import check_page

CROWD, PLACES, ROUNDS = 256, 4, 2
ADDRESSES = (
    "/register",
    "/register/changes",
    "/sign-in",
    "/api/v1/register",
    "/api/v1/communes",
    "/work",
)


@pytest.fixture
def small(settings: Settings, engine: Engine) -> Settings:
    with transaction(engine) as session:
        import_certificate(session, People(session, now()))
    return settings.model_copy(update={"pool_size": PLACES, "admission_waiting": 64})


async def _crowd(address: str) -> tuple[list[httpx.Response], list[int]]:
    limits = httpx.Limits(max_connections=CROWD + 2)
    async with (
        httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as crowd,
        httpx.AsyncClient(base_url=address, timeout=60) as watchman,
    ):
        over = asyncio.Event()
        health: list[int] = []

        async def watch() -> None:
            while not over.is_set():
                health.extend(
                    [(await watchman.get(path)).status_code for path in ("/healthz", "/readyz")]
                )

        watching = asyncio.create_task(watch())
        answers: list[httpx.Response] = []
        for _ in range(ROUNDS):
            answers += await asyncio.gather(
                *(crowd.get(ADDRESSES[one % len(ADDRESSES)]) for one in range(CROWD))
            )
        over.set()
        await watching
    return answers, health


def _crowded(address: str) -> tuple[list[httpx.Response], list[int]]:
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, _crowd(address)).result()


def test_a_crowd_stalls_nothing_and_the_server_is_itself_afterwards(small: Settings) -> None:
    with serving(small, backlog=CROWD) as address:
        answers, health = _crowded(address)
        told = Counter(answer.status_code for answer in answers)
        assert set(told) <= {200, 303, 503}, told
        assert told[200]
        assert told[503], "256 at once do not all find room in a line of 64"
        for busy in (answer for answer in answers if answer.status_code == 503):
            assert int(busy.headers["retry-after"]) > 0
        assert set(health) == {200}
        for path in ADDRESSES:
            assert httpx.get(address + path, timeout=60).status_code in {200, 303}, path


def test_whoever_is_turned_away_gets_a_page_with_a_way_back_in(client: TestClient) -> None:
    app: Any = client.app
    app.state.gate = Gate(places=0, patience=0.01)
    page = client.get("/register?star=4", headers={"accept-language": "vi"})
    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    check_page(page.text)
    assert "Hãy thử lại sau vài giây" in page.text
    assert 'href="/register?star=4"' in page.text
    part = client.get("/register", headers={"hx-request": "true"})
    assert part.status_code == 503
    assert part.text.startswith('<div class="note')
    problem = client.get("/api/v1/register")
    assert (problem.status_code, problem.json()["code"]) == (503, "busy")
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    english = client.get("/register?lang=en")
    assert "Please try again in a few seconds" in english.text
