"""Who enters sheets for members: the council's office, and nobody who still scores the product."""

import pytest

from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor, Grant
from app.domain.councils.enums import Seat, SheetState
from app.domain.councils.models import CouncilMember, ScoreSheet
from app.domain.councils.policy import (
    NotTheOffice,
    OwnSheetFirst,
    why_not_enter,
    why_not_enter_for,
)
from tests.conftest import AT

MEMBER = Actor(user_id=2, name="Thư ký", grants=(Grant(Role.COUNCIL_MEMBER),))
OFFICER = Actor(user_id=9, name="Cán bộ", grants=(Grant(Role.AGENCY_OFFICER),))


def seated(number: int, seat: Seat) -> CouncilMember:
    return CouncilMember(
        id=number,
        council_id=1,
        user_id=number,
        name="Người Mẫu",
        organisation="Sở",
        seat=seat,
        voting=True,
        seated_on=AT.date(),
    )


def own_sheet(state: SheetState) -> ScoreSheet:
    return ScoreSheet(code="PD-1", item_id=1, member_id=2, state=state, updated_at=AT)


@pytest.mark.parametrize("seat", list(Seat))
def test_of_the_seats_only_the_secretarys_enters_for_others(seat: Seat) -> None:
    refused = why_not_enter(MEMBER, seated(2, seat))
    assert (refused is None) == (seat is Seat.SECRETARY)


def test_an_officer_without_a_seat_enters_and_loses_that_with_another_seat() -> None:
    assert why_not_enter(OFFICER, None) is None
    assert isinstance(why_not_enter(OFFICER, seated(9, Seat.MEMBER)), NotTheOffice)
    assert isinstance(why_not_enter(MEMBER, None), NotTheOffice)


def test_who_still_scores_a_product_does_not_see_how_others_scored_it() -> None:
    secretary, other = seated(2, Seat.SECRETARY), seated(3, Seat.MEMBER)
    draft, submitted = own_sheet(SheetState.DRAFT), own_sheet(SheetState.SUBMITTED)
    assert isinstance(why_not_enter_for(MEMBER, other, secretary, draft), OwnSheetFirst)
    assert why_not_enter_for(MEMBER, other, secretary, submitted) is None
    assert why_not_enter_for(MEMBER, secretary, secretary, draft) is None, "the own paper"
