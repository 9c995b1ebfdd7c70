"""The signing log held against the stamps themselves: which key really signed what, and how many.

One walk over the indexes with log and stamps beside each other: memory holds a few rows of each and
two numbers for every key and batch. To be read in one snapshot (`steady_reading`). Where stamps,
rolls and their states are is another walk (`prove_balance`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from app.core.db import ReadSession
from app.core.errors import Refused
from app.core.signing import KeyRing, VerifyingKey
from app.domain.stamps.models import SigningRecord, Stamp, StampBatch, StampRoll
from app.domain.stamps.queries.keys import stamp_keys
from app.domain.stamps.rules import SIGNED_PREFIX, decode_header

_AT_ONCE = 5_000


@dataclass(slots=True)
class Summed:
    """What one key signed for one batch: lines of the log, signatures they tell, stamps there are."""

    records: int = 0
    signed: int = 0
    found: int = 0


@dataclass
class LogRead:
    """What the log says, by key and batch; whole when the walk is over."""

    sums: dict[tuple[int, str], Summed] = field(default_factory=dict)
    stamps: int = 0
    differences: int = 0

    def of(self, kid: int, batch: str) -> Summed:
        """Return the sum for a key and a batch."""
        return self.sums.setdefault((kid, batch), Summed())


@dataclass(frozen=True, slots=True)
class LogDifference:
    """A stretch of indexes, or one, where log and stamps do not say the same."""

    first_index: int
    said: str


def read_signing_log(
    session: ReadSession, read: LogRead, *, verify: bool = False
) -> Iterator[LogDifference]:
    """Give each difference between log and stamps; `read` is filled in on the way.

    Every stamp lies in exactly one line of the log, of its own batch; its header names the key of
    that line and its own index; a line counts the stamps it has. With `verify` every signature is
    checked with the public half of its key as well, some ten thousand a second.
    """
    for found in _walk(session, read, _ring(session).verifies if verify else None):
        read.differences += 1
        yield found


def _ring(session: ReadSession) -> KeyRing:
    return KeyRing(VerifyingKey.from_jwk(key.jwk) for key in stamp_keys(session))


def _walk(
    session: ReadSession, read: LogRead, verifies: Callable[[int, bytes, bytes], bool] | None
) -> Iterator[LogDifference]:
    stamps = _rows(
        session,
        select(Stamp.index, Stamp.header, Stamp.signature, StampRoll.batch_id)
        .join(StampRoll, col(StampRoll.id) == col(Stamp.roll_id))
        .order_by(col(Stamp.index)),
    )
    records = _rows(
        session,
        select(  # type: ignore[call-overload]  # -- SQLModel's types end at four columns
            SigningRecord.first_index,
            SigningRecord.last_index,
            SigningRecord.count,
            SigningRecord.kid,
            SigningRecord.batch_id,
            StampBatch.code,
        )
        .join(StampBatch, col(StampBatch.id) == col(SigningRecord.batch_id))
        .order_by(col(SigningRecord.first_index), col(SigningRecord.id)),
    )
    stamp, end = next(stamps, None), -1
    for record in records:
        if record.first_index <= end:
            yield LogDifference(record.first_index, "hai dòng nhật ký ghi cùng một chỉ số")
        end = max(end, record.last_index)
        here = 0
        while stamp is not None and stamp.index <= record.last_index:
            read.stamps += 1
            if stamp.index < record.first_index:
                yield LogDifference(stamp.index, "con tem không có trong nhật ký")
            else:
                here += 1
                if said := _fault_of(stamp, record, verifies):
                    yield LogDifference(stamp.index, said)
            stamp = next(stamps, None)
        summed = read.of(record.kid, record.code)
        summed.records += 1
        summed.signed += record.count
        summed.found += here
        if here != record.count:
            said = f"nhật ký ghi {record.count} chữ ký đến {record.last_index}, đếm được {here} tem"
            yield LogDifference(record.first_index, said)
    while stamp is not None:
        read.stamps += 1
        yield LogDifference(stamp.index, "con tem không có trong nhật ký")
        stamp = next(stamps, None)


def _fault_of(stamp: Any, record: Any, verifies: Callable[[int, bytes, bytes], bool] | None) -> str:
    """Say what is wrong with a stamp that lies within a line of the log, or nothing."""
    try:
        header = decode_header(stamp.header)
    except Refused:
        return "thông tin của con tem không đọc được"
    if header.index != stamp.index:
        return f"con tem tự ghi chỉ số {header.index}"
    if header.kid != record.kid:
        return f"con tem ghi khóa {header.kid}, nhật ký ghi khóa {record.kid}"
    if stamp.batch_id != record.batch_id:
        return "con tem thuộc lô khác với nhật ký"
    if verifies and not verifies(header.kid, SIGNED_PREFIX + stamp.header, stamp.signature):
        return "chữ ký của con tem không đúng"
    return ""


def _rows(session: ReadSession, query: Any) -> Iterator[Any]:
    """Give rows in pieces: neither the driver nor we ever hold all of them."""
    return iter(session.execute(query.execution_options(yield_per=_AT_ONCE)))
