"""Working days: pure computation over a calendar handed in."""

from collections.abc import Collection
from datetime import date, timedelta

_FIRST_DAY_OF_REST = 5  # Saturday


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    """Tell whether offices work on this day (Labour Code 2019 art. 111–112)."""
    return day.weekday() < _FIRST_DAY_OF_REST and day not in holidays


def working_days_after(start: date, count: int, holidays: Collection[date]) -> date:
    """Return the day on which a limit of `count` working days ends; the first day is not counted.

    Basis: Civil Code 2015 art. 147.2 (the starting day is not counted).
    """
    day = start
    while count > 0:
        day += timedelta(days=1)
        if is_working_day(day, holidays):
            count -= 1
    return day


def working_days_between(start: date, end: date, holidays: Collection[date]) -> int:
    """Return how many working days lie after `start` up to and including `end` (negative if past)."""
    if end < start:
        return -working_days_between(end, start, holidays)
    span = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_working_day(day, holidays) for day in span)
