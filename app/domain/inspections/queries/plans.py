"""Plans: their products with the check of each, and which certificates may still be chosen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, or_, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first, page_of
from app.core.text import fold
from app.domain.accounts.rules import Actor
from app.domain.inspections.enums import InspectionState, Outcome, Risk
from app.domain.inspections.models import (
    Inspection,
    InspectionPlan,
    PlanAmendment,
    PlannedCertificate,
)
from app.domain.inspections.rules import NEAR_END_DAYS
from app.domain.inspections.schemas import (
    MOST_CHOSEN,
    AmendmentOut,
    CandidateOut,
    PlanDetailOut,
    PlannedOut,
    PlanOut,
)
from app.domain.places.models import Agency
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import CertifiedProduct, certified_products, in_force_on
from app.rulebooks.loader import in_force

MOST_AMENDMENTS = 50
MOST_AGENCIES_LISTED = 60
_LAST_OF_PROVINCE = "province"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan with how many products it chose and how many of them were checked."""

    plan: InspectionPlan
    chosen: int
    checked: int

    def out(self) -> PlanOut:
        """Return what the API answers."""
        return PlanOut(
            **self.plan.model_dump(include=set(PlanOut.model_fields)),
            chosen=self.chosen,
            checked=self.checked,
        )


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One product of a plan and its check, when there is one."""

    planned: PlannedCertificate
    found: CertifiedProduct
    inspection: Inspection | None

    def out(self) -> PlannedOut:
        """Return what the API answers."""
        certificate = self.found.certificate
        return PlannedOut(
            certificate=certificate.code,
            product=certificate.product_name,
            producer=certificate.producer_name,
            commune=self.found.commune,
            star=certificate.star,
            reason=self.planned.reason,
            inspection=self.inspection.code if self.inspection else None,
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A certificate in force that may be chosen, and what makes it stand out."""

    found: CertifiedProduct
    last: Inspection | None
    is_complained: bool

    @property
    def risks(self) -> tuple[Risk, ...]:
        """What speaks for checking it, in the order of the list."""
        on, certificate = self.found.on, self.found.certificate
        extended = certificate.extended_until
        said = {
            Risk.EXTENDED: extended is not None and on > certificate.expires_on,
            Risk.COMPLAINED: self.is_complained,
            Risk.NEVER_CHECKED: self.last is None,
            Risk.NEAR_END: (certificate.expires_on - on).days <= NEAR_END_DAYS,
            Risk.BREACHED: self.last is not None and self.last.outcome is not Outcome.KEPT,
        }
        return tuple(risk for risk, holds in said.items() if holds)

    def out(self) -> CandidateOut:
        """Return what the API answers."""
        certificate = self.found.certificate
        return CandidateOut(
            certificate=certificate.code,
            product=certificate.product_name,
            producer=certificate.producer_name,
            commune=self.found.commune,
            star=certificate.star,
            expires_on=certificate.expires_on,
            standing=self.found.standing,
            risks=list(self.risks),
            last_checked_on=self.last.held_on if self.last else None,
        )


def _sees_plans(actor: Actor) -> bool:
    return actor.sees_province


def plans_page(
    session: ReadSession, *, actor: Actor, after: int = 0, limit: int = 20
) -> Page[PlanRow]:
    """Return plans, newest first: the province's business; guests see their checks, not the plans."""
    if not _sees_plans(actor):
        return Page([], None)
    query = _plan_rows()
    return newest_first(session, query, InspectionPlan, after=after, limit=limit).map(
        lambda row: PlanRow(*row)
    )


def _plan_rows() -> Any:
    chosen = (
        select(func.count())
        .where(col(PlannedCertificate.plan_id) == col(InspectionPlan.id))
        .correlate(InspectionPlan)
        .scalar_subquery()
    )
    checked = (
        select(func.count())
        .where(
            col(Inspection.plan_id) == col(InspectionPlan.id), col(Inspection.held_on).is_not(None)
        )
        .correlate(InspectionPlan)
        .scalar_subquery()
    )
    return select(InspectionPlan, chosen, checked)


def get_plan(session: ReadSession, code: str, *, actor: Actor) -> PlanRow:
    """Return a plan this actor may see."""
    found = (
        session.exec(_plan_rows().where(col(InspectionPlan.code) == code)).one_or_none()
        if _sees_plans(actor)
        else None
    )
    if found is None:
        raise NotFound
    return PlanRow(*found)


def plan_for_update(session: WriteSession, code: str, *, actor: Actor) -> InspectionPlan:
    """Return a plan, locked until the transaction ends."""
    found = (
        session.exec(
            select(InspectionPlan).where(col(InspectionPlan.code) == code).with_for_update()
        ).one_or_none()
        if _sees_plans(actor)
        else None
    )
    if found is None:
        raise NotFound
    return found


def planned_of(session: ReadSession, plan: InspectionPlan, *, on: date) -> list[PlannedRow]:
    """Return the products of a plan, each with its check, by commune and name."""
    query: Any = certified_products(on)
    rows: Sequence[Any] = session.exec(
        query.add_columns(PlannedCertificate, Inspection)
        .join(PlannedCertificate, col(PlannedCertificate.certificate_id) == col(Certificate.id))
        .join(
            Inspection,
            and_(
                col(Inspection.plan_id) == col(PlannedCertificate.plan_id),
                col(Inspection.certificate_id) == col(Certificate.id),
                col(Inspection.state) != InspectionState.CANCELLED,
            ),
            isouter=True,
        )
        .where(col(PlannedCertificate.plan_id) == plan.id)
        .order_by(col(Product.commune_code), col(Certificate.id))
        .limit(MOST_CHOSEN)
    ).all()
    return [
        PlannedRow(row[4], CertifiedProduct(row[0], row[1], row[2], row[3], on), row[5])
        for row in rows
    ]


