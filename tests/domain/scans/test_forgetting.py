"""Raw scans end after ninety days, the counts of them stay: nothing is lost or doubled."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import WriteSession, open_write
from app.domain.scans.actions import KEPT_DAYS, NO_STAMP, forget_scans
from app.domain.scans.enums import Caller
from app.domain.scans.models import ScanDay, ScanEvent
from tests.conftest import AT
from tests.factories.scans import add_scan

SCANS = st.lists(
    st.tuples(
        st.sampled_from([None, 1, 2, 3]),
        st.floats(0, 200),
        st.sampled_from(list(Caller)),
        st.sampled_from(["", "a", "b"]),
    ),
    max_size=30,
)


def counted(session: WriteSession) -> Counter[int]:
    """Return scans by stamp: raw ones and those of days."""
    told: Counter[int] = Counter(
        NO_STAMP if index is None else index
        for index in session.exec(select(ScanEvent.stamp_index))
    )
    for day in session.exec(select(ScanDay)):
        told[day.stamp_index] += day.scans
    return told


@settings(max_examples=25)
@given(scans=SCANS, most=st.integers(1, 5))
def test_raw_scans_and_days_always_add_up_to_what_was_scanned(
    engine: Engine, scans: list[tuple[int | None, float, Caller, str]], most: int
) -> None:
    session = open_write(engine)
    try:
        for index, days, caller, device in scans:
            at = AT - timedelta(days=days)
            add_scan(session, index, at=at, caller=caller, device=device)
        session.flush()
        before = counted(session)
        assert sum(before.values()) == len(scans)
        while forget_scans(session, at=AT, most=most):
            assert counted(session) == before
        kept = session.exec(select(ScanEvent.at)).all()
        assert all(AT - at < timedelta(days=KEPT_DAYS + 1) for at in kept)
        old = sum(days > KEPT_DAYS + 1 for _index, days, _caller, _device in scans)
        assert len(kept) <= len(scans) - old
    finally:
        session.rollback()
        session.close()


def test_a_day_is_told_by_callers_and_devices_and_late_scans_are_added(
    session: WriteSession, at: datetime
) -> None:
    long_ago = at - timedelta(days=100)
    for device in ("a", "a", "b", ""):
        add_scan(session, 9, at=long_ago, device=device)
    add_scan(session, 9, at=long_ago, caller=Caller.INSPECTOR)
    add_scan(session, 9, at=at - timedelta(days=80), device="c")
    session.flush()
    assert forget_scans(session, at=at) == 5
    assert forget_scans(session, at=at) == 0
    add_scan(session, 9, at=long_ago, device="z")
    session.flush()
    assert forget_scans(session, at=at) == 1
    days = session.exec(select(ScanDay).order_by(col(ScanDay.caller))).all()
    assert [(one.caller, one.scans, one.devices) for one in days] == [
        (Caller.BUYER, 5, 2),
        (Caller.INSPECTOR, 1, 0),
    ]
    assert session.exec(select(ScanEvent.device)).all() == ["c"]


@pytest.mark.parametrize("most", [1, 100])
def test_one_step_takes_whole_stamps_of_one_day(
    session: WriteSession, at: datetime, most: int
) -> None:
    for index in (1, 2):
        for number in range(3):
            add_scan(session, index, at=at - timedelta(days=120), device=f"{number}")
    session.flush()
    steps = []
    while gone := forget_scans(session, at=at, most=most):
        steps.append(gone)
    assert steps == ([3, 3] if most == 1 else [6])
