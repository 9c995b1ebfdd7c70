"""Tables of reports from the public: what was seen, who said so (apart), photos, and each step."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import long_text, words
from app.domain.misuse.enums import Concern, ReportOutcome, ReportState, ReportStep
from app.domain.stamps.enums import Verdict


class MisuseReport(SQLModel, table=True):
    """What somebody saw, where and when; nothing of the reporter stands here.

    `stamp_said` is what the stamp answered at that moment. `ended_at` is the day from which the
    reporter is remembered only so long.
    """

    __tablename__ = "misuse_reports"
    __table_args__ = (
        sa.Index("ix_misuse_reports_state", "state", "id"),
        sa.Index("ix_misuse_reports_certificate", "certificate_id", "received_at"),
        sa.CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="closed_with_one"),
        sa.CheckConstraint("(state = 'joined') = (joined_to_id IS NOT NULL)", name="joined_to_one"),
        sa.CheckConstraint(
            "state <> 'checking' OR taken_by_id IS NOT NULL", name="checked_by_somebody"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    state: ReportState = words(ReportState)
    concern: Concern = words(Concern)
    product_seen: str = Field(max_length=200)
    place: str = Field(max_length=300)
    commune_code: str = Field(default="", max_length=5, index=True)
    seen_on: date
    description: str = long_text(default="")
    certificate_id: int | None = Field(default=None, foreign_key="certificates.id")
    product_commune_code: str = Field(default="", max_length=5, index=True)
    stamp: str = Field(default="", max_length=300)
    verdict: Verdict | None = words(Verdict, nullable=True, default=None)
    stamp_said: str = long_text(default="")
    sent_by_program: str = Field(default="", max_length=120)
    gives_position: bool = False
    has_contact: bool = False
    received_at: datetime
    last_step_at: datetime
    taken_by_id: int | None = Field(default=None, foreign_key="users.id", index=True)
    taken_by: str = ""
    taken_at: datetime | None = None
    outcome: ReportOutcome | None = words(ReportOutcome, nullable=True, default=None)
    outcome_reference: str = Field(default="", max_length=60)
    outcome_authority: str = Field(default="", max_length=200)
    outcome_on: date | None = None
    joined_to_id: int | None = Field(default=None, foreign_key="misuse_reports.id", index=True)
    ended_at: datetime | None = None
    forgotten_at: datetime | None = None


class MisuseContact(SQLModel, table=True):
    """How to reach a reporter who wished it: read by whoever works on it, and then forgotten."""

    __tablename__ = "misuse_contacts"

    report_id: int = Field(foreign_key="misuse_reports.id", primary_key=True)
    name: str = Field(default="", max_length=120)
    phone: str = Field(default="", max_length=20)
    email: str = Field(default="", max_length=200)


class MisusePhoto(SQLModel, table=True):
    """A photo of a report: copies painted anew; the original only where its position was given.

    When the reporter is forgotten no column names a file any longer, and the sweep takes them.
    """

    __tablename__ = "misuse_photos"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    report_id: int = Field(foreign_key="misuse_reports.id", index=True)
    media_type: str = Field(max_length=60)
    sha256: str | None = Field(default=None, max_length=64)
    position: str = Field(default="", max_length=40)
    copy_sha256: str | None = Field(default=None, max_length=64)
    thumbnail_sha256: str | None = Field(default=None, max_length=64)
    thumbnail_width: int
    thumbnail_height: int


class MisuseStep(SQLModel, table=True):
    """One step of a report with its note, kept as written."""

    __tablename__ = "misuse_steps"

    id: int | None = Field(default=None, primary_key=True)
    report_id: int = Field(foreign_key="misuse_reports.id", index=True)
    step: ReportStep = words(ReportStep)
    after: ReportState = words(ReportState)
    note: str = long_text(default="")
    at: datetime
    by: str
