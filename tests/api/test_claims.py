"""Claims over HTTP: singly, in bulk, as a table, by strangers and by programs."""

import csv
import json
from io import StringIO
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from joserfc import jws as other_library
from joserfc.jwk import KeySet
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.numbering import next_number
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.claims.rules import LARGEST_BODY, MOST_CLAIMS
from app.domain.stamps.actions import create_stamp_key
from app.domain.stamps.enums import KeyPurpose
from app.http.limits import FloodLimit
from tests.api.test_producers import assert_problem
from tests.conftest import AT
from tests.factories.people import People, token_for
from tests.factories.recognition import import_certificate

CLAIMS = "/api/v1/claims"


@pytest.fixture
def code(engine: Engine, settings: Settings) -> str:
    with transaction(engine) as session:
        people = People(session, AT)
        people.partner()
        create_stamp_key(session, settings.answer_key_dir, at=AT, purpose=KeyPurpose.ANSWERS)
        return import_certificate(session, people).code


def claim(code: str, stars: int = 4) -> dict[str, Any]:
    return {"seller": "Gian hàng A", "certificate": code, "claimed_stars": stars}


def test_one_claim_is_answered_with_a_proof_that_others_can_check(
    client: TestClient, code: str
) -> None:
    answer = client.post(f"{CLAIMS}?lang=en", json=claim(code))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert (told["finding"], told["stars"], told["certificate"]) == ("match", 4, code)
    assert told["message_en"].startswith("As registered")
    keys = [
        {k: v for k, v in one.items() if k in {"kty", "crv", "x", "y", "kid", "alg", "use"}}
        for one in client.get("/.well-known/jwks.json").json()["keys"]
        if one["purpose"] == "answers"
    ]
    read = other_library.deserialize_compact(
        told["proof"], KeySet.import_key_set({"keys": keys}), algorithms=["ES256"]
    )
    assert read.protected["typ"] == "ocop-claim+jwt"
    said = json.loads(read.payload)
    assert said["claim"] == claim(code)
    assert said["answer"]["finding"] == "match"
    assert said["exp"] - said["iat"] == 24 * 3600


def test_many_claims_are_answered_in_their_order_up_to_a_bound(
    client: TestClient, code: str
) -> None:
    asked = [claim(code), claim("CN-0000000"), claim(code, 5)]
    told = client.post(CLAIMS, json={"claims": asked}).json()["answers"]
    assert [one["finding"] for one in told] == ["match", "unknown", "mismatch"]
    beyond = client.post(CLAIMS, json={"claims": [claim(code)] * (MOST_CLAIMS + 1)})
    assert_problem(beyond, 422, "invalid")
    wrong = client.post(CLAIMS, json={"claims": [claim(code), {"seller": "A"}]})
    assert_problem(wrong, 422, "invalid")
    assert any("claimed_stars" in field for field in wrong.json()["errors"])
    both = client.post(CLAIMS, json=claim(code) | {"gtin": "8938505974194"})
    assert "đúng một cách" in str(both.json()["errors"])


def test_a_table_comes_back_as_a_table_or_as_json(client: TestClient, code: str) -> None:
    table = f"reference;seller;claimed_stars;certificate\n@1;A;4;{code}\n2;A;9;{code}\n"
    headers = {"content-type": "text/csv; charset=utf-8"}
    answer = client.post(CLAIMS, content=table.encode(), headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["row"], row["finding"], bool(row["problem"])) for row in rows] == [
        ("2", "match", False),
        ("3", "", True),
    ]
    assert rows[0]["reference"] == "'@1"
    told = client.post(
        CLAIMS, content=table.encode(), headers=headers | {"accept": "application/json"}
    ).json()
    assert told["answers"][0]["reference"] == "@1"
    assert told["bad_rows"][0]["row"] == 3


def test_what_cannot_be_read_is_refused(client: TestClient, code: str) -> None:
    csv_header = {"content-type": "text/csv"}
    large = client.post(CLAIMS, content=b"a" * (LARGEST_BODY + 1), headers=csv_header)
    assert_problem(large, 413, "body.too_large")
    no_table = client.post(CLAIMS, content=b"\xff", headers=csv_header)
    assert_problem(no_table, 422, "claims.unreadable")
    json_header = {"content-type": "application/json"}
    assert client.post(CLAIMS, content=b"{", headers=json_header).status_code == 400
    assert client.post(CLAIMS, content=b"[1]", headers=json_header).status_code == 422
    other = client.post(CLAIMS, content=b"x", headers={"content-type": "text/plain"})
    assert other.status_code == 415
    assert code


def test_without_its_key_the_door_says_so(
    client: TestClient, code: str, settings: Settings
) -> None:
    for file in settings.answer_key_dir.iterdir():
        file.unlink()
    assert_problem(client.post(CLAIMS, json=claim(code)), 503, "answers.no_key")


def test_strangers_ask_so_often_and_programs_more_often(
    client: TestClient, engine: Engine, code: str
) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    app.state.network_claims = FloodLimit("2/hour")
    app.state.program_claims = FloodLimit("3/hour")
    statuses = [client.post(CLAIMS, json=claim(code)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    shop = {"authorization": f"Bearer {token_for(engine, 'doitac', Scope.REGISTER_READ)}"}
    statuses = [client.post(CLAIMS, json=claim(code), headers=shop).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    stranger = client.post(CLAIMS, json=claim(code), headers={"authorization": "Bearer ocop_x"})
    assert_problem(stranger, 401, "token.needed")
    narrow = {"authorization": f"Bearer {token_for(engine, 'doitac', Scope.REPORTS_WRITE)}"}
    refused = client.post(CLAIMS, json=claim(code), headers=narrow)
    assert_problem(refused, 403, "token.scope_missing")


def test_a_question_waits_for_nobody_who_writes(
    client: TestClient, engine: Engine, code: str
) -> None:
    with transaction(engine) as session:
        next_number(session, "tests/claims")  # the writer's place is taken until the end
        assert client.post(CLAIMS, json=claim(code)).json()["finding"] == "match"
