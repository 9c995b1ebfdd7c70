"""Plans: drafted by the agency, approved by its head, amended by a further paper."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, delete, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Refused, Worded, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.inspections.enums import InspectionState, PlanState
from app.domain.inspections.models import (
    Inspection,
    InspectionPlan,
    PlanAmendment,
    PlannedCertificate,
)
from app.domain.inspections.policy import (
    why_not_approve_plan,
    why_not_plan,
    why_not_revise_plan,
)
from app.domain.inspections.queries import agencies_on, plan_for_update
from app.domain.inspections.rules import AGENCY_LEADS, FAIRNESS
from app.domain.inspections.schemas import (
    MOST_CHOSEN,
    ApprovePlan,
    ChangeChoice,
    DraftPlan,
    RevisePlan,
)
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import in_force_on

CHOICE_MESSAGES = {
    "add": "Hãy chọn ít nhất một sản phẩm.",
    "reason": "Hãy ghi vì sao chọn các sản phẩm này.",
    "amendment_number": "Kế hoạch đã duyệt: hãy ghi số văn bản điều chỉnh.",
    "amended_on": "Kế hoạch đã duyệt: hãy ghi ngày văn bản điều chỉnh.",
    "amendment_reason": "Kế hoạch đã duyệt: hãy ghi lý do điều chỉnh.",
}
_OF_THE_PAPER = ("amendment_number", "amended_on", "amendment_reason")


class PlanNumberUsed(Conflict):
    """Numbers of papers begin anew each year and are used once in it."""

    code = "inspection.plan_number_used"
    message = "Kế hoạch số {number} năm {year} đã có."
    basis = AGENCY_LEADS


class CheckedInPlan(Refused):
    """What was checked under a plan stays in it."""

    code = "inspection.checked_in_plan"
    message = (
        "Sản phẩm của giấy {certificate} đã có cuộc kiểm tra trong kế hoạch, không đưa ra được."
    )
    basis = FAIRNESS


class TooManyChosen(Refused):
    """A plan that checks everybody checks nobody."""

    code = "inspection.too_many_chosen"
    message = "Một kế hoạch chọn tối đa {most} sản phẩm."
    basis = FAIRNESS


def draft_plan(
    session: WriteSession, data: DraftPlan, *, actor: Actor, at: datetime
) -> InspectionPlan:
    """Prepare a plan; records inspection_plan.drafted."""
    if refusal := why_not_plan(actor):
        raise refusal
    _check_agencies(session, data, at=at)
    _check_number(session, data, but=None)
    plan = InspectionPlan(
        code=new_code("KH"),
        state=PlanState.DRAFT,
        created_at=at,
        created_by=actor.name,
        **data.model_dump(),
    )
    session.add(plan)
    session.flush()
    record(
        session,
        "inspection_plan.drafted",
        subject=plan,
        actor=actor,
        at=at,
        number=plan.number,
        title=plan.title,
    )
    return plan


def revise_plan(
    session: WriteSession, code: str, data: RevisePlan, *, actor: Actor, at: datetime
) -> InspectionPlan:
    """Write a draft anew; records inspection_plan.revised. Refused once it is approved."""
    plan = plan_for_update(session, code, actor=actor)
    if refusal := why_not_revise_plan(actor, plan):
        raise refusal
    check_version(data.version, plan.version)
    _check_agencies(session, data, at=at)
    _check_number(session, data, but=plan)
    plan.sqlmodel_update(data.model_dump(exclude={"version"}))
    plan.version += 1
    record(session, "inspection_plan.revised", subject=plan, actor=actor, at=at, number=plan.number)
    return plan


def approve_plan(
    session: WriteSession, code: str, data: ApprovePlan, *, actor: Actor, at: datetime
) -> InspectionPlan:
    """Let a plan stand by the word of the agency's head; records inspection_plan.approved."""
    plan = plan_for_update(session, code, actor=actor)
    chosen = _chosen(session, plan)
    if refusal := why_not_approve_plan(actor, plan, len(chosen)):
        raise refusal
    check_version(data.version, plan.version)
    plan.state = PlanState.APPROVED
    plan.approved_at = at
    plan.approved_by = actor.name
    plan.version += 1
    record(
        session,
        "inspection_plan.approved",
        subject=plan,
        actor=actor,
        at=at,
        number=plan.number,
        count=len(chosen),
    )
    return plan


