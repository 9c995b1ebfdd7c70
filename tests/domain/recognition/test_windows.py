"""The window of a renewal, to the day: E-181, E-180, E-120, E-119, leap years, and art. 12.3."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.recognition.rules import (
    could_not_meet_window,
    last_extended_day,
    may_file_renewal,
    renewal_window,
)
from app.rulebooks import loader

LAW = loader.regime("qd26-2026")
ENDS = st.dates(date(2026, 12, 1), date(2040, 12, 31))


@given(ENDS)
def test_the_window_is_e180_to_e120_whatever_the_year(expires_on: date) -> None:
    def may(days_before: int) -> bool:
        return may_file_renewal(expires_on, expires_on - timedelta(days=days_before), LAW)

    assert [may(days) for days in (211, 181, 180, 121, 120, 119, 0, -1)] == [
        False,
        False,
        True,
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("expires_on", "first", "last"),
    [
        (date(2027, 6, 30), date(2027, 1, 1), date(2027, 3, 2)),
        (date(2028, 6, 30), date(2028, 1, 2), date(2028, 3, 2)),  # the 29th of February within
        (date(2028, 2, 29), date(2027, 9, 2), date(2027, 11, 1)),
    ],
)
def test_windows_counted_by_hand(expires_on: date, first: date, last: date) -> None:
    window = renewal_window(expires_on, LAW)
    assert window is not None
    assert (window.first, window.last) == (first, last)


def test_a_certificate_whose_window_had_closed_before_the_decision_is_renewed_late() -> None:
    # E-120 is the 21st of May 2026, the day before the decision began.
    expires_on = date(2026, 9, 18)
    assert could_not_meet_window(expires_on, LAW)
    assert not could_not_meet_window(expires_on + timedelta(days=1), LAW)
    limit = last_extended_day(expires_on, LAW)
    assert limit == date(2027, 3, 17)
    assert may_file_renewal(expires_on, limit, LAW)
    assert not may_file_renewal(expires_on, limit + timedelta(days=1), LAW)


def test_a_regime_without_a_procedure_has_no_window() -> None:
    past = loader.regime("qd148-2023")
    assert not may_file_renewal(date(2027, 1, 1), date(2026, 8, 1), past)
