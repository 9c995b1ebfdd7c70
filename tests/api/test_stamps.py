"""Stamp batches over JSON: the whole way, refusals with code and basis, issue exactly once."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.stamps.models import Stamp
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME, People, token_for
from tests.factories.recognition import import_certificate
from tests.factories.stamps import ensure_key


class Office:
    """A certificate, a key, and a caller for each account."""

    def __init__(self, client: TestClient, engine: Engine, keys: Path) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            self.certificate = import_certificate(session, people).code
            ensure_key(session, keys, at=AT)
            people.agency()
            people.head()
            people.officer(ELSEWHERE)
        self.client = client
        self.tokens = {
            name: token_for(engine, account)
            for name, account in {
                "officer": f"canbo{HOME}",
                "stranger": f"canbo{ELSEWHERE}",
                "agency": "canbotinh",
                "head": "truongcoquan",
            }.items()
        }

    def get(self, who: str, path: str) -> Any:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        return self.client.get(f"/api/v1{path}", headers=headers)

    def post(self, who: str, path: str, key: str | None = None, **body: Any) -> Any:
        headers = {
            "authorization": f"Bearer {self.tokens[who]}",
            "idempotency-key": key or str(uuid4()),
        }
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)

    def order(self, quantity: int = 5) -> str:
        answer = self.post("officer", "/batches", certificate=self.certificate, quantity=quantity)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])


@pytest.fixture
def office(client: TestClient, engine: Engine, settings: Settings) -> Office:
    return Office(client, engine, settings.private_key_dir)


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert (problem["code"], problem["status"]) == (code, status)
    return problem


def test_a_batch_goes_its_way_and_its_counts_balance(office: Office) -> None:
    path = f"/batches/{office.order()}"
    assert office.post("head", f"{path}/approve", version=1).json()["state"] == "approved"
    issued = office.post("agency", f"{path}/issue", version=2).json()
    assert (issued["state"], issued["counts"]["in_hand"]) == ("issued", 5)
    page = office.get("agency", f"{path}/stamps?limit=3").json()
    assert [one["position"] for one in page["items"]] == [1, 2, 3]
    rest = office.get("agency", f"{path}/stamps?limit=3&after={page['next_after']}").json()
    assert (len(rest["items"]), rest["next_after"]) == (2, None)
    first = page["items"][0]
    assert first["url"].startswith("https://tem.example/")
    sheet = office.get("agency", f"{path}/labels.pdf")
    assert sheet.content.startswith(b"%PDF")
    voided = office.post(
        "agency", f"{path}/void", version=3, serials=[first["serial"]], reason="Tem in hỏng"
    ).json()
    assert voided["counts"] == {
        "issued": 5,
        "in_hand": 4,
        "activated": 0,
        "suspended": 0,
        "void": 1,
    }
    office.post("agency", f"{path}/deliver", version=4, delivered_to="Bà Mẫu")
    used = office.post("officer", f"{path}/activate", version=5).json()
    assert (used["state"], used["counts"]["activated"]) == ("in_use", 4)
    assert office.post("agency", f"{path}/close", version=6).json()["state"] == "closed"


def test_issue_sent_again_has_no_second_effect(office: Office, engine: Engine) -> None:
    path = f"/batches/{office.order()}"
    office.post("head", f"{path}/approve", version=1)
    key = str(uuid4())
    first = office.post("agency", f"{path}/issue", key, version=2)
    again = office.post("agency", f"{path}/issue", key, version=2)
    assert first.json() == again.json()
    assert again.headers["idempotent-replay"] == "true"
    assert_problem(office.post("agency", f"{path}/issue", version=3), 409, "batch.state")
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(Stamp)).one() == 5


def test_a_stale_version_is_answered_with_both(office: Office) -> None:
    path = f"/batches/{office.order()}"
    office.post("head", f"{path}/approve", version=1)
    problem = assert_problem(
        office.post("agency", f"{path}/issue", version=1), 409, "stale_version"
    )
    assert (problem["sent_version"], problem["current_version"]) == (1, 2)


def test_refusals_say_why_and_strangers_see_nothing(office: Office) -> None:
    path = f"/batches/{office.order()}"
    problem = assert_problem(
        office.post("agency", f"{path}/approve", version=1), 403, "batch.head_decides"
    )
    assert problem["basis"] == "26/2026/QĐ-TTg, Điều 9.3.b, Điều 9.4.a"
    assert_problem(office.get("stranger", path), 404, "not_found")
    assert_problem(office.post("stranger", f"{path}/approve", version=1), 404, "not_found")
    assert office.get("stranger", "/batches").json()["items"] == []
    assert_problem(office.get("officer", f"{path}/labels.pdf"), 403, "batch.agency_issues")
    assert_problem(office.get("agency", f"{path}/stamps"), 409, "batch.state")


@pytest.mark.parametrize(
    "body", [{}, {"quantity": 0}, {"quantity": 20_001}, {"quantity": "x"}, {"more": 1}]
)
def test_bad_orders_are_told_field_by_field(office: Office, body: dict[str, Any]) -> None:
    full: dict[str, Any] = {"certificate": office.certificate, "quantity": 1} | body
    answer = office.post("officer", "/batches", **(full if body else {}))
    assert assert_problem(answer, 422, "invalid")["errors"]


@pytest.mark.parametrize("query", ["after=-1", f"after={2**40}", "limit=0", "limit=101", "after=x"])
def test_bad_pages_are_refused_never_a_fault(office: Office, query: str) -> None:
    assert office.get("agency", f"/batches?{query}").status_code == 422
