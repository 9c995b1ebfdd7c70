"""Posts over JSON: the administrator's program gives, invites and hands over; others may not."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.clock import today
from app.core.db import transaction
from app.domain.accounts.enums import Role, Scope
from app.domain.producers.actions import create_producer
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME, People, make_person, token_for
from tests.factories.register import producer_data

BASE = "/api/v1"


@pytest.fixture
def producer(engine: Engine) -> str:
    """Open accounts of a commune, of the neighbouring one and the administrator's."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.administrator()
        people.leader()
        officer = people.officer()
        make_person(session, "can.bo.hai", Role.COMMUNE_OFFICER, at=AT, unit_code=ELSEWHERE)
        return create_producer(session, producer_data(), actor=officer, at=AT).code


def call(client: TestClient, secret: str, method: str, path: str, **body: Any) -> Any:
    headers = {"authorization": f"Bearer {secret}", "idempotency-key": str(uuid4())}
    return client.request(method, f"{BASE}{path}", headers=headers, json=body or None)


@pytest.mark.usefixtures("producer")
def test_an_administrators_program_gives_ends_and_hands_posts_over(
    client: TestClient, engine: Engine
) -> None:
    secret = token_for(engine, "quantri", Scope.POSTS_READ, Scope.POSTS_WRITE)
    given = call(
        client,
        secret,
        "POST",
        "/accounts/can.bo.hai/posts",
        role="auditor",
        valid_from=str(today()),
    )
    assert given.status_code == 201, given.text
    number = next(post["number"] for post in given.json()["posts"] if post["role"] == "auditor")
    path = f"/accounts/can.bo.hai/posts/{number}/end"
    ended = call(client, secret, "POST", path, last_day=str(today()))
    assert ended.status_code == 200
    own = call(client, secret, "GET", f"/accounts/canbo{HOME}").json()["posts"]
    made = call(
        client,
        secret,
        "POST",
        f"/accounts/canbo{HOME}/handovers",
        to_username="can.bo.hai",
        posts=[own[0]["number"]],
        on_day=str(today() + timedelta(days=1)),
    )
    assert made.status_code == 201, made.text
    code = made.json()["code"]
    assert call(client, secret, "GET", f"/handovers/{code}").json() == made.json()
    again = call(
        client,
        secret,
        "POST",
        f"/accounts/canbo{HOME}/handovers",
        to_username="can.bo.hai",
        posts=[own[0]["number"]],
        on_day=str(today() + timedelta(days=1)),
    )
    assert again.status_code in {409, 422}
    assert len(call(client, secret, "GET", "/accounts?limit=2").json()["items"]) == 2
    officer = token_for(engine, "can.bo.hai", Scope.POSTS_READ, Scope.POSTS_WRITE)
    for method, path, body in (
        ("GET", "/accounts", {}),
        ("GET", "/accounts/quantri", {}),
        ("POST", "/accounts/quantri/enable", {}),
        ("POST", "/accounts/quantri/posts", {"role": "auditor", "valid_from": str(today())}),
    ):
        assert call(client, officer, method, path, **body).status_code == 403, path
    assert call(client, officer, "GET", f"/handovers/{code}").status_code == 200


def test_links_of_invitations_are_told_once(
    client: TestClient, engine: Engine, producer: str
) -> None:
    secret = token_for(engine, "quantri", Scope.POSTS_READ, Scope.POSTS_WRITE)
    grant = {"role": "commune_officer", "unit_code": HOME, "valid_from": str(today())}
    made = call(client, secret, "POST", "/invitations", name="Giàng A Mẫu", grants=[grant])
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    link = made.json()["link"].removeprefix("http://127.0.0.1:8000")
    assert client.get(link).status_code == 200
    listed = call(client, secret, "GET", "/invitations")
    assert link.rsplit("/", 1)[-1] not in listed.text
    one = listed.json()["items"][0]
    assert (one["state"], one["name"]) == ("open", "Giàng A Mẫu")
    renewed = call(client, secret, "POST", f"/invitations/{one['code']}/renew", version=1)
    assert renewed.status_code == 200
    assert client.get(link).status_code == 404
    revoked = call(client, secret, "POST", f"/invitations/{one['code']}/revoke", version=2)
    assert revoked.json()["state"] == "revoked"
    officer = token_for(engine, f"canbo{HOME}", Scope.POSTS_READ, Scope.POSTS_WRITE)
    path = f"/producers/{producer}/invitations"
    assert call(client, officer, "POST", path, name="Lò Thị Mẫu").status_code == 201
    assert len(call(client, officer, "GET", "/invitations").json()["items"]) == 1
    denied = call(client, officer, "POST", "/invitations", name="Giàng A Mẫu", grants=[grant])
    assert denied.status_code == 403
    stranger = token_for(engine, "can.bo.hai", Scope.POSTS_WRITE)
    assert call(client, stranger, "POST", path, name="Lò Thị Mẫu").status_code == 404


@pytest.mark.usefixtures("producer")
def test_leave_is_entered_for_others_by_the_administrators_program_alone(
    client: TestClient, engine: Engine
) -> None:
    body = {
        "username": f"lanhdao{HOME}",
        "deputy": f"canbo{HOME}",
        "first_day": str(today()),
        "last_day": str(today()),
    }
    own = token_for(engine, f"lanhdao{HOME}", Scope.POSTS_WRITE)
    denied = call(client, own, "POST", "/absences", **body)
    assert (denied.status_code, denied.json()["code"]) == (403, "posts.only_on_pages")
    secret = token_for(engine, "quantri", Scope.POSTS_READ, Scope.POSTS_WRITE)
    made = call(client, secret, "POST", "/absences", **body)
    assert made.status_code == 201, made.text
    code = made.json()["code"]
    assert [one["code"] for one in call(client, secret, "GET", "/absences").json()] == [code]
    ended = call(client, secret, "POST", f"/absences/{code}/end", version=1)
    assert ended.json()["ended_at"] is not None
