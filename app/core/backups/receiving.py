"""The log of a PostgreSQL server as it comes over the network: no command runs on the server's machine.

A slot holds on the server what has not come yet; so nothing lacks after a pause, and the server's disk
fills while nobody receives: `max_slot_wal_keep_size` bounds that.
"""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.backups import cluster, wal
from app.core.backups.place import Place
from app.core.backups.programs import Address, ProgramFailed, Programs

_STOPS_WITHIN = 30.0
_PROGRAM = "pg_receivewal"


class Receiver:
    """Runs `pg_receivewal` beside us and takes what is whole into a place of backups."""

    def __init__(self, address: Address, programs: Programs, incoming: Path) -> None:
        self._address, self._programs, self._incoming = address, programs, incoming
        self._running: subprocess.Popen[bytes] | None = None
        self._server = cluster.look(address)
        incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._words = (
            f"--dbname={address.url}",
            f"--directory={incoming}",
            f"--slot={cluster.SLOT}",
            "--no-password",
        )
        programs.run(
            _PROGRAM,
            *self._words,
            "--create-slot",
            "--if-not-exists",
            version=self._server.version,
            environment=address.environment,
        )

    def end_segment(self) -> None:
        """Let the server send what it has; whatever its rows name is kept before `keep`."""
        self._keep_running()
        cluster.end_segment(self._address)

    def keep(self, place: Place) -> int:
        """Keep all segments that came whole; return how many."""
        taken = 0
        for path in sorted(self._incoming.iterdir()):
            if path.suffix == ".partial" or path.name.startswith("."):
                continue
            wal.archive(place, path, path.name, system=self._server.system)
            path.unlink()
            taken += 1
        return taken

    def stop(self) -> None:
        """End the program; the slot stays, and holds what comes meanwhile."""
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(signal.SIGINT)
            try:
                self._running.wait(_STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait()

    def _keep_running(self) -> None:
        ended = self._running is not None and self._running.poll() is not None
        if self._running is None or ended:
            log = self._incoming / ".log"
            said = log.read_text(encoding="utf-8", errors="replace")[-500:] if ended else ""
            log.write_text("", encoding="utf-8")
            self._running = self._programs.start(
                _PROGRAM,
                *self._words,
                version=self._server.version,
                log=log,
                environment=self._address.environment,
            )
            if ended:  # it runs again; that it had ended is told
                raise ProgramFailed(program=_PROGRAM, said=said.strip() or "đã dừng")


@contextmanager
def receiving(address: Address, programs: Programs, incoming: Path) -> Iterator[Receiver]:
    """Receive a server's log until the end of the block."""
    receiver = Receiver(address, programs, incoming)
    try:
        yield receiver
    finally:
        receiver.stop()
