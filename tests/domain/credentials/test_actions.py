"""Sealing what certificates say, and what a check finds: on both databases, with real keys."""

import json
import logging
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from joserfc import jws as other_library
from joserfc.jwk import KeySet
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.settings import Settings
from app.core.signing import load_key
from app.domain.credentials.actions import seal_due
from app.domain.credentials.enums import Finding
from app.domain.credentials.queries import checked_credential, sealing_mark, words_of
from app.domain.credentials.rules import claims_of, sealed_jws
from app.domain.recognition.actions import record_answer
from app.domain.recognition.enums import RevocationGround
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import get_certificate
from app.domain.recognition.schemas import RecordAnswer
from app.domain.stamps.actions import NoSigningKey
from app.domain.stamps.enums import Verdict
from app.domain.stamps.queries import jwks
from app.domain.verification.queries import verdict
from tests.conftest import commit
from tests.factories.credentials import (
    ISSUER,
    credentials_of,
    extend,
    seal_all,
    signed_certificate,
)
from tests.factories.people import People
from tests.factories.recognition import import_certificate, sent_to_centre
from tests.factories.register import make_producer, make_product
from tests.factories.stamps import KID, ensure_key


@pytest.fixture
def keys(session: WriteSession, people: People, settings: Settings) -> Path:
    ensure_key(session, settings.private_key_dir, at=people.at)
    return settings.private_key_dir


