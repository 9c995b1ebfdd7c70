"""Parts of the two tables that grow without end, on PostgreSQL; SQLite keeps them whole.

A part is made ahead of its first row: beside the table, then attached, so that nobody who reads or writes
waits for it longer than a moment. What came before its part was there lies in the part for the rest
and is moved when the part is made.
"""

from sqlalchemy import text

from app.core.db import Database, WriteSession, transaction

_ONE_AT_A_TIME = 7_203_198_222


def is_parted(database: Database) -> bool:
    """Tell whether tables are kept in parts here."""
    return database.dialect.name == "postgresql"


def add_part(
    database: Database, table: str, suffix: str, *, by: str, low: str, high: str, unique: str = ""
) -> bool:
    """Let rows of `table` from `low` up to `high` lie in a part of their own; False where they do.

    `by` is the column that the table is parted by; `unique` names columns that are unique within the
    part. All are names and literals of the program, never of anybody outside.
    """
    with transaction(database) as session:
        connection = session.connection()
        part, rest = f"{table}_{suffix}", f"{table}_rest"
        if _is_there(session, part):
            return False
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ONE_AT_A_TIME})
        if _is_there(session, part):
            return False
        connection.exec_driver_sql(
            f"CREATE TABLE {part} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        )
        connection.exec_driver_sql(f"LOCK TABLE {rest} IN ACCESS EXCLUSIVE MODE")
        connection.exec_driver_sql(
            f'WITH moved AS (DELETE FROM {rest} WHERE "{by}" >= {low} AND "{by}" < {high} '  # noqa: S608 -- names and literals of the program
            f"RETURNING *) INSERT INTO {part} SELECT * FROM moved"
        )
        if unique:
            name = f"uq_{part}_{unique.replace(', ', '_')}"
            connection.exec_driver_sql(f"CREATE UNIQUE INDEX {name} ON {part} ({unique})")
        connection.exec_driver_sql(
            f"ALTER TABLE {table} ATTACH PARTITION {part} FOR VALUES FROM ({low}) TO ({high})"
        )
    return True


def parts_of(session: WriteSession, table: str) -> list[str]:
    """Return the suffixes of a table's parts, in order; empty where it is whole."""
    if session.get_bind().dialect.name == "sqlite":
        return []
    rows = session.connection().execute(
        text(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = CAST(:name AS regclass) ORDER BY c.relname"
        ),
        {"name": table},
    )
    return [name.removeprefix(f"{table}_") for (name,) in rows]


def drop_part(session: WriteSession, table: str, suffix: str) -> None:
    """Take a part away with all its rows, in the running transaction."""
    session.connection().exec_driver_sql(f"DROP TABLE {table}_{suffix}")


def _is_there(session: WriteSession, name: str) -> bool:
    found = session.connection().execute(text("SELECT to_regclass(:name)"), {"name": name})
    return found.scalar() is not None
