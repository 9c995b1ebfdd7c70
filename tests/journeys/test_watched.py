"""A served program that is watched: its log tells what happened and nothing about whom, and it ends well."""

import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import httpx
import psycopg
import pytest
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from tests.conftest import AT
from tests.factories.people import PASSWORD, People, token_for
from tests.factories.served import Served, served, wait_for

WRONG = "mat-khau-go-nham-9131"
PHONE, MAIL = "0912 345 678", "ba.lo.thi.thu@vidu.example"
TOLD = "Tôi thấy tem này dán trên gói chè lạ ở chợ Tam Đường"
PIN = "TRYP1N77"
SERIAL = "0000-0000-0000-0000"


@pytest.fixture
def running(settings: Settings, engine: Engine, tmp_path: Path) -> Iterator[Served]:
    with transaction(engine) as session:
        people = People(session, AT)
        people.officer()
        people.agency()
    with served(settings, tmp_path / "log", OCOP_TRUSTED_PROXIES="127.0.0.1") as running:
        yield running


def break_the_database(url: str) -> None:
    """Take the table of accounts away, so that signing in meets a fault that repeats what was typed."""
    words = "ALTER TABLE users RENAME TO users_away"
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.execute(words)
        return
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as server:
        server.execute(words)


def test_the_log_tells_what_happened_and_nothing_about_whom(
    running: Served, settings: Settings, engine: Engine
) -> None:
    token = token_for(engine, "canbotinh", Scope.REGISTER_READ)
    asked = {"x-request-id": "so-cua-may-truoc-1", "x-forwarded-for": "198.51.100.23"}
    with httpx.Client(base_url=running.address, headers=asked, timeout=60) as client:
        for password, status in ((WRONG, 422), (PASSWORD, 303)):
            answer = client.post(
                "/sign-in?next=/work", data={"username": "canbo03390", "password": password}
            )
            assert answer.status_code == status
        assert answer.headers["x-request-id"] == "so-cua-may-truoc-1"
        assert client.get("/work").status_code == 200
        client.get("/register", params={"q": MAIL})
        client.get("/a%0d%0aforged-line/b")
        client.post(f"/{SERIAL.replace('-', '')}/pin", data={"pin": PIN})
        client.get(f"/{SERIAL.replace('-', '')}")
        report = {
            "kind": "copied",
            "said": TOLD,
            "contact": PHONE,
            "email": MAIL,
            "_key": "k-1-k-1",
        }
        client.post("/report", data=report)
        client.get("/api/v1/producers", headers={"authorization": f"Bearer {token}"})
        client.get("/api/v1/producers", headers={"authorization": f"Bearer {token}x"})
        cookie = client.cookies.get("ocop") or ""
        break_the_database(settings.database_url)
        broken = client.post("/sign-in", data={"username": PHONE, "password": WRONG})
        assert broken.status_code == 500
        assert broken.headers["x-content-type-options"] == "nosniff"
    running.end()
    text = running.log.read_text(encoding="utf-8")
    secrets = [WRONG, PASSWORD, PHONE, PHONE.replace(" ", ""), MAIL, TOLD[:20], PIN, token, cookie]
    secrets += [
        SERIAL.replace("-", ""),
        SERIAL,
        "198.51.100.23",
        "Thử Nghiệm",
        "canbo03390",
        "next=",
    ]
    assert cookie
    assert [secret for secret in secrets if secret in text] == []
    lines = running.lines()
    requests = [line for line in lines if line["logger"] == "ocop.requests"]
    work = next(line for line in requests if line["route"] == "/work")
    assert (work["roles"], work["communes"]) == (["commune_officer"], ["03390"])
    assert isinstance(work["user"], int)
    assert {line["request"] for line in requests} == {"so-cua-may-truoc-1"}
    program = [line for line in requests if line["route"] == "/api/v1/producers"]
    assert [line["status"] for line in program] == [200, 401]
    assert program[0]["roles"] == ["agency_officer"]
    assert not [line for line in requests if line["route"] == f"/{SERIAL}"]
    fault = next(line for line in lines if line["level"] == "error" and line["logger"] == "ocop")
    assert any("sqlalchemy" in place for place in fault["fault"])
    assert any("/app/" in place for place in fault["fault"])
    assert fault["request"] == "so-cua-may-truoc-1"


def test_told_to_end_it_says_first_that_it_is_not_ready_and_loses_nobody(
    settings: Settings, tmp_path: Path
) -> None:
    """While it drains, everything is answered; a question that is still open at the end as well.

    People come as a balancer sends them: for a while after it is not ready, and not to the very end.
    """
    with served(settings, tmp_path / "log", OCOP_DRAIN_SECONDS="20", OCOP_POOL_SIZE="4") as running:
        assert httpx.get(f"{running.address}/readyz", timeout=60).status_code == 200
        answers: list[int] = []
        over = Event()

        def ask() -> None:
            while not over.is_set():
                answers.append(httpx.get(f"{running.address}/register", timeout=60).status_code)

        with ThreadPoolExecutor(3) as crowd, half_asked(running.port) as slow:
            asking = [crowd.submit(ask) for _ in range(3)]
            wait_for(lambda: len(answers) > 5)
            running.tell_to_end()
            wait_for(lambda: httpx.get(f"{running.address}/readyz", timeout=60).status_code == 503)
            healthy = httpx.get(f"{running.address}/healthz", timeout=60)
            assert healthy.status_code == 200, "it lives, it is only not to be asked more"
            assert healthy.headers["connection"] == "close"
            before = len(answers)
            wait_for(lambda: len(answers) > before)
            over.set()
            for one in asking:
                one.result()
            wait_for(lambda: not listens(running.port))
            assert running.process.poll() is None, "one is still asking"
            slow.sendall(b"&password=sai")
            assert slow.recv(100).startswith(b"HTTP/1.1 422 ")
        assert running.process.wait(60) == 0
        assert set(answers) == {200}


@contextmanager
def half_asked(port: int) -> Iterator[socket.socket]:
    """Lend a line on which a person has said who signs in, and not yet the password."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(
            b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 28\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=aibiet"
        )
        yield line


def listens(port: int) -> bool:
    """Tell whether somebody new would be let in."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=60).close()
    except ConnectionRefusedError:
        return False
    return True
