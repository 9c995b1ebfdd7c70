"""Credentials as they are given away, and what a check of one says: nothing written."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError
from sqlmodel import col, func, select

from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.errors import NotFound
from app.core.jws import Jws
from app.core.signing import KeyRing, VerifyingKey
from app.domain.credentials.enums import Finding
from app.domain.credentials.models import CertificateCredential
from app.domain.credentials.rules import (
    FIELD_LABELS,
    MESSAGES,
    TYP,
    Issuer,
    UnreadableCredential,
    Words,
    claims_of,
    digest_of,
    read_jws,
)
from app.domain.credentials.schemas import (
    CheckedCredential,
    ClaimsSaid,
    CredentialOut,
    FieldTold,
    RegisterToday,
)
from app.domain.recognition.enums import Standing
from app.domain.recognition.models import Certificate, RecognitionDecision
from app.domain.recognition.queries import CertifiedProduct, certified_products, in_force_on
from app.domain.recognition.rules import IN_FORCE, STANDING_LABELS, last_day_in_force
from app.domain.register.queries import get_register_entry
from app.domain.register.rules import public_ground
from app.domain.stamps.enums import KeyPurpose
from app.domain.stamps.models import StampKey
from app.rulebooks.loader import in_force

_log = logging.getLogger("ocop.credentials")


class CredentialNotMade(NotFound):
    """The server that holds the key has not sealed this certificate, or never will: it had ended."""

    code = "credential.not_made"
    message = "Giấy chứng nhận này chưa có bản ký điện tử."


class CredentialEnded(NotFound):
    """A certificate that ended: what still says «valid until» is not handed out any more."""

    code = "credential.ended"
    message = (
        "Giấy chứng nhận này không còn hiệu lực nên bản ký điện tử không được đưa ra nữa. Sổ đăng ký "
        "cho biết vì sao."
    )


@dataclass(frozen=True, slots=True)
class SealedCertificate:
    """A certificate of the register with its newest credential."""

    found: CertifiedProduct
    credential: CertificateCredential
    is_current: bool

    @property
    def is_in_force(self) -> bool:
        """Whether the product may carry its star: then the credential is handed out."""
        return self.found.standing in IN_FORCE


def is_extract(certificate: Certificate) -> bool:
    """Tell whether others issued it: the ministry, a district, an earlier regime of the province.

    What this program signed for the province rests on a decision it keeps.
    """
    return certificate.decision_id is None


def words_of(found: CertifiedProduct) -> Words:
    """Return what a credential says of a certificate: names as issued, the commune as of that day."""
    certificate = found.certificate
    return Words(
        certificate=certificate.code,
        record_number=certificate.record_number,
        name=certificate.product_name,
        producer=certificate.producer_name,
        commune=found.commune,
        star=certificate.star,
        product_code=certificate.product_code or "",
        decision=certificate.decision_number,
        authority=certificate.authority,
        issued_on=certificate.issued_on,
        last_day=last_day_in_force(certificate),
        source=(certificate.source_note or certificate.authority)
        if is_extract(certificate)
        else "",
    )


@dataclass(frozen=True, slots=True)
class DueCertificates:
    """Certificates to seal among those looked at, and after which one the next look goes on."""

    ids: list[int]
    read: int
    next_after: int | None


def sealing_mark(session: ReadSession) -> tuple[datetime | None, int | None]:
    """Return what moves whenever a decision is signed or a certificate entered: then look what is due."""
    signed_at = select(func.max(col(RecognitionDecision.signed_at)))
    newest = select(func.max(col(Certificate.id)))
    return session.exec(signed_at).one(), session.exec(newest).one()


def due_certificates(
    session: ReadSession, *, issuer: Issuer, at: datetime, after: int = 0, limit: int
) -> DueCertificates:
    """Return certificates in force of which no credential says what the register says today.

    What has ended gets no fresh signature.
    """
    on = local_day(at)
    found = [
        CertifiedProduct(*row, on=on)
        for row in session.exec(
            certified_products(on)
            .where(*in_force_on(on), col(Certificate.id) > after)
            .order_by(col(Certificate.id))
            .limit(limit)
        )
    ]
    known = newest_credentials(session, [one.certificate.id or 0 for one in found])
    due = []
    for one in found:
        number = one.certificate.id or 0
        last = known.get(number)
        if last is None or last.digest != digest_of(claims_of(words_of(one), issuer)):
            due.append(number)
    whole = len(found) < limit
    return DueCertificates(due, len(found), None if whole else found[-1].certificate.id)


def newest_credentials(
    session: ReadSession, certificate_ids: Sequence[int]
) -> dict[int, CertificateCredential]:
    """Return the newest credential of each certificate that has one, in one statement."""
    newest = (
        select(func.max(col(CertificateCredential.id)))
        .where(col(CertificateCredential.certificate_id).in_(certificate_ids))
        .group_by(col(CertificateCredential.certificate_id))
    )
    rows = session.exec(
        select(CertificateCredential).where(col(CertificateCredential.id).in_(newest))
    )
    return {row.certificate_id: row for row in rows}


def newest_credential(
    session: ReadSession, found: CertifiedProduct, issuer: Issuer
) -> SealedCertificate | None:
    """Return the newest credential of a certificate and whether the register still says so."""
    certificate_id = found.certificate.id or 0
    credential = newest_credentials(session, [certificate_id]).get(certificate_id)
    if credential is None:
        return None
    return SealedCertificate(
        found, credential, credential.digest == digest_of(claims_of(words_of(found), issuer))
    )


def sealed_certificate(
    session: ReadSession, code: str, *, on: date, issuer: Issuer
) -> SealedCertificate:
    """Return a register entry with its newest credential; CredentialNotMade where there is none."""
    sealed = newest_credential(session, get_register_entry(session, code, on=on), issuer)
    if sealed is None:
        raise CredentialNotMade
    return sealed


def credential_to_hand_out(
    session: ReadSession, code: str, *, on: date, issuer: Issuer
) -> SealedCertificate:
    """Return a credential as a file for anybody; CredentialEnded when it no longer should be shown."""
    sealed = sealed_certificate(session, code, on=on, issuer=issuer)
    if not sealed.is_in_force:
        raise CredentialEnded
    return sealed


def has_credential(session: ReadSession, found: CertifiedProduct) -> bool:
    """Tell whether there is a credential to hand out for a certificate."""
    return (
        found.standing in IN_FORCE
        and session.exec(
            select(CertificateCredential.id)
            .where(col(CertificateCredential.certificate_id) == found.certificate.id)
            .limit(1)
        ).first()
        is not None
    )


def credential_out(sealed: SealedCertificate, issuer: Issuer) -> CredentialOut:
    """Return a credential as the JSON door tells it."""
    credential = sealed.credential
    return CredentialOut(
        certificate=sealed.found.certificate.code,
        jws=credential.jws,
        kid=str(credential.kid),
        jwks=f"{issuer.root}/.well-known/jwks.json",
        payload=json.loads(read_jws(credential.jws).payload),
        sealed_at=credential.sealed_at,
        is_current=sealed.is_current,
        standing=sealed.found.standing,
    )


def checked_credential(session: ReadSession, text: str, *, at: datetime) -> CheckedCredential:
    """Return what a credential says, whether it was signed here, and what the register says today.

    Whatever is sent gets an answer, never a fault. A good signature on what was never sealed means
    that a key is in wrong hands: the alarm is raised in the log, as with stamps.
    """
    typed = text.strip()
    try:
        jws = read_jws(typed)
    except UnreadableCredential:
        return _bare(Finding.UNREADABLE, at=at)
    published = _published_key(session, jws)
    if published is None or not jws.is_of(TYP):
        return _bare(Finding.NOT_OURS, at=at)
    if not published.verifies(published.kids[0], jws.signed, jws.signature):
        return _bare(Finding.ALTERED, at=at)
    return _signed_here(session, typed, jws, at=at)


def told_params(answer: CheckedCredential) -> dict[str, Any]:
    """Return the parameters of the answer's sentence, for saying it in another language."""
    today = {one.field: one.told if one.today is None else one.today for one in answer.says}
    return {"star": today.get("star", ""), "until": today.get("last_day", "")}


