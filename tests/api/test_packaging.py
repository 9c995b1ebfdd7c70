"""Packaging over JSON: artwork uploaded and read, checked, granted; what misleads is refused."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings
from app.domain.packaging.enums import ArtworkItem
from app.domain.stamps.enums import BatchState
from app.domain.stamps.rules import stamp_url
from tests.conftest import AT
from tests.factories.packaging import PACKAGE, artwork_pdf, code_of, sealed_certificate
from tests.factories.people import ELSEWHERE, People, token_for
from tests.factories.stamps import digits_of, make_batch, stamps_of

ALL_OK = [{"item": item.value, "ok": True, "reason": ""} for item in ArtworkItem]


class Office:
    """A certificate with its code, a stamp of it, and a caller for each account."""

    def __init__(self, client: TestClient, engine: Engine, settings: Settings) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            made = sealed_certificate(session, people, settings)
            self.certificate = made.code
            self.text = code_of(session, made, settings)
            batch = make_batch(
                session,
                people,
                settings.private_key_dir,
                state=BatchState.ISSUED,
                certificate=made,
            )
            self.stamp = stamp_url(settings.stamp_host, digits_of(stamps_of(session, batch)[0]))
            people.agency()
            people.officer(ELSEWHERE)
            producer = f"chuthe{made.producer_id}"
        self.client = client
        self.tokens = {
            name: token_for(engine, account)
            for name, account in {
                "producer": producer,
                "stranger": f"canbo{ELSEWHERE}",
                "agency": "canbotinh",
            }.items()
        }

    def get(self, who: str, path: str) -> Any:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        return self.client.get(f"/api/v1{path}", headers=headers)

    def post(self, who: str, path: str, *, files: Any = None, data: Any = None, **body: Any) -> Any:
        headers = {
            "authorization": f"Bearer {self.tokens[who]}",
            "idempotency-key": str(uuid4()),
        }
        sent = {"files": files, "data": data} if files else {"json": body}
        return self.client.post(f"/api/v1{path}", headers=headers, **sent)

    def draft(self) -> str:
        answer = self.post("producer", f"/certificates/{self.certificate}/packaging", **PACKAGE)
        assert answer.status_code == 201, answer.text
        return f"/packaging/{answer.json()['code']}"

    def upload(self, path: str, text: str, version: int) -> Any:
        file = ("tui.pdf", artwork_pdf(AT, text), "application/pdf")
        return self.post(
            "producer", f"{path}/artworks", files={"file": file}, data={"version": version}
        )


@pytest.fixture
def office(client: TestClient, engine: Engine, settings: Settings) -> Office:
    return Office(client, engine, settings)


def test_artwork_is_uploaded_read_sent_checked_and_granted(office: Office) -> None:
    path = office.draft()
    added = office.upload(path, office.text, 1)
    assert added.status_code == 201, added.text
    told = added.json()
    assert [one["outcome"] for one in told["findings"]] == ["passed"] * 7
    (artwork,) = told["artworks"]
    file = office.get("agency", f"{path}/artworks/{artwork['code']}/file")
    assert file.content.startswith(b"%PDF")
    assert office.post("producer", f"{path}/send", version=2).json()["state"] == "sent"
    granted = office.post(
        "agency", f"{path}/check", version=3, decision="grant", answers=ALL_OK
    ).json()
    assert (granted["state"], granted["standing"]) == ("granted", "in_force")
    assert granted["number"].endswith("/CT-BBOCOP")
    assert office.get("producer", f"{path}/paper.pdf").content.startswith(b"%PDF")
    listed = office.get("agency", f"/certificates/{office.certificate}/packaging").json()
    assert [one["code"] for one in listed["items"]] == [granted["code"]]
    symbol = office.get("producer", f"/certificates/{office.certificate}/packaging/symbol.svg")
    assert b'width="25mm"' in symbol.content


def test_a_stamp_is_no_artwork_and_strangers_see_nothing(office: Office) -> None:
    path = office.draft()
    office.upload(path, office.stamp, 1)
    problem = office.post("producer", f"{path}/send", version=2)
    assert (problem.status_code, problem.json()["code"]) == (422, "packaging.artwork_wrong")
    assert "mã của một con tem" in problem.json()["detail"]
    assert office.get("stranger", path).status_code == 404
    assert office.get("stranger", "/packaging").json()["items"] == []
    small = office.get("producer", f"/certificates/{office.certificate}/packaging/symbol.svg?mm=21")
    assert small.status_code == 422
