"""Decisions on certificates over JSON: candidates, drafts, refusals; scan and publication."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from tests.conftest import AT
from tests.factories.dossiers import pdf_bytes
from tests.factories.people import HOME, People, token_for
from tests.factories.recognition import SIGNATURE, import_certificate


class Desk:
    """One certificate that ends soon, and a caller for each account."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            for known in (people.agency, people.signer, people.officer):
                known()
            self.certificate = import_certificate(
                session, people, issued_on=date(2023, 9, 1), expires_on=date(2026, 10, 1)
            ).code
        self.client = client
        self.tokens = {
            name: token_for(engine, account)
            for name, account in {
                "officer": f"canbo{HOME}",
                "agency": "canbotinh",
                "signer": "lanhdaotinh",
            }.items()
        }

    def call(self, who: str, method: str, path: str, **body: Any) -> tuple[int, Any]:
        answer = self.client.request(
            method, f"/api/v1{path}", headers=self._headers(who), json=body or None
        )
        return answer.status_code, answer.json()

    def send(self, who: str, path: str, **said: Any) -> tuple[int, Any]:
        answer = self.client.post(
            f"/api/v1{path}",
            headers=self._headers(who),
            data=said,
            files={"file": ("qd.pdf", pdf_bytes(), "application/pdf")},
        )
        return answer.status_code, answer.json()

    def _headers(self, who: str) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.tokens[who]}",
            "idempotency-key": str(uuid4()),
        }


@pytest.fixture
def desk(client: TestClient, engine: Engine) -> Desk:
    return Desk(client, engine)


def test_a_decision_on_certificates_goes_from_candidates_to_anybody(desk: Desk) -> None:
    place = "/certificate-decisions"
    status, offered = desk.call("agency", "GET", f"{place}/candidates?kind=extension")
    assert (status, [one["certificate"] for one in offered["items"]]) == (200, [desk.certificate])
    last = offered["items"][0]["last_day"]
    line = {"certificate": desk.certificate, "until": last, "reason": "Đang đánh giá lại."}
    body = {
        "kind": "extension",
        "number": "1500/QĐ-UBND",
        "decided_on": "2026-09-14",
        "items": [line],
    }
    assert desk.call("officer", "POST", place, **body)[0] == 403
    status, refused = desk.call(
        "agency", "POST", place, **(body | {"items": [line | {"until": "2027-12-31"}]})
    )
    assert (status, refused["code"]) == (422, "decision.extended_too_far")
    assert refused["basis"] == "26/2026/QĐ-TTg, Điều 12.3"
    status, told = desk.call("agency", "POST", place, **(body | {"items": [line | {"star": 5}]}))
    assert (status, told["code"]) == (422, "invalid")
    status, wrong = desk.call("agency", "POST", "/decisions", **(body | {"dossiers": ["HS-AAAA"]}))
    assert status == 422
    assert "kind" in wrong["errors"]
    status, made = desk.call("agency", "POST", place, **body)
    assert (status, made["certificates"][0]["until"]) == (201, last)
    code = made["code"]
    status, made = desk.call("agency", "PUT", f"{place}/{code}", **body, version=1)
    assert (status, made["version"]) == (200, 2)
    status, signed = desk.call("signer", "POST", f"/decisions/{code}/sign", **SIGNATURE, version=2)
    assert (status, signed["state"]) == (200, "signed")
    assert desk.send("officer", f"/decisions/{code}/scan", version=3)[0] == 403
    status, early = desk.call("agency", "POST", f"/decisions/{code}/publish", version=3)
    assert (status, early["code"]) == (409, "decision.scan_missing")
    status, scanned = desk.send("agency", f"/decisions/{code}/scan", version=3)
    assert (status, scanned["has_scan"]) == (200, True)
    public = f"/api/v1/register/decisions/{code}"
    assert desk.client.get(public).status_code == 404
    assert desk.call("agency", "POST", f"/decisions/{code}/publish", version=4)[0] == 200
    shown = desk.client.get(public).json()
    assert shown["certificates"][0]["certificate"] == desk.certificate
    assert desk.client.get(f"{public}/scan").content == pdf_bytes()
    listed = desk.client.get("/api/v1/register/decisions?kind=extension").json()
    assert [one["number"] for one in listed["items"]] == ["1500/QĐ-UBND"]
    assert desk.call("agency", "GET", "/decisions?kind=revocation")[1]["items"] == []
