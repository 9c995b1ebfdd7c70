"""Tables of exports: snapshots of the public register, and the files that offices had made."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import words
from app.domain.exports.enums import ExportFormat, ExportKind


class RegisterSnapshot(SQLModel, table=True):
    """The whole public register as it stood on one day, once a month, as two files that never change.

    `code` is the month, `2026-11`; `taken_on` the day whose state it tells.
    """

    __tablename__ = "register_snapshots"
    __table_args__ = (sa.CheckConstraint("count >= 0", name="counted_from_zero"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=7, unique=True)
    taken_on: date
    taken_at: datetime
    count: int
    dictionary_version: int
    csv_sha256: str = Field(max_length=64)
    csv_size: int
    json_sha256: str = Field(max_length=64)
    json_size: int


class ExportFile(SQLModel, table=True):
    """A report or table that somebody had made: what for, how many lines, which file."""

    __tablename__ = "export_files"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    kind: ExportKind = words(ExportKind)
    format: ExportFormat = words(ExportFormat)
    about: str = Field(max_length=10)
    lines: int
    sha256: str = Field(max_length=64)
    size: int
    media_type: str = Field(max_length=80)
    file_name: str = Field(max_length=120)
    made_by: str
    made_at: datetime
