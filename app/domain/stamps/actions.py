"""What happens to stamps: ordered, approved, issued, delivered, activated, voided, closed; keys."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, update
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Refused, Worded, check_version
from app.core.numbering import next_number
from app.core.signing import EcdsaKey, KeyFileError, create_key, kids_in, load_key
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.audit.actions import record
from app.domain.recognition.queries import certificate_for_update
from app.domain.stamps.enums import BatchState, StampLevel, StampState
from app.domain.stamps.models import SigningRecord, Stamp, StampBatch, StampKey
from app.domain.stamps.policy import (
    why_not_activate,
    why_not_approve,
    why_not_close,
    why_not_deliver,
    why_not_issue,
    why_not_order,
    why_not_refuse,
    why_not_void,
)
from app.domain.stamps.queries import BatchRow, batch_for_update, find_signing_key, published_keys
from app.domain.stamps.rules import (
    HIGHEST_INDEX,
    RANDOM_BYTES,
    SerialTypo,
    StampHeader,
    decode_header,
    encode_header,
    format_serial,
    issue_indexes,
    parse_serial,
    serial_of,
    sign_token,
)
from app.domain.stamps.schemas import (
    ActivateBatch,
    ApproveBatch,
    CloseBatch,
    DeliverBatch,
    IssueBatch,
    OrderBatch,
    RefuseBatch,
    VoidStamps,
)

INDEX_SERIES = "stamps/index"
CHUNK = 1_000
PUBLISHED_AHEAD = timedelta(days=7)
_RANDOM = secrets.SystemRandom()


class NoSigningKey(Refused):
    """No key may sign now, or its private half is not on this machine."""

    code = "batch.no_signing_key"
    message = "Máy chủ này không có khóa ký tem đang hiệu lực. Hãy báo quản trị hệ thống."


class IndexesUsedUp(Refused):
    """The token holds 32 bits of index."""

    code = "batch.indexes_used_up"
    message = "Đã hết số tem của phiên bản tem này."


class NothingToVoid(Refused):
    """Neither serials nor the whole batch were named."""

    code = "stamp.nothing_to_void"
    message = "Hãy ghi các số sê-ri cần hủy, hoặc chọn hủy cả lô."


class SerialNotInBatch(Refused):
    """A serial belongs to another batch, or to none."""

    code = "stamp.not_in_batch"
    message = "Số sê-ri {serial} không thuộc lô {batch}."


class KeyNumberUsed(Conflict):
    """A key number is used once, for ever."""

    code = "stamp_key.used"
    message = "Khóa số {kid} đã có; mỗi số khóa chỉ dùng một lần."


def order_batch(
    session: WriteSession, data: OrderBatch, *, actor: Actor, at: datetime
) -> StampBatch:
    """Ask for stamps for one certificate in force; records batch.ordered."""
    found = certificate_for_update(session, data.certificate, actor=actor, on=local_day(at))
    certificate, product = found.certificate, found.product
    if refusal := why_not_order(actor, certificate, product, local_day(at)):
        raise refusal
    batch = StampBatch(
        code=new_code("LT"),
        state=BatchState.ORDERED,
        certificate_id=certificate.id or 0,
        producer_id=certificate.producer_id,
        quantity=data.quantity,
        purpose=data.purpose,
        ordered_at=at,
        ordered_by_helper=not actor.acts_for(certificate.producer_id),
    )
    session.add(batch)
    record(
        session,
        "batch.ordered",
        subject=batch,
        actor=actor,
        at=at,
        certificate=certificate.code,
        quantity=batch.quantity,
        purpose=batch.purpose,
        on_behalf=batch.ordered_by_helper,
    )
    return batch


def approve_batch(
    session: WriteSession, code: str, data: ApproveBatch, *, actor: Actor, at: datetime
) -> StampBatch:
    """Agree to the ordered quantity; records batch.approved."""
    batch = batch_for_update(session, code, actor=actor).batch
    if refusal := why_not_approve(actor, batch):
        raise refusal
    check_version(data.version, batch.version)
    batch.approved_at = at
    batch.approved_by = actor.name
    _move(session, batch, BatchState.APPROVED, "batch.approved", actor=actor, at=at)
    return batch


def refuse_batch(
    session: WriteSession, code: str, data: RefuseBatch, *, actor: Actor, at: datetime
) -> StampBatch:
    """Refuse an order with a reason; records batch.refused."""
    batch = batch_for_update(session, code, actor=actor).batch
    if refusal := why_not_refuse(actor, batch):
        raise refusal
    check_version(data.version, batch.version)
    batch.refusal_reason = data.reason
    _move(
        session, batch, BatchState.REFUSED, "batch.refused", actor=actor, at=at, reason=data.reason
    )
    return batch


def issue_batch(
    session: WriteSession,
    code: str,
    data: IssueBatch,
    *,
    actor: Actor,
    at: datetime,
    key_dir: Path,
) -> StampBatch:
    """Make and sign exactly the approved number of stamps, once; records batch.issued.

    The range of indexes is taken from one series under lock; inside the batch they are given in
    random order. The signing log says which key signed which range.
    """
    row = batch_for_update(session, code, actor=actor)
    batch = row.batch
    if refusal := why_not_issue(actor, batch, row.certificate, local_day(at)):
        raise refusal
    check_version(data.version, batch.version)
    key = _signing_key(session, key_dir, at=at)
    first = next_number(session, INDEX_SERIES, count=batch.quantity)
    last = first + batch.quantity - 1
    if last > HIGHEST_INDEX:
        raise IndexesUsedUp
    indexes = issue_indexes(first, batch.quantity, _RANDOM)
    for rows in _signed(row, indexes, key):
        session.connection().execute(insert(Stamp), rows)
    session.add(
        SigningRecord(
            batch_id=batch.id or 0,
            kid=key.kid,
            first_index=first,
            last_index=last,
            count=batch.quantity,
            signed_at=at,
        )
    )
    batch.issued_at = at
    batch.issued_count = batch.quantity
    batch.kid = key.kid
    _move(
        session,
        batch,
        BatchState.ISSUED,
        "batch.issued",
        actor=actor,
        at=at,
        kid=key.kid,
        count=batch.quantity,
        first_index=first,
        last_index=last,
    )
    return batch


def deliver_batch(
    session: WriteSession, code: str, data: DeliverBatch, *, actor: Actor, at: datetime
) -> StampBatch:
    """Hand the printed stamps over; records batch.delivered."""
    batch = batch_for_update(session, code, actor=actor).batch
    if refusal := why_not_deliver(actor, batch):
        raise refusal
    check_version(data.version, batch.version)
    batch.delivered_at = at
    batch.delivered_to = data.delivered_to
    _move(
        session,
        batch,
        BatchState.DELIVERED,
        "batch.delivered",
        actor=actor,
        at=at,
        delivered_to=data.delivered_to,
    )
    return batch


def activate_batch(
    session: WriteSession, code: str, data: ActivateBatch, *, actor: Actor, at: datetime
) -> StampBatch:
    """Confirm receipt: stamps in hand become active, void ones stay void.

    Records batch.activated.
    """
    row = batch_for_update(session, code, actor=actor)
    batch = row.batch
    if refusal := why_not_activate(actor, batch, row.product):
        raise refusal
    check_version(data.version, batch.version)
    batch.activated_at = at
    changed = session.exec(
        update(Stamp)
        .where(col(Stamp.batch_id) == batch.id, col(Stamp.state) == StampState.ISSUED)
        .values(state=StampState.ACTIVATED)
        .execution_options(synchronize_session=False)
    )
    _move(
        session,
        batch,
        BatchState.IN_USE,
        "batch.activated",
        actor=actor,
        at=at,
        count=changed.rowcount,
        on_behalf=not actor.acts_for(batch.producer_id),
    )
    return batch


def close_batch(
    session: WriteSession, code: str, data: CloseBatch, *, actor: Actor, at: datetime
) -> StampBatch:
    """Close a batch that is used up; its stamps keep saying what they say; records batch.closed."""
    batch = batch_for_update(session, code, actor=actor).batch
    if refusal := why_not_close(actor, batch):
        raise refusal
    check_version(data.version, batch.version)
    batch.closed_at = at
    _move(session, batch, BatchState.CLOSED, "batch.closed", actor=actor, at=at)
    return batch


def void_stamps(
    session: WriteSession, code: str, data: VoidStamps, *, actor: Actor, at: datetime
) -> StampBatch:
    """Withdraw named stamps, or the whole batch, for a reason; records stamps.voided.

    Voiding cannot be undone. A batch voided as a whole is closed.
    """
    batch = batch_for_update(session, code, actor=actor).batch
    if refusal := why_not_void(actor, batch):
        raise refusal
    check_version(data.version, batch.version)
    if not data.whole_batch and not data.serials:
        raise NothingToVoid
    query = update(Stamp).where(
        col(Stamp.batch_id) == batch.id, col(Stamp.state) != StampState.VOID
    )
    if not data.whole_batch:
        query = query.where(col(Stamp.index).in_(_indexes_of(session, batch, data.serials)))
    changed = session.exec(
        query.values(
            state=StampState.VOID, voided_at=at, void_reason=data.reason
        ).execution_options(synchronize_session=False)
    )
    after = batch.state
    if data.whole_batch:
        after, batch.closed_at = BatchState.CLOSED, at
    _move(
        session,
        batch,
        after,
        "stamps.voided",
        actor=actor,
        at=at,
        count=changed.rowcount,
        whole_batch=data.whole_batch,
        serials=data.serials,
        reason=data.reason,
    )
    return batch


def create_stamp_key(
    session: WriteSession,
    directory: Path,
    kid: int,
    *,
    at: datetime,
    actor: Actor = SYSTEM,
    signs_from: datetime | None = None,
) -> StampKey:
    """Make a signing key: the private half a file in the directory, the public half published.

    A key is published a week before its first use, except the very first one. Older keys stop
    signing by themselves when a newer one may sign. Records stamp_key.created.
    """
    known = published_keys(session)
    if any(key.kid == kid for key in known):
        raise KeyNumberUsed(kid=kid)
    try:
        made = create_key(directory, kid)
    except KeyFileError as taken:
        raise KeyNumberUsed(kid=kid) from taken
    key = StampKey(
        kid=kid,
        jwk=made.verifying_key.jwk(),
        created_at=at,
        signs_from=signs_from or (at + PUBLISHED_AHEAD if known else at),
    )
    session.add(key)
    record(
        session,
        "stamp_key.created",
        subject=key,
        actor=actor,
        at=at,
        kid=kid,
        signs_from=key.signs_from,
    )
    return key


def _move(
    session: WriteSession,
    batch: StampBatch,
    after: BatchState,
    kind: str,
    *,
    actor: Actor,
    at: datetime,
    **said: object,
) -> None:
    before, batch.state = batch.state, after
    batch.version += 1
    record(session, kind, subject=batch, actor=actor, at=at, before=before, after=after, **said)


def _signing_key(session: WriteSession, key_dir: Path, *, at: datetime) -> EcdsaKey:
    """Return the key that may sign now, and make sure that it is the one published."""
    published = find_signing_key(session, at=at)
    if published is None or published.kid not in kids_in(key_dir):
        raise NoSigningKey
    try:
        key = load_key(key_dir, published.kid)
    except KeyFileError as trouble:
        raise NoSigningKey from trouble
    if key.verifying_key.jwk() != published.jwk:
        raise NoSigningKey
    return key


def _signed(
    row: BatchRow, indexes: Sequence[int], key: EcdsaKey
) -> Iterator[list[dict[str, object]]]:
    """Sign in chunks, so that a large batch is never in memory as a whole."""
    for start in range(0, len(indexes), CHUNK):
        rows: list[dict[str, object]] = []
        for position, index in enumerate(indexes[start : start + CHUNK], start=start + 1):
            header = StampHeader(
                specimen=False,
                pin=False,
                level=StampLevel.ITEM,
                kid=key.kid,
                last_valid_day=row.certificate.expires_on,
                stars=row.certificate.star,
                certificate=row.certificate.record_number,
                index=index,
                random=secrets.token_bytes(RANDOM_BYTES),
            )
            rows.append(
                {
                    "index": index,
                    "batch_id": row.batch.id,
                    "position": position,
                    "state": StampState.ISSUED,
                    "header": encode_header(header),
                    "signature": sign_token(header, key.sign).signature,
                    "void_reason": "",
                }
            )
        yield rows


def _indexes_of(session: WriteSession, batch: StampBatch, serials: Sequence[str]) -> Sequence[int]:
    """Return the indexes of serials of this batch; a typo or a foreign serial is refused."""
    wanted: dict[int, str] = {}
    for typed in serials:
        try:
            serial = parse_serial(typed)
        except SerialTypo as typo:
            raise Invalid(
                {
                    "serials": Worded(
                        "Số sê-ri {typed} chưa đúng. Hãy so lại từng ký tự.", typed=typed
                    )
                }
            ) from typo
        wanted[serial.index] = serial.text
    known = {
        stamp.index: serial_of(decode_header(stamp.header))
        for stamp in session.exec(
            select(Stamp).where(col(Stamp.batch_id) == batch.id, col(Stamp.index).in_(list(wanted)))
        )
    }
    for index, text in wanted.items():
        if known.get(index) != text:
            raise SerialNotInBatch(serial=format_serial(text), batch=batch.code)
    return list(wanted)
