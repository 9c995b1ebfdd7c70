"""Keys as they are published, and which one may sign."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, func, or_, select

from app.core.db import ReadSession
from app.domain.stamps.enums import KeyPurpose
from app.domain.stamps.models import SigningRecord, StampKey
from app.domain.stamps.schemas import Jwk, Jwks

MOST_KEYS = 256


def find_signing_key(
    session: ReadSession, purpose: KeyPurpose = KeyPurpose.STAMPS, *, at: datetime
) -> StampKey | None:
    """Return the newest key of a purpose that may sign at this moment."""
    return session.exec(
        select(StampKey)
        .where(
            col(StampKey.purpose) == purpose,
            col(StampKey.signs_from) <= at,
            or_(col(StampKey.retired_at).is_(None), col(StampKey.retired_at) > at),
        )
        .order_by(col(StampKey.signs_from).desc(), col(StampKey.kid).desc())
        .limit(1)
    ).one_or_none()


def published_keys(session: ReadSession) -> Sequence[StampKey]:
    """Return every public key: retired ones too, their stamps stay on the packs."""
    return session.exec(select(StampKey).order_by(col(StampKey.kid)).limit(MOST_KEYS)).all()


def stamp_keys(session: ReadSession) -> Sequence[StampKey]:
    """Return the public keys that sign stamps and certificates, and no other key."""
    return session.exec(
        select(StampKey)
        .where(col(StampKey.purpose) == KeyPurpose.STAMPS)
        .order_by(col(StampKey.kid))
        .limit(MOST_KEYS)
    ).all()


def signed_counts(session: ReadSession) -> dict[int, int]:
    """Return how many signatures on stamps and labels of rolls the log tells of each key."""
    return {
        kid: int(count)
        for kid, count in session.exec(
            select(col(SigningRecord.kid), func.sum(col(SigningRecord.count))).group_by(
                col(SigningRecord.kid)
            )
        )
    }


def jwks(session: ReadSession) -> Jwks:
    """Return the published keys: what each may sign, with which indexes, and from when to when.

    What a key of the first release signed outside its stretch is told beside it.
    """
    ranges: dict[int, list[tuple[int, int]]] = {}
    for kid, first, last in session.exec(
        select(
            col(SigningRecord.kid),
            func.min(col(SigningRecord.first_index)),
            func.max(col(SigningRecord.last_index)),
        ).group_by(col(SigningRecord.kid))
    ):
        ranges[kid] = [(first, last)]
    return Jwks(keys=[_jwk(key, ranges.get(key.kid, [])) for key in published_keys(session)])


def _jwk(key: StampKey, signed: list[tuple[int, int]]) -> Jwk:
    stretches = list(signed)
    if key.first_index is not None and key.last_index is not None:
        stretches = [(key.first_index, key.last_index)] + [
            one for one in signed if one[0] < key.first_index or one[1] > key.last_index
        ]
    return Jwk(
        **{name: str(value) for name, value in key.jwk.items() if name in Jwk.model_fields},
        purpose=key.purpose,
        nbf=int(key.signs_from.timestamp()),
        exp=int(key.retired_at.timestamp()) if key.retired_at else None,
        index_ranges=sorted(stretches),
    )
