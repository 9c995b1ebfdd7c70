"""Who may do what at a check: the agency plans and concludes, the team writes, the producer answers."""

from collections.abc import Collection

from app.core.errors import Conflict, NotPermitted, Refusal, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.inspections.enums import InspectionState, InspectionStep, PlanState
from app.domain.inspections.models import Inspection, InspectionMember, InspectionPlan
from app.domain.inspections.rules import (
    AGENCY_LEADS,
    BEFORE_ANYTHING_IS_TOLD,
    CHECKING,
    FAIRNESS,
    LEADERS,
    PLAN_LABELS,
    STATE_LABELS,
    WRITABLE,
    may_follow,
)
from app.domain.producers.models import Producer


class PlanningByAgency(NotPermitted):
    """The agency plans and leads checks."""

    code = "inspection.planning_by_agency"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được lập kế hoạch, tổ chức kiểm tra."
    basis = AGENCY_LEADS


class DeputyWrotePlan(NotPermitted):
    """Two people stand behind a plan, also while one of them is on leave."""

    code = "inspection_plan.deputy_wrote_plan"
    message = "Bạn đã lập kế hoạch này và chỉ đang thay {absent}: hãy để người khác duyệt."


class ApprovalByHead(NotPermitted):
    """The head of the agency approves plans."""

    code = "inspection.approval_by_head"
    message = "Chỉ thủ trưởng cơ quan tham mưu OCOP cấp tỉnh được duyệt kế hoạch kiểm tra."
    basis = AGENCY_LEADS


class PlanWrongState(Conflict):
    """A draft is revised and approved; an approved plan is only amended."""

    code = "inspection.plan_state"
    message = "Kế hoạch đang ở trạng thái «{state}», không thực hiện được việc này."
    basis = AGENCY_LEADS


class NothingChosen(Refused):
    """A plan without products plans nothing."""

    code = "inspection.nothing_chosen"
    message = "Kế hoạch chưa chọn sản phẩm nào. Hãy chọn sản phẩm trước khi duyệt."
    basis = FAIRNESS


class WrongState(Conflict):
    """The check is at another point."""

    code = "inspection.state"
    message = "Cuộc kiểm tra đang ở trạng thái «{state}», không thực hiện được việc này."
    basis = CHECKING


class BreachFound(Refused):
    """A check that found something is closed with its minutes, not given up."""

    code = "inspection.breach_found"
    message = "Đoàn đã ghi nội dung không duy trì: phải lập biên bản, không hủy cuộc kiểm tra."
    basis = FAIRNESS


class NotOnTeam(NotPermitted):
    """Findings are written by the team that was there."""

    code = "inspection.not_on_team"
    message = "Chỉ thành viên đoàn kiểm tra được ghi kết quả kiểm tra."
    basis = AGENCY_LEADS


class ByLeader(NotPermitted):
    """The leader of the team answers for the minutes and for what is to be mended."""

    code = "inspection.by_leader"
    message = "Chỉ trưởng đoàn kiểm tra được làm việc này."
    basis = AGENCY_LEADS


class AnswerByProducer(NotPermitted):
    """The producer answers, or the officer of its commune on its behalf."""

    code = "inspection.answer_by_producer"
    message = "Chỉ chủ thể, hoặc cán bộ xã làm thay, được trả lời nội dung khắc phục."
    basis = CHECKING


class JudgedByAgency(NotPermitted):
    """The agency decides whether something was mended, and concludes."""

    code = "inspection.judged_by_agency"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được xem xét việc khắc phục và ghi kết luận kiểm tra."
    basis = AGENCY_LEADS


def why_not_plan(actor: Actor) -> Refusal | None:
    """Officers and head of the agency plan checks (art. 9.4.a)."""
    return None if actor.has(*LEADERS) else PlanningByAgency()


def why_not_revise_plan(actor: Actor, plan: InspectionPlan) -> Refusal | None:
    """A plan is written anew until it is approved."""
    if refusal := why_not_plan(actor):
        return refusal
    return None if plan.state is PlanState.DRAFT else _plan_state(plan)


def why_not_approve_plan(actor: Actor, plan: InspectionPlan, chosen: int) -> Refusal | None:
    """The head approves a draft that chose something."""
    if not actor.has(Role.AGENCY_HEAD):
        return ApprovalByHead()
    if plan.state is not PlanState.DRAFT:
        return _plan_state(plan)
    absent = actor.only_stands_in(Role.AGENCY_HEAD)
    if absent and plan.created_by == actor.name:
        return DeputyWrotePlan(absent=absent)
    return None if chosen else NothingChosen()


