"""Reads about places: units of a day, holidays, agencies."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import col, or_, select

from app.core.db import ReadSession
from app.core.errors import Invalid
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit, Holiday

PROVINCE_CODE = "12"


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


def holidays_between(session: ReadSession, start: date, end: date) -> frozenset[date]:
    """Return the public holidays of a span of days."""
    return frozenset(
        session.exec(
            select(col(Holiday.day)).where(col(Holiday.day) >= start, col(Holiday.day) <= end)
        ).all()
    )