def change_choice(
    session: WriteSession, code: str, data: ChangeChoice, *, actor: Actor, at: datetime
) -> InspectionPlan:
    """Put certificates in force into a plan or take unchecked ones out.

    A draft changes freely (inspection_plan.chosen); an approved plan only by a paper with number,
    day and reason, which is kept (inspection_plan.amended).
    """
    plan = plan_for_update(session, code, actor=actor)
    if refusal := why_not_plan(actor):
        raise refusal
    check_version(data.version, plan.version)
    _check_change(plan, data, at=at)
    known = _chosen(session, plan)
    added = _added(session, data, known, at=at)
    dropped = _dropped(session, plan, data, known)
    if len(known) + len(added) - len(dropped) > MOST_CHOSEN:
        raise TooManyChosen(most=MOST_CHOSEN)
    session.add_all(
        PlannedCertificate(
            plan_id=plan.id or 0, certificate_id=one.id or 0, reason=data.reason, added_at=at
        )
        for one in added
    )
    if dropped:
        session.exec(
            delete(PlannedCertificate).where(
                col(PlannedCertificate.plan_id) == plan.id,
                col(PlannedCertificate.certificate_id).in_([known[one] for one in dropped]),
            )
        )
    plan.version += 1
    changes = {"added": [one.code for one in added], "dropped": dropped}
    if plan.state is PlanState.APPROVED:
        _amend(session, plan, data, changes, actor=actor, at=at)
    else:
        record(
            session,
            "inspection_plan.chosen",
            subject=plan,
            actor=actor,
            at=at,
            reason=data.reason,
            added_count=len(added),
            dropped_count=len(dropped),
            **changes,
        )
    session.flush()
    return plan


def _amend(
    session: WriteSession,
    plan: InspectionPlan,
    data: ChangeChoice,
    changes: dict[str, list[str]],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    amendment = PlanAmendment(
        code=new_code("DC"),
        plan_id=plan.id or 0,
        number=data.amendment_number,
        decided_on=data.amended_on or local_day(at),
        reason=data.amendment_reason,
        changes=changes,
        recorded_by=actor.name,
        recorded_at=at,
    )
    session.add(amendment)
    record(
        session,
        "inspection_plan.amended",
        subject=plan,
        actor=actor,
        at=at,
        number=data.amendment_number,
        reason=data.amendment_reason,
        **changes,
    )


def _check_change(plan: InspectionPlan, data: ChangeChoice, *, at: datetime) -> None:
    lacking = set()
    if not data.add and not data.drop:
        lacking.add("add")
    if data.add and not data.reason:
        lacking.add("reason")
    if plan.state is PlanState.APPROVED:
        lacking |= {name for name in _OF_THE_PAPER if not getattr(data, name)}
    wrong = {name: said for name, said in CHOICE_MESSAGES.items() if name in lacking}
    if wrong:
        raise Invalid(wrong)
    if data.amended_on is not None and data.amended_on > local_day(at):
        raise Invalid({"amended_on": "Ngày chưa đến."})


def _chosen(session: WriteSession, plan: InspectionPlan) -> dict[str, int]:
    return dict(
        session.exec(
            select(Certificate.code, PlannedCertificate.certificate_id)
            .join(PlannedCertificate, col(PlannedCertificate.certificate_id) == col(Certificate.id))
            .where(col(PlannedCertificate.plan_id) == plan.id)
            .limit(MOST_CHOSEN)
        ).all()
    )


def _added(
    session: WriteSession, data: ChangeChoice, known: dict[str, int], *, at: datetime
) -> Sequence[Certificate]:
    wanted = [code for code in dict.fromkeys(data.add) if code not in known]
    found = session.exec(
        select(Certificate)
        .where(col(Certificate.code).in_(wanted), *in_force_on(local_day(at)))
        .order_by(col(Certificate.id))
    ).all()
    if missing := sorted(set(wanted) - {one.code for one in found}):
        raise Invalid(
            {
                "add": Worded(
                    "Giấy chứng nhận {certificate} không có hoặc không còn hiệu lực.",
                    certificate=missing[0],
                )
            }
        )
    return found


def _dropped(
    session: WriteSession, plan: InspectionPlan, data: ChangeChoice, known: dict[str, int]
) -> list[str]:
    dropped = [code for code in dict.fromkeys(data.drop) if code in known]
    checked = session.exec(
        select(Certificate.code)
        .join(Inspection, col(Inspection.certificate_id) == col(Certificate.id))
        .where(
            col(Inspection.plan_id) == plan.id,
            col(Inspection.state) != InspectionState.CANCELLED,
            col(Certificate.code).in_(dropped),
        )
        .limit(1)
    ).first()
    if checked is not None:
        raise CheckedInPlan(certificate=checked)
    return dropped


def _check_agencies(session: WriteSession, data: DraftPlan, *, at: datetime) -> None:
    known = {one.code for one in agencies_on(session, local_day(at))}
    if not set(data.agencies) <= known:
        raise Invalid({"agencies": "Có cơ quan không còn hoạt động hoặc không có trong danh sách."})


def _check_number(session: WriteSession, data: DraftPlan, *, but: InspectionPlan | None) -> None:
    query = select(InspectionPlan.id).where(
        col(InspectionPlan.year) == data.year, col(InspectionPlan.number) == data.number
    )
    if but is not None:
        query = query.where(col(InspectionPlan.id) != but.id)
    if session.exec(query).first() is not None:
        raise PlanNumberUsed(number=data.number, year=data.year)
