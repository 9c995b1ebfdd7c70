"""The database falls and stands up again: everybody is told when to come again, nothing is half done."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, func, select

from app.core.clock import now
from app.core.db import make_engine, reading, transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.audit.models import AuditEvent
from app.domain.producers.models import Producer
from app.main import create_app
from tests.conftest import prepare
from tests.factories.people import HOME, People, token_for
from tests.plugins.server import serving
from tests.plugins.standby import Cluster, until

WRITERS, ENOUGH = 4, 12


@pytest.fixture
def settings(own_cluster: Cluster, tmp_path: Path) -> Settings:
    settings = Settings(
        data_dir=tmp_path,
        database_url=own_cluster.url(),
        pool_size=4,
        stamp_host="tem.example",
        signer_beside=False,
        second_factor_roles="",
    )
    prepare(settings)
    engine = make_engine(settings)
    with transaction(engine) as session:
        People(session, now()).officer()
    engine.dispose()
    return settings


@pytest.fixture
def bearer(settings: Settings) -> Iterator[dict[str, str]]:
    engine = make_engine(settings)
    token = token_for(engine, f"canbo{HOME}", Scope.REGISTER_READ, Scope.REGISTER_WRITE)
    yield {"authorization": f"Bearer {token}"}
    engine.dispose()


def _writes(address: str, bearer: dict[str, str], over: Event) -> tuple[list[str], set[int]]:
    """Register producers, each under one key until it is acknowledged; return codes and numbers seen."""
    codes, seen = [], set()
    with httpx.Client(base_url=address, headers=bearer, timeout=60) as client:
        while not over.is_set():
            key = uuid4().hex
            data = {
                "name": f"Hợp tác xã {key}",
                "kind": "cooperative",
                "address": "Bản Mẫu",
                "representative": "Lò Văn Mẫu",
                "commune_code": HOME,
            }
            while True:
                answer = client.post(
                    "/api/v1/producers", json=data, headers={"idempotency-key": key}
                )
                seen.add(answer.status_code)
                if answer.status_code == 201:
                    codes.append(answer.json()["code"])
                    break
                assert answer.status_code == 503, answer.text
                assert int(answer.headers["retry-after"]) > 0
                assert answer.json()["code"] in {"database.unreachable", "busy"}
                Event().wait(0.1)
    return codes, seen


def test_who_writes_through_a_crash_of_the_database_is_told_and_nothing_is_lost_or_doubled(
    settings: Settings, bearer: dict[str, str], own_cluster: Cluster
) -> None:
    engine, over = make_engine(settings), Event()

    def kept() -> list[str]:
        with reading(engine) as session:
            return list(session.exec(select(col(Producer.code))))

    with serving(settings) as address, ThreadPoolExecutor(WRITERS) as crowd:
        writing = [crowd.submit(_writes, address, bearer, over) for _ in range(WRITERS)]
        until(lambda: len(kept()) >= ENOUGH)
        own_cluster.restart("immediate")
        engine.dispose()
        before = len(kept())
        until(lambda: len(kept()) >= before + ENOUGH)
        over.set()
        done = [one.result() for one in writing]
        assert httpx.get(f"{address}/readyz", timeout=60).status_code == 200
    codes = [code for some, _seen in done for code in some]
    assert len(codes) == len(set(codes))
    assert sorted(kept()) == sorted(codes), "each was kept once, and each that was kept was told"
    with reading(engine) as session:
        told = session.exec(
            select(func.count()).where(col(AuditEvent.kind) == "producer.created")
        ).one()
    assert told == len(codes)
    engine.dispose()


def test_a_database_that_is_away_is_503_with_a_sentence_and_its_return_is_noticed(
    settings: Settings, own_cluster: Cluster
) -> None:
    with TestClient(create_app(settings), follow_redirects=False) as client:
        assert client.get("/register").status_code == 200
        own_cluster.stop()
        page, problem = client.get("/register"), client.get("/api/v1/register")
        assert (page.status_code, problem.status_code) == (503, 503)
        assert "database.unreachable" in page.text
        assert "Hãy thử lại sau vài giây" in page.text
        assert problem.json()["code"] == "database.unreachable"
        assert int(page.headers["retry-after"]) > 0
        until(lambda: client.get("/readyz").status_code == 503)
        assert client.get("/healthz").status_code == 200
        own_cluster.start()
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/register").status_code == 200


def test_a_database_without_room_is_503(settings: Settings, own_cluster: Cluster) -> None:
    own_cluster.run("CREATE ROLE guest LOGIN CONNECTION LIMIT 0")
    guest = settings.database_url.replace("postgres@", "guest@")
    full = settings.model_copy(update={"database_url": guest})
    with TestClient(create_app(full), follow_redirects=False) as client:
        answer = client.get("/api/v1/register")
    assert (answer.status_code, answer.json()["code"]) == (503, "database.unreachable")


def test_who_waits_too_long_for_another_is_told_to_come_again(
    settings: Settings, bearer: dict[str, str], own_cluster: Cluster
) -> None:
    with TestClient(create_app(settings), follow_redirects=False) as client:
        assert client.get("/api/v1/producers", headers=bearer).status_code == 200
        holding = psycopg.connect(own_cluster.url())
        holding.execute("LOCK TABLE producers IN ACCESS EXCLUSIVE MODE")
        answer = client.get("/api/v1/producers", headers=bearer)  # after ten seconds
        holding.close()
        assert (answer.status_code, answer.json()["code"]) == (503, "database.unreachable")
        assert client.get("/api/v1/producers", headers=bearer).status_code == 200
