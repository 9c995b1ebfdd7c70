"""The scratch code of a stamp: five wrong tries, then none for a day.

Whatever fails does the same work, so that its duration tells nothing: the stamp is read, one row of
tries is taken and locked, one code is computed and compared, the row is written. A serial that is no
stamp's, and a stamp without code, are compared with a code that nobody has, on a row of their own.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.db import WriteSession
from app.core.signing import KeyFileError, load_pepper
from app.domain.scans.enums import PinResult
from app.domain.scans.models import PinTry
from app.domain.scans.policy import PinsNotChecked
from app.domain.stamps.models import Stamp
from app.domain.stamps.rules import (
    HEADER_BYTES,
    as_printed_letters,
    decode_header,
    parse_serial,
    pin_of,
    serial_of,
)

MOST_FAILURES = 5
BLOCKED_FOR = timedelta(hours=24)
NO_STAMP = -1  # its row is written at each try of a code that nobody has, and counts nothing
_NO_HEADER = bytes(HEADER_BYTES)
# One statement that makes the row where there is none, and locks it until the transaction ends.
_TAKE = sa.text(
    "INSERT INTO pin_tries (stamp_index, failures, rights) VALUES (:index, 0, 0) "
    "ON CONFLICT (stamp_index) DO UPDATE SET failures = pin_tries.failures "
    "RETURNING failures, blocked_until, first_right_at, rights"
).columns(
    failures=sa.Integer(),
    blocked_until=UTCDateTime(),
    first_right_at=UTCDateTime(),
    rights=sa.Integer(),
)


def pepper_in(directory: Path) -> bytes:
    """Return the secret that scratch codes are made with; PinsNotChecked where there is none."""
    try:
        return load_pepper(directory)
    except KeyFileError as missing:
        raise PinsNotChecked from missing


@dataclass(frozen=True, slots=True)
class Tried:
    """What a try led to; of a right code, when it was first found right."""

    result: PinResult
    first_right_at: datetime | None = None
    blocked_until: datetime | None = None


def try_pin(
    session: WriteSession, serial: str, typed: str, *, at: datetime, pepper: bytes
) -> Tried:
    """Compare a typed scratch code with that of a stamp, at most five wrong ones within a day.

    A mistyped serial is refused (SerialTypo). The sixth try and those after it are not compared until
    24 hours after the fifth. A right one forgets the wrong ones before it.
    """
    asked = parse_serial(serial)
    header = session.exec(
        select(col(Stamp.header)).where(col(Stamp.index) == asked.index)
    ).one_or_none()
    known = decode_header(header) if header is not None else None
    has_pin = known is not None and serial_of(known) == asked.text and known.pin
    index = asked.index if has_pin else NO_STAMP
    failures, blocked_until, first_right_at, rights = (
        session.connection().execute(_TAKE, {"index": index}).one()
    )
    expected = pin_of(pepper, header if has_pin and header is not None else _NO_HEADER)
    is_right = (
        hmac.compare_digest(expected.encode(), as_printed_letters(typed).encode(errors="replace"))
        and has_pin
    )
    is_blocked = blocked_until is not None and at < blocked_until
    if blocked_until is not None and not is_blocked:
        failures, blocked_until = 0, None
    if is_blocked:
        tried = Tried(PinResult.BLOCKED, blocked_until=blocked_until)
    elif is_right:
        tried = Tried(PinResult.RIGHT_AGAIN if first_right_at else PinResult.RIGHT, first_right_at)
        failures, rights, first_right_at = 0, rights + 1, first_right_at or at
    else:
        failures += has_pin
        if failures == MOST_FAILURES:
            blocked_until = at + BLOCKED_FOR
        tried = Tried(PinResult.WRONG)
    session.connection().execute(
        sa.update(PinTry)
        .where(col(PinTry.stamp_index) == index)
        .values(
            failures=failures,
            blocked_until=blocked_until,
            first_right_at=first_right_at,
            rights=rights,
        )
    )
    return tried
