"""The table of published lists: signed once by whoever holds the key, served as they are."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import long_text


class PublishedList(SQLModel, table=True):
    """A list under its name: a shard of stamps, the certificates, the bundle for whoever is offline.

    `version` is the last change it knows; `bits` are a shard before it was packed and signed.
    """

    __tablename__ = "published_lists"

    name: str = Field(primary_key=True, max_length=40)
    version: int = Field(sa_type=sa.BigInteger, nullable=False)
    etag: str = Field(max_length=64)
    token: str = long_text()
    bits: bytes | None = Field(default=None, sa_type=sa.LargeBinary, nullable=True)
    signed_at: datetime
    expires_at: datetime
