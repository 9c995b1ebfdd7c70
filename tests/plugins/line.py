"""A line that breaks: a proxy that cuts every connection after a while and lets some not begin."""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from urllib.parse import urlsplit

SHORTEST, LONGEST = 40_000, 160_000
DROPPED = 0.05
_AT_ONCE = 16_384


class Line:
    """Carries bytes to a server and back, as badly as told."""

    def __init__(self, server: str, *, seed: int = 1, calm: bool = False) -> None:
        place = urlsplit(server)
        self._server = (str(place.hostname), place.port or 80)
        self._random = random.Random(seed)  # noqa: S311 -- the same bad luck in every run
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self.calm = calm
        self._down = Event()
        self.sent = 0  # bytes that went up
        self.cuts = 0
        self._due: tuple[int, Callable[[], None]] | None = None
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where to send instead of to the server."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def once_sent(self, more: int, do: Callable[[], None]) -> None:
        """Do something in the middle of the transfer, when so many more bytes went up."""
        self._due = (self.sent + more, do)

    def breaks_after(self, more: int) -> None:
        """Cut everything after so many more bytes, and let nothing through until `mend`."""

        def fall() -> None:
            self._down.set()
            self._cut_all()

        self.once_sent(more, fall)

    def mend(self) -> None:
        """Let everything through again."""
        self._down.clear()

    def close(self) -> None:
        """End the proxy and what goes through it."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._cut_all()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            dropped = self._random.random() < DROPPED
            most = self._random.randint(SHORTEST, LONGEST)
            if self._down.is_set() or (dropped and not self.calm):
                client.close()
                continue
            try:
                server = socket.create_connection(self._server)
            except OSError:
                client.close()
                continue
            self._open |= {client, server}
            if self._down.is_set():  # it broke since: this connection was not there to be cut
                self._cut(client)
                self._cut(server)
                continue
            for way in ((client, server, True), (server, client, False)):
                Thread(target=self._carry, args=(*way, most), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, up: bool, most: int) -> None:
        carried = 0
        with suppress(OSError):
            while content := source.recv(_AT_ONCE):
                target.sendall(content)
                carried += len(content)
                if up:
                    self._went_up(len(content))
                if carried > most and not self.calm:
                    self.cuts += 1
                    break
        for end in (source, target):
            self._cut(end)

    def _went_up(self, size: int) -> None:
        with self._lock:
            self.sent += size
            if self._due is None or self.sent < self._due[0]:
                return
            do, self._due = self._due[1], None
        do()

    def _cut(self, end: socket.socket) -> None:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
        self._open.discard(end)

    def _cut_all(self) -> None:
        for end in list(self._open):
            self._cut(end)


@contextmanager
def line_to(server: str, *, seed: int = 1, calm: bool = False) -> Iterator[Line]:
    """Lend a line to a server."""
    line = Line(server, seed=seed, calm=calm)
    try:
        yield line
    finally:
        line.close()