def amendments_of(session: ReadSession, plan: InspectionPlan) -> Sequence[PlanAmendment]:
    """Return the amendments of a plan, oldest first."""
    return session.exec(
        select(PlanAmendment)
        .where(col(PlanAmendment.plan_id) == plan.id)
        .order_by(col(PlanAmendment.id))
        .limit(MOST_AMENDMENTS)
    ).all()


def plan_detail_out(session: ReadSession, row: PlanRow, *, on: date) -> PlanDetailOut:
    """Return a plan with its products as the JSON door tells it."""
    return PlanDetailOut(
        **row.out().model_dump(),
        reasons=row.plan.reasons,
        chosen_products=[one.out() for one in planned_of(session, row.plan, on=on)],
        amendments=[
            AmendmentOut(
                number=one.number,
                decided_on=one.decided_on,
                reason=one.reason,
                added=one.changes.get("added", []),
                dropped=one.changes.get("dropped", []),
            )
            for one in amendments_of(session, row.plan)
        ],
    )


def agencies_on(session: ReadSession, on: date) -> Sequence[Agency]:
    """Return the agencies of the province that exist on a day, by name."""
    return session.exec(
        select(Agency)
        .where(
            col(Agency.level) == _LAST_OF_PROVINCE,
            or_(col(Agency.valid_from).is_(None), col(Agency.valid_from) <= on),
            or_(col(Agency.valid_to).is_(None), col(Agency.valid_to) >= on),
        )
        .order_by(col(Agency.name), col(Agency.code))
        .limit(MOST_AGENCIES_LISTED)
    ).all()


def candidates_page(
    session: ReadSession,
    plan: InspectionPlan,
    *,
    on: date,
    commune_code: str = "",
    category: str = "",
    risk: Risk | None = None,
    search: str = "",
    complained: Collection[int] = frozenset(),
    after: int = 0,
    limit: int = 20,
) -> Page[Candidate]:
    """Return certificates in force that the plan has not chosen, by number.

    `complained` are the certificates against which reports of misuse are open: those reports live
    above this package, so whoever knows them hands them in.
    """
    chosen = select(col(PlannedCertificate.certificate_id)).where(
        col(PlannedCertificate.plan_id) == plan.id
    )
    query = certified_products(on).where(*in_force_on(on), col(Certificate.id).not_in(chosen))
    for word in fold(search).split():
        query = query.where(col(Certificate.search_folded).contains(word, autoescape=True))
    if commune_code:
        query = query.where(col(Product.commune_code) == commune_code)
    if category:
        sets = [
            one.set_number for one in in_force(on).product_sets if one.category_code == category
        ]
        query = query.where(col(Product.set_number).in_(sets))
    if risk is not None:
        query = query.where(_stands_out(risk, on, complained))
    if after:
        query = query.where(col(Certificate.id) > after)
    rows = session.exec(query.order_by(col(Certificate.id)).limit(limit + 1)).all()
    found = [CertifiedProduct(*row, on=on) for row in rows]
    last = last_checks(session, [one.product.id or 0 for one in found])
    return page_of(
        [
            Candidate(one, last.get(one.product.id or 0), one.certificate.id in complained)
            for one in found
        ],
        limit=limit,
        key=lambda one: one.found.certificate.id or 0,
    )


def categories_on(on: date) -> dict[str, str]:
    """Return the categories of Annex I by code."""
    return {
        one.category_code: one.category_name
        for one in in_force(on).product_sets
        if one.category_code
    }


def last_checks(session: ReadSession, product_ids: Collection[int]) -> dict[int, Inspection]:
    """Return the newest concluded check of each product."""
    if not product_ids:
        return {}
    newest = (
        select(func.max(Inspection.id))
        .join(Certificate, col(Certificate.id) == col(Inspection.certificate_id))
        .where(
            col(Certificate.product_id).in_(product_ids),
            col(Inspection.state) == InspectionState.CONCLUDED,
        )
        .group_by(col(Certificate.product_id))
    )
    rows = session.exec(
        select(Certificate.product_id, Inspection)
        .join(Inspection, col(Inspection.certificate_id) == col(Certificate.id))
        .where(col(Inspection.id).in_(newest))
    ).all()
    return dict(rows)


def _stands_out(risk: Risk, on: date, complained: Collection[int]) -> ColumnElement[bool]:
    other = aliased(Certificate)
    checked = (
        select(Inspection.id)
        .join(other, col(other.id) == col(Inspection.certificate_id))
        .where(
            col(other.product_id) == col(Product.id),
            col(Inspection.state) == InspectionState.CONCLUDED,
        )
        .correlate(Product)
    )
    match risk:
        case Risk.EXTENDED:
            return and_(col(Certificate.extended_until) >= on, col(Certificate.expires_on) < on)
        case Risk.COMPLAINED:
            return col(Certificate.id).in_(complained)
        case Risk.NEVER_CHECKED:
            return ~checked.exists()
        case Risk.NEAR_END:
            return col(Certificate.expires_on) <= on + timedelta(days=NEAR_END_DAYS)
        case Risk.BREACHED:
            return checked.where(col(Inspection.outcome) != Outcome.KEPT).exists()
