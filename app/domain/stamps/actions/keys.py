"""Keys: made, published ahead of their first use, rotated, retired; and which one may sign now."""

from datetime import datetime, timedelta
from pathlib import Path

from app.core.clock import local_day
from app.core.db import ReadSession, WriteSession
from app.core.errors import Conflict, NotFound, Refused
from app.core.numbering import next_number
from app.core.signing import EcdsaKey, KeyFileError, create_key, kids_in, load_key
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.audit.actions import record
from app.domain.stamps.enums import KeyPurpose
from app.domain.stamps.models import StampKey
from app.domain.stamps.queries import find_signing_key, published_keys
from app.domain.stamps.rules import HIGHEST_INDEX

PUBLISHED_AHEAD = timedelta(days=7)
# A hundred years of one key a year, with room for twice as many stamps as the province has people.
INDEXES_A_KEY = 40_000_000
INDEX_SERIES = "stamps/index/{kid}"


class NoSigningKey(Refused):
    """No key may sign now, or its private half is not on this machine."""

    code = "batch.no_signing_key"
    message = "Máy chủ này không có khóa ký tem đang hiệu lực. Hãy báo quản trị hệ thống."


class IndexesUsedUp(Refused):
    """A key signs the indexes that were published for it, and no others."""

    code = "batch.indexes_used_up"
    message = "Khóa ký số {kid} không còn đủ chỉ số tem. Hãy tạo khóa mới rồi phát hành lại."


class KeyNumberUsed(Conflict):
    """A key number is used once, for ever."""

    code = "stamp_key.used"
    message = "Khóa số {kid} đã có; mỗi số khóa chỉ dùng một lần."


class KeyRetired(Conflict):
    """A key is retired once."""

    code = "stamp_key.retired"
    message = "Khóa số {kid} đã thôi ký rồi."


class KeyWaits(Conflict):
    """One key after the other: a second would never be used."""

    code = "stamp_key.waits"
    message = "Khóa số {kid} đã công bố và sẽ ký từ {day}; chưa cần khóa nữa."


class LastKey(Conflict):
    """Somebody must be able to sign."""

    code = "stamp_key.last"
    message = "Khóa số {kid} là khóa duy nhất đang ký việc này. Hãy tạo khóa mới trước."


def create_stamp_key(
    session: WriteSession,
    directory: Path,
    kid: int | None = None,
    *,
    at: datetime,
    actor: Actor = SYSTEM,
    purpose: KeyPurpose = KeyPurpose.STAMPS,
    signs_from: datetime | None = None,
    indexes: int = INDEXES_A_KEY,
) -> StampKey:
    """Make a signing key: the private half a file in the directory, the public half published.

    Without a number it gets the next one. A key is published a week before its first use, except the
    very first of its purpose. Older keys stop signing by themselves when a newer one may sign. A key
    of stamps is given the indexes after those of all keys before it. Records stamp_key.created.
    """
    known = published_keys(session)
    taken = {key.kid for key in known} | set(kids_in(directory))
    if kid is None:
        kid = max(taken, default=0) + 1
    elif kid in {key.kid for key in known}:
        raise KeyNumberUsed(kid=kid)
    first, last = None, None
    if purpose is KeyPurpose.STAMPS:
        first = 1 + max((key.last_index for key in known if key.last_index is not None), default=0)
        last = min(first + indexes - 1, HIGHEST_INDEX)
        if first > HIGHEST_INDEX:
            raise IndexesUsedUp(kid=kid)
    try:
        made = create_key(directory, kid)
    except KeyFileError as trouble:
        raise KeyNumberUsed(kid=kid) from trouble
    before = any(key.purpose is purpose for key in known)
    key = StampKey(
        kid=kid,
        purpose=purpose,
        jwk=made.verifying_key.jwk(),
        first_index=first,
        last_index=last,
        created_at=at,
        signs_from=signs_from or (at + PUBLISHED_AHEAD if before else at),
    )
    session.add(key)
    record(
        session,
        "stamp_key.created",
        subject=key,
        actor=actor,
        at=at,
        kid=kid,
        purpose=purpose,
        signs_from=key.signs_from,
        first_index=first,
        last_index=last,
    )
    return key


