"""Reads about places: units of a day, holidays, agencies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import col, or_, select

from app.core.db import ReadSession
from app.core.errors import Invalid
from app.core.text import fold
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit, Holiday

PROVINCE_CODE = "12"
MOST_UNITS = 1000


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """What a typed place means today: communes, and former units of other names that led there."""

    communes: tuple[AdministrativeUnit, ...]
    former: tuple[AdministrativeUnit, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the communes."""
        return tuple(unit.code for unit in self.communes)


def communes_on(session: ReadSession, on: date) -> Sequence[AdministrativeUnit]:
    """Return the communes that existed on a day, in Vietnamese order of their plain names."""
    return session.exec(
        select(AdministrativeUnit)
        .where(
            col(AdministrativeUnit.level) == UnitLevel.COMMUNE,
            col(AdministrativeUnit.valid_from) <= on,
            or_(col(AdministrativeUnit.valid_to).is_(None), col(AdministrativeUnit.valid_to) >= on),
        )
        .order_by(col(AdministrativeUnit.name_folded), col(AdministrativeUnit.code))
        .limit(500)
    ).all()


def find_commune(session: ReadSession, code: str, *, on: date) -> AdministrativeUnit | None:
    """Return the commune that had this code on this day; a code may name another one on another."""
    return session.exec(
        select(AdministrativeUnit).where(
            col(AdministrativeUnit.code) == code,
            col(AdministrativeUnit.level) == UnitLevel.COMMUNE,
            col(AdministrativeUnit.valid_from) <= on,
            or_(col(AdministrativeUnit.valid_to).is_(None), col(AdministrativeUnit.valid_to) >= on),
        )
    ).one_or_none()


def check_commune(
    session: ReadSession, code: str, *, on: date, field: str = "commune_code"
) -> AdministrativeUnit:
    """Return the commune, or refuse a code that names none on that day."""
    commune = find_commune(session, code, on=on)
    if commune is None:
        raise Invalid({field: "Không có xã, phường nào mang mã này vào ngày đó."})
    return commune


def commune_names(session: ReadSession, codes: Sequence[str], *, on: date) -> dict[str, str]:
    """Return full names by code."""
    return {
        unit.code: unit.full_name
        for unit in session.exec(
            select(AdministrativeUnit).where(
                col(AdministrativeUnit.code).in_(set(codes)),
                col(AdministrativeUnit.level) == UnitLevel.COMMUNE,
                col(AdministrativeUnit.valid_from) <= on,
                or_(
                    col(AdministrativeUnit.valid_to).is_(None),
                    col(AdministrativeUnit.valid_to) >= on,
                ),
            )
        )
    }


def named_place(session: ReadSession, typed: str, *, on: date) -> NamedPlace:
    """Return the communes of a day that a name or code means, typed with or without accents.

    A unit that ended leads to its successors, a former district to those of all its communes. A
    code belongs to the unit of the day first, because seventeen codes were given again in 2025. A
    whole name is taken before the beginning of one; what names nothing means no commune.
    """
    units = session.exec(
        select(AdministrativeUnit)
        .where(col(AdministrativeUnit.valid_from) <= on)
        .order_by(col(AdministrativeUnit.name_folded), col(AdministrativeUnit.id))
        .limit(MOST_UNITS)
    ).all()
    meant = _by_code(units, typed.strip(), on) or _by_name(units, fold(typed))
    found: dict[str, AdministrativeUnit] = {}
    for unit in meant:
        found |= {one.code: one for one in _today(units, unit, on)}
    return NamedPlace(
        communes=tuple(sorted(found.values(), key=lambda one: (one.name_folded, one.code))),
        former=tuple(
            unit
            for unit in meant
            if not _exists(unit, on)
            and unit.full_name not in {one.full_name for one in found.values()}
        ),
    )


def _exists(unit: AdministrativeUnit, on: date) -> bool:
    return unit.valid_to is None or unit.valid_to >= on


def _by_code(units: Sequence[AdministrativeUnit], typed: str, on: date) -> list[AdministrativeUnit]:
    bearers = [unit for unit in units if unit.code == typed]
    return [unit for unit in bearers if _exists(unit, on)] or bearers


def _by_name(units: Sequence[AdministrativeUnit], folded: str) -> list[AdministrativeUnit]:
    if not folded:
        return []
    whole = [unit for unit in units if folded in {unit.name_folded, fold(unit.full_name)}]
    return whole or [unit for unit in units if f" {folded}" in f" {fold(unit.full_name)}"]


def _today(
    units: Sequence[AdministrativeUnit], unit: AdministrativeUnit, on: date
) -> list[AdministrativeUnit]:
    """Follow a unit down to communes and on to what became of them."""
    if unit.level is not UnitLevel.COMMUNE:
        within = [
            one
            for one in units
            if one.parent_code == unit.code and _meet(one, unit) and one != unit
        ]
        return [found for one in within for found in _today(units, one, on)]
    if unit.valid_to is None or unit.valid_to >= on:
        return [unit]
    codes, since = set(unit.successor_codes.split(";")), unit.valid_to + timedelta(days=1)
    next_ones = [one for one in units if one.code in codes and one.valid_from == since]
    return [found for one in next_ones for found in _today(units, one, on)]


def _meet(one: AdministrativeUnit, other: AdministrativeUnit) -> bool:
    """Tell whether two units existed on a common day."""
    ends = (one.valid_to or date.max, other.valid_to or date.max)
    return max(one.valid_from, other.valid_from) <= min(ends)


def holidays_between(session: ReadSession, start: date, end: date) -> frozenset[date]:
    """Return the public holidays of a span of days."""
    return frozenset(
        session.exec(
            select(col(Holiday.day)).where(col(Holiday.day) >= start, col(Holiday.day) <= end)
        ).all()
    )
