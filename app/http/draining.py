"""How a process ends while others go on: it says first that it is not ready, and ends a little later.

Whoever deals requests out (a load balancer) asks /readyz: told 503, it sends the next ones elsewhere.
Meanwhile everything is answered as ever, each answer asks to close its connection, and what is
still open when the server stops listening is finished.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from app.core.settings import Settings


@contextmanager
def draining(app: Any) -> Iterator[None]:
    """Let SIGTERM wait OCOP_DRAIN_SECONDS before the server hears of it; a second one does not wait."""
    settings: Settings = app.state.settings
    if not settings.drain_seconds or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGTERM)

    def told(number: int, frame: FrameType | None) -> None:
        if app.watch.draining:
            _ask(before, number, frame)
            return
        app.watch.draining = True
        # From a signal's handler the loop must be woken: it may sleep until somebody asks.
        loop.call_soon_threadsafe(
            loop.call_later, settings.drain_seconds, _ask, before, number, None
        )

    signal.signal(signal.SIGTERM, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _ask(handler: Any, number: int, frame: FrameType | None) -> None:
    if callable(handler):
        ended: Callable[[int, FrameType | None], object] = handler
        ended(number, frame)
