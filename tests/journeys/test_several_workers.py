"""Several workers, several machines, one PostgreSQL: what one of them does, the others know at once.

Two servers on one database stand for two machines: each has folders of its own. Workers of one machine are
`ocop serve` with OCOP_WORKERS, one of which is killed.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine
from sqlmodel import select

from app.core.clock import now
from app.core.db import make_engine, reading, transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.dossiers.models import Evidence
from app.http.tus import metadata_header
from tests.factories.dossiers import make_dossier
from tests.factories.people import HOME, PASSWORD, People, token_for
from tests.factories.processes import children_of, words_of, workers_of
from tests.factories.register import make_producer
from tests.factories.served import Served
from tests.factories.uploads import photo
from tests.plugins.server import serving
from tests.plugins.standby import until

WORKERS = 2
_TO_BEGIN = 600.0  # several processes begin at once, on a machine that may have much else to do


@pytest.fixture
def settings(
    tmp_path: Path, new_postgres_database: Callable[..., str], postgres_template: str
) -> Settings:
    return Settings(
        data_dir=tmp_path / "a",
        database_url=new_postgres_database(template=postgres_template),
        pool_size=4,
        stamp_host="tem.example",
        login_attempts="4/hour",
        signer_beside=False,
        second_factor_roles="",
    )


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = make_engine(settings)
    with transaction(engine) as session:
        People(session, now()).agency()
    yield engine
    engine.dispose()


@contextmanager
def _two_machines(settings: Settings) -> Iterator[tuple[str, str]]:
    other = settings.model_copy(update={"data_dir": settings.data_dir.with_name("b")})
    with serving(settings) as first, serving(other) as second:
        yield first, second


@contextmanager
def _signed_in(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60) as client:
        form = {"username": "canbotinh", "password": PASSWORD, "next": "/"}
        assert client.post("/sign-in", data=form).status_code == 303
        yield client


@pytest.mark.usefixtures("engine")
def test_a_session_holds_on_both_machines_and_ends_on_both_at_once(settings: Settings) -> None:
    with _two_machines(settings) as (first, second), _signed_in(first) as person:
        assert person.get(f"{second}/work").status_code == 200
        form = {"_key": uuid4().hex, "email": "canbo@ocop.example", "phone": ""}
        done = person.post(f"{first}/account/contact", data=form)
        again = person.post(f"{second}/account/contact", data=form)
        assert (done.status_code, "idempotent-replay" in done.headers) == (303, False)
        assert (again.status_code, again.headers["idempotent-replay"]) == (303, "true")
        kept = dict(person.cookies)
        assert person.post("/sign-out").status_code == 303
        assert httpx.get(f"{second}/work", cookies=kept, timeout=60).status_code == 303


@pytest.mark.usefixtures("engine")
def test_failed_sign_ins_are_counted_together(settings: Settings) -> None:
    wrong = {"username": "canbotinh", "password": "khong-phai-mat-khau", "next": "/"}
    with _two_machines(settings) as (first, second):
        told = [
            httpx.post(f"{address}/sign-in", data=wrong, timeout=60).status_code
            for address in (first, second, first, second, first)
        ]
    assert told == [422, 422, 422, 422, 429]


def test_a_text_that_changed_on_one_machine_is_stale_on_the_other(
    settings: Settings, engine: Engine
) -> None:
    with transaction(engine) as session:
        people = People(session, now())
        people.officer()
        producer = make_producer(session, people)
        code, version = producer.code, producer.version
    token = token_for(engine, f"canbo{HOME}", Scope.REGISTER_READ, Scope.REGISTER_WRITE)
    bearer = {"authorization": f"Bearer {token}"}
    changed = f"/api/v1/producers/{code}"
    with _two_machines(settings) as (first, second):
        shown: dict[str, Any] = httpx.get(first + changed, headers=bearer, timeout=60).json()
        assert shown["version"] == version
        same = {name: shown[name] for name in ("name", "kind", "representative")}
        answers = [
            httpx.put(
                address + changed,
                headers=bearer | {"idempotency-key": uuid4().hex},
                json=same | {"version": version, "address": house},
                timeout=60,
            )
            for address, house in ((first, "Bản Một"), (second, "Bản Hai"))
        ]
    assert answers[0].is_success, answers[0].text
    assert (answers[1].status_code, answers[1].json()["code"]) == (409, "stale_version")


def test_a_file_begun_on_one_machine_begins_anew_on_another_and_arrives_whole(
    settings: Settings, engine: Engine
) -> None:
    """Without a shared folder, and without a proxy that keeps a sender on one machine."""
    with transaction(engine) as session:
        dossier = make_dossier(session, People(session, now()))
        code, owner = dossier.code, f"chuthe{dossier.producer_id}"
    content = photo(7, side=300)
    said = {"filename": "Ảnh.jpg", "dossier": code, "title": "Ảnh"}
    headers = {
        "authorization": f"Bearer {token_for(engine, owner, Scope.DOSSIERS_WRITE)}",
        "tus-resumable": "1.0.0",
    }
    piece = headers | {"content-type": "application/offset+octet-stream"}

    def at(offset: int) -> dict[str, str]:
        return piece | {"upload-offset": str(offset)}

    with _two_machines(settings) as (first, second), httpx.Client(timeout=60) as client:
        begun = client.post(
            f"{first}/uploads",
            headers=headers
            | {"upload-length": str(len(content)), "upload-metadata": metadata_header(said)},
        )
        assert begun.status_code == 201, begun.text
        path = urlsplit(begun.headers["location"]).path
        half = len(content) // 2
        sent = client.patch(first + path, headers=at(0), content=content[:half])
        assert sent.headers["upload-offset"] == str(half)
        refused = client.patch(second + path, headers=at(half), content=content[half:])
        assert refused.status_code == 409
        assert client.head(second + path, headers=headers).headers["upload-offset"] == "0"
        whole = client.patch(second + path, headers=at(0), content=content)
        assert (whole.status_code, whole.headers["upload-offset"]) == (204, str(len(content)))
    with reading(engine) as look:
        assert look.exec(select(Evidence)).one().title == "Ảnh"


def _beside(parent: int, word: str) -> int:
    """Count the processes beside the workers that do this."""
    return sum(word in words_of(child) for child in children_of(parent))


@pytest.mark.usefixtures("engine")
def test_a_worker_that_is_killed_is_replaced_and_what_runs_beside_runs_once(
    settings: Settings,
) -> None:
    settings.data_dir.mkdir(parents=True)
    log = settings.data_dir / "server.log"
    server = Served(
        settings,
        log,
        OCOP_WORKERS=str(WORKERS),
        OCOP_SIGNER_BESIDE="true",
        OCOP_JOBS_BESIDE="true",  # tests want no worker beside otherwise
    )

    def answers() -> bool:
        assert server.process.poll() is None, log.read_text()[-4000:]
        try:
            return httpx.get(f"{server.address}/register", timeout=60).status_code == 200
        except httpx.TransportError:
            return False

    try:
        until(answers, "the server answers", patience=_TO_BEGIN)
        parent = server.process.pid
        until(lambda: len(workers_of(parent)) == WORKERS)
        until(lambda: _beside(parent, "sign") and _beside(parent, "work"))
        assert (_beside(parent, "sign"), _beside(parent, "work")) == (1, 1)
        assert not any(children_of(worker) for worker in workers_of(parent))
        before = workers_of(parent)
        os.kill(min(before), signal.SIGKILL)
        until(
            lambda: len(workers_of(parent) - {min(before)}) == WORKERS,
            "another one began",
            patience=_TO_BEGIN,
        )
        until(answers)
        assert all(answers() for _ in range(10))
        after = workers_of(parent)
        server.kill()
        until(lambda: not any(words_of(one) for one in after), "its workers end with it")
    finally:
        server.kill()


def test_sqlite_has_one_worker(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"OCOP_WORKERS above 1 .* need PostgreSQL"):
        Settings(data_dir=tmp_path, workers=2)
    with pytest.raises(ValueError, match="need PostgreSQL"):
        Settings(data_dir=tmp_path, database_replica_url="postgresql://x/y")
