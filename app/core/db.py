"""Engine, read and write sessions, and the only commits of the whole program."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NewType, TypeAlias

import psycopg
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session as PlainSession
from sqlalchemy.pool import QueuePool
from sqlmodel import Session, SQLModel

from app.core.errors import Unreachable
from app.core.settings import Settings

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Database: TypeAlias = Engine  # for the doors, which know no SQLAlchemy
DATABASE_FAULTS = (DBAPIError, PoolExhausted, psycopg.Error, sqlite3.Error)
_A_LOOK_SECONDS = 2  # how long a connection beside the pool waits for a server that says nothing
ReadSession = NewType("ReadSession", Session)
WriteSession = NewType("WriteSession", ReadSession)
_NONE = timedelta()
_LAG = "ocop_lag"
_READS = "ocop_reads"  # whether a connection of SQLite was last told only to read


def metadata() -> MetaData:
    """Return the tables known so far (import app.domain models first)."""
    return SQLModel.metadata


class DatabaseUnreachable(Unreachable):
    """The database is restarting, full, or kept somebody waiting too long: all was undone."""

    code = "database.unreachable"
    message = (
        "Cơ sở dữ liệu đang khởi động lại hoặc quá bận. Hãy thử lại sau vài giây; "
        "gửi lại cũng chỉ được ghi một lần."
    )
    retry_after_seconds = 5


# What PostgreSQL says when the same may go well a moment later (SQLSTATE, its first two letters or all).
_PASSING_CLASSES = ("08", "53", "57P")  # connection lost; no room (too many clients); shutting down
_PASSING_STATES = frozenset(
    {
        "40001",  # a row that a standby was told to clear away
        "40P01",  # two who waited in a circle
        "55P03",  # a lock that was waited for too long
        "57014",  # a statement that took too long
    }
)
_BUSY_SQLITE = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})


def is_passing(fault: BaseException) -> bool:
    """Tell whether a fault of the database is one that passes: gone, full, too slow, never a wrong query."""
    if isinstance(fault, PoolExhausted):
        return True
    if isinstance(fault, DBAPIError):
        if fault.connection_invalidated:
            return True
        fault = fault.orig or fault
    if isinstance(fault, sqlite3.OperationalError):
        return any(fault.sqlite_errorname.startswith(name) for name in _BUSY_SQLITE)
    if not isinstance(fault, psycopg.Error):
        return False
    state = fault.sqlstate
    if state is None:  # never came so far as to be told one
        return isinstance(fault, psycopg.OperationalError)
    return state.startswith(_PASSING_CLASSES) or state in _PASSING_STATES


def is_only_reading(fault: BaseException) -> bool:
    """Tell whether a database took no write: while we write, it is a standby that was taken for the first."""
    said = fault.orig if isinstance(fault, DBAPIError) else fault
    return isinstance(said, psycopg.errors.ReadOnlySqlTransaction)


def make_engine(settings: Settings) -> Engine:
    """Return an engine whose transactions mean the same on SQLite and PostgreSQL."""
    if settings.on_sqlite:
        url = settings.database_url
        engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=settings.pool_wait_seconds,
            connect_args={"check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return _on_server(settings.database_url, settings)


def make_standby_engine(settings: Settings) -> Engine | None:
    """Return an engine on the standby (OCOP_DATABASE_REPLICA_URL), None where there is none."""
    if not settings.database_replica_url:
        return None
    return _on_server(
        settings.database_replica_url,
        settings,
        connect_timeout=_A_LOOK_SECONDS,
        tcp_user_timeout=_A_LOOK_SECONDS * 1000,
    )


def _on_server(url: str, settings: Settings, **options: Any) -> Engine:
    return create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_wait_seconds,
        pool_pre_ping=True,
        connect_args={
            "options": "-c timezone=UTC -c lock_timeout=10s -c statement_timeout=60s",
            **options,
        },
    )


def make_engine_beside(engine: Engine, *, places: int) -> Engine:
    """Return a small engine on the same database, for short looks that must not wait for a pool.

    Each statement is a transaction of its own, and one that takes two seconds fails. What it writes
    may be lost with a power cut: it is for counts and signs of life, nothing else.
    """
    if engine.dialect.name == "sqlite":
        beside = create_engine(
            engine.url,
            poolclass=QueuePool,
            pool_size=places,
            max_overflow=0,
            connect_args={"check_same_thread": False, "timeout": _A_LOOK_SECONDS},
        )
        event.listen(
            beside, "connect", lambda made, _record: made.execute("PRAGMA busy_timeout=2000")
        )
        return beside
    milliseconds = _A_LOOK_SECONDS * 1000
    return create_engine(
        engine.url,
        pool_size=places,
        max_overflow=0,
        pool_timeout=_A_LOOK_SECONDS,
        isolation_level="AUTOCOMMIT",
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _A_LOOK_SECONDS,
            "tcp_user_timeout": milliseconds,
            "options": f"-c timezone=UTC -c lock_timeout={milliseconds} "
            f"-c statement_timeout={milliseconds} -c synchronous_commit=off",
        },
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=10000",
        "foreign_keys=ON",
        "cache_size=-16000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred BEGIN that writes later fails with "database is locked" or loses updates.
    read_only = connection.get_execution_options().get("read_only", False)
    driver = connection.connection.driver_connection
    # Told only where it changes: each time, SQLite forgets every statement it had prepared, and a
    # read of a tenth of a millisecond takes three times that.
    if driver is not None and connection.info.get(_READS) is not read_only:
        driver.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
        connection.info[_READS] = read_only
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def open_write(engine: Engine) -> WriteSession:
    """Return a session whose first statement takes the writer's place on SQLite."""
    return WriteSession(ReadSession(Session(engine, expire_on_commit=False)))


