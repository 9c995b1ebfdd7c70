"""Tables of stamps: keys, declared output, batches, rolls, single stamps, custody, changes of status."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, long_text, words
from app.domain.stamps.enums import (
    BatchState,
    KeyPurpose,
    PrintForm,
    RollState,
    WithdrawalKind,
)


def _index(**options: Any) -> Any:
    """Return a field for an index of stamps: 32 bits without sign do not fit an INTEGER."""
    return Field(sa_type=sa.BigInteger, nullable=options.pop("nullable", False), **options)


class StampKey(SQLModel, table=True):
    """The public half of a signing key and the days it may sign; the private half is a file.

    Keys of stamps have the indexes that they may sign; the others have none.
    """

    __tablename__ = "stamp_keys"
    __table_args__ = (sa.CheckConstraint("kid BETWEEN 0 AND 255", name="kid_range"),)

    kid: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    purpose: KeyPurpose = words(KeyPurpose, default=KeyPurpose.STAMPS)
    jwk: dict[str, Any] = document()
    first_index: int | None = _index(default=None, nullable=True)
    last_index: int | None = _index(default=None, nullable=True)
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


class OutputDeclaration(SQLModel, table=True):
    """How many packs a year a producer says it makes of a certified product; append-only."""

    __tablename__ = "output_declarations"
    __table_args__ = (sa.CheckConstraint("packs_a_year > 0", name="packs_positive"),)

    id: int | None = Field(default=None, primary_key=True)
    certificate_id: int = Field(foreign_key="certificates.id", index=True)
    packs_a_year: int
    declared_at: datetime
    declared_by: str
    by_helper: bool = False


class StampBatch(SQLModel, table=True):
    """An order of stamps for one certificate, from order to the end of its last roll."""

    __tablename__ = "stamp_batches"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.CheckConstraint("issued_count <= quantity", name="issued_within_quantity"),
        sa.CheckConstraint(
            "approved_count IS NULL OR (approved_count > 0 AND approved_count <= quantity "
            "AND issued_count <= approved_count)",
            name="approved_within_quantity",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    state: BatchState = words(BatchState, index=True)
    certificate_id: int = Field(foreign_key="certificates.id", index=True)
    producer_id: int = Field(foreign_key="producers.id", index=True)
    quantity: int
    purpose: str = ""
    markets: list[str] = document(default_factory=list)  # provinces; empty is anywhere
    with_pin: bool = False
    roll_size: int = 1_000
    balance: dict[str, Any] = document(default_factory=dict)  # what was found when it was ordered
    refusal_reason: str = ""
    ordered_at: datetime
    ordered_by_helper: bool = False
    approved_at: datetime | None = None
    approved_by: str | None = None
    approved_count: int | None = None
    started_at: datetime | None = None
    started_by: str | None = None
    halt_reason: str = ""
    first_index: int | None = _index(default=None, nullable=True)
    issued_at: datetime | None = None
    issued_count: int = 0
    kid: int | None = None
    delivered_at: datetime | None = None
    delivered_to: str = ""
    activated_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def count(self) -> int:
        """How many stamps it stands for: what was approved, before that what was asked for."""
        return self.quantity if self.approved_count is None else self.approved_count


class StampPrinting(SQLModel, table=True):
    """Rolls handed to one printer in one form: once, for a bounded time."""

    __tablename__ = "stamp_printings"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    batch_id: int = Field(foreign_key="stamp_batches.id", index=True)
    form: PrintForm = words(PrintForm)
    printer: str = Field(max_length=200)
    first_roll: int
    last_roll: int
    opened_at: datetime
    opened_by: str
    open_until: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None


class StampDelivery(SQLModel, table=True):
    """Rolls handed over to the producer, with a note of their own."""

    __tablename__ = "stamp_deliveries"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    batch_id: int = Field(foreign_key="stamp_batches.id", index=True)
    delivered_to: str = Field(max_length=200)
    delivered_at: datetime
    delivered_by: str
    rolls: int
    stamps: int


class StampDestruction(SQLModel, table=True):
    """The day on which withdrawn stamps were destroyed before witnesses."""

    __tablename__ = "stamp_destructions"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    destroyed_at: datetime
    place: str = Field(max_length=200)
    method: str = Field(max_length=200)
    witnesses: str = long_text()
    recorded_by: str
    stamps: int


class StampWithdrawal(SQLModel, table=True):
    """Stamps taken out of use for one reason: single ones, whole rolls, or a whole batch."""

    __tablename__ = "stamp_withdrawals"
    __table_args__ = (
        sa.CheckConstraint("stamps > 0", name="stamps_positive"),
        sa.CheckConstraint(
            "destruction_id IS NULL OR kind <> 'lost'", name="lost_is_not_destroyed"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    batch_id: int = Field(foreign_key="stamp_batches.id", index=True)
    kind: WithdrawalKind = words(WithdrawalKind)
    reason: str = Field(max_length=500)
    stamps: int
    withdrawn_at: datetime
    withdrawn_by: str
    destruction_id: int | None = Field(
        default=None, foreign_key="stamp_destructions.id", index=True
    )


class StampRoll(SQLModel, table=True):
    """A stretch of a batch that is printed, handed over, activated and suspended as one.

    Its stamps have the indexes from `first_index` on, in random order; one of them, `label_index`,
    is the label of the roll itself. `void_count` are its stamps withdrawn one by one.
    """

    __tablename__ = "stamp_rolls"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "number"),
        sa.CheckConstraint("size > 0", name="size_positive"),
        sa.CheckConstraint("void_count BETWEEN 0 AND size", name="void_within_size"),
        sa.CheckConstraint(
            "(state = 'void') = (withdrawal_id IS NOT NULL)", name="void_is_withdrawn"
        ),
        # What somebody has to move is a few rolls among many that are in use.
        sa.Index(
            "ix_stamp_rolls_on_the_way",
            "batch_id",
            "state",
            sqlite_where=sa.text("state IN ('in_store', 'delivered')"),
            postgresql_where=sa.text("state IN ('in_store', 'delivered')"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    batch_id: int = Field(foreign_key="stamp_batches.id")
    number: int
    size: int
    state: RollState = words(RollState)
    first_index: int = _index()
    label_index: int | None = _index(default=None, nullable=True)
    void_count: int = 0
    printing_id: int | None = Field(default=None, foreign_key="stamp_printings.id", index=True)
    delivery_id: int | None = Field(default=None, foreign_key="stamp_deliveries.id", index=True)
    withdrawal_id: int | None = Field(default=None, foreign_key="stamp_withdrawals.id", index=True)
    activated_at: datetime | None = None
    suspended_at: datetime | None = None
    suspension_reason: str = ""

    @property
    def in_use(self) -> int:
        """How many of its stamps were not withdrawn."""
        return 0 if self.state is RollState.VOID else self.size - self.void_count


class Stamp(SQLModel, table=True):
    """One stamp, found by its index; what it says is computed when it is scanned.

    `place` is its place on the roll and on the label sheets, from 1; 0 is the label of the roll.
    """

    __tablename__ = "stamps"
    __table_args__ = (sa.UniqueConstraint("roll_id", "place"),)

    # On SQLite an INTEGER is the row's own number: found without an index of its own.
    index: int = Field(
        primary_key=True,
        sa_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        sa_column_kwargs={"autoincrement": False},
    )
    roll_id: int = Field(foreign_key="stamp_rolls.id")
    place: int
    header: bytes = Field(sa_type=sa.LargeBinary(16), nullable=False)
    signature: bytes = Field(sa_type=sa.LargeBinary(64), nullable=False)
    withdrawal_id: int | None = Field(default=None, foreign_key="stamp_withdrawals.id")


class StampChange(SQLModel, table=True):
    """A change of what a stretch of indexes is worth, in the order in which it became true.

    Status lists are nothing but the sum of these; append-only, numbers without a gap.
    """

    __tablename__ = "stamp_changes"

    id: int | None = Field(default=None, primary_key=True)
    first_index: int = _index()
    count: int
    status: int
    changed_at: datetime


class SigningRecord(SQLModel, table=True):
    """The append-only signing log: which key signed how many stamps of which indexes, and when.

    One record for each roll, its label counted; batches of the first release have one each.
    """

    __tablename__ = "signing_records"

    id: int | None = Field(default=None, primary_key=True)
    batch_id: int = Field(foreign_key="stamp_batches.id", index=True)
    kid: int
    first_index: int = _index()
    last_index: int = _index()
    count: int
    signed_at: datetime
