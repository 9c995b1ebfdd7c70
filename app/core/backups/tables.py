"""How many rows each table has, and a hash over all of them in the order of their keys.

Two databases of one kind that hold the same give the same; rows stream, so that memory stays flat.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine

from app.core.backups.manifest import TableFacts
from app.core.db import ReadSession, steady_reading

_ROWS = 2000
_TABLES = """
SELECT c.relname, coalesce(
    (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY array_position(i.indkey::int2[], a.attnum))
     FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey::int2[])
     WHERE i.indrelid = c.oid AND i.indisprimary), '')
FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
ORDER BY c.relname
"""


def facts_of(engine: Engine, *, hashed: bool) -> dict[str, TableFacts]:
    """Return the facts about every table at one moment."""
    with steady_reading(engine) as session:
        return facts_seen(session, hashed=hashed)


def facts_seen(session: ReadSession, *, hashed: bool) -> dict[str, TableFacts]:
    """Return the facts about every table as a session sees them."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return dict(_of_sqlite(connection, hashed=hashed))
    return dict(_of_postgresql(connection, hashed=hashed))


@contextmanager
def seeing(engine: Engine, snapshot: str) -> Iterator[ReadSession]:
    """Lend a session that sees what a snapshot saw, which PostgreSQL exported."""
    with steady_reading(engine) as session:
        session.connection().exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        yield session


def _of_sqlite(connection: Connection, *, hashed: bool) -> Iterator[tuple[str, TableFacts]]:
    driver: Any = connection.connection.driver_connection
    listed = driver.execute(
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main'"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    for (table,) in listed.fetchall():
        if not hashed:
            count = driver.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 -- a name the database told
            yield table, TableFacts(rows=count)
            continue
        keys = driver.execute(
            "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table,)
        ).fetchall()
        order = ", ".join(f'"{key}"' for (key,) in keys) or "rowid"
        digest, rows = hashlib.sha256(), 0
        found = driver.execute(f'SELECT * FROM "{table}" ORDER BY {order}')  # noqa: S608 -- names the database told
        while some := found.fetchmany(_ROWS):
            rows += len(some)
            digest.update(repr(some).encode())
        yield table, TableFacts(rows=rows, sha256=digest.hexdigest())


def _of_postgresql(connection: Connection, *, hashed: bool) -> Iterator[tuple[str, TableFacts]]:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        for said in (
            "statement_timeout = 0",
            "timezone = 'UTC'",
            "datestyle = 'ISO'",
            "bytea_output = 'hex'",
        ):
            cursor.execute(f"SET LOCAL {said}")
        cursor.execute(_TABLES)
        for table, keys in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 -- a name the database told
            rows = cursor.fetchone()[0]
            if not hashed:
                yield table, TableFacts(rows=rows)
                continue
            digest = hashlib.sha256()
            order = f" ORDER BY {keys}" if keys else ""
            with cursor.copy(f'COPY (SELECT * FROM "{table}"{order}) TO STDOUT') as copy:  # noqa: S608 -- names the database told
                for block in copy:
                    digest.update(block)
            yield table, TableFacts(rows=rows, sha256=digest.hexdigest())


def differing(before: dict[str, TableFacts], after: dict[str, TableFacts]) -> list[str]:
    """Return a line for each table that is not as it was; what was not hashed is counted."""
    found = []
    for table in sorted(before.keys() | after.keys()):
        old, new = before.get(table), after.get(table)
        if old is None or new is None:
            found.append(f"{table}: {'thừa' if old is None else 'thiếu'} bảng")
        elif old.rows != new.rows:
            found.append(f"{table}: {new.rows} dòng, bản kê ghi {old.rows}")
        elif old.sha256 and old.sha256 != new.sha256:
            found.append(f"{table}: {new.rows} dòng, nội dung khác bản kê")
    return found
