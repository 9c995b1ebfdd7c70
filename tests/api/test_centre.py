"""A product of ninety points and more over JSON: approved, sent to the ministry, answered."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME, People, token_for
from tests.factories.recognition import SIGNATURE, locked_dossier


class Desk:
    """A five-star dossier, and a caller for each account."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            self.dossier = locked_dossier(session, people, star=5).code
            people.agency()
            people.signer()
            people.officer(ELSEWHERE)
        self.client = client
        self.tokens = {
            account: token_for(engine, account)
            for account in ("canbotinh", "lanhdaotinh", f"canbo{HOME}", f"canbo{ELSEWHERE}")
        }

    def call(self, who: str, method: str, path: str, **body: Any) -> tuple[int, Any]:
        headers = {
            "authorization": f"Bearer {self.tokens[who]}",
            "idempotency-key": str(uuid4()),
        }
        answer = self.client.request(method, f"/api/v1{path}", headers=headers, json=body or None)
        return answer.status_code, answer.json()


@pytest.fixture
def desk(client: TestClient, engine: Engine) -> Desk:
    return Desk(client, engine)


def approve(desk: Desk) -> None:
    status, decision = desk.call(
        "canbotinh",
        "POST",
        "/decisions",
        kind="approval",
        number="1301/QĐ-UBND",
        decided_on="2026-09-14",
        dossiers=[desk.dossier],
    )
    assert (status, decision["kind"]) == (201, "approval")
    status, signed = desk.call(
        "lanhdaotinh", "POST", f"/decisions/{decision['code']}/sign", version=1, **SIGNATURE
    )
    assert (status, signed["state"]) == (200, "signed")
    assert [item["certificate"] for item in signed["items"]] == [None]


def send(desk: Desk, **changes: Any) -> tuple[int, Any]:
    _, dossier = desk.call("canbotinh", "GET", f"/dossiers/{desk.dossier}")
    body = {
        "letter_number": "2104/UBND-KTN",
        "sent_on": "2026-09-14",
        "samples": 5,
        "version": dossier["version"],
    }
    place = f"/dossiers/{desk.dossier}/centre-submissions"
    return desk.call("canbotinh", "POST", place, **(body | changes))


def test_a_product_goes_to_the_ministry_and_comes_back_with_four_stars(desk: Desk) -> None:
    assert send(desk)[1]["code"] == "centre.not_approved"
    approve(desk)
    status, refused = send(desk, samples=1)
    assert (status, refused["code"]) == (422, "centre.samples_missing")
    status, sent = send(desk)
    assert (status, sent["state"], sent["approval"]) == (201, "sent", "1301/QĐ-UBND")
    place = f"/centre-submissions/{sent['code']}"
    answer = {
        "conclusion": "not_reached",
        "answer_number": "6120/BNNMT-VPĐP",
        "answered_on": "2026-09-14",
        "average": "86,75",
        "version": 1,
    }
    assert desk.call(f"canbo{HOME}", "POST", f"{place}/answer", **answer)[0] == 403
    status, answered = desk.call("canbotinh", "POST", f"{place}/answer", **answer)
    assert (status, answered["state"]) == (200, "not_reached")
    assert (answered["average"], answered["star"]) == ("347/4", 4)
    status, again = desk.call("canbotinh", "POST", f"{place}/answer", **(answer | {"version": 2}))
    assert (status, again["code"]) == (409, "centre.answer_recorded")
    status, decision = desk.call(
        "canbotinh",
        "POST",
        "/decisions",
        number="1400/QĐ-UBND",
        decided_on="2026-09-14",
        dossiers=[desk.dossier],
    )
    assert (status, decision["items"][0]["star"]) == (201, 4)


def test_the_commune_follows_its_product_another_commune_does_not(desk: Desk) -> None:
    approve(desk)
    _, sent = send(desk)
    status, page = desk.call(f"canbo{HOME}", "GET", "/centre-submissions")
    assert (status, [one["code"] for one in page["items"]]) == (200, [sent["code"]])
    assert desk.call(f"canbo{ELSEWHERE}", "GET", "/centre-submissions")[1]["items"] == []
    place = f"/centre-submissions/{sent['code']}"
    assert desk.call(f"canbo{ELSEWHERE}", "GET", place)[0] == 404
    assert desk.call(f"canbo{HOME}", "GET", place)[1] == sent
