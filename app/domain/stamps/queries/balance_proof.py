"""Whether the counts of stamps are true: recounted from single stamps, rolls, log and changes.

One walk over the indexes from the lowest to the highest, in which stamps, rolls, signing log and
changes of status go beside each other: memory holds one roll at a time and a few numbers for each
batch, however many stamps there are. To be read in one snapshot (`steady_reading`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from sqlalchemy import Row
from sqlmodel import col, func, select

from app.core.db import ReadSession
from app.domain.stamps.enums import BatchState, RollState, StampStatus
from app.domain.stamps.models import (
    SigningRecord,
    Stamp,
    StampBatch,
    StampChange,
    StampDelivery,
    StampDestruction,
    StampKey,
    StampRoll,
    StampWithdrawal,
)
from app.domain.stamps.rules import status_of

_AT_ONCE = 5_000
_NO_STATUS = 255
_SIGNED_WHOLE = frozenset(
    {BatchState.ISSUED, BatchState.DELIVERED, BatchState.IN_USE, BatchState.CLOSED}
)
_BEYOND = 2**40  # past every index


@dataclass(frozen=True, slots=True)
class Difference:
    """Two counts that should be one: of which batch or paper, and what differs."""

    of: str
    said: str


@dataclass
class Proof:
    """What was recounted; the differences are given while it goes on, the totals are whole then."""

    batches: int = 0
    rolls: int = 0
    stamps: int = 0
    in_store: int = 0
    delivered: int = 0
    activated: int = 0
    suspended: int = 0
    void: int = 0
    changes: int = 0
    differences: int = 0


@dataclass(slots=True)
class _OfBatch:
    """What was counted of one batch on the way."""

    code: str
    state: BatchState
    approved: int
    issued: int
    kid: int | None
    rolls: int = 0
    stamps: int = 0
    labels: int = 0
    signed: int = 0
    records: int = 0
    numbers: int = 0  # sum of the numbers of its rolls: 1 to n, each once


@dataclass(slots=True)
class _Withdrawn:
    """What one withdrawal says, and what is found of it."""

    code: str
    batch_id: int
    said: int
    destruction_id: int | None
    found: int = 0


@dataclass
class _Walk:
    """The rows that go beside each other, and what was found so far."""

    session: ReadSession
    proof: Proof
    batches: dict[int, _OfBatch] = field(default_factory=dict)
    withdrawn: dict[int, _Withdrawn] = field(default_factory=dict)
    ranges: dict[int, tuple[int, int]] = field(default_factory=dict)
    delivered: dict[int, int] = field(default_factory=dict)

    def rows(self, query: Any) -> Iterator[Any]:
        """Give rows in pieces: neither the driver nor we ever hold all of them."""
        return iter(self.session.execute(query.execution_options(yield_per=_AT_ONCE)))


def prove_balance(session: ReadSession, proof: Proof) -> Iterator[Difference]:
    """Recount every batch and give each difference; `proof` is filled in on the way.

    What must hold: the stamps of a roll are its indexes, its places 1 to its size, and its label; its
    `void_count` are its stamps withdrawn one by one; rolls are disjoint and lie within the indexes of
    the key that signed them; the signing log has exactly the rolls; what was issued is the sum of the
    rolls and no more than what was approved; withdrawals, deliveries and destructions count what
    names them; the changes of status, summed up, say of every index what its roll and its own
    withdrawal say. Issued are then those in store, delivered, activated, suspended and void.
    """
    walk = _Walk(session, proof)
    _load(walk)
    for found in chain(_walk(walk), _of_batches(walk), _of_papers(walk)):
        proof.differences += 1
        yield found


def _load(walk: _Walk) -> None:
    for batch in walk.session.execute(
        select(
            StampBatch.id,
            StampBatch.code,
            StampBatch.state,
            StampBatch.quantity,
            StampBatch.approved_count,
            StampBatch.issued_count,
            StampBatch.kid,
        )  # type: ignore[call-overload]  # -- SQLModel's types end at four columns
    ):
        approved = batch.quantity if batch.approved_count is None else batch.approved_count
        walk.batches[batch.id] = _OfBatch(
            batch.code, batch.state, approved, batch.issued_count, batch.kid
        )
    walk.proof.batches = len(walk.batches)
    for one in walk.session.exec(select(StampWithdrawal).order_by(col(StampWithdrawal.id))):
        walk.withdrawn[one.id or 0] = _Withdrawn(
            one.code, one.batch_id, one.stamps, one.destruction_id
        )
    for key in walk.session.exec(select(StampKey)):
        if key.first_index is not None and key.last_index is not None:
            walk.ranges[key.kid] = (key.first_index, key.last_index)


def _walk(walk: _Walk) -> Iterator[Difference]:
    stamps = _Ahead(
        walk.rows(
            select(Stamp.index, Stamp.roll_id, Stamp.place, Stamp.withdrawal_id).order_by(
                col(Stamp.index)
            )
        )
    )
    changes = _Ahead(
        walk.rows(
            select(
                StampChange.first_index, StampChange.count, StampChange.id, StampChange.status
            ).order_by(col(StampChange.first_index), col(StampChange.id))
        )
    )
    records = _Ahead(
        walk.rows(
            select(  # type: ignore[call-overload]  # -- SQLModel's types end at four columns
                SigningRecord.first_index,
                SigningRecord.last_index,
                SigningRecord.count,
                SigningRecord.batch_id,
                SigningRecord.kid,
            ).order_by(col(SigningRecord.first_index), col(SigningRecord.id))
        )
    )
    end = -1
    rolls = walk.rows(
        select(  # type: ignore[call-overload]  # -- SQLModel's types end at four columns
            StampRoll.id,
            StampRoll.batch_id,
            StampRoll.number,
            StampRoll.size,
            StampRoll.state,
            StampRoll.first_index,
            StampRoll.label_index,
            StampRoll.void_count,
            StampRoll.delivery_id,
            StampRoll.withdrawal_id,
        ).order_by(col(StampRoll.first_index), col(StampRoll.id))
    )
    for roll in rolls:
        batch = walk.batches[roll.batch_id]
        name = f"{batch.code}, cuộn {roll.number}"
        whole = roll.size + (roll.label_index is not None)
        last = roll.first_index + whole - 1
        yield from _strays(stamps, changes, records, roll.first_index)
        if roll.first_index <= end:
            yield Difference(name, "chỉ số chồng lên cuộn đứng trước")
        end = max(end, last)
        if roll.label_index is not None and batch.kid in walk.ranges:
            first_allowed, last_allowed = walk.ranges[batch.kid]
            if not first_allowed <= roll.first_index <= last <= last_allowed:
                yield Difference(name, f"chỉ số nằm ngoài khoảng của khóa {batch.kid}")
        yield from _log_of(walk, name, roll, last, records)
        own, differences = _stamps_of(walk, name, roll, whole, stamps)
        yield from differences
        yield from _changes_of(walk, name, roll, own, changes)
        _count(walk, roll, batch)
    yield from _strays(stamps, changes, records, _BEYOND)


def _strays(
    stamps: "_Ahead", changes: "_Ahead", records: "_Ahead", before: int
) -> Iterator[Difference]:
    """Tell what has an index before this one and belongs to no roll."""
    for ahead, said in (
        (stamps, "có con tem không thuộc cuộn nào"),
        (changes, "có thay đổi tình trạng không thuộc cuộn nào"),
        (records, "nhật ký ký có khoảng không thuộc cuộn nào"),
    ):
        for row in ahead.until(before):
            yield Difference(f"chỉ số {row[0]}", said)


def _log_of(
    walk: _Walk, name: str, roll: Row[Any], last: int, records: "_Ahead"
) -> Iterator[Difference]:
    batch, found = walk.batches[roll.batch_id], False
    for first, to, count, batch_id, kid in records.until(last + 1):
        of = walk.batches.get(batch_id)
        if of is not None:
            of.signed += count
            of.records += 1
        same = (first, to, batch_id) == (roll.first_index, last, roll.batch_id)
        if found or not same or count != to - first + 1 or kid != batch.kid:
            yield Difference(name, f"nhật ký ký ghi {count} chữ ký từ {first} đến {to}, khóa {kid}")
        found = True
    if not found:
        yield Difference(name, "nhật ký ký không có cuộn này")


def _stamps_of(
    walk: _Walk, name: str, roll: Row[Any], whole: int, stamps: "_Ahead"
) -> tuple[bytearray, list[Difference]]:
    """Read the stamps of a roll; return which of them were withdrawn one by one."""
    own, places = bytearray(whole), bytearray(roll.size + 1)
    wrong: list[Difference] = []
    known = foreign = singly = 0
    label = None
    for index, roll_id, place, withdrawal_id in stamps.until(roll.first_index + whole):
        if roll_id != roll.id or not 0 <= place <= roll.size:
            foreign += 1
            continue
        places[place] = 1
        known += place > 0
        if not place:
            label = index
        if withdrawal_id is not None:
            own[index - roll.first_index] = 1
            singly += place > 0
            withdrawn = walk.withdrawn.get(withdrawal_id)
            if withdrawn is None or withdrawn.batch_id != roll.batch_id or not place:
                wrong.append(Difference(name, f"con tem {index} mang lần rút không thuộc lô này"))
            else:
                withdrawn.found += 1
    if foreign or known != roll.size or sum(places[1:]) != roll.size:
        wrong.append(Difference(name, f"có {known} con tem, cuộn ghi {roll.size}"))
    if label != roll.label_index:
        wrong.append(Difference(name, f"nhãn cuộn là {label}, cuộn ghi {roll.label_index}"))
    if singly != roll.void_count:
        wrong.append(Difference(name, f"rút từng con {singly}, cuộn ghi {roll.void_count}"))
    batch = walk.batches[roll.batch_id]
    batch.stamps += known
    batch.labels += label is not None
    return own, wrong


def _changes_of(
    walk: _Walk, name: str, roll: Row[Any], own: bytearray, changes: "_Ahead"
) -> Iterator[Difference]:
    """Sum the changes of a roll up, in the order of their numbers, and compare each index."""
    whole = len(own)
    told = bytearray([_NO_STATUS]) * whole
    mine = sorted(changes.until(roll.first_index + whole), key=lambda row: row.id)
    walk.proof.changes += len(mine)
    for first, count, _number, status in mine:
        start = first - roll.first_index
        if start + count > whole:
            yield Difference(name, f"thay đổi tình trạng từ {first} vượt ra ngoài cuộn")
        here = min(count, whole - start)
        told[start : start + here] = bytes([status & 0xFF]) * here
    worth = int(status_of(RollState(roll.state)))
    right = own.translate(bytes([worth, int(StampStatus.VOID)]) + bytes(254))
    if told != right:
        wrong = sum(one != other for one, other in zip(told, right, strict=True))
        yield Difference(name, f"{wrong} chỉ số có tình trạng khác với danh sách tình trạng")


def _count(walk: _Walk, roll: Row[Any], batch: _OfBatch) -> None:
    proof, state = walk.proof, RollState(roll.state)
    batch.rolls += 1
    batch.numbers += roll.number
    proof.rolls += 1
    proof.stamps += roll.size
    usable = roll.size - roll.void_count
    if state is RollState.VOID:
        proof.void += roll.size
    else:
        proof.void += roll.void_count
    if state is RollState.IN_STORE:
        proof.in_store += usable
    elif state is RollState.DELIVERED:
        proof.delivered += usable
    elif state is RollState.ACTIVATED:
        proof.activated += usable
    elif state is RollState.SUSPENDED:
        proof.suspended += usable
    if roll.withdrawal_id is not None:
        withdrawn = walk.withdrawn[roll.withdrawal_id]
        withdrawn.found += usable if withdrawn.batch_id == roll.batch_id else 0
    if roll.delivery_id is not None:
        walk.delivered[roll.delivery_id] = walk.delivered.get(roll.delivery_id, 0) + 1


def _of_batches(walk: _Walk) -> Iterator[Difference]:
    for batch in walk.batches.values():
        if batch.issued != batch.stamps:
            yield Difference(batch.code, f"ghi đã ký {batch.issued} tem, đếm được {batch.stamps}")
        if batch.signed - batch.labels != batch.stamps:
            yield Difference(
                batch.code,
                f"nhật ký ký có {batch.signed} chữ ký kể cả {batch.labels} nhãn cuộn, "
                f"đếm được {batch.stamps} tem",
            )
        if batch.issued > batch.approved:
            yield Difference(batch.code, f"đã ký {batch.issued} tem, chỉ duyệt {batch.approved}")
        stopped = batch.state is BatchState.CLOSED and not batch.issued
        if batch.state in _SIGNED_WHOLE and batch.issued != batch.approved and not stopped:
            yield Difference(batch.code, f"đã phát hành {batch.issued} trên {batch.approved} tem")
        if batch.numbers != batch.rolls * (batch.rolls + 1) // 2:
            yield Difference(batch.code, f"số cuộn không liền nhau từ 1 đến {batch.rolls}")


def _of_papers(walk: _Walk) -> Iterator[Difference]:
    destroyed: dict[int, int] = {}
    for one in walk.withdrawn.values():
        if one.said != one.found:
            yield Difference(one.code, f"ghi rút {one.said} tem, đếm được {one.found}")
        if one.destruction_id is not None:
            destroyed[one.destruction_id] = destroyed.get(one.destruction_id, 0) + one.said
    for destruction in walk.session.exec(select(StampDestruction)):
        found = destroyed.get(destruction.id or 0, 0)
        if destruction.stamps != found:
            yield Difference(
                destruction.code, f"ghi hủy {destruction.stamps} tem, các lần rút có {found}"
            )
    for delivery in walk.session.exec(select(StampDelivery)):
        handed = walk.delivered.get(delivery.id or 0, 0)
        if delivery.rolls != handed:
            yield Difference(delivery.code, f"ghi giao {delivery.rolls} cuộn, đếm được {handed}")
    number, count = walk.session.exec(
        select(func.coalesce(func.max(col(StampChange.id)), 0), func.count()).select_from(
            StampChange
        )
    ).one()
    if number != count:
        yield Difference("thay đổi tình trạng", f"số cuối là {number} mà có {count} thay đổi")


class _Ahead:
    """Rows in the order of their first column, read as far as is asked for."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self._next: Any = next(rows, None)

    def until(self, end: int) -> Iterator[Any]:
        """Give the rows before an index that were not given yet."""
        row = self._next
        while row is not None and row[0] < end:
            yield row
            row = next(self._rows, None)
        self._next = row
