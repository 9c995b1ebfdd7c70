"""Tables of rounds, councils, meetings, score sheets and results."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.codes import new_secret
from app.core.columns import document, long_text, words
from app.domain.councils.enums import (
    GateKind,
    GateState,
    ItemState,
    MeetingForm,
    MeetingState,
    ReopeningState,
    Seat,
    SheetOrigin,
    SheetState,
)
from app.domain.councils.rules import holds_seat


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


# Sitting is a seat without an end: one for each person and council.
_IS_SITTING = sa.text("left_on IS NULL")


class Council(SQLModel, table=True):
    """The provincial council set up by a decision for a term, working under pinned council rules.

    Numbers of decisions begin anew each year: `year` is the year of the decision.
    """

    __tablename__ = "councils"
    __table_args__ = (
        sa.UniqueConstraint("year", "decision_number"),
        sa.CheckConstraint("term_to >= term_from", name="term"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    decision_number: str = Field(max_length=60)
    decided_on: date
    year: int
    term_from: date
    term_to: date
    council_rules_code: str = Field(max_length=60)
    council_rules_hash: str = Field(max_length=64)
    created_at: datetime


class CouncilMember(SQLModel, table=True):
    """A seat on a council, held by an account from one day until a later decision ends it.

    `left_on` is the first day without the seat; the sheets of whoever left stay.
    """

    __tablename__ = "council_members"
    __table_args__ = (
        sa.Index(
            "uq_council_members_sitting",
            "council_id",
            "user_id",
            unique=True,
            sqlite_where=_IS_SITTING,
            postgresql_where=_IS_SITTING,
        ),
        sa.CheckConstraint("left_on >= seated_on", name="left_after_seated"),
    )

    id: int | None = Field(default=None, primary_key=True)
    council_id: int = Field(foreign_key="councils.id", index=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    name: str
    organisation: str
    title: str = ""
    seat: Seat = words(Seat)
    voting: bool
    seated_on: date
    left_on: date | None = None
    succeeds_id: int | None = Field(default=None, foreign_key="council_members.id")

    def is_held_on(self, day: date) -> bool:
        """Whether the seat is held on a day."""
        return holds_seat(day, seated_on=self.seated_on, left_on=self.left_on)


class CouncilAmendment(SQLModel, table=True):
    """A decision that changes who sits on a council (thay thế, bổ sung thành viên); kept as it was."""

    __tablename__ = "council_amendments"
    __table_args__ = (sa.UniqueConstraint("year", "decision_number"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    council_id: int = Field(foreign_key="councils.id", index=True)
    decision_number: str = Field(max_length=60)
    decided_on: date
    year: int
    effective_on: date
    changes: list[dict[str, str]] = document(default_factory=list)
    recorded_by: str
    recorded_at: datetime


class ChairDelegation(SQLModel, table=True):
    """The chair's paper that lets another voting member preside: number, day, scope, days."""

    __tablename__ = "chair_delegations"
    __table_args__ = (sa.CheckConstraint("last_day >= first_day", name="days"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    council_id: int = Field(foreign_key="councils.id", index=True)
    member_id: int = Field(foreign_key="council_members.id", index=True)
    number: str = Field(max_length=60)
    signed_on: date
    scope: str = long_text()
    first_day: date
    last_day: date
    recorded_by: str
    recorded_at: datetime


class PinnedCouncilRules(SQLModel, table=True):
    """The text of council rules as a council pinned it: results are recomputed from it for ever."""

    __tablename__ = "pinned_council_rules"

    content_hash: str = Field(primary_key=True, max_length=64)
    code: str = Field(max_length=60)
    content: str = long_text()


class Meeting(SQLModel, table=True):
    """A meeting of a council in a round, or its written opinion on renewals.

    Renewals are rolling (26/2026/QĐ-TTg art. 7.6): what is about them alone needs no round. Members
    read the dossiers from `papers_promised_on`, later only what came onto the agenda later.
    """

    __tablename__ = "meetings"
    __table_args__ = (
        sa.CheckConstraint(
            "(form = 'written') = (opinions_due_on IS NOT NULL)", name="written_until_a_day"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    council_id: int = Field(foreign_key="councils.id", index=True)
    round_id: int | None = Field(default=None, foreign_key="rounds.id", index=True)
    form: MeetingForm = words(MeetingForm, default=MeetingForm.IN_PERSON)
    state: MeetingState = words(MeetingState)
    place: str
    starts_at: datetime
    papers_promised_on: date | None = None
    renewal_reason: str = long_text(default="")
    opinions_due_on: date | None = None
    collected_at: datetime | None = None
    reminded_on: date | None = None
    opened_at: datetime | None = None
    presiding_id: int | None = Field(default=None, foreign_key="council_members.id")
    delegation_id: int | None = Field(default=None, foreign_key="chair_delegations.id")
    council_rules_code: str = Field(default="", max_length=60)
    council_rules_hash: str = Field(default="", max_length=64)
    closed_at: datetime | None = None
    minutes_number: str = ""
    conclusion: str = long_text(default="")
    # Seals the scoring packs of this meeting; never leaves the database.
    pack_secret: str = Field(default_factory=new_secret, max_length=60)


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
    day: date | None = None
    papers_open_on: date
    state: ItemState = words(ItemState)
    taken_off_reason: str = long_text(default="")
    taken_off_at: datetime | None = None
    survey_record: str = Field(default="", max_length=200)
    scoring_round: int = 1
    divergence_note: str = long_text(default="")
    certified_at: datetime | None = None
    certified_by: str | None = None
    certified_hash: str = Field(default="", max_length=64)
    locked_at: datetime | None = None
    locked_by: str | None = None


class ConflictDeclaration(SQLModel, table=True):
    """What a voting member says about the own interests in one product, and the hints it answers."""

    __tablename__ = "conflict_declarations"

    item_id: int = Field(foreign_key="agenda_items.id", primary_key=True)
    member_id: int = Field(foreign_key="council_members.id", primary_key=True, index=True)
    has_conflict: bool
    reason: str = long_text(default="")
    hints: list[str] = document(default_factory=list)
    declared_at: datetime


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
    origin: SheetOrigin = words(SheetOrigin, default=SheetOrigin.ONLINE)
    total: int = 0
    opinion: str = long_text(default="")
    recusal_reason: str = ""
    submitted_at: datetime | None = None
    updated_at: datetime


class MeetingWish(SQLModel, table=True):
    """A member asks that a renewal be discussed in a meeting instead (art. 7.6.d), and why."""

    __tablename__ = "meeting_wishes"

    item_id: int = Field(foreign_key="agenda_items.id", primary_key=True)
    member_id: int = Field(foreign_key="council_members.id", primary_key=True)
    reason: str = long_text()
    wished_at: datetime


class Mark(SQLModel, table=True):
    """The option a member chose for one criterion, the page that shows it, and a remark."""

    __tablename__ = "marks"
    __table_args__ = (
        sa.CheckConstraint(
            "NOT (without_evidence AND evidence_code IS NOT NULL)", name="evidence_or_none"
        ),
        sa.CheckConstraint(
            "evidence_page IS NULL OR (evidence_code IS NOT NULL AND evidence_page >= 1)",
            name="page_of_evidence",
        ),
    )

    sheet_id: int = Field(foreign_key="score_sheets.id", primary_key=True)
    criterion_code: str = Field(primary_key=True, max_length=12)
    option_code: str | None = Field(default=None, max_length=12)
    remark: str = long_text(default="")
    evidence_code: str | None = Field(default=None, foreign_key="evidence.code", max_length=20)
    evidence_page: int | None = None
    without_evidence: bool = False


class SupersededSheet(SQLModel, table=True):
    """A submitted sheet that was scored anew: kept as it was, never counted."""

    __tablename__ = "superseded_sheets"
    __table_args__ = (sa.UniqueConstraint("sheet_id", "scoring_round"),)

    id: int | None = Field(default=None, primary_key=True)
    sheet_id: int = Field(foreign_key="score_sheets.id", index=True)
    scoring_round: int
    origin: SheetOrigin = words(SheetOrigin, default=SheetOrigin.ONLINE)
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
    median_numerator: int
    median_denominator: int
    spread: int
    sheets_counted: int
    band_star: int
    star: int
    outcome: str = Field(max_length=40)
    sealed: dict[str, Any] = document()
    document: dict[str, Any] = document()
    document_hash: str = Field(max_length=64)
    locked_at: datetime
    announced_at: datetime | None = None


class Reopening(SQLModel, table=True):
    """Who asked for a locked result to be taken up again, why, and how it was decided."""

    __tablename__ = "reopenings"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    item_id: int = Field(foreign_key="agenda_items.id", index=True)
    state: ReopeningState = words(ReopeningState)
    reason: str = long_text()
    requested_by: str
    requested_by_id: int = Field(foreign_key="users.id")
    requested_at: datetime
    answer: str = long_text(default="")
    decision_number: str = Field(default="", max_length=60)
    decided_by: str | None = None
    decided_at: datetime | None = None


class SupersededResult(SQLModel, table=True):
    """A locked result that was taken up again: kept as it was, with its record, never in force."""

    __tablename__ = "superseded_results"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    item_id: int = Field(foreign_key="agenda_items.id", index=True)
    reopening_id: int = Field(foreign_key="reopenings.id", unique=True)
    average_text: str = Field(max_length=20)
    star: int
    outcome: str = Field(max_length=40)
    sealed: dict[str, Any] = document()
    document: dict[str, Any] = document()
    document_hash: str = Field(max_length=64)
    locked_at: datetime
    locked_by: str
    certified_by: str
    minutes_number: str = Field(default="", max_length=60)
    conclusion: str = long_text(default="")
    superseded_at: datetime
