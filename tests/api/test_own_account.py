"""One's own account over JSON: sessions are seen and ended, a token exchanges itself and no other."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now
from app.core.db import reading, transaction
from app.domain.accounts.enums import Scope
from app.domain.accounts.models import ApiToken
from tests.conftest import AT
from tests.factories.people import People, signed_in, token_for

READS, WRITES = Scope.ACCOUNT_READ, Scope.ACCOUNT_WRITE


@pytest.fixture
def officer(client: TestClient, engine: Engine) -> TestClient:
    """Return a client that is signed in as the officer of a commune."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.officer()
        people.administrator()
    return signed_in(client, "canbo03390")


def bearer(secret: str, key: str = "") -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"} | ({"idempotency-key": key} if key else {})


def test_a_program_sees_where_its_owner_is_signed_in_and_ends_it(
    officer: TestClient, engine: Engine
) -> None:
    secret = token_for(engine, "canbo03390", READS, WRITES)
    (login,) = officer.get("/api/v1/me/sessions", headers=bearer(secret)).json()
    assert login["name"] == "Trình duyệt không rõ tên"
    path = f"/api/v1/me/sessions/{login['number']}/end"
    of_other = token_for(engine, "quantri", READS, WRITES)
    assert officer.post(path, headers=bearer(of_other, "cua-nguoi-khac")).status_code == 404
    assert officer.post(path, headers=bearer(secret, "ket-thuc-1")).status_code == 200
    assert officer.get("/account").status_code == 303
    assert officer.get("/api/v1/me/sessions", headers=bearer(secret)).json() == []


def test_a_token_without_the_scope_sees_and_does_nothing_of_it(
    officer: TestClient, engine: Engine
) -> None:
    secret = token_for(engine, "canbo03390", Scope.REGISTER_READ)
    code = officer.get("/api/v1/me", headers=bearer(secret)).json()["token"]["code"]
    for path in ("sessions", "tokens"):
        assert officer.get(f"/api/v1/me/{path}", headers=bearer(secret)).status_code == 403
    for path in ("sessions/1/end", f"tokens/{code}/rotate"):
        answer = officer.post(f"/api/v1/me/{path}", headers=bearer(secret, "khong-duoc-1"))
        assert answer.status_code == 403
        assert answer.json()["code"] == "token.scope_missing"


def test_a_token_exchanges_itself_for_one_that_may_do_the_same(
    officer: TestClient, engine: Engine
) -> None:
    old = token_for(engine, "canbo03390", READS, WRITES)
    code = officer.get("/api/v1/me", headers=bearer(old)).json()["token"]["code"]
    path = f"/api/v1/me/tokens/{code}/rotate"
    lost = officer.post(path, headers=bearer(old, "doi-khoa-1")).json()
    # The answer was lost on the way, so the program asks again: the first exchange ends.
    answer = officer.post(path, headers=bearer(old, "doi-khoa-1"))
    assert answer.status_code == 200
    said = answer.json()
    assert said["secret"] != lost["secret"]
    assert said["replaces"] == code
    assert said["token"]["scopes"] == ["account:read", "account:write"]
    assert officer.get("/api/v1/me", headers=bearer(lost["secret"])).status_code == 401
    assert officer.get("/api/v1/me", headers=bearer(old)).status_code == 200
    listed = officer.get("/api/v1/me/tokens", headers=bearer(said["secret"]))
    assert said["secret"] not in listed.text
    assert {one["code"] for one in listed.json()} == {
        code,
        lost["token"]["code"],
        said["token"]["code"],
    }
    with transaction(engine) as session:
        kept = session.exec(select(ApiToken).where(col(ApiToken.code) == code)).one()
        kept.expires_at = now() - timedelta(seconds=1)
    assert officer.get("/api/v1/me", headers=bearer(old)).status_code == 401
    assert officer.get("/api/v1/me", headers=bearer(said["secret"])).status_code == 200


def test_a_token_gains_nothing_by_exchanging_another_one(
    officer: TestClient, engine: Engine
) -> None:
    strong = token_for(engine, "canbo03390")
    code = officer.get("/api/v1/me", headers=bearer(strong)).json()["token"]["code"]
    weak = token_for(engine, "canbo03390", WRITES)
    answer = officer.post(f"/api/v1/me/tokens/{code}/rotate", headers=bearer(weak, "leo-quyen-1"))
    assert answer.status_code == 403
    assert answer.json()["code"] == "token.only_itself"


def test_the_day_of_use_is_noted_once_and_no_hour(officer: TestClient, engine: Engine) -> None:
    secret = token_for(engine, "canbo03390", READS)
    for _ in range(2):
        officer.get("/api/v1/me", headers=bearer(secret))
    (told,) = officer.get("/api/v1/me/tokens", headers=bearer(secret)).json()
    assert len(told["last_used_on"]) == len("2026-09-14")
    with reading(engine) as session:
        assert session.exec(select(col(ApiToken.last_used_on))).one() is not None
