"""The log and «who am I» over JSON: for whom, in what order, and provably whole."""

import itertools
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.domain.accounts.actions import disable_user
from app.domain.accounts.enums import Scope
from app.domain.accounts.queries import actor_of, find_user
from app.domain.audit.rules import FIRST_PREVIOUS
from tests.api.test_producers import assert_problem
from tests.conftest import AT
from tests.factories.people import HOME, People, token_for
from tests.factories.register import make_producer


@pytest.fixture(autouse=True)
def events(engine: Engine) -> None:
    """Open four accounts and a producer: five events of two kinds."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.auditor()
        people.administrator()
        people.agency()
        make_producer(session, people)


def got(client: TestClient, token: str, path: str, **query: Any) -> Any:
    bearer = {"authorization": f"Bearer {token}"}
    return client.get(f"/api/v1{path}", headers=bearer, params=query)


@pytest.mark.parametrize("username", ["kiemtoan", "quantri"])
def test_the_log_is_read_newest_first(client: TestClient, engine: Engine, username: str) -> None:
    token = token_for(engine, username, Scope.AUDIT_READ)
    answer = got(client, token, "/audit")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    # The token itself is the sixth event.
    assert [seen["sequence"] for seen in found["items"]] == [6, 5, 4, 3, 2, 1]
    assert [seen["kind"] for seen in found["items"][:2]] == ["token.created", "producer.created"]
    assert found["items"][1]["office"].startswith("Cán bộ xã")
    assert found["next_before"] is None


def test_each_event_carries_the_hash_of_the_one_before(client: TestClient, engine: Engine) -> None:
    token = token_for(engine, "kiemtoan", Scope.AUDIT_READ)
    items = got(client, token, "/audit").json()["items"]
    for newer, older in itertools.pairwise(items):
        assert newer["previous_hash"] == older["hash"]
    assert items[-1]["previous_hash"] == FIRST_PREVIOUS


def test_pages_follow_each_other_without_gap_or_repetition(
    client: TestClient, engine: Engine
) -> None:
    token = token_for(engine, "kiemtoan", Scope.AUDIT_READ)
    seen: list[int] = []
    asked: dict[str, int] = {"limit": 4}
    while True:
        page = got(client, token, "/audit", **asked).json()
        seen += [item["sequence"] for item in page["items"]]
        if page["next_before"] is None:
            break
        asked["before"] = page["next_before"]
    assert seen == [6, 5, 4, 3, 2, 1]


def test_one_kind_of_event_can_be_asked_for(client: TestClient, engine: Engine) -> None:
    token = token_for(engine, "kiemtoan", Scope.AUDIT_READ)
    items = got(client, token, "/audit", kind="producer.created").json()["items"]
    assert [seen["data"]["name"] for seen in items] == ["Hợp tác xã Thử Nghiệm"]


def test_the_whole_chain_is_told_to_be_whole(client: TestClient, engine: Engine) -> None:
    token = token_for(engine, "kiemtoan", Scope.AUDIT_READ)
    report = got(client, token, "/audit/verify").json()
    newest = got(client, token, "/audit", limit=1).json()["items"][0]
    assert report["whole"] is True
    assert report["events"] == 6
    assert report["head_hash"] == newest["hash"]
    assert report["first_broken"] is None


@pytest.mark.parametrize("path", ["/audit", "/audit/verify"])
def test_others_and_other_tokens_are_refused(client: TestClient, engine: Engine, path: str) -> None:
    stranger = token_for(engine, "canbotinh", Scope.AUDIT_READ)
    assert_problem(got(client, stranger, path), 403, "not_permitted")
    narrow = token_for(engine, "kiemtoan", Scope.REGISTER_READ)
    assert_problem(got(client, narrow, path), 403, "token.scope_missing")
    assert_problem(client.get(f"/api/v1{path}"), 401, "token.needed")


@pytest.mark.parametrize("query", [{"before": 0}, {"limit": 0}, {"limit": 101}, {"before": "x"}])
def test_a_page_is_bounded(client: TestClient, engine: Engine, query: dict[str, Any]) -> None:
    token = token_for(engine, "kiemtoan", Scope.AUDIT_READ)
    assert_problem(got(client, token, "/audit", **query), 422, "invalid")


def test_a_token_tells_whose_it_is_with_any_scope(client: TestClient, engine: Engine) -> None:
    token = token_for(engine, f"canbo{HOME}", Scope.STAMPS_READ)
    answer = got(client, token, "/me")
    assert answer.status_code == 200, answer.text
    me = answer.json()
    assert me["name"] == f"Canbo{HOME} Thử Nghiệm"
    assert me["office"] == "Cán bộ xã · Xã Bình Lư"
    assert me["grants"] == [
        {"role": "commune_officer", "unit_code": HOME, "producer_id": None, "agency_code": None}
    ]
    assert me["token"]["scopes"] == ["stamps:read"]
    assert me["token"]["revoked_at"] is None
    assert me["token"]["expires_at"] > me["token"]["created_at"]
    assert token not in answer.text


def test_a_token_of_a_closed_account_tells_nothing(client: TestClient, engine: Engine) -> None:
    token = token_for(engine, "canbotinh")
    with transaction(engine) as session:
        administrator = find_user(session, "quantri")
        assert administrator is not None
        disable_user(session, "canbotinh", actor=actor_of(session, administrator, at=AT), at=AT)
    assert_problem(got(client, token, "/me"), 401, "token.needed")
    assert_problem(got(client, "ocop_sai", "/me"), 401, "token.needed")
