"""The table of linked identities: whom a provider's subject is here."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class ProviderIdentity(SQLModel, table=True):
    """One person as a provider knows them; the pair of issuer and subject never changes there."""

    __tablename__ = "provider_identities"
    __table_args__ = (sa.UniqueConstraint("issuer", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    issuer: str = Field(max_length=200)
    subject: str = Field(max_length=255)
    linked_at: datetime
    last_used_at: datetime | None = None
