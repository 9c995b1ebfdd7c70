"""Builders of credentials: decisions are signed, and certificates sealed where the key is."""

from contextlib import suppress
from datetime import date
from pathlib import Path

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import ReadSession, WriteSession
from app.domain.accounts.rules import SYSTEM
from app.domain.credentials.actions import Sealing, seal_certificates
from app.domain.credentials.models import CertificateCredential
from app.domain.credentials.rules import Issuer
from app.domain.recognition.actions import draft_on_certificates, sign_decision
from app.domain.recognition.enums import Decider, DecisionKind
from app.domain.recognition.models import Certificate, RecognitionDecision
from app.domain.recognition.schemas import (
    DecidedCertificate,
    DraftOnCertificates,
    SignDecision,
)
from app.domain.stamps.actions import NoSigningKey
from tests.factories.people import People
from tests.factories.recognition import SIGNATURE, certificates_of, locked_dossier, make_decision

ISSUER = Issuer("https://ocop.example/")


def signed_certificate(
    session: WriteSession, people: People, key_dir: Path, *, star: int = 4
) -> Certificate:
    """Return the certificate of a decision the province signed here, sealed where a key is."""
    decision = make_decision(session, people, locked_dossier(session, people, star=star))
    _sign(session, people, key_dir, decision)
    return certificates_of(session, decision)[0]


def extend(
    session: WriteSession, people: People, key_dir: Path, certificate: Certificate, until: date
) -> None:
    """Let the province extend a certificate that is about to end, by a decision of its own."""
    decision = draft_on_certificates(
        session,
        DraftOnCertificates(
            kind=DecisionKind.EXTENSION,
            number="1500/QĐ-UBND",
            decided_on=local_day(people.at),
            decider=Decider.PROVINCE,
            items=[
                DecidedCertificate(
                    certificate=certificate.code, until=until, reason="Đang đánh giá lại."
                )
            ],
        ),
        actor=people.agency(),
        at=people.at,
    )
    session.flush()
    _sign(session, people, key_dir, decision)


def _sign(
    session: WriteSession, people: People, key_dir: Path, decision: RecognitionDecision
) -> None:
    sign_decision(
        session,
        decision.code,
        SignDecision(version=decision.version, **SIGNATURE),
        actor=people.signer(),
        at=people.at,
    )
    session.flush()
    with suppress(NoSigningKey):
        seal_all(session, people, key_dir)


def seal_all(session: WriteSession, people: People, key_dir: Path) -> Sealing:
    """Seal what is due, as the command does."""
    done = seal_certificates(session, actor=SYSTEM, at=people.at, issuer=ISSUER, key_dir=key_dir)
    session.flush()
    return done


def credentials_of(session: ReadSession, certificate: Certificate) -> list[CertificateCredential]:
    """Return the credentials of a certificate, oldest first."""
    return list(
        session.exec(
            select(CertificateCredential)
            .where(col(CertificateCredential.certificate_id) == certificate.id)
            .order_by(col(CertificateCredential.id))
        )
    )
