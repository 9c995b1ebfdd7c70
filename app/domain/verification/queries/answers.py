"""The verdict on what was scanned or typed: at most four statements, nothing written."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.errors import Refused
from app.core.signing import KeyRing, VerifyingKey
from app.domain.photos.models import ProductPhoto
from app.domain.photos.schemas import photo_path
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit
from app.domain.products.models import Product
from app.domain.recognition.enums import Standing
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import revocation_ground, standing
from app.domain.stamps.enums import KeyPurpose, StampLevel, Verdict
from app.domain.stamps.models import Stamp, StampBatch, StampKey, StampRoll, StampWithdrawal
from app.domain.stamps.rules import (
    DIGITS,
    MalformedToken,
    Serial,
    SerialTypo,
    StampHeader,
    Token,
    decode_header,
    encode_header,
    format_serial,
    is_signed,
    parse_digits,
    parse_serial,
    roll_count,
    serial_of,
    state_of,
)
from app.domain.verification.rules import (
    BASIS,
    CARRIES_STAR,
    MESSAGES,
    Kind,
    kind_of_artwork,
    kind_of_stamp,
    verdict_of,
    whole_minute,
    written,
)
from app.domain.verification.schemas import (
    Answer,
    CertificateTold,
    NewerTold,
    PictureTold,
    ProducerTold,
    ProductTold,
    RollTold,
)
from app.rulebooks.loader import in_force

_log = logging.getLogger("ocop.verification")
_DIGITS = re.compile(rf"[0-9]{{{DIGITS}}}")
_SERIAL = re.compile(r"[0-9A-Za-z-]{16,19}")
LONGEST_TEXT = 300


class NotAStampCode(Refused):
    """What was typed is neither the digits of a code nor a serial."""

    code = "stamp.not_a_code"
    message = "Đây không phải mã tem. Hãy quét mã QR, hoặc gõ 16 ký tự in dưới mã."


@dataclass(frozen=True, slots=True)
class LookedUp:
    """An answer, and what it is about.

    `index` is that of a stamp of ours, or the one an alarm is about; `kind` is shared by all that are
    told the same, and None where nothing of ours stands behind the code.
    """

    answer: Answer
    index: int | None = None
    kind: Kind | None = None
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    """A stamp (None for artwork on packaging) with all that its verdict is computed from."""

    stamp: Stamp | None
    certificate: Certificate
    product: Product
    commune: str
    newer: Certificate | None
    roll: StampRoll | None = None
    batch: StampBatch | None = None
    withdrawal: StampWithdrawal | None = None


def is_digits(text: str) -> bool:
    """Tell whether a text is shaped like the digits of a stamp's code."""
    return _DIGITS.fullmatch(text) is not None


def is_plain_code(text: str) -> bool:
    """Tell whether a text is the digits of a code, or a serial without spaces and typing mistakes."""
    if len(text) >= DIGITS:
        return is_digits(text)
    if not _SERIAL.fullmatch(text):
        return False
    try:
        parse_serial(text)
    except SerialTypo:
        return False
    return True


def verdict(
    session: ReadSession, text: str, *, at: datetime, demonstration: bool = False
) -> Answer:
    """Return what 193 digits or a serial say at a moment; a mistyped serial is refused."""
    return look_up(session, text, at=at, demonstration=demonstration).answer


def look_up(
    session: ReadSession, text: str, *, at: datetime, demonstration: bool = False
) -> LookedUp:
    """Return the verdict with what it is about; a mistyped serial is refused.

    A valid signature on a stamp that was never issued means that a key is in wrong hands: nothing
    may be written while reading, so the alarm is raised in the log, with the index and the key, and
    told to the door, which writes it into the journal of scans.
    """
    typed = text.strip()
    if is_digits(typed):
        found = _of_digits(session, typed, at=at)
    elif len(typed) > LONGEST_TEXT or not typed or typed.isdecimal():
        raise NotAStampCode
    else:
        found = _of_serial(session, parse_serial(typed), at=at)
    if not demonstration:
        return found
    return replace(found, answer=found.answer.model_copy(update={"demonstration": True}))


def bare(said: Verdict, *, at: datetime) -> Answer:
    """Return an answer behind which nothing of ours stands."""
    return Answer(verdict=said, valid=False, message=MESSAGES[said], known_at=whole_minute(at))


def raise_alarm(*, kid: int, index: int) -> None:
    """Tell whoever watches the log that a key signed what this register never issued."""
    _log.critical("ALARM a valid signature on a stamp never issued: kid=%d index=%d", kid, index)


