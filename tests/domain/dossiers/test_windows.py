"""When to file: last safe days over any calendar, rounds of the law, rolling renewals, transition."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.rules import (
    last_safe_filing_day,
    province_due_on,
    runs_in_rounds,
    statutory_rounds,
    transition_for,
)
from app.domain.places.rules import is_working_day, working_days_after
from app.rulebooks import loader

LAW = loader.regime("qd26-2026")
LIMIT = LAW.procedure.commune_assessment.working_days
DAYS = st.dates(date(2026, 6, 1), date(2036, 12, 31))
HOLIDAYS = st.sets(st.integers(0, 80), max_size=25)


@given(DAYS, HOLIDAYS)
def test_the_last_safe_day_is_safe_and_no_later_working_day_is(
    cut_off: date, back: set[int]
) -> None:
    holidays = {cut_off - timedelta(days=days) for days in back}
    day = last_safe_filing_day(cut_off, LIMIT, holidays)
    assert is_working_day(day, holidays)
    assert working_days_after(day, LIMIT, holidays) < cut_off
    later = day + timedelta(days=1)
    while later < cut_off:
        if is_working_day(later, holidays):
            assert working_days_after(later, LIMIT, holidays) >= cut_off
        later += timedelta(days=1)


@pytest.mark.parametrize(
    ("cut_off", "holidays", "expected"),
    [
        (date(2027, 4, 30), set(), date(2027, 4, 8)),
        (date(2027, 4, 30), {date(2027, 4, 16)}, date(2027, 4, 7)),
        (date(2027, 10, 30), set(), date(2027, 10, 8)),
        (date(2028, 3, 1), set(), date(2028, 2, 8)),  # over the 29th of February
    ],
)
def test_last_safe_days_counted_by_hand(cut_off: date, holidays: set[date], expected: date) -> None:
    assert last_safe_filing_day(cut_off, LIMIT, holidays) == expected


def test_the_rounds_of_the_law_still_ahead_are_named_in_order() -> None:
    names = [name for name, _, _ in statutory_rounds(LAW, date(2026, 10, 29))]
    assert names == ["2/2026", "1/2027", "2/2027"]
    # «Trước ngày 30/10»: on that day the round is closed.
    assert statutory_rounds(LAW, date(2026, 10, 30))[0][0] == "1/2027"


def test_a_renewal_is_rolling_and_has_forty_five_days() -> None:
    assert [runs_in_rounds(LAW, kind) for kind in DossierKind] == [True, True, False]
    received = date(2027, 1, 20)
    assert province_due_on(LAW, DossierKind.RENEWAL, received) == date(2027, 3, 6)
    assert province_due_on(LAW, DossierKind.UPGRADE, received) is None


@pytest.mark.parametrize(
    ("kind", "article", "until"),
    [
        (DossierKind.FIRST, "Điều 12.2.a", date(2026, 7, 21)),
        (DossierKind.UPGRADE, "Điều 12.2.a", date(2026, 7, 21)),
        (DossierKind.RENEWAL, "Điều 12.2.b", date(2026, 6, 21)),
    ],
)
def test_what_was_filed_before_the_decision_ends_under_the_older_ones(
    kind: DossierKind, article: str, until: date
) -> None:
    clause = transition_for(LAW, kind, date(2026, 5, 21))
    assert clause is not None
    assert (clause.basis.article, clause.until) == (article, until)
    assert transition_for(LAW, kind, date(2026, 5, 22)) is None