def rotate_stamp_key(
    session: WriteSession,
    directory: Path,
    *,
    at: datetime,
    actor: Actor = SYSTEM,
    purpose: KeyPurpose = KeyPurpose.STAMPS,
) -> StampKey:
    """Make the next key of a purpose, published now and used in a week; the older one goes on until then.

    Records stamp_key.created. Refused while a key of this purpose waits for its first day.
    """
    waiting = [
        key
        for key in published_keys(session)
        if key.purpose is purpose and key.signs_from > at and not is_retired(key, at=at)
    ]
    if waiting:
        raise KeyWaits(kid=waiting[-1].kid, day=f"{local_day(waiting[-1].signs_from):%d/%m/%Y}")
    return create_stamp_key(session, directory, at=at, actor=actor, purpose=purpose)


def retire_stamp_key(
    session: WriteSession, kid: int, *, at: datetime, actor: Actor = SYSTEM, forced: bool = False
) -> StampKey:
    """Let a key sign no more from now on; what it signed stays signed. Records stamp_key.retired.

    The last key of its purpose is retired only by force: when its private half fell into other hands.
    Batches that were being issued with it halt and say so.

    At verification a retired key stays what it was: it is published, and the signature of a stamp is
    checked with its public half. What a thief signs with a stolen key carries an index that was never
    issued, or the index of another stamp: neither is in the table of stamps with these bytes, so the
    answer is «unknown», and it raises the alarm. A stamp that the province issued stays valid. Only
    an inspector without network cannot tell such a forgery from a stamp before the status list knows
    its index: indexes never issued are void there.
    """
    key = session.get(StampKey, kid, with_for_update=True)
    if key is None:
        raise NotFound
    if key.retired_at is not None:
        raise KeyRetired(kid=kid)
    key.retired_at = at
    session.flush()
    if not forced and find_signing_key(session, key.purpose, at=at) is None:
        raise LastKey(kid=kid)
    record(session, "stamp_key.retired", subject=key, actor=actor, at=at, kid=kid, forced=forced)
    return key


def is_retired(key: StampKey, *, at: datetime) -> bool:
    """Tell whether a key may sign no more at this moment."""
    return key.retired_at is not None and key.retired_at <= at


def signing_key(
    session: ReadSession,
    key_dir: Path,
    *,
    at: datetime,
    purpose: KeyPurpose = KeyPurpose.STAMPS,
    kid: int | None = None,
) -> EcdsaKey:
    """Return the key that may sign now, and make sure that it is the one published.

    With a number: that one, while it is not retired.
    """
    published = (
        find_signing_key(session, purpose, at=at) if kid is None else session.get(StampKey, kid)
    )
    if published is None or published.purpose is not purpose or is_retired(published, at=at):
        raise NoSigningKey
    try:
        key = load_key(key_dir, published.kid)
    except KeyFileError as trouble:
        raise NoSigningKey from trouble
    if key.verifying_key.jwk() != published.jwk:
        raise NoSigningKey
    return key


def take_indexes(session: WriteSession, count: int, *, at: datetime) -> tuple[int, int]:
    """Take so many indexes in a row from the key that signs now; return its number and the first.

    Nothing private is needed for it: the door that starts an issue need not be able to sign.
    """
    key = find_signing_key(session, KeyPurpose.STAMPS, at=at)
    if key is None or key.first_index is None or key.last_index is None:
        raise NoSigningKey
    taken = next_number(session, INDEX_SERIES.format(kid=key.kid), count=count)
    first = key.first_index + taken - 1
    if first + count - 1 > key.last_index:
        raise IndexesUsedUp(kid=key.kid)
    return key.kid, first
