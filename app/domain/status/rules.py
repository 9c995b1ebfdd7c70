"""Status lists byte by byte: what stamps and certificates are worth, packed and worded: pure.

Lists of stamps are those of the IETF Token Status List (draft-ietf-oauth-status-list-21): two bits a
stamp, the least significant first (section 4.1), zlib (RFC 1950), base64url, a JWT of type
`statuslist+jwt` (5.1). Its `version` is a claim of ours: the last change of status the list knows.
Certificates are not of that specification: rows of JSON, packed alike, in the claim `lst`.
"""

import json
import zlib
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from app.core.errors import NotFound
from app.core.jws import base64url
from app.domain.recognition.enums import Standing
from app.domain.recognition.rules import Certified, last_day_in_force, standing
from app.domain.register.rules import ended_on
from app.domain.stamps.enums import StampStatus, Verdict
from app.domain.stamps.rules import FIRST_DAY, HIGHEST_INDEX
from app.rulebooks.model import Regime

LIST_TYP = "statuslist+jwt"
LIST_MEDIA_TYPE = "application/statuslist+jwt"
CERTIFICATES_TYP = "ocop-certificates+jwt"
CHANGES_TYP = "ocop-status-changes+jwt"
BUNDLE_TYP = "ocop-bundle+jwt"
MEDIA_TYPE = "application/jwt"  # RFC 7519, 10.3.1: for the types of our own

BITS = 2
SHARD_SIZE = 2**17
HIGHEST_SHARD = HIGHEST_INDEX // SHARD_SIZE
_IN_A_BYTE = 8 // BITS
_EVERY = 0b01010101  # a status times this stands four times in a byte
SHARD_BYTES = SHARD_SIZE // _IN_A_BYTE
NEVER_ISSUED = bytes([StampStatus.VOID * _EVERY]) * SHARD_BYTES

# Asked again after a minute (`ttl`, draft section 13.7): as long as any answer here may be kept.
TTL = 60
# Whoever has no network shows a list as fresh for 24 hours, as doubtful for 72, then not at all
# (design of stamps, section 5). So it expires after 72, and what is handed out is 12 hours old at most.
LIFE = timedelta(hours=72)
RENEWED_AFTER = timedelta(hours=12)
# A bundle that only lags behind the stamps waits so long: the delta since its number says the rest.
BUNDLE_EVERY = timedelta(minutes=10)
MOST_CHANGES = 1_000  # of one delta

CERTIFICATES = "certificates"
BUNDLE = "bundle"
STAMPS = "stamps/"
CERTIFICATE_FIELDS = ("record_number", "state", "star", "last_day", "since", "newer")
CATALOGUE_FIELDS = (
    *CERTIFICATE_FIELDS,
    "certificate",
    "issued_on",
    "product",
    "producer",
    "commune",
    "product_code",
)

_STATES: dict[Standing, Verdict] = {
    Standing.VALID: Verdict.VALID,
    Standing.RENEWAL_WINDOW: Verdict.VALID,
    Standing.LATE: Verdict.LATE,
    Standing.EXTENDED: Verdict.EXTENDED,
    Standing.EXPIRED: Verdict.EXPIRED,
    Standing.PRODUCER_DISSOLVED: Verdict.PRODUCER_DISSOLVED,
    Standing.HOLDER_CHANGED: Verdict.HOLDER_CHANGED,
    Standing.SUPERSEDED: Verdict.SUPERSEDED,
    Standing.REVOKED: Verdict.REVOKED,
}
_REPLACED = frozenset({Verdict.SUPERSEDED, Verdict.HOLDER_CHANGED})


class NotPublished(NotFound):
    """No list of this name: nothing of it was ever issued, or nobody has signed it yet."""

    code = "status.not_published"
    message = "Danh sách này chưa được công bố: chưa có gì để công bố, hoặc máy ký chưa ký."


class UnknownChange(NotFound):
    """A delta is asked since a change that has not happened."""

    code = "status.unknown_change"
    message = "Chưa có thay đổi số {since}; thay đổi mới nhất là số {last}. Hãy tải lại danh sách."


class Change(NamedTuple):
    """A stretch of indexes and what it is worth from now on."""

    first: int
    size: int
    status: int


# --- lists of stamps -----------------------------------------------------------------------------


def shard_name(shard: int) -> str:
    """Return the name under which a shard is kept; it orders like the number."""
    return f"{STAMPS}{shard:05}"


