"""Tables of posts changing hands; the posts themselves are memberships of accounts."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document


class Invitation(SQLModel, table=True):
    """A link by which one person opens an account of their own, with the posts it names."""

    __tablename__ = "invitations"
    __table_args__ = (
        sa.CheckConstraint(
            "(accepted_at IS NULL) = (user_id IS NULL)", name="accepted_by_somebody"
        ),
        sa.CheckConstraint("accepted_at IS NULL OR revoked_at IS NULL", name="one_end"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    token_hash: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=120)
    organisation: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=200)
    grants: list[dict[str, Any]] = document()
    invited_at: datetime
    invited_by: str = Field(max_length=60)
    expires_at: datetime
    accepted_at: datetime | None = None
    revoked_at: datetime | None = None
    user_id: int | None = Field(default=None, foreign_key="users.id", index=True)


class Handover(SQLModel, table=True):
    """A post given from one person to another on a day, with what was open on that day."""

    __tablename__ = "handovers"
    __table_args__ = (sa.CheckConstraint("from_user_id <> to_user_id", name="to_another"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    from_user_id: int = Field(foreign_key="users.id", index=True)
    to_user_id: int = Field(foreign_key="users.id", index=True)
    membership_ids: list[int] = document()
    on_day: date
    reason: str = Field(default="", max_length=500)
    made_at: datetime
    made_by: str = Field(max_length=60)


class Absence(SQLModel, table=True):
    """Days on which a deputy holds the posts of somebody on leave."""

    __tablename__ = "absences"
    __table_args__ = (
        sa.CheckConstraint("last_day >= first_day", name="range"),
        sa.CheckConstraint("user_id <> deputy_id", name="another_deputises"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    user_id: int = Field(foreign_key="users.id", index=True)
    deputy_id: int = Field(foreign_key="users.id", index=True)
    first_day: date
    last_day: date
    reason: str = Field(default="", max_length=500)
    made_at: datetime
    made_by: str = Field(max_length=60)
    ended_at: datetime | None = None
    ended_by: str | None = Field(default=None, max_length=60)
