"""Questions that share a change of thread: each gets its own answer, and nobody disturbs another."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from app.core.errors import NotFound, Refusal
from app.http.together import Together

TOGETHER = 4
Told = TypeVar("Told")


def run(asking: Coroutine[Any, Any, Told]) -> Told:
    """Run in a thread of its own: a browser of other tests may hold a loop in this one."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, asking).result()


class Teller:
    """Answers with the double; remembers in which thread, and waits for its sign."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.goes_on = threading.Event()
        self.begun = threading.Semaphore(0)
        self.loop = self.most = 0

    def __call__(self, numbers: Sequence[int]) -> list[int | Refusal]:
        self.threads.add(threading.get_ident())
        self.most = max(self.most, len(numbers))
        self.begun.release()
        assert self.goes_on.wait(20)
        if 0 in numbers:
            raise LookupError
        return [2 * number if number > 0 else NotFound() for number in numbers]


async def begun(teller: Teller) -> None:
    """Return when a thread asks."""
    assert await asyncio.to_thread(teller.begun.acquire, timeout=20)


def test_many_questions_are_answered_each_by_its_own_answer_in_few_threads() -> None:
    teller = Teller()
    teller.goes_on.set()
    together = Together(teller, threads=2, most=TOGETHER)

    async def ask() -> list[int]:
        teller.loop = threading.get_ident()
        return await asyncio.gather(*(together.answer(number) for number in range(1, 50)))

    assert run(ask()) == [2 * number for number in range(1, 50)]
    assert teller.loop not in teller.threads
    assert len(teller.threads) <= 2
    assert teller.most == TOGETHER


def test_what_goes_wrong_is_told_to_who_asked_it_alone() -> None:
    teller = Teller()
    teller.goes_on.set()
    together = Together(teller, threads=1, most=TOGETHER)

    async def ask() -> list[int | BaseException]:
        return await asyncio.gather(
            *(together.answer(number) for number in (1, -2, 3)), return_exceptions=True
        )

    first, second, third = run(ask())
    assert (first, third) == (2, 6)
    assert isinstance(second, NotFound)


def test_when_nothing_can_be_asked_everybody_of_that_time_is_told_and_the_next_are_answered() -> (
    None
):
    teller = Teller()
    teller.goes_on.set()
    together = Together(teller, threads=1, most=TOGETHER)

    async def ask(*numbers: int) -> list[int | BaseException]:
        return await asyncio.gather(
            *(together.answer(number) for number in numbers), return_exceptions=True
        )

    async def twice() -> tuple[list[int | BaseException], list[int | BaseException]]:
        return await ask(1, 0, 2), await ask(3)

    wrong, right = run(twice())
    assert [type(one) for one in wrong] == [LookupError] * 3
    assert right == [6]


def test_who_goes_away_disturbs_nobody_who_came_with_them() -> None:
    teller = Teller()
    together = Together(teller, threads=1, most=TOGETHER)

    async def ask() -> list[int]:
        ahead = asyncio.create_task(together.answer(1))
        await begun(teller)
        leaves, *stay = (asyncio.create_task(together.answer(number)) for number in (2, 3, 4))
        await asyncio.to_thread(str)  # meanwhile all three have asked
        leaves.cancel()
        teller.goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await leaves
        return [await one for one in (ahead, *stay)]

    assert run(ask()) == [2, 6, 8]


def test_nobody_who_asks_just_when_the_work_is_done_is_overlooked() -> None:
    teller = Teller()
    teller.goes_on.set()
    together = Together(teller, threads=1, most=TOGETHER)

    async def asks(first: int) -> int:
        number = first
        for _ in range(30):
            number = await together.answer(number) // 2 + 1
        return number

    async def ask() -> list[int]:
        async with asyncio.timeout(20):
            return await asyncio.gather(*(asks(first) for first in range(1, 21)))

    assert run(ask()) == [first + 30 for first in range(1, 21)]


def test_it_works_again_in_another_loop() -> None:
    teller = Teller()
    teller.goes_on.set()
    together = Together(teller, threads=1, most=TOGETHER)
    assert [run(together.answer(number)) for number in (1, 2)] == [2, 4]
