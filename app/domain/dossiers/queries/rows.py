"""The rows every reading of dossiers starts from, and who sees them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import and_, col, func, or_, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Refused
from app.core.paging import Page, newest_first
from app.core.text import fold
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import AT_COMMUNE
from app.domain.dossiers.schemas import DossierOut, ReturnOut
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit, Holiday
from app.domain.places.rules import working_days_between
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.model import Regime, Rubric

Dossiers = Select[Dossier, Product, Producer, Any, Any]


class RulebookChanged(Refused):
    """The file a dossier is pinned to no longer has the content it had."""

    code = "dossier.rulebook_changed"
    message = "Bộ tiêu chí {rubric} khác bản đã gắn với hồ sơ. Hãy báo quản trị hệ thống."


@dataclass(frozen=True, slots=True)
class DossierRow:
    """A dossier with what it is about and the name of its commune."""

    dossier: Dossier
    product: Product
    producer: Producer
    commune: str
    # The public holidays as the row's statement brought them, while the commune's limit runs.
    days_off: str | None = None

    @property
    def regime(self) -> Regime:
        """The regime the dossier is pinned to."""
        return loader.regime(self.dossier.regime_code)

    @property
    def rubric(self) -> Rubric:
        """The rubric the dossier is pinned to, by code and by content."""
        rubric = loader.rubric(self.dossier.rubric_code)
        if rubric.sha256 != self.dossier.rubric_hash:
            raise RulebookChanged(rubric=rubric.code)
        return rubric

    @property
    def samples_needed(self) -> int:
        """How many samples come with this dossier (26/2026/QĐ-TTg art. 6.2.d)."""
        return self.regime.procedure.samples_for(self.product.set_number)

    @property
    def returns(self) -> list[ReturnOut]:
        """Every time the commune gave the dossier back, the first one first."""
        return [ReturnOut.model_validate(one) for one in self.dossier.returns]

    def days_left(self, on: date) -> int | None:
        """Return how many working days the commune has left (negative when late), None unlimited.

        Basis: 26/2026/QĐ-TTg art. 7.2.
        """
        due = self.dossier.commune_due_on
        if due is None or self.dossier.state not in AT_COMMUNE:
            return None
        holidays = {date.fromisoformat(day) for day in (self.days_off or "").split(",") if day}
        return working_days_between(on, due, holidays)

    def out(self, on: date) -> DossierOut:
        """Return what the API answers on a day."""
        return DossierOut.of(
            self.dossier,
            commune_days_left=self.days_left(on),
            product_code=self.product.code,
            product_name=self.product.name,
            set_number=self.product.set_number,
            producer_code=self.producer.code,
            producer_name=self.producer.name,
            commune_name=self.commune,
        )


def dossiers_visible_to(actor: Actor, *, extra_ids: Collection[int] = ()) -> Dossiers:
    """Return the only base for lists and lookups of dossiers.

    A producer sees its own, commune roles those of their commune, provincial roles all; `extra_ids`
    adds those somebody sees for another reason (a council member: the agenda).
    """
    commune = (
        select(AdministrativeUnit.full_name)
        .where(
            col(AdministrativeUnit.code) == col(Dossier.commune_code),
            col(AdministrativeUnit.level) == UnitLevel.COMMUNE,
        )
        .order_by(col(AdministrativeUnit.valid_from).desc())
        .limit(1)
        .correlate(Dossier)
        .scalar_subquery()
    )
    # Beside each row, not in a statement of its own: pages have few statements to spend.
    days_off = (
        select(func.aggregate_strings(sa.cast(col(Holiday.day), sa.String), ","))
        .where(col(Dossier.state).in_(AT_COMMUNE))
        .correlate(Dossier)
        .scalar_subquery()
    )
    query = cast(
        "Dossiers",
        select(Dossier, Product, Producer, commune)
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .add_columns(days_off),
    )
    condition = visible(
        actor, producer_id=col(Dossier.producer_id), commune_code=col(Dossier.commune_code)
    )
    if condition is None:
        return query
    if actor.has(Role.ADVISORY_MEMBER):
        # The advisory team's part begins with the acceptance, and ends never: it reads what it wrote.
        condition = or_(condition, col(Dossier.accepted_at).is_not(None))
    if extra_ids:
        condition = or_(condition, col(Dossier.id).in_(extra_ids))
    return query.where(condition)


def get_dossier(
    session: ReadSession, code: str, *, actor: Actor, extra_ids: Collection[int] = ()
) -> DossierRow:
    """Return a dossier this actor may see."""
    found = session.exec(
        dossiers_visible_to(actor, extra_ids=extra_ids).where(col(Dossier.code) == code)
    ).one_or_none()
    return _row(found)


def dossier_for_update(session: WriteSession, code: str, *, actor: Actor) -> DossierRow:
    """Return a dossier this actor may see, locked until the transaction ends."""
    found = session.exec(
        dossiers_visible_to(actor).where(col(Dossier.code) == code).with_for_update(of=Dossier)
    ).one_or_none()
    return _row(found)


def dossiers_page(
    session: ReadSession,
    *,
    actor: Actor,
    search: str = "",
    state: DossierState | None = None,
    commune_code: str = "",
    late_on: date | None = None,
    extra_ids: Collection[int] = (),
    after: int = 0,
    limit: int = 20,
) -> Page[DossierRow]:
    """Return dossiers this actor may see, newest first; the search ignores accents and case.

    With `late_on` only those whose commune is past its limit on that day.
    """
    query = dossiers_visible_to(actor, extra_ids=extra_ids)
    for word in fold(search).split():
        query = query.where(
            or_(
                col(Product.name_folded).contains(word, autoescape=True),
                col(Producer.name_folded).contains(word, autoescape=True),
            )
        )
    if state is not None:
        query = query.where(col(Dossier.state) == state)
    if commune_code:
        query = query.where(col(Dossier.commune_code) == commune_code)
    if late_on is not None:
        query = query.where(is_late(late_on))
    return newest_first(session, query, Dossier, after=after, limit=limit).map(
        lambda row: DossierRow(*row)
    )


def dossiers_of_product(
    session: ReadSession, product_id: int, *, actor: Actor
) -> Sequence[Dossier]:
    """Return the dossiers of a product this actor may see, newest first (at most 20)."""
    rows = session.exec(
        dossiers_visible_to(actor)
        .where(col(Dossier.product_id) == product_id)
        .order_by(col(Dossier.id).desc())
        .limit(20)
    ).all()
    return [row[0] for row in rows]


def is_late(on: date) -> Any:
    """Return the condition under which a commune is past its limit (art. 7.2)."""
    return and_(col(Dossier.state).in_(AT_COMMUNE), col(Dossier.commune_due_on) < on)


def _row(found: Any) -> DossierRow:
    if found is None:
        raise NotFound
    return DossierRow(*found)
