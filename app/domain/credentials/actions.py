"""Sealing what certificates say: by the signing process, as soon as a decision is signed.

The door through which decisions are signed reads no private key: it leaves certificates that are due,
and `seal_due` finds them.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import col

from app.core.clock import local_day
from app.core.db import Database, WriteSession, reading, transaction
from app.core.signing import EcdsaKey
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.audit.actions import record
from app.domain.credentials.models import CertificateCredential
from app.domain.credentials.queries import due_certificates, newest_credentials, words_of
from app.domain.credentials.rules import (
    Issuer,
    claims_of,
    digest_of,
    product_header,
    sealed_jws,
)
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import CertifiedProduct, certified_products, in_force_on
from app.domain.stamps.actions import signing_key
from app.domain.stamps.rules import sign_token, token_digits

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Sealing:
    """What a pass over certificates did, and after which certificate the next one goes on."""

    sealed: int
    read: int
    next_after: int | None


def seal_due(
    engine: Database, *, issuer: Issuer, key_dir: Path, clock: Callable[[], datetime]
) -> tuple[int, int]:
    """Seal every certificate in force that is due; return how many of how many that were looked at.

    What is due is found while only reading, some certificates at a time: where nothing is, nobody
    waits. Refused: NoSigningKey, when something is due and the private key is not here.
    """
    sealed, read = 0, 0
    after: int | None = 0
    while after is not None:
        with reading(engine) as session:
            due = due_certificates(session, issuer=issuer, at=clock(), after=after, limit=AT_ONCE)
        if due.ids:
            with transaction(engine) as session:
                sealed += seal_certificates(
                    session,
                    actor=SYSTEM,
                    at=clock(),
                    issuer=issuer,
                    key_dir=key_dir,
                    only=due.ids,
                ).sealed
        read, after = read + due.read, due.next_after
    return sealed, read


def seal_certificates(
    session: WriteSession,
    *,
    actor: Actor,
    at: datetime,
    issuer: Issuer,
    key_dir: Path,
    only: Collection[int] | None = None,
    after: int = 0,
    limit: int = AT_ONCE,
) -> Sealing:
    """Seal every certificate in force of which no credential says what the register says today.

    At most `limit` certificates at once, in the order of their numbers; what has ended gets no fresh
    signature. NoSigningKey where the private key is not. Records certificate.sealed.
    """
    key = signing_key(session, key_dir, at=at)
    on = local_day(at)
    query = certified_products(on).where(*in_force_on(on), col(Certificate.id) > after)
    if only is not None:
        query = query.where(col(Certificate.id).in_(only))
    # Nobody waits for a decision that is being signed: its certificates are due at the next look.
    rows = session.exec(
        query.order_by(col(Certificate.id))
        .limit(limit)
        .with_for_update(of=Certificate, skip_locked=True)
    ).all()
    found = [CertifiedProduct(*row, on=on) for row in rows]
    known = newest_credentials(session, [one.certificate.id or 0 for one in found])
    sealed = 0
    for one in found:
        last = known.get(one.certificate.id or 0)
        if last is None or last.digest != digest_of(claims_of(words_of(one), issuer)):
            _seal(session, one, key, actor=actor, at=at, issuer=issuer)
            sealed += 1
    whole = len(found) < limit
    return Sealing(sealed, len(found), None if whole else found[-1].certificate.id)


def _seal(
    session: WriteSession,
    found: CertifiedProduct,
    key: EcdsaKey,
    *,
    actor: Actor,
    at: datetime,
    issuer: Issuer,
) -> None:
    words = words_of(found)
    claims = claims_of(words, issuer)
    digest = digest_of(claims)
    session.add(
        CertificateCredential(
            certificate_id=found.certificate.id or 0,
            kid=key.kid,
            digits=token_digits(sign_token(product_header(words, key.kid), key.sign)),
            jws=sealed_jws(claims, kid=key.kid, at=at, sign=key.sign),
            digest=digest,
            sealed_at=at,
        )
    )
    record(
        session,
        "certificate.sealed",
        subject=found.certificate,
        actor=actor,
        at=at,
        kid=key.kid,
        digest=digest,
        last_day=words.last_day,
    )