def test_a_signed_decision_seals_what_its_certificate_says_and_others_can_check_it(
    session: WriteSession, people: People, keys: Path
) -> None:
    certificate = signed_certificate(session, people, keys)
    [credential] = credentials_of(session, certificate)
    published = KeySet.import_key_set(
        {
            "keys": [
                {k: v for k, v in one.items() if k not in {"nbf", "index_ranges"}}
                for one in jwks(session).model_dump()["keys"]
            ]
        }
    )
    read = other_library.deserialize_compact(credential.jws, published, algorithms=["ES256"])
    assert read.protected == {"alg": "ES256", "cty": "vc", "kid": str(KID), "typ": "vc+jwt"}
    payload = json.loads(read.payload)
    assert payload["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert payload["issuer"]["id"] == "https://ocop.example"
    assert payload["validFrom"] == "2026-09-14T00:00:00+07:00"
    assert payload["validUntil"] == "2029-09-14T23:59:59+07:00"
    assert payload["credentialStatus"]["id"].endswith(f"/api/v1/register/{certificate.code}")
    subject = payload["credentialSubject"]
    assert (subject["name"], subject["star"]) == ("Mật ong thử nghiệm", 4)
    assert subject["producer"] == {"name": "Hợp tác xã Thử Nghiệm", "type": "Organization"}
    assert subject["commune"] == "Xã Bình Lư"
    assert subject["decision"]["number"] == "1268/QĐ-UBND"
    assert "source" not in subject
    assert certificate.producer_address not in credential.jws + str(payload)
    answer = checked_credential(session, credential.jws, at=people.at)
    assert (answer.finding, answer.valid) == (Finding.HOLDS, True)
    assert "14/09/2029" in answer.message
    scanned = verdict(session, credential.digits, at=people.at)
    assert scanned.verdict is Verdict.VALID
    assert scanned.certificate is not None
    assert scanned.certificate.code == certificate.code


def test_without_a_key_everything_else_still_works_and_the_command_makes_up_for_it(
    session: WriteSession, people: People, settings: Settings
) -> None:
    certificate = signed_certificate(session, people, settings.private_key_dir)
    other = make_product(session, people, make_producer(session, people, "Hợp tác xã Khác"))
    ended = import_certificate(
        session,
        people,
        other,
        issued_on=local_day(people.at) - timedelta(days=900),
        expires_on=local_day(people.at) - timedelta(days=1),
    )
    assert credentials_of(session, certificate) == []
    with pytest.raises(NoSigningKey):
        seal_all(session, people, settings.private_key_dir)
    ensure_key(session, settings.private_key_dir, at=people.at)
    assert seal_all(session, people, settings.private_key_dir).sealed == 1
    assert len(credentials_of(session, certificate)) == 1
    assert credentials_of(session, ended) == []
    assert seal_all(session, people, settings.private_key_dir).sealed == 0


def test_only_what_is_due_is_sealed_and_a_signed_decision_says_that_something_may_be(
    session: WriteSession, engine: Engine, people: People, settings: Settings
) -> None:
    def look() -> tuple[int, int]:
        return seal_due(
            engine, issuer=ISSUER, key_dir=settings.private_key_dir, clock=lambda: people.at
        )

    before = sealing_mark(session)
    certificate = signed_certificate(session, people, settings.private_key_dir)
    commit(session)
    assert sealing_mark(session) != before
    session.rollback()
    with pytest.raises(NoSigningKey):
        look()
    ensure_key(session, settings.private_key_dir, at=people.at)
    commit(session)
    assert look() == (1, 1)
    assert look() == (0, 1)
    assert len(credentials_of(session, certificate)) == 1


def test_an_extension_is_sealed_anew_and_the_older_file_says_that_it_is_older(
    session: WriteSession, people: People, keys: Path
) -> None:
    ends = local_day(people.at) + timedelta(days=5)
    certificate = import_certificate(session, people, issued_on=date(2023, 7, 1), expires_on=ends)
    seal_all(session, people, keys)
    extend(session, people, keys, certificate, ends + timedelta(days=100))
    older, newer = credentials_of(session, certificate)
    assert checked_credential(session, newer.jws, at=people.at).finding is Finding.HOLDS
    told = checked_credential(session, older.jws, at=people.at)
    assert (told.finding, told.valid) == (Finding.CHANGED, True)
    assert [one.field for one in told.says if one.differs] == ["last_day"]
    assert f"{ends + timedelta(days=100):%d/%m/%Y}" in told.message
    # Within the extension both codes, the older one on packs too, are answered by today's register.
    later = people.at + timedelta(days=50)
    for one in (older, newer):
        scanned = verdict(session, one.digits, at=later)
        assert (scanned.verdict, scanned.valid) == (Verdict.EXTENDED, True)


def test_what_has_ended_is_told_and_gets_no_fresh_signature(
    session: WriteSession, people: People, keys: Path
) -> None:
    certificate = signed_certificate(session, people, keys)
    [credential] = credentials_of(session, certificate)
    certificate.revoked_on = local_day(people.at)
    certificate.revocation_ground = RevocationGround.UNTRUE_DOSSIER
    certificate.revocation_reason = "Điều gì đó về một người."
    certificate.product_name = "Tên khác"
    session.flush()
    assert seal_all(session, people, keys).sealed == 0
    told = checked_credential(session, credential.jws, at=people.at)
    assert (told.finding, told.valid) == (Finding.ENDED, False)
    assert told.register_today is not None
    assert told.register_today.since == certificate.revoked_on
    assert "hồ sơ" in told.register_today.reason
    assert "một người" not in told.model_dump_json()
    assert verdict(session, credential.digits, at=people.at).verdict is Verdict.REVOKED
    digits = credential.digits[:-1] + str((int(credential.digits[-1]) + 1) % 10)
    assert verdict(session, digits, at=people.at).verdict is Verdict.TAMPERED


def test_what_was_not_signed_here_is_not_believed(
    session: WriteSession, people: People, keys: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = signed_certificate(session, people, keys)
    [credential] = credentials_of(session, certificate)
    header, payload, signature = credential.jws.split(".")

    def found(text: str) -> Finding:
        return checked_credential(session, text, at=people.at).finding

    assert found(f"{header}.{payload[:-4]}AAAA.{signature}") is Finding.ALTERED
    none = "eyJhbGciOiJub25lIiwia2lkIjoiNyIsInR5cCI6InZjK2p3dCJ9"  # alg none, kid 7
    assert found(f"{none}.{payload}.{signature}") is Finding.NOT_OURS
    for text in ("", "?", "a" * 100_000, f"{header}.{payload}", credential.jws + "="):
        assert found(text) is Finding.UNREADABLE
    one = get_certificate(session, certificate.code, actor=people.agency(), on=local_day(people.at))
    forged = sealed_jws(
        claims_of(words_of(one), ISSUER) | {"validUntil": "2040-01-01T00:00:00+07:00"},
        kid=KID,
        at=people.at,
        sign=load_key(keys, KID).sign,
    )
    with caplog.at_level(logging.CRITICAL, logger="ocop.credentials"):
        assert found(forged) is Finding.UNRECORDED
    assert "ALARM" in caplog.text


def test_five_stars_of_the_ministry_are_sealed_as_an_extract(
    session: WriteSession, people: People, keys: Path
) -> None:
    submission = sent_to_centre(session, people)
    record_answer(
        session,
        submission.code,
        RecordAnswer(
            conclusion="recognised",
            average="91,5",
            answer_number="88/QĐ-BNNMT",
            answered_on=local_day(people.at),
            version=submission.version,
        ),
        actor=people.agency(),
        at=people.at,
    )
    session.flush()
    seal_all(session, people, keys)
    certificate = session.exec(select(Certificate).where(col(Certificate.star) == 5)).one()
    [credential] = credentials_of(session, certificate)
    told = checked_credential(session, credential.jws, at=people.at)
    assert told.finding is Finding.HOLDS
    assert {one.field: one.told for one in told.says}["authority"] == certificate.authority


def test_what_was_sealed_is_neither_changed_nor_removed(
    session: WriteSession, people: People, keys: Path
) -> None:
    signed_certificate(session, people, keys)
    for statement in (
        "UPDATE certificate_credentials SET jws = 'x'",
        "DELETE FROM certificate_credentials",
    ):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), session.begin_nested():
            session.connection().execute(sa.text(statement))
