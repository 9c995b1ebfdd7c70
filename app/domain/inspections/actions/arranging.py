"""Checks before they begin: what is checked, when, where, by whom; moved or cancelled."""

from datetime import date, datetime

from sqlmodel import col, delete, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, Refused, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.models import Dossier
from app.domain.inspections.actions.telling import tell_arranged, tell_cancelled
from app.domain.inspections.enums import Finding, InspectionKind, InspectionState
from app.domain.inspections.models import (
    Inspection,
    InspectionMember,
    InspectionPlan,
    PlannedCertificate,
)
from app.domain.inspections.policy import (
    why_not_arrange,
    why_not_cancel,
    why_not_check_under,
    why_not_plan,
)
from app.domain.inspections.queries import (
    InspectionRow,
    Person,
    get_inspection,
    inspection_for_update,
    items_of,
    people_for_teams,
    plan_for_update,
    team_of,
)
from app.domain.inspections.rules import AGENCY_LEADS, FAIRNESS, GUESTS, KIND_LABELS, LEADERS
from app.domain.inspections.schemas import CancelInspection, PlanInspection, Rearrange
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import CertifiedProduct, certificate_for_update
from app.rulebooks.loader import rubric_in_force


class NotInPlan(Refused):
    """A periodic check is of a product its plan chose."""

    code = "inspection.not_in_plan"
    message = "Kế hoạch không chọn sản phẩm này. Hãy điều chỉnh kế hoạch trước."
    basis = FAIRNESS


class CheckedTwice(Conflict):
    """Nobody is checked twice in a plan."""

    code = "inspection.checked_twice"
    message = "Sản phẩm đã có cuộc kiểm tra {inspection} trong kế hoạch này."
    basis = FAIRNESS


class OutsidePeriod(Refused):
    """Periodic checks lie within their plan's days."""

    code = "inspection.outside_period"
    message = "Kế hoạch kiểm tra từ {first} đến hết {last}; ngày {day} nằm ngoài."
    basis = FAIRNESS


class OtherAgency(Refused):
    """A periodic check is made by the agencies its plan names."""

    code = "inspection.other_agency"
    message = "{name} thuộc cơ quan không tham gia kế hoạch này."
    basis = AGENCY_LEADS


class NotConcludedYet(Refused):
    """Only a concluded check is followed by another one."""

    code = "inspection.not_concluded"
    message = "Cuộc kiểm tra {inspection} chưa kết luận, nên chưa có cuộc nối tiếp."
    basis = FAIRNESS


def plan_inspection(
    session: WriteSession, data: PlanInspection, *, actor: Actor, at: datetime
) -> InspectionRow:
    """Plan a check of one certificate's product with its team; records inspection.planned.

    A periodic one belongs to an approved plan that chose the product, and is announced to producer
    and commune; a surprise one has its reason and is announced to nobody (art. 9.2.a).
    """
    if refusal := why_not_plan(actor):
        raise refusal
    on = local_day(at)
    found = certificate_for_update(session, data.certificate, actor=actor, on=on)
    plan = _plan_of(session, data, found.certificate, actor=actor)
    _check_day(data.planned_on, at=at, plan=plan)
    team = _team(session, data.leader, data.team, at=at, plan=plan)
    rubric_code, is_judged = _rubric_of(session, found)
    inspection = Inspection(
        code=new_code("KT"),
        state=InspectionState.PLANNED,
        kind=data.kind,
        plan_id=plan.id if plan else None,
        certificate_id=found.certificate.id or 0,
        follows_id=_followed(session, data.follows, found.certificate, actor=actor, at=at),
        reason=data.reason if data.kind is InspectionKind.SURPRISE else "",
        planned_on=data.planned_on,
        place=data.place,
        rubric_code=rubric_code,
        is_judged_by_rubric=is_judged,
        created_at=at,
        created_by=actor.name,
    )
    session.add(inspection)
    session.flush()
    _seat(session, inspection, team, data.leader)
    row = get_inspection(session, inspection.code, actor=actor, on=on)
    record(
        session,
        "inspection.planned",
        subject=inspection,
        actor=actor,
        at=at,
        certificate=found.certificate.code,
        how=KIND_LABELS[data.kind],
        day=f"{data.planned_on:%d/%m/%Y}",
        plan=plan.code if plan else "",
        reason=inspection.reason,
        team=[person.user.name for person, _ in team],
    )
    _announce(session, row, actor=actor, at=at)
    return row


def rearrange(
    session: WriteSession, code: str, data: Rearrange, *, actor: Actor, at: datetime
) -> InspectionRow:
    """Move a check that did not begin, or change its team; records inspection.rearranged."""
    row = inspection_for_update(session, code, actor=actor, on=local_day(at))
    if refusal := why_not_arrange(actor, row.inspection):
        raise refusal
    check_version(data.version, row.inspection.version)
    _check_day(data.planned_on, at=at, plan=row.plan)
    team = _team(session, data.leader, data.team, at=at, plan=row.plan)
    before = row.inspection.planned_on
    row.inspection.planned_on = data.planned_on
    row.inspection.place = data.place
    row.inspection.version += 1
    session.exec(
        delete(InspectionMember).where(col(InspectionMember.inspection_id) == row.inspection.id)
    )
    _seat(session, row.inspection, team, data.leader)
    record(
        session,
        "inspection.rearranged",
        subject=row.inspection,
        actor=actor,
        at=at,
        before=f"{before:%d/%m/%Y}",
        day=f"{data.planned_on:%d/%m/%Y}",
        team=[person.user.name for person, _ in team],
    )
    _announce(session, row, actor=actor, at=at)
    return row


