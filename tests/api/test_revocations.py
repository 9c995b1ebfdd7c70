"""Revocation cases, the end of a producer and the renewal radar over JSON."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.core.clock import today
from app.core.db import WriteSession, transaction
from app.domain.producers.models import Producer
from app.domain.recognition.models import Certificate
from tests.conftest import AT
from tests.factories.files import blank_pdf, written
from tests.factories.people import ELSEWHERE, HOME, People, token_for
from tests.factories.recognition import import_certificate

CONCLUSION = {
    "ground": "production_stopped",
    "conclusion_number": "38/UBND-KT",
    "conclusion_authority": "UBND xã Bình Lư",
    "concluded_on": "2026-09-10",
}


def producer_code(session: WriteSession, certificate: Certificate) -> str:
    """Return the code of a certificate's producer."""
    return session.exec(select(Producer.code).where(Producer.id == certificate.producer_id)).one()


class Desk:
    """A certificate that ends in fifty days and a caller for each account."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            certificate = import_certificate(
                session, people, expires_on=today() + timedelta(days=50)
            )
            self.certificate = certificate.code
            self.producer = producer_code(session, certificate)
            people.agency()
            people.officer(ELSEWHERE)
        self.client = client
        accounts = {
            "officer": f"canbo{HOME}",
            "stranger": f"canbo{ELSEWHERE}",
            "agency": "canbotinh",
        }
        self.tokens = {name: token_for(engine, account) for name, account in accounts.items()}

    def call(self, who: str, method: str, path: str, **sent: Any) -> Any:
        headers = {
            "authorization": f"Bearer {self.tokens[who]}",
            "idempotency-key": str(uuid4()),
        }
        return self.client.request(method, f"/api/v1{path}", headers=headers, **sent)


@pytest.fixture
def desk(client: TestClient, engine: Engine) -> Desk:
    return Desk(client, engine)


def test_a_commune_opens_a_case_and_the_agency_takes_it_on(desk: Desk) -> None:
    path = f"/certificates/{desk.certificate}/revocation-cases"
    assert desk.call("stranger", "POST", path, json=CONCLUSION).status_code == 404
    other = CONCLUSION | {"ground": "law_broken"}
    refused = desk.call("officer", "POST", path, json=other)
    assert (refused.status_code, refused.json()["code"]) == (
        403,
        "revocation.only_stopped_by_commune",
    )
    case = desk.call("officer", "POST", path, json=CONCLUSION).json()
    assert (case["state"], case["due_on"], case["to_ministry"]) == ("opened", "2026-09-25", False)
    own = f"/revocation-cases/{case['code']}"
    scanned = desk.call(
        "officer",
        "POST",
        f"{own}/conclusion",
        data={"version": case["version"]},
        files={"file": ("xac-nhan.pdf", written(blank_pdf()), "application/pdf")},
    ).json()
    assert scanned["has_scan"]
    assert desk.call("agency", "GET", f"{own}/conclusion").status_code == 200
    checked = {"verified_on": "2026-09-14", "verification": "Đúng.", "version": scanned["version"]}
    verified = desk.call("agency", "POST", f"{own}/verify", json=checked).json()
    letter = {
        "submission_number": "112/TTr",
        "submitted_on": "2026-09-14",
        "version": verified["version"],
    }
    submitted = desk.call("agency", "POST", f"{own}/submit", json=letter).json()
    assert submitted["state"] == "submitted"
    drop = {"reason": "Sản xuất trở lại", "version": submitted["version"]}
    assert desk.call("agency", "POST", f"{own}/drop", json=drop).json()["state"] == "dropped"
    assert desk.call("stranger", "GET", "/revocation-cases").json()["items"] == []
    assert [one["code"] for one in desk.call("officer", "GET", "/revocation-cases").json()["items"]]


def test_a_producer_ends_and_the_radar_forgets_its_certificates(desk: Desk) -> None:
    radar = desk.call("officer", "GET", "/radar").json()
    assert [(one["code"], one["months"][0]["not_filed"]) for one in radar["communes"]] == [
        (HOME, 1)
    ]
    (line,) = desk.call("agency", "GET", f"/radar/certificates?commune={HOME}").json()["items"]
    assert (line["certificate"], line["is_filed"]) == (desk.certificate, False)
    ended = {
        "dissolved_on": "2026-09-01",
        "number": "38/UBND-KT",
        "authority": "UBND xã Bình Lư",
        "confirmed_on": "2026-09-10",
        "version": 1,
    }
    path = f"/producers/{desk.producer}/dissolution"
    assert desk.call("stranger", "POST", path, json=ended).status_code == 404
    found = desk.call("officer", "POST", path, json=ended).json()
    assert found["dissolved_on"] == "2026-09-01"
    assert desk.call("agency", "GET", "/radar").json()["communes"] == []
    undo = {"reason": "Nhầm tên", "version": found["version"]}
    assert desk.call("agency", "POST", f"{path}/undo", json=undo).json()["dissolved_on"] is None
