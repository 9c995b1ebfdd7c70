"""Rounds, councils and meetings on real tables: what is set up, and what is refused."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import col, func, select

from app.core.db import WriteSession
from app.core.errors import (
    Conflict,
    Invalid,
    NotFound,
    NotPermitted,
    Refused,
    StaleVersion,
)
from app.domain.accounts.rules import Actor
from app.domain.councils.actions import (
    close_meeting,
    open_meeting,
    open_round,
    record_survey,
    schedule_meeting,
    set_up_council,
)
from app.domain.councils.enums import ItemState, MeetingState, Seat, SheetState
from app.domain.councils.models import Attendance, Council, CouncilMember, Meeting, ScoreSheet
from app.domain.councils.queries import get_council, get_meeting, rules_of
from app.domain.councils.schemas import (
    CloseMeeting,
    OpenMeeting,
    OpenRound,
    RecordSurvey,
    ScheduleMeeting,
    SeatIn,
    SetUpCouncil,
)
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from tests.conftest import AT
from tests.domain.councils.board import (
    by,
    events,
    lock_with,
    meeting_of,
    opened,
    own_rules,
    refused,
)
from tests.factories.councils import (
    CHAIR,
    SECRETARY,
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
from tests.factories.register import make_product

# --- rounds -----------------------------------------------------------------------------------


def start_round(
    session: WriteSession, people: People, *, year: int = 2026, ordinal: int = 2, **more: Any
) -> Any:
    return open_round(
        session,
        OpenRound(year=year, ordinal=ordinal),
        **by(people.agency(), **more),
    )


def test_a_round_gets_its_days_from_the_law_and_is_told(
    session: WriteSession, people: People
) -> None:
    row = start_round(session, people)
    assert (row.code, row.proposals_before, row.results_before) == (
        "D2-2026",
        date(2026, 10, 30),
        date(2026, 12, 30),
    )
    (event,) = events(session, "round.opened")
    assert event.subject_code == "D2-2026"


def test_a_round_is_opened_once(session: WriteSession, people: People) -> None:
    start_round(session, people)
    with refused(Conflict, code="round.known", says="D2-2026", basis="Điều 5.1"):
        start_round(session, people)


def test_a_third_round_needs_the_own_rules_of_the_province(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    with refused(Refused, code="round.not_in_regime", says="2 đợt", basis="Điều 5.1"):
        start_round(session, people, ordinal=3)
    third = "rounds:\n- {ordinal: 3, proposals_before: '10-01', results_before: '11-15'}"
    rules = own_rules(tmp_path / "councils", {"rounds: []": third})
    row = start_round(session, people, ordinal=3, council_rules_dir=rules)
    assert row.results_before == date(2026, 11, 15)


def test_a_round_that_is_over_is_not_opened(session: WriteSession, people: People) -> None:
    with refused(Refused, code="round.over", says="30/06/2026", basis="Điều 5.1"):
        start_round(session, people, ordinal=1)


@pytest.mark.parametrize(("day", "is_over"), [(29, False), (30, True)])
def test_before_a_day_means_the_day_before_at_the_latest(
    session: WriteSession, people: People, day: int, *, is_over: bool
) -> None:
    at = datetime(2026, 12, day, 3, tzinfo=AT.tzinfo)
    if is_over:
        with refused(Refused, code="round.over"):
            start_round(session, people, at=at)
    else:
        assert start_round(session, people, at=at).code == "D2-2026"


def test_a_council_member_opens_no_round(session: WriteSession, people: People) -> None:
    with refused(NotPermitted, code="council.agency_prepares", basis="Điều 5.1"):
        start_round(session, people, actor=people.council_member(1))


# --- councils ---------------------------------------------------------------------------------

FIT = (Seat.CHAIR, Seat.SECRETARY, Seat.MEMBER)


def council_data(*seats: Seat, **changes: Any) -> SetUpCouncil:
    return SetUpCouncil(
        **{
            "decision_number": "900/QĐ-UBND",
            "decided_on": AT.date(),
            "seats": [
                SeatIn(username=f"hoidong{number}", seat=seat)
                for number, seat in enumerate(seats or FIT, start=1)
            ],
        }
        | changes
    )


def start_council(
    session: WriteSession, people: People, data: SetUpCouncil, **more: Any
) -> Council:
    for number in range(1, 6):
        people.council_member(number)
    return set_up_council(session, data, **by(people.agency(), **more))


def test_a_council_is_pinned_to_its_rules_and_only_some_seats_vote(
    session: WriteSession, people: People
) -> None:
    seats = [
        SeatIn(username="hoidong1", seat=Seat.CHAIR, voting=False),
        SeatIn(username="hoidong2", seat=Seat.SECRETARY, voting=True),
        SeatIn(username="hoidong3", seat=Seat.MEMBER),
        SeatIn(username="hoidong4", seat=Seat.INVITED, voting=True),
    ]
    council = start_council(session, people, council_data(seats=seats))
    row = get_council(session, council.code, actor=people.agency())
    assert [seat.member.voting for seat in row.seats] == [True, True, True, False]
    assert row.council.council_rules_code == "lai-chau-default"
    assert len(row.council.council_rules_hash) == 64
    (event,) = events(session, "council.set_up")
    assert event.data["seats"]["hoidong1"] == "chair"


@pytest.mark.parametrize(
    ("seats", "says"),
    [
        ((Seat.SECRETARY, Seat.MEMBER), "đúng một Chủ tịch"),
        ((Seat.CHAIR, Seat.CHAIR, Seat.SECRETARY), "đúng một Chủ tịch"),
        ((Seat.CHAIR, Seat.MEMBER), "đúng một Thư ký"),
    ],
)
def test_unfit_seats_are_refused(
    session: WriteSession, people: People, seats: tuple[Seat, ...], says: str
) -> None:
    with refused(Refused, code="council.seats_unfit", says=says, basis="Điều 7.3.b"):
        start_council(session, people, council_data(*seats))


def test_a_decision_sets_one_council_up(session: WriteSession, people: People) -> None:
    known = start_council(session, people, council_data())
    with refused(Conflict, code="council.known", says=known.code, basis="Điều 7.3.b"):
        start_council(session, people, council_data())


def test_a_decision_is_not_dated_ahead(session: WriteSession, people: People) -> None:
    with refused(Invalid, code="invalid"):
        start_council(session, people, council_data(decided_on=AT.date() + timedelta(days=1)))


@pytest.mark.parametrize("stranger", ["khongaibiet", "canbotinh"])
def test_a_seat_is_held_by_an_open_account_with_the_post(
    session: WriteSession, people: People, stranger: str
) -> None:
    people.agency()
    seats = [*council_data().seats, SeatIn(username=stranger, seat=Seat.MEMBER)]
    with pytest.raises(Invalid) as caught:
        start_council(session, people, council_data(seats=seats))
    assert stranger in caught.value.fields["seats"]


def test_a_person_holds_one_seat() -> None:
    twice = [SeatIn(username="hoidong1", seat=seat) for seat in (Seat.CHAIR, Seat.SECRETARY)]
    with pytest.raises(ValidationError, match="một ghế"):
        council_data(seats=twice)


# --- scheduling -------------------------------------------------------------------------------


def schedule(
    session: WriteSession, people: People, held_by: Council, *dossiers: Dossier, **changes: Any
) -> Meeting:
    round_ = the_round(session, people)
    more = {key: changes.pop(key) for key in ("actor", "at") if key in changes}
    data = {
        "council": held_by.code,
        "round": round_.code,
        "place": "Phòng họp số 2",
        "starts_at": AT,
        "dossiers": [dossier.code for dossier in dossiers],
    } | changes
    return schedule_meeting(session, ScheduleMeeting(**data), **by(people.agency(), **more))


def accepted(session: WriteSession, people: People) -> Dossier:
    return make_dossier(
        session, people, state=DossierState.ACCEPTED, round_=the_round(session, people)
    )


def test_an_agenda_keeps_the_order_given_and_moves_its_dossiers(
    session: WriteSession, people: People
) -> None:
    first, second = accepted(session, people), accepted(session, people)
    meeting = schedule(session, people, make_council(session, people), second, first)
    assert [item.dossier_id for item in items_of(session, meeting)] == [second.id, first.id]
    assert {first.state, second.state} == {DossierState.SCHEDULED}
    (event,) = events(session, "meeting.scheduled")
    assert event.data["dossiers"] == [second.code, first.code]


def test_a_dossier_of_another_round_or_state_goes_on_no_agenda(
    session: WriteSession, people: People
) -> None:
    council = make_council(session, people)
    elsewhere = make_dossier(session, people, state=DossierState.ACCEPTED)
    proposed = make_dossier(session, people, state=DossierState.PROPOSED)
    for dossier in (elsewhere, proposed):
        with refused(Conflict, code="meeting.dossier_not_ready", says=dossier.code):
            schedule(session, people, council, dossier)


def test_a_dossier_is_on_one_agenda_only(session: WriteSession, people: People) -> None:
    council, dossier = make_council(session, people), accepted(session, people)
    schedule(session, people, council, dossier)
    with refused(Conflict, code="meeting.dossier_not_ready", says=dossier.code):
        schedule(session, people, council, dossier)


def test_a_council_under_other_rules_does_not_judge(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    rules = own_rules(tmp_path / "councils")
    council = start_council(session, people, council_data(), council_rules_dir=rules)
    dossier = accepted(session, people)
    with refused(Refused, code="meeting.other_rules", says="«lai-chau-2026»"):
        schedule(session, people, council, dossier)


def test_a_council_works_on_by_the_text_it_pinned_whatever_became_of_the_file(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    rules = own_rules(tmp_path / "councils", {"limit: 10": "limit: 7"})
    council = start_council(session, people, council_data(), council_rules_dir=rules)
    (rules / "lai-chau-2026.yaml").unlink()
    elsewhere = own_rules(tmp_path / "changed", {"limit: 10": "limit: 9"})
    for directory in (None, tmp_path / "nothing", elsewhere):
        assert rules_of(session, council, directory).divergence.limit == 7


def test_without_file_and_kept_text_nothing_is_settled(
    session: WriteSession, people: People
) -> None:
    council = start_council(session, people, council_data())
    council.council_rules_hash = "0" * 64
    with refused(Refused, code="council.rules_changed", says="lai-chau-default"):
        rules_of(session, council, None)


def test_a_meeting_pins_the_rules_it_is_opened_under(session: WriteSession, people: People) -> None:
    meeting = convene(session, people, make_meeting(session, people))
    council = session.exec(select(Council).where(col(Council.id) == meeting.council_id)).one()
    assert (meeting.council_rules_code, meeting.council_rules_hash) == (
        "lai-chau-default",
        council.council_rules_hash,
    )
    (event,) = events(session, "meeting.opened")
    assert event.data["council_rules_hash"] == council.council_rules_hash


@pytest.mark.parametrize(
    ("code", "is_known"), [("lai-chau-default", True), ("khong-co", False), ("../x", False)]
)
def test_a_council_may_be_set_up_for_dossiers_of_earlier_rules(
    session: WriteSession, people: People, tmp_path: Path, code: str, *, is_known: bool
) -> None:
    rules = own_rules(tmp_path / "councils")
    data = council_data(council_rules=code)
    if not is_known:
        with pytest.raises(Invalid) as caught:
            start_council(session, people, data, council_rules_dir=rules)
        assert "council_rules" in caught.value.fields
        return
    council = start_council(session, people, data, council_rules_dir=rules)
    assert council.council_rules_code == code
    dossier = accepted(session, people)
    assert schedule(session, people, council, dossier).code.startswith("PH-")


def test_a_meeting_lies_before_the_end_of_its_round(session: WriteSession, people: People) -> None:
    council, dossier = make_council(session, people), accepted(session, people)
    end = datetime(2026, 12, 30, 2, tzinfo=AT.tzinfo)
    with refused(Refused, code="meeting.after_round", says="30/12/2026", basis="Điều 5.1"):
        schedule(session, people, council, dossier, starts_at=end)
    meeting = schedule(session, people, council, dossier, starts_at=end - timedelta(days=1))
    assert meeting.state is MeetingState.SCHEDULED


def test_a_meeting_is_not_scheduled_for_yesterday(session: WriteSession, people: People) -> None:
    council, dossier = make_council(session, people), accepted(session, people)
    with refused(Invalid, code="invalid"):
        schedule(session, people, council, dossier, starts_at=AT - timedelta(days=1))


@pytest.mark.parametrize("what", ["council", "round", "dossiers"])
def test_what_is_not_there_is_not_found(session: WriteSession, people: People, what: str) -> None:
    council, dossier = make_council(session, people), accepted(session, people)
    wrong: Any = ["HS-0000"] if what == "dossiers" else "XX-0000"
    with refused(NotFound, code="not_found"):
        schedule(session, people, council, dossier, **{what: wrong})


def test_only_the_agency_schedules(session: WriteSession, people: People) -> None:
    council, dossier = make_council(session, people), accepted(session, people)
    with refused(NotPermitted, code="council.agency_prepares"):
        schedule(session, people, council, dossier, actor=people.council_member(CHAIR))


# --- opening ----------------------------------------------------------------------------------


def names(*numbers: int) -> list[str]:
    return [f"hoidong{number}" for number in numbers]


def open_with(
    session: WriteSession,
    people: People,
    meeting: Meeting,
    present: list[str],
    *,
    delegate: str = "",
    **more: Any,
) -> Meeting:
    return open_meeting(
        session,
        meeting.code,
        OpenMeeting(present=present, delegate=delegate, version=more.pop("version", 1)),
        **by(people.council_member(SECRETARY), **more),
    )


def test_an_opened_meeting_gives_a_sheet_to_each_present_member_who_votes(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)  # chair and four members vote
    open_with(session, people, meeting, names(CHAIR, SECRETARY, 3, 4, 5))
    (item,) = items_of(session, meeting)
    sheets = sheets_of(session, item)
    assert item.state is ItemState.SCORING
    assert [sheet.state for sheet in sheets] == [SheetState.DRAFT] * 4
    dossier = session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()
    assert dossier.state is DossierState.SCORING
    present = session.exec(select(func.count()).where(col(Attendance.present).is_(True))).one()
    assert present == 5
    (event,) = events(session, "meeting.opened")
    assert event.data["presiding"] == "hoidong1"


@pytest.mark.parametrize(("members", "absent"), [(3, 1), (7, 2)])
def test_three_quarters_exactly_are_enough_and_one_below_is_not(
    session: WriteSession, people: People, members: int, absent: int
) -> None:
    meeting = make_meeting(session, people, members=members)
    there = names(CHAIR, SECRETARY, *range(3, 3 + members - absent))
    with refused(
        Refused,
        code="meeting.quorum_not_met",
        says=f"{members - absent}/{members + 1} thành viên chấm điểm",
        basis="Điều 7.3.d",
    ):
        open_with(session, people, meeting, there[:-1])
    assert open_with(session, people, meeting, there).state is MeetingState.OPEN


def test_the_secretary_without_a_vote_does_not_fill_the_quorum(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people, members=3)
    with refused(Refused, code="meeting.quorum_not_met", says="2/4"):
        open_with(session, people, meeting, names(CHAIR, SECRETARY, 3))


def test_without_chair_or_delegate_nobody_presides(session: WriteSession, people: People) -> None:
    meeting = make_meeting(session, people)
    with refused(Refused, code="meeting.quorum_not_met", says="người được ủy quyền"):
        open_with(session, people, meeting, names(SECRETARY, 3, 4, 5, 6))


def test_a_refused_opening_leaves_nothing_behind(session: WriteSession, people: People) -> None:
    meeting = make_meeting(session, people)
    with refused(Refused, code="meeting.quorum_not_met"):
        open_with(session, people, meeting, names(SECRETARY, 3), delegate="hoidong3")
    assert meeting.presiding_id is None
    assert meeting not in session.dirty


@pytest.mark.parametrize("delegate", ["hoidong2", "hoidong6", "khongai"])
def test_a_delegate_is_a_present_member_who_votes(
    session: WriteSession, people: People, delegate: str
) -> None:
    meeting = make_meeting(session, people)
    with refused(Invalid, code="invalid"):
        open_with(session, people, meeting, names(SECRETARY, 3, 4, 5), delegate=delegate)


def test_a_delegate_presides_and_locks_while_the_chair_is_away(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    open_with(session, people, meeting, names(SECRETARY, 3, 4, 5, 6), delegate="hoidong3")
    (event,) = events(session, "meeting.opened")
    assert event.data["presiding"] == "hoidong3"
    row = get_meeting(session, meeting.code, actor=people.agency())
    assert row.presiding is not None
    assert row.presiding.name == people.council_member(3).name


def test_a_delegate_named_beside_a_present_chair_does_not_preside(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    open_with(session, people, meeting, names(CHAIR, 2, 3, 4, 5, 6), delegate="hoidong3")
    chair = session.exec(select(CouncilMember).where(col(CouncilMember.seat) == Seat.CHAIR)).one()
    assert meeting.presiding_id == chair.id
    (event,) = events(session, "meeting.opened")
    assert event.data["presiding"] == "hoidong1"


def test_who_has_no_seat_is_not_present(session: WriteSession, people: People) -> None:
    meeting = make_meeting(session, people)
    with pytest.raises(Invalid) as caught:
        open_with(session, people, meeting, [*names(CHAIR, 3, 4, 5, 6), "canbotinh"])
    assert "canbotinh" in caught.value.fields["present"]


def test_a_meeting_opens_on_its_day_in_viet_nam(session: WriteSession, people: People) -> None:
    dossier = accepted(session, people)
    day = AT + timedelta(days=3)
    meeting = schedule(session, people, make_council(session, people), dossier, starts_at=day)
    midnight = datetime(2026, 9, 16, 17, tzinfo=AT.tzinfo)
    everybody = names(1, 2, 3, 4, 5, 6)
    with refused(Refused, code="meeting.too_early", says="17/09/2026", basis="Điều 7.3.d"):
        open_with(session, people, meeting, everybody, at=midnight - timedelta(seconds=1))
    assert open_with(session, people, meeting, everybody, at=midnight).opened_at == midnight


def test_tourism_is_scored_after_its_survey(session: WriteSession, people: People) -> None:
    product = make_product(session, people, name="Bản du lịch", set_number=26)
    meeting = make_meeting(session, people, products=[product])
    with refused(Refused, code="meeting.survey_missing", says="«Bản du lịch»", basis="Quy chế"):
        convene(session, people, meeting)
    (item,) = items_of(session, meeting)
    with refused(NotPermitted, code="council.agency_prepares"):
        survey(session, people, item.code, actor=people.council_member(CHAIR))
    with refused(StaleVersion, code="stale_version"):
        survey(session, people, item.code, version=7)
    survey(session, people, item.code)
    assert convene(session, people, meeting).state is MeetingState.OPEN
    with refused(Conflict, code="item.state", says="Đang chấm"):
        survey(session, people, item.code, version=item.version)
    assert [one.data["survey"] for one in events(session, "item.survey_recorded")] == [
        "Biên bản số 3"
    ]


def survey(
    session: WriteSession,
    people: People,
    code: str,
    *,
    version: int = 1,
    actor: Actor | None = None,
) -> None:
    record_survey(
        session,
        code,
        RecordSurvey(record="Biên bản số 3", version=version),
        actor=actor or people.agency(),
        at=AT,
    )


def test_members_and_the_agency_do_not_open(session: WriteSession, people: People) -> None:
    meeting = make_meeting(session, people)
    for actor in (people.council_member(3), people.agency()):
        with refused(NotPermitted, code="meeting.not_conducting", basis="Điều 7.3.d"):
            open_with(session, people, meeting, names(1, 2, 3, 4, 5), actor=actor)


def test_a_meeting_is_opened_once_and_on_the_version_seen(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    with refused(StaleVersion, code="stale_version"):
        open_with(session, people, meeting, names(1, 2, 3, 4, 5), version=2)
    convene(session, people, meeting)
    with refused(Conflict, code="meeting.state", says="Đang họp"):
        open_with(session, people, meeting, names(1, 2, 3, 4, 5), version=2)


# --- closing ----------------------------------------------------------------------------------


def end(session: WriteSession, people: People, meeting: Meeting, **more: Any) -> Meeting:
    return close_meeting(
        session,
        meeting.code,
        CloseMeeting(
            minutes_number="02/BB-HĐ",
            conclusion="Thống nhất.",
            version=more.pop("version", meeting.version),
        ),
        **by(people.council_member(SECRETARY), **more),
    )


def test_a_meeting_ends_when_all_is_locked_and_once(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    meeting = meeting_of(session, item)
    with refused(Refused, code="meeting.items_open", says="1 sản phẩm", basis="Điều 7.3.d"):
        end(session, people, meeting)
    score_all(session, people, item)
    lock_with(session, people, item)
    with refused(NotPermitted, code="meeting.not_conducting"):
        end(session, people, meeting, actor=people.council_member(3))
    with refused(StaleVersion, code="stale_version"):
        end(session, people, meeting, version=9)
    end(session, people, meeting)
    assert meeting.state is MeetingState.CLOSED
    with refused(Conflict, code="meeting.state", says="Đã kết thúc"):
        end(session, people, meeting)
    (event,) = events(session, "meeting.closed")
    assert event.data["minutes_number"] == "02/BB-HĐ"


def test_who_sits_on_another_council_or_none_does_not_find_the_meeting(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    with refused(NotFound, code="not_found"):
        open_with(session, people, meeting, names(1, 2, 3, 4, 5), actor=people.council_member(9))
    assert session.exec(select(func.count()).select_from(ScoreSheet)).one() == 0
