"""How long a certificate lasts and what it is worth on a day."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from app.domain.recognition.enums import Replacement, Standing
from app.domain.recognition.rules import (
    STANDING_BASIS,
    is_in_force,
    is_recognised_by_province,
    last_valid_day,
    product_code,
    renewal_window,
    standing,
)
from app.rulebooks.loader import in_force, regime

LAW = regime("qd26-2026")
ISSUED = date(2026, 11, 24)
END = date(2029, 11, 24)


@dataclass
class Paper:
    """A certificate as the rules see it."""

    issued_on: date = ISSUED
    expires_on: date = END
    extended_from: date | None = None
    extended_until: date | None = None
    holder_ended_on: date | None = None
    revoked_on: date | None = None
    superseded_on: date | None = None
    superseded_how: Replacement | None = None


@pytest.mark.parametrize(
    ("issued", "last"),
    [
        (date(2026, 11, 24), date(2029, 11, 24)),
        (date(2026, 1, 1), date(2029, 1, 1)),
        (date(2026, 12, 31), date(2029, 12, 31)),
        (date(2028, 2, 29), date(2031, 2, 28)),
        (date(2027, 2, 28), date(2030, 2, 28)),
    ],
)
def test_the_term_ends_with_the_same_day_of_the_36th_month(issued: date, last: date) -> None:
    assert last_valid_day(issued, 36) == last


def test_the_term_ends_with_the_last_day_of_a_month_that_lacks_the_day() -> None:
    assert last_valid_day(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert last_valid_day(date(2026, 5, 31), 1) == date(2026, 6, 30)


def test_the_law_in_force_gives_36_months() -> None:
    assert LAW.procedure.certificate_validity.value == 36


def test_the_renewal_window_is_from_180_to_120_days_before_the_end() -> None:
    window = renewal_window(END, LAW)
    assert window is not None
    assert window.first == END - timedelta(days=180)
    assert window.last == END - timedelta(days=120)


@pytest.mark.parametrize(
    ("days_before_end", "worth"),
    [
        (1096, Standing.VALID),
        (181, Standing.VALID),
        (180, Standing.RENEWAL_WINDOW),
        (120, Standing.RENEWAL_WINDOW),
        (119, Standing.LATE),
        (0, Standing.LATE),
        (-1, Standing.EXPIRED),
        (-400, Standing.EXPIRED),
    ],
)
def test_the_calendar_moves_the_standing(days_before_end: int, worth: Standing) -> None:
    assert standing(Paper(), END - timedelta(days=days_before_end), LAW) is worth


def test_a_certificate_is_superseded_from_the_day_its_successor_is_issued() -> None:
    paper = Paper(superseded_on=date(2028, 3, 1))
    assert standing(paper, date(2028, 2, 29), LAW) is Standing.VALID
    assert standing(paper, date(2028, 3, 1), LAW) is Standing.SUPERSEDED


def test_revocation_outranks_everything_else() -> None:
    paper = Paper(revoked_on=date(2028, 3, 1), superseded_on=date(2028, 2, 1))
    assert standing(paper, date(2028, 2, 15), LAW) is Standing.SUPERSEDED
    assert standing(paper, date(2035, 1, 1), LAW) is Standing.REVOKED


def test_a_past_regime_without_its_text_has_no_renewal_window() -> None:
    old = in_force(date(2024, 5, 1))
    assert renewal_window(END, old) is None
    assert standing(Paper(), END, old) is Standing.VALID


def test_a_certificate_is_not_in_force_before_its_day() -> None:
    assert not is_in_force(Paper(), ISSUED - timedelta(days=1), LAW)
    assert is_in_force(Paper(), ISSUED, LAW)
    assert is_in_force(Paper(), END, LAW)
    assert not is_in_force(Paper(), END + timedelta(days=1), LAW)


def test_every_standing_has_its_legal_basis() -> None:
    assert set(STANDING_BASIS) == set(Standing)


@pytest.mark.parametrize(("star", "province"), [(3, True), (4, True), (5, False)])
def test_five_stars_are_not_for_the_province(star: int, province: bool) -> None:
    assert is_recognised_by_province(star, LAW) is province


def test_the_product_code_has_province_commune_ordinal_and_year() -> None:
    code = product_code(LAW, province="12", commune="03390", ordinal=1, year=2026)
    assert code == "12-03390-01-2026"
    code = product_code(LAW, province="12", commune="03390", ordinal=123, year=2026)
    assert code == "12-03390-123-2026"
