"""A real clamd that knows one virus, the harmless one of EICAR: no network, no other signatures."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from tests.plugins.loud import not_run

# In two halves: the scanner of whoever reads this file would take it for the virus itself.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + rb"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MOST_STREAM_BYTES = 2 * 1024 * 1024
_STARTS_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Clamd:
    """Where the scanner listens."""

    unix: str
    tcp: str


def _settings(place: Path, port: int) -> str:
    return "\n".join(
        [
            f"DatabaseDirectory {place}",
            f"LocalSocket {place / 'clamd.sock'}",
            "TCPAddr 127.0.0.1",
            f"TCPSocket {port}",
            f"StreamMaxLength {MOST_STREAM_BYTES}",
            "MaxFileSize 1M",
            "AlertExceedsMax yes",
            "Foreground yes",
            "",
        ]
    )


@pytest.fixture(scope="session")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    """Start the scanner for the whole run."""
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
    if program is None:
        not_run("ClamAV", "gói clamav-daemon chưa cài (apt-get install clamav-daemon)")
    place = tmp_path_factory.mktemp("clamd")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (place / "one.ndb").write_text(f"Eicar-Test:0:*:{EICAR.hex()}\n", encoding="ascii")
    (place / "clamd.conf").write_text(_settings(place, port), encoding="utf-8")
    log = place / "clamd.log"
    with log.open("w") as said:
        running = subprocess.Popen(
            [program, "--config-file", str(place / "clamd.conf")], stdout=said, stderr=said
        )
    end = monotonic() + _STARTS_WITHIN
    while not (place / "clamd.sock").exists():
        assert running.poll() is None, log.read_text()
        assert monotonic() < end, log.read_text()
        try:
            running.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
    yield Clamd(f"unix:{place / 'clamd.sock'}", f"tcp://127.0.0.1:{port}")
    running.terminate()
    running.wait()
