"""Notices over JSON: one's own, read once, and what did not arrive for those who look after it."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.core.carriers import Trouble
from app.core.db import transaction
from app.domain.accounts.enums import Scope
from app.domain.notices.enums import Channel, DeliveryState
from app.domain.notices.models import Delivery, Notice
from tests.api.test_producers import assert_problem
from tests.conftest import AT
from tests.domain.notices.letters import told
from tests.factories.people import HOME, People, token_for

OFFICER = f"canbo{HOME}"


@pytest.fixture(autouse=True)
def three(engine: Engine) -> None:
    """Tell an officer three things, one of which did not go out by e-mail."""
    with transaction(engine) as session:
        people = People(session, AT)
        told(session, people, people.officer(), count=3)
        people.agency()
        people.administrator()
        first = session.exec(select(Notice).order_by(Notice.id)).first()  # type: ignore[arg-type]  # -- a column here
        assert first is not None
        session.add(
            Delivery(
                code="GT-STUCK01",
                notice_id=first.id or 0,
                channel=Channel.EMAIL,
                state=DeliveryState.GIVEN_UP,
                attempts=1,
                due_at=AT,
                problem=Trouble.REFUSED,
                problem_answer=550,
            )
        )


class Door:
    """Calls of one account."""

    def __init__(self, client: TestClient, engine: Engine, who: str, *scopes: Scope) -> None:
        self._client = client
        self._token = token_for(engine, who, *scopes)

    def call(self, method: str, path: str, **query: Any) -> Any:
        """Call an address of the API."""
        headers = {"authorization": f"Bearer {self._token}", "idempotency-key": str(uuid4())}
        return self._client.request(method, f"/api/v1{path}", headers=headers, params=query)


def test_a_program_reads_what_its_owner_was_told_page_by_page(
    client: TestClient, engine: Engine
) -> None:
    door = Door(client, engine, OFFICER, Scope.NOTICES_READ)
    first = door.call("GET", "/notices", limit=2).json()
    assert [one["subject"] for one in first["items"]] == ["VV-2", "VV-1"]
    assert first["items"][0] | {"code": ""} == {
        "code": "",
        "kind": "test.happened",
        "subject": "VV-2",
        "title": "Việc 2 của Hợp tác xã Bình Lư đã xảy ra",
        "todo": "Hãy xem trước ngày 30/09/2026.",
        "due_on": None,
        "basis": "26/2026/QĐ-TTg, Điều 7",
        "created_at": "2026-09-14T02:00:00Z",
        "read_at": None,
    }
    rest = door.call("GET", "/notices", limit=2, after=first["next_after"]).json()
    assert ([one["subject"] for one in rest["items"]], rest["next_after"]) == (["VV-0"], None)


def test_what_was_read_stays_read_and_nobody_reads_for_another(
    client: TestClient, engine: Engine
) -> None:
    door = Door(client, engine, OFFICER, Scope.NOTICES_READ, Scope.NOTICES_WRITE)
    code = door.call("GET", "/notices").json()["items"][0]["code"]
    once = door.call("POST", f"/notices/{code}/read").json()
    assert once["read_at"] is not None
    assert door.call("POST", f"/notices/{code}/read").json() == once
    unread = door.call("GET", "/notices", unread=True).json()["items"]
    assert [one["subject"] for one in unread] == ["VV-1", "VV-0"]
    other = Door(client, engine, "canbotinh", Scope.NOTICES_WRITE)
    assert_problem(other.call("POST", f"/notices/{code}/read"), 404, "not_found")
    assert door.call("POST", "/notices/read").json() == {"marked": 2}
    assert door.call("GET", "/notices", unread=True).json()["items"] == []


def test_scopes_are_asked_for(client: TestClient, engine: Engine) -> None:
    door = Door(client, engine, OFFICER, Scope.DOSSIERS_READ, Scope.NOTICES_WRITE)
    assert_problem(door.call("GET", "/notices"), 403, "token.scope_missing")
    reader = Door(client, engine, OFFICER, Scope.NOTICES_READ)
    assert_problem(reader.call("POST", "/notices/read"), 403, "token.scope_missing")


@pytest.mark.parametrize("who", ["canbotinh", "quantri"])
def test_agency_and_administrator_see_what_did_not_arrive_and_let_it_go_again(
    client: TestClient, engine: Engine, who: str
) -> None:
    door = Door(client, engine, who, Scope.NOTICES_READ, Scope.NOTICES_WRITE)
    (stuck,) = door.call("GET", "/deliveries").json()["items"]
    assert (stuck["code"], stuck["recipient"]) == ("GT-STUCK01", OFFICER)
    assert (stuck["problem"], stuck["problem_answer"]) == ("refused", 550)
    again = door.call("POST", "/deliveries/GT-STUCK01/retry").json()
    assert (again["state"], again["attempts"]) == ("waiting", 0)
    refused = door.call("POST", "/deliveries/GT-STUCK01/retry")
    assert_problem(refused, 409, "delivery.not_given_up")
    assert_problem(door.call("POST", "/deliveries/GT-NONE/retry"), 404, "not_found")


def test_nobody_else_sees_what_did_not_arrive(client: TestClient, engine: Engine) -> None:
    door = Door(client, engine, OFFICER, Scope.NOTICES_READ, Scope.NOTICES_WRITE)
    assert_problem(door.call("GET", "/deliveries"), 403, "delivery.not_yours")
    assert_problem(door.call("POST", "/deliveries/GT-STUCK01/retry"), 403, "delivery.not_yours")
