"""Reads for imports: the runs, and what is registered already where a file speaks of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import col, or_, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.core.text import fold
from app.domain.accounts.rules import Actor
from app.domain.imports.models import ImportRun
from app.domain.imports.policy import why_not_see
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit
from app.domain.producers.models import Producer
from app.domain.products.models import Product, ProductCodeAlias
from app.domain.recognition.models import Certificate


def runs_page(
    session: ReadSession, *, actor: Actor, after: int = 0, limit: int = 20
) -> Page[ImportRun]:
    """Return import runs, newest first, to those who may see them."""
    if refusal := why_not_see(actor):
        raise refusal
    query = select(ImportRun)
    return newest_first(session, query, ImportRun, after=after, limit=limit)


def get_run(session: ReadSession, code: str, *, actor: Actor) -> ImportRun:
    """Return an import run."""
    if refusal := why_not_see(actor):
        raise refusal
    found = session.exec(select(ImportRun).where(col(ImportRun.code) == code)).one_or_none()
    if found is None:
        raise NotFound
    return found


def run_for_update(session: WriteSession, code: str, *, actor: Actor) -> ImportRun:
    """Return an import run, locked until the transaction ends."""
    if refusal := why_not_see(actor):
        raise refusal
    found = session.exec(
        select(ImportRun).where(col(ImportRun.code) == code).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune of today that a code or name of a file means, and the unit it was before."""

    code: str
    name: str
    source: str
    former: AdministrativeUnit | None = None


@dataclass(slots=True)
class Communes:
    """The communes of today and the units that became them."""

    by_code: dict[str, AdministrativeUnit] = field(default_factory=dict)
    by_name: dict[str, list[AdministrativeUnit]] = field(default_factory=dict)
    former_by_code: dict[str, AdministrativeUnit] = field(default_factory=dict)
    former_by_name: dict[str, list[AdministrativeUnit]] = field(default_factory=dict)

    def meant_by(self, text: str) -> list[Commune]:
        """Return the communes of today that a code or a name means: none, one, or several."""
        if found := self.by_code.get(text):
            return [Commune(found.code, found.full_name, found.source)]
        if named := self.by_name.get(fold(text)):
            return [Commune(unit.code, unit.full_name, unit.source) for unit in named]
        code = self.former_by_code.get(text)
        former = [code] if code else self.former_by_name.get(fold(text), [])
        return [
            Commune(now.code, now.full_name, now.source, former=unit)
            for unit in former
            for successor in unit.successor_codes.split(";")
            if (now := self.by_code.get(successor.strip()))
        ]


def communes_and_former(session: ReadSession, on: date) -> Communes:
    """Return every commune of a day and every one that ended before it."""
    communes = Communes()
    units = session.exec(
        select(AdministrativeUnit)
        .where(col(AdministrativeUnit.level) == UnitLevel.COMMUNE)
        .order_by(col(AdministrativeUnit.code))
        .limit(2_000)
    )
    for unit in units:
        lasts = unit.valid_to is None or unit.valid_to >= on
        codes = communes.by_code if lasts else communes.former_by_code
        names = communes.by_name if lasts else communes.former_by_name
        if unit.valid_from <= on:
            codes[unit.code] = unit
            for name in {fold(unit.full_name), unit.name_folded}:
                names.setdefault(name, []).append(unit)
    return communes


def district_names(session: ReadSession) -> set[str]:
    """Return the folded names of the districts that issued certificates until 30/06/2025."""
    return set(
        session.exec(
            select(col(AdministrativeUnit.name_folded)).where(
                col(AdministrativeUnit.level) == UnitLevel.DISTRICT
            )
        ).all()
    )


@dataclass(frozen=True, slots=True)
class Registered:
    """What is registered where a file speaks of it."""

    producers: Sequence[Producer]
    products: Sequence[Product]
    certificates: Sequence[Certificate]
    old_codes: Sequence[ProductCodeAlias]


def registered(
    session: ReadSession,
    *,
    communes: Collection[str],
    tax_codes: Collection[str],
    codes: Collection[str],
) -> Registered:
    """Return the producers of these communes or tax codes with all they have, and known codes."""
    folded = {fold(code) for code in codes}
    producers = session.exec(
        select(Producer)
        .where(or_(col(Producer.commune_code).in_(communes), col(Producer.tax_code).in_(tax_codes)))
        .order_by(col(Producer.id))
    ).all()
    owners = select(col(Producer.id)).where(
        or_(col(Producer.commune_code).in_(communes), col(Producer.tax_code).in_(tax_codes))
    )
    products = session.exec(select(Product).where(col(Product.producer_id).in_(owners))).all()
    certificates = session.exec(
        select(Certificate).where(
            or_(
                col(Certificate.producer_id).in_(owners),
                col(Certificate.product_code).in_(set(codes)),
            )
        )
    ).all()
    old_codes = session.exec(
        select(ProductCodeAlias).where(col(ProductCodeAlias.code_folded).in_(folded))
    ).all()
    return Registered(producers, products, certificates, old_codes)
