"""Publishing: what became true since the last time is folded into the lists, and they are signed.

Shards and certificates are signed by a key of purpose `answers`, the bundle for inspectors by one of
purpose `root`. This runs where stamps are signed; the web door serves what it finds. Nothing here is
audited: a list says nothing that was not decided and recorded elsewhere.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import col, func, select

from app.core import jws
from app.core.clock import local_day
from app.core.db import ReadSession, WriteSession
from app.core.numbering import next_number
from app.core.signing import EcdsaKey
from app.domain.stamps.enums import KeyPurpose
from app.domain.stamps.models import StampKey
from app.domain.stamps.queries import jwks, published_keys
from app.domain.status.models import PublishedList
from app.domain.status.queries import (
    CHANGES_PATH,
    NoAnswersKey,
    answers_key,
    certificate_lines,
    changes_after,
    known_changes,
    last_change,
    register_mark,
    root_key,
)
from app.domain.status.rules import (
    BUNDLE,
    BUNDLE_EVERY,
    BUNDLE_TYP,
    CATALOGUE_FIELDS,
    CERTIFICATE_FIELDS,
    CERTIFICATES,
    CERTIFICATES_TYP,
    LIFE,
    LIST_TYP,
    NEVER_ISSUED,
    RENEWED_AFTER,
    STAMPS,
    Change,
    certificate_rows,
    fold,
    frame,
    list_claims,
    shard_name,
    shard_path,
    shards_claim,
    shards_of,
    table_claims,
)
from app.rulebooks.loader import in_force

MOST_CHANGES_A_PASS = 5_000
MOST_SHARDS_FOLDED = 256  # eight megabytes of bits
MOST_SHARDS_SIGNED = 16  # packed as small as they go, each takes up to thirty milliseconds
_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_TURN = "status/passes"
_PAST_STAMPS = STAMPS.replace("/", "0")
_CERTIFICATES_PATH = "/api/v1/status/certificates"
_BUNDLE_PATH = "/api/v1/status/bundle"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Where lists are served, and where the keys lie that sign them."""

    public_url: str
    answer_key_dir: Path
    key_dir: Path
    invented: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """What one pass signed; `more` asks for another one at once."""

    shards: int = 0
    certificates: bool = False
    bundle: bool = False
    more: bool = False

    @property
    def anything(self) -> bool:
        """Whether anything was signed."""
        return bool(self.shards) or self.certificates or self.bundle


@dataclass(frozen=True, slots=True)
class _Due:
    """What waits to be signed."""

    shards: bool
    certificates: bool
    bundle: bool

    @property
    def anything(self) -> bool:
        return self.shards or self.certificates or self.bundle


def publish_due(session: WriteSession, *, at: datetime, publisher: Publisher) -> Published:
    """Sign every list that changed, or whose signature is older than `RENEWED_AFTER`, or whose key ended.

    So much at once that nobody waits long for the database: call it again while it says `more`. Two
    processes take turns: who comes second looks again and finds nothing to do. The list of
    certificates is due at midnight in Viet Nam and whenever the register tells a change, the bundle
    then too, otherwise `BUNDLE_EVERY` when stamps changed. Without a root key there is no bundle.
    Refused: NoAnswersKey, when something is due.
    """
    if not _due(session, publisher, at=at).anything:
        return Published()
    next_number(session, _TURN)  # its row stays locked until this transaction ends
    due = _due(session, publisher, at=at)
    if not due.anything:
        return Published()
    key = answers_key(session, publisher.answer_key_dir, at=at)
    more = _fold_changes(session)
    shards = 0 if more else _sign_shards(session, key, publisher, at=at)
    more = more or shards == MOST_SHARDS_SIGNED
    bundle = due.bundle and not more
    tables = _tables(session, at=at) if due.certificates or bundle else None
    if tables is not None and due.certificates:
        claims = frame(publisher.public_url, _CERTIFICATES_PATH, at=at) | tables.short
        row = _row(session, CERTIFICATES)
        _sign(row, claims, CERTIFICATES_TYP, key, publisher, version=tables.version, at=at)
        row.bits = tables.mark
        session.add(row)
    if tables is not None and bundle:
        _publish_bundle(session, tables, publisher, at=at)
    return Published(shards, due.certificates, bundle, more)