def shards_of(change: Change) -> range:
    """Return the shards a change touches."""
    return range(change.first // SHARD_SIZE, (change.first + change.size - 1) // SHARD_SIZE + 1)


def fold(shards: MutableMapping[int, bytearray], changes: Iterable[Change]) -> None:
    """Write changes into the bytes of their shards, in order; a shard not there was never issued.

    Whole bytes are written as slices: a change of a million stamps is eight of them.
    """
    for change in changes:
        for shard in shards_of(change):
            bits = shards.get(shard)
            if bits is None:
                bits = shards[shard] = bytearray(NEVER_ISSUED)
            start = shard * SHARD_SIZE
            first = max(change.first, start) - start
            last = min(change.first + change.size, start + SHARD_SIZE) - start
            paint(bits, first, last, change.status)


def paint(bits: bytearray, first: int, last: int, status: int) -> None:
    """Give the places from `first` up to, not including, `last` a status."""
    whole = -(-first // _IN_A_BYTE), last // _IN_A_BYTE
    if whole[0] < whole[1]:
        bits[whole[0] : whole[1]] = bytes([status * _EVERY]) * (whole[1] - whole[0])
        edges = [*range(first, whole[0] * _IN_A_BYTE), *range(whole[1] * _IN_A_BYTE, last)]
    else:
        edges = list(range(first, last))
    for place in edges:
        shift = place % _IN_A_BYTE * BITS
        kept = bits[place // _IN_A_BYTE] & ~(0b11 << shift)
        bits[place // _IN_A_BYTE] = kept | status << shift


def packed(raw: bytes) -> str:
    """Return bytes compressed as the lists have them: zlib at its highest level, base64url."""
    return base64url(zlib.compress(raw, 9))


def list_claims(
    shard: int, bits: bytes, *, version: int, public_url: str, at: datetime
) -> dict[str, Any]:
    """Return the claims of one shard of stamps (draft-ietf-oauth-status-list-21, section 5.1)."""
    return frame(public_url, shard_path(shard), at=at) | {
        "version": version,
        "status_list": {"bits": BITS, "lst": packed(bits)},
    }


def shard_path(shard: int) -> str:
    """Return where a shard is served, below the public address."""
    return f"/status/{shard}"


def frame(public_url: str, path: str, *, at: datetime) -> dict[str, Any]:
    """Return the claims that every list has: who says it, where it is served, until when it counts.

    Seconds since 1970 (RFC 7519); `ttl` are seconds, after which a fresh one should be asked for.
    """
    root = public_url.rstrip("/")
    return {"iss": root, "sub": root + path, "exp": int((at + LIFE).timestamp()), "ttl": TTL}


# --- what changed since -------------------------------------------------------------------------


def net_effect(changes: Sequence[Change]) -> list[Change]:
    """Return stretches that lie apart, by their first index, with what each is worth in the end."""
    ends = sorted({edge for one in changes for edge in (one.first, one.first + one.size)})
    place = {edge: number for number, edge in enumerate(ends)}
    worth = [-1] * len(ends)
    for one in changes:
        first, last = place[one.first], place[one.first + one.size]
        worth[first:last] = [one.status] * (last - first)
    stretches = [
        Change(start, end - start, status)
        for (start, end), status in zip(pairwise(ends), worth, strict=False)
        if status >= 0
    ]
    merged: list[Change] = []
    for one in stretches:
        last_one = merged[-1] if merged else None
        if (
            last_one
            and last_one.first + last_one.size == one.first
            and (last_one.status == one.status)
        ):
            merged[-1] = last_one._replace(size=last_one.size + one.size)
        else:
            merged.append(one)
    return merged


def written_delta(changes: Sequence[Change]) -> str:
    """Return the net effect of changes as a delta carries it: base64url of groups of numbers.

    A group is `status, size, how many, first, gap, gap …`: stretches of one status and one size, each
    told by the distance from the one before. They lie apart, so their order does not matter. Numbers
    are written in bytes of seven bits, the lowest first, the highest bit set on all but the last
    (LEB128): smaller than packed JSON where most numbers are gaps.
    """
    numbers: list[int] = []
    ordered = sorted(net_effect(changes), key=itemgetter(2, 1, 0))
    for (status, size), group in groupby(ordered, key=itemgetter(2, 1)):
        firsts = [one.first for one in group]
        gaps = (later - earlier for earlier, later in pairwise(firsts))
        numbers += [status, size, len(firsts), firsts[0], *gaps]
    return base64url(b"".join(map(_number, numbers)))


def _number(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


# --- certificates --------------------------------------------------------------------------------


class Listed(Certified, Protocol):
    """A certificate with all that is told of it to whoever has no network."""

    record_number: int
    star: int
    code: str
    product_name: str
    producer_name: str
    commune: str
    product_code: str | None
    newer: int | None


@dataclass(frozen=True, slots=True)
class Rows:
    """Certificates as rows: each as long as its last field that says something."""

    short: list[list[Any]]
    full: list[list[Any]]


def day_number(day: date) -> int:
    """Return a day as a stamp's token counts it: days since 1 January 2025, negative before."""
    return (day - FIRST_DAY).days


def certificate_rows(certificates: Iterable[Listed], *, on: date, law: Regime) -> Rows:
    """Return what each certificate is worth on a day, in the order in which they are handed in.

    `state` is one of the words of a scan's verdict; `last_day` the last day of the term or of its
    extension; `since` the first day without the star, where something other than time ended it or
    time did; `newer` the record number of the certificate that took its place. A reader on a later
    day looks at `last_day` too: time ends a star without any list.
    """
    rows = Rows([], [])
    for one in certificates:
        worth = standing(one, on, law)
        state = _STATES[worth]
        since = ended_on(one, worth)
        short = [
            one.record_number,
            state.value,
            one.star,
            day_number(last_day_in_force(one)),
            None if since is None else day_number(since),
            one.newer if state in _REPLACED else None,
        ]
        rows.full.append(
            [
                *short,
                one.code,
                day_number(one.issued_on),
                one.product_name,
                one.producer_name,
                one.commune,
                one.product_code or "",
            ]
        )
        while short[-1] is None:
            del short[-1]
        rows.short.append(short)
    return rows


def table_claims(fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return rows as a claim: the names of their fields, how many there are, and themselves packed."""
    raw = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    return {
        "fields": list(fields),
        "day_zero": FIRST_DAY.isoformat(),
        "count": len(rows),
        "lst": packed(raw),
    }


def shards_claim(shards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how stamps find their bits, and the shards there are."""
    return {"bits": BITS, "shard_size": SHARD_SIZE, "lists": list(shards)}
