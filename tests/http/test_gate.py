"""Admission: many requests at once against few connections finish; nobody waits for ever."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx
import pytest
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.http.gate import Gate, Overloaded
from app.main import create_app
from tests.conftest import AT
from tests.factories.people import People, token_for

CROWD = 256
Answers = TypeVar("Answers")


def _run(crowd: Coroutine[Any, Any, Answers]) -> Answers:
    """Run a crowd in a thread of its own: a browser of other tests may hold a loop in this one."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, crowd).result()


async def _crowd(settings: Settings, token: str) -> list[int]:
    app = create_app(settings)
    headers = {"authorization": f"Bearer {token}"}
    # The transport starts and ends no application by itself; without an end connections stay open.
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://testserver",
            headers=headers,
            timeout=60,
        ) as client,
    ):
        answers = await asyncio.gather(
            *(client.get("/api/v1/producers") for _ in range(CROWD)), return_exceptions=False
        )
    return [answer.status_code for answer in answers]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_crowd_against_a_pool_of_five_is_answered_without_an_error(
    settings: Settings, engine: Engine
) -> None:
    with transaction(engine) as session:
        People(session, AT).agency()
    token = token_for(engine, "canbotinh", Scope.REGISTER_READ)
    small = settings.model_copy(update={"pool_size": 5, "admission_seconds": 60.0})
    assert _run(_crowd(small, token)) == [200] * CROWD


def test_whoever_waits_too_long_is_told_to_come_again() -> None:
    async def crowd() -> None:
        gate = Gate(places=1, patience=0.05)
        async with gate.entered():
            with pytest.raises(Overloaded):
                async with gate.entered():
                    raise AssertionError

    _run(crowd())


def test_a_line_that_is_long_enough_takes_nobody_more() -> None:
    async def crowd() -> None:
        gate = Gate(places=1, patience=60.0, line=1)
        async with gate.entered():
            second = asyncio.create_task(_enter(gate))
            await asyncio.sleep(0)  # the second stands in line now
            with pytest.raises(Overloaded):
                async with gate.entered():
                    raise AssertionError
            assert not second.done()
        await second
        assert (gate.inside, gate.waiting, gate.refused) == (0, 0, 1)

    _run(crowd())


async def _enter(gate: Gate) -> None:
    async with gate.entered():
        pass


def test_a_place_is_free_again_after_a_failure() -> None:
    async def one_fails() -> None:
        gate = Gate(places=1, patience=0.05)
        with pytest.raises(KeyError):
            async with gate.entered():
                raise KeyError
        async with gate.entered():
            pass

    _run(one_fails())
