"""Reads of flags: lists, one with its evidence, what waits for whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlmodel import col, func, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Worded
from app.core.paging import Page, newest_first
from app.core.work import WorkItem
from app.domain.accounts.rules import Actor
from app.domain.recognition.models import Certificate
from app.domain.scans.enums import FlagKind, FlagState
from app.domain.scans.models import CloneFlag, ScanDay, ScanEvent, ScanTotal
from app.domain.scans.policy import DECIDERS, why_not_read
from app.domain.scans.rules import KIND_LABELS, STATE_LABELS
from app.domain.scans.schemas import FlagDetailOut, FlagOut, ScanOut
from app.domain.stamps.models import Stamp, StampBatch, StampRoll
from app.domain.stamps.policy import CUSTODY_BASIS
from app.domain.stamps.rules import decode_header, format_serial, serial_of

MOST_WORK = 20
MOST_SCANS = 50
MOST_DAYS = 31
MOST_OTHERS = 20
_TENTHS = 10

Flags = Select[CloneFlag, StampRoll | None, StampBatch | None, Certificate | None, Stamp | None]


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag with what it is about; about an index never issued nothing else is known."""

    flag: CloneFlag
    roll: StampRoll | None
    batch: StampBatch | None
    certificate: Certificate | None
    stamp: Stamp | None

    @property
    def serial(self) -> str | None:
        """The serial of its stamp, as printed; None for a roll."""
        return _serial(self.stamp) if self.stamp else None

    @property
    def count(self) -> int:
        """What its evidence counts: devices, pairs of places, provinces, stamps or scans."""
        return int(self.flag.evidence.get("count", 0))


@dataclass(frozen=True, slots=True)
class SeenFlag:
    """A flag with the scans of its stamp, and the other flags about the same roll."""

    row: FlagRow
    total: ScanTotal | None
    scans: Sequence[ScanOut]
    days: Sequence[tuple[date, int]]
    others: Sequence[FlagRow]
    serials: Mapping[int, str]  # of the stamps that the evidence names


def flags_visible_to(actor: Actor) -> Flags:
    """Return the only base for flags; refused to whoever does not watch over stamps."""
    if refusal := why_not_read(actor):
        raise refusal
    named = (
        select(CloneFlag, StampRoll, StampBatch, Certificate)
        .join(StampRoll, col(StampRoll.id) == col(CloneFlag.roll_id), isouter=True)
        .join(StampBatch, col(StampBatch.id) == col(StampRoll.batch_id), isouter=True)
        .join(Certificate, col(Certificate.id) == col(StampBatch.certificate_id), isouter=True)
        .join(Stamp, col(Stamp.index) == col(CloneFlag.stamp_index), isouter=True)
    )
    return cast("Flags", named.add_columns(Stamp))


def flags_page(
    session: ReadSession,
    *,
    actor: Actor,
    state: FlagState | None = None,
    kind: FlagKind | None = None,
    after: int = 0,
    limit: int = 20,
) -> Page[FlagRow]:
    """Return flags, newest first."""
    query = flags_visible_to(actor)
    if state is not None:
        query = query.where(col(CloneFlag.state) == state)
    if kind is not None:
        query = query.where(col(CloneFlag.kind) == kind)
    return newest_first(session, query, CloneFlag, after=after, limit=limit).map(
        lambda row: FlagRow(*row)
    )


def flag_for_update(session: WriteSession, code: str, *, actor: Actor) -> CloneFlag:
    """Return a flag this actor may see, locked until the transaction ends."""
    found = session.exec(
        flags_visible_to(actor)
        .where(col(CloneFlag.code) == code)
        .with_for_update(of=CloneFlag)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0]


def seen_flag(session: ReadSession, code: str, *, actor: Actor) -> SeenFlag:
    """Return a flag with everything that helps to judge it; bounded, in at most six statements."""
    found = session.exec(flags_visible_to(actor).where(col(CloneFlag.code) == code)).one_or_none()
    if found is None:
        raise NotFound
    row = FlagRow(*found)
    index = row.flag.stamp_index
    return SeenFlag(
        row,
        session.get(ScanTotal, index) if index is not None else None,
        _scans(session, index) if index is not None else (),
        _days(session, index) if index is not None else (),
        _others(session, row, actor=actor),
        _serials(session, row.flag.evidence.get("stamps", [])),
    )


def flag_out(row: FlagRow) -> FlagOut:
    """Return a flag as the JSON door tells it."""
    return FlagOut(**_told(row))


