"""Rolls of a batch, where their stamps are, the single stamps to print, what was withdrawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, or_, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first, page_of
from app.domain.jobs.enums import JobKind, JobState
from app.domain.jobs.models import Job
from app.domain.jobs.queries import jobs_about
from app.domain.jobs.schemas import MadeFile
from app.domain.stamps.enums import RollState, WithdrawalKind
from app.domain.stamps.models import (
    Stamp,
    StampBatch,
    StampDelivery,
    StampPrinting,
    StampRoll,
    StampWithdrawal,
)
from app.domain.stamps.policy import is_open
from app.domain.stamps.rules import (
    Token,
    decode_header,
    format_serial,
    serial_of,
    stamp_url,
    token_digits,
)
from app.domain.stamps.schemas import (
    LARGEST_ROLL,
    MOST_ROLLS,
    BatchCounts,
    DeliveryOut,
    PrintingOut,
    RollOut,
    StampOut,
)


@dataclass(frozen=True, slots=True)
class PlacedStamp:
    """A stamp with the number of its roll."""

    roll: int
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class DeliveredRoll:
    """A roll that was handed over, with the serials of its first and last stamp."""

    roll: StampRoll
    first_serial: str
    last_serial: str


def rolls_of(session: ReadSession, batch: StampBatch) -> Sequence[StampRoll]:
    """Return the rolls of a batch in their order; a batch has at most MOST_ROLLS."""
    return session.exec(
        select(StampRoll)
        .where(col(StampRoll.batch_id) == batch.id)
        .order_by(col(StampRoll.number))
        .limit(MOST_ROLLS)
    ).all()


def rolls_for_update(session: WriteSession, batch: StampBatch) -> Sequence[StampRoll]:
    """Return the rolls of a batch whose row is locked already; nobody else changes them meanwhile."""
    return session.exec(
        select(StampRoll)
        .where(col(StampRoll.batch_id) == batch.id)
        .order_by(col(StampRoll.number))
        .limit(MOST_ROLLS)
        .execution_options(populate_existing=True)
    ).all()


def rolls_page(
    session: ReadSession, batch: StampBatch, *, after: int = 0, limit: int = 20
) -> Page[StampRoll]:
    """Return rolls of a batch, in their order."""
    rows = session.exec(
        select(StampRoll)
        .where(col(StampRoll.batch_id) == batch.id, col(StampRoll.number) > after)
        .order_by(col(StampRoll.number))
        .limit(limit + 1)
    ).all()
    return page_of(rows, limit=limit, key=lambda roll: roll.number)


def rolls_out(
    session: ReadSession, batch: StampBatch, *, after: int = 0, limit: int = 20
) -> Page[RollOut]:
    """Return rolls of a batch as both doors tell them, each with the serial of its label."""
    found = rolls_page(session, batch, after=after, limit=limit)
    labels = [roll.label_index for roll in found.items if roll.label_index is not None]
    serials = {
        stamp.index: serial_of(decode_header(stamp.header))
        for stamp in session.exec(select(Stamp).where(col(Stamp.index).in_(labels)))
    }

    def told(roll: StampRoll) -> RollOut:
        serial = serials.get(roll.label_index or 0)
        return RollOut(
            **roll.model_dump(
                include={
                    "number",
                    "size",
                    "state",
                    "void_count",
                    "activated_at",
                    "suspended_at",
                    "suspension_reason",
                }
            ),
            printed=roll.printing_id is not None,
            label_serial=format_serial(serial) if serial else "",
        )

    return found.map(told)


def batch_counts(session: ReadSession, batch: StampBatch) -> BatchCounts:
    """Return where the stamps of a batch are; the parts always add up to what was issued.

    Two statements, however many stamps: rolls count, and the few withdrawals.
    """
    by_state = {
        state: (size, void)
        for state, size, void in session.exec(
            select(
                col(StampRoll.state),
                func.sum(col(StampRoll.size)),
                func.sum(col(StampRoll.void_count)),
            )
            .where(col(StampRoll.batch_id) == batch.id)
            .group_by(col(StampRoll.state))
        )
    }
    destroyed, lost = session.exec(
        select(
            func.coalesce(
                func.sum(col(StampWithdrawal.stamps)).filter(
                    col(StampWithdrawal.destruction_id).is_not(None)
                ),
                0,
            ),
            func.coalesce(
                func.sum(col(StampWithdrawal.stamps)).filter(
                    col(StampWithdrawal.kind) == WithdrawalKind.LOST
                ),
                0,
            ),
        ).where(col(StampWithdrawal.batch_id) == batch.id)
    ).one()

    def usable(*states: RollState) -> int:
        return sum(size - void for state, (size, void) in by_state.items() if state in states)

    void = sum(
        size if state is RollState.VOID else void for state, (size, void) in by_state.items()
    )
    return BatchCounts(
        issued=sum(size for size, _void in by_state.values()),
        in_hand=usable(RollState.IN_STORE, RollState.DELIVERED),
        delivered=usable(RollState.DELIVERED),
        activated=usable(RollState.ACTIVATED),
        suspended=usable(RollState.SUSPENDED),
        void=void,
        destroyed=destroyed,
        lost=lost,
    )


@dataclass(frozen=True, slots=True)
class RollTally:
    """How many rolls of a batch are where."""

    all: int
    to_print: int
    to_deliver: int
    to_activate: int
    activated: int
    suspended: int
    void: int

    @property
    def unsettled(self) -> int:
        """How many rolls keep their batch from being closed."""
        return self.all - self.activated - self.void


def roll_tally(session: ReadSession, batch: StampBatch) -> RollTally:
    """Count the rolls of a batch by what is to be done with them, in one statement."""
    printed = col(StampRoll.printing_id).is_not(None)
    found: dict[tuple[RollState, bool], int] = {
        (state, bool(done)): count
        for state, done, count in session.exec(
            select(col(StampRoll.state), printed, func.count())
            .where(col(StampRoll.batch_id) == batch.id)
            .group_by(col(StampRoll.state), printed)
        )
    }

    def of(state: RollState) -> int:
        return found.get((state, True), 0) + found.get((state, False), 0)

    return RollTally(
        all=sum(found.values()),
        to_print=found.get((RollState.IN_STORE, False), 0),
        to_deliver=found.get((RollState.IN_STORE, True), 0),
        to_activate=of(RollState.DELIVERED),
        activated=of(RollState.ACTIVATED),
        suspended=of(RollState.SUSPENDED),
        void=of(RollState.VOID),
    )


def withdrawn_singly(session: ReadSession, rolls: Iterable[StampRoll]) -> dict[int, list[int]]:
    """Return the indexes of stamps withdrawn one by one, for the rolls that have any."""
    ids = [roll.id for roll in rolls if roll.void_count]
    found: dict[int, list[int]] = {}
    if ids:
        for roll_id, index in session.exec(
            select(col(Stamp.roll_id), col(Stamp.index))
            .where(col(Stamp.roll_id).in_(ids), col(Stamp.withdrawal_id).is_not(None))
            .order_by(col(Stamp.index))
        ):
            found.setdefault(roll_id, []).append(index)
    return found


def placed_stamps(
    session: ReadSession,
    roll: StampRoll,
    *,
    after: int = -1,
    limit: int = LARGEST_ROLL + 1,
) -> Sequence[PlacedStamp]:
    """Return the stamps of a roll in the order of printing, its label (place 0) first.

    Withdrawn stamps are left out: what was taken out of use is not printed.
    """
    if roll.state is RollState.VOID:
        return []
    return [
        PlacedStamp(roll.number, stamp)
        for stamp in session.exec(
            select(Stamp)
            .where(
                col(Stamp.roll_id) == roll.id,
                col(Stamp.place) > after,
                col(Stamp.withdrawal_id).is_(None),
            )
            .order_by(col(Stamp.place))
            .limit(limit)
        )
    ]


def stamp_out(placed: PlacedStamp, *, host: str, pin: str = "") -> StampOut:
    """Return one stamp with the link of its code and the serial beneath it."""
    stamp = placed.stamp
    header = decode_header(stamp.header)
    return StampOut(
        roll=placed.roll,
        place=stamp.place,
        serial=format_serial(serial_of(header)),
        url=stamp_url(host, token_digits(Token(header, stamp.signature))),
        pin=pin,
    )


def rolls_between(
    session: ReadSession, printing: StampPrinting, *, after: int = 0, limit: int = MOST_ROLLS
) -> Sequence[StampRoll]:
    """Return the rolls that a printer was given, in their order, those past `after`."""
    return session.exec(
        select(StampRoll)
        .where(col(StampRoll.printing_id) == printing.id, col(StampRoll.number) > after)
        .order_by(col(StampRoll.number))
        .limit(limit)
    ).all()


def printings_page(
    session: ReadSession, batch: StampBatch, *, after: int = 0, limit: int = 20
) -> Page[StampPrinting]:
    """Return the printings of a batch, newest first."""
    query = select(StampPrinting).where(col(StampPrinting.batch_id) == batch.id)
    return newest_first(session, query, StampPrinting, after=after, limit=limit)


def get_printing(session: ReadSession, batch: StampBatch, code: str) -> StampPrinting:
    """Return a printing of this batch."""
    found = session.exec(
        select(StampPrinting).where(
            col(StampPrinting.code) == code, col(StampPrinting.batch_id) == batch.id
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


PRINT_KINDS = (JobKind.LABEL_SHEETS, JobKind.PRINT_BUNDLE)


def files_made(session: ReadSession, printing: StampPrinting) -> MadeFile | None:
    """Return the file that a job made for a printing, None while there is none."""
    job = jobs_about(session, [printing.code], kinds=PRINT_KINDS).get(printing.code)
    return MadeFile.of(job) if job else None


def print_jobs_ended(session: WriteSession, *, at: datetime) -> Sequence[Job]:
    """Return the jobs whose files are given out no more because their printing is over, locked."""
    rows = session.exec(
        select(Job)
        .join(StampPrinting, col(StampPrinting.code) == col(Job.subject_code))
        .where(
            col(Job.kind).in_(PRINT_KINDS),
            col(Job.state) == JobState.DONE,
            or_(col(StampPrinting.closed_at).is_not(None), col(StampPrinting.open_until) <= at),
        )
        .order_by(col(Job.id))
        .with_for_update(of=Job)
    ).all()
    return [job for job in rows if MadeFile.of(job)]


def printing_out(printing: StampPrinting, *, at: datetime) -> PrintingOut:
    """Return a printing as the JSON door tells it."""
    return PrintingOut(
        **printing.model_dump(include=set(PrintingOut.model_fields)),
        is_open=is_open(printing, at),
    )


def deliveries_page(
    session: ReadSession, batch: StampBatch, *, after: int = 0, limit: int = 20
) -> Page[StampDelivery]:
    """Return the deliveries of a batch, newest first."""
    query = select(StampDelivery).where(col(StampDelivery.batch_id) == batch.id)
    return newest_first(session, query, StampDelivery, after=after, limit=limit)


def get_delivery(session: ReadSession, batch: StampBatch, code: str) -> StampDelivery:
    """Return a delivery of this batch."""
    found = session.exec(
        select(StampDelivery).where(
            col(StampDelivery.code) == code, col(StampDelivery.batch_id) == batch.id
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def rolls_of_delivery(session: ReadSession, delivery: StampDelivery) -> Sequence[DeliveredRoll]:
    """Return the rolls handed over by one note, in their order, each with its ends."""
    first, last = aliased(Stamp), aliased(Stamp)
    return [
        DeliveredRoll(roll, *(format_serial(serial_of(decode_header(end))) for end in ends))
        for roll, *ends in session.exec(
            select(StampRoll, col(first.header), col(last.header))
            .join(first, and_(col(first.roll_id) == col(StampRoll.id), col(first.place) == 1))
            .join(
                last,
                and_(
                    col(last.roll_id) == col(StampRoll.id),
                    col(last.place) == col(StampRoll.size),
                ),
            )
            .where(col(StampRoll.delivery_id) == delivery.id)
            .order_by(col(StampRoll.number))
            .limit(MOST_ROLLS)
        )
    ]


def delivery_out(delivery: StampDelivery) -> DeliveryOut:
    """Return a delivery as the JSON door tells it."""
    return DeliveryOut(**delivery.model_dump(include=set(DeliveryOut.model_fields)))
