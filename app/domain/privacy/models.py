"""The table of requests about personal data, with the day by which each must be answered."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, long_text, words
from app.domain.privacy.enums import RequestKind, RequestState


class PersonalDataRequest(SQLModel, table=True):
    """What one person asked about their own data, by when it is due, and what was done."""

    __tablename__ = "personal_data_requests"
    __table_args__ = (
        sa.CheckConstraint("(state = 'received') = (decided_at IS NULL)", name="decided_when_over"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    kind: RequestKind = words(RequestKind)
    state: RequestState = words(RequestState, index=True, default=RequestState.RECEIVED)
    user_id: int | None = Field(default=None, foreign_key="users.id", index=True)
    producer_id: int | None = Field(default=None, foreign_key="producers.id", index=True)
    subject_name: str = Field(max_length=120)
    words_of_request: str = long_text(default="")
    received_at: datetime
    received_by: str = Field(default="", max_length=60)  # who wrote it down; empty: the person
    due_on: date
    decided_at: datetime | None = None
    decided_by: str | None = Field(default=None, max_length=60)
    answer: str = long_text(default="")
    outcome: dict[str, Any] = document(default_factory=dict)  # what was erased or kept, counted
