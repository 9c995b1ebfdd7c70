"""The demonstration world, built once for each module that walks through it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.core.clock import now
from app.core.db import make_engine
from app.core.settings import Settings
from app.demonstration.world import build_world
from app.main import create_app
from tests.journeys.world import World


def _built(settings: Settings) -> Iterator[World]:
    engine = make_engine(settings)
    build_world(engine, settings, at=now())
    engine.dispose()
    app = create_app(settings)
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as client:
        yield World(settings, app.state.engine, client)


def _settings(place: Path, database_url: str) -> Settings:
    return Settings(
        data_dir=place,
        database_url=database_url,
        demonstration=True,
        stamp_host="minhhoa.example",
        login_attempts="1000/minute",
        login_attempts_of_network="1000/minute",
        reports_of_network="100000/minute",
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[World]:
    """Build the demonstration world once for this module."""
    place = tmp_path_factory.mktemp("world")
    shutil.copy(sqlite_template, place / "ocop.db")
    yield from _built(_settings(place, f"sqlite:///{place / 'ocop.db'}"))


@pytest.fixture(scope="module")
def world_on_postgres(
    tmp_path_factory: pytest.TempPathFactory,
    new_postgres_database: Callable[..., str],
    postgres_template: str,
) -> Iterator[World]:
    """Build it on PostgreSQL, where other values are refused by the database."""
    place = tmp_path_factory.mktemp("world-pg")
    yield from _built(_settings(place, new_postgres_database(template=postgres_template)))