class _Reading(Session):
    """A session that only reads: who it is listened to for is settled once, not in each request."""


def open_read(engine: Engine, *, lag: timedelta = _NONE) -> ReadSession:
    """Return a session that cannot write: the database itself refuses.

    `lag` is how old what it shows may be, where that is a standby (see replica.py).
    """
    session = _Reading(engine.execution_options(read_only=True), expire_on_commit=False)
    if lag:
        session.info[_LAG] = lag
    return ReadSession(session)


def lag_of(session: ReadSession) -> timedelta:
    """Return how old what a session shows may be."""
    lag: timedelta = session.info.get(_LAG, _NONE)
    return lag


@event.listens_for(_Reading, "after_begin")
def _forbid_writing(_session: PlainSession, _transaction: object, connection: Connection) -> None:
    if connection.dialect.name != "sqlite":  # there its beginning says so
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def close_read(session: ReadSession) -> None:
    """End a reading session and give its connection back, a broken one as well."""
    try:
        session.rollback()
    except DBAPIError:  # what was read was read; a connection that broke goes nowhere
        session.invalidate()
    finally:
        session.close()


def finish(session: WriteSession) -> None:
    """Commit: the one door through which a change becomes true."""
    session.commit()


def insert_many(
    session: WriteSession,
    table: str,
    columns: Sequence[str],
    types: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> None:
    """Insert very many rows the quickest way each database knows, in the running transaction.

    Three times as quick as statements made of objects: a million stamps are two minutes, not six.
    `table`, `columns` and `types` (as PostgreSQL calls them: its binary copy guesses nothing) are
    names of the program, never of anybody outside.
    """
    connection = session.connection()
    listed = ", ".join(f'"{column}"' for column in columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({listed}) VALUES ({marks})",  # noqa: S608 -- names of the program
            list(rows),
        )
        return
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table} ({listed}) FROM STDIN (FORMAT BINARY)"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


@contextmanager
def transaction(engine: Engine) -> Iterator[WriteSession]:
    """Run a job or command as one transaction: all of it, or nothing."""
    session = open_write(engine)
    try:
        yield session
        finish(session)
    finally:
        close_read(session)


@contextmanager
def reading(engine: Engine) -> Iterator[ReadSession]:
    """Run a job or command that only looks."""
    session = open_read(engine)
    try:
        yield session
    finally:
        close_read(session)


@contextmanager
def steady_reading(engine: Engine) -> Iterator[ReadSession]:
    """Run a job that reads much and must see one moment, however long it takes and whoever writes."""
    on_sqlite = engine.dialect.name == "sqlite"  # there every transaction sees one moment
    steady = engine if on_sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
    with reading(steady) as session:
        yield session


def is_answering(engine: Engine) -> bool:
    """Tell whether the database answers a trivial question; whoever asks a dead one is told by a fault."""
    with engine.connect() as connection:
        return connection.execute(text("SELECT 1")).scalar() == 1