@dataclass(frozen=True, slots=True)
class _Tables:
    """The register of a day as two claims, the short one and the catalogue, with its mark."""

    version: int
    mark: bytes
    short: dict[str, Any]
    catalogue: dict[str, Any]


def _due(session: ReadSession, publisher: Publisher, *, at: datetime) -> _Due:
    """Look at what waits, in a handful of short statements."""
    signed = {
        name: (signed_at, version, mark)
        for name, signed_at, version, mark in session.exec(
            select(
                PublishedList.name,
                PublishedList.signed_at,
                PublishedList.version,
                PublishedList.bits,
            ).where(col(PublishedList.name).in_([CERTIFICATES, BUNDLE]))
        )
    }
    fresh_since = _fresh_since(session, KeyPurpose.ANSWERS, at=at)
    mark = _register_mark(session, at=at)
    newest, last = known_changes(session), last_change(session)
    certificates, bundle = signed.get(CERTIFICATES), signed.get(BUNDLE)
    return _Due(
        shards=newest < last or bool(_stale(session, at=at)),
        certificates=certificates is None
        or certificates[2] != mark
        or certificates[0] < fresh_since,
        bundle=_can_sign_bundle(session, publisher, at=at)
        and (
            bundle is None
            or bundle[2] != mark
            or bundle[0] < _fresh_since(session, KeyPurpose.ROOT, at=at)
            or (bundle[1] < last and bundle[0] <= at - BUNDLE_EVERY)
        ),
    )


def _stale(session: ReadSession, *, at: datetime) -> list[str]:
    """Return shards to sign: those with changes first, then the oldest."""
    names = session.exec(
        select(PublishedList.name)
        .where(
            col(PublishedList.name) >= STAMPS,
            col(PublishedList.name) < _PAST_STAMPS,
            col(PublishedList.signed_at) < _fresh_since(session, KeyPurpose.ANSWERS, at=at),
        )
        .order_by(col(PublishedList.signed_at), col(PublishedList.name))
        .limit(MOST_SHARDS_SIGNED)
    )
    return list(names)


def _fresh_since(session: ReadSession, purpose: KeyPurpose, *, at: datetime) -> datetime:
    """Return from when on a signature is good enough: young, and younger than any change of its key."""
    starts, ends = col(StampKey.signs_from), col(StampKey.retired_at)
    moments = session.exec(
        select(func.max(starts).filter(starts <= at), func.max(ends).filter(ends <= at)).where(
            col(StampKey.purpose) == purpose
        )
    ).one()
    return max([at - RENEWED_AFTER, *(moment for moment in moments if moment is not None)])


def _can_sign_bundle(session: ReadSession, publisher: Publisher, *, at: datetime) -> bool:
    try:
        root_key(session, publisher.key_dir, at=at)
    except NoAnswersKey:
        return False
    return True


def _register_mark(session: ReadSession, *, at: datetime) -> bytes:
    """Return what the register and the published keys are, as a digest."""
    _version, mark = register_mark(session, local_day(at))
    keys = [
        f"{one.kid}/{one.purpose}/{one.signs_from}/{one.retired_at}"
        for one in published_keys(session)
    ]
    return hashlib.sha256("\n".join([mark, *keys]).encode()).digest()


