"""Reports over JSON: from a shop's program, and worked on by programs of those who check them."""

from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.core.db import reading, transaction
from app.domain.accounts.enums import Scope
from app.domain.misuse.models import MisuseReport
from app.http.idempotency import IdempotentRequest
from app.http.limits import FloodLimit
from tests.api.test_producers import assert_problem
from tests.conftest import AT
from tests.factories.misuse import REPORTER, report_texts
from tests.factories.people import HOME, People, token_for


def headers(token: str = "", key: str = "") -> dict[str, str]:
    bearer = {"authorization": f"Bearer {token}"} if token else {}
    return bearer | {"idempotency-key": key or str(uuid4())}


def send(client: TestClient, token: str = "", key: str = "", **typed: Any) -> Any:
    return client.post("/api/v1/report", json=report_texts(**typed), headers=headers(token, key))


def test_a_shop_sends_and_an_agency_works_on_it(client: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        people.agency()
        people.partner()
        people.officer()
    stranger = send(client, key="mot-khoa-chung", **REPORTER)
    assert stranger.status_code == 201, stranger.text
    told = stranger.json()
    assert set(told) == {"code", "state", "state_label", "since"}
    assert send(client, key="mot-khoa-chung", **REPORTER).json() == told
    code = told["code"]
    assert client.get(f"/api/v1/report/{code}").json() == told
    shop = token_for(engine, "doitac", Scope.REGISTER_READ, Scope.REPORTS_WRITE)
    assert send(client, shop, commune_code=HOME).status_code == 201
    with reading(engine) as session:
        names = session.exec(select(MisuseReport.sent_by_program)).all()
    assert sorted(map(bool, names)) == [False, True]

    agency = token_for(engine, "canbotinh")
    path = f"/api/v1/misuse-reports/{code}"
    page = client.get("/api/v1/misuse-reports", headers=headers(agency)).json()
    assert [item["has_contact"] for item in page["items"]] == [False, True]
    assert_problem(
        client.post(f"{path}/contact", headers=headers(agency)), 409, "misuse.not_taken_by_you"
    )
    taken = client.post(f"{path}/take", json={"version": 1}, headers=headers(agency)).json()
    assert (taken["state"], len(taken["steps"])) == ("checking", 1)
    contact = client.post(f"{path}/contact", headers=headers(agency, "doc-lien-he-1"))
    assert contact.json()["phone"] == REPORTER["reporter_phone"]
    with reading(engine) as session:
        kept = session.exec(select(IdempotentRequest.answer)).all()
    assert not any(REPORTER["reporter_phone"].encode() in (answer or b"") for answer in kept)
    closed = client.post(
        f"{path}/close",
        json={"outcome": "no_breach", "note": "Đã đến nơi.", "version": 2},
        headers=headers(agency),
    ).json()
    assert (closed["state"], closed["outcome"]) == ("closed", "no_breach")

    officer = token_for(engine, f"canbo{HOME}")
    (seen,) = client.get("/api/v1/misuse-reports", headers=headers(officer)).json()["items"]
    assert_problem(
        client.post(
            f"/api/v1/misuse-reports/{seen['code']}/take",
            json={"version": 1},
            headers=headers(officer),
        ),
        403,
        "misuse.not_worker",
    )
    assert_problem(client.get(path, headers=headers(officer)), 404, "not_found")
    assert_problem(
        client.get("/api/v1/misuse-reports", headers=headers(shop)), 403, "token.scope_missing"
    )


def test_strangers_are_counted_by_network_and_programs_by_their_token(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        People(session, AT).partner()
    assert isinstance(client.app, FastAPI)
    client.app.state.network_reports = FloodLimit("1/hour")
    assert send(client).status_code == 201
    stopped = send(client)
    assert_problem(stopped, 429, "too_many_attempts")
    assert int(stopped.headers["retry-after"]) > 0
    shop = token_for(engine, "doitac", Scope.REPORTS_WRITE)
    assert send(client, shop).status_code == 201
    assert_problem(send(client, "ocop_khong-co"), 401, "token.needed")
