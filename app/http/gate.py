"""Admission: no more requests inside than there are database connections.

Requests that hold a connection while waiting for a thread, and threads that wait for a connection,
stop a server for good. With one connection a request and a gate of the pool's size that cannot be.
Nobody waits long either: the line before the gate is bounded, in length and in time, and whoever has
no part in it is told so at once, when to come again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.core.errors import Unreachable

LONGEST_LINE = 256


class Overloaded(Unreachable):
    """Too many are waiting; come again in a moment."""

    code = "busy"
    message = "Hệ thống đang có nhiều người dùng. Hãy thử lại sau vài giây."
    retry_after_seconds = 2


class Gate:
    """A queue before the database: `places` inside, the rest wait at most `patience` seconds.

    At most `line` wait; one more is refused without waiting.
    """

    def __init__(self, places: int, patience: float, *, line: int = LONGEST_LINE) -> None:
        self._places = asyncio.Semaphore(places)
        self._patience = patience
        self._line = line
        self.inside = 0
        self.waiting = 0
        self.refused = 0  # since the process began

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Hold a place for the length of the block, or raise Overloaded."""
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()  # at once: nobody waits
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            self._places.release()

    async def _wait(self) -> None:
        if self.waiting >= self._line:
            self.refused += 1
            raise Overloaded
        self.waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError as waited:
            self.refused += 1
            raise Overloaded from waited
        finally:
            self.waiting -= 1
