"""Tables of the audit log; triggers refuse every change and deletion of an event."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document


class AuditEvent(SQLModel, table=True):
    """One thing that happened. No foreign keys: history outlives what it is about."""

    __tablename__ = "audit_events"
    __table_args__ = (
        sa.Index("ix_audit_events_subject", "subject_type", "subject_id", "sequence"),
    )

    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime
    actor_id: int | None = Field(default=None, index=True)
    actor_name: str
    office: str
    kind: str = Field(max_length=80, index=True)
    subject_type: str = Field(max_length=40)
    subject_id: int | None
    subject_code: str | None = Field(default=None, index=True)
    data: dict[str, Any] = document()
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64, unique=True)


class AuditHead(SQLModel, table=True):
    """The end of the chain: one row, locked last in every transaction that records something."""

    __tablename__ = "audit_head"

    id: int = Field(primary_key=True, default=1)
    sequence: int
    hash: str = Field(max_length=64)