def told_params(answer: Answer) -> Mapping[str, object]:
    """Return the parameters of the verdict's sentence, for saying it in another language."""
    certificate, newer, roll = answer.certificate, answer.newer, answer.roll
    return {
        "star": certificate.star if certificate else "",
        "until": written(certificate.expires_on if certificate else None),
        "extended": written(certificate.extended_until if certificate else None),
        "since": written(answer.since),
        "reason": answer.reason,
        "newer_producer": newer.producer_name if newer else "",
        "newer_star": newer.star if newer else "",
        "newer_until": written(newer.expires_on if newer else None),
        "roll": roll.number if roll else "",
        "rolls": roll.rolls if roll else "",
        "stamps": roll.stamps if roll else "",
    }


def _of_digits(session: ReadSession, digits: str, *, at: datetime) -> LookedUp:
    try:
        token = parse_digits(digits)
    except MalformedToken:
        return LookedUp(bare(Verdict.TAMPERED, at=at))
    if not _is_signed(session, token):
        return LookedUp(bare(Verdict.TAMPERED, at=at))
    header = token.header
    found = (
        _by_record(session, header.certificate, at=at)
        if header.level is StampLevel.PRODUCT
        else _by_index(session, header.index, at=at)
    )
    stored = found.stamp.header if found and found.stamp else None
    if found and (found.stamp is None or stored == encode_header(header)):
        return _told(session, found, header, at=at)
    if header.specimen:
        return LookedUp(bare(Verdict.SPECIMEN, at=at))
    raise_alarm(kid=header.kid, index=header.index)
    index = None if header.level is StampLevel.PRODUCT else header.index
    return LookedUp(bare(Verdict.UNKNOWN, at=at), index=index, alarm=True)


def _of_serial(session: ReadSession, serial: Serial, *, at: datetime) -> LookedUp:
    found = _by_index(session, serial.index, at=at)
    if found is None or found.stamp is None:
        return LookedUp(bare(Verdict.UNKNOWN, at=at))
    header = decode_header(found.stamp.header)
    if serial_of(header) != serial.text:
        return LookedUp(bare(Verdict.UNKNOWN, at=at))
    return _told(session, found, header, at=at)


def _is_signed(session: ReadSession, token: Token) -> bool:
    """Check against the published key the header names; nothing else of the input chooses a key."""
    published = session.exec(
        select(StampKey.jwk).where(
            col(StampKey.kid) == token.header.kid,
            col(StampKey.purpose) == KeyPurpose.STAMPS,
        )
    ).one_or_none()
    if published is None:
        return False
    return is_signed(token, KeyRing([VerifyingKey.from_jwk(published)]).verifies)


_Newer = aliased(Certificate)


def _behind(statement: Any) -> Any:
    """Add to a statement over certificates what stands behind them on the day `on`."""
    unit = AdministrativeUnit
    on = sa.bindparam("on", type_=sa.Date)
    return (
        statement.join(Product, col(Product.id) == col(Certificate.product_id))
        .outerjoin(_Newer, col(_Newer.id) == col(Certificate.superseded_by_id))
        .outerjoin(
            unit,
            sa.and_(
                col(unit.code) == col(Product.commune_code),
                col(unit.level) == UnitLevel.COMMUNE,
                col(unit.valid_from) <= on,
                sa.or_(col(unit.valid_to).is_(None), col(unit.valid_to) >= on),
            ),
        )
    )


# Made once: a statement put together anew costs more than its answer.
_BY_INDEX = _behind(
    sa.select(
        Stamp,
        Certificate,
        Product,
        col(AdministrativeUnit.full_name),
        _Newer,
        StampRoll,
        StampBatch,
        StampWithdrawal,
    )
    .select_from(Stamp)
    .join(StampRoll, col(StampRoll.id) == col(Stamp.roll_id))
    .join(StampBatch, col(StampBatch.id) == col(StampRoll.batch_id))
    .join(Certificate, col(Certificate.id) == col(StampBatch.certificate_id))
    .outerjoin(
        StampWithdrawal,
        col(StampWithdrawal.id)
        == sa.func.coalesce(col(Stamp.withdrawal_id), col(StampRoll.withdrawal_id)),
    )
).where(col(Stamp.index) == sa.bindparam("index"))
_BY_RECORD = _behind(
    sa.select(Certificate, Product, col(AdministrativeUnit.full_name), _Newer).select_from(
        Certificate
    )
).where(col(Certificate.record_number) == sa.bindparam("record"))
_PICTURE: Any = (
    sa.select(
        col(ProductPhoto.caption),
        col(ProductPhoto.thumbnail_sha256),
        col(ProductPhoto.thumbnail_width),
        col(ProductPhoto.thumbnail_height),
    )
    .where(col(ProductPhoto.product_id) == sa.bindparam("product"))
    .order_by(col(ProductPhoto.id).desc())
    .limit(1)
)


