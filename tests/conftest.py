"""What every test may ask for: a database of each kind, a session, people, and both doors.

Databases are real. A template is migrated and loaded once a run; each test gets a copy of its own
(a file on SQLite, `CREATE DATABASE … TEMPLATE` on PostgreSQL), so nothing a test does can reach
another one.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck
from hypothesis import settings as properties
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine

from app.commands.schema import migrate_database
from app.core import passwords
from app.core.db import WriteSession, finish, make_engine, open_write, transaction
from app.core.settings import Settings
from app.domain.places.actions import load_reference

# The same examples in every run and no stopwatch: a gate says the same of the same change, on whatever
# machine. Whoever looks for new examples asks for them: pytest --hypothesis-profile=exploring.
properties.register_profile(
    "exploring",
    deadline=None,
    # What a test is given (a client, a session) serves all its examples: each such test is written so.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
properties.register_profile(
    "gate",
    properties.get_profile("exploring"),
    derandomize=True,
    database=None,
    print_blob=True,
)
properties.load_profile("gate")

pytest_plugins = [
    "tests.plugins.loud",
    "tests.plugins.memory",
    "tests.plugins.order",
    "tests.plugins.statements",
    "tests.plugins.bucket",
    "tests.plugins.mail",
    "tests.plugins.postgres",
    "tests.plugins.archiving",
    "tests.plugins.browser",
    "tests.plugins.provider",
    "tests.plugins.scanner",
    "tests.plugins.server",
    "tests.plugins.standby",
    "tests.factories.people",
]

# People of the tests sign in with a password alone, also at servers in processes of their own; what
# is asked of whom besides, the tests of signing in say.
os.environ.setdefault("OCOP_SECOND_FACTOR_ROLES", "")

# Servers that tests start work on nothing by themselves; the tests of jobs say otherwise.
os.environ.setdefault("OCOP_JOBS_BESIDE", "false")

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)  # a Monday, 09:00 in Viet Nam

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hash with the smallest cost Argon2id knows: tests open thousands of accounts.

    What the product's own cost is, tests/core/test_passwords.py says.
    """
    kept = passwords.HASHER
    passwords.HASHER = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    yield
    passwords.HASHER = kept


@pytest.fixture
def at() -> datetime:
    """Return the moment in which tests of the domain take place."""
    return AT


def prepare(settings: Settings) -> None:
    """Migrate an empty database and load what every installation has."""
    migrate_database(settings)
    engine = make_engine(settings)
    with transaction(engine) as session:
        load_reference(session)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated and loaded SQLite file to copy from."""
    place = tmp_path_factory.mktemp("template")
    prepare(Settings(data_dir=place, database_url=f"sqlite:///{place / 'ocop.db'}"))
    with sqlite3.connect(place / "ocop.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return place / "ocop.db"


@pytest.fixture(scope="session")
def postgres_template(
    new_postgres_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Return the name of a migrated and loaded PostgreSQL database to copy from."""
    url = new_postgres_database()
    prepare(Settings(data_dir=tmp_path_factory.mktemp("pg"), database_url=url))
    return urlsplit(url).path.removeprefix("/")


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return a fresh database with the reference data in it, of each kind in turn."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "ocop.db")
        yield f"sqlite:///{tmp_path / 'ocop.db'}"
        return
    new_database: Callable[..., str] = request.getfixturevalue("new_postgres_database")
    template_name: str = request.getfixturevalue("postgres_template")
    drop: Callable[[str], None] = request.getfixturevalue("drop_postgres_database")
    url = new_database(template=template_name)
    yield url
    drop(url)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Return settings of a small installation for one test."""
    return Settings(
        data_dir=tmp_path,
        database_url=database_url,
        pool_size=4,
        stamp_host="tem.example",
        demonstration=False,
    )


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """Return an engine on this test's database."""
    engine = make_engine(settings)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[WriteSession]:
    """Return a writing session; `commit(session)` makes it true, otherwise it is undone."""
    session = open_write(engine)
    yield session
    session.rollback()
    session.close()


def commit(session: WriteSession) -> None:
    """Make what a test did true, audit chain included."""
    finish(session)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """Return a client of the whole application that follows no redirect by itself."""
    from app.main import create_app

    with TestClient(
        create_app(settings), follow_redirects=False, raise_server_exceptions=True
    ) as client:
        yield client
