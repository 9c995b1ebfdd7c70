"""Reads for exports: the register as a stream of lines, snapshots, and what offices had made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ScalarSelect
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, or_, select

from app.core.clock import VIET_NAM
from app.core.db import ReadSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierKind, DossierState
from app.domain.dossiers.models import Dossier
from app.domain.exports.enums import Origin
from app.domain.exports.models import ExportFile, RegisterSnapshot
from app.domain.exports.policy import kinds_for, why_not_report
from app.domain.exports.rules import MasterLine, Person, RegisterLine, commune_named_by
from app.domain.inspections.models import Inspection
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit
from app.domain.producers.models import Producer
from app.domain.products.models import Product, ProductCodeAlias
from app.domain.recognition.enums import Replacement, RevocationState
from app.domain.recognition.models import Certificate, RecognitionDecision, RevocationCase
from app.rulebooks import loader

AT_ONCE = 500  # lines in memory
MOST_UNITS = 2000
_BETWEEN = "\n"
_ORIGINS: dict[DossierKind, Origin] = {
    DossierKind.FIRST: Origin.FIRST,
    DossierKind.UPGRADE: Origin.UPGRADE,
    DossierKind.RENEWAL: Origin.RENEWAL,
}
_CLOSED = (RevocationState.REVOKED, RevocationState.DROPPED)


@dataclass(frozen=True, slots=True)
class Communes:
    """Every commune there was, by code: which of them a code names depends on the day."""

    by_code: Mapping[str, Sequence[AdministrativeUnit]]

    def at_issue(self, certificate: Certificate, today: tuple[str, str]) -> tuple[str, str]:
        """Return code and name of the commune on the day of issue, today's where it is not known.

        A product code of that time names it; today's commune counts where it existed already.
        """
        named = commune_named_by(certificate.product_code)
        unit = self._on(named.code, certificate.issued_on) if named else None
        # Codes were given again: a unit that began after the code's year is not the one it names.
        if unit is not None and named is not None and unit.valid_from.year <= named.year:
            return unit.code, unit.full_name
        unit = self._on(today[0], certificate.issued_on)
        is_same = unit is not None and unit.valid_to is None
        return (unit.code, unit.full_name) if unit is not None and is_same else today

    def _on(self, code: str, day: date) -> AdministrativeUnit | None:
        return next(
            (
                unit
                for unit in self.by_code.get(code, ())
                if unit.valid_from <= day and (unit.valid_to is None or unit.valid_to >= day)
            ),
            None,
        )


def every_commune(session: ReadSession) -> Communes:
    """Return every commune there was and is."""
    found: dict[str, list[AdministrativeUnit]] = {}
    for unit in session.exec(
        select(AdministrativeUnit)
        .where(col(AdministrativeUnit.level) == UnitLevel.COMMUNE)
        .order_by(col(AdministrativeUnit.code), col(AdministrativeUnit.valid_from))
        .limit(MOST_UNITS)
    ):
        found.setdefault(unit.code, []).append(unit)
    return Communes(found)


def certificate_count(session: ReadSession) -> int:
    """Count all certificates there ever were: how much a report has to read."""
    return session.exec(select(func.count()).select_from(Certificate)).one()


def register_lines(
    session: ReadSession, *, on: date, today: date, public_url: str, by_commune: bool = False
) -> Iterator[tuple[RegisterLine, Person]]:
    """Yield every certificate issued by a day with what became of it, in the order of entry.

    `by_commune` sorts by today's commune, star and name instead.

    One statement read in pieces: the lines are of one moment, however many there are. Communes are
    those of today; the person stays with reports and is no part of what is published.
    """
    communes, law = every_commune(session), loader.in_force(on)
    sets = {one.set_number: one for one in loader.in_force(today).product_sets}
    handed_over = _handed_over(session)
    rows = session.execute(
        _statement(on, today, by_commune=by_commune).execution_options(yield_per=AT_ONCE)
    )
    for certificate, set_number, gtin, code, commune, producer, old_codes, younger, kind in rows:
        now = (code, commune)
        issue_code, issue_commune = communes.at_issue(certificate, now)
        shelf = sets.get(set_number)
        line = RegisterLine(
            on=on,
            law=law,
            page=f"{public_url.rstrip('/')}/register/{certificate.code}",
            old_codes=tuple(sorted((old_codes or "").split(_BETWEEN))) if old_codes else (),
            producer_kind=producer.kind,
            set_number=set_number,
            set_name=shelf.name if shelf else "",
            gtin=gtin,
            category=shelf.category_name if shelf else "",
            commune_code=code,
            commune=commune,
            issue_commune_code=issue_code,
            issue_commune=issue_commune,
            regime=loader.regime(certificate.regime_code).decision,
            replaced_by_code=younger,
            origin=_origin(kind, certificate.id in handed_over),
            **{name: getattr(certificate, name) for name in _SAID},
        )
        yield (
            line,
            Person(producer.id, producer.representative_gender, producer.representative_ethnicity),
        )


_SAID = (
    "code",
    "product_code",
    "product_name",
    "producer_name",
    "star",
    "decision_number",
    "authority",
    "issued_on",
    "expires_on",
    "extended_from",
    "extended_until",
    "holder_ended_on",
    "revoked_on",
    "revocation_ground",
    "revocation_reason",
    "superseded_on",
    "superseded_how",
)


def _origin(kind: DossierKind | None, is_handed_over: bool) -> Origin:
    if kind is not None:
        return _ORIGINS[kind]
    return Origin.HOLDER_CHANGE if is_handed_over else Origin.EARLIER


def _handed_over(session: ReadSession) -> set[int | None]:
    """Return the certificates that succeeding holders got: few, read once instead of line by line."""
    return set(
        session.exec(
            select(Certificate.superseded_by_id).where(
                col(Certificate.superseded_how) == Replacement.HOLDER_CHANGE
            )
        )
    )


def _statement(on: date, today: date, *, by_commune: bool) -> Any:
    younger = aliased(Certificate)
    old_codes: ScalarSelect[str | None] = (
        sa_select(func.aggregate_strings(col(ProductCodeAlias.code), _BETWEEN))
        .where(col(ProductCodeAlias.product_id) == col(Product.id))
        .correlate(Product)
        .scalar_subquery()
    )
    return (
        sa_select(
            Certificate,
            col(Product.set_number),
            col(Product.gtin),
            col(Product.commune_code),
            func.coalesce(col(AdministrativeUnit.full_name), ""),
            Producer,
            old_codes,
            col(younger.code),
            col(Dossier.kind),
        )
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(Certificate.producer_id))
        .join(Dossier, col(Dossier.id) == col(Certificate.dossier_id), isouter=True)
        .join(younger, col(younger.id) == col(Certificate.superseded_by_id), isouter=True)
        .join(
            AdministrativeUnit,
            and_(
                col(AdministrativeUnit.code) == col(Product.commune_code),
                col(AdministrativeUnit.level) == UnitLevel.COMMUNE,
                col(AdministrativeUnit.valid_from) <= today,
                or_(
                    col(AdministrativeUnit.valid_to).is_(None),
                    col(AdministrativeUnit.valid_to) >= today,
                ),
            ),
            isouter=True,
        )
        .where(col(Certificate.issued_on) <= on)
        .order_by(*(_BY_COMMUNE if by_commune else ()), col(Certificate.id))
    )


_BY_COMMUNE = (
    col(AdministrativeUnit.name_folded),
    col(Product.commune_code),
    col(Certificate.star).desc(),
    col(Product.name_folded),
)


def master_lines(
    session: ReadSession, year: int, *, on: date, today: date, public_url: str
) -> Iterator[MasterLine]:
    """Yield the certificates that were in force on some day of a year, as they stood on its last day.

    `on` is that day, or today while the year runs.
    """
    first, stated = date(year, 1, 1), _stated_revenues(session, year)
    for line, _person in register_lines(session, on=on, today=today, public_url=public_url):
        if line.ended_on is None or line.ended_on > first:
            # Once a product: the line that took the place of another one of the year bears it.
            told = None if line.replaced_by else stated.get(line.code)
            yield MasterLine(line, year, *(told or (None, None)))


def _stated_revenues(session: ReadSession, year: int) -> dict[str, tuple[int, int]]:
    """Return by certificate the revenue its product's filed dossiers stated, with the year it is of.

    Of the year or the one before: a dossier can only tell of years that are over. The newest counts.
    """
    rows = session.execute(
        sa_select(
            col(Certificate.code), col(Dossier.stated_revenue), col(Dossier.stated_revenue_year)
        )
        .join(Dossier, col(Dossier.product_id) == col(Certificate.product_id))
        .where(
            col(Dossier.stated_revenue).is_not(None),
            col(Dossier.stated_revenue_year).in_((year - 1, year)),
            col(Dossier.filed_at).is_not(None),
            col(Dossier.state) != DossierState.WITHDRAWN,
        )
        .order_by(col(Dossier.stated_revenue_year), col(Dossier.filed_at), col(Dossier.id))
    )
    return {code: (revenue, of_year) for code, revenue, of_year in rows}


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case of revocation as a report tells it."""

    case: RevocationCase
    certificate: Certificate
    decision_number: str


