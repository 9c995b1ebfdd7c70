"""Claims answered from the register: a handful of statements however many there are, nothing written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlmodel import col, select

from app.core import jws
from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.errors import Refusal
from app.core.signing import EcdsaKey, KeyFileError, KeyRing, VerifyingKey
from app.core.text import fold
from app.domain.claims.enums import Reason
from app.domain.claims.rules import (
    ENGLISH,
    FINDING_OF,
    MESSAGES,
    PROOF_LIFE,
    PROOF_TYP,
    reason_of,
    written,
)
from app.domain.claims.schemas import Claim, ClaimAnswer
from app.domain.producers.models import Producer
from app.domain.products.models import Product, ProductCodeAlias
from app.domain.products.rules import gtin14
from app.domain.recognition.enums import Standing
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import (
    IN_FORCE,
    STANDING_BASIS,
    last_day_in_force,
    standing,
)
from app.domain.register.rules import ended_on
from app.domain.stamps.enums import StampLevel, StampState
from app.domain.stamps.models import Stamp, StampBatch, StampRoll
from app.domain.stamps.queries import stamp_keys
from app.domain.stamps.rules import (
    DIGITS,
    MalformedToken,
    StampHeader,
    decode_header,
    encode_header,
    is_signed,
    parse_digits,
    parse_serial,
    serial_of,
    state_of,
)
from app.rulebooks.loader import in_force
from app.rulebooks.model import Regime


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers: under which address, signing with which key, in the invented world or not."""

    public_url: str
    key: EcdsaKey
    invented: bool = False
    english: bool = False

    @property
    def root(self) -> str:
        """The address without a slash at its end."""
        return self.public_url.rstrip("/")


@dataclass(slots=True)
class _Named:
    """What a claim names, as far as it could be read."""

    kind: str
    key: str = ""
    producer: str = ""
    typed: str = ""
    index: int | None = None
    serial: str = ""
    header: StampHeader | None = None
    reason: Reason | None = None


