"""The life of one product from 2021 to 2032, written down by hand from the law, for tests to compare.

Every date below was counted on a paper calendar. 36 months from the day of issue end with the same
day of the month (art. 4.3); the window is E-180 to E-120, known since 22/5/2026 (art. 7.6.a); an
extension ends at E+180 at the latest (art. 12.3).
"""

from dataclasses import dataclass
from datetime import date

from app.domain.recognition.enums import Standing

FIRST, LAST = date(2021, 1, 1), date(2032, 12, 31)
COOPERATIVE, COMPANY = "Hợp tác xã Bình Lư", "Công ty Bình Lư"

ISSUED = date(2021, 12, 20)  # three stars, E = 20/12/2024
UPGRADED = date(2024, 11, 5)  # four stars, E = 05/11/2027
EXTENDED = date(2027, 11, 20)
EXTENDED_UNTIL = date(2028, 5, 3)  # E+180
RENEWED = date(2028, 3, 15)  # four stars, E = 15/03/2031
HANDED_OVER = date(2029, 2, 1)
DISSOLVED = date(2031, 1, 10)
REVOKED = date(2031, 1, 24)  # within 15 days: until 25/01/2031


@dataclass(frozen=True, slots=True)
class Stretch:
    """What holds from a day on, until the next line: the product's star, its standing, its holder."""

    first: date
    standing: Standing | None
    star: int = 0
    holder: str = ""


PRODUCT = (
    Stretch(FIRST, None),
    Stretch(ISSUED, Standing.VALID, 3, COOPERATIVE),
    Stretch(UPGRADED, Standing.VALID, 4, COOPERATIVE),
    Stretch(date(2027, 5, 9), Standing.RENEWAL_WINDOW, 4, COOPERATIVE),
    Stretch(date(2027, 7, 9), Standing.LATE, 4, COOPERATIVE),
    Stretch(date(2027, 11, 6), Standing.EXPIRED, 4, COOPERATIVE),
    Stretch(EXTENDED, Standing.EXTENDED, 4, COOPERATIVE),
    Stretch(RENEWED, Standing.VALID, 4, COOPERATIVE),
    Stretch(HANDED_OVER, Standing.VALID, 4, COMPANY),
    Stretch(date(2030, 9, 16), Standing.RENEWAL_WINDOW, 4, COMPANY),
    Stretch(date(2030, 11, 16), Standing.LATE, 4, COMPANY),
    Stretch(DISSOLVED, Standing.PRODUCER_DISSOLVED, 4, COMPANY),
    Stretch(REVOKED, Standing.REVOKED, 4, COMPANY),
)
# What each certificate says about itself once it no longer speaks for the product.
AFTERWARDS = (
    (Standing.SUPERSEDED, UPGRADED),
    (Standing.SUPERSEDED, RENEWED),
    (Standing.HOLDER_CHANGED, HANDED_OVER),
    (Standing.REVOKED, REVOKED),
)
CARRIES_A_STAR = (
    (ISSUED, date(2027, 11, 5)),
    (EXTENDED, date(2031, 1, 9)),
)


def on(day: date) -> Stretch:
    """Return the line of the table that holds on a day."""
    return [line for line in PRODUCT if line.first <= day][-1]


def carries_a_star(day: date) -> bool:
    """Tell by the table whether the product may carry a star on a day."""
    return any(first <= day <= last for first, last in CARRIES_A_STAR)
