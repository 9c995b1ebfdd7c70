"""What the law says about the advisory team: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.domain.advisory.enums import Duty

TEAM_BASIS = "26/2026/QĐ-TTg, Điều 7.3.b, Điều 7.3.c"

DUTY_LABELS: dict[Duty, str] = {
    Duty.HEAD: "Tổ trưởng",
    Duty.DEPUTY: "Tổ phó",
    Duty.SECRETARY: "Thư ký",
    Duty.MEMBER: "Thành viên",
}


class Standing(StrEnum):
    """How somebody stands to the advisory team on a day."""

    NO_TEAM = "no_team"  # none was ever set up: the post of advisory member suffices
    SERVES = "serves"
    DOES_NOT_SERVE = "does_not_serve"


@dataclass(frozen=True, slots=True)
class Service:
    """A place on a team: the term of the team, and when the place began and ended."""

    term_from: date
    term_to: date
    joined_on: date
    left_on: date | None

    def covers(self, day: date) -> bool:
        """Whether the place is held, on a team in force; the day of leaving is the first without."""
        is_held = self.joined_on <= day and (self.left_on is None or day < self.left_on)
        return is_held and self.term_from <= day <= self.term_to


def standing(services: Sequence[Service], *, any_team: bool, day: date) -> Standing:
    """Return how somebody with these places stands on a day (26/2026/QĐ-TTg art. 7.3.c)."""
    if not any_team:
        return Standing.NO_TEAM
    serves = any(one.covers(day) for one in services)
    return Standing.SERVES if serves else Standing.DOES_NOT_SERVE


def twelve_months(first: date) -> date:
    """Return the last day of a term of twelve months, where the decision names none."""
    is_leap_day = (first.month, first.day) == (2, 29)
    again = first.replace(year=first.year + 1, month=3, day=1) if is_leap_day else None
    return (again or first.replace(year=first.year + 1)) - timedelta(days=1)


def has_one_head(duties: Sequence[Duty]) -> bool:
    """Tell whether exactly one of these duties is the head's: one signs for a team."""
    return sum(duty is Duty.HEAD for duty in duties) == 1
