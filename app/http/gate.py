"""Admission: no more requests inside than there are database connections.

Requests that hold a connection while waiting for a thread, and threads that wait for a connection,
stop a server for good. With one connection a request and a gate of the pool's size that cannot be.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Overloaded(Exception):  # noqa: N818 -- an answer (503), not a fault
    """Too many are waiting; come again in a moment."""

    retry_after_seconds = 2


class Gate:
    """A queue before the database: `places` inside, the rest wait at most `patience` seconds."""

    def __init__(self, places: int, patience: float) -> None:
        self._places = asyncio.Semaphore(places)
        self._patience = patience

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Hold a place for the length of the block, or raise Overloaded."""
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError as waited:
            raise Overloaded from waited
        try:
            yield
        finally:
            self._places.release()