def _published_key(session: ReadSession, jws: Jws) -> KeyRing | None:
    """Return the key the header names, of those published; nothing else of the input chooses one."""
    if jws.kid is None:
        return None
    jwk = session.exec(
        select(StampKey.jwk).where(
            col(StampKey.kid) == jws.kid, col(StampKey.purpose) == KeyPurpose.STAMPS
        )
    ).one_or_none()
    return None if jwk is None else KeyRing([VerifyingKey.from_jwk(jwk)])


def _signed_here(session: ReadSession, typed: str, jws: Jws, *, at: datetime) -> CheckedCredential:
    try:
        said = ClaimsSaid.model_validate_json(jws.payload)
    except ValidationError:
        return _bare(Finding.NOT_OURS, at=at)
    told = _told(said)
    row = session.exec(
        select(CertificateCredential)
        .join(Certificate, col(Certificate.id) == col(CertificateCredential.certificate_id))
        .where(
            col(Certificate.code) == told.certificate,
            col(CertificateCredential.kid) == jws.kid,
            col(CertificateCredential.jws) == typed,
        )
        .limit(1)
    ).one_or_none()
    if row is None:
        _log.critical(
            "ALARM a valid signature on a credential never sealed: kid=%s certificate=%.20r",
            jws.kid,
            told.certificate,
        )
        return _bare(Finding.UNRECORDED, at=at)
    found = get_register_entry(session, told.certificate, on=local_day(at))
    says = _compared(told, words_of(found))
    if found.standing not in IN_FORCE:
        finding = Finding.ENDED
    elif any(one.differs for one in says):
        finding = Finding.CHANGED
    else:
        finding = Finding.HOLDS
    answer = CheckedCredential(
        finding=finding,
        valid=finding is not Finding.ENDED,
        message="",
        known_at=at,
        kid=str(row.kid),
        sealed_at=row.sealed_at,
        certificate=found.certificate.code,
        says=says,
        register_today=_register_today(session, found),
    )
    return answer.model_copy(update={"message": MESSAGES[finding].format(**told_params(answer))})


