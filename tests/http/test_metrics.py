"""Measures: who may see them, that they say whether a commune waits, and that nobody waits for them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine

from app.core.clock import now
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.dossiers.enums import DossierState
from app.domain.jobs.enums import JobState
from app.domain.jobs.models import Job
from app.http.waiting import count_waiting
from app.main import create_app
from tests.conftest import AT
from tests.factories.dossiers import make_dossier
from tests.factories.people import HOME, People
from tests.factories.statements import counted

TOKEN = "chi-may-theo-doi-biet"  # noqa: S105 -- invented
BEARING = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def watched(settings: Settings) -> Iterator[TestClient]:
    """Return a client of an application that shows its measures to a token."""
    with_token = settings.model_copy(update={"metrics_token": SecretStr(TOKEN), "release": "r-1"})
    with TestClient(create_app(with_token), follow_redirects=False) as client:
        yield client


def measures(client: TestClient) -> dict[str, float]:
    answer = client.get("/metrics", headers=BEARING)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_measures_are_shown_to_their_token_alone(watched: TestClient, client: TestClient) -> None:
    assert client.get("/metrics", headers=BEARING).status_code == 404, "none is set there"
    for headers in ({}, {"authorization": "Bearer x"}, {"authorization": f"Basic {TOKEN}"}):
        answer = watched.get("/metrics", headers=headers)
        assert (answer.status_code, answer.text) == (401, "")
    python = sys.version.split()[0]
    assert measures(watched)[f'ocop_build_info{{python="{python}",release="r-1"}}'] == 1


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # a server commits by itself too
def test_answers_given_again_are_counted_and_stay_under_their_route(watched: TestClient) -> None:
    before = measures(watched)
    for path in ("/register", "/api/v1/register", "/robots.txt"):
        for _ in range(3):
            assert watched.get(path).status_code == 200
    after = measures(watched)
    name = "ocop_prepared_answers_total"
    assert after[name] - before.get(name, 0) == 6
    for route in ("/register", "/api/v1/register", "/robots.txt"):
        counted = f'ocop_request_seconds_count{{method="GET",route="{route}",status="2xx"}}'
        assert after[counted] - before.get(counted, 0) == 3, route


def test_requests_are_counted_by_route_and_strange_addresses_as_one(watched: TestClient) -> None:
    before = measures(watched)
    for path in (
        "/register/XX-1",
        "/api/v1/register/XX-1",
        "/a/b/c",
        "/c/d?e=f",
        "/static/none.css",
    ):
        assert watched.get(path).status_code == 404
    watched.request("BREW", "/sign-in")
    after = measures(watched)
    fresh = {name: value - before.get(name, 0) for name, value in after.items()}
    for method, route, count in (
        ("GET", "/register/{code}", 1),
        ("GET", "/api/v1/register/{code}", 1),
        ("GET", "unknown", 2),
        ("GET", "/static", 1),
    ):
        name = f'ocop_request_seconds_count{{method="{method}",route="{route}",status="4xx"}}'
        assert fresh[name] == count, name
    assert not [name for name in after if "BREW" in name or "/a/b" in name or "XX-1" in name]
    assert after["ocop_gate_inside"] == after["ocop_gate_waiting"] == 0


def test_a_waiting_commune_is_seen_with_its_oldest_dossier(
    settings: Settings, engine: Engine
) -> None:
    with transaction(engine) as session:
        make_dossier(session, People(session, AT), state=DossierState.FILED)
        for number, (state, due) in enumerate(
            [(JobState.WAITING, -90), (JobState.WAITING, 900), (JobState.DEAD, -5)]
        ):
            session.add(
                Job(
                    code=f"VC-{number}",
                    kind="thu",
                    state=state,
                    due_at=AT + timedelta(seconds=due),
                    created_at=AT,
                    finished_at=AT if state is JobState.DEAD else None,
                )
            )
    settings.scans_dir.mkdir()
    (settings.scans_dir / "a.journal").write_bytes(b"x" * 70)
    later = AT + timedelta(days=60)
    with counted(engine) as sent, reading(engine) as session:
        seen = count_waiting(session, at=later, scans_dir=settings.scans_dir)
    stages = {(stage.commune, stage.state): stage for stage in seen.dossiers}
    filed = stages[HOME, DossierState.FILED]
    assert (filed.count, filed.overdue) == (1, 1)
    assert timedelta(days=40) < timedelta(seconds=filed.oldest_seconds) < timedelta(days=80)
    assert seen.jobs == {"waiting": 2, "running": 0, "dead": 1}
    assert seen.jobs_late_seconds == timedelta(days=60, seconds=90).total_seconds()
    assert (seen.journal_files, seen.journal_bytes) == (1, 70)
    assert seen.notices_unplanned > 0
    assert len(sent) <= 10, sent


def test_measures_come_though_every_place_and_connection_is_taken(
    settings: Settings, engine: Engine
) -> None:
    small = settings.model_copy(update={"metrics_token": SecretStr(TOKEN), "pool_size": 2})
    app = create_app(small)
    with TestClient(app) as client:
        held = [app.state.engine.connect() for _ in range(2)]
        seen = measures(client)
        for connection in held:
            connection.close()
    assert seen["ocop_database_up"] == 1
    assert engine is not None


def test_a_database_that_is_gone_is_told_of_and_the_rest_still_counts(settings: Settings) -> None:
    update = {
        "metrics_token": SecretStr(TOKEN),
        "database_url": "postgresql+psycopg://nobody@127.0.0.1:1/none",
    }
    with TestClient(create_app(settings.model_copy(update=update))) as client:
        seen = measures(client)
    assert seen["ocop_database_up"] == 0
    assert not [name for name in seen if name.startswith("ocop_dossiers")]


def test_what_waits_is_not_counted_at_every_look(watched: TestClient, settings: Settings) -> None:
    assert measures(watched)["ocop_scan_journals"] == 0
    settings.scans_dir.mkdir(exist_ok=True)
    (settings.scans_dir / "a.journal").write_bytes(b"x")
    began = now()
    seen = measures(watched)["ocop_scan_journals"]
    assert seen == 0 or now() - began > timedelta(seconds=10)


def test_several_workers_count_together_and_the_dead_say_nothing_of_now(
    settings: Settings,
) -> None:
    """Three processes count in one folder; what they said of the present ends with them."""
    count = (
        "from types import SimpleNamespace as N\n"
        "from app.http.metrics import measure, scrape\n"
        "gate = N(inside=3, waiting=2, refused=1)\n"
        "pool = N(pool=N(checkedout=lambda: 3))\n"
        "measure(N(gate=gate, engine=pool), 'GET', '/x', 200, 0.01)\n"
    )
    show = (
        "from app.http.metrics import scrape\n"
        "from app.http.waiting import Lookout\n"
        "from app.core.settings import Settings\n"
        "settings = Settings()\n"
        "print(scrape(Lookout(settings), settings).decode())\n"
    )
    folder = settings.data_dir / "metrics"
    folder.mkdir()
    environment = os.environ | {
        "PROMETHEUS_MULTIPROC_DIR": str(folder),
        "OCOP_DATA_DIR": str(settings.data_dir),
        "OCOP_DATABASE_URL": settings.database_url,
    }

    def run(program: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, check=True
        )
        return done.stdout.decode()

    run(count)
    run(count)
    text = run(count + show)
    assert 'ocop_request_seconds_count{method="GET",route="/x",status="2xx"} 3.0' in text
    assert "ocop_gate_refused_total 3.0" in text
    assert "ocop_gate_inside 3.0" in text, "of the living one alone"
    assert "ocop_dossiers_waiting" in text
