"""The one chain of migrations, on both databases: whole, reversible, and true to the models."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from app.core.db import make_engine
from app.core.settings import Settings
from app.tables import TABLES
from tests.architecture.source import ROOT, python_files


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return settings of an installation whose database is still empty."""
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path)
    new_database: Callable[..., str] = request.getfixturevalue("new_postgres_database")
    return Settings(data_dir=tmp_path, database_url=new_database())


@pytest.fixture
def engine(empty: Settings) -> Iterator[Engine]:
    """Return an engine on the empty database."""
    engine = make_engine(empty)
    yield engine
    engine.dispose()


@pytest.fixture
def alembic(empty: Settings) -> Config:
    """Return Alembic, pointed at the empty database and silent."""
    config = Config(str(ROOT / "alembic.ini"), stdout=io.StringIO())
    config.attributes["settings"] = empty
    return config


def tables(engine: Engine) -> set[str]:
    """Return the tables that are there, Alembic's own aside."""
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_the_chain_builds_exactly_the_tables_of_the_models(alembic: Config, engine: Engine) -> None:
    assert TABLES
    command.upgrade(alembic, "head")
    assert len(tables(engine)) > len(TABLES)
    command.check(alembic)


def test_every_step_can_be_taken_back_and_again(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "head")
    built = tables(engine)
    command.downgrade(alembic, "-1")
    command.upgrade(alembic, "head")
    assert tables(engine) == built
    command.downgrade(alembic, "base")
    assert tables(engine) == set()
    command.upgrade(alembic, "head")
    command.check(alembic)


def test_there_is_one_newest_revision_and_the_file_head_names_it() -> None:
    chain = ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini")))
    assert chain.get_heads() == [(ROOT / "migrations/HEAD").read_text(encoding="utf-8").strip()]


def test_migrations_do_not_depend_on_what_the_program_becomes() -> None:
    for migration in python_files("migrations/versions"):
        assert not [name for _line, name in migration.imported() if name.split(".")[0] == "app"]
