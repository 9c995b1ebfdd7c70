"""Councils for a term: seats by decision, changed by later ones, and the chair's delegation."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, StaleVersion
from app.domain.councils.actions import (
    amend_council,
    delegate_chair,
    open_meeting,
    schedule_meeting,
    set_up_council,
)
from app.domain.councils.enums import Seat
from app.domain.councils.models import Council, CouncilAmendment, Meeting
from app.domain.councils.queries import council_file, get_council, get_meeting, get_sheet
from app.domain.councils.schemas import (
    AmendCouncil,
    DelegateChair,
    OpenMeeting,
    ScheduleMeeting,
    SeatIn,
    SetUpCouncil,
)
from app.domain.dossiers.enums import DossierState
from tests.conftest import AT
from tests.domain.councils.board import by, events, lock_with, meeting_of, opened, refused
from tests.factories.councils import (
    CHAIR,
    SECRETARY,
    close,
    convene,
    items_of,
    make_council,
    make_meeting,
    score_all,
    sheets_of,
    the_round,
)
from tests.factories.dossiers import make_dossier
from tests.factories.people import People

TODAY = AT.date()


def change(
    session: WriteSession,
    people: People,
    council: Council,
    *,
    leaves: tuple[str, ...] = (),
    joins: tuple[SeatIn, ...] = (),
    **more: Any,
) -> CouncilAmendment:
    people.council_member(9)
    values = {
        "decision_number": "1034/QĐ-UBND",
        "decided_on": TODAY,
        "leaves": list(leaves),
        "joins": list(joins),
        "version": council.version,
    } | {key: more.pop(key) for key in tuple(more) if key not in {"actor", "at"}}
    return amend_council(
        session, council.code, AmendCouncil(**values), **by(people.agency(), **more)
    )


NEW = SeatIn(username="hoidong9", seat=Seat.MEMBER, title="Phó Giám đốc", organisation="Sở Y tế")


def council_of(session: WriteSession, meeting: Meeting) -> Council:
    return session.exec(select(Council).where(col(Council.id) == meeting.council_id)).one()


# --- terms and decisions ----------------------------------------------------------------------


def start(session: WriteSession, people: People, **changes: Any) -> Council:
    for number in (1, 2, 3):
        people.council_member(number)
    seats = [
        SeatIn(username="hoidong1", seat=Seat.CHAIR, title="Phó Chủ tịch UBND tỉnh"),
        SeatIn(username="hoidong2", seat=Seat.SECRETARY),
        SeatIn(username="hoidong3", seat=Seat.MEMBER, organisation="Sở Công Thương"),
    ]
    data = {"decision_number": "900/QĐ-UBND", "decided_on": TODAY, "seats": seats} | changes
    return set_up_council(session, SetUpCouncil(**data), **by(people.agency()))


def test_a_term_that_is_not_named_lasts_twelve_months(
    session: WriteSession, people: People
) -> None:
    council = start(session, people)
    assert (council.term_from, council.term_to) == (TODAY, date(2027, 9, 13))
    named = start(
        session,
        people,
        decision_number="901/QĐ-UBND",
        term_from=date(2026, 10, 1),
        term_to=date(2026, 12, 31),
    )
    assert (named.term_from, named.term_to) == (date(2026, 10, 1), date(2026, 12, 31))
    (first, _) = events(session, "council.set_up")
    assert first.data["term_to"] == "2027-09-13"


def test_a_term_does_not_end_before_it_begins(session: WriteSession, people: People) -> None:
    with pytest.raises(Invalid) as caught:
        start(session, people, term_to=TODAY - timedelta(days=1))
    assert "term_to" in caught.value.fields


def test_a_seat_keeps_title_and_organisation_of_the_decision(
    session: WriteSession, people: People
) -> None:
    row = get_council(session, start(session, people).code, actor=people.agency())
    chair, secretary, member = (seat.member for seat in row.seats)
    assert chair.title == "Phó Chủ tịch UBND tỉnh"
    assert member.organisation == "Sở Công Thương"
    assert secretary.organisation == "Sở 2"
    assert {chair.seated_on, member.seated_on} == {TODAY}


def test_numbers_of_decisions_begin_anew_each_year(session: WriteSession, people: People) -> None:
    start(session, people)
    start(session, people, decided_on=date(2025, 9, 14))
    with refused(Conflict, code="council.known", says="năm 2026", basis="Điều 7.3.b"):
        start(session, people)


def test_a_council_does_not_meet_outside_its_term(session: WriteSession, people: People) -> None:
    council = start(session, people, term_to=TODAY + timedelta(days=2))
    round_ = the_round(session, people)
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED, round_=round_)

    def schedule(on: datetime) -> Meeting:
        data = ScheduleMeeting(
            council=council.code,
            round=round_.code,
            place="Phòng họp số 2",
            starts_at=on,
            dossiers=[dossier.code],
        )
        return schedule_meeting(session, data, **by(people.agency()))

    with refused(Refused, code="council.out_of_term", says="16/09/2026", basis="Điều 7.3.b"):
        schedule(AT + timedelta(days=3))
    meeting = schedule(AT + timedelta(days=2))
    opening = OpenMeeting(present=["hoidong1", "hoidong2", "hoidong3"], version=meeting.version)
    secretary = people.council_member(SECRETARY)
    with refused(Refused, code="council.out_of_term", says="900/QĐ-UBND"):
        open_meeting(session, meeting.code, opening, actor=secretary, at=AT + timedelta(days=3))
    last_day = AT + timedelta(days=2)
    assert open_meeting(session, meeting.code, opening, actor=secretary, at=last_day).opened_at


# --- amendments -------------------------------------------------------------------------------


def test_a_later_decision_puts_a_successor_in_a_seat(session: WriteSession, people: People) -> None:
    council = make_council(session, people)
    amendment = change(session, people, council, leaves=("hoidong3",), joins=(NEW,))
    file = council_file(session, council.code, actor=people.agency())
    names = [seat.username for seat in file.row.seats]
    assert "hoidong3" not in names
    (past,) = file.row.past
    assert (past.username, past.member.left_on) == ("hoidong3", TODAY)
    successor = next(seat.member for seat in file.row.seats if seat.username == "hoidong9")
    assert successor.succeeds_id == past.member.id
    assert (successor.title, successor.organisation) == ("Phó Giám đốc", "Sở Y tế")
    assert [one.code for one in file.amendments] == [amendment.code]
    (event,) = events(session, "council.amended")
    assert event.data["left"] == {"hoidong3": "member"}
    assert event.data["joined"] == {"hoidong9": "member"}


def test_somebody_may_change_the_seat(session: WriteSession, people: People) -> None:
    council = make_council(session, people)
    change(
        session,
        people,
        council,
        leaves=("hoidong1", "hoidong3"),
        joins=(SeatIn(username="hoidong3", seat=Seat.CHAIR),),
    )
    row = get_council(session, council.code, actor=people.agency())
    assert (row.seats[0].username, row.seats[0].member.seat) == ("hoidong3", Seat.CHAIR)
    assert sorted(seat.username for seat in row.past) == ["hoidong1", "hoidong3"]


@pytest.mark.parametrize(
    ("leaves", "joins", "kind", "code"),
    [
        (("hoidong1",), (), Refused, "council.seats_unfit"),
        (("hoidong2",), (NEW,), Refused, "council.seats_unfit"),
        ((), (SeatIn(username="hoidong3", seat=Seat.MEMBER),), Invalid, "invalid"),
        (("khongai",), (NEW,), Invalid, "invalid"),
        ((), (SeatIn(username="canbotinh", seat=Seat.MEMBER),), Invalid, "invalid"),
    ],
)
def test_changes_that_make_no_council_are_refused(
    session: WriteSession,
    people: People,
    leaves: tuple[str, ...],
    joins: tuple[SeatIn, ...],
    kind: Any,
    code: str,
) -> None:
    council = make_council(session, people)
    with refused(kind, code=code):
        change(session, people, council, leaves=leaves, joins=joins)
    row = get_council(session, council.code, actor=people.agency())
    assert (len(row.seats), row.past) == (6, ())


@pytest.mark.parametrize(
    "days",
    [
        {"decided_on": TODAY + timedelta(days=1)},
        {"effective_on": TODAY + timedelta(days=1)},
        {"effective_on": TODAY - timedelta(days=1)},
        {"decided_on": TODAY - timedelta(days=60), "effective_on": TODAY - timedelta(days=50)},
    ],
)
def test_a_change_is_in_effect_already_after_its_decision_and_within_the_term(
    session: WriteSession, people: People, days: dict[str, Any]
) -> None:
    council = make_council(session, people)
    with refused(Invalid, code="invalid"):
        change(session, people, council, joins=(NEW,), **days)


def test_a_number_is_used_once_and_the_version_is_the_one_seen(
    session: WriteSession, people: People
) -> None:
    council = make_council(session, people)
    change(session, people, council, joins=(NEW,))
    with refused(StaleVersion, code="stale_version"):
        change(session, people, council, leaves=("hoidong9",), version=1)
    for number in ("1034/QĐ-UBND", "812/QĐ-UBND"):
        with refused(Conflict, code="council.known", says=council.code):
            change(session, people, council, leaves=("hoidong9",), decision_number=number)


def test_nothing_changes_while_a_meeting_is_open_and_only_by_the_agency(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    meeting = meeting_of(session, item)
    council = council_of(session, meeting)
    with refused(Conflict, code="council.meeting_goes_on", says=meeting.code):
        change(session, people, council, joins=(NEW,))
    with refused(NotPermitted, code="council.agency_prepares"):
        change(session, people, council, joins=(NEW,), actor=people.council_member(CHAIR))


def test_an_amendment_says_something_once() -> None:
    for values in ({}, {"leaves": ["hoidong3", "hoidong3"]}, {"joins": [NEW, NEW]}):
        with pytest.raises(ValidationError):
            AmendCouncil(decision_number="1/QĐ", decided_on=TODAY, version=1, **values)


def test_old_sheets_stay_and_a_closed_meeting_keeps_its_seats(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item)
    lock_with(session, people, item)
    meeting = close(session, people, meeting_of(session, item))
    council = council_of(session, meeting)
    change(session, people, council, leaves=("hoidong3",), joins=(NEW,))

    row = get_meeting(session, meeting.code, actor=people.agency())
    assert [seat.username for seat in row.seats] == [f"hoidong{n}" for n in (1, 2, 3, 4, 5, 6)]
    assert (row.quorum.present, row.quorum.voting) == (5, 5)
    left = people.council_member(3)
    sheet = sheets_of(session, item)[1]
    assert get_sheet(session, sheet.code, actor=left).is_own
    assert get_meeting(session, meeting.code, actor=left).meeting.code == meeting.code


def test_whoever_left_sees_no_later_meeting_and_the_successor_judges(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    council = council_of(session, meeting)
    change(session, people, council, leaves=("hoidong3",), joins=(NEW,))
    with refused(NotFound, code="not_found"):
        get_meeting(session, meeting.code, actor=people.council_member(3))
    row = get_meeting(session, meeting.code, actor=people.council_member(9))
    assert row.seat is not None
    present = [seat.username for seat in row.seats]
    assert "hoidong9" in present
    open_meeting(
        session,
        meeting.code,
        OpenMeeting(present=present, version=meeting.version),
        actor=people.council_member(SECRETARY),
        at=AT,
    )
    (item,) = items_of(session, meeting)
    judges = {sheet.member_id for sheet in sheets_of(session, item)}
    assert row.seat.id in judges


# --- the chair's delegation -------------------------------------------------------------------


def hand_over(session: WriteSession, people: People, council: Council, **changes: Any) -> Any:
    more = {key: changes.pop(key) for key in ("actor", "at") if key in changes}
    data = {
        "delegate": "hoidong3",
        "number": "15/GUQ-HĐ",
        "signed_on": TODAY,
        "scope": "Chủ trì phiên họp hôm nay.",
        "first_day": TODAY,
        "last_day": TODAY,
    } | changes
    return delegate_chair(
        session, council.code, DelegateChair(**data), **by(people.council_member(CHAIR), **more)
    )


def test_a_delegate_presides_by_the_recorded_paper(session: WriteSession, people: People) -> None:
    meeting = make_meeting(session, people)
    council = council_of(session, meeting)
    hand_over(session, people, council, first_day=date(2026, 10, 1), last_day=date(2026, 10, 2))
    hand_over(session, people, council, delegate="hoidong4")
    paper = hand_over(session, people, council)
    open_meeting(
        session,
        meeting.code,
        OpenMeeting(
            present=[f"hoidong{n}" for n in (2, 3, 4, 5, 6)],
            delegate="hoidong3",
            version=meeting.version,
        ),
        actor=people.council_member(SECRETARY),
        at=AT,
    )
    assert meeting.delegation_id == paper.id
    file = council_file(session, council.code, actor=people.auditor())
    assert [one.delegate.username for one in file.delegations] == [
        "hoidong3",
        "hoidong4",
        "hoidong3",
    ]
    event = events(session, "council.chair_delegated")[-1]
    assert (event.data["number"], event.data["delegate"]) == ("15/GUQ-HĐ", "hoidong3")


def test_a_paper_recorded_late_stands_for_the_meeting_that_goes_on(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    council = council_of(session, meeting)
    open_meeting(
        session,
        meeting.code,
        OpenMeeting(
            present=[f"hoidong{n}" for n in (2, 3, 4, 5, 6)],
            delegate="hoidong3",
            version=meeting.version,
        ),
        **by(people.council_member(SECRETARY)),
    )
    assert meeting.delegation_id is None
    tomorrow = TODAY + timedelta(days=1)
    hand_over(session, people, council, first_day=tomorrow, last_day=tomorrow)
    assert meeting.delegation_id is None
    paper = hand_over(session, people, council)
    assert meeting.delegation_id == paper.id


def test_a_present_chair_needs_no_paper(session: WriteSession, people: People) -> None:
    meeting = make_meeting(session, people)
    hand_over(session, people, council_of(session, meeting))
    assert convene(session, people, meeting).delegation_id is None


@pytest.mark.parametrize(
    "changes",
    [
        {"delegate": "hoidong1"},
        {"delegate": "hoidong2"},
        {"delegate": "khongai"},
        {"signed_on": TODAY + timedelta(days=1)},
        {"last_day": date(2100, 1, 1)},
    ],
)
def test_papers_that_cannot_be_are_refused(
    session: WriteSession, people: People, changes: dict[str, Any]
) -> None:
    council = make_council(session, people)
    with refused(Invalid, code="invalid"):
        hand_over(session, people, council, **changes)


def test_a_member_does_not_record_a_delegation(session: WriteSession, people: People) -> None:
    council = make_council(session, people)
    with refused(NotPermitted, code="meeting.not_conducting"):
        hand_over(session, people, council, actor=people.council_member(3))
