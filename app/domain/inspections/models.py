"""Tables of plans, checks, their findings and photos, corrections and conclusions."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, long_text, words
from app.domain.inspections.enums import (
    CorrectionState,
    Finding,
    InspectionKind,
    InspectionState,
    Outcome,
    PlanState,
)
from app.domain.recognition.enums import RevocationGround

# Nobody is checked twice in a plan: a check that was cancelled makes room for another.
_TAKES_PLACE = sa.text("state <> 'cancelled'")


class InspectionPlan(SQLModel, table=True):
    """A plan of periodic checks: which products, by which agencies, when (art. 9.2.a, 9.4.a)."""

    __tablename__ = "inspection_plans"
    __table_args__ = (
        sa.UniqueConstraint("year", "number"),
        sa.CheckConstraint("period_to >= period_from", name="period"),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (approved_by IS NULL)", name="approved_by_and_at"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    state: PlanState = words(PlanState)
    year: int
    title: str
    number: str = Field(max_length=60)
    decided_on: date
    period_from: date
    period_to: date
    agencies: list[str] = document(default_factory=list)
    reasons: str = long_text(default="")
    created_at: datetime
    created_by: str
    approved_at: datetime | None = None
    approved_by: str | None = None


class PlannedCertificate(SQLModel, table=True):
    """One certificate a plan chose, and why."""

    __tablename__ = "planned_certificates"

    plan_id: int = Field(foreign_key="inspection_plans.id", primary_key=True)
    certificate_id: int = Field(foreign_key="certificates.id", primary_key=True, index=True)
    reason: str = Field(max_length=300)
    added_at: datetime


class PlanAmendment(SQLModel, table=True):
    """A decision that changes an approved plan, kept as it was."""

    __tablename__ = "plan_amendments"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    plan_id: int = Field(foreign_key="inspection_plans.id", index=True)
    number: str = Field(max_length=60)
    decided_on: date
    reason: str = long_text(default="")
    changes: dict[str, Any] = document(default_factory=dict)
    recorded_by: str
    recorded_at: datetime


class Inspection(SQLModel, table=True):
    """One check of one certificate's product, from its planning to a conclusion that stays.

    `record` is the whole checklist as it was when the minutes were closed: what is printed later is
    what was signed.
    """

    __tablename__ = "inspections"
    __table_args__ = (
        sa.Index(
            "uq_inspections_once_in_a_plan",
            "plan_id",
            "certificate_id",
            unique=True,
            sqlite_where=_TAKES_PLACE,
            postgresql_where=_TAKES_PLACE,
        ),
        sa.UniqueConstraint("conclusion_year", "conclusion_number"),
        sa.CheckConstraint("(kind = 'periodic') = (plan_id IS NOT NULL)", name="planned_or_not"),
        sa.CheckConstraint("(closed_at IS NULL) = (held_on IS NULL)", name="closed_on_a_day"),
        sa.CheckConstraint(
            "(state = 'concluded') = (outcome IS NOT NULL AND concluded_on IS NOT NULL)",
            name="concluded_with_an_outcome",
        ),
        sa.CheckConstraint("(scan_sha256 IS NULL) = (scan_name = '')", name="scan_with_its_name"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    state: InspectionState = words(InspectionState, index=True)
    kind: InspectionKind = words(InspectionKind)
    plan_id: int | None = Field(default=None, foreign_key="inspection_plans.id")
    certificate_id: int = Field(foreign_key="certificates.id", index=True)
    follows_id: int | None = Field(default=None, foreign_key="inspections.id", index=True)
    reason: str = long_text(default="")
    planned_on: date
    place: str = Field(max_length=300)
    rubric_code: str = Field(max_length=40)
    is_judged_by_rubric: bool = False
    announced_at: datetime | None = None
    created_at: datetime
    created_by: str
    cancel_reason: str = long_text(default="")
    begun_at: datetime | None = None
    record_number: str = Field(default="", max_length=60)
    held_on: date | None = None
    present: str = long_text(default="")
    producer_opinion: str = long_text(default="")
    closed_at: datetime | None = None
    closed_by: str = ""
    record: dict[str, Any] = document(default_factory=dict)
    scan_sha256: str | None = Field(default=None, max_length=64)
    scan_media_type: str = Field(default="", max_length=60)
    scan_name: str = Field(default="", max_length=200)
    correction_due_on: date | None = Field(default=None, index=True)
    outcome: Outcome | None = words(Outcome, nullable=True, default=None)
    conclusion_number: str = Field(default="", max_length=60)
    conclusion_year: int | None = None
    conclusion_authority: str = ""
    concluded_on: date | None = None
    conclusion: str = long_text(default="")
    concluded_at: datetime | None = None
    concluded_by: str = ""
    ground: RevocationGround | None = words(RevocationGround, nullable=True, default=None)
    case_code: str = Field(default="", max_length=20)


class InspectionMember(SQLModel, table=True):
    """A person on the team of a check, and for which agency."""

    __tablename__ = "inspection_members"

    inspection_id: int = Field(foreign_key="inspections.id", primary_key=True)
    user_id: int = Field(foreign_key="users.id", primary_key=True, index=True)
    name: str
    agency_code: str = Field(default="", max_length=40)
    agency_name: str = ""
    is_leader: bool = False


class CheckedSection(SQLModel, table=True):
    """One section of a checklist as last saved: several people write at once, each a section."""

    __tablename__ = "checked_sections"

    inspection_id: int = Field(foreign_key="inspections.id", primary_key=True)
    section: str = Field(primary_key=True, max_length=20)
    version: int
    saved_by: str
    saved_at: datetime


class CheckedItem(SQLModel, table=True):
    """What the team found about one item: a criterion of the rubric, or a rule on the mark.

    A finding that can be mended gets a day, an answer of the producer and a word of the agency.
    """

    __tablename__ = "checked_items"
    __table_args__ = (
        sa.CheckConstraint(
            "(correction IS NULL) = (due_on IS NULL)", name="correction_with_its_day"
        ),
    )

    inspection_id: int = Field(foreign_key="inspections.id", primary_key=True)
    item: str = Field(primary_key=True, max_length=20)
    section: str = Field(max_length=20)
    finding: Finding = words(Finding)
    note: str = long_text(default="")
    correction: CorrectionState | None = words(CorrectionState, nullable=True, default=None)
    demand: str = long_text(default="")
    due_on: date | None = None


class InspectionPhoto(SQLModel, table=True):
    """A photo taken at a check: private, its three files are named by their hashes."""

    __tablename__ = "inspection_photos"
    __table_args__ = (sa.UniqueConstraint("inspection_id", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    inspection_id: int = Field(foreign_key="inspections.id")
    item: str = Field(default="", max_length=20)
    caption: str = Field(max_length=200)
    sha256: str = Field(max_length=64)
    media_type: str = Field(max_length=60)
    size: int
    copy_sha256: str = Field(max_length=64)
    copy_width: int
    copy_height: int
    thumbnail_sha256: str = Field(max_length=64)
    thumbnail_width: int
    thumbnail_height: int
    added_at: datetime
    added_by: str


class CorrectionAnswer(SQLModel, table=True):
    """One answer of the producer's side to one finding, and what the agency said to it."""

    __tablename__ = "correction_answers"
    __table_args__ = (
        sa.UniqueConstraint("inspection_id", "item", "ordinal"),
        sa.CheckConstraint("(sha256 IS NULL) = (file_name = '')", name="file_with_its_name"),
        sa.CheckConstraint("(accepted IS NULL) = (judged_at IS NULL)", name="judged_with_a_word"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    inspection_id: int = Field(foreign_key="inspections.id")
    item: str = Field(max_length=20)
    ordinal: int
    text: str = long_text()
    sha256: str | None = Field(default=None, max_length=64)
    media_type: str = Field(default="", max_length=60)
    file_name: str = Field(default="", max_length=200)
    answered_at: datetime
    answered_by: str
    on_behalf: bool = False
    accepted: bool | None = None
    judgement: str = long_text(default="")
    judged_at: datetime | None = None
    judged_by: str = ""
