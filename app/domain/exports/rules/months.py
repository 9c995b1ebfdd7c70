"""Months as snapshots name them: `2026-11`."""

import re
from datetime import date

FIRST_YEAR = 2019  # nothing was judged by the decisions of 2018 before
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def month_of(on: date) -> str:
    """Return the month of a day: `2026-11`."""
    return f"{on:%Y-%m}"


def is_month(text: str) -> bool:
    """Tell whether a text names a month."""
    return _MONTH.fullmatch(text) is not None


def month_told(month: str) -> str:
    """Return a month as people write it: `11/2026`."""
    year, _, number = month.partition("-")
    return f"{number}/{year}"
