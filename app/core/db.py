"""Engine, read and write sessions, and the only commits of the whole program."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NewType, TypeAlias

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.orm import Session as PlainSession
from sqlalchemy.pool import QueuePool
from sqlmodel import Session, SQLModel

from app.core.settings import Settings

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Database: TypeAlias = Engine  # for the doors, which know no SQLAlchemy
ReadSession = NewType("ReadSession", Session)
WriteSession = NewType("WriteSession", ReadSession)


def metadata() -> MetaData:
    """Return the tables known so far (import app.domain models first)."""
    return SQLModel.metadata


def make_engine(settings: Settings) -> Engine:
    """Return an engine whose transactions mean the same on SQLite and PostgreSQL."""
    url = settings.database_url
    if url.startswith("sqlite"):
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
    return create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_wait_seconds,
        pool_pre_ping=True,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=10s -c statement_timeout=60s"},
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
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def open_write(engine: Engine) -> WriteSession:
    """Return a session whose first statement takes the writer's place on SQLite."""
    return WriteSession(ReadSession(Session(engine, expire_on_commit=False)))


def open_read(engine: Engine) -> ReadSession:
    """Return a session that cannot write: the database itself refuses."""
    session = Session(engine.execution_options(read_only=True), expire_on_commit=False)
    event.listen(session, "after_begin", _forbid_writing)
    return ReadSession(session)


def _forbid_writing(_session: PlainSession, _transaction: object, connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only=ON")
    else:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def close_read(session: ReadSession) -> None:
    """End a reading session and give its connection back able to write again."""
    if session.in_transaction():
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA query_only=OFF")
    session.rollback()
    session.close()


def finish(session: WriteSession) -> None:
    """Commit: the one door through which a change becomes true."""
    session.commit()


@contextmanager
def transaction(engine: Engine) -> Iterator[WriteSession]:
    """Run a job or command as one transaction: all of it, or nothing."""
    session = open_write(engine)
    try:
        yield session
        finish(session)
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


@contextmanager
def reading(engine: Engine) -> Iterator[ReadSession]:
    """Run a job or command that only looks."""
    session = open_read(engine)
    try:
        yield session
    finally:
        close_read(session)


def is_answering(engine: Engine) -> bool:
    """Tell whether the database answers a trivial question."""
    with engine.connect() as connection:
        return connection.execute(text("SELECT 1")).scalar() == 1