def cancel_inspection(
    session: WriteSession, code: str, data: CancelInspection, *, actor: Actor, at: datetime
) -> InspectionRow:
    """Give a check up; records inspection.cancelled. Whoever was told of it is told.

    Refused once something was found not kept: that goes into minutes.
    """
    row = inspection_for_update(session, code, actor=actor, on=local_day(at))
    items = items_of(session, row.inspection).values()
    broken = any(one.finding is Finding.NOT_KEPT for one in items)
    if refusal := why_not_cancel(actor, row.inspection, broken=broken):
        raise refusal
    check_version(data.version, row.inspection.version)
    row.inspection.state = InspectionState.CANCELLED
    row.inspection.cancel_reason = data.reason
    row.inspection.version += 1
    record(
        session,
        "inspection.cancelled",
        subject=row.inspection,
        actor=actor,
        at=at,
        reason=data.reason,
    )
    team = team_of(session, row.inspection)
    tell_cancelled(session, row, team, actor=actor, at=at)
    return row


def _announce(session: WriteSession, row: InspectionRow, *, actor: Actor, at: datetime) -> None:
    """Tell the team, and of a periodic check also the producer's side."""
    team = team_of(session, row.inspection)
    if row.inspection.kind is InspectionKind.PERIODIC:
        row.inspection.announced_at = at
        session.flush()
    tell_arranged(session, row, team, actor=actor, at=at)


def _plan_of(
    session: WriteSession, data: PlanInspection, certificate: Certificate, *, actor: Actor
) -> InspectionPlan | None:
    if data.kind is InspectionKind.SURPRISE:
        if not data.reason:
            raise Invalid({"reason": "Kiểm tra đột xuất phải có lý do."})
        if data.plan:
            raise Invalid({"plan": "Kiểm tra đột xuất không thuộc kế hoạch."})
        return None
    if not data.plan:
        raise Invalid({"plan": "Kiểm tra định kỳ phải theo một kế hoạch."})
    plan = plan_for_update(session, data.plan, actor=actor)
    if refusal := why_not_check_under(plan):
        raise refusal
    is_chosen = session.exec(
        select(PlannedCertificate.plan_id).where(
            col(PlannedCertificate.plan_id) == plan.id,
            col(PlannedCertificate.certificate_id) == certificate.id,
        )
    ).first()
    if is_chosen is None:
        raise NotInPlan
    other = session.exec(
        select(Inspection.code).where(
            col(Inspection.plan_id) == plan.id,
            col(Inspection.certificate_id) == certificate.id,
            col(Inspection.state) != InspectionState.CANCELLED,
        )
    ).first()
    if other is not None:
        raise CheckedTwice(inspection=other)
    return plan


def _check_day(day: date, *, at: datetime, plan: InspectionPlan | None) -> None:
    if day < local_day(at):
        raise Invalid({"planned_on": "Ngày kiểm tra không được ở trước hôm nay."})
    if plan is not None and not plan.period_from <= day <= plan.period_to:
        raise OutsidePeriod(
            first=f"{plan.period_from:%d/%m/%Y}",
            last=f"{plan.period_to:%d/%m/%Y}",
            day=f"{day:%d/%m/%Y}",
        )


def _team(
    session: WriteSession,
    leader: str,
    others: list[str],
    *,
    at: datetime,
    plan: InspectionPlan | None,
) -> list[tuple[Person, str]]:
    """Return the people of a team, the leader first; refuse who may not sit on this one."""
    known = {name: person for person, name in people_for_teams(session, on=local_day(at))}
    names = list(dict.fromkeys([leader, *others]))
    if unknown := [name for name in names if name not in known]:
        field = "leader" if leader in unknown else "team"
        raise Invalid(
            {field: "Chỉ cán bộ cơ quan OCOP tỉnh, quản lý thị trường và sở, ngành vào đoàn."}
        )
    if known[leader].role not in LEADERS:
        raise Invalid({"leader": "Trưởng đoàn phải là người của cơ quan tham mưu OCOP cấp tỉnh."})
    team = [(known[name], name) for name in names]
    if plan is not None:
        for person, _ in team:
            if person.role in GUESTS and person.agency_code not in plan.agencies:
                raise OtherAgency(name=person.user.name)
    return team


def _seat(
    session: WriteSession, inspection: Inspection, team: list[tuple[Person, str]], leader: str
) -> None:
    session.add_all(
        InspectionMember(
            inspection_id=inspection.id or 0,
            user_id=person.user.id or 0,
            name=person.user.name,
            agency_code=person.agency_code,
            agency_name=person.agency_name,
            is_leader=name == leader,
        )
        for person, name in team
    )
    session.flush()


def _rubric_of(session: WriteSession, found: CertifiedProduct) -> tuple[str, bool]:
    """Return the rubric to check by, and whether the product was judged by it.

    A certificate that was entered without its dossier is looked at by the newest rubric of its set.
    """
    dossier_id = found.certificate.dossier_id
    if dossier_id is not None:
        dossier = session.get(Dossier, dossier_id)
        if dossier is not None:
            return dossier.rubric_code, True
    return rubric_in_force(found.product.set_number, found.on).code, False


def _followed(
    session: WriteSession, code: str, certificate: Certificate, *, actor: Actor, at: datetime
) -> int | None:
    if not code:
        return None
    try:
        earlier = get_inspection(session, code, actor=actor, on=local_day(at))
    except NotFound as unknown:
        raise Invalid({"follows": "Không có cuộc kiểm tra này."}) from unknown
    if earlier.certificate.product_id != certificate.product_id:
        raise Invalid({"follows": "Cuộc kiểm tra này của sản phẩm khác."})
    if earlier.inspection.state is not InspectionState.CONCLUDED:
        raise NotConcludedYet(inspection=code)
    return earlier.inspection.id
