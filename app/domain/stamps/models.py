"""Tables of stamp batches, single stamps, public keys and the signing log."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, words
from app.domain.stamps.enums import BatchState, StampState


class StampKey(SQLModel, table=True):
    """The public half of a signing key and the days it may sign; the private half is a file."""

    __tablename__ = "stamp_keys"
    __table_args__ = (sa.CheckConstraint("kid BETWEEN 0 AND 255", name="kid_range"),)

    kid: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    jwk: dict[str, Any] = document()
    created_at: datetime
    signs_from: datetime
    retired_at: datetime | None = None

    @property
    def id(self) -> int:
        """What the audit log calls this row."""
        return self.kid

    @property
    def code(self) -> str:
        """What the audit log calls this key."""
        return f"KEY-{self.kid}"


class StampBatch(SQLModel, table=True):
    """An order of stamps for one certificate, from order to hand-over."""

    __tablename__ = "stamp_batches"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.CheckConstraint("issued_count <= quantity", name="issued_within_quantity"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    state: BatchState = words(BatchState, index=True)
    certificate_id: int = Field(foreign_key="certificates.id", index=True)
    producer_id: int = Field(foreign_key="producers.id", index=True)
    quantity: int
    purpose: str = ""
    refusal_reason: str = ""
    ordered_at: datetime
    ordered_by_helper: bool = False
    approved_at: datetime | None = None
    approved_by: str | None = None
    issued_at: datetime | None = None
    issued_count: int = 0
    kid: int | None = None
    delivered_at: datetime | None = None
    delivered_to: str = ""
    activated_at: datetime | None = None
    closed_at: datetime | None = None


class Stamp(SQLModel, table=True):
    """One stamp, found by its index; what it says is computed when it is scanned.

    `position` is its place on the roll and on the label sheets: it follows the printing, not the
    index, which is random inside a batch.
    """

    __tablename__ = "stamps"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "position"),
        sa.Index("ix_stamps_batch_state", "batch_id", "state"),
    )

    index: int = Field(
        primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    batch_id: int = Field(foreign_key="stamp_batches.id")
    position: int
    state: StampState = words(StampState)
    header: bytes = Field(sa_type=sa.LargeBinary(16), nullable=False)
    signature: bytes = Field(sa_type=sa.LargeBinary(64), nullable=False)
    voided_at: datetime | None = None
    void_reason: str = ""


class SigningRecord(SQLModel, table=True):
    """The append-only signing log: which key signed how many stamps of which indexes, and when."""

    __tablename__ = "signing_records"

    id: int | None = Field(default=None, primary_key=True)
    batch_id: int = Field(foreign_key="stamp_batches.id", index=True)
    kid: int
    first_index: int = Field(sa_type=sa.BigInteger)
    last_index: int = Field(sa_type=sa.BigInteger)
    count: int
    signed_at: datetime
