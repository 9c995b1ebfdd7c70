"""Whether this process may be sent requests: asked apart from everything that may be full.

The question goes over a connection of its own and a thread of its own, at most once a second however
many ask. So it is answered while every place before the database is taken, and tells then that the
server is ready: it is busy, not broken.
"""

import asyncio
from collections.abc import Callable

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from app.core.db import DATABASE_FAULTS, Database, is_answering, make_engine_beside

KEPT_SECONDS = 1.0
_PATIENCE_SECONDS = 5.0  # the look itself ends sooner, unless the machine is very busy


class Pulse:
    """Knows whether the database answered a moment ago."""

    def __init__(self, engine: Database, *, otherwise: Callable[[], bool] = lambda: False) -> None:
        """Take an engine to make a connection beside, and what to ask where it is silent."""
        self._beside = make_engine_beside(engine, places=1)
        self._otherwise = otherwise
        self._thread: CapacityLimiter | None = None
        self._asking: asyncio.Task[bool] | None = None
        self._known: tuple[float, bool] | None = None

    async def is_felt(self) -> bool:
        """Tell whether the database answers, or answered within this second."""
        now = asyncio.get_running_loop().time()
        if self._known is not None and 0 <= now - self._known[0] < KEPT_SECONDS:
            return self._known[1]
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._look())
        return await asyncio.shield(self._asking)

    def close(self) -> None:
        """Let the connection go."""
        self._beside.dispose()

    async def _look(self) -> bool:
        if self._thread is None:
            self._thread = CapacityLimiter(1)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                felt = await run_sync(self._asked, limiter=self._thread, abandon_on_cancel=True)
        except TimeoutError:
            felt = False
        felt = felt or self._otherwise()
        self._known = asyncio.get_running_loop().time(), felt
        return felt

    def _asked(self) -> bool:
        try:
            return is_answering(self._beside)
        except DATABASE_FAULTS:
            return False