@dataclass(slots=True)
class _Register:
    """What the register holds of all claims together."""

    on: date
    law: Regime
    products: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    holders: dict[tuple[str, str], set[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(set)
    )
    stamps: dict[int, tuple[bytes, StampState, int, int]] = field(default_factory=dict)
    certificates: dict[int, list[Certificate]] = field(default_factory=lambda: defaultdict(list))

    def worth(self, certificate: Certificate) -> Standing:
        """Return what a certificate is worth today."""
        return standing(certificate, self.on, self.law)


@dataclass(frozen=True, slots=True)
class _Found:
    """A certificate that speaks for what was named, or why there is none."""

    reason: Reason | None = None
    certificate: Certificate | None = None
    stamp: StampState | None = None


def answered(
    session: ReadSession, claims: Sequence[Claim], answering: Answering, *, at: datetime
) -> list[ClaimAnswer]:
    """Return an answer to each claim in its order, each with a proof of its own.

    A certificate or a stamp speaks for itself, or for the one that replaced it for the same holder; a
    product by its certificate in force. Names are found only whole, spelt like those of a product and
    of the holder of one of its certificates (accents and case aside). At most five statements.

    How a proof is checked, also after `exp`, which only says until when it may stand for today's
    answer: type `ocop-claim+jwt`, ES256, by the key of the JWKS that `kid` names and whose purpose is
    `answers`, `iss` this register. It repeats the claim as it was asked and the answer.
    """
    named = [_named(claim) for claim in claims]
    _check_signatures(session, named)
    register = _looked_up(session, named, on=local_day(at))
    return [
        _answer(claim, _speaks(one, register), register, answering, at=at)
        for claim, one in zip(claims, named, strict=True)
    ]


def _named(claim: Claim) -> _Named:
    if claim.certificate:
        return _Named("certificate", claim.certificate.upper())
    if claim.product_code:
        return _Named("product_code", fold(claim.product_code), typed=claim.product_code)
    if claim.product:
        return _Named("names", fold(claim.product), fold(claim.producer))
    try:
        if claim.gtin:
            return _Named("gtin", gtin14(claim.gtin))
        if len(claim.stamp) == DIGITS and claim.stamp.isascii() and claim.stamp.isdecimal():
            token = parse_digits(claim.stamp)
            header = token.header
            kind = "record" if header.level is StampLevel.PRODUCT else "stamp"
            return _Named(kind, claim.stamp, index=header.index, header=header)
        serial = parse_serial(claim.stamp)
    except MalformedToken:
        return _Named("nothing", reason=Reason.STAMP_ALTERED)
    except Refusal:
        return _Named("nothing", reason=Reason.UNREADABLE)
    return _Named("stamp", index=serial.index, serial=serial.text)


def _check_signatures(session: ReadSession, named: Sequence[_Named]) -> None:
    """Find the digits that no published key signed; keys are read once for all of them."""
    of_digits = [one for one in named if one.header is not None]
    if not of_digits:
        return
    ring = KeyRing(_readable(stamp_keys(session)))
    for one in of_digits:
        if not is_signed(parse_digits(one.key), ring.verifies):
            one.reason = Reason.STAMP_ALTERED
        elif one.header is not None and one.header.specimen:
            one.reason = Reason.STAMP_SPECIMEN


def _readable(published: Sequence[Any]) -> list[VerifyingKey]:
    keys = []
    for one in published:
        try:
            keys.append(VerifyingKey.from_jwk(one.jwk))
        except KeyFileError:
            continue
    return keys


def _looked_up(session: ReadSession, named: Sequence[_Named], *, on: date) -> _Register:
    register = _Register(on, in_force(on))
    wanted = [one for one in named if one.reason is None]
    indexes = sorted({one.index for one in wanted if one.kind == "stamp" and one.index is not None})
    product_ids: set[int] = set()
    if indexes:
        for index, header, withdrawn, state, certificate_id, product_id in session.execute(
            sa.select(
                col(Stamp.index),
                col(Stamp.header),
                col(Stamp.withdrawal_id).is_not(None),
                col(StampRoll.state),
                col(Certificate.id),
                col(Certificate.product_id),
            )
            .join(StampRoll, col(StampRoll.id) == col(Stamp.roll_id))
            .join(StampBatch, col(StampBatch.id) == col(StampRoll.batch_id))
            .join(Certificate, col(Certificate.id) == col(StampBatch.certificate_id))
            .where(col(Stamp.index).in_(indexes))
        ):
            worth = state_of(state, withdrawn=bool(withdrawn))
            register.stamps[index] = (header, worth, certificate_id, product_id)
            product_ids.add(product_id)
    ways = _ways(wanted)
    if ways:
        for kind, key, product_id in session.execute(sa.union_all(*ways)):
            register.products[kind, fold(key) if kind == "product_code" else key].add(product_id)
            product_ids.add(product_id)
    _look_up_names(session, wanted, register, product_ids)
    if product_ids:
        for certificate in session.exec(
            select(Certificate)
            .where(col(Certificate.product_id).in_(product_ids), col(Certificate.issued_on) <= on)
            .order_by(col(Certificate.issued_on).desc(), col(Certificate.id).desc())
        ):
            register.certificates[certificate.product_id].append(certificate)
    return register


def _ways(wanted: Sequence[_Named]) -> list[sa.Select[Any]]:
    """Return one look-up for each kind of code that was asked for, told apart by their kind."""
    keys: Mapping[str, set[str]] = defaultdict(set)
    codes: set[str] = set()
    records: set[int] = set()
    for one in wanted:
        keys[one.kind].add(one.key)
        if one.kind == "product_code":
            codes.add(one.typed)
        if one.kind == "record" and one.header is not None:
            records.add(one.header.certificate)
    ways: list[sa.Select[Any]] = []

    def way(kind: str, key: Any, product_id: Any) -> sa.Select[Any]:
        return sa.select(sa.literal(kind), sa.cast(key, sa.String), product_id)

    if keys["certificate"]:
        ways.append(
            way("certificate", col(Certificate.code), col(Certificate.product_id)).where(
                col(Certificate.code).in_(keys["certificate"])
            )
        )
    if records:
        ways.append(
            way("record", col(Certificate.record_number), col(Certificate.product_id)).where(
                col(Certificate.record_number).in_(records)
            )
        )
    if codes:
        ways.append(
            way("product_code", col(Certificate.product_code), col(Certificate.product_id)).where(
                col(Certificate.product_code).in_(codes)
            )
        )
        ways.append(
            way(
                "product_code", col(ProductCodeAlias.code_folded), col(ProductCodeAlias.product_id)
            ).where(col(ProductCodeAlias.code_folded).in_(keys["product_code"]))
        )
    if keys["gtin"]:
        ways.append(
            way("gtin", col(Product.gtin), col(Product.id)).where(
                col(Product.gtin).in_(keys["gtin"])
            )
        )
    return ways


def _look_up_names(
    session: ReadSession, wanted: Sequence[_Named], register: _Register, product_ids: set[int]
) -> None:
    """Find products by their whole name and that of a holder of one of their certificates."""
    names = {(one.key, one.producer) for one in wanted if one.kind == "names"}
    if not names:
        return
    for product, producer, product_id, producer_id in session.execute(
        sa.select(
            col(Product.name_folded),
            col(Producer.name_folded),
            col(Product.id),
            col(Producer.id),
        )
        .join(Certificate, col(Certificate.product_id) == col(Product.id))
        .join(Producer, col(Producer.id) == col(Certificate.producer_id))
        .where(
            col(Product.name_folded).in_({product for product, _ in names}),
            col(Producer.name_folded).in_({producer for _, producer in names}),
            col(Certificate.issued_on) <= register.on,
        )
        .distinct()
    ):
        if (product, producer) in names:
            register.holders[product, producer].add((product_id, producer_id))
            product_ids.add(product_id)


def _speaks(named: _Named, register: _Register) -> _Found:
    """Return the certificate that speaks for what a claim names."""
    if named.reason is not None:
        return _Found(named.reason)
    if named.kind == "stamp":
        return _of_stamp(named, register)
    if named.kind == "names":
        return _of_names(register.holders.get((named.key, named.producer), set()), register)
    key = str(named.header.certificate) if named.header is not None else named.key
    products = register.products.get((named.kind, key), set())
    if not products:
        return _Found(Reason.NOT_REGISTERED)
    if len(products) > 1:
        return _Found(Reason.SEVERAL)
    begun = register.certificates[next(iter(products))]
    if named.kind in {"certificate", "record"}:
        own = next((one for one in begun if key in {one.code, str(one.record_number)}), None)
        return _replaced_by(own, begun, register)
    return _newest(begun, register)


def _of_stamp(named: _Named, register: _Register) -> _Found:
    stored = register.stamps.get(named.index if named.index is not None else -1)
    if stored is None:
        return _Found(Reason.STAMP_UNKNOWN)
    raw, state, certificate_id, product_id = stored
    header = decode_header(raw)
    same = (
        encode_header(named.header) == raw
        if named.header is not None
        else serial_of(header) == named.serial
    )
    if not same:
        return _Found(Reason.STAMP_UNKNOWN)
    if header.level is StampLevel.ROLL:
        return _Found(Reason.ROLL_LABEL)
    begun = register.certificates[product_id]
    own = next((one for one in begun if one.id == certificate_id), None)
    return _replaced_by(own, begun, register, stamp=state)


def _of_names(holders: set[tuple[int, int]], register: _Register) -> _Found:
    if not holders:
        return _Found(Reason.NOT_REGISTERED)
    if len(holders) > 1:
        return _Found(Reason.SEVERAL)
    [(product_id, producer_id)] = holders
    own = [one for one in register.certificates[product_id] if one.producer_id == producer_id]
    return _newest(own, register)


def _newest(begun: Sequence[Certificate], register: _Register) -> _Found:
    """Return the certificate in force, else the newest: they are ordered by their day of issue."""
    running = (one for one in begun if register.worth(one) in IN_FORCE)
    speaking = next(running, None) or next(iter(begun), None)
    return _Found(Reason.NOT_REGISTERED) if speaking is None else _Found(certificate=speaking)


def _replaced_by(
    own: Certificate | None,
    begun: Sequence[Certificate],
    register: _Register,
    *,
    stamp: StampState | None = None,
) -> _Found:
    """Follow a certificate to what replaced it for the same holder."""
    by_id = {one.id: one for one in begun}
    while own is not None and register.worth(own) is Standing.SUPERSEDED:
        own = by_id.pop(own.superseded_by_id, None)
    if own is None:
        return _Found(Reason.NOT_REGISTERED)
    return _Found(certificate=own, stamp=stamp)


def _answer(
    claim: Claim, found: _Found, register: _Register, answering: Answering, *, at: datetime
) -> ClaimAnswer:
    one = found.certificate
    said: dict[str, Any] = {}
    reason = found.reason
    if one is not None:
        worth = register.worth(one)
        reason = reason_of(
            star=one.star, worth=worth, claimed=claim.claimed_stars, stamp=found.stamp
        )
        carries = worth in IN_FORCE
        said = {
            "stars": one.star if carries else None,
            "valid_until": last_day_in_force(one) if carries else None,
            "since": ended_on(one, worth),
            "certificate": one.code,
            "product": one.product_name,
            "producer": one.producer_name,
            "register_url": f"{answering.root}/register/{one.code}",
            "basis": STANDING_BASIS[worth],
        }
    if reason is None:  # a certificate or a reason: one of them is there
        raise AssertionError
    words = {
        "star": one.star if one else "",
        "claimed": claim.claimed_stars,
        "until": written(said.get("valid_until")),
        "since": written(said.get("since")),
        "product": said.get("product", ""),
        "producer": said.get("producer", ""),
    }
    answer = ClaimAnswer(
        reference=claim.reference,
        finding=FINDING_OF[reason],
        reason=reason,
        message=MESSAGES[reason].format(**words),
        message_en=ENGLISH[reason].format(**words) if answering.english else "",
        claimed_stars=claim.claimed_stars,
        known_at=at,
        ask_again_after=at + PROOF_LIFE,
        proof="",
        **said,
    )
    return answer.model_copy(update={"proof": _proof(claim, answer, answering, at=at)})


def _proof(claim: Claim, answer: ClaimAnswer, answering: Answering, *, at: datetime) -> str:
    """Sign what was asked and what was answered; empty fields are left out."""
    told = answer.model_dump(
        mode="json",
        exclude_none=True,
        exclude={"proof", "message_en", "known_at", "ask_again_after"},
    )
    claims: dict[str, Any] = {
        "iss": answering.root,
        "jti": str(uuid4()),
        "exp": int((at + PROOF_LIFE).timestamp()),
        "claim": claim.model_dump(exclude_defaults=True),
        "answer": {name: value for name, value in told.items() if value != ""},
    }
    if answering.invented:
        claims["invented"] = True
    key = answering.key
    return jws.sealed(claims, typ=PROOF_TYP, kid=key.kid, at=at, sign=key.sign)
