"""Raw events are kept for ninety days, what they count to for ever."""

from collections import Counter, defaultdict
from datetime import datetime, time, timedelta

import sqlalchemy as sa
from sqlmodel import and_, col, func, select

from app.core.clock import VIET_NAM, local_day
from app.core.db import WriteSession
from app.domain.scans.actions.months import forget_months
from app.domain.scans.enums import Caller
from app.domain.scans.models import ScanEvent

KEPT_DAYS = 90
NO_STAMP = -1  # the day's line of scans that were about no stamp of ours
MOST_AT_ONCE = 5_000
_MOST_GROUPS = 2_000
_ADD = sa.text(
    "INSERT INTO scan_days (day, stamp_index, caller, scans, devices) "
    "VALUES (:day, :stamp_index, :caller, :scans, :devices) "
    "ON CONFLICT (day, stamp_index, caller) DO UPDATE SET scans = scan_days.scans + excluded.scans, "
    "devices = CASE WHEN excluded.devices > scan_days.devices "
    "THEN excluded.devices ELSE scan_days.devices END"
).bindparams(sa.bindparam("day", type_=sa.Date()))


def forget_scans(session: WriteSession, *, at: datetime, most: int = MOST_AT_ONCE) -> int:
    """Turn events of whole days more than ninety days ago into counts; return how many were deleted.

    About `most` at once, all events of one stamp and day together; 0 means that nothing is left to
    do. Scans are added up exactly; devices that come late for a day counted already are not known
    apart, so that the larger count stays. Months that are old as a whole are counted and dropped.
    """
    end = datetime.combine(local_day(at) - timedelta(days=KEPT_DAYS), time(), VIET_NAM)
    if dropped := forget_months(session, before=end, nobody=NO_STAMP):
        return dropped
    oldest = session.exec(select(func.min(col(ScanEvent.at)))).one()
    if oldest is None or oldest >= end:
        return 0
    day = local_day(oldest)
    start = datetime.combine(day, time(), VIET_NAM)
    of_day = and_(col(ScanEvent.at) >= start, col(ScanEvent.at) < start + timedelta(days=1))
    stamp = func.coalesce(col(ScanEvent.stamp_index), NO_STAMP)
    last, chosen = NO_STAMP, 0
    for index, events in session.exec(
        select(stamp, func.count())
        .where(of_day)
        .group_by(stamp)
        .order_by(stamp)
        .limit(_MOST_GROUPS)
    ).all():
        if chosen and chosen + events > most:
            break
        last, chosen = index, chosen + events
    gone = (
        session.connection()
        .execute(
            sa.delete(ScanEvent)
            .where(of_day, stamp <= last)
            .returning(stamp, col(ScanEvent.caller), col(ScanEvent.device))
        )
        .all()
    )
    scans: Counter[tuple[int, Caller]] = Counter()
    devices: dict[tuple[int, Caller], set[str]] = defaultdict(set)
    for index, caller, device in gone:
        scans[index, caller] += 1
        if device:
            devices[index, caller].add(device)
    if scans:
        session.connection().execute(
            _ADD,
            [
                {
                    "day": day,
                    "stamp_index": index,
                    "caller": caller.value,
                    "scans": count,
                    "devices": len(devices[index, caller]),
                }
                for (index, caller), count in sorted(scans.items())
            ],
        )
    return len(gone)
