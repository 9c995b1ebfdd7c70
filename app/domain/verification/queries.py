"""The verdict on what was scanned or typed: at most four statements, nothing written."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.errors import Refused
from app.core.signing import KeyRing, VerifyingKey
from app.domain.places.queries import commune_names
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.domain.recognition.enums import Standing
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import standing
from app.domain.stamps.enums import StampLevel, Verdict
from app.domain.stamps.models import Stamp, StampBatch, StampKey
from app.domain.stamps.rules import (
    DIGITS,
    MalformedToken,
    Serial,
    StampHeader,
    Token,
    decode_header,
    encode_header,
    format_serial,
    is_signed,
    parse_digits,
    parse_serial,
    serial_of,
)
from app.domain.verification.rules import BASIS, CARRIES_STAR, MESSAGES, verdict_of, written
from app.domain.verification.schemas import (
    Answer,
    CertificateTold,
    NewerTold,
    ProducerTold,
    ProductTold,
)
from app.rulebooks.loader import in_force

_log = logging.getLogger("ocop.verification")
_DIGITS = re.compile(rf"[0-9]{{{DIGITS}}}")
LONGEST_TEXT = 300


class NotAStampCode(Refused):
    """What was typed is neither the digits of a code nor a serial."""

    code = "stamp.not_a_code"
    message = "Đây không phải mã tem. Hãy quét mã QR, hoặc gõ 16 ký tự in dưới mã."


@dataclass(frozen=True, slots=True)
class _Found:
    """A stamp (None for artwork on packaging) with all that its verdict is computed from."""

    stamp: Stamp | None
    certificate: Certificate
    product: Product
    producer: Producer


def is_digits(text: str) -> bool:
    """Tell whether a text is shaped like the digits of a stamp's code."""
    return _DIGITS.fullmatch(text) is not None


def verdict(
    session: ReadSession, text: str, *, at: datetime, demonstration: bool = False
) -> Answer:
    """Return what 193 digits or a serial say at a moment; a mistyped serial is refused.

    A valid signature on a stamp that was never issued means that a key is in wrong hands: nothing
    may be written while reading, so the alarm is raised in the log, with the index and the key.
    """
    typed = text.strip()
    if is_digits(typed):
        answer = _of_digits(session, typed, at=at)
    elif len(typed) > LONGEST_TEXT or not typed or typed.isdecimal():
        raise NotAStampCode
    else:
        answer = _of_serial(session, parse_serial(typed), at=at)
    return answer.model_copy(update={"demonstration": demonstration})


def told_params(answer: Answer) -> Mapping[str, object]:
    """Return the parameters of the verdict's sentence, for saying it in another language."""
    certificate, newer = answer.certificate, answer.newer
    return {
        "star": certificate.star if certificate else "",
        "until": written(certificate.expires_on if certificate else None),
        "since": written(answer.since),
        "reason": answer.reason,
        "newer_star": newer.star if newer else "",
        "newer_until": written(newer.expires_on if newer else None),
    }


def _of_digits(session: ReadSession, digits: str, *, at: datetime) -> Answer:
    try:
        token = parse_digits(digits)
    except MalformedToken:
        return _bare(Verdict.TAMPERED, at=at)
    if not _is_signed(session, token):
        return _bare(Verdict.TAMPERED, at=at)
    header = token.header
    found = (
        _by_record(session, header.certificate)
        if header.level is StampLevel.PRODUCT
        else _by_index(session, header.index)
    )
    stored = found.stamp.header if found and found.stamp else None
    if found and (found.stamp is None or stored == encode_header(header)):
        return _told(session, found, header, at=at)
    if header.specimen:
        return _bare(Verdict.SPECIMEN, at=at)
    _log.critical(
        "ALARM a valid signature on a stamp never issued: kid=%d index=%d", header.kid, header.index
    )
    return _bare(Verdict.UNKNOWN, at=at)


def _of_serial(session: ReadSession, serial: Serial, *, at: datetime) -> Answer:
    found = _by_index(session, serial.index)
    if found is None or found.stamp is None:
        return _bare(Verdict.UNKNOWN, at=at)
    header = decode_header(found.stamp.header)
    if serial_of(header) != serial.text:
        return _bare(Verdict.UNKNOWN, at=at)
    return _told(session, found, header, at=at)


def _is_signed(session: ReadSession, token: Token) -> bool:
    """Check against the published key the header names; nothing else of the input chooses a key."""
    published = session.exec(
        select(StampKey.jwk).where(col(StampKey.kid) == token.header.kid)
    ).one_or_none()
    if published is None:
        return False
    return is_signed(token, KeyRing([VerifyingKey.from_jwk(published)]).verifies)


def _by_index(session: ReadSession, index: int) -> _Found | None:
    row = session.exec(
        select(Stamp, Certificate, Product, Producer)
        .join(StampBatch, col(StampBatch.id) == col(Stamp.batch_id))
        .join(Certificate, col(Certificate.id) == col(StampBatch.certificate_id))
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(Certificate.producer_id))
        .where(col(Stamp.index) == index)
    ).one_or_none()
    return _Found(*row) if row else None


def _by_record(session: ReadSession, record_number: int) -> _Found | None:
    row = session.exec(
        select(Certificate, Product, Producer)
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(Certificate.producer_id))
        .where(col(Certificate.record_number) == record_number)
    ).one_or_none()
    return _Found(None, *row) if row else None


def _bare(said: Verdict, *, at: datetime) -> Answer:
    return Answer(verdict=said, valid=False, message=MESSAGES[said], known_at=at)


def _told(session: ReadSession, found: _Found, header: StampHeader, *, at: datetime) -> Answer:
    on = local_day(at)
    certificate, product, producer = found.certificate, found.product, found.producer
    worth = standing(certificate, on, in_force(on))
    said = verdict_of(found.stamp.state if found.stamp else None, worth, specimen=header.specimen)
    since, reason = _since(found, said)
    newer = (
        session.exec(
            select(Certificate).where(col(Certificate.id) == certificate.superseded_by_id)
        ).one()
        if worth is Standing.SUPERSEDED
        else None
    )
    communes = commune_names(session, [product.commune_code], on=on)
    answer = Answer(
        verdict=said,
        valid=said in CARRIES_STAR,
        message="",
        basis=BASIS.get(said),
        known_at=at,
        serial=format_serial(serial_of(header)) if found.stamp else None,
        product=ProductTold(
            name=product.name, packaging=product.packaging, product_code=certificate.product_code
        ),
        producer=ProducerTold(
            name=producer.name,
            address=producer.address,
            commune=communes.get(product.commune_code, ""),
        ),
        certificate=CertificateTold.model_validate(
            certificate.model_dump(include=set(CertificateTold.model_fields))
        ),
        newer=NewerTold.model_validate(newer.model_dump(include=set(NewerTold.model_fields)))
        if newer
        else None,
        since=since,
        reason=reason,
    )
    message = MESSAGES[said].format(**told_params(answer)).strip()
    return answer.model_copy(update={"message": message})


def _since(found: _Found, said: Verdict) -> tuple[date | None, str]:
    """Return since when the verdict holds and why, where there is such a day."""
    stamp, certificate = found.stamp, found.certificate
    if said is Verdict.VOID and stamp is not None:
        day = local_day(stamp.voided_at) if stamp.voided_at else None
        return day, stamp.void_reason
    if said is Verdict.REVOKED:
        return certificate.revoked_on, certificate.revocation_reason
    if said is Verdict.SUPERSEDED:
        return certificate.superseded_on, ""
    return None, ""
