"""What is tried how often, and what is done by itself on which day: no database."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.clock import VIET_NAM
from app.domain.jobs.enums import Every, JobKind
from app.domain.jobs.rules import (
    KIND_LABELS,
    LONGEST_WAIT,
    SCHEDULE,
    label_of,
    most_attempts,
    occasions,
    wait_after,
)

MONDAY = datetime(2026, 9, 14, 0, 0, tzinfo=VIET_NAM)
DAILY = {one.kind for one in SCHEDULE if one.every is Every.DAY}


def kinds_at(moment: datetime) -> set[JobKind]:
    return {one.kind for one, _ in occasions(moment)}


def test_each_failure_waits_twice_as_long_up_to_an_hour() -> None:
    minutes = [wait_after(attempt) / timedelta(minutes=1) for attempt in range(1, 7)]
    assert minutes == [2, 4, 8, 16, 32, 60]
    assert wait_after(10_000) == LONGEST_WAIT


def test_every_kind_has_a_name_and_an_end_to_its_attempts() -> None:
    assert set(KIND_LABELS) == set(JobKind)
    assert all(1 < most_attempts(kind) <= 5 for kind in JobKind)
    assert (most_attempts("of.tomorrow"), label_of("of.tomorrow")) == (1, "of.tomorrow")


def test_what_is_daily_waits_for_its_hour_and_is_made_up_for_until_the_day_ends() -> None:
    assert kinds_at(MONDAY) & DAILY == set()
    assert JobKind.REMIND not in kinds_at(MONDAY.replace(hour=5, minute=59))
    for hour in (6, 23):
        assert kinds_at(MONDAY.replace(hour=hour)) >= DAILY
    assert {one.kind for one, _ in occasions(MONDAY, all_day=True)} == {o.kind for o in SCHEDULE}


@pytest.mark.parametrize(
    ("day", "hour", "expected"), [(0, 2, False), (0, 3, True), (1, 0, True), (6, 23, True)]
)
def test_what_is_weekly_begins_on_monday_night(day: int, hour: int, expected: bool) -> None:
    moment = MONDAY + timedelta(days=day, hours=hour)
    assert (JobKind.STAMP_BALANCE in kinds_at(moment)) is expected


def test_an_occasion_is_the_hour_the_day_or_the_week_of_viet_nam() -> None:
    late_in_london = datetime(2026, 12, 31, 20, 15, tzinfo=UTC).astimezone(VIET_NAM)
    found = {one.kind: occasion for one, occasion in occasions(late_in_london)}
    assert found[JobKind.FORGET_PRINT_FILES] == "2027-01-01T03"
    assert found[JobKind.SWEEP_FILES] == "2027-01-01"
    assert found[JobKind.STAMP_BALANCE] == "2026-W53"
