"""Looking for what is odd, a little at a time: stamps that were scanned since the last look.

Nothing here changes what a scan answers. How far it looked is kept beside the journals' offsets.
Where several machines read journals into one database, an event may be kept behind the point that
was looked at already; its stamp is looked at again at its next scan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import and_, case, col, func, or_, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.places.rules import PROVINCES
from app.domain.scans.actions.flagging import newest_flag, raise_flag
from app.domain.scans.enums import Caller, FlagKind, FlagState
from app.domain.scans.models import CloneFlag, ScanEvent, ScanJournal
from app.domain.scans.rules import (
    FLAGGED_OF_ROLL,
    USUAL_DEVICES,
    WINDOW,
    DeviceSeen,
    Jump,
    Placed,
    device_count,
    jumps,
    outside_markets,
    period_of,
)
from app.domain.stamps.enums import Verdict
from app.domain.stamps.models import Stamp, StampBatch, StampRoll

MOST_EVENTS = 1_000
_EXAMINATION = "examination"  # no journal has this name: theirs end with .journal
_MOST_DEVICES = 1_000
_MOST_PLACES = 300
_MOST_SHOWN = 20
# What anybody can make up without having seen the stamp tells nothing about it.
_TELLS_NOTHING = (Verdict.TAMPERED, Verdict.UNKNOWN, Verdict.SPECIMEN)


@dataclass(frozen=True, slots=True)
class Examined:
    """What one look found: stamps looked at, new flags, and whether events are left."""

    stamps: int
    raised: int
    more: bool


@dataclass(frozen=True, slots=True)
class _Laid:
    """Where a stamp belongs, as far as the rules ask."""

    roll_id: int
    markets: Sequence[str]


def examine(session: WriteSession, *, at: datetime, most: int = MOST_EVENTS) -> Examined:
    """Look at the stamps of the next `most` events; raise flags, let open ones grow.

    Four rules (see rules.py), each over the last thirty days and, where a human decided before, over
    what came after that. Records flag.raised.
    """
    looked = session.get(ScanJournal, _EXAMINATION, with_for_update=True)
    if looked is None:
        looked = ScanJournal(name=_EXAMINATION, offset=0, read_at=at)
        session.add(looked)
    events = session.exec(
        select(col(ScanEvent.id), col(ScanEvent.stamp_index))
        .where(col(ScanEvent.id) > looked.offset)
        .order_by(col(ScanEvent.id))
        .limit(most)
    ).all()
    if not events:
        return Examined(0, 0, more=False)
    looked.offset, looked.read_at = events[-1][0] or 0, at
    indexes = sorted({index for _id, index in events if index is not None})
    laid = _laid(session, _worth_a_look(session, indexes, since=at - WINDOW))
    raised = 0
    for index, where in laid.items():
        raised += _many_devices(session, index, where, at=at)
        raised += _too_fast(session, index, where, at=at)
        raised += _outside_market(session, index, where, at=at)
    if raised:
        session.flush()
        for roll_id in sorted({where.roll_id for where in laid.values()}):
            raised += _roll(session, roll_id, at=at)
    return Examined(len(indexes), raised, more=len(events) == most)


def _counts(index: int, since: datetime) -> Any:
    """Return the condition for sightings of one stamp by the public."""
    return and_(col(ScanEvent.stamp_index) == index, col(ScanEvent.at) > since, _by_anybody())


def _by_anybody() -> Any:
    return and_(
        col(ScanEvent.caller) != Caller.INSPECTOR,
        col(ScanEvent.verdict).not_in(_TELLS_NOTHING),
    )


def _worth_a_look(
    session: WriteSession, indexes: Sequence[int], *, since: datetime
) -> Sequence[int]:
    """Return those of the stamps about which a rule could say anything, in one statement."""
    if not indexes:
        return []
    devices = func.count(func.nullif(col(ScanEvent.device), "").distinct())
    return session.exec(
        select(col(ScanEvent.stamp_index))
        .where(col(ScanEvent.stamp_index).in_(indexes), col(ScanEvent.at) > since, _by_anybody())
        .group_by(col(ScanEvent.stamp_index))
        .having(
            or_(
                devices > USUAL_DEVICES,
                func.count(col(ScanEvent.latitude)) > 1,
                func.sum(case((col(ScanEvent.province) != "", 1), else_=0)) > 0,
            )
        )
        .order_by(col(ScanEvent.stamp_index))
    ).all()  # type: ignore[return-value]  # -- none of the asked is null


def _laid(session: WriteSession, indexes: Sequence[int]) -> dict[int, _Laid]:
    return {
        index: _Laid(roll_id, markets)
        for index, roll_id, markets in session.exec(
            select(col(Stamp.index), col(Stamp.roll_id), col(StampBatch.markets))
            .join(StampRoll, col(StampRoll.id) == col(Stamp.roll_id))
            .join(StampBatch, col(StampBatch.id) == col(StampRoll.batch_id))
            .where(col(Stamp.index).in_(indexes))
            .order_by(col(Stamp.index))
        )
    }


def _since(known: CloneFlag | None, at: datetime) -> datetime:
    """Return from when on sightings count: what a human judged already is no new evidence."""
    if known is None or known.state is FlagState.OPEN:
        return at - WINDOW
    return max(at - WINDOW, known.seen_until)


def _many_devices(session: WriteSession, index: int, where: _Laid, *, at: datetime) -> bool:
    known = newest_flag(session, FlagKind.MANY_DEVICES, stamp_index=index, roll_id=None)
    first = func.min(col(ScanEvent.at))
    seen = [
        DeviceSeen(period_of(local_day(begun)), begun, ended, scans)
        for begun, ended, scans in session.exec(
            select(first, func.max(col(ScanEvent.at)), func.count())
            .where(_counts(index, _since(known, at)), col(ScanEvent.device) != "")
            .group_by(col(ScanEvent.device))
            .order_by(first)
            .limit(_MOST_DEVICES)
        )
    ]
    count = device_count(seen)
    if count <= USUAL_DEVICES:
        return False
    return raise_flag(
        session,
        FlagKind.MANY_DEVICES,
        known,
        stamp_index=index,
        roll_id=where.roll_id,
        evidence={
            "count": count,
            "scans": sum(one.scans for one in seen),
            "first": seen[0].first_at.isoformat(),
            "last": max(one.last_at for one in seen).isoformat(),
            "devices": [
                {
                    "first": one.first_at.isoformat(),
                    "last": one.last_at.isoformat(),
                    "scans": one.scans,
                }
                for one in seen[:_MOST_SHOWN]
            ],
        },
        seen_until=max(one.last_at for one in seen),
        at=at,
    )


def _too_fast(session: WriteSession, index: int, where: _Laid, *, at: datetime) -> bool:
    known = newest_flag(session, FlagKind.TOO_FAST, stamp_index=index, roll_id=None)
    placed = [
        Placed(seen_at, device, latitude or 0, longitude or 0)
        for seen_at, device, latitude, longitude in session.exec(
            select(
                col(ScanEvent.at),
                col(ScanEvent.device),
                col(ScanEvent.latitude),
                col(ScanEvent.longitude),
            )
            .where(
                _counts(index, _since(known, at)),
                col(ScanEvent.latitude).is_not(None),
                col(ScanEvent.longitude).is_not(None),
            )
            .order_by(col(ScanEvent.at).desc())
            .limit(_MOST_PLACES)
        )
    ]
    found = jumps(placed)
    if not found:
        return False
    return raise_flag(
        session,
        FlagKind.TOO_FAST,
        known,
        stamp_index=index,
        roll_id=where.roll_id,
        evidence={
            "count": len(found),
            "first": min(one.earlier.at for one in found).isoformat(),
            "last": max(one.later.at for one in found).isoformat(),
            "jumps": [_told(one) for one in found],
        },
        seen_until=max(one.later.at for one in found),
        at=at,
    )


def _told(jump: Jump) -> Mapping[str, Any]:
    return {
        "from_at": jump.earlier.at.isoformat(),
        "from_place": list(jump.earlier[2:]),
        "to_at": jump.later.at.isoformat(),
        "to_place": list(jump.later[2:]),
        "km": int(jump.km),
        "minutes": (jump.later.at - jump.earlier.at) // timedelta(minutes=1),
    }


def _outside_market(session: WriteSession, index: int, where: _Laid, *, at: datetime) -> bool:
    if not where.markets:
        return False
    known = newest_flag(session, FlagKind.OUTSIDE_MARKET, stamp_index=index, roll_id=None)
    rows = session.exec(
        select(
            col(ScanEvent.province),
            func.count(),
            func.min(col(ScanEvent.at)),
            func.max(col(ScanEvent.at)),
        )
        .where(_counts(index, _since(known, at)), col(ScanEvent.province) != "")
        .group_by(col(ScanEvent.province))
        .order_by(col(ScanEvent.province))
        .limit(len(PROVINCES))
    ).all()
    outside = set(outside_markets([row[0] for row in rows], where.markets))
    found = [row for row in rows if row[0] in outside]
    if not found:
        return False
    return raise_flag(
        session,
        FlagKind.OUTSIDE_MARKET,
        known,
        stamp_index=index,
        roll_id=where.roll_id,
        evidence={
            "count": len(found),
            "first": min(row[2] for row in found).isoformat(),
            "last": max(row[3] for row in found).isoformat(),
            "markets": list(where.markets),
            "provinces": [
                {
                    "code": code,
                    "scans": scans,
                    "first": first.isoformat(),
                    "last": last.isoformat(),
                }
                for code, scans, first, last in found
            ],
        },
        seen_until=max(row[3] for row in found),
        at=at,
    )


def _roll(session: WriteSession, roll_id: int, *, at: datetime) -> bool:
    known = newest_flag(session, FlagKind.ROLL, stamp_index=None, roll_id=roll_id)
    query = (
        select(col(CloneFlag.stamp_index), func.min(col(CloneFlag.raised_at)))
        .where(
            col(CloneFlag.roll_id) == roll_id,
            col(CloneFlag.stamp_index).is_not(None),
            col(CloneFlag.state).in_([FlagState.OPEN, FlagState.CONFIRMED]),
        )
        .group_by(col(CloneFlag.stamp_index))
        .order_by(func.min(col(CloneFlag.raised_at)))
        .limit(_MOST_DEVICES)
    )
    if known is not None and known.state is not FlagState.OPEN:
        query = query.where(col(CloneFlag.raised_at) > known.seen_until)
    flagged = session.exec(query).all()
    if len(flagged) < FLAGGED_OF_ROLL:
        return False
    return raise_flag(
        session,
        FlagKind.ROLL,
        known,
        roll_id=roll_id,
        evidence={
            "count": len(flagged),
            "first": flagged[0][1].isoformat(),
            "last": flagged[-1][1].isoformat(),
            "stamps": [index for index, _raised_at in flagged[:_MOST_SHOWN]],
        },
        seen_until=flagged[-1][1],
        at=at,
    )
