"""`ocop migrate`: it keeps nobody waiting, and leaves what a later release made as it is."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from app.cli import cli
from app.commands import schema
from app.commands.schema import SchemaInUseError, find_schema, migrate_database
from app.core.db import make_engine
from app.core.settings import Settings
from tests.architecture.source import ROOT
from tests.plugins.standby import until

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def revision(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


@pytest.fixture
def someone(settings: Settings) -> Iterator[Engine]:
    """Return an engine of somebody who works while the schema changes, and never waits for long."""
    engine = make_engine(settings)
    yield engine
    engine.dispose()


def a_step_back(settings: Settings) -> None:
    config = Config(str(ROOT / "alembic.ini"), stdout=io.StringIO())
    config.attributes["settings"] = settings
    command.downgrade(config, "-1")


def test_what_a_later_release_made_is_left_and_told(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = find_schema(engine).newest
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    done = CliRunner().invoke(cli, ["migrate"])
    assert done.exit_code == 0, done.output
    assert f"(later) mới hơn chương trình này ({newest})" in done.output
    assert revision(engine) == "later"


@ON_POSTGRESQL
def test_readers_are_served_while_a_migration_waits_for_one_who_does_not_let_go(
    settings: Settings, engine: Engine, someone: Engine
) -> None:
    newest = find_schema(engine).newest
    a_step_back(settings)
    waiting = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database "
        "WHERE datname = current_database() AND NOT granted AND mode = 'AccessExclusiveLock'"
    )

    def is_waiting() -> bool:
        with someone.connect() as look:
            return bool(look.execute(waiting).scalar_one())

    with ThreadPoolExecutor(1) as operator:
        with engine.connect() as slow:
            slow.execute(text("SELECT count(*) FROM stamps"))
            migrating = operator.submit(migrate_database, settings)
            until(is_waiting)
            with someone.connect() as reader:
                reader.execute(text("SET statement_timeout = '20s'"))
                assert reader.execute(text("SELECT count(*) FROM stamps")).scalar_one() == 0
            assert not migrating.done()
        assert migrating.result(60).here == newest
    assert revision(engine) == newest


@ON_POSTGRESQL
def test_a_migration_that_never_gets_its_table_changes_nothing_and_says_why(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_step_back(settings)
    before = revision(engine)
    monkeypatch.setattr(schema, "_TRIES", 1)
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    with engine.connect() as slow:
        slow.execute(text("SELECT count(*) FROM stamps"))
        with pytest.raises(SchemaInUseError):
            migrate_database(settings)
        told = CliRunner().invoke(cli, ["migrate"])
    assert told.exit_code == 1
    assert "Chưa đổi gì" in told.output
    assert revision(engine) == before
