"""Tables of places: units are keyed by code and first day, because codes are used again."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import words
from app.domain.places.enums import UnitLevel


class AdministrativeUnit(SQLModel, table=True):
    """A province, district or commune as it was between two days (both included)."""

    __tablename__ = "administrative_units"
    __table_args__ = (
        sa.UniqueConstraint("code", "valid_from"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="valid_range"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=5, index=True)
    valid_from: date
    valid_to: date | None = Field(default=None, index=True)
    level: UnitLevel = words(UnitLevel)
    kind: str = Field(max_length=20)
    name: str
    full_name: str
    name_folded: str = Field(index=True)
    parent_code: str | None = Field(default=None, max_length=5)
    successor_codes: str = ""
    source: str


class Agency(SQLModel, table=True):
    """A body with duties in the programme, between two days."""

    __tablename__ = "agencies"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=40, unique=True)
    name: str
    name_en: str
    level: str = Field(max_length=20)
    valid_from: date | None = None
    valid_to: date | None = None
    source: str


class Holiday(SQLModel, table=True):
    """A public holiday: not a working day."""

    __tablename__ = "holidays"

    day: date = Field(primary_key=True)
    name: str
    source: str
