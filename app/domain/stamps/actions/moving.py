"""How a batch takes a step, how the status lists are told of it, how a stamp is named by hand."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from app.core.db import WriteSession
from app.core.errors import Invalid, Worded
from app.core.numbering import next_number
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.stamps.enums import BatchState, StampStatus
from app.domain.stamps.models import StampBatch, StampChange, StampRoll
from app.domain.stamps.rules import (
    DIGITS,
    MalformedToken,
    Serial,
    SerialTypo,
    parse_digits,
    parse_serial,
    status_of,
)

CHANGE_SERIES = "stamps/changes"


def move(
    session: WriteSession,
    batch: StampBatch,
    after: BatchState,
    kind: str,
    *,
    actor: Actor,
    at: datetime,
    **said: object,
) -> None:
    """Take a step and write it down; a batch that stays where it is has a new version too."""
    before, batch.state = batch.state, after
    batch.version += 1
    record(session, kind, subject=batch, actor=actor, at=at, before=before, after=after, **said)


def tell_status(
    session: WriteSession, first: int, count: int, status: StampStatus, *, at: datetime
) -> None:
    """Tell the status lists what a stretch of indexes is worth from now on.

    The number of a change is taken from a series that stays locked until the transaction ends: whoever
    has read up to a number has missed none below it.
    """
    number = next_number(session, CHANGE_SERIES)
    session.add(
        StampChange(id=number, first_index=first, count=count, status=int(status), changed_at=at)
    )


def tell_new_rolls(session: WriteSession, rolls: Sequence[StampRoll], *, at: datetime) -> None:
    """Tell what the stamps of fresh rolls are worth, and their labels with them."""
    if not rolls:
        return
    first = next_number(session, CHANGE_SERIES, count=len(rolls))
    session.add_all(
        StampChange(
            id=number,
            first_index=roll.first_index,
            count=roll.size + (roll.label_index is not None),
            status=int(status_of(roll.state)),
            changed_at=at,
        )
        for number, roll in enumerate(rolls, start=first)
    )


def tell_roll(
    session: WriteSession, roll: StampRoll, withdrawn: list[int], *, at: datetime
) -> None:
    """Tell what a whole roll is worth now, but for its stamps that were withdrawn one by one."""
    whole = roll.size + (roll.label_index is not None)
    tell_status(session, roll.first_index, whole, status_of(roll.state), at=at)
    if status_of(roll.state) is not StampStatus.VOID:
        for index in withdrawn:
            tell_status(session, index, 1, StampStatus.VOID, at=at)


def typed_serial(text: str) -> Serial:
    """Read what was typed or scanned of a stamp: its serial, or the whole link of its code.

    A hand-held reader types the link; SerialTypo for anything that is neither.
    """
    last = text.strip().rpartition("/")[2]
    if len(last) != DIGITS:
        return parse_serial(last)
    try:
        header = parse_digits(last).header
    except MalformedToken as malformed:
        raise SerialTypo from malformed
    return Serial(header.index, header.random)


def typed_serials(texts: Iterable[str], field: str) -> dict[int, str]:
    """Read many (`typed_serial`); return their serials by index. A typo is told at its field."""
    wanted: dict[int, str] = {}
    for typed in texts:
        try:
            serial = typed_serial(typed)
        except SerialTypo as typo:
            told = Worded("Số sê-ri {typed} chưa đúng. Hãy so lại từng ký tự.", typed=typed)
            raise Invalid({field: told}) from typo
        wanted[serial.index] = serial.text
    return wanted
