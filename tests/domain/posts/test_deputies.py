"""A deputy does not approve what they wrote: two people stand behind a plan, leave or not."""

from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor, Grant
from app.domain.inspections.enums import PlanState
from app.domain.inspections.models import InspectionPlan
from app.domain.inspections.policy import DeputyWrotePlan, why_not_approve_plan

OFFICER = Grant(Role.AGENCY_OFFICER)
LENT = Grant(Role.AGENCY_HEAD, stands_in_for="Vàng A Mẫu")


def plan(author: str) -> InspectionPlan:
    return InspectionPlan(state=PlanState.DRAFT, created_by=author)  # type: ignore[call-arg]  # -- what is asked


def test_a_deputy_approves_the_plans_of_others_and_not_their_own() -> None:
    deputy = Actor(user_id=1, name="Giàng A Mẫu", grants=(OFFICER, LENT))
    refusal = why_not_approve_plan(deputy, plan("Giàng A Mẫu"), 3)
    assert isinstance(refusal, DeputyWrotePlan)
    assert "Vàng A Mẫu" in refusal.text
    assert why_not_approve_plan(deputy, plan("Lò Thị Mẫu"), 3) is None


def test_whoever_holds_the_post_as_their_own_is_no_deputy() -> None:
    both = Actor(user_id=1, name="Giàng A Mẫu", grants=(OFFICER, LENT, Grant(Role.AGENCY_HEAD)))
    assert both.only_stands_in(Role.AGENCY_HEAD) == ""
    assert why_not_approve_plan(both, plan("Giàng A Mẫu"), 3) is None
