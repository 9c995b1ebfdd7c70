"""A copy of a SQLite database that is consistent while others write, and looked over before it counts."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine

from app.core.errors import Conflict, Worded


class DatabaseDamaged(Conflict):
    """SQLite itself says that the file is not in order."""

    code = "backup.database_damaged"
    message = "Cơ sở dữ liệu không nguyên vẹn ({said}): bản sao này không được giữ."


def copy_database(source: Path, to: Path) -> None:
    """Copy in one step of SQLite's own backup: it reads one moment, and writers go on in the WAL."""
    if not source.is_file():
        raise DatabaseDamaged(said=Worded("không có tệp {path}", path=source))
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(to)) as written:
        read.execute("PRAGMA query_only=ON")
        read.execute("PRAGMA busy_timeout=10000")
        read.backup(written)
        written.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it


def check(file: Path) -> None:
    """Let SQLite look the whole file over: every page, every index, every reference."""
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?immutable=1", uri=True)) as opened:
        said = [str(row[0]) for row in opened.execute("PRAGMA integrity_check(3)")]
        if said != ["ok"]:
            raise DatabaseDamaged(said="; ".join(said)[:300])
        strays = opened.execute("PRAGMA foreign_key_check").fetchmany(3)
        if strays:
            raise DatabaseDamaged(said=f"tham chiếu không có đích: {strays}"[:300])


@contextmanager
def opened(file: Path) -> Iterator[Engine]:
    """Lend an engine on a copy that nobody writes: it leaves the file and its folder untouched."""
    engine = create_engine(f"sqlite:///{file.resolve().as_uri()}?immutable=1&uri=true")
    try:
        yield engine
    finally:
        engine.dispose()


class Changes:
    """Tells whether somebody wrote since the last copy, without reading the database."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, check_same_thread=False)
        self._kept: int | None = None
        self._seen = 0

    def are_there(self) -> bool:
        """Whether another connection committed since `are_kept`; always before the first copy."""
        self._seen = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        return self._seen != self._kept

    def are_kept(self) -> None:
        """Note that what was there when it was last asked is in a copy."""
        self._kept = self._seen

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()
