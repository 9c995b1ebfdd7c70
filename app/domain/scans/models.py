"""Tables of scans: raw events for ninety days, counts for ever, flags for a human, scratch tries."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, words
from app.domain.scans.enums import Caller, FlagKind, FlagState
from app.domain.stamps.enums import Verdict


class ScanEvent(SQLModel, table=True):
    """One answer: when, about which stamp, what it said, to which kind of caller.

    `device` is a mark that differs from stamp to stamp and from month to month; `latitude` and
    `longitude` are tenths of a degree, kept only when the caller told a place.
    """

    __tablename__ = "scan_events"
    __table_args__ = (sa.Index("ix_scan_events_stamp_at", "stamp_index", "at"),)

    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    )
    at: datetime = Field(index=True)
    stamp_index: int | None = Field(default=None, sa_type=sa.BigInteger, nullable=True)
    verdict: Verdict = words(Verdict)
    caller: Caller = words(Caller)
    device: str = Field(default="", max_length=16)
    latitude: int | None = None
    longitude: int | None = None
    province: str = Field(default="", max_length=2)


class ScanJournal(SQLModel, table=True):
    """How far a journal of a web worker has been read in: written with the events themselves."""

    __tablename__ = "scan_journals"

    name: str = Field(primary_key=True, max_length=80)
    offset: int = Field(sa_type=sa.BigInteger, nullable=False)
    read_at: datetime


class ScanDay(SQLModel, table=True):
    """What remains of a day's events about one stamp."""

    __tablename__ = "scan_days"

    day: date = Field(primary_key=True)
    stamp_index: int = Field(
        primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    caller: Caller = words(Caller, primary_key=True)
    scans: int
    devices: int


class ScanTotal(SQLModel, table=True):
    """How often a stamp was asked about, and when first and last."""

    __tablename__ = "scan_totals"

    stamp_index: int = Field(
        primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    scans: int
    first_at: datetime
    last_at: datetime


class CloneFlag(SQLModel, table=True):
    """Something odd about a stamp or a roll, with what was seen, for a human to judge."""

    __tablename__ = "clone_flags"
    __table_args__ = (
        sa.Index("ix_clone_flags_stamp", "stamp_index", "kind"),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_when_not_open"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    kind: FlagKind = words(FlagKind)
    state: FlagState = words(FlagState, index=True, default=FlagState.OPEN)
    stamp_index: int | None = Field(default=None, sa_type=sa.BigInteger, nullable=True)
    roll_id: int | None = Field(default=None, foreign_key="stamp_rolls.id", index=True)
    evidence: dict[str, Any] = document(default_factory=dict)
    raised_at: datetime
    seen_until: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    note: str = ""


class PinTry(SQLModel, table=True):
    """Tries of the scratch code of a stamp: wrong ones, when it opens again, when it was first right."""

    __tablename__ = "pin_tries"

    stamp_index: int = Field(
        primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    failures: int = 0
    blocked_until: datetime | None = None
    first_right_at: datetime | None = None
    rights: int = 0
