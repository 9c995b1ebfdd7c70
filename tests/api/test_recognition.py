"""Decisions and certificates over JSON."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME, People, token_for
from tests.factories.recognition import SIGNATURE, locked_dossier
from tests.factories.register import make_producer, make_product


class Desk:
    """Three locked dossiers (four, three and five stars) and a caller for each account."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            producer = make_producer(session, people)
            self.dossiers = [
                locked_dossier(
                    session,
                    people,
                    star=star,
                    product=make_product(session, people, producer, name=f"Mật ong {star} sao"),
                ).code
                for star in (4, 3, 5)
            ]
            people.agency()
            people.signer()
            people.officer(ELSEWHERE)
        self.client = client
        self.tokens = {
            name: token_for(engine, account)
            for name, account in {
                "officer": f"canbo{HOME}",
                "stranger": f"canbo{ELSEWHERE}",
                "agency": "canbotinh",
                "signer": "lanhdaotinh",
            }.items()
        }

    def call(self, who: str, method: str, path: str, **body: Any) -> Any:
        headers = {
            "authorization": f"Bearer {self.tokens[who]}",
            "idempotency-key": str(uuid4()),
        }
        return self.client.request(method, f"/api/v1{path}", headers=headers, json=body or None)

    def draft(self, *dossiers: str, **changes: Any) -> Any:
        body = {
            "number": "1268/QĐ-UBND",
            "decided_on": "2026-09-14",
            "dossiers": list(dossiers),
        } | changes
        return self.call("agency", "POST", "/decisions", **body)


@pytest.fixture
def desk(client: TestClient, engine: Engine) -> Desk:
    return Desk(client, engine)


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code
    return problem


def test_a_decision_is_drafted_revised_and_signed(desk: Desk) -> None:
    made = desk.draft(*desk.dossiers[:1])
    assert made.status_code == 201, made.text
    path = f"/decisions/{made.json()['code']}"
    body = {"number": "1270/QĐ-UBND", "decided_on": "2026-09-14", "dossiers": desk.dossiers[:2]}
    revised = desk.call("agency", "PUT", path, **body, version=1).json()
    assert [one["star"] for one in revised["items"]] == [4, 3]
    assert revised["items"][0]["average"] == "74,33"
    stale = desk.call("agency", "PUT", path, **body, version=1)
    assert assert_problem(stale, 409, "stale_version")["current_version"] == 2
    signed = desk.call("signer", "POST", f"{path}/sign", **SIGNATURE, version=2).json()
    assert signed["state"] == "signed"
    codes = [one["certificate"] for one in signed["items"]]
    certificate = desk.call("officer", "GET", f"/certificates/{codes[0]}").json()
    assert (certificate["star"], certificate["expires_on"]) == (4, "2029-09-14")
    assert certificate["standing"] == "valid"
    assert certificate["standing_basis"] == "26/2026/QĐ-TTg, Điều 4.3"
    assert len(desk.call("officer", "GET", "/certificates").json()["items"]) == 2
    for paper in (f"{path}/paper.pdf", f"/certificates/{codes[0]}/paper.pdf"):
        assert desk.call("officer", "GET", paper).content.startswith(b"%PDF")
    again = desk.call("agency", "PUT", path, **body, version=3)
    assert_problem(again, 409, "decision.signed")


def test_refusals_come_with_code_and_basis(desk: Desk) -> None:
    five = assert_problem(desk.draft(desk.dossiers[2]), 422, "decision.five_stars_by_ministry")
    assert five["basis"] == "26/2026/QĐ-TTg, Điều 4.1.b"
    early = desk.draft(desk.dossiers[0], decided_on="2026-09-13")
    assert_problem(early, 422, "decision.dated_before_result")
    path = f"/decisions/{desk.draft(desk.dossiers[0]).json()['code']}"
    assert_problem(desk.draft(desk.dossiers[0], number="2/QĐ-UBND"), 409, "decision.dossier_taken")
    assert_problem(desk.draft(desk.dossiers[1]), 409, "decision.number_used")
    signing = desk.call("agency", "POST", f"{path}/sign", **SIGNATURE, version=1)
    assert assert_problem(signing, 403, "decision.signing_by_province")["basis"]
    assert_problem(desk.call("officer", "GET", path), 404, "not_found")
    assert desk.call("officer", "GET", "/decisions").json()["items"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "không số"},
        {"dossiers": []},
        {"dossiers": ["HS-AAAA", "HS-AAAA"]},
        {"decided_on": "14/09/2026"},
        {"star": 5},
    ],
)
def test_bad_input_is_told_field_by_field(desk: Desk, changes: dict[str, Any]) -> None:
    assert assert_problem(desk.draft(desk.dossiers[0], **changes), 422, "invalid")["errors"]


def test_another_commune_sees_no_certificate(desk: Desk) -> None:
    made = desk.draft(desk.dossiers[0]).json()
    path = f"/decisions/{made['code']}/sign"
    signed = desk.call("signer", "POST", path, **SIGNATURE, version=1).json()
    code = signed["items"][0]["certificate"]
    for suffix in ("", "/paper.pdf"):
        answer = desk.call("stranger", "GET", f"/certificates/{code}{suffix}")
        assert_problem(answer, 404, "not_found")
