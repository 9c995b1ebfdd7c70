"""The schema of the database: how far it is, and how it is brought to this release while others work."""

from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine

    from app.core.settings import Settings

_ROOT = Path(__file__).resolve().parents[2]
# migrations/env.py waits three seconds for a table; between two tries those who queued behind get theirs.
_TRIES, _PAUSE_SECONDS = 20, 2.0
_LOCK_NOT_AVAILABLE = "55P03"


class SchemaInUseError(RuntimeError):
    """Others held a table for longer than a migration may make people wait."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The revision of a database, and the newest one that this release knows."""

    here: str | None
    newest: str
    is_ahead: bool

    @property
    def is_newest(self) -> bool:
        """Tell whether they are the same."""
        return self.here == self.newest


def _alembic() -> "Config":
    from alembic.config import Config

    return Config(str(_ROOT / "alembic.ini"))


def find_schema(engine: "Engine") -> Schema:
    """Look how far the schema is; one whose revision this release does not know is of a later release."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    chain = ScriptDirectory.from_config(_alembic())
    known = {step.revision for step in chain.walk_revisions()}
    with engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_revision()
    newest = chain.get_current_head() or ""
    return Schema(here, newest, is_ahead=here is not None and here not in known)


def migrate_database(settings: "Settings") -> Schema:
    """Bring the database to the newest schema of this release; leave one of a later release as it is.

    Each try is a whole transaction: it happens, or nothing does. Raises SchemaInUseError when others held a
    table through all tries.
    """
    from alembic import command
    from sqlalchemy.exc import OperationalError

    from app.core.db import make_engine

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = make_engine(settings)
    try:
        before = find_schema(engine)
    finally:
        engine.dispose()
    if before.is_ahead:
        return before
    config = _alembic()
    config.attributes["settings"] = settings
    for again in range(_TRIES):
        try:
            command.upgrade(config, "head")
        except OperationalError as held:
            if getattr(held.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            if again + 1 == _TRIES:
                raise SchemaInUseError from held
            sleep(_PAUSE_SECONDS)
        else:
            break
    return Schema(before.newest, before.newest, is_ahead=False)


def migrate(settings: "Settings") -> None:
    """Bring the schema to this release, and say what a person has to know of it."""
    try:
        schema = migrate_database(settings)
    except SchemaInUseError as held:
        typer.echo(
            "Chưa đổi gì: có phiên làm việc giữ bảng quá lâu. Tìm phiên ấy (pg_stat_activity), rồi chạy lại.",
            err=True,
        )
        raise typer.Exit(1) from held
    if schema.is_ahead:
        typer.echo(
            f"Cấu trúc ở đây ({schema.here}) mới hơn chương trình này ({schema.newest}): để nguyên."
        )
