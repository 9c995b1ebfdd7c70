"""The table of jobs: it is the truth about them, whatever engine runs them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, long_text, words
from app.domain.jobs.enums import JobState


class Job(SQLModel, table=True):
    """One piece of work, put down in the transaction that wants it done.

    `occasion` makes a job one of a kind (such as a day for what is done daily), whoever asks for it.
    A worker holds a lease; one that dies loses it, and the job is begun again: jobs bear that.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        sa.UniqueConstraint("kind", "occasion"),
        sa.Index("ix_jobs_due", "state", "due_at"),
        sa.CheckConstraint(
            "(state IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL)",
            name="finished_when_over",
        ),
        sa.CheckConstraint("steps_done >= 0 AND steps_of >= 0", name="steps"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    kind: str = Field(max_length=60)
    occasion: str | None = Field(default=None, max_length=80)
    state: JobState = words(JobState, default=JobState.WAITING)
    params: dict[str, Any] = document(default_factory=dict)
    subject_code: str = Field(default="", max_length=40, index=True)
    user_id: int | None = Field(default=None, foreign_key="users.id", index=True)
    attempts: int = 0
    due_at: datetime
    leased_until: datetime | None = None
    worker: str = Field(default="", max_length=80)
    steps_done: int = 0
    steps_of: int = 0
    result: dict[str, Any] = document(default_factory=dict)
    problem: str = long_text(default="")
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
