"""The demonstration world, built once for each module that walks through it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.core.clock import now
from app.core.db import make_engine
from app.core.settings import Settings
from app.demonstration.world import build_world
from app.main import create_app
from tests.journeys.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[World]:
    """Build the demonstration world once for this module."""
    place = tmp_path_factory.mktemp("world")
    shutil.copy(sqlite_template, place / "ocop.db")
    settings = Settings(
        data_dir=place,
        database_url=f"sqlite:///{place / 'ocop.db'}",
        demonstration=True,
        stamp_host="minhhoa.example",
        login_attempts="1000/minute",
    )
    engine = make_engine(settings)
    build_world(engine, settings, at=now())
    app = create_app(settings)
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as client:
        yield World(settings, app.state.engine, client)
    engine.dispose()
