"""Where scans lie: in parts of a month in Viet Nam, so that an old month goes as a whole."""

from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from app.core.clock import VIET_NAM, local_day
from app.core.db import Database, WriteSession
from app.core.partitions import add_part, drop_part, is_parted, parts_of

MONTHS_AHEAD = 2
_COUNT = sa.text("""
WITH counted AS (
  SELECT coalesce(stamp_index, :nobody) AS stamp_index, caller, count(*) AS scans,
    count(DISTINCT nullif(device, '')) AS devices
  FROM scan_events WHERE at >= :since AND at < :until GROUP BY 1, 2
), kept AS (
  INSERT INTO scan_days (day, stamp_index, caller, scans, devices)
  SELECT :day, stamp_index, caller, scans, devices FROM counted
  ON CONFLICT (day, stamp_index, caller) DO UPDATE SET scans = scan_days.scans + excluded.scans,
    devices = greatest(scan_days.devices, excluded.devices)
)
SELECT coalesce(sum(scans), 0) FROM counted
""")


def prepare_months(database: Database, *, at: datetime) -> int:
    """Have a part for this month and the next two; return how many were made. For a daily job."""
    if not is_parted(database):
        return 0
    made, month = 0, local_day(at).replace(day=1)
    for _ in range(MONTHS_AHEAD + 1):
        after = _next(month)
        made += add_part(
            database,
            "scan_events",
            f"{month:%Y_%m}",
            by="at",
            low=_literal(month),
            high=_literal(after),
        )
        month = after
    return made


def forget_months(session: WriteSession, *, before: datetime, nobody: int) -> int:
    """Turn months that ended before a moment into counts and drop them; return how many scans that were.

    `nobody` stands for the stamp of scans that were about none.
    """
    gone = 0
    for suffix in parts_of(session, "scan_events"):
        if suffix == "rest":
            continue
        year, number = map(int, suffix.split("_"))
        month = date(year, number, 1)
        after = _next(month)
        if _midnight(after) > before:
            continue
        day = month
        while day < after:
            counted = session.connection().execute(
                _COUNT,
                {
                    "day": day,
                    "nobody": nobody,
                    "since": _midnight(day),
                    "until": _midnight(day + timedelta(days=1)),
                },
            )
            gone += int(counted.scalar_one())
            day += timedelta(days=1)
        drop_part(session, "scan_events", suffix)
    return gone


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIET_NAM)


def _literal(day: date) -> str:
    return f"'{day} 00:00+07'"