def case_lines(session: ReadSession, *, first: date, on: date) -> Iterator[CaseLine]:
    """Yield the cases concluded by a day that were concluded or closed in its year, or still run."""
    rows = session.execute(
        sa_select(RevocationCase, Certificate, RecognitionDecision)
        .join(Certificate, col(Certificate.id) == col(RevocationCase.certificate_id))
        .join(
            RecognitionDecision,
            col(RecognitionDecision.id) == col(RevocationCase.decision_id),
            isouter=True,
        )
        .where(
            col(RevocationCase.concluded_on) <= on,
            or_(
                col(RevocationCase.concluded_on) >= first,
                col(RevocationCase.closed_at) >= datetime.combine(first, time(), VIET_NAM),
                col(RevocationCase.state).not_in(_CLOSED),
            ),
        )
        .order_by(col(RevocationCase.concluded_on), col(RevocationCase.id))
        .execution_options(yield_per=AT_ONCE)
    )
    for case, certificate, decision in rows:
        yield CaseLine(case, certificate, decision.number if decision else "")


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check after recognition as a report tells it."""

    inspection: Inspection
    certificate: Certificate


def check_lines(session: ReadSession, *, first: date, on: date) -> Iterator[CheckLine]:
    """Yield the checks held in a span of days; what is only planned may be meant as a surprise."""
    rows = session.execute(
        sa_select(Inspection, Certificate)
        .join(Certificate, col(Certificate.id) == col(Inspection.certificate_id))
        .where(col(Inspection.held_on) >= first, col(Inspection.held_on) <= on)
        .order_by(col(Inspection.held_on), col(Inspection.id))
        .execution_options(yield_per=AT_ONCE)
    )
    for inspection, certificate in rows:
        yield CheckLine(inspection, certificate)


def snapshots_page(
    session: ReadSession, *, after: int = 0, limit: int = 24
) -> Page[RegisterSnapshot]:
    """Return snapshots, newest first: what anybody may know."""
    query = select(RegisterSnapshot)
    return newest_first(session, query, RegisterSnapshot, after=after, limit=limit)


def find_snapshot(session: ReadSession, month: str) -> RegisterSnapshot | None:
    """Return the snapshot of a month, if it was taken."""
    return session.exec(
        select(RegisterSnapshot).where(col(RegisterSnapshot.code) == month)
    ).one_or_none()


def get_snapshot(session: ReadSession, month: str) -> RegisterSnapshot:
    """Return the snapshot of a month."""
    found = find_snapshot(session, month)
    if found is None:
        raise NotFound
    return found


def exports_page(
    session: ReadSession, *, actor: Actor, after: int = 0, limit: int = 20
) -> Page[ExportFile]:
    """Return what was made, newest first, of the kinds this actor may have."""
    if refusal := why_not_report(actor):
        raise refusal
    query = select(ExportFile).where(col(ExportFile.kind).in_(kinds_for(actor)))
    return newest_first(session, query, ExportFile, after=after, limit=limit)


def get_export(session: ReadSession, code: str, *, actor: Actor) -> ExportFile:
    """Return one file that was made, of a kind this actor may have."""
    found = session.exec(
        select(ExportFile).where(
            col(ExportFile.code) == code, col(ExportFile.kind).in_(kinds_for(actor))
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found
