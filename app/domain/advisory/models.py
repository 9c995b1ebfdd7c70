"""Tables of the advisory team."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, words
from app.domain.advisory.enums import Duty

# Serving is a place without an end: one for each person and team.
_IS_SERVING = sa.text("left_on IS NULL")


class AdvisoryTeam(SQLModel, table=True):
    """The advisory team set up by a decision for a term (26/2026/QĐ-TTg art. 7.3.b, 7.3.c)."""

    __tablename__ = "advisory_teams"
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
    created_at: datetime


class AdvisoryMember(SQLModel, table=True):
    """A place on the team; `left_on` is the first day without it."""

    __tablename__ = "advisory_members"
    __table_args__ = (
        sa.Index(
            "uq_advisory_members_serving",
            "team_id",
            "user_id",
            unique=True,
            sqlite_where=_IS_SERVING,
            postgresql_where=_IS_SERVING,
        ),
        sa.CheckConstraint("left_on >= joined_on", name="left_after_joined"),
    )

    id: int | None = Field(default=None, primary_key=True)
    team_id: int = Field(foreign_key="advisory_teams.id", index=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    name: str
    organisation: str
    title: str = ""
    duty: Duty = words(Duty)
    joined_on: date
    left_on: date | None = None


class AdvisoryAmendment(SQLModel, table=True):
    """A decision that changes who serves on a team; kept as it was."""

    __tablename__ = "advisory_amendments"
    __table_args__ = (sa.UniqueConstraint("year", "decision_number"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    team_id: int = Field(foreign_key="advisory_teams.id", index=True)
    decision_number: str = Field(max_length=60)
    decided_on: date
    year: int
    effective_on: date
    changes: list[dict[str, str]] = document(default_factory=list)
    recorded_by: str
    recorded_at: datetime
