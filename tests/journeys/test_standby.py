"""With a standby: scans and the register are read there while it is near, and everything tells its age.

A real PostgreSQL and a real standby that streams from it; both are stopped, started, held back and
promoted as an operator, or an accident, does it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.core.clock import now
from app.core.db import make_engine, transaction
from app.core.replica import Replica
from app.core.settings import Settings
from app.domain.stamps.enums import BatchState, RollState
from app.domain.stamps.models import StampRoll
from app.domain.verification.rules import whole_minute
from app.main import create_app
from tests.conftest import prepare
from tests.factories.people import PASSWORD, People
from tests.factories.stamps import digits_of, make_batch, stamps_of
from tests.plugins.standby import Cluster, until

PROMISED_SECONDS = 60
KEPT_BY_A_BROWSER = 30


class Served:
    """The program on a database and its standby, with one stamp in use."""

    def __init__(self, client: TestClient, settings: Settings, digits: str) -> None:
        app: Any = client.app
        self.client = client
        self.settings = settings
        self.replica: Replica = app.state.replica
        self.path = f"/api/v1/verify/{digits}"

    def scan(self) -> dict[str, Any]:
        answer = self.client.get(self.path)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told | {"age": int(answer.headers["age"])}

    def reads_standby(self) -> bool:
        return self.replica.engine is self.replica.standby


@pytest.fixture
def served(own_cluster: Cluster, standby: Cluster, tmp_path: Path) -> Iterator[Served]:
    settings = Settings(
        data_dir=tmp_path,
        database_url=own_cluster.url(),
        database_replica_url=standby.url(),
        pool_size=4,
        stamp_host="tem.example",
        signer_beside=False,
    )
    prepare(settings)
    engine = make_engine(settings)
    with transaction(engine) as session:
        people = People(session, now())
        people.agency()
        batch = make_batch(
            session, people, settings.private_key_dir, state=BatchState.IN_USE, quantity=3
        )
        digits = digits_of(stamps_of(session, batch)[0])
    engine.dispose()
    with TestClient(create_app(settings), follow_redirects=False) as client:
        served = Served(client, settings, digits)
        until(served.reads_standby, "the standby is read")
        yield served


def _asked_for_stamps(cluster: Cluster, since: datetime) -> bool:
    """Tell whether what one of its lines was asked last, after that moment, was a stamp."""
    found = cluster.run(
        "SELECT query_start FROM pg_stat_activity WHERE datname = 'ocop' "
        "AND query ~ 'stamp_(rolls|keys)' AND query NOT LIKE '%pg_stat_activity%'"
    )
    return any(isinstance(begun, datetime) and begun > since for (begun,) in found)


def test_scans_and_the_register_come_from_the_standby_and_whoever_signed_in_reads_the_first(
    served: Served, own_cluster: Cluster, standby: Cluster
) -> None:
    assert standby.run("SELECT pg_is_in_recovery()") == [(True,)]
    since = now()

    def scanned_there() -> bool:
        assert served.scan()["verdict"] == "valid"
        return _asked_for_stamps(standby, since)

    until(scanned_there)
    assert not _asked_for_stamps(own_cluster, since)
    for path in ("/register", "/api/v1/register", "/api/v1/communes"):
        answer = served.client.get(path)
        assert answer.status_code == 200
        assert 0 < int(answer.headers["age"]) <= 6, path
    assert "age" not in served.client.get("/sign-in").headers
    form = {"username": "canbotinh", "password": PASSWORD, "next": "/"}
    assert served.client.post("/sign-in", data=form).status_code == 303
    assert "age" not in served.client.get("/register").headers


def test_a_standby_that_is_held_back_is_noticed_and_a_verdict_is_never_older_than_promised(
    served: Served, standby: Cluster
) -> None:
    assert served.scan()["verdict"] == "valid"
    standby.run("SELECT pg_wal_replay_pause()")
    with transaction(served.replica.first) as session:
        for roll in session.exec(select(StampRoll)):
            roll.state, roll.suspended_at = RollState.SUSPENDED, now()
    changed = monotonic()
    until(lambda: served.scan()["verdict"] == "suspended")
    # What a browser keeps comes on top of what the server and its standby hold back.
    assert monotonic() - changed + KEPT_BY_A_BROWSER <= PROMISED_SECONDS
    assert not served.reads_standby()
    standby.run("SELECT pg_wal_replay_resume()")
    until(served.reads_standby, "the standby is read again")
    assert served.scan()["verdict"] == "suspended"


def test_a_standby_that_falls_is_not_missed_and_is_used_when_it_stands_again(
    served: Served, standby: Cluster
) -> None:
    served.scan()
    assert served.client.get("/register").status_code == 200
    standby.stop()
    for _ in range(5):
        assert served.scan()["verdict"] == "valid"
        assert served.client.get("/register").status_code == 200
        assert served.client.get("/api/v1/register").status_code == 200
    until(lambda: not served.reads_standby())
    standby.start()
    until(served.reads_standby, "the standby is read again")
    assert served.scan()["verdict"] == "valid"


def test_without_the_first_database_scans_go_on_with_their_age_and_the_standby_can_take_over(
    served: Served, own_cluster: Cluster, standby: Cluster
) -> None:
    served.scan()
    own_cluster.stop()
    stopped_at = datetime.now(UTC)
    until(lambda: served.replica.is_readable_alone, "only the standby is left")
    seen: list[dict[str, Any]] = []

    def grows_old() -> bool:
        seen.append(served.scan())
        return bool(seen[-1]["age"] >= 8)

    until(grows_old)
    assert all(one["verdict"] == "valid" for one in seen)
    assert all(before["age"] <= after["age"] + 6 for before, after in pairwise(seen))
    assert datetime.fromisoformat(seen[-1]["known_at"]) <= whole_minute(
        stopped_at + timedelta(seconds=1)
    )
    assert served.client.get("/register").status_code == 200
    assert served.client.get("/readyz").status_code == 200
    form = {"username": "canbotinh", "password": PASSWORD, "next": "/"}
    refused = served.client.post("/sign-in", data=form)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert "database.unreachable" in refused.text
    lines = b"".join(path.read_bytes() for path in served.settings.scans_dir.glob("*"))
    assert lines.count(b"\n") >= len(seen), "scans are written down as ever"

    standby.promote()
    until(lambda: standby.run("SELECT pg_is_in_recovery()") == [(False,)])
    assert served.scan()["verdict"] == "valid"
    # One address of both, and whichever takes writes is the first: nothing has to be set anew.
    both = f"{own_cluster.port},{standby.port}"
    address = own_cluster.url(
        host=f"{own_cluster.home},{own_cluster.home}", port=both, target_session_attrs="read-write"
    )
    after = served.settings.model_copy(
        update={"database_url": address.replace("postgresql", "postgresql+psycopg", 1)}
    )
    with TestClient(create_app(after), follow_redirects=False) as client:
        assert client.post("/sign-in", data=form).status_code == 303
        assert client.get(served.path).json()["verdict"] == "valid"
