"""Tables of notices: what somebody is told, and the ways it takes out of the house."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.carriers import Trouble
from app.core.columns import document, long_text, words
from app.domain.notices.enums import Channel, DeliveryState

_NOT_PLANNED = sa.text("planned_at IS NULL")
_UNREAD = sa.text("read_at IS NULL")


class Notice(SQLModel, table=True):
    """One thing one account is told; written with the change it is about, so it is the outbox.

    The sentences are kept as templates with their data: what was said stays said, in any language.
    """

    __tablename__ = "notices"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "kind", "subject_code", "occasion"),
        sa.Index("ix_notices_user", "user_id", "id"),
        sa.Index("ix_notices_told_of", "subject_code", "kind"),
        sa.Index(
            "ix_notices_unread", "user_id", "id", sqlite_where=_UNREAD, postgresql_where=_UNREAD
        ),
        sa.Index(
            "ix_notices_not_planned", "id", sqlite_where=_NOT_PLANNED, postgresql_where=_NOT_PLANNED
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    user_id: int = Field(foreign_key="users.id")
    kind: str = Field(max_length=60)
    subject_code: str = Field(max_length=40)
    occasion: str = Field(default="", max_length=60)
    title: str
    todo: str = long_text(default="")
    params: dict[str, str | int] = document(default_factory=dict)
    due_on: date | None = None
    route_name: str = Field(max_length=60)
    basis: str = ""
    created_at: datetime
    read_at: datetime | None = None
    planned_at: datetime | None = None


class Delivery(SQLModel, table=True):
    """One notice on its way by one channel; its code names the message, however often it is sent."""

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("notice_id", "channel"),
        sa.Index("ix_deliveries_due", "state", "channel", "due_at"),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_and_time"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    notice_id: int = Field(foreign_key="notices.id")
    channel: Channel = words(Channel)
    state: DeliveryState = words(DeliveryState)
    attempts: int = 0
    due_at: datetime
    leased_until: datetime | None = None
    sent_at: datetime | None = None
    problem: Trouble | None = words(Trouble, nullable=True, default=None)
    problem_answer: int | None = None
