"""Kept files against the rows that name them: what nobody names is swept, what is named is re-hashed.

A row names a file by a column called `sha256` or ending in `_sha256`, or by the key `sha256` of a document
called `result`, whatever its table: that is all a new part of the program must do so that its files are
neither swept away nor left unverified.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.core.db import Database, ReadSession, metadata, reading
from app.core.storage import KeptFile, Storage, hash_of

UNNAMED_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep took away, and how many files it left."""

    files: int
    size: int
    drafts: int
    left: int


@dataclass(slots=True)
class Verified:
    """How many named files were looked at, and which of them are not there or not themselves."""

    files: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def named_files(session: ReadSession) -> set[str]:
    """Return the hash of every file that some row names.

    A table of the database that this process has not imported is a fault: its files would be taken
    for nobody's.
    """
    there = set(sa.inspect(session.connection()).get_table_names()) - {"alembic_version"}
    there -= _parts_of_others(session)
    if unknown := there - set(metadata().tables):
        raise RuntimeError(f"tables that nobody imported: {sorted(unknown)}")
    found: set[str] = set()
    for column in _naming_columns():
        found.update(session.scalars(sa.select(column).where(column != "").distinct()))
    return found


def sweep(engine: Database, storage: Storage, *, before: datetime, dry_run: bool = False) -> Swept:
    """Remove files that no row names and that nobody kept since `before`.

    An upload keeps its file first and writes its row a little later: hence the age, the look at the
    rows after the listing, and one more look at the file's age before it goes.
    """
    listed = list(storage.kept())
    with reading(engine) as session:
        named = named_files(session)
    gone = [
        one
        for one in listed
        if one.sha256 not in named and one.kept_at < before and _is_still_old(storage, one, before)
    ]
    if not dry_run:
        for one in gone:
            storage.remove(one.sha256)
    drafts = 0 if dry_run else storage.drop_drafts(before=before)
    return Swept(len(gone), sum(one.size for one in gone), drafts, len(listed) - len(gone))


def verify(session: ReadSession, storage: Storage) -> Verified:
    """Read every named file in pieces and hold its hash against its name."""
    report = Verified()
    for sha256 in sorted(named_files(session)):
        report.files += 1
        if storage.find(sha256) is None:
            report.missing.append(sha256)
        elif hash_of(storage, sha256) != sha256:
            report.changed.append(sha256)
    return report


def _parts_of_others(session: ReadSession) -> set[str]:
    """Return the tables in which a database keeps pieces of others.

    Of SQLite its indexes of words, copies that name no file; of PostgreSQL the parts of a table that is
    parted, whose rows are read through it.
    """
    query = (
        "SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')"
        if session.get_bind().dialect.name == "sqlite"
        else "SELECT relname FROM pg_class WHERE relispartition AND relkind IN ('r', 'p')"
    )
    return set(session.scalars(sa.text(query)))


def _naming_columns() -> Iterator[sa.ColumnElement[str]]:
    for table in metadata().sorted_tables:
        for column in table.columns:
            if column.name == "sha256" or column.name.endswith("_sha256"):
                yield column
            elif column.name == "result" and isinstance(column.type, sa.JSON):
                yield column["sha256"].as_string()


def _is_still_old(storage: Storage, one: KeptFile, before: datetime) -> bool:
    found = storage.find(one.sha256)
    return found is not None and found.kept_at < before
