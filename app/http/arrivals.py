"""Bodies taken piece by piece, without a database connection and never whole in memory.

A line that breaks often looks open from here for minutes. So a silent sender is waited for only so
long, and hardly at all once the same file is being sent from a second connection.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request

_TICK_SECONDS = 0.5
_FEW_INSPECTIONS = 2  # a whole photo is in memory while it is looked at


class Arrivals:
    """The files that come in at this moment, in this process."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._asked: dict[str, asyncio.Event] = {}
        self.inspecting = asyncio.Semaphore(_FEW_INSPECTIONS)

    def ask_to_end(self, code: str) -> None:
        """Tell whoever sends this file that somebody else wants to go on with it."""
        if asked := self._asked.get(code):
            asked.set()

    async def pieces(self, request: Request, code: str) -> AsyncIterator[bytes]:
        """Yield what comes, until the end, the break of the line, or silence."""
        asked = self._asked[code] = asyncio.Event()
        stream = request.stream()
        try:
            while (piece := await self._next(stream, asked)) is not None:
                yield piece
        finally:
            if self._asked.get(code) is asked:
                del self._asked[code]

    async def _next(self, stream: AsyncIterator[bytes], asked: asyncio.Event) -> bytes | None:
        waiting = asyncio.ensure_future(_piece(stream))
        waited = 0.0
        try:
            while waited < self._patience:
                done, _ = await asyncio.wait({waiting}, timeout=_TICK_SECONDS)
                if done:
                    return waiting.result()
                if asked.is_set():
                    return None
                waited += _TICK_SECONDS
            return None
        finally:
            if not waiting.done():
                waiting.cancel()
                with suppress(asyncio.CancelledError):
                    await waiting


async def _piece(stream: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(stream)
    except (StopAsyncIteration, ClientDisconnect):
        return None
