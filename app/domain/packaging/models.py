"""Tables of permissions to print the mark: requests, their artwork, what the agency found."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, long_text, words
from app.domain.packaging.enums import CheckDecision, PermissionState


class PackagingPermission(SQLModel, table=True):
    """A package that is to carry the mark, from the draft to the agency's number.

    Once granted it is never edited: another package is another request. The names are those of the
    certificate on the day it was granted.
    """

    __tablename__ = "packaging_permissions"
    __table_args__ = (
        sa.UniqueConstraint("year", "number"),
        sa.CheckConstraint("star BETWEEN 3 AND 5", name="star_range"),
        sa.CheckConstraint("planned_quantity > 0", name="quantity_positive"),
        sa.CheckConstraint(
            "(number IS NULL) = (granted_on IS NULL) AND (year IS NULL) = (granted_on IS NULL)",
            name="numbered_when_granted",
        ),
        sa.CheckConstraint(
            "withdrawn_on IS NULL OR granted_on IS NOT NULL", name="withdrawn_after_grant"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    state: PermissionState = words(PermissionState, index=True)
    certificate_id: int = Field(foreign_key="certificates.id", index=True)
    producer_id: int = Field(foreign_key="producers.id", index=True)
    package_name: str = Field(max_length=120)
    net_content: str = Field(max_length=60)
    size: str = Field(max_length=80)
    star: int
    planned_quantity: int
    printer: str = Field(default="", max_length=200)
    created_at: datetime
    by_helper: bool = False
    sent_at: datetime | None = None
    number: int | None = None
    year: int | None = None
    granted_on: date | None = None
    granted_by: str = ""
    product_name: str = ""
    producer_name: str = ""
    producer_address: str = ""
    withdrawn_on: date | None = None
    withdrawn_by: str = ""
    withdrawal_reason: str = long_text(default="")


class PackagingArtwork(SQLModel, table=True):
    """One file of artwork with what the program read of it; kept privately under its hash."""

    __tablename__ = "packaging_artworks"
    __table_args__ = (sa.UniqueConstraint("permission_id", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    permission_id: int = Field(foreign_key="packaging_permissions.id")
    sha256: str = Field(max_length=64, index=True)
    media_type: str = Field(max_length=60)
    file_name: str = Field(max_length=200)
    size: int
    pages: int | None = None
    reading: dict[str, Any] = document()
    thumbnail_sha256: str | None = Field(default=None, max_length=64)
    thumbnail_width: int = 0
    thumbnail_height: int = 0
    added_at: datetime
    added_by: str


class PackagingCheck(SQLModel, table=True):
    """What the agency found on one look, on which files, and what it decided: append-only."""

    __tablename__ = "packaging_checks"

    id: int | None = Field(default=None, primary_key=True)
    permission_id: int = Field(foreign_key="packaging_permissions.id", index=True)
    decision: CheckDecision = words(CheckDecision)
    answers: list[dict[str, Any]] = document()
    findings: list[dict[str, Any]] = document()
    file_hashes: list[str] = document()
    reason: str = long_text(default="")
    checked_at: datetime
    checked_by: str
