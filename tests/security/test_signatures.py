"""What one thing was signed for is never taken for another, and no text chooses how it is checked."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core import jws
from app.core.db import WriteSession
from app.core.settings import Settings
from app.core.signing import load_key
from app.domain.accounts.queries import find_token
from app.domain.claims.rules import PROOF_TYP
from app.domain.credentials.enums import Finding
from app.domain.credentials.queries import checked_credential
from app.domain.credentials.rules import TYP as CREDENTIAL
from app.domain.stamps.enums import Verdict
from app.domain.status.rules import CHANGES_TYP
from app.domain.verification.queries import verdict
from tests.conftest import AT
from tests.factories.credentials import credentials_of, signed_certificate
from tests.factories.people import People
from tests.factories.stamps import KID, ensure_key


@pytest.fixture
def keys(session: WriteSession, people: People, settings: Settings) -> Path:
    ensure_key(session, settings.private_key_dir, at=people.at)
    return settings.private_key_dir


def signed_as(typ: str, payload: dict[str, Any], keys: Path, **header: str) -> str:
    return jws.sealed(payload, typ=typ, kid=KID, at=AT, sign=load_key(keys, KID).sign, **header)


def with_header(text: str, **said: Any) -> str:
    head, payload, signature = text.split(".")
    told = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))) | said
    return f"{jws.base64url(jws.canonical(told))}.{payload}.{signature}"


def test_a_signature_of_another_purpose_is_no_stamp_and_no_credential(
    session: WriteSession, people: People, keys: Path
) -> None:
    certificate = signed_certificate(session, people, keys)
    [credential] = credentials_of(session, certificate)
    payload = json.loads(jws.read(credential.jws).payload)
    for typ in (PROOF_TYP, CHANGES_TYP, "statuslist+jwt", "JWT", "at+jwt"):
        found = checked_credential(session, signed_as(typ, payload, keys), at=people.at)
        assert found.finding is Finding.NOT_OURS, typ
    # The signature of a credential under the header of a stamp: other bytes were signed.
    digits = credential.digits
    raw = int(digits).to_bytes(81, "big")[-80:]
    other = raw[:16] + jws.read(credential.jws).signature
    mixed = str(int.from_bytes(other, "big")).zfill(len(digits))
    assert verdict(session, mixed, at=people.at).verdict is Verdict.TAMPERED


def test_a_stamp_signs_in_nobody_and_a_session_is_no_stamp(
    session: WriteSession, people: People, keys: Path, client: TestClient
) -> None:
    certificate = signed_certificate(session, people, keys)
    [credential] = credentials_of(session, certificate)
    for text in (credential.jws, credential.digits):
        assert find_token(session, text, at=people.at, roles=frozenset()) is None
        assert (
            client.get("/api/v1/me", headers={"authorization": f"Bearer {text}"}).status_code == 401
        )
        assert client.get("/account", headers={"cookie": f"ocop={text}"}).status_code == 303


@pytest.mark.parametrize(
    "said",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"typ": "JWT"},
        {"crit": ["exp"]},
        {"b64": False},
        {"kid": "../1"},
        {"kid": 1},
        {"kid": "99"},
    ],
)
def test_the_way_of_checking_is_never_taken_from_the_text(
    session: WriteSession, people: People, keys: Path, said: dict[str, Any]
) -> None:
    certificate = signed_certificate(session, people, keys)
    [credential] = credentials_of(session, certificate)
    forged = with_header(credential.jws, **said)
    finding = checked_credential(session, forged, at=people.at).finding
    assert finding in {Finding.NOT_OURS, Finding.ALTERED}


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
def test_a_key_or_its_address_in_the_text_is_neither_used_nor_fetched(
    session: WriteSession, people: People, keys: Path, name: str
) -> None:
    certificate = signed_certificate(session, people, keys)
    [credential] = credentials_of(session, certificate)
    payload = json.loads(jws.read(credential.jws).payload)
    forged = with_header(credential.jws, **{name: "https://noi-khac.example/jwks.json"})
    assert checked_credential(session, forged, at=people.at).finding is Finding.ALTERED
    assert jws.read(signed_as(CREDENTIAL, payload, keys)).is_of(CREDENTIAL)
