"""Custody: rolls go to a printer, to the producer, into use; are suspended and released; batches end."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Refused, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.stamps.actions.moving import move, tell_roll, typed_serials
from app.domain.stamps.actions.print_files import end_print_files
from app.domain.stamps.enums import BatchState, RollState
from app.domain.stamps.models import Stamp, StampBatch, StampDelivery, StampPrinting, StampRoll
from app.domain.stamps.policy import (
    CUSTODY_BASIS,
    ROLL_LABELS,
    SUSPENDABLE,
    PrintingClosed,
    one_of,
    why_not_activate,
    why_not_close,
    why_not_deliver,
    why_not_print,
    why_not_suspend,
)
from app.domain.stamps.queries import (
    batch_for_update,
    get_printing,
    rolls_for_update,
    withdrawn_singly,
)
from app.domain.stamps.rules import (
    decode_header,
    format_serial,
    numbers_told,
    serial_of,
)
from app.domain.stamps.schemas import (
    ActivateRolls,
    CloseBatch,
    ClosePrinting,
    DeliverRolls,
    OpenPrinting,
    ReleaseRolls,
    SuspendRolls,
)

# A line may break for a night, and a printer's day may be a Friday; longer, the files lie about.
OPEN_FOR = timedelta(hours=72)
_UNSETTLED = frozenset({RollState.IN_STORE, RollState.DELIVERED, RollState.SUSPENDED})


class RollPrinted(Conflict):
    """A roll is printed once: a second print would be a copy that verifies."""

    code = "roll.printed"
    message = (
        "Cuộn {roll} đã giao cho nơi in ({printing}); tem không được in lại. Tem in hỏng thì rút, rồi "
        "đặt tem mới."
    )
    basis = CUSTODY_BASIS


class NoSuchRoll(Refused):
    """A number that no roll of this batch has."""

    code = "roll.unknown"
    message = "Lô này không có cuộn {roll}."


class WrongRollState(Conflict):
    """A roll does not take a step twice, nor out of order."""

    code = "roll.state"
    message = "Cuộn {roll} đang ở trạng thái «{state}»; việc này chỉ làm được với cuộn «{needed}»."
    basis = CUSTODY_BASIS


class NothingLeft(Conflict):
    """Every roll has taken this step already."""

    code = "roll.nothing_left"
    message = "Không còn cuộn nào để làm việc này."


class NotPrinted(Conflict):
    """What was not printed cannot be handed over."""

    code = "roll.not_printed"
    message = "Cuộn {roll} chưa giao cho nơi in nào."
    basis = CUSTODY_BASIS


class RollsLeft(Conflict):
    """Rolls that were neither activated nor withdrawn would be lost out of sight in a closed batch."""

    code = "batch.rolls_left"
    message = (
        "Còn các cuộn {rolls} chưa giao, chưa xác nhận nhận hoặc đang tạm ngừng. Hãy giao, nhận, cho dùng "
        "lại hoặc rút các cuộn ấy rồi đóng lô."
    )
    basis = CUSTODY_BASIS


class NoLabelOfRoll(Refused):
    """A serial that is the label of no roll of this batch."""

    code = "roll.not_a_label"
    message = "Số sê-ri {serial} không phải nhãn của một cuộn thuộc lô {batch}."


def open_printing(
    session: WriteSession, code: str, data: OpenPrinting, *, actor: Actor, at: datetime
) -> StampPrinting:
    """Give rolls to one printer in one form; each roll once, for ever. Records printing.opened.

    Its files can be fetched as often as a bad line needs until it is closed, at most for 72 hours.
    """
    batch = batch_for_update(session, code, actor=actor).batch
    if refusal := why_not_print(actor, batch):
        raise refusal
    check_version(data.version, batch.version)
    if (data.first_roll is None) is not (data.last_roll is None):
        raise Invalid({"last_roll": "Hãy ghi cả cuộn đầu và cuộn cuối, hoặc bỏ trống cả hai."})
    if data.first_roll is None or data.last_roll is None:
        chosen = [
            roll
            for roll in rolls_for_update(session, batch)
            if roll.printing_id is None and roll.state is not RollState.VOID
        ]
    else:
        if data.last_roll < data.first_roll:
            raise Invalid({"last_roll": "Cuộn cuối đứng trước cuộn đầu."})
        chosen = rolls_numbered(
            rolls_for_update(session, batch), range(data.first_roll, data.last_roll + 1)
        )
    if not chosen:
        raise NothingLeft
    for roll in chosen:
        if roll.printing_id is not None:
            raise RollPrinted(roll=roll.number, printing=_code_of(session, roll.printing_id))
        if roll.state is not RollState.IN_STORE:
            raise _wrong(roll, {RollState.IN_STORE})
    printing = StampPrinting(
        code=new_code("IN"),
        batch_id=batch.id or 0,
        form=data.form,
        printer=data.printer,
        first_roll=chosen[0].number,
        last_roll=chosen[-1].number,
        opened_at=at,
        opened_by=actor.name,
        open_until=at + OPEN_FOR,
    )
    session.add(printing)
    session.flush()
    for roll in chosen:
        roll.printing_id = printing.id
    move(
        session,
        batch,
        batch.state,
        "printing.opened",
        actor=actor,
        at=at,
        printing=printing.code,
        form=printing.form,
        printer=printing.printer,
        rolls=_numbers(chosen),
    )
    return printing


def close_printing(
    session: WriteSession,
    code: str,
    printing_code: str,
    data: ClosePrinting,
    *,
    actor: Actor,
    at: datetime,
) -> StampPrinting:
    """Say that a printer of a batch is done: the files are given out no more. Records printing.closed.

    What a job made of them is deleted within the minute.
    """
    batch = batch_for_update(session, code, actor=actor).batch
    printing = get_printing(session, batch, printing_code)
    if refusal := why_not_print(actor, batch):
        raise refusal
    check_version(data.version, printing.version)
    if printing.closed_at is not None:
        raise PrintingClosed(printing=printing.code)
    printing.closed_at, printing.closed_by = at, actor.name
    printing.version += 1
    record(session, "printing.closed", subject=batch, actor=actor, at=at, printing=printing.code)
    end_print_files(session, printing, at=at)
    return printing


def deliver_rolls(
    session: WriteSession, code: str, data: DeliverRolls, *, actor: Actor, at: datetime
) -> StampDelivery:
    """Hand printed rolls over, with a note of their own; records batch.delivered."""
    batch = batch_for_update(session, code, actor=actor).batch
    if refusal := why_not_deliver(actor, batch):
        raise refusal
    check_version(data.version, batch.version)
    chosen = _chosen(session, batch, data.rolls, {RollState.IN_STORE})
    for roll in chosen:
        if roll.printing_id is None:
            raise NotPrinted(roll=roll.number)
    delivery = StampDelivery(
        code=new_code("GN"),
        batch_id=batch.id or 0,
        delivered_to=data.delivered_to,
        delivered_at=at,
        delivered_by=actor.name,
        rolls=len(chosen),
        stamps=sum(roll.in_use for roll in chosen),
    )
    session.add(delivery)
    session.flush()
    for roll in chosen:
        roll.state, roll.delivery_id = RollState.DELIVERED, delivery.id
    batch.delivered_at = at
    batch.delivered_to = data.delivered_to
    after = BatchState.DELIVERED if batch.state is BatchState.ISSUED else batch.state
    move(
        session,
        batch,
        after,
        "batch.delivered",
        actor=actor,
        at=at,
        delivered_to=data.delivered_to,
        delivery=delivery.code,
        rolls=_numbers(chosen),
        count=delivery.stamps,
    )
    return delivery


def activate_rolls(
    session: WriteSession, code: str, data: ActivateRolls, *, actor: Actor, at: datetime
) -> StampBatch:
    """Confirm receipt of rolls: their stamps become active, withdrawn ones stay so.

    Rolls are named by number, or by the serial on the label of each; without either, all that were
    delivered. Records batch.activated.
    """
    row = batch_for_update(session, code, actor=actor)
    batch = row.batch
    if refusal := why_not_activate(actor, batch, row.product):
        raise refusal
    check_version(data.version, batch.version)
    numbers = [*data.rolls, *_labelled(session, batch, data.labels)]
    chosen = _chosen(session, batch, numbers, {RollState.DELIVERED})
    for roll in chosen:
        roll.state, roll.activated_at = RollState.ACTIVATED, at
    _tell(session, chosen, at=at)
    batch.activated_at = at
    move(
        session,
        batch,
        BatchState.IN_USE,
        "batch.activated",
        actor=actor,
        at=at,
        rolls=_numbers(chosen),
        count=sum(roll.in_use for roll in chosen),
        on_behalf=not actor.acts_for(batch.producer_id),
    )
    return batch


def suspend_rolls(
    session: WriteSession, code: str, data: SuspendRolls, *, actor: Actor, at: datetime
) -> StampBatch:
    """Let the stamps of rolls say that they are looked into; records rolls.suspended."""
    if refusal := why_not_suspend(actor):
        raise refusal
    batch = batch_for_update(session, code, actor=actor).batch
    check_version(data.version, batch.version)
    chosen = _chosen(session, batch, data.rolls, SUSPENDABLE)
    for roll in chosen:
        roll.state = RollState.SUSPENDED
        roll.suspended_at, roll.suspension_reason = at, data.reason
    _tell(session, chosen, at=at)
    move(
        session,
        batch,
        batch.state,
        "rolls.suspended",
        actor=actor,
        at=at,
        rolls=_numbers(chosen),
        reason=data.reason,
    )
    return batch


def release_rolls(
    session: WriteSession, code: str, data: ReleaseRolls, *, actor: Actor, at: datetime
) -> StampBatch:
    """Let suspended rolls be again what they were; records rolls.released."""
    if refusal := why_not_suspend(actor):
        raise refusal
    batch = batch_for_update(session, code, actor=actor).batch
    check_version(data.version, batch.version)
    chosen = _chosen(session, batch, data.rolls, {RollState.SUSPENDED})
    for roll in chosen:
        roll.state = RollState.ACTIVATED if roll.activated_at else RollState.DELIVERED
        roll.suspended_at, roll.suspension_reason = None, ""
    _tell(session, chosen, at=at)
    move(
        session,
        batch,
        batch.state,
        "rolls.released",
        actor=actor,
        at=at,
        rolls=_numbers(chosen),
        reason=data.reason,
    )
    return batch


def close_batch(
    session: WriteSession, code: str, data: CloseBatch, *, actor: Actor, at: datetime
) -> StampBatch:
    """Close a batch that is used up; its stamps keep saying what they say; records batch.closed.

    Every roll was activated or withdrawn before.
    """
    batch = batch_for_update(session, code, actor=actor).batch
    if refusal := why_not_close(actor, batch):
        raise refusal
    check_version(data.version, batch.version)
    left = [roll.number for roll in rolls_for_update(session, batch) if roll.state in _UNSETTLED]
    if left:
        raise RollsLeft(rolls=numbers_told(left))
    batch.closed_at = at
    move(session, batch, BatchState.CLOSED, "batch.closed", actor=actor, at=at)
    return batch


def _chosen(
    session: WriteSession,
    batch: StampBatch,
    numbers: Sequence[int],
    states: Collection[RollState],
) -> list[StampRoll]:
    """Return the named rolls, each in one of the states; without names, all that are."""
    if not numbers:
        found = [roll for roll in rolls_for_update(session, batch) if roll.state in states]
        if not found:
            raise NothingLeft
        return found
    found = rolls_numbered(rolls_for_update(session, batch), numbers)
    for roll in found:
        if roll.state not in states:
            raise _wrong(roll, states)
    return found


def _labelled(session: WriteSession, batch: StampBatch, labels: Sequence[str]) -> list[int]:
    """Return the numbers of the rolls whose labels were typed or scanned."""
    wanted = typed_serials(labels, "labels")
    if not wanted:
        return []
    found = {
        stamp.index: (number, serial_of(decode_header(stamp.header)))
        for number, stamp in session.exec(
            select(StampRoll.number, Stamp)
            .join(Stamp, col(Stamp.index) == col(StampRoll.label_index))
            .where(col(StampRoll.batch_id) == batch.id, col(Stamp.index).in_(list(wanted)))
        )
    }
    for index, text in wanted.items():
        if index not in found or found[index][1] != text:
            raise NoLabelOfRoll(serial=format_serial(text), batch=batch.code)
    return [number for number, _serial in found.values()]


def rolls_numbered(rolls: Iterable[StampRoll], numbers: Iterable[int]) -> list[StampRoll]:
    """Return rolls of a batch by their numbers, each once and in order; NoSuchRoll for any other."""
    known = {roll.number: roll for roll in rolls}
    wanted = sorted(set(numbers))
    for number in wanted:
        if number not in known:
            raise NoSuchRoll(roll=number)
    return [known[number] for number in wanted]


def _wrong(roll: StampRoll, states: Collection[RollState]) -> WrongRollState:
    needed = one_of([words for state, words in ROLL_LABELS.items() if state in states])
    return WrongRollState(roll=roll.number, state=ROLL_LABELS[roll.state], needed=needed)


def _tell(session: WriteSession, rolls: Sequence[StampRoll], *, at: datetime) -> None:
    withdrawn = withdrawn_singly(session, rolls)
    for roll in rolls:
        tell_roll(session, roll, withdrawn.get(roll.id or 0, []), at=at)


def _numbers(rolls: Sequence[StampRoll]) -> str:
    return numbers_told([roll.number for roll in rolls])


def _code_of(session: WriteSession, printing_id: int) -> str:
    return session.exec(
        select(StampPrinting.code).where(col(StampPrinting.id) == printing_id)
    ).one()