def flag_detail(session: ReadSession, code: str, *, actor: Actor) -> FlagDetailOut:
    """Return a flag with evidence and scans, as the JSON door tells it."""
    seen = seen_flag(session, code, actor=actor)
    evidence = dict(seen.row.flag.evidence)
    if "stamps" in evidence:
        evidence["stamps"] = [seen.serials[one] for one in evidence["stamps"]]
    return FlagDetailOut(
        **_told(seen.row),
        producer=seen.row.certificate.producer_name if seen.row.certificate else None,
        evidence=evidence,
        total_scans=seen.total.scans if seen.total else 0,
        scans=seen.scans,
    )


def work_for(session: ReadSession, actor: Actor, *, on: date) -> list[WorkItem]:  # noqa: ARG001 -- no limit of days runs here; every part is asked the same way
    """Return the open flags for those who decide, oldest first, in one statement."""
    if not actor.has(*DECIDERS):
        return []
    rows = session.exec(
        flags_visible_to(actor)
        .where(col(CloneFlag.state) == FlagState.OPEN)
        .order_by(col(CloneFlag.id))
        .limit(MOST_WORK)
    ).all()
    return [_waiting(FlagRow(*row)) for row in rows]


def _waiting(row: FlagRow) -> WorkItem:
    named = row.certificate
    return WorkItem(
        kind=f"flag.{row.flag.kind.value}",
        code=row.flag.code,
        title=Worded("Xem dấu hiệu sao chép tem: {product}", product=named.product_name)
        if named
        else Worded("Xem dấu hiệu sao chép tem chưa phát hành"),
        subtitle=Worded(KIND_LABELS[row.flag.kind]),
        due_on=None,
        overdue=False,
        basis=CUSTODY_BASIS,
        route_name="flags.show",
    )


def _told(row: FlagRow) -> dict[str, Any]:
    flag = row.flag
    return {
        **flag.model_dump(include=set(FlagOut.model_fields)),
        "kind_label": KIND_LABELS[flag.kind],
        "state_label": STATE_LABELS[flag.state],
        "serial": row.serial,
        "batch": row.batch.code if row.batch else None,
        "roll": row.roll.number if row.roll else None,
        "product": row.certificate.product_name if row.certificate else None,
        "certificate": row.certificate.code if row.certificate else None,
        "count": row.count,
    }


def _scans(session: ReadSession, index: int) -> Sequence[ScanOut]:
    """Return the newest scans of a stamp, newest first; devices are numbered from the oldest on."""
    rows = session.exec(
        select(ScanEvent)
        .where(col(ScanEvent.stamp_index) == index)
        .order_by(col(ScanEvent.at).desc(), col(ScanEvent.id).desc())
        .limit(MOST_SCANS)
    ).all()
    numbers: dict[str, int] = {}
    for event in reversed(rows):
        if event.device:
            numbers.setdefault(event.device, len(numbers) + 1)
    return [
        ScanOut(
            at=event.at,
            verdict=event.verdict,
            caller=event.caller,
            device=numbers.get(event.device),
            latitude=None if event.latitude is None else event.latitude / _TENTHS,
            longitude=None if event.longitude is None else event.longitude / _TENTHS,
            province=event.province,
        )
        for event in rows
    ]


def _days(session: ReadSession, index: int) -> Sequence[tuple[date, int]]:
    """Return the newest days whose scans are kept as counts only."""
    return [
        (day, scans)
        for day, scans in session.exec(
            select(col(ScanDay.day), func.sum(col(ScanDay.scans)))
            .where(col(ScanDay.stamp_index) == index)
            .group_by(col(ScanDay.day))
            .order_by(col(ScanDay.day).desc())
            .limit(MOST_DAYS)
        )
    ]


def _others(session: ReadSession, row: FlagRow, *, actor: Actor) -> Sequence[FlagRow]:
    if row.flag.roll_id is None:
        return ()
    found = session.exec(
        flags_visible_to(actor)
        .where(col(CloneFlag.roll_id) == row.flag.roll_id, col(CloneFlag.id) != row.flag.id)
        .order_by(col(CloneFlag.id).desc())
        .limit(MOST_OTHERS)
    ).all()
    return [FlagRow(*one) for one in found]


def _serials(session: ReadSession, indexes: Sequence[int]) -> Mapping[int, str]:
    if not indexes:
        return {}
    return {
        stamp.index: _serial(stamp)
        for stamp in session.exec(select(Stamp).where(col(Stamp.index).in_(indexes)))
    }


def _serial(stamp: Stamp) -> str:
    return format_serial(serial_of(decode_header(stamp.header)))
