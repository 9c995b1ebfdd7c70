"""What waits for whom, and what is late at a commune."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlmodel import and_, col, false, func, not_, or_, select

from app.core.db import ReadSession
from app.core.errors import Worded
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.advisory.queries import standing_of
from app.domain.advisory.rules import Standing
from app.domain.dossiers.enums import DossierState, Finding
from app.domain.dossiers.models import AdvisoryReport, CommuneReport, Dossier
from app.domain.dossiers.queries.rows import is_late
from app.domain.dossiers.rules import (
    ADVICE,
    ADVISABLE,
    AT_COMMUNE,
    COMMUNE,
    COMMUNE_REPORT,
    EDITABLE,
    PREPARED,
    PROVINCE_INTAKE,
)
from app.domain.places.models import AdministrativeUnit
from app.domain.producers.models import Producer
from app.domain.products.models import Product

MOST_WORK = 50
# What waits, in words, by kind of work.
_WORK_LABELS: dict[str, str] = {
    "dossier.commune_late": "Xã quá hạn: {product}",
    "dossier.draft": "Hoàn thành và nộp hồ sơ: {product}",
    "dossier.returned": "Bổ sung hồ sơ xã trả lại: {product}",
    "dossier.propose": "Đề nghị tỉnh: {product}",
    "dossier.completion_late": "Chưa hoàn thiện theo yêu cầu: {product}",
    "dossier.complete": "Hoàn thiện theo yêu cầu của tỉnh: {product}",
    "dossier.advise": "Viết báo cáo của Tổ tư vấn: {product}",
    "dossier.accept": "Tiếp nhận hồ sơ: {product}",
    "dossier.sign": "Ký báo cáo đánh giá: {product}",
    "dossier.report": "Kiểm tra, viết báo cáo: {product}",
}


def work_for(session: ReadSession, actor: Actor, on: date) -> list[WorkItem]:
    """Return what waits for this person, oldest deadline first, in one statement, advisors in two.

    Producers finish their drafts; the commune checks, signs and proposes within 15 working days
    (26/2026/QĐ-TTg art. 7.2); the agency accepts what was proposed and sees which commune is late;
    what the province asked for waits for producer and commune; the advisory team reports (art. 7.3),
    which is nobody's work outside the team.
    """
    waits = _waiting_for(actor, on)
    if actor.has(Role.ADVISORY_MEMBER) and not _is_outside(session, actor, on):
        signed = select(AdvisoryReport.dossier_id).where(col(AdvisoryReport.signed_at).is_not(None))
        waits.append(and_(col(Dossier.state).in_(ADVISABLE), col(Dossier.id).not_in(signed)))
    if not waits:
        return []
    rows = session.exec(
        select(Dossier, Product, Producer, CommuneReport)
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .join(CommuneReport, col(CommuneReport.dossier_id) == col(Dossier.id), isouter=True)
        .where(or_(*waits))
        .order_by(
            col(Dossier.commune_due_on).is_(None), col(Dossier.commune_due_on), col(Dossier.id)
        )
        .limit(MOST_WORK)
    ).all()
    found = []
    for dossier, product, producer, report in rows:
        said = _work_said(actor, dossier, report)
        if said is not None:
            found.append(_work_item(said, dossier, product.name, producer.name, on=on))
    return sorted(found, key=lambda item: (item.due_on is None, item.due_on or on))


def overdue_dossiers(session: ReadSession, *, on: date) -> Sequence[tuple[Dossier, str, str]]:
    """Return every dossier whose commune is past its limit, with the product's and commune's name."""
    return session.exec(
        select(Dossier, Product.name, AdministrativeUnit.full_name)
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(
            AdministrativeUnit,
            and_(
                col(AdministrativeUnit.code) == col(Dossier.commune_code),
                col(AdministrativeUnit.valid_from) <= on,
                or_(
                    col(AdministrativeUnit.valid_to).is_(None),
                    col(AdministrativeUnit.valid_to) >= on,
                ),
            ),
        )
        .where(is_late(on))
        .order_by(col(Dossier.id))
    ).all()


def _waiting_for(actor: Actor, on: date) -> list[Any]:
    state, unit = col(Dossier.state), col(Dossier.commune_code)
    # No report yet reads as not confirmed: NULL would hide the dossier from its officer.
    ready = and_(
        col(Dossier.components_complete),
        *(
            func.coalesce(col(getattr(CommuneReport, f"{finding}_confirmed")), false())
            for finding in Finding
        ),
    )
    waits = []
    if actor.producer_ids:
        own = col(Dossier.producer_id).in_(actor.producer_ids)
        waits.append(and_(own, state.in_(EDITABLE | {DossierState.COMPLETION_REQUESTED})))
    officer_of = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER]
    if officer_of:
        waits.append(and_(unit.in_(officer_of), state == DossierState.FILED, not_(ready)))
        waits.append(and_(unit.in_(officer_of), state == DossierState.COMPLETION_REQUESTED))
    leader_of = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_LEADER]
    if leader_of:
        waits.append(
            and_(
                unit.in_(leader_of),
                or_(
                    state == DossierState.ASSESSED,
                    and_(state == DossierState.FILED, ready),
                ),
            )
        )
    if actor.has(Role.AGENCY_OFFICER):
        waits.append(or_(state == DossierState.PROPOSED, is_late(on)))
        unanswered = col(Dossier.completion_due_on) < on
        waits.append(and_(state == DossierState.COMPLETION_REQUESTED, unanswered))
    return waits


def _is_outside(session: ReadSession, actor: Actor, on: date) -> bool:
    return standing_of(session, actor, on=on) is Standing.DOES_NOT_SERVE


def _work_item(
    said: tuple[str, str, str, bool],
    dossier: Dossier,
    product: str,
    producer: str,
    *,
    on: date,
) -> WorkItem:
    kind, basis, route_name, has_limit = said
    due_on = dossier.commune_due_on if has_limit else None
    if dossier.state is DossierState.COMPLETION_REQUESTED:
        due_on = dossier.completion_due_on
    return WorkItem(
        kind=kind,
        code=dossier.code,
        title=Worded(_WORK_LABELS[kind], product=product),
        subtitle=f"{producer} · {dossier.slip_number or dossier.code}",
        due_on=due_on,
        overdue=due_on is not None and on > due_on,
        basis=basis,
        route_name=route_name,
    )


def _work_said(
    actor: Actor, dossier: Dossier, report: CommuneReport | None
) -> tuple[str, str, str, bool] | None:
    """Return kind, basis, page, and whether the commune's limit runs."""
    if dossier.state in AT_COMMUNE and dossier.commune_code not in actor.units:
        return ("dossier.commune_late", COMMUNE, "dossiers.show", True)
    match dossier.state:
        case DossierState.DRAFT:
            return (
                "dossier.draft",
                PREPARED,
                "dossiers.show",
                False,
            )
        case DossierState.RETURNED:
            return (
                "dossier.returned",
                PREPARED,
                "dossiers.show",
                False,
            )
        case DossierState.ASSESSED:
            return (
                "dossier.propose",
                COMMUNE_REPORT,
                "dossiers.propose",
                True,
            )
        case DossierState.COMPLETION_REQUESTED if actor.has(Role.AGENCY_OFFICER):
            return (
                "dossier.completion_late",
                PROVINCE_INTAKE,
                "dossiers.show",
                False,
            )
        case DossierState.COMPLETION_REQUESTED:
            return (
                "dossier.complete",
                PROVINCE_INTAKE,
                "dossiers.completion",
                False,
            )
        case DossierState.ACCEPTED | DossierState.SCHEDULED:
            return (
                "dossier.advise",
                ADVICE,
                "dossiers.advice",
                False,
            )
        case DossierState.PROPOSED:
            return (
                "dossier.accept",
                PROVINCE_INTAKE,
                "dossiers.accept",
                False,
            )
        case DossierState.FILED:
            return _filed_said(actor, dossier, report)
    return None


def _filed_said(
    actor: Actor, dossier: Dossier, report: CommuneReport | None
) -> tuple[str, str, str, bool] | None:
    ready = (
        report is not None
        and dossier.components_complete
        and all(getattr(report, f"{finding}_confirmed") for finding in Finding)
    )
    if ready:
        is_leader = actor.has_in_unit(dossier.commune_code, Role.COMMUNE_LEADER)
        sign = (
            "dossier.sign",
            COMMUNE_REPORT,
            "dossiers.sign",
            True,
        )
        return sign if is_leader else None
    return (
        "dossier.report",
        COMMUNE,
        "dossiers.report" if dossier.components_complete else "dossiers.check",
        True,
    )
