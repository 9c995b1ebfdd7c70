"""Loading the reference data the product ships with; running it again changes nothing."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, col, select

from app.core.db import WriteSession
from app.core.text import fold
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit, Agency, Holiday

DATA = Path(__file__).parent / "data"


def load_reference(session: WriteSession) -> int:
    """Load units, agencies and holidays that are not there yet; return how many rows were new."""
    return _load_units(session) + _load_agencies(session) + _load_holidays(session)


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _needed_day(text: str) -> date:
    return date.fromisoformat(text)


def _add_new(session: WriteSession, fresh: list[Any]) -> int:
    session.add_all(fresh)
    session.flush()
    return len(fresh)


def _load_units(session: WriteSession) -> int:
    known = set(
        session.exec(select(col(AdministrativeUnit.code), col(AdministrativeUnit.valid_from))).all()
    )
    fresh: list[SQLModel] = []
    for row in _rows("units.csv"):
        start = _needed_day(row["valid_from"])
        if (row["code"], start) in known:
            continue
        fresh.append(
            AdministrativeUnit(
                code=row["code"],
                valid_from=start,
                valid_to=_day(row["valid_to"]),
                level=UnitLevel(row["level"]),
                kind=row["kind"],
                name=row["name"],
                full_name=row["full_name"],
                name_folded=fold(row["name"]),
                parent_code=row["parent_code"] or None,
                successor_codes=row["successor_codes"],
                source=row["source"],
            )
        )
    return _add_new(session, fresh)


def _load_agencies(session: WriteSession) -> int:
    known = set(session.exec(select(col(Agency.code))).all())
    return _add_new(
        session,
        [
            Agency(
                code=row["code"],
                name=row["name"],
                name_en=row["name_en"],
                level=row["level"],
                valid_from=_day(row["valid_from"]),
                valid_to=_day(row["valid_to"]),
                source=row["source"],
            )
            for row in _rows("agencies.csv")
            if row["code"] not in known
        ],
    )


def _load_holidays(session: WriteSession) -> int:
    known = set(session.exec(select(col(Holiday.day))).all())
    return _add_new(
        session,
        [
            Holiday(day=_needed_day(row["date"]), name=row["name"], source=row["source"])
            for row in _rows("holidays.csv")
            if _needed_day(row["date"]) not in known
        ],
    )