def _fold_changes(session: WriteSession) -> bool:
    """Fold what is not yet in the bits of the shards; tell whether still more waits.

    The shards are signed later, when nothing waits any more: until then they count as never signed,
    and what was signed of them before is served on.
    """
    known = known_changes(session)
    taken: list[Change] = []
    touched: set[int] = set()
    for number, change in changes_after(session, known, limit=MOST_CHANGES_A_PASS):
        wider = touched.union(shards_of(change))
        if taken and len(wider) > MOST_SHARDS_FOLDED:
            break
        touched, known = wider, number
        taken.append(change)
    rows = {shard: _row(session, shard_name(shard)) for shard in sorted(touched)}
    bits = {shard: bytearray(row.bits or NEVER_ISSUED) for shard, row in rows.items()}
    fold(bits, taken)
    for shard, row in rows.items():
        row.bits, row.version, row.signed_at = bytes(bits[shard]), known, _NEVER
        session.add(row)
    session.flush()
    return known < last_change(session)


def _sign_shards(
    session: WriteSession, key: EcdsaKey, publisher: Publisher, *, at: datetime
) -> int:
    """Sign shards that changed or are old, those that wait longest first; return how many."""
    known = known_changes(session)
    names = _stale(session, at=at)
    for name in names:
        row = _row(session, name)
        claims = list_claims(
            _number(name),
            row.bits or NEVER_ISSUED,
            version=known,
            public_url=publisher.public_url,
            at=at,
        )
        _sign(row, claims, LIST_TYP, key, publisher, version=known, at=at)
    session.flush()
    return len(names)


def _tables(session: ReadSession, *, at: datetime) -> _Tables:
    day = local_day(at)
    version, _mark = register_mark(session, day)
    rows = certificate_rows(certificate_lines(session, on=day), on=day, law=in_force(day))
    said = {"day": day.isoformat(), "version": version}
    return _Tables(
        version,
        _register_mark(session, at=at),
        said | table_claims(CERTIFICATE_FIELDS, rows.short),
        said | table_claims(CATALOGUE_FIELDS, rows.full),
    )


def _publish_bundle(
    session: WriteSession, tables: _Tables, publisher: Publisher, *, at: datetime
) -> None:
    root = publisher.public_url.rstrip("/")
    known = known_changes(session)
    shards = [
        {
            "shard": _number(name),
            "version": version,
            "sha256": etag,
            "bytes": size,
            "uri": root + shard_path(_number(name)),
        }
        for name, version, etag, size in session.exec(
            select(
                PublishedList.name,
                PublishedList.version,
                PublishedList.etag,
                func.length(PublishedList.token),
            )
            .where(col(PublishedList.name) >= STAMPS, col(PublishedList.name) < _PAST_STAMPS)
            .order_by(col(PublishedList.name))
        )
    ]
    claims = frame(publisher.public_url, _BUNDLE_PATH, at=at) | {
        "built_at": at.isoformat(timespec="seconds"),
        "jwks": jwks(session).model_dump(),
        "catalogue": tables.catalogue,
        "stamps": shards_claim(shards),
        "next_change": known,
        "changes": root + CHANGES_PATH,
        "certificates": root + _CERTIFICATES_PATH,
    }
    key = root_key(session, publisher.key_dir, at=at)
    row = _row(session, BUNDLE)
    _sign(row, claims, BUNDLE_TYP, key, publisher, version=known, at=at)
    row.bits = tables.mark
    session.add(row)


def _row(session: WriteSession, name: str) -> PublishedList:
    """Return the row of a list as it is now, or a new one."""
    found = session.get(PublishedList, name, populate_existing=True)
    if found is not None:
        return found
    return PublishedList(
        name=name, version=0, etag="", token="", signed_at=_NEVER, expires_at=_NEVER
    )


def _sign(
    row: PublishedList,
    claims: Mapping[str, Any],
    typ: str,
    key: EcdsaKey,
    publisher: Publisher,
    *,
    version: int,
    at: datetime,
) -> None:
    said = {**claims, "invented": True} if publisher.invented else claims
    row.token = jws.sealed(said, typ=typ, kid=key.kid, at=at, sign=key.sign)
    row.etag = hashlib.sha256(row.token.encode()).hexdigest()
    row.version, row.signed_at, row.expires_at = version, at, at + LIFE


def _number(name: str) -> int:
    return int(name.removeprefix(STAMPS))
