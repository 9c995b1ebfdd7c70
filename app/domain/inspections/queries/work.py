"""What waits for people at checks, and what the checks of a year came to."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, extract, false, func, or_, select

from app.core.db import ReadSession
from app.core.errors import Worded
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.inspections.enums import (
    CorrectionState,
    InspectionKind,
    InspectionState,
    Outcome,
    PlanState,
)
from app.domain.inspections.models import (
    CheckedItem,
    Inspection,
    InspectionMember,
    InspectionPlan,
)
from app.domain.inspections.rules import AGENCY_LEADS, CHECKING, LEADERS, TEAM
from app.domain.inspections.schemas import CountsOut
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate

MOST_WORK = 20
_TITLE_SENTENCES = {
    "inspection.to_make": "Kiểm tra «{product}»",
    "inspection.to_close": "Ghi tiếp, lập biên bản kiểm tra «{product}»",
    "inspection.to_settle": "Xử lý kết quả kiểm tra «{product}»",
    "inspection.to_mend": "Khắc phục sau kiểm tra «{product}»",
    "inspection.to_judge": "Xem trả lời khắc phục «{product}»",
    "inspection.to_conclude": "Kết luận kiểm tra «{product}»",
    "inspection.overdue": "Quá hạn khắc phục: «{product}»",
}
_TO_MEND = (CorrectionState.ASKED, CorrectionState.REFUSED)


def work_for(session: ReadSession, actor: Actor, *, on: date) -> list[WorkItem]:
    """Return the checks that wait for this person: one statement, and one more for the head's plans."""
    return [*_plans_to_approve(session, actor), *_checks(session, actor, on)]


def _checks(session: ReadSession, actor: Actor, on: date) -> list[WorkItem]:
    leads, sits = actor.has(*LEADERS), actor.has(*TEAM)
    answers = actor.has(Role.PRODUCER, Role.COMMUNE_OFFICER)
    if not (leads or sits or answers):
        return []
    mine = select(col(InspectionMember.inspection_id)).where(
        col(InspectionMember.user_id) == actor.user_id
    )
    waits: list[ColumnElement[bool]] = []
    if sits:
        on_team = col(Inspection.id).in_(mine)
        waits.append(
            and_(
                on_team,
                col(Inspection.state).in_((InspectionState.PLANNED, InspectionState.UNDER_WAY)),
            )
        )
    if leads:
        answered = _has_correction(CorrectionState.ANSWERED)
        overdue = and_(col(Inspection.correction_due_on) < on, _has_correction(*_TO_MEND))
        settled = ~_has_correction(*_TO_MEND, CorrectionState.ANSWERED)
        waits.append(col(Inspection.state) == InspectionState.RECORDED)
        waits.append(
            and_(
                col(Inspection.state) == InspectionState.CORRECTING,
                or_(answered, overdue, settled),
            )
        )
    if answers:
        waits.append(
            and_(
                col(Inspection.state) == InspectionState.CORRECTING,
                _of_the_producers_side(actor),
                _has_correction(*_TO_MEND),
            )
        )
    rows = session.exec(
        select(
            Inspection,
            Certificate.product_name,
            Certificate.producer_name,
            _has_correction(CorrectionState.ANSWERED),
        )
        .join(Certificate, col(Certificate.id) == col(Inspection.certificate_id))
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .where(or_(*waits))
        .order_by(
            func.coalesce(col(Inspection.correction_due_on), col(Inspection.planned_on)),
            col(Inspection.id),
        )
        .limit(MOST_WORK)
    ).all()
    return [
        _item(inspection, product, producer, is_answered=bool(answered), leads=leads, on=on)
        for inspection, product, producer, answered in rows
    ]


def _has_correction(*states: CorrectionState) -> ColumnElement[bool]:
    return (
        select(CheckedItem.item)
        .where(
            col(CheckedItem.inspection_id) == col(Inspection.id),
            col(CheckedItem.correction).in_(states),
        )
        .correlate(Inspection)
        .exists()
    )


