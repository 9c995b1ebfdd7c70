"""Who may take which step, for each seat and role, in each state."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest

from app.core.errors import Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor, Grant
from app.domain.councils.enums import ItemState, MeetingState, Seat, SheetState
from app.domain.councils.models import AgendaItem, CouncilMember, Meeting, ScoreSheet
from app.domain.councils.policy import (
    conducts,
    presides,
    sees_settling,
    why_not_close_meeting,
    why_not_mark,
    why_not_open_meeting,
    why_not_open_round,
    why_not_prepare,
    why_not_raise_gate,
    why_not_read_file,
    why_not_read_papers,
    why_not_record_survey,
    why_not_settle,
    why_not_withdraw,
)
from tests.conftest import AT

CHAIR, SECRETARY, MEMBER, INVITED = 1, 2, 3, 4
SEATS = {CHAIR: Seat.CHAIR, SECRETARY: Seat.SECRETARY, MEMBER: Seat.MEMBER, INVITED: Seat.INVITED}
NOBODY = 0


def seat(number: int) -> CouncilMember | None:
    if number == NOBODY:
        return None
    return CouncilMember(
        id=number,
        council_id=1,
        user_id=number,
        name="",
        organisation="",
        seat=SEATS[number],
        voting=number in {CHAIR, MEMBER},
        seated_on=AT.date(),
    )


def meeting(state: MeetingState = MeetingState.OPEN, presiding: int | None = None) -> Meeting:
    return Meeting(
        council_id=1,
        round_id=1,
        code="PH",
        state=state,
        place="",
        starts_at=AT,
        presiding_id=presiding,
    )


def item(state: ItemState = ItemState.SCORING) -> AgendaItem:
    return AgendaItem(
        code="MH",
        meeting_id=1,
        dossier_id=1,
        position=1,
        papers_open_on=AT.date(),
        state=state,
    )


def sheet(state: SheetState = SheetState.DRAFT) -> ScoreSheet:
    return ScoreSheet(code="PD", item_id=1, member_id=1, state=state, updated_at=AT)


def actor(*roles: Role) -> Actor:
    return Actor(user_id=9, name="", grants=tuple(Grant(role=role) for role in roles))


def code(refusal: Refusal | None) -> str | None:
    return refusal.reason_code if refusal else None


@pytest.mark.parametrize("role", Role)
def test_only_agency_officers_prepare(role: Role) -> None:
    expected = None if role is Role.AGENCY_OFFICER else "council.agency_prepares"
    assert code(why_not_prepare(actor(role))) == expected
    assert code(why_not_open_round(actor(role))) == expected
    assert code(why_not_record_survey(actor(role), item(ItemState.WAITING))) == expected


def test_each_preparing_refusal_cites_its_own_article() -> None:
    for_round, for_council = why_not_open_round(actor()), why_not_prepare(actor())
    assert for_round is not None
    assert for_round.legal_basis == "26/2026/QĐ-TTg, Điều 5.1"
    assert for_council is not None
    assert for_council.legal_basis == "26/2026/QĐ-TTg, Điều 7.3.b"


@pytest.mark.parametrize(
    ("presiding", "presider"), [(None, CHAIR), (CHAIR, CHAIR), (MEMBER, MEMBER)]
)
@pytest.mark.parametrize("who", [NOBODY, *SEATS])
def test_the_chair_presides_or_the_delegate_and_never_both(
    presiding: int | None, presider: int, who: int
) -> None:
    held = meeting(presiding=presiding)
    assert presides(held, seat(who)) is (who == presider)
    assert conducts(held, seat(who)) is (who in {presider, CHAIR, SECRETARY})
    assert sees_settling(held, seat(who)) is conducts(held, seat(who))
    settle = code(why_not_settle(held, item(), seat(who)))
    assert settle == (None if who == presider else "meeting.not_presiding")


@pytest.mark.parametrize("who", [NOBODY, *SEATS])
@pytest.mark.parametrize("state", MeetingState)
def test_chair_and_secretary_open_and_close(state: MeetingState, who: int) -> None:
    held = meeting(state)
    may = who in {CHAIR, SECRETARY}

    def expected(wanted: MeetingState) -> str | None:
        if not may:
            return "meeting.not_conducting"
        return None if state is wanted else "meeting.state"

    assert code(why_not_open_meeting(held, seat(who))) == expected(MeetingState.SCHEDULED)
    closing = why_not_close_meeting(held, seat(who), open_items=0)
    assert code(closing) == expected(MeetingState.OPEN)


def test_a_meeting_with_an_open_item_does_not_end() -> None:
    refusal = why_not_close_meeting(meeting(), seat(CHAIR), open_items=2)
    assert code(refusal) == "meeting.items_open"
    assert refusal is not None
    assert "2 sản phẩm" in refusal.text


STEPS: dict[str, Callable[[Meeting, AgendaItem, ScoreSheet], Refusal | None]] = {
    "mark": lambda held, one, own: why_not_mark(own, held, one),
    "withdraw": lambda held, one, own: why_not_withdraw(own, held, one),
    "gate": why_not_raise_gate,
    "settle": lambda held, one, _own: why_not_settle(held, one, seat(CHAIR)),
}
SHEET_STATES = {
    "mark": {SheetState.DRAFT},
    "withdraw": {SheetState.SUBMITTED},
    "gate": {SheetState.DRAFT, SheetState.SUBMITTED},
    "settle": set(SheetState),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_dossier_is_judged_only_in_an_open_meeting_while_it_is_scored(step: str) -> None:
    for of_meeting, of_item, of_sheet in product(MeetingState, ItemState, SheetState):
        may = (
            of_meeting is MeetingState.OPEN
            and of_item is ItemState.SCORING
            and of_sheet in SHEET_STATES[step]
        )
        refusal = STEPS[step](meeting(of_meeting), item(of_item), sheet(of_sheet))
        assert (refusal is None) is may, (of_meeting, of_item, of_sheet)
        if refusal:
            assert refusal.legal_basis
            assert "{" not in refusal.text


def test_who_has_no_sheet_raises_no_gate() -> None:
    assert code(why_not_raise_gate(meeting(), item(), None)) == "meeting.not_scoring"


@pytest.mark.parametrize("state", [ItemState.SCORING, ItemState.LOCKED])
def test_a_survey_is_noted_before_scoring(state: ItemState) -> None:
    assert code(why_not_record_survey(actor(Role.AGENCY_OFFICER), item(state))) == "item.state"


def test_the_document_is_for_those_who_read_sheets() -> None:
    assert why_not_read_file(tells_averages=True) is None
    assert code(why_not_read_file(tells_averages=False)) == "result.file_not_shown"


def test_members_read_papers_from_their_day_and_the_province_always() -> None:
    before = AT.date() - timedelta(days=1)
    assert (
        code(why_not_read_papers(actor(Role.COUNCIL_MEMBER), item(), before)) == "papers.not_open"
    )
    assert why_not_read_papers(actor(Role.COUNCIL_MEMBER), item(), AT.date()) is None
    for role in (Role.AGENCY_OFFICER, Role.AUDITOR, Role.ADVISORY_MEMBER):
        assert why_not_read_papers(actor(role), item(), before) is None
