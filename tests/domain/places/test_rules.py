"""Working days: weekends and holidays do not count, nor does the first day."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.places.rules import is_working_day, working_days_after, working_days_between

DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def test_fifteen_working_days_over_tet() -> None:
    tet = {date(2026, 2, 16) + timedelta(days=n) for n in range(5)}
    assert working_days_after(date(2026, 2, 9), 15, tet) == date(2026, 3, 9)


def test_a_limit_that_starts_on_friday_counts_from_monday() -> None:
    assert working_days_after(date(2026, 9, 11), 1, frozenset()) == date(2026, 9, 14)


@given(DAYS, st.integers(1, 40), st.frozensets(DAYS, max_size=20))
def test_between_undoes_after(start: date, count: int, holidays: frozenset[date]) -> None:
    end = working_days_after(start, count, holidays)
    assert is_working_day(end, holidays)
    assert working_days_between(start, end, holidays) == count
