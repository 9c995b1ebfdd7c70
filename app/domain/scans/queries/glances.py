"""What a scan is about, seen in one read by key: enough to tell whether its answer is known already."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from app.core.errors import Refusal
from app.core.points import PointReads
from app.core.signing import VerifyingKey
from app.domain.scans.models import ScanTotal
from app.domain.scans.queries.asking import asked_about
from app.domain.stamps.enums import KeyPurpose, RollState, StampLevel, Verdict
from app.domain.stamps.models import Stamp, StampBatch, StampKey, StampRoll
from app.domain.stamps.rules import (
    DIGITS,
    HEADER_BYTES,
    HIGHEST_CERTIFICATE,
    RANDOM_BYTES,
    SIGNED_PREFIX,
    format_serial,
    parse_serial,
    raw_serial,
    raw_token,
)
from app.domain.verification.queries import raise_alarm
from app.domain.verification.rules import Kind, kind_of_artwork, kind_of_stamp
from app.domain.verification.schemas import AskedTold

_SEEN = (
    sa.select(
        col(Stamp.header),
        sa.func.coalesce(col(Stamp.withdrawal_id), col(StampRoll.withdrawal_id)),
        col(StampRoll.id),
        col(StampRoll.state),
        col(StampBatch.certificate_id),
        col(ScanTotal.scans),
        col(ScanTotal.first_at),
    )
    .select_from(Stamp)
    .join(StampRoll, col(StampRoll.id) == col(Stamp.roll_id))
    .join(StampBatch, col(StampBatch.id) == col(StampRoll.batch_id))
    .outerjoin(ScanTotal, col(ScanTotal.stamp_index) == col(Stamp.index))
)
_STAMP = _SEEN.where(col(Stamp.index) == sa.bindparam("index"))
_STAMPS = _SEEN.where(
    col(Stamp.index) == sa.any_(sa.bindparam("indexes", type_=ARRAY(sa.BigInteger)))
)
_KEY = sa.select(col(StampKey.purpose), col(StampKey.jwk)).where(
    col(StampKey.kid) == sa.bindparam("kid")
)


@dataclass(slots=True)  # not frozen: one is made for every scan
class Glance:
    """What is known of a scan before its answer is looked for.

    With a `kind` the answer is that of any stamp of this kind, but for serial, time and `asked`;
    without one it is `said`.
    """

    kind: Kind | None = None
    said: Verdict = Verdict.UNKNOWN
    index: int | None = None
    serial: str | None = None
    asked: AskedTold | None = None
    alarm: bool = False


_Row: TypeAlias = Callable[[int], Any]  # by index

# Of the first byte of a header.
_SPECIMEN_BIT, _PIN_BIT, _PRODUCT = 0b1000, 0b0100, int(StampLevel.PRODUCT)

_TAMPERED = Glance(said=Verdict.TAMPERED)
_UNKNOWN = Glance(said=Verdict.UNKNOWN)
_SPECIMEN = Glance(said=Verdict.SPECIMEN)


class Glances:
    """Looks at stamps: signature, key ring, one row. What it sees is what `look_up` sees, or a test fails.

    A published key never changes and is kept for the life of the process; a key number nobody knows
    is asked for each time, so that a new key works at once.
    """

    def __init__(self, reads: PointReads, *, alarm: Callable[..., None] = raise_alarm) -> None:
        """Take where to read, and whom to tell of a valid signature on a stamp never issued."""
        self._alarm = alarm
        self._stamp = reads.prepared(_STAMP, "index")
        self._reads = reads
        self._key = reads.prepared(_KEY, "kid")
        self._ring: dict[int, VerifyingKey] = {}

    def of_many(self, texts: Sequence[str]) -> list[Glance | Refusal]:
        """Look at several texts with one question to a server; a mistyped one is its refusal."""
        wanted = {index for text in texts if (index := _index_in(text)) is not None}
        rows = self._stamps(sorted(wanted)) if wanted else []
        stamp = {_index_of(bytes(row[0])): row for row in rows}.get
        return [self._settled(text, stamp) for text in texts]

    @cached_property
    def _stamps(self) -> Callable[[Sequence[object]], list[Any]]:
        return self._reads.prepared_many(_STAMPS, "indexes")

    def _settled(self, text: str, stamp: _Row) -> Glance | Refusal:
        try:
            return self.of(text, stamp)
        except Refusal as typo:
            return typo

    def of_digits(self, digits: str, stamp: _Row | None = None) -> Glance:
        """Look at 193 digits."""
        raw = raw_token(digits)
        if raw is None:
            return _TAMPERED
        header, signature = raw[:HEADER_BYTES], raw[HEADER_BYTES:]
        if not self._verifies(header[1], SIGNED_PREFIX + header, signature):
            return _TAMPERED
        if header[0] & 3 == _PRODUCT:
            record = int.from_bytes(header[4:7], "big") & HIGHEST_CERTIFICATE
            return Glance(kind_of_artwork(record=record, specimen=bool(header[0] & _SPECIMEN_BIT)))
        index = _index_of(header)
        row = (stamp or self._stamp)(index)
        if row is not None and bytes(row[0]) == header:
            return _seen(header, row)
        if header[0] & _SPECIMEN_BIT:
            return _SPECIMEN
        self._alarm(kid=header[1], index=index)
        return Glance(said=Verdict.UNKNOWN, index=index, alarm=True)

    def of_serial(self, typed: str, stamp: _Row | None = None) -> Glance:
        """Look at a serial; a mistyped one is refused (SerialTypo)."""
        serial = parse_serial(typed)
        row = (stamp or self._stamp)(serial.index)
        if row is None:
            return _UNKNOWN
        header = bytes(row[0])
        return _seen(header, row) if header[-RANDOM_BYTES:] == serial.random else _UNKNOWN

    def of(self, text: str, stamp: _Row | None = None) -> Glance:
        """Look at either: a text that `is_plain_code`; `stamp` has the rows that were read already."""
        look = self.of_digits if len(text) == DIGITS else self.of_serial
        return look(text, stamp)

    def _verifies(self, kid: int, message: bytes, signature: bytes) -> bool:
        key = self._ring.get(kid) or self._published(kid)
        return key is not None and key.verifies(message, signature)

    def _published(self, kid: int) -> VerifyingKey | None:
        row = self._key(kid)
        if row is None or row[0] is not KeyPurpose.STAMPS:
            return None
        self._ring[kid] = key = VerifyingKey.from_jwk(row[1])
        return key


def _index_of(header: bytes) -> int:
    return int.from_bytes(header[7:11], "big")


def _index_in(text: str) -> int | None:
    """Return which stamp a text says it is, before anything proves it."""
    if len(text) == DIGITS:
        raw = raw_token(text)
        return None if raw is None else _index_of(raw[:HEADER_BYTES])
    try:
        return parse_serial(text).index
    except Refusal:
        return None


def _seen(header: bytes, row: Any) -> Glance:
    _header, withdrawal, roll, state, certificate, scans, first_at = row
    return Glance(
        _kind(certificate, state, roll, withdrawal, header[0]),
        index=_index_of(header),
        serial=format_serial(raw_serial(header)),
        asked=asked_about(scans, first_at) if scans else None,
    )


@lru_cache(maxsize=8192)
def _kind(
    certificate: int, state: RollState, roll: int, withdrawal: int | None, flags: int
) -> Kind:
    return kind_of_stamp(
        certificate_id=certificate,
        state=state,
        roll_id=roll,
        withdrawal_id=withdrawal,
        label=flags & 3 == StampLevel.ROLL,
        specimen=bool(flags & _SPECIMEN_BIT),
        pin=bool(flags & _PIN_BIT),
    )
