"""Renewals by written opinion: asked, reminded, agreed, different, late, put before a meeting."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refused
from app.domain.councils.actions import (
    confirm_minimum,
    end_collection,
    extend_opinion,
    open_opinion,
    put_to_meeting,
    raise_gate,
    recuse_sheet,
    remind_members,
    rescore_item,
    schedule_meeting,
    submit_sheet,
    tell_of_the_day,
    wish_for_meeting,
)
from app.domain.councils.enums import GateKind, ItemState, MeetingState, SheetState
from app.domain.councils.models import AgendaItem
from app.domain.councils.papers import minutes_data
from app.domain.councils.queries import get_item, get_meeting, get_sheet, work_for
from app.domain.councils.schemas import (
    ConfirmMinimum,
    EndCollection,
    ExtendOpinion,
    OpenOpinion,
    PutToMeeting,
    RaiseGate,
    RecuseSheet,
    RescoreItem,
    ScheduleMeeting,
    SubmitSheet,
    WishForMeeting,
)
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.notices.models import Notice
from tests.conftest import commit
from tests.domain.councils.board import (
    best,
    by,
    events,
    honey,
    meeting_of,
    refused,
    several_products,
)
from tests.factories.councils import (
    CHAIR,
    FIRST_MEMBER,
    SECRETARY,
    close,
    convene,
    items_of,
    lock,
    make_council,
    score,
    score_all,
    scorers,
    sheets_of,
    the_round,
)
from tests.factories.dossiers import four_star_answers, make_dossier
from tests.factories.opinions import ask_in_writing, asked, make_renewal
from tests.factories.people import People
from tests.factories.recognition import certificates_of, make_decision, sign
from tests.factories.statements import counted

REASON = "Quy mô thay đổi lớn, cần thảo luận."


def dossier_of(session: WriteSession, item: AgendaItem) -> Dossier:
    return session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()


def agreed() -> dict[str, str]:
    """Return a sheet of 87 points, four stars with every minimum."""
    return four_star_answers(honey())


def higher() -> dict[str, str]:
    """Return a sheet of 90 points, five stars: three points more."""
    return agreed() | {code: best()[code] for code in ("11", "12")}


def lower() -> dict[str, str]:
    """Return a sheet of 71 points, four stars still: least where no minimum asks for more."""
    unmarked = [one for one in honey().criteria if not one.has_marks]
    return agreed() | {one.code: min(one.options, key=lambda o: o.points).code for one in unmarked}


def later(people: People, days: int) -> None:
    """Let some days pass."""
    people.at += timedelta(days=days)


# --- asked ------------------------------------------------------------------------------------


def test_every_voting_member_is_asked_at_once_without_a_round(
    session: WriteSession, people: People
) -> None:
    renewal = make_renewal(session, people)
    assert renewal.round_id is None
    meeting = ask_in_writing(session, people, [renewal])
    (item,) = items_of(session, meeting)
    assert (meeting.round_id, meeting.state) == (None, MeetingState.OPEN)
    assert item.state is ItemState.SCORING
    assert renewal.state is DossierState.SCORING
    assert len(sheets_of(session, item)) == len(scorers(people))
    member = people.council_member(FIRST_MEMBER)
    row = get_meeting(session, meeting.code, actor=member)
    assert row.out().form == "written"
    assert row.out().round is None
    assert {seat.username for seat in row.waiting_for} == {
        f"hoidong{number}" for number in (CHAIR, *range(FIRST_MEMBER, FIRST_MEMBER + 4))
    }
    work = work_for(session, member, local_day(people.at))
    assert [(one.kind, one.due_on) for one in work] == [("sheet.score", meeting.opinions_due_on)]
    (event,) = events(session, "opinion.opened")
    assert event.data["dossiers"] == [renewal.code]


def test_members_are_told_of_it(session: WriteSession, people: People) -> None:
    meeting = ask_in_writing(session, people)
    told = session.exec(
        select(Notice).where(col(Notice.subject_code) == meeting.code).order_by(col(Notice.id))
    ).all()
    assert {one.user_id for one in told} == {one.user_id for one in scorers(people)}
    assert {one.kind for one in told} == {"opinion.asked"}
    assert told[0].due_on == meeting.opinions_due_on


def test_only_accepted_renewals_are_asked_about_in_writing(
    session: WriteSession, people: People
) -> None:
    council, first = make_council(session, people), make_dossier(session, people)
    data = OpenOpinion(
        council=council.code,
        dossiers=[first.code],
        due_on=local_day(people.at) + timedelta(days=10),
    )
    with refused(Conflict, code="meeting.dossier_not_ready"):
        open_opinion(session, data, **by(people.agency()))
    accepted = make_dossier(
        session, people, state=DossierState.ACCEPTED, round_=the_round(session, people)
    )
    renewal = make_renewal(session, people)
    both = data.model_copy(update={"dossiers": [renewal.code, accepted.code]})
    with refused(Conflict, code="meeting.dossier_not_ready", says=accepted.code):
        open_opinion(session, both, **by(people.agency()))
    with refused(NotPermitted, code="council.agency_prepares"):
        open_opinion(session, data, **by(people.council_member(CHAIR)))


def test_the_last_day_leaves_time_to_read_and_keeps_to_the_45_days(
    session: WriteSession, people: People
) -> None:
    renewal, council = make_renewal(session, people), make_council(session, people)
    last = renewal.province_due_on
    assert last == local_day(people.at) + timedelta(days=45)

    def data(due_on: date) -> OpenOpinion:
        return OpenOpinion(council=council.code, dossiers=[renewal.code], due_on=due_on)

    with pytest.raises(Invalid) as problem:  # a Monday: Tuesday leaves one working day
        open_opinion(session, data(local_day(people.at) + timedelta(days=1)), **by(people.agency()))
    assert "16/09/2026" in problem.value.fields["due_on"]
    with refused(Refused, code="opinion.beyond_limit", basis="7.6.g"):
        open_opinion(session, data(last + timedelta(days=1)), **by(people.agency()))
    assert open_opinion(session, data(last), **by(people.agency())).opinions_due_on == last


def test_a_renewal_goes_straight_to_a_meeting_only_with_its_reason(
    session: WriteSession, people: People
) -> None:
    renewal, council = make_renewal(session, people), make_council(session, people)
    data = ScheduleMeeting(
        council=council.code, place="Phòng họp số 2", starts_at=people.at, dossiers=[renewal.code]
    )
    with refused(Refused, code="meeting.written_first", says=renewal.code, basis="7.6.d"):
        schedule_meeting(session, data, **by(people.agency()))
    with_reason = data.model_copy(update={"renewal_reason": REASON})
    meeting = schedule_meeting(session, with_reason, **by(people.agency()))
    assert (meeting.round_id, meeting.renewal_reason) == (None, REASON)


# --- agreement --------------------------------------------------------------------------------


def test_agreeing_opinions_are_locked_and_end_in_a_new_certificate(
    session: WriteSession, people: People
) -> None:
    item = asked(session, people)
    meeting = meeting_of(session, item)
    score_all(session, people, item, answers=agreed())
    result = lock(session, people, item)
    assert (result.star, result.average_text) == (4, "87,00")
    close(session, people, meeting)
    assert meeting.state is MeetingState.CLOSED
    dossier = dossier_of(session, item)
    decision = sign(session, people, make_decision(session, people, dossier))
    (certificate,) = certificates_of(session, decision)
    assert certificate.star == 4
    assert dossier.state is DossierState.RECOGNISED


def test_what_is_asked_in_writing_is_neither_voted_on_nor_scored_anew(
    session: WriteSession, people: People
) -> None:
    item = asked(session, people)
    score_all(session, people, item, answers=agreed())
    chair = people.council_member(CHAIR)
    with refused(Conflict, code="opinion.needs_meeting", basis="7.6.d"):
        rescore_item(
            session, item.code, RescoreItem(reason=REASON, version=item.version), **by(chair)
        )
    with refused(Conflict, code="opinion.needs_meeting"):
        confirm_minimum(
            session,
            item.code,
            ConfirmMinimum(criterion_code="2.3", star=3, met=True, reason=REASON),
            **by(chair),
        )


# --- different opinions -----------------------------------------------------------------------


def _differ(session: WriteSession, people: People, first: dict[str, str]) -> AgendaItem:
    """Let the chair judge otherwise than all the others."""
    item = asked(session, people)
    score_all(session, people, item, each=[first, *[agreed()] * 4])
    return item


@pytest.mark.parametrize(
    ("first", "says"),
    [(higher, "số sao khác nhau: 4, 5"), (lower, "16 điểm, quá giới hạn 10")],
)
def test_stars_or_totals_that_differ_need_a_meeting(
    session: WriteSession, people: People, first: Callable[[], dict[str, str]], says: str
) -> None:
    item = _differ(session, people, first())
    detail = get_item(session, item.code, actor=people.council_member(CHAIR))
    assert any(says in one for one in detail.why_meet)
    with refused(Refused, code="opinion.differ", basis="7.6.d"):
        lock(session, people, item)
    member = get_item(session, item.code, actor=people.council_member(FIRST_MEMBER))
    assert member.out().why_meet == []  # what the sheets say is not for members before the lock


def test_a_member_who_asks_for_a_meeting_gets_it(session: WriteSession, people: People) -> None:
    item = asked(session, people)
    member = people.council_member(FIRST_MEMBER)
    data = WishForMeeting(reason=REASON)
    wish_for_meeting(session, item.code, data, **by(member))
    with refused(Conflict, code="opinion.wished_already"):
        wish_for_meeting(session, item.code, data, **by(member))
    with refused(NotPermitted, code="meeting.not_scoring"):
        wish_for_meeting(session, item.code, data, **by(people.council_member(SECRETARY)))
    score_all(session, people, item, answers=agreed())
    detail = get_item(session, item.code, actor=people.council_member(CHAIR))
    assert detail.out().why_meet == ["1 thành viên đề nghị họp trực tiếp."]
    assert [one.reason for one in detail.wishes] == [REASON]
    with refused(Refused, code="opinion.differ"):
        lock(session, people, item)


def test_a_gate_that_is_raised_needs_a_meeting(session: WriteSession, people: People) -> None:
    item = asked(session, people)
    raise_gate(
        session,
        item.code,
        RaiseGate(criterion_code="6.1", kind=GateKind.STOP, reason="Giấy đã hết hạn."),
        **by(people.council_member(FIRST_MEMBER)),
    )
    score_all(session, people, item, answers=agreed())
    detail = get_item(session, item.code, actor=people.council_member(CHAIR))
    assert [str(one) for one in detail.why_meet] == [
        "1 điều kiện loại trừ được nêu, cần biểu quyết."
    ]


def test_put_before_a_meeting_the_opinions_are_kept_and_everybody_judges_anew(
    session: WriteSession, people: People
) -> None:
    item = _differ(session, people, higher())
    written, dossier = meeting_of(session, item), dossier_of(session, item)
    chair, secretary = people.council_member(CHAIR), people.council_member(SECRETARY)
    data = PutToMeeting(reason="Các phiếu cho số sao khác nhau.", version=item.version)
    with refused(NotPermitted, code="meeting.not_conducting"):
        put_to_meeting(session, item.code, data, **by(people.council_member(FIRST_MEMBER)))
    put_to_meeting(session, item.code, data, **by(secretary))
    assert (item.state, dossier.state) == (ItemState.TAKEN_OFF, DossierState.ACCEPTED)
    close(session, people, written)
    council = get_meeting(session, written.code, actor=chair).council
    meeting = schedule_meeting(
        session,
        ScheduleMeeting(
            council=council.code,
            place="Phòng họp số 2",
            starts_at=people.at,
            dossiers=[dossier.code],
        ),
        **by(people.agency()),
    )
    convene(session, people, meeting)
    (again,) = items_of(session, meeting)
    kept = get_item(session, again.code, actor=chair).earlier
    assert kept is not None
    assert (kept.item.code, kept.submitted) == (item.code, 5)
    old = sheets_of(session, item)[0]
    with pytest.raises(NotFound):  # sealed until the meeting's result, except for their own members
        get_sheet(session, old.code, actor=people.council_member(FIRST_MEMBER))
    assert get_sheet(session, old.code, actor=chair).sheet.total == 90
    score_all(session, people, again, answers=agreed())
    assert lock(session, people, again).star == 4
    assert get_sheet(session, old.code, actor=people.council_member(FIRST_MEMBER)).sheet.total == 90
    assert [one.data["found"] for one in events(session, "opinion.put_to_meeting")] == [
        ["Các phiếu cho số sao khác nhau: 4, 5."]
    ]


# --- the day, and after it --------------------------------------------------------------------


def _answers_of_some(session: WriteSession, people: People, item: AgendaItem, count: int) -> None:
    sheets = sheets_of(session, item)
    for sheet, member in list(zip(sheets, scorers(people), strict=True))[:count]:
        score(session, people, sheet, member, answers=agreed())


def test_after_its_day_an_opinion_still_counts_until_the_collection_ends(
    session: WriteSession, people: People
) -> None:
    item = asked(session, people)
    meeting, secretary = meeting_of(session, item), people.council_member(SECRETARY)
    _answers_of_some(session, people, item, 4)
    data = EndCollection(version=meeting.version)
    with refused(Refused, code="opinion.still_collecting", says="24/09/2026"):
        end_collection(session, meeting.code, data, actor=secretary, at=people.at)
    later(people, 11)
    *_, last = sheets_of(session, item)
    score(session, people, last, scorers(people)[-1], answers=agreed())
    row = get_meeting(session, meeting.code, actor=secretary)
    assert [row.was_late(sheet) for sheet in row.items[0].sheets] == [False] * 4 + [True]
    with refused(Conflict, code="opinion.nobody_missing"):
        end_collection(session, meeting.code, data, actor=secretary, at=people.at)


def test_silent_members_lapse_and_the_rest_decide_with_a_quorum(
    session: WriteSession, people: People
) -> None:
    item = asked(session, people)
    meeting, secretary = meeting_of(session, item), people.council_member(SECRETARY)
    _answers_of_some(session, people, item, 4)
    later(people, 11)
    end_collection(
        session,
        meeting.code,
        EndCollection(version=meeting.version),
        actor=secretary,
        at=people.at,
    )
    *_, silent = sheets_of(session, item)
    assert silent.state is SheetState.LAPSED
    with refused(Conflict, code="sheet.state", says="Không gửi ý kiến"):
        submit_sheet(
            session,
            silent.code,
            SubmitSheet(version=silent.version),
            actor=scorers(people)[-1],
            at=people.at,
        )
    detail = get_item(session, item.code, actor=secretary)
    assert (detail.quorum.present, detail.quorum.voting, detail.quorum.needed) == (4, 5, 4)
    assert lock(session, people, item).sheets_counted == 4
    (event,) = events(session, "opinion.collected")
    assert event.data["lapsed"] == ["hoidong6"]


def test_too_few_opinions_decide_nothing_until_the_day_is_extended(
    session: WriteSession, people: People
) -> None:
    item = asked(session, people)
    meeting, secretary = meeting_of(session, item), people.council_member(SECRETARY)
    _answers_of_some(session, people, item, 3)
    later(people, 11)
    end_collection(
        session,
        meeting.code,
        EndCollection(version=meeting.version),
        actor=secretary,
        at=people.at,
    )
    with refused(Refused, code="item.quorum_not_met", says="3/5"):
        lock(session, people, item)
    today = local_day(people.at)

    def data(due_on: date) -> ExtendOpinion:
        return ExtendOpinion(due_on=due_on, reason="Còn thiếu hai phiếu.", version=meeting.version)

    with pytest.raises(Invalid):
        extend_opinion(session, meeting.code, data(today), actor=secretary, at=people.at)
    with refused(Refused, code="opinion.beyond_limit"):
        far = data(today + timedelta(days=60))
        extend_opinion(session, meeting.code, far, actor=secretary, at=people.at)
    with refused(NotPermitted, code="opinion.not_asking"):
        extend_opinion(
            session,
            meeting.code,
            data(today + timedelta(days=5)),
            actor=people.council_member(FIRST_MEMBER),
            at=people.at,
        )
    extend_opinion(
        session, meeting.code, data(today + timedelta(days=5)), actor=secretary, at=people.at
    )
    assert meeting.opinions_due_on == today + timedelta(days=5)
    sheets = sheets_of(session, item)
    assert {one.state for one in sheets[3:]} == {SheetState.DRAFT}
    for sheet, member in zip(sheets[3:], scorers(people)[3:], strict=True):
        score(session, people, sheet, member, answers=agreed())
    assert lock(session, people, item).sheets_counted == 5


def test_who_does_not_take_part_leaves_both_numbers_of_the_quorum(
    session: WriteSession, people: People
) -> None:
    item = asked(session, people)
    sheets = sheets_of(session, item)
    recuse_sheet(
        session,
        sheets[-1].code,
        RecuseSheet(reason="Người nhà của chủ thể.", version=sheets[-1].version),
        actor=scorers(people)[-1],
        at=people.at,
    )
    _answers_of_some(session, people, item, 4)
    quorum = get_item(session, item.code, actor=people.council_member(CHAIR)).quorum
    assert (quorum.present, quorum.voting, quorum.is_met) == (4, 4, True)
    assert lock(session, people, item).sheets_counted == 4


# --- reminders --------------------------------------------------------------------------------


def test_reminders_reach_who_is_silent_once_a_day(session: WriteSession, people: People) -> None:
    item = asked(session, people)
    meeting, secretary = meeting_of(session, item), people.council_member(SECRETARY)
    _answers_of_some(session, people, item, 3)
    where = by(secretary)
    assert remind_members(session, meeting.code, **where) == 2
    assert remind_members(session, meeting.code, **where) == 0
    assert meeting.reminded_on == local_day(people.at)
    assert len(events(session, "opinion.reminded")) == 1
    with refused(NotPermitted, code="opinion.not_asking"):
        remind_members(
            session, meeting.code, actor=people.council_member(FIRST_MEMBER), at=people.at
        )
    _answers_of_some(session, people, item, 0)
    for sheet, member in list(zip(sheets_of(session, item), scorers(people), strict=True))[3:]:
        score(session, people, sheet, member, answers=agreed())
    with refused(Conflict, code="opinion.nobody_missing"):
        remind_members(session, meeting.code, **where)


def test_the_daily_job_reminds_before_the_last_day_and_tells_nobody_twice(
    session: WriteSession, people: People
) -> None:
    item = asked(session, people)
    _answers_of_some(session, people, item, 4)
    found = []
    for _ in range(12):
        found.append(tell_of_the_day(session, at=people.at)[1])
        assert tell_of_the_day(session, at=people.at)[1] == 0
        later(people, 1)
    assert found == [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0]


def test_the_page_of_a_written_opinion_costs_the_same_for_one_and_for_three(
    session: WriteSession, people: People, engine: Engine
) -> None:
    council = make_council(session, people)
    products = several_products(session, people, 4)
    renewals = [make_renewal(session, people, product=one) for one in products]
    one = ask_in_writing(session, people, renewals[:1], council=council)
    three = ask_in_writing(session, people, renewals[1:], council=council)
    actor = people.council_member(SECRETARY)
    commit(session)
    numbers = []
    for meeting in (one, three):
        session.expire_all()
        with counted(engine) as sent:
            get_meeting(session, meeting.code, actor=actor).out()
        numbers.append(len(sent))
    assert numbers[0] == numbers[1] <= 8


# --- minutes ----------------------------------------------------------------------------------


def test_minutes_of_a_written_opinion_tell_who_answered_late_or_not_and_what_goes_to_a_meeting(
    session: WriteSession, people: People
) -> None:
    council = make_council(session, people)
    settled, moved = (make_renewal(session, people) for _ in range(2))
    meeting = ask_in_writing(session, people, [settled, moved], council=council)
    first, second = items_of(session, meeting)
    _answers_of_some(session, people, first, 3)
    put_to_meeting(
        session,
        second.code,
        PutToMeeting(reason=REASON, version=second.version),
        **by(people.council_member(SECRETARY)),
    )
    later(people, 11)
    late = sheets_of(session, first)[3]
    score(session, people, late, scorers(people)[3], answers=agreed())
    end_collection(
        session,
        meeting.code,
        EndCollection(version=meeting.version),
        actor=people.council_member(SECRETARY),
        at=people.at,
    )
    lock(session, people, first)
    close(session, people, meeting)
    row = get_meeting(session, meeting.code, actor=people.agency())
    data: Any = minutes_data(row)
    opinions = [one["opinion"] for one in data["attendance"]["members"]]
    assert opinions == ["Có", "–", "Có", "Có", "Có, muộn", "Không gửi"]
    assert data["attendance"]["present"] == "4"
    assert (data["form"], data["due"], data["round"]) == ("written", "24/09/2026", "")
    assert [one["average"] for one in data["items"]] == ["87,00"]
    assert data["taken_off"] == [
        {
            "product": row.taken_off[0].product.name,
            "producer": row.taken_off[0].producer.name,
            "reason": REASON,
        }
    ]
