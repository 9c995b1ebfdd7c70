"""When backups are made and which stay: the newest of each day, week and month; pure arithmetic."""

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, time, timedelta

from app.core.clock import VIET_NAM, local_day


def next_night(after: datetime, at: time) -> datetime:
    """Return the next time that it is so late in Viet Nam, later than the moment given."""
    tonight = datetime.combine(local_day(after), at, VIET_NAM)
    return tonight if tonight > after else tonight + timedelta(days=1)


def kept(
    times: Iterable[datetime], *, newest: int = 1, daily: int, weekly: int, monthly: int
) -> set[datetime]:
    """Return those that stay; the newest ones always do, whatever else is asked.

    A day is Viet Nam's, a week begins on Monday; only days, weeks, months that have a backup count.
    """
    ordered = sorted(times, reverse=True)
    stays = set(ordered[: max(newest, 1)])
    for many, period in ((daily, _day), (weekly, _week), (monthly, _month)):
        stays |= set(_newest_of_each(ordered, period)[:many])
    return stays


def _newest_of_each(
    ordered: list[datetime], period: Callable[[datetime], Hashable]
) -> list[datetime]:
    seen: dict[Hashable, datetime] = {}
    for at in ordered:
        seen.setdefault(period(at), at)
    return list(seen.values())


def _day(at: datetime) -> Hashable:
    return local_day(at)


def _week(at: datetime) -> Hashable:
    return local_day(at).isocalendar()[:2]


def _month(at: datetime) -> Hashable:
    day = local_day(at)
    return day.year, day.month
