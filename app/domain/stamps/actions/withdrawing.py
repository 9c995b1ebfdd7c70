"""Withdrawal: misprinted, spoilt, returned, lost, recalled; and the destruction of what was withdrawn."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Refused, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.stamps.actions.handing import rolls_numbered
from app.domain.stamps.actions.moving import move, tell_roll, tell_status, typed_serials
from app.domain.stamps.enums import BatchState, RollState, StampStatus, WithdrawalKind
from app.domain.stamps.models import (
    Stamp,
    StampBatch,
    StampDestruction,
    StampRoll,
    StampWithdrawal,
)
from app.domain.stamps.policy import (
    CUSTODY_BASIS,
    why_not_destroy,
    why_not_withdraw,
    why_not_withdraw_from,
)
from app.domain.stamps.queries import batch_for_update, rolls_for_update
from app.domain.stamps.rules import (
    decode_header,
    format_serial,
    numbers_told,
    serial_of,
)
from app.domain.stamps.schemas import RecordDestruction, WithdrawStamps


class NothingToWithdraw(Refused):
    """Neither serials nor rolls nor the whole batch were named, or all of it was withdrawn before."""

    code = "stamp.nothing_to_withdraw"
    message = "Không có con tem nào để rút: hãy ghi số sê-ri, số cuộn, hoặc chọn cả lô."


class SerialNotInBatch(Refused):
    """A serial belongs to another batch, or to none, or is the label of a roll."""

    code = "stamp.not_in_batch"
    message = "Số sê-ri {serial} không phải của một con tem thuộc lô {batch}."


class NothingToDestroy(Refused):
    """A withdrawal that is unknown, lost, or destroyed before."""

    code = "destruction.nothing"
    message = "Lần rút {withdrawal} không có tem nào để tiêu hủy: không có mã này, tem bị mất, hoặc đã hủy rồi."
    basis = CUSTODY_BASIS


def withdraw_stamps(
    session: WriteSession, code: str, data: WithdrawStamps, *, actor: Actor, at: datetime
) -> StampWithdrawal:
    """Take named stamps, rolls or the whole batch out of use for a reason; records stamps.withdrawn.

    There is no way back. What was withdrawn before is passed over. A batch of which no roll is left
    is closed.
    """
    row = batch_for_update(session, code, actor=actor)
    batch = row.batch
    if refusal := why_not_withdraw(actor, batch, row.product, data.kind):
        raise refusal
    check_version(data.version, batch.version)
    rolls = rolls_for_update(session, batch)
    whole = _whole_rolls(rolls, data)
    stamps = _stamps_of(session, batch, rolls, data.serials, besides=whole)
    count = sum(roll.in_use for roll in whole) + len(stamps)
    if not count:
        raise NothingToWithdraw
    touched = {roll.id for roll in whole} | {stamp.roll_id for stamp in stamps}
    if refusal := why_not_withdraw_from(actor, (one for one in rolls if one.id in touched)):
        raise refusal
    withdrawal = StampWithdrawal(
        code=new_code("RT"),
        batch_id=batch.id or 0,
        kind=data.kind,
        reason=data.reason,
        stamps=count,
        withdrawn_at=at,
        withdrawn_by=actor.name,
    )
    session.add(withdrawal)
    session.flush()
    for roll in whole:
        roll.state, roll.withdrawal_id = RollState.VOID, withdrawal.id
        tell_roll(session, roll, [], at=at)
    if stamps:
        session.exec(
            update(Stamp)
            .where(col(Stamp.index).in_([stamp.index for stamp in stamps]))
            .values(withdrawal_id=withdrawal.id)
            .execution_options(synchronize_session=False)
        )
    by_id = {roll.id: roll for roll in rolls}
    for stamp in stamps:
        by_id[stamp.roll_id].void_count += 1
        tell_status(session, stamp.index, 1, StampStatus.VOID, at=at)
    after = batch.state
    if all(roll.state is RollState.VOID for roll in rolls):
        after, batch.closed_at = BatchState.CLOSED, at
    move(
        session,
        batch,
        after,
        "stamps.withdrawn",
        actor=actor,
        at=at,
        withdrawal=withdrawal.code,
        withdrawal_kind=data.kind,
        count=count,
        rolls=numbers_told([roll.number for roll in whole]),
        serials=[format_serial(serial_of(decode_header(one.header))) for one in stamps],
        whole_batch=data.whole_batch,
        reason=data.reason,
        on_behalf=not actor.acts_for(batch.producer_id),
    )
    return withdrawal


def record_destruction(
    session: WriteSession, data: RecordDestruction, *, actor: Actor, at: datetime
) -> StampDestruction:
    """Write down that withdrawn stamps were destroyed before witnesses; records stamps.destroyed."""
    if refusal := why_not_destroy(actor):
        raise refusal
    wanted = sorted(set(data.withdrawals))
    found = {
        one.code: one
        for one in session.exec(
            select(StampWithdrawal)
            .where(col(StampWithdrawal.code).in_(wanted))
            .order_by(col(StampWithdrawal.id))
            .with_for_update()
        )
    }
    for code in wanted:
        one = found.get(code)
        if one is None or one.destruction_id is not None or one.kind is WithdrawalKind.LOST:
            raise NothingToDestroy(withdrawal=code)
    destruction = StampDestruction(
        code=new_code("TH"),
        destroyed_at=at,
        place=data.place,
        method=data.method,
        witnesses=data.witnesses,
        recorded_by=actor.name,
        stamps=sum(one.stamps for one in found.values()),
    )
    session.add(destruction)
    session.flush()
    for one in found.values():
        one.destruction_id = destruction.id
    record(
        session,
        "stamps.destroyed",
        subject=destruction,
        actor=actor,
        at=at,
        withdrawals=wanted,
        count=destruction.stamps,
        place=data.place,
        method=data.method,
    )
    return destruction


def _whole_rolls(rolls: Sequence[StampRoll], data: WithdrawStamps) -> list[StampRoll]:
    if data.whole_batch:
        return [roll for roll in rolls if roll.state is not RollState.VOID]
    return [roll for roll in rolls_numbered(rolls, data.rolls) if roll.state is not RollState.VOID]


def _stamps_of(
    session: WriteSession,
    batch: StampBatch,
    rolls: Sequence[StampRoll],
    serials: Sequence[str],
    *,
    besides: Sequence[StampRoll],
) -> list[Stamp]:
    """Return the stamps of serials of this batch that are not withdrawn yet.

    A typo, a foreign serial and the label of a roll are refused by name.
    """
    wanted = typed_serials(serials, "serials")
    of_batch = {roll.id: roll for roll in rolls}
    known = {
        stamp.index: stamp
        for stamp in session.exec(select(Stamp).where(col(Stamp.index).in_(list(wanted))))
        if stamp.roll_id in of_batch and stamp.place
    }
    for index, text in wanted.items():
        stamp = known.get(index)
        if stamp is None or serial_of(decode_header(stamp.header)) != text:
            raise SerialNotInBatch(serial=format_serial(text), batch=batch.code)
    void = {roll.id for roll in rolls if roll.state is RollState.VOID} | {
        roll.id for roll in besides
    }
    return [
        stamp
        for stamp in known.values()
        if stamp.withdrawal_id is None and stamp.roll_id not in void
    ]