def why_not_check_under(plan: InspectionPlan) -> Refusal | None:
    """Periodic checks begin when their plan is approved."""
    return None if plan.state is PlanState.APPROVED else _plan_state(plan)


def why_not_arrange(actor: Actor, inspection: Inspection) -> Refusal | None:
    """The agency moves a check until it begins."""
    return why_not_plan(actor) or _wrong_state(inspection, InspectionStep.REARRANGE)


def why_not_cancel(actor: Actor, inspection: Inspection, *, broken: bool) -> Refusal | None:
    """The agency gives a check up until its minutes are closed, but not what was found not kept."""
    if refusal := why_not_plan(actor) or _wrong_state(inspection, InspectionStep.CANCEL):
        return refusal
    return BreachFound() if broken else None


def why_not_write(
    actor: Actor, inspection: Inspection, team: Collection[InspectionMember]
) -> Refusal | None:
    """The team writes findings and adds photos until the minutes are closed."""
    if not on_team(actor, team):
        return NotOnTeam()
    if inspection.state not in WRITABLE:
        return WrongState(state=STATE_LABELS[inspection.state])
    return None


def why_not_close(
    actor: Actor, inspection: Inspection, team: Collection[InspectionMember]
) -> Refusal | None:
    """The leader closes the minutes of a check that was begun."""
    return _why_not_leader(actor, team) or _wrong_state(inspection, InspectionStep.CLOSE)


def why_not_scan(
    actor: Actor, inspection: Inspection, team: Collection[InspectionMember]
) -> Refusal | None:
    """The leader keeps the scan of closed minutes, until the conclusion."""
    if refusal := _why_not_leader(actor, team):
        return refusal
    if inspection.state in {InspectionState.RECORDED, InspectionState.CORRECTING}:
        return None
    return WrongState(state=STATE_LABELS[inspection.state])


def why_not_ask_correction(
    actor: Actor, inspection: Inspection, team: Collection[InspectionMember]
) -> Refusal | None:
    """The leader asks once, after the minutes, for what can be mended."""
    return _why_not_leader(actor, team) or _wrong_state(inspection, InspectionStep.ASK_CORRECTION)


def why_not_answer(actor: Actor, inspection: Inspection, producer: Producer) -> Refusal | None:
    """The producer answers, or its commune's officer on its behalf, while mending lasts."""
    if not (
        actor.acts_for(producer.id)
        or actor.has_in_unit(producer.commune_code, Role.COMMUNE_OFFICER)
    ):
        return AnswerByProducer()
    return _wrong_state(inspection, InspectionStep.ANSWER)


def why_not_judge(actor: Actor, inspection: Inspection) -> Refusal | None:
    """The agency accepts or refuses what was mended."""
    if not actor.has(Role.AGENCY_OFFICER):
        return JudgedByAgency()
    return _wrong_state(inspection, InspectionStep.JUDGE)


def why_not_conclude(actor: Actor, inspection: Inspection) -> Refusal | None:
    """The agency concludes, once: a conclusion is never edited."""
    if not actor.has(Role.AGENCY_OFFICER):
        return JudgedByAgency()
    return _wrong_state(inspection, InspectionStep.CONCLUDE)


def on_team(actor: Actor, team: Collection[InspectionMember]) -> bool:
    """Tell whether this person is on the team."""
    return actor.user_id is not None and actor.user_id in {one.user_id for one in team}


def sees_findings(actor: Actor, inspection: Inspection, team: Collection[InspectionMember]) -> bool:
    """Tell whether this reader sees the whole checklist: province and team, others once concluded."""
    return (
        actor.sees_province or on_team(actor, team) or inspection.state is InspectionState.CONCLUDED
    )


def sees_corrections(
    actor: Actor, inspection: Inspection, team: Collection[InspectionMember]
) -> bool:
    """Tell whether this reader sees what is to be mended: the producer's side once it was asked."""
    return (
        actor.sees_province
        or on_team(actor, team)
        or inspection.state not in BEFORE_ANYTHING_IS_TOLD
    )


def _why_not_leader(actor: Actor, team: Collection[InspectionMember]) -> Refusal | None:
    leads = {one.user_id for one in team if one.is_leader}
    return None if actor.user_id in leads else ByLeader()


def _wrong_state(inspection: Inspection, step: InspectionStep) -> Refusal | None:
    if may_follow(inspection.state, step):
        return None
    return WrongState(state=STATE_LABELS[inspection.state])


def _plan_state(plan: InspectionPlan) -> PlanWrongState:
    return PlanWrongState(state=PLAN_LABELS[plan.state])
