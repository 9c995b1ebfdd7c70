"""Questions that come one by one from the event loop, asked several at each change of thread.

A change of thread costs as much as a row. What arrives while the threads are busy waits in order and
goes together: with one question at a time nothing changes, with many the change is shared.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from app.core.errors import Refusal

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Together(Generic[Question, Answer]):
    """Asks in at most so many threads, at most so many questions at a time in each; of one event loop.

    `ask` answers all it is given, in their order; a refusal among its answers is raised to who asked
    that question, what it raises itself to everybody it was asked for.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[Question]], Sequence[Answer | Refusal]],
        *,
        threads: int,
        most: int,
    ) -> None:
        self._ask = ask
        self._threads = threads
        self._most = most
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._working = 0
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself holds them weakly
        self._limiter: CapacityLimiter | None = None  # it belongs to the loop that is asked first

    async def answer(self, question: Question) -> Answer:
        """Return the answer to one question; who stops waiting for it disturbs nobody else."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._working < self._threads:
            self._working += 1
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _work(self) -> None:
        try:
            await self._work_off()
        finally:
            # Nothing is waited for between the last look at who waits and this: nobody is overlooked.
            self._working -= 1

    async def _work_off(self) -> None:
        limiter = self._limiter = self._limiter or CapacityLimiter(self._threads)
        while self._waiting:
            taken = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            questions = [question for question, _ in taken]
            asking = run_sync(self._ask, questions, limiter=limiter)
            try:
                done, _ = await asyncio.wait([asyncio.ensure_future(asking)])
                _settle(taken, done.pop())
            finally:
                for _, future in taken:
                    future.cancel()  # of those not settled: the program ends, nobody waits for ever


def _settle(
    taken: Sequence[tuple[Question, "asyncio.Future[Answer]"]],
    asked: "asyncio.Future[Sequence[Answer | Refusal]]",
) -> None:
    wrong = asked.exception()
    answers = asked.result() if wrong is None else [wrong] * len(taken)
    for (_, future), answer in zip(taken, answers, strict=True):
        if future.done():  # whoever asked has gone
            continue
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)
