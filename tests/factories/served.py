"""The program as an installation runs it: a process of its own over HTTP, whose log can be read."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import httpx

from app.core.settings import Settings
from tests.architecture.source import ROOT
from tests.factories.releases import OCOP

PATIENCE = 60.0
_LOOK = 0.05


def free_port() -> int:
    """Return a port of this machine that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_for(what: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Look again and again until it is so; fail when it takes too long."""
    looked = Event()
    for _ in range(int(seconds / _LOOK)):
        if what():
            return
        looked.wait(_LOOK)
    raise AssertionError("it never came about")


class Served:
    """One process of `ocop serve`, of this release or of the one that lies at another place."""

    def __init__(
        self, settings: Settings, log: Path, port: int = 0, release: Path = ROOT, /, **more: str
    ) -> None:
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._release = release
        self._environment = os.environ | {
            "OCOP_DATA_DIR": str(settings.data_dir),
            "OCOP_DATABASE_URL": settings.database_url,
            "OCOP_PORT": str(self.port),
            "OCOP_STAMP_HOST": settings.stamp_host,
            "OCOP_SIGNER_BESIDE": "false",
            **more,
        }
        self.process = self._begun()

    def _begun(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as out:
            return subprocess.Popen(
                [*OCOP, "serve"],
                cwd=self._release,
                env=self._environment,
                stdout=out,
                stderr=out,
            )

    def kill(self) -> None:
        """End it without a word (SIGKILL)."""
        self.process.kill()
        self.process.wait()

    def is_killed_and_comes_back(self) -> None:
        """Kill it and begin it again at the same address; return when it answers."""
        self.kill()
        self.process = self._begun()
        wait_for(self.is_up)

    def is_up(self) -> bool:
        """Tell whether it answers; one that ended never will."""
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
        try:
            return httpx.get(f"{self.address}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def tell_to_end(self) -> None:
        """Send what a service manager sends."""
        self.process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        """End it; return its code."""
        if self.process.poll() is None:
            self.tell_to_end()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of its log."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


@contextmanager
def served_and_killed(settings: Settings, log: Path, **more: str) -> Iterator[Served]:
    """Serve; in the end it is killed, as it may have been in between."""
    running = Served(settings, log, **more)
    try:
        wait_for(running.is_up)
        yield running
    finally:
        running.kill()


@contextmanager
def served(settings: Settings, log: Path, port: int = 0, /, **more: str) -> Iterator[Served]:
    """Serve until the block ends."""
    running = Served(settings, log, port, **more)
    try:
        wait_for(running.is_up)
        yield running
    finally:
        running.end()