def _bare(finding: Finding, *, at: datetime) -> CheckedCredential:
    return CheckedCredential(finding=finding, valid=False, message=MESSAGES[finding], known_at=at)


def _told(said: ClaimsSaid) -> Words:
    subject = said.credentialSubject
    return Words(
        certificate=subject.certificate,
        record_number=subject.recordNumber,
        name=subject.name,
        producer=subject.producer.name,
        commune=subject.commune,
        star=subject.star,
        product_code=subject.productCode,
        decision=subject.decision.number,
        authority=subject.decision.authority,
        issued_on=subject.decision.date,
        last_day=local_day(said.validUntil),
        source=subject.source,
    )


def _compared(told: Words, today: Words) -> list[FieldTold]:
    compared = []
    for field, label in FIELD_LABELS.items():
        then, now = _written(getattr(told, field)), _written(getattr(today, field))
        if then or now:
            compared.append(
                FieldTold(field=field, label=label, told=then, today=now, differs=then != now)
            )
    return compared


def _written(value: object) -> str:
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)


def _register_today(session: ReadSession, found: CertifiedProduct) -> RegisterToday:
    certificate = found.certificate
    ground = public_ground(certificate.revocation_ground, in_force(found.on))
    newer = (
        session.exec(
            select(Certificate.code).where(col(Certificate.id) == certificate.superseded_by_id)
        ).one_or_none()
        if found.standing in {Standing.SUPERSEDED, Standing.HOLDER_CHANGED}
        else None
    )
    return RegisterToday(
        standing=found.standing,
        label=STANDING_LABELS[found.standing],
        basis=found.basis,
        since=ended_since(certificate, found.standing),
        reason=ground.text if ground and found.standing is Standing.REVOKED else "",
        newer=newer,
    )


def ended_since(certificate: Certificate, worth: Standing) -> date | None:
    """Return the first day without the star, where a standing has such a day.

    For the end of a term it is the last good day that people know: that one is told instead.
    """
    match worth:
        case Standing.REVOKED:
            return certificate.revoked_on
        case Standing.SUPERSEDED | Standing.HOLDER_CHANGED:
            return certificate.superseded_on
        case Standing.PRODUCER_DISSOLVED:
            return certificate.holder_ended_on
        case _:
            return None
