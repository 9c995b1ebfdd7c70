"""Credentials over JSON: for anybody, without a token."""

from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings
from tests.conftest import AT
from tests.factories.credentials import signed_certificate
from tests.factories.people import People
from tests.factories.stamps import ensure_key


def certificate_code(engine: Engine, key_dir: Path, *, sealed: bool) -> str:
    with transaction(engine) as session:
        people = People(session, AT)
        if sealed:
            ensure_key(session, key_dir, at=AT)
        return signed_certificate(session, people, key_dir).code


def test_a_credential_is_given_to_anybody_and_checked_for_anybody(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    code = certificate_code(engine, settings.private_key_dir, sealed=True)
    told = client.get(f"/api/v1/register/{code}/credential").json()
    assert told["certificate"] == code
    assert told["payload"]["credentialSubject"]["certificate"] == code
    assert told["kid"] in {
        one["kid"] for one in client.get("/.well-known/jwks.json").json()["keys"]
    }
    assert told["jwks"].endswith("/.well-known/jwks.json")
    answer = client.post("/api/v1/credentials/check", json={"jws": told["jws"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["certificate"] == code
    assert answer.json()["register_today"]["newer"] is None
    too_long = client.post("/api/v1/credentials/check", json={"jws": "a" * 8193})
    assert too_long.status_code == 422


def test_a_certificate_that_is_not_sealed_yet_says_so(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    code = certificate_code(engine, settings.private_key_dir, sealed=False)
    answer = client.get(f"/api/v1/register/{code}/credential")
    assert answer.status_code == 404
    assert answer.json()["code"] == "credential.not_made"