def _by_index(session: ReadSession, index: int, *, at: datetime) -> _Found | None:
    row = session.exec(_BY_INDEX, params={"index": index, "on": local_day(at)}).one_or_none()
    if row is None:
        return None
    stamp, certificate, product, commune, newer, roll, batch, withdrawal = row
    return _Found(stamp, certificate, product, commune or "", newer, roll, batch, withdrawal)


def _by_record(session: ReadSession, record_number: int, *, at: datetime) -> _Found | None:
    row = session.exec(
        _BY_RECORD, params={"record": record_number, "on": local_day(at)}
    ).one_or_none()
    if row is None:
        return None
    certificate, product, commune, newer = row
    return _Found(None, certificate, product, commune or "", newer)


def _picture_of(session: ReadSession, product: Product) -> PictureTold | None:
    row = session.exec(_PICTURE, params={"product": product.id}).one_or_none()
    if row is None:
        return None
    caption, sha256, width, height = row
    return PictureTold(path=photo_path(sha256), width=width, height=height, caption=caption)


def _kind(found: _Found, header: StampHeader) -> Kind:
    if found.stamp is None or found.roll is None:
        return kind_of_artwork(record=header.certificate, specimen=header.specimen)
    return kind_of_stamp(
        certificate_id=found.certificate.id or 0,
        state=found.roll.state,
        roll_id=found.roll.id or 0,
        withdrawal_id=found.withdrawal.id if found.withdrawal else None,
        label=header.level is StampLevel.ROLL,
        specimen=header.specimen,
        pin=header.pin,
    )


def _roll_told(found: _Found) -> RollTold | None:
    roll, batch = found.roll, found.batch
    if roll is None or batch is None:
        return None
    return RollTold(
        number=roll.number, rolls=roll_count(batch.count, batch.roll_size), stamps=roll.size
    )


def _told(session: ReadSession, found: _Found, header: StampHeader, *, at: datetime) -> LookedUp:
    on = local_day(at)
    certificate, product = found.certificate, found.product
    kind = _kind(found, header)
    worth = standing(certificate, on, in_force(on))
    state = (
        state_of(found.roll.state, withdrawn=found.withdrawal is not None) if found.roll else None
    )
    said = verdict_of(state, worth, specimen=header.specimen, label=kind.label)
    since, reason = _since(found, said)
    replaced = worth in {Standing.SUPERSEDED, Standing.HOLDER_CHANGED}
    answer = Answer(
        verdict=said,
        valid=said in CARRIES_STAR,
        message="",
        basis=BASIS.get(said),
        known_at=whole_minute(at),
        serial=format_serial(serial_of(header)) if found.stamp else None,
        product=ProductTold(
            name=certificate.product_name,
            packaging=product.packaging,
            product_code=certificate.product_code,
            gtin=product.gtin,
        ),
        producer=ProducerTold(
            name=certificate.producer_name,
            address=certificate.producer_address,
            commune=found.commune,
        ),
        certificate=CertificateTold.model_validate(
            certificate.model_dump(include=set(CertificateTold.model_fields))
        ),
        newer=NewerTold.model_validate(found.newer.model_dump(include=set(NewerTold.model_fields)))
        if found.newer and replaced
        else None,
        picture=_picture_of(session, product),
        roll=_roll_told(found) if kind.label else None,
        pin=header.pin and not kind.label,
        since=since,
        reason=reason,
    )
    message = MESSAGES[said].format(**told_params(answer)).strip()
    return LookedUp(
        answer.model_copy(update={"message": message}),
        index=found.stamp.index if found.stamp else None,
        kind=kind,
    )


def _since(found: _Found, said: Verdict) -> tuple[date | None, str]:
    """Return since when the verdict holds and why, where there is such a day."""
    certificate = found.certificate
    if said is Verdict.VOID and found.withdrawal is not None:
        return local_day(found.withdrawal.withdrawn_at), found.withdrawal.reason
    if said is Verdict.SUSPENDED and found.roll is not None and found.roll.suspended_at:
        return local_day(found.roll.suspended_at), ""
    if said is Verdict.REVOKED:
        # In the words of the law: what was written about the case may name persons.
        ground = certificate.revocation_ground
        law = in_force(certificate.revoked_on) if certificate.revoked_on else None
        told = ground and law and law.stated_procedure and revocation_ground(ground, law).text
        return certificate.revoked_on, f"{told}." if told else ""
    if said is Verdict.PRODUCER_DISSOLVED:
        return certificate.holder_ended_on, ""
    if said in {Verdict.SUPERSEDED, Verdict.HOLDER_CHANGED}:
        return certificate.superseded_on, ""
    return None, ""
