"""The only place that reads the clock; everything else is handed a time."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def local_day(at: datetime) -> date:
    """Return the calendar day in Viet Nam at the given moment."""
    return at.astimezone(VIET_NAM).date()


def today() -> date:
    """Return today's calendar day in Viet Nam."""
    return local_day(now())
