"""Producers over JSON: tokens, scopes, problems, idempotency, versions, bounded pages."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.db import reading, transaction
from app.domain.accounts.enums import Scope
from app.domain.producers.models import Producer
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME, People, token_for
from tests.factories.register import producer_data


@pytest.fixture
def officer_token(engine: Engine) -> str:
    with transaction(engine) as session:
        People(session, AT).officer(HOME)
    return token_for(engine, f"canbo{HOME}", Scope.REGISTER_READ, Scope.REGISTER_WRITE)


def body(**changes: Any) -> dict[str, Any]:
    return producer_data().model_dump(mode="json") | changes


def headers(token: str, key: str | None = None) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "idempotency-key": key or str(uuid4())}


def producers(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(Producer)).one()


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["detail"]
    assert {"type", "title", "instance", "request_id"} <= set(problem)
    return problem


def test_a_producer_is_registered_read_and_changed(client: TestClient, officer_token: str) -> None:
    made = client.post("/api/v1/producers", json=body(), headers=headers(officer_token))
    assert made.status_code == 201, made.text
    code = made.json()["code"]
    change = body(address="Bản Mới", version=1)
    change.pop("commune_code")
    changed = client.put(f"/api/v1/producers/{code}", json=change, headers=headers(officer_token))
    assert changed.json()["address"] == "Bản Mới"
    seen = client.get(f"/api/v1/producers/{code}", headers=headers(officer_token)).json()
    assert (seen["version"], seen["address"]) == (2, "Bản Mới")


def test_the_same_key_twice_has_one_effect_and_one_answer(
    client: TestClient, engine: Engine, officer_token: str
) -> None:
    key = str(uuid4())
    first = client.post("/api/v1/producers", json=body(), headers=headers(officer_token, key))
    again = client.post("/api/v1/producers", json=body(), headers=headers(officer_token, key))
    assert first.json() == again.json()
    assert again.status_code == 201
    assert again.headers["idempotent-replay"] == "true"
    assert producers(engine) == 1


def test_a_key_that_came_with_another_body_is_refused(
    client: TestClient, officer_token: str
) -> None:
    key = str(uuid4())
    client.post("/api/v1/producers", json=body(), headers=headers(officer_token, key))
    other = client.post(
        "/api/v1/producers", json=body(name="Khác"), headers=headers(officer_token, key)
    )
    assert_problem(other, 409, "idempotency.key_used_otherwise")


def test_an_unsafe_call_without_a_key_does_nothing(
    client: TestClient, engine: Engine, officer_token: str
) -> None:
    answer = client.post(
        "/api/v1/producers", json=body(), headers={"authorization": f"Bearer {officer_token}"}
    )
    assert_problem(answer, 422, "idempotency.key_needed")
    assert producers(engine) == 0


def test_an_old_version_is_answered_with_both_versions(
    client: TestClient, officer_token: str
) -> None:
    code = client.post("/api/v1/producers", json=body(), headers=headers(officer_token)).json()[
        "code"
    ]
    change = body(address="Bản Mới", version=7)
    change.pop("commune_code")
    answer = client.put(f"/api/v1/producers/{code}", json=change, headers=headers(officer_token))
    problem = assert_problem(answer, 409, "stale_version")
    assert (problem["sent_version"], problem["current_version"]) == (7, 1)


def test_no_token_a_foreign_one_and_a_narrow_one_are_told_apart(
    client: TestClient, engine: Engine, officer_token: str
) -> None:
    assert officer_token
    nobody = client.get("/api/v1/producers")
    assert_problem(nobody, 401, "token.needed")
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    assert_problem(client.get("/api/v1/producers", headers=headers("ocop_x")), 401, "token.needed")
    narrow = token_for(engine, f"canbo{HOME}", Scope.STAMPS_READ)
    assert_problem(
        client.get("/api/v1/producers", headers=headers(narrow)), 403, "token.scope_missing"
    )


def test_another_commune_is_refused_with_the_basis(
    client: TestClient, engine: Engine, officer_token: str
) -> None:
    answer = client.post(
        "/api/v1/producers", json=body(commune_code=ELSEWHERE), headers=headers(officer_token)
    )
    problem = assert_problem(answer, 403, "producer.other_commune")
    assert "26/2026" in problem["basis"]
    assert producers(engine) == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"kind": "x"}, "kind"),
        ({"registered_on": "31/12/2026"}, "registered_on"),
        ({"commune_code": "abcde"}, "commune_code"),
        ({"unknown": 1}, "unknown"),
        ({"history": "x" * 9000}, "history"),
    ],
)
def test_malformed_fields_are_each_answered_with_a_sentence(
    client: TestClient, officer_token: str, wrong: dict[str, Any], field: str
) -> None:
    answer = client.post("/api/v1/producers", json=body(**wrong), headers=headers(officer_token))
    problem = assert_problem(answer, 422, "invalid")
    assert field in problem["errors"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"text"'])
def test_a_body_that_is_no_object_is_a_problem_not_a_fault(
    client: TestClient, officer_token: str, raw: bytes
) -> None:
    answer = client.post(
        "/api/v1/producers",
        content=raw,
        headers=headers(officer_token) | {"content-type": "application/json"},
    )
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "after=-1", "after=x", f"q={'x' * 81}"])
def test_a_list_is_bounded(client: TestClient, officer_token: str, query: str) -> None:
    answer = client.get(f"/api/v1/producers?{query}", headers=headers(officer_token))
    assert_problem(answer, 422, "invalid")


def test_an_oversized_body_is_refused_before_it_is_read_whole(
    client: TestClient, officer_token: str
) -> None:
    answer = client.post(
        "/api/v1/producers",
        content=b"x" * (21 * 1024 * 1024),
        headers=headers(officer_token) | {"content-type": "application/json"},
    )
    assert_problem(answer, 413, "body.too_large")


def test_unknown_addresses_and_methods_are_problems_too(
    client: TestClient, officer_token: str
) -> None:
    assert_problem(client.get("/api/v1/nothing"), 404, "not_found")
    assert_problem(
        client.delete("/api/v1/producers", headers=headers(officer_token)),
        405,
        "method_not_allowed",
    )