def _of_the_producers_side(actor: Actor) -> ColumnElement[bool]:
    communes = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER]
    conditions: list[ColumnElement[bool]] = []
    if actor.producer_ids:
        conditions.append(col(Certificate.producer_id).in_(actor.producer_ids))
    if communes:
        conditions.append(col(Product.commune_code).in_(communes))
    return or_(*conditions) if conditions else false()


def _item(
    inspection: Inspection,
    product: str,
    producer: str,
    *,
    is_answered: bool,
    leads: bool,
    on: date,
) -> WorkItem:
    due, route = inspection.planned_on, "inspections.show"
    match inspection.state:
        case InspectionState.PLANNED:
            kind = "inspection.to_make"
        case InspectionState.UNDER_WAY:
            kind = "inspection.to_close"
        case InspectionState.RECORDED:
            kind = "inspection.to_settle"
        case _ if not leads:
            kind, route = "inspection.to_mend", "inspections.corrections"
        case _ if is_answered:
            kind, route = "inspection.to_judge", "inspections.corrections"
        case _ if inspection.correction_due_on is None:
            kind = "inspection.to_conclude"
        case _:
            kind, route = "inspection.overdue", "inspections.corrections"
    if inspection.state is InspectionState.CORRECTING:
        due = inspection.correction_due_on or on
    return WorkItem(
        kind=kind,
        code=inspection.code,
        title=Worded(_TITLE_SENTENCES[kind], product=product),
        subtitle=producer,
        due_on=due,
        overdue=due < on,
        basis=CHECKING,
        route_name=route,
    )


def _plans_to_approve(session: ReadSession, actor: Actor) -> list[WorkItem]:
    if not actor.has(Role.AGENCY_HEAD):
        return []
    plans = session.exec(
        select(InspectionPlan)
        .where(col(InspectionPlan.state) == PlanState.DRAFT)
        .order_by(col(InspectionPlan.id))
        .limit(MOST_WORK)
    ).all()
    return [
        WorkItem(
            kind="inspection_plan.to_approve",
            code=plan.code,
            title=Worded("Duyệt kế hoạch kiểm tra số {number}", number=plan.number),
            subtitle=plan.title,
            due_on=None,
            overdue=False,
            basis=AGENCY_LEADS,
            route_name="inspection_plans.show",
        )
        for plan in plans
    ]


def inspected(session: ReadSession, year: int) -> CountsOut:
    """Return what the checks concluded in a year came to: one statement, for the provincial report."""
    return inspected_by_year(session, [year])[0]


def inspected_by_year(session: ReadSession, years: Sequence[int]) -> list[CountsOut]:
    """Return the counts of several years, in their order; a year without checks counts zero."""
    year_of = extract("year", col(Inspection.concluded_on))
    rows = session.exec(
        select(year_of, Inspection.outcome, Inspection.kind, func.count())
        .where(
            col(Inspection.state) == InspectionState.CONCLUDED,
            year_of.in_(years),
        )
        .group_by(year_of, col(Inspection.outcome), col(Inspection.kind))
    ).all()
    found = [(int(year), outcome, kind, count) for year, outcome, kind, count in rows]

    def total(
        year: int, *, outcome: Outcome | None = None, kind: InspectionKind | None = None
    ) -> int:
        return sum(
            count
            for its_year, its_outcome, its_kind, count in found
            if its_year == year and outcome in {None, its_outcome} and kind in {None, its_kind}
        )

    return [
        CountsOut(
            year=year,
            concluded=total(year),
            kept=total(year, outcome=Outcome.KEPT),
            corrected=total(year, outcome=Outcome.CORRECTED),
            breach=total(year, outcome=Outcome.BREACH),
            periodic=total(year, kind=InspectionKind.PERIODIC),
            surprise=total(year, kind=InspectionKind.SURPRISE),
        )
        for year in years
    ]
