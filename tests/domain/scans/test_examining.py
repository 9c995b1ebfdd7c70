"""What looks odd is raised for a human, once, with its evidence; nobody is accused by a program."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotPermitted, StaleVersion
from app.core.settings import Settings
from app.domain.audit.models import AuditEvent
from app.domain.scans.actions import decide_flag, examine
from app.domain.scans.enums import Caller, FlagDecision, FlagKind, FlagState
from app.domain.scans.models import CloneFlag
from app.domain.scans.policy import NothingToSuspend
from app.domain.scans.queries import flag_detail, flags_page, seen_flag, work_for
from app.domain.scans.schemas import DecideFlag
from app.domain.stamps.enums import BatchState, RollState, Verdict
from app.domain.stamps.models import StampBatch
from app.domain.verification.queries import verdict
from tests.conftest import commit
from tests.factories.people import People
from tests.factories.scans import add_scan, many_devices
from tests.factories.stamps import make_batch, rolls_in, serial_text, stamps_of

LAI_CHAU, HA_NOI = (224, 1035), (210, 1058)


@pytest.fixture
def people(session: WriteSession, at: datetime) -> People:
    return People(session, at)


@pytest.fixture
def batch(session: WriteSession, people: People, settings: Settings) -> StampBatch:
    """Return a batch in use that is to be sold in Lai Châu, a roll of fifty stamps and one of ten."""
    made = make_batch(
        session,
        people,
        settings.private_key_dir,
        state=BatchState.IN_USE,
        quantity=60,
        roll_size=50,
        markets=["12"],
    )
    session.flush()
    return made


def flags(session: WriteSession) -> list[CloneFlag]:
    return list(session.exec(select(CloneFlag).order_by(col(CloneFlag.id))))


def decided(decision: FlagDecision, flag: CloneFlag, **more: bool) -> DecideFlag:
    return DecideFlag(
        version=flag.version, decision=decision, reason="Tem trưng bày ở hội chợ", **more
    )


def test_six_devices_raise_one_flag_that_grows_and_no_device_is_named(
    session: WriteSession, batch: StampBatch, people: People, at: datetime
) -> None:
    index = stamps_of(session, batch)[0].index
    many_devices(session, index, count=5, until=at - timedelta(hours=1))
    assert examine(session, at=at).raised == 0
    add_scan(session, index, at=at - timedelta(minutes=30), device="sixth0")
    session.flush()
    done = examine(session, at=at)
    assert (done.stamps, done.raised, done.more) == (1, 1, False)
    assert examine(session, at=at).stamps == 0  # nothing came since
    (flag,) = flags(session)
    assert (flag.kind, flag.state) == (FlagKind.MANY_DEVICES, FlagState.OPEN)
    assert flag.evidence["count"] == 6
    assert "sixth0" not in str(flag.evidence)
    add_scan(session, index, at=at, device="d0")
    session.flush()
    assert examine(session, at=at).raised == 0
    assert flags(session)[0].version == 1  # nothing new to judge
    many_devices(session, index, count=2, until=at - timedelta(minutes=15), name="e")
    examine(session, at=at)
    (flag,) = flags(session)
    assert (flag.evidence["count"], flag.version) == (8, 2)
    told = flag_detail(session, flag.code, actor=people.inspector())
    assert {scan.device for scan in told.scans} == set(range(1, 9))
    assert told.serial is not None
    commit(session)
    raised = session.exec(select(AuditEvent).where(col(AuditEvent.kind) == "flag.raised")).all()
    assert [one.actor_id for one in raised] == [None]
    assert verdict(session, serial_text(stamps_of(session, batch)[0]), at=at).verdict is (
        Verdict.VALID
    )


def test_what_lies_back_and_what_anybody_can_make_up_and_inspectors_count_nothing(
    session: WriteSession, batch: StampBatch, at: datetime
) -> None:
    old, made_up, checked, unknown = [stamp.index for stamp in stamps_of(session, batch)[:4]]
    many_devices(session, old, until=at - timedelta(days=31))
    for number in range(9):
        then = at - timedelta(hours=number)
        add_scan(session, made_up, at=then, device=f"a{number}", verdict=Verdict.TAMPERED)
        add_scan(session, checked, at=then, device=f"b{number}", caller=Caller.INSPECTOR)
        add_scan(session, unknown + 10**6, at=then, device=f"c{number}")
        add_scan(session, None, at=then, device=f"d{number}")
    session.flush()
    assert examine(session, at=at).raised == 0


def test_what_was_dismissed_is_raised_again_only_by_what_came_after(
    session: WriteSession, batch: StampBatch, people: People, at: datetime
) -> None:
    index = stamps_of(session, batch)[0].index
    many_devices(session, index, count=8, until=at)
    examine(session, at=at)
    (flag,) = flags(session)
    decide_flag(session, flag.code, decided(FlagDecision.DISMISS, flag), actor=people.head(), at=at)
    later = at + timedelta(days=1)
    many_devices(session, index, count=5, until=later, name="e")
    assert examine(session, at=later).raised == 0
    many_devices(session, index, count=6, until=later + timedelta(days=1), name="f")
    assert examine(session, at=later + timedelta(days=1)).raised == 1
    first, second = flags(session)
    assert (first.state, second.state) == (FlagState.DISMISSED, FlagState.OPEN)
    assert second.evidence["count"] == 11


def test_two_places_too_far_apart_and_a_province_that_was_not_told_are_raised(
    session: WriteSession, batch: StampBatch, at: datetime
) -> None:
    flying, travelling, abroad = [stamp.index for stamp in stamps_of(session, batch)[:3]]
    hour = timedelta(hours=1)
    add_scan(session, flying, at=at - hour, device="a", place=LAI_CHAU)
    add_scan(session, flying, at=at, device="b", place=HA_NOI)
    add_scan(session, travelling, at=at - 9 * hour, device="a", place=LAI_CHAU)
    add_scan(session, travelling, at=at, device="b", place=HA_NOI)
    add_scan(session, abroad, at=at, device="a", province="01")
    add_scan(session, abroad, at=at, device="a", province="12")
    session.flush()
    assert examine(session, at=at).raised == 2
    found = {flag.kind: flag for flag in flags(session)}
    assert set(found) == {FlagKind.TOO_FAST, FlagKind.OUTSIDE_MARKET}
    (jump,) = found[FlagKind.TOO_FAST].evidence["jumps"]
    assert (jump["from_place"], jump["to_place"], jump["minutes"]) == ([224, 1035], [210, 1058], 60)
    assert found[FlagKind.TOO_FAST].stamp_index == flying
    (province,) = found[FlagKind.OUTSIDE_MARKET].evidence["provinces"]
    assert (province["code"], province["scans"]) == ("01", 1)


def test_three_flagged_stamps_of_a_roll_flag_the_roll_and_it_can_be_suspended_at_once(
    session: WriteSession, batch: StampBatch, people: People, at: datetime
) -> None:
    stamps = stamps_of(session, batch)
    for stamp in [*stamps[:2], stamps[55]]:
        many_devices(session, stamp.index, until=at)
    assert examine(session, at=at).raised == 3
    many_devices(session, stamps[2].index, until=at)
    assert examine(session, at=at, most=100).raised == 2
    flag = flags(session)[-1]
    assert (flag.kind, flag.stamp_index, flag.evidence["count"]) == (FlagKind.ROLL, None, 3)
    assert len(seen_flag(session, flag.code, actor=people.auditor()).others) == 3
    agency = people.agency()
    assert len(work_for(session, agency, on=at.date())) == 5
    assert work_for(session, people.inspector(), on=at.date()) == []
    with pytest.raises(NotPermitted):
        decide_flag(
            session,
            flag.code,
            decided(FlagDecision.CONFIRM, flag),
            actor=people.inspector(),
            at=at,
        )
    with pytest.raises(Invalid):
        dismissed = decided(FlagDecision.DISMISS, flag, suspend=True)
        decide_flag(session, flag.code, dismissed, actor=agency, at=at)
    confirmed = decided(FlagDecision.CONFIRM, flag, suspend=True)
    decide_flag(session, flag.code, confirmed, actor=agency, at=at)
    assert [roll.state for roll in rolls_in(session, batch)] == [
        RollState.SUSPENDED,
        RollState.ACTIVATED,
    ]
    with pytest.raises(Conflict):
        decide_flag(session, flag.code, confirmed, actor=agency, at=at)
    commit(session)
    kinds = session.exec(select(AuditEvent.kind).order_by(col(AuditEvent.sequence).desc())).all()
    assert list(kinds[:2]) == ["flag.confirmed", "rolls.suspended"]
    assert [row.flag.kind for row in flags_page(session, actor=agency, limit=1).items] == [
        FlagKind.ROLL
    ]


def test_a_flag_that_grew_meanwhile_or_has_no_roll_is_not_decided_so(
    session: WriteSession, people: People, at: datetime
) -> None:
    flag = CloneFlag(
        code="DH-0000000",
        kind=FlagKind.NEVER_ISSUED,
        stamp_index=9,
        evidence={"count": 1},
        raised_at=at,
        seen_until=at,
        version=2,
    )
    session.add(flag)
    session.flush()
    agency = people.agency()
    stale = decided(FlagDecision.CONFIRM, flag).model_copy(update={"version": 1})
    with pytest.raises(StaleVersion):
        decide_flag(session, flag.code, stale, actor=agency, at=at)
    confirmed = decided(FlagDecision.CONFIRM, flag, suspend=True)
    with pytest.raises(NothingToSuspend):
        decide_flag(session, flag.code, confirmed, actor=agency, at=at)
    with pytest.raises(NotPermitted):
        seen_flag(session, flag.code, actor=people.officer())


def test_a_look_is_bounded_and_goes_on_where_it_ended(
    session: WriteSession, batch: StampBatch, at: datetime
) -> None:
    for stamp in stamps_of(session, batch)[:4]:
        many_devices(session, stamp.index, until=at)
    looks = [examine(session, at=at, most=10) for _ in range(4)]
    assert [look.more for look in looks] == [True, True, False, False]
    assert sum(look.raised for look in looks) >= 4
