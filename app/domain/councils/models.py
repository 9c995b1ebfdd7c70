"""Tables of rounds, councils, meetings, score sheets and results."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, long_text, words
from app.domain.councils.enums import (
    GateKind,
    GateState,
    ItemState,
    MeetingState,
    Seat,
    SheetState,
)


class Round(SQLModel, table=True):
    """A round of evaluation with its cut-off (26/2026/QĐ-TTg art. 5.1)."""

    __tablename__ = "rounds"
    __table_args__ = (sa.UniqueConstraint("year", "ordinal"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    year: int
    ordinal: int
    proposals_before: date
    results_before: date
    created_at: datetime


class Council(SQLModel, table=True):
    """The provincial council set up by a decision, working under pinned council rules."""

    __tablename__ = "councils"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    decision_number: str = Field(unique=True)
    decided_on: date
    council_rules_code: str = Field(max_length=60)
    council_rules_hash: str = Field(max_length=64)
    created_at: datetime


class CouncilMember(SQLModel, table=True):
    """A seat on a council, held by an account."""

    __tablename__ = "council_members"
    __table_args__ = (sa.UniqueConstraint("council_id", "user_id"),)

    id: int | None = Field(default=None, primary_key=True)
    council_id: int = Field(foreign_key="councils.id", index=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    name: str
    organisation: str
    seat: Seat = words(Seat)
    voting: bool


class Meeting(SQLModel, table=True):
    """A meeting of a council in a round."""

    __tablename__ = "meetings"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    council_id: int = Field(foreign_key="councils.id", index=True)
    round_id: int = Field(foreign_key="rounds.id", index=True)
    state: MeetingState = words(MeetingState)
    place: str
    starts_at: datetime
    opened_at: datetime | None = None
    presiding_id: int | None = Field(default=None, foreign_key="council_members.id")
    closed_at: datetime | None = None
    minutes_number: str = ""
    conclusion: str = long_text(default="")


class Attendance(SQLModel, table=True):
    """Who of the council was present when the meeting was opened."""

    __tablename__ = "attendances"

    meeting_id: int = Field(foreign_key="meetings.id", primary_key=True)
    member_id: int = Field(foreign_key="council_members.id", primary_key=True)
    present: bool


class AgendaItem(SQLModel, table=True):
    """One dossier before one meeting."""

    __tablename__ = "agenda_items"
    __table_args__ = (sa.UniqueConstraint("meeting_id", "dossier_id"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    meeting_id: int = Field(foreign_key="meetings.id", index=True)
    dossier_id: int = Field(foreign_key="dossiers.id", index=True)
    position: int
    state: ItemState = words(ItemState)
    survey_record: str = Field(default="", max_length=200)
    scoring_round: int = 1
    divergence_note: str = long_text(default="")
    locked_at: datetime | None = None
    locked_by: str | None = None


class ScoreSheet(SQLModel, table=True):
    """One member's own sheet for one dossier (phiếu đánh giá); nobody else's before the lock."""

    __tablename__ = "score_sheets"
    __table_args__ = (sa.UniqueConstraint("item_id", "member_id"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    item_id: int = Field(foreign_key="agenda_items.id", index=True)
    member_id: int = Field(foreign_key="council_members.id", index=True)
    state: SheetState = words(SheetState)
    total: int = 0
    opinion: str = long_text(default="")
    recusal_reason: str = ""
    submitted_at: datetime | None = None
    updated_at: datetime


class Mark(SQLModel, table=True):
    """The option a member chose for one criterion, with a remark."""

    __tablename__ = "marks"

    sheet_id: int = Field(foreign_key="score_sheets.id", primary_key=True)
    criterion_code: str = Field(primary_key=True, max_length=12)
    option_code: str | None = Field(default=None, max_length=12)
    remark: str = long_text(default="")


class SupersededSheet(SQLModel, table=True):
    """A submitted sheet that was scored anew: kept as it was, never counted."""

    __tablename__ = "superseded_sheets"
    __table_args__ = (sa.UniqueConstraint("sheet_id", "scoring_round"),)

    id: int | None = Field(default=None, primary_key=True)
    sheet_id: int = Field(foreign_key="score_sheets.id", index=True)
    scoring_round: int
    total: int
    opinion: str = long_text(default="")
    marks: dict[str, Any] = document()
    submitted_at: datetime
    superseded_at: datetime


class GateFinding(SQLModel, table=True):
    """A member raised a gate of the rubric; the council decides by majority, recorded."""

    __tablename__ = "gate_findings"
    __table_args__ = (sa.UniqueConstraint("item_id", "criterion_code", "kind"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    item_id: int = Field(foreign_key="agenda_items.id", index=True)
    criterion_code: str = Field(max_length=12)
    kind: GateKind = words(GateKind)
    state: GateState = words(GateState)
    reason: str = long_text()
    raised_by: str
    raised_at: datetime
    votes_for: int = 0
    votes_against: int = 0
    decided_at: datetime | None = None


class MinimumConfirmation(SQLModel, table=True):
    """The chair's word on a starred minimum about which the sheets were not unanimous."""

    __tablename__ = "minimum_confirmations"

    item_id: int = Field(foreign_key="agenda_items.id", primary_key=True)
    criterion_code: str = Field(primary_key=True, max_length=12)
    star: int = Field(primary_key=True)
    met: bool
    reason: str = long_text()
    confirmed_at: datetime


class Result(SQLModel, table=True):
    """The locked result of one dossier: exact fraction, star, reasons, and its canonical document."""

    __tablename__ = "results"
    __table_args__ = (sa.CheckConstraint("star BETWEEN 0 AND 5", name="star_range"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    item_id: int = Field(foreign_key="agenda_items.id", unique=True)
    dossier_id: int = Field(foreign_key="dossiers.id", unique=True)
    average_numerator: int
    average_denominator: int
    average_text: str = Field(max_length=20)
    sheets_counted: int
    band_star: int
    star: int
    outcome: str = Field(max_length=40)
    document: dict[str, Any] = document()
    document_hash: str = Field(max_length=64)
    locked_at: datetime
    announced_at: datetime | None = None
