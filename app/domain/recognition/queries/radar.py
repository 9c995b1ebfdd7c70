"""The renewal radar: what ends when and where, and what nobody has renewed yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select
from sqlmodel import and_, case, col, func, or_, select

from app.core.db import ReadSession
from app.core.paging import Page, page_of
from app.domain.accounts.rules import Actor
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import FINAL
from app.domain.places.queries import commune_names
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.policy import watched_communes, why_not_watch_renewals
from app.domain.recognition.queries.certificates import CertifiedProduct, certified_products
from app.domain.recognition.queries.endings import UNFILED, end_of_certificate, held_on
from app.domain.recognition.rules import (
    RADAR_DAYS_BACK,
    RadarMonth,
    last_day_in_force,
    radar_months,
)
from app.domain.recognition.schemas import (
    RadarCellOut,
    RadarCertificateOut,
    RadarCommuneOut,
    RadarOut,
)
from app.rulebooks.loader import in_force

# Behind a cell: what ended lately, or what ends in a month.
ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RadarCell:
    """How many certificates end in a month in one place, and how many are due and not filed."""

    month: str
    count: int = 0
    not_filed: int = 0


@dataclass(frozen=True, slots=True)
class RadarRow:
    """One commune: what ended lately without renewal, and a cell for each month ahead."""

    commune_code: str
    commune: str
    ended: RadarCell
    months: Sequence[RadarCell]

    @property
    def count(self) -> int:
        """All certificates of the row."""
        return self.ended.count + sum(cell.count for cell in self.months)

    @property
    def not_filed(self) -> int:
        """Those of them whose window has opened and nobody has filed a dossier for."""
        return self.ended.not_filed + sum(cell.not_filed for cell in self.months)


@dataclass(frozen=True, slots=True)
class Radar:
    """The table of the radar, and its sums."""

    months: Sequence[RadarMonth]
    rows: Sequence[RadarRow]
    total: RadarRow

    @property
    def most(self) -> int:
        """The largest number in any cell: what the others are drawn against."""
        return max(
            (cell.count for row in self.rows for cell in (row.ended, *row.months)), default=0
        )

    def out(self) -> RadarOut:
        """Return the table as the JSON door tells it."""
        return RadarOut(
            months=[month.code for month in self.months],
            communes=[
                RadarCommuneOut(
                    code=row.commune_code,
                    name=row.commune,
                    ended=_cell_out(row.ended),
                    months=[_cell_out(cell) for cell in row.months if cell.count],
                )
                for row in self.rows
            ],
        )


@dataclass(frozen=True, slots=True)
class Watched:
    """A certificate of the radar with the dossier that is under way for its product, if one is."""

    found: CertifiedProduct
    dossier: Dossier | None

    @property
    def is_filed(self) -> bool:
        """Whether somebody filed: a draft is not filed yet."""
        return self.dossier is not None and self.dossier.state not in UNFILED

    @property
    def is_due(self) -> bool:
        """Whether a dossier is missing: its window has opened and nobody filed."""
        opens = self.found.renewal_from
        return not self.is_filed and opens is not None and opens <= self.found.on

    @property
    def end(self) -> date:
        """The last day in force, of the term or of its extension."""
        return last_day_in_force(self.found.certificate)

    @property
    def days_left(self) -> int:
        """Days until the last day in force; negative when it has passed."""
        return (self.end - self.found.on).days

    def out(self) -> RadarCertificateOut:
        """Return the line as the JSON door tells it."""
        found, dossier = self.found, self.dossier
        return RadarCertificateOut(
            certificate=found.certificate.code,
            product=found.certificate.product_name,
            producer=found.certificate.producer_name,
            commune=found.commune,
            star=found.certificate.star,
            standing=found.standing,
            ends_on=self.end,
            days_left=self.days_left,
            renewal_from=found.renewal_from,
            renewal_until=found.renewal_until,
            dossier=dossier.code if dossier else None,
            dossier_state=dossier.state if dossier else None,
            is_filed=self.is_filed,
            is_due=self.is_due,
        )


def radar(session: ReadSession, *, actor: Actor, on: date) -> Radar:
    """Return communes by months: eighteen ahead, and what ended in the last 180 days.

    Two statements. Refused to whoever does not see to renewals.
    """
    if refusal := why_not_watch_renewals(actor):
        raise refusal
    months = radar_months(on)
    found = _counted(session, actor, on)
    codes = sorted({commune for commune, _ in found})
    names = commune_names(session, codes, on=on)
    rows = [_row(found, code, names.get(code, code), months) for code in codes]
    rows.sort(key=lambda row: (-row.not_filed, -row.count, row.commune))
    return Radar(months, rows, _total(rows, months))


def radar_page(
    session: ReadSession,
    *,
    actor: Actor,
    on: date,
    commune_code: str = "",
    month: str = "",
    after: int = 0,
    limit: int = 20,
) -> Page[Watched]:
    """Return the certificates behind a cell: those nobody renews first, then by their end.

    `after` is the last certificate of the page before. Refused like the table.
    """
    if refusal := why_not_watch_renewals(actor):
        raise refusal
    query = _watched(actor, on).where(_within(on, month))
    if commune_code:
        query = query.where(col(Product.commune_code) == commune_code)
    order = _rank(on)
    if after and (place := _place_of(session, after, on)):
        rank, end = place
        query = query.where(
            or_(
                order > rank,
                and_(order == rank, end_of_certificate() > end),
                and_(order == rank, end_of_certificate() == end, col(Certificate.id) > after),
            )
        )
    rows = session.execute(
        query.order_by(order, end_of_certificate(), col(Certificate.id)).limit(limit + 1)
    ).all()
    return page_of(
        [
            Watched(CertifiedProduct(certificate, product, producer, commune, on=on), dossier)
            for certificate, product, producer, commune, dossier in rows
        ],
        limit=limit,
        key=lambda one: one.found.certificate.id or 0,
    )


def _counted(session: ReadSession, actor: Actor, on: date) -> dict[tuple[str, str], RadarCell]:
    """Return the cells that hold anything, by commune and month, counted by the database."""
    rows = (
        select(
            col(Product.commune_code).label("commune"),
            end_of_certificate().label("ends_on"),
            case((and_(_unfiled(), _is_due(on)), 1), else_=0).label("not_filed"),
        )
        .select_from(Certificate)
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Dossier, _under_way(), isouter=True)
        .where(*_in_sight(actor, on))
        .subquery()
    )
    year, month = sa.extract("year", rows.c.ends_on), sa.extract("month", rows.c.ends_on)
    ended = case((rows.c.ends_on < on, 1), else_=0)
    counted = session.execute(
        sa.select(
            rows.c.commune,
            year.label("year"),
            month.label("month"),
            func.count().label("total"),
            func.sum(rows.c.not_filed).label("not_filed"),
            func.sum(ended).label("ended"),
            func.sum(ended * rows.c.not_filed).label("ended_not_filed"),
        ).group_by(rows.c.commune, year, month)
    ).all()
    cells: dict[tuple[str, str], RadarCell] = {}
    for row in counted:
        code = f"{int(row.year):04}-{int(row.month):02}"
        ended_count, ended_open = int(row.ended), int(row.ended_not_filed)
        _add(cells, row.commune, ENDED, ended_count, ended_open)
        _add(
            cells,
            row.commune,
            code,
            int(row.total) - ended_count,
            int(row.not_filed) - ended_open,
        )
    return cells


def _add(
    cells: dict[tuple[str, str], RadarCell], commune: str, month: str, count: int, not_filed: int
) -> None:
    known = cells.get((commune, month), RadarCell(month))
    cells[commune, month] = RadarCell(month, known.count + count, known.not_filed + not_filed)


def _row(
    cells: dict[tuple[str, str], RadarCell], code: str, name: str, months: Sequence[RadarMonth]
) -> RadarRow:
    def cell(month: str) -> RadarCell:
        return cells.get((code, month), RadarCell(month))

    return RadarRow(code, name, cell(ENDED), [cell(month.code) for month in months])


def _total(rows: Sequence[RadarRow], months: Sequence[RadarMonth]) -> RadarRow:
    def summed(month: str, cells: Sequence[RadarCell]) -> RadarCell:
        return RadarCell(
            month, sum(one.count for one in cells), sum(one.not_filed for one in cells)
        )

    return RadarRow(
        "",
        "",
        summed(ENDED, [row.ended for row in rows]),
        [
            summed(month.code, [row.months[place] for row in rows])
            for place, month in enumerate(months)
        ],
    )


def _watched(actor: Actor, on: date) -> Select[Certificate, Product, Producer, str, Dossier | None]:
    return (
        certified_products(on)
        .add_columns(Dossier)
        .join(Dossier, _under_way(), isouter=True)
        .where(*_in_sight(actor, on))
    )


def _in_sight(actor: Actor, on: date) -> list[ColumnElement[bool]]:
    """Return the conditions under which a certificate is on the radar of this actor."""
    last = radar_months(on)[-1].last
    conditions = [
        *held_on(on),
        end_of_certificate() >= on - timedelta(days=RADAR_DAYS_BACK),
        end_of_certificate() <= last,
        # An end is never before the term's: so much the index tells.
        col(Certificate.expires_on) <= last,
    ]
    procedure = in_force(on).stated_procedure
    if procedure is not None:  # nor later after it than an extension may reach (art. 12.3)
        days = RADAR_DAYS_BACK + procedure.extension.max_days_after_expiry
        conditions.append(col(Certificate.expires_on) >= on - timedelta(days=days))
    communes = watched_communes(actor)
    if communes is not None:
        conditions.append(col(Product.commune_code).in_(communes))
    return conditions


def _within(on: date, month: str) -> ColumnElement[bool]:
    if not month:
        return sa.true()
    if month == ENDED:
        return end_of_certificate() < on
    asked = RadarMonth.of(month)
    return end_of_certificate().between(max(asked.first, on), asked.last)


def _under_way() -> ColumnElement[bool]:
    """Join the dossier that is not finished: a product has one at most, see `uq_dossiers_open_product`."""
    return and_(
        col(Dossier.product_id) == col(Certificate.product_id), col(Dossier.state).not_in(FINAL)
    )


def _unfiled() -> ColumnElement[bool]:
    return or_(col(Dossier.id).is_(None), col(Dossier.state).in_(UNFILED))


def _is_due(on: date) -> ColumnElement[bool]:
    """Tell whether a renewal may be filed by now, or should have been (art. 7.6.a)."""
    procedure = in_force(on).stated_procedure
    if procedure is None:
        return sa.false()
    opened = on + timedelta(days=procedure.renewal.file_from_days_before)
    return col(Certificate.expires_on) <= opened


def _rank(on: date) -> ColumnElement[int]:
    """Order what nobody filed a dossier for before the rest; of it, what has not ended yet first."""
    return case(
        (and_(_unfiled(), end_of_certificate() >= on), 0),
        (_unfiled(), 1),
        else_=2,
    )


def _place_of(session: ReadSession, certificate_id: int, on: date) -> tuple[int, date] | None:
    """Return where a certificate stands in the order of the list."""
    return session.exec(
        select(_rank(on), end_of_certificate())
        .select_from(Certificate)
        .join(Dossier, _under_way(), isouter=True)
        .where(col(Certificate.id) == certificate_id)
    ).one_or_none()


def _cell_out(cell: RadarCell) -> RadarCellOut:
    return RadarCellOut(month=cell.month, count=cell.count, not_filed=cell.not_filed)
