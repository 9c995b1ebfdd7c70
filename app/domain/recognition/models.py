"""Tables of recognition decisions and certificates."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, long_text, words
from app.domain.recognition.enums import (
    ChangeKind,
    DecisionKind,
    DecisionState,
    Replacement,
    RevocationGround,
    RevocationState,
    SubmissionState,
)

LARGEST_RECORD_NUMBER = 2**22 - 1  # the field of the stamp token


class RecognitionDecision(SQLModel, table=True):
    """A decision of the provincial People's Committee, or one of the ministry that is recorded here.

    On results: it recognises three and four stars, or approves what goes on to the ministry
    (art. 7.3.e). On certificates: revocation, extension, correction, change of holder. Signed once,
    never edited; published with the scan of what was signed.
    """

    __tablename__ = "recognition_decisions"
    __table_args__ = (
        sa.UniqueConstraint("authority_folded", "number", "year"),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (signed_by IS NULL)", name="signed_by_and_at_together"
        ),
        sa.CheckConstraint(
            "published_at IS NULL OR (signed_at IS NOT NULL AND scan_sha256 IS NOT NULL)",
            name="published_with_its_scan",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    kind: DecisionKind = words(DecisionKind)
    state: DecisionState = words(DecisionState)
    number: str = Field(max_length=60)
    year: int
    decided_on: date
    authority: str
    authority_folded: str
    signed_by: str | None = None
    signed_title: str = ""
    on_behalf: str = ""
    signed_at: datetime | None = None
    scan_sha256: str | None = Field(default=None, max_length=64)
    scan_media_type: str = Field(default="", max_length=60)
    scan_name: str = Field(default="", max_length=120)
    published_at: datetime | None = None
    published_by: str | None = None
    created_at: datetime


class DecisionItem(SQLModel, table=True):
    """One product in a decision, the star it gives or approves, and the names that were signed.

    A result is decided once by each kind of decision; the dossier's lock keeps that true.
    """

    __tablename__ = "decision_items"
    __table_args__ = (sa.CheckConstraint("star BETWEEN 3 AND 5", name="star_range"),)

    decision_id: int = Field(foreign_key="recognition_decisions.id", primary_key=True)
    dossier_id: int = Field(foreign_key="dossiers.id", primary_key=True, index=True)
    star: int
    position: int
    product_name: str = ""
    producer_name: str = ""
    producer_address: str = ""


class CentreSubmission(SQLModel, table=True):
    """A product of ninety points and more before the ministry, and what it answered (art. 7.4)."""

    __tablename__ = "centre_submissions"
    __table_args__ = (
        sa.CheckConstraint("star BETWEEN 0 AND 5", name="star_range"),
        sa.CheckConstraint(
            "(answered_on IS NULL) = (answered_by IS NULL)", name="answered_on_and_by_together"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    dossier_id: int = Field(foreign_key="dossiers.id", index=True)
    decision_id: int = Field(foreign_key="recognition_decisions.id", index=True)
    state: SubmissionState = words(SubmissionState)
    letter_number: str = Field(max_length=60)
    sent_on: date
    samples: int
    sent_by: str
    sent_at: datetime
    average_numerator: int | None = None
    average_denominator: int | None = None
    star: int | None = None
    answer_number: str = Field(default="", max_length=60)
    answered_on: date | None = None
    answer_note: str = long_text(default="")
    answered_by: str | None = None
    answered_at: datetime | None = None
    scan_sha256: str | None = Field(default=None, max_length=64)
    scan_media_type: str = Field(default="", max_length=60)
    scan_name: str = Field(default="", max_length=120)


class Certificate(SQLModel, table=True):
    """The certificate of one product of one producer; its standing is computed for a date.

    The names it bears are those of the day it was issued; only a decision corrects them.
    """

    __tablename__ = "certificates"
    __table_args__ = (
        sa.CheckConstraint("star BETWEEN 3 AND 5", name="star_range"),
        sa.CheckConstraint("expires_on > issued_on", name="expires_later"),
        sa.CheckConstraint(
            f"record_number BETWEEN 1 AND {LARGEST_RECORD_NUMBER}", name="fits_the_token"
        ),
        sa.CheckConstraint(
            "(superseded_by_id IS NULL) = (superseded_on IS NULL)", name="superseded_by_and_on"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    record_number: int = Field(unique=True)
    product_code: str | None = Field(default=None, max_length=40, index=True)
    product_id: int = Field(foreign_key="products.id", index=True)
    producer_id: int = Field(foreign_key="producers.id", index=True)
    dossier_id: int | None = Field(default=None, foreign_key="dossiers.id", unique=True)
    decision_id: int | None = Field(
        default=None, foreign_key="recognition_decisions.id", index=True
    )
    regime_code: str = Field(max_length=40)
    star: int
    decision_number: str
    authority: str
    issued_on: date
    expires_on: date = Field(index=True)
    product_name: str
    producer_name: str
    producer_address: str
    search_folded: str = long_text()
    extended_from: date | None = None
    extended_until: date | None = None
    extended_by: str = ""
    extension_reason: str = long_text(default="")
    holder_ended_on: date | None = None
    revoked_on: date | None = None
    revocation_ground: RevocationGround | None = words(
        RevocationGround, nullable=True, default=None
    )
    revocation_reason: str = ""
    superseded_by_id: int | None = Field(default=None, foreign_key="certificates.id")
    superseded_on: date | None = None
    superseded_how: Replacement | None = words(Replacement, nullable=True, default=None)
    source_note: str = ""


class CertificateItem(SQLModel, table=True):
    """One certificate in a decision that revokes, extends, corrects it or names another holder.

    `changes` is what a correction writes, `before` what stood there until the signature; the names
    are those the decision was signed with, before it took effect.
    """

    __tablename__ = "certificate_items"
    __table_args__ = (sa.UniqueConstraint("decision_id", "certificate_id"),)

    id: int | None = Field(default=None, primary_key=True)
    decision_id: int = Field(foreign_key="recognition_decisions.id")
    certificate_id: int = Field(foreign_key="certificates.id", index=True)
    position: int
    reason: str = long_text(default="")
    case_id: int | None = Field(default=None, foreign_key="revocation_cases.id", index=True)
    until: date | None = None
    new_producer_id: int | None = Field(default=None, foreign_key="producers.id")
    changes: dict[str, Any] = document(default_factory=dict)
    before: dict[str, Any] = document(default_factory=dict)
    product_name: str = ""
    producer_name: str = ""
    producer_address: str = ""


class RevocationCase(SQLModel, table=True):
    """From a conclusion to the decision on revocation, or to dropping it (art. 8.3, 8.4)."""

    __tablename__ = "revocation_cases"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    certificate_id: int = Field(foreign_key="certificates.id", index=True)
    state: RevocationState = words(RevocationState, index=True)
    ground: RevocationGround = words(RevocationGround)
    description: str = long_text(default="")
    conclusion_number: str = Field(max_length=60)
    conclusion_authority: str
    concluded_on: date
    conclusion_sha256: str | None = Field(default=None, max_length=64)
    conclusion_media_type: str = Field(default="", max_length=60)
    conclusion_name: str = Field(default="", max_length=120)
    inspection_code: str = Field(default="", max_length=20)
    due_on: date
    opened_at: datetime
    opened_by: str
    verified_on: date | None = None
    verification: str = long_text(default="")
    submission_number: str = Field(default="", max_length=60)
    submitted_on: date | None = None
    decision_id: int | None = Field(
        default=None, foreign_key="recognition_decisions.id", index=True
    )
    closed_at: datetime | None = None
    drop_reason: str = long_text(default="")


class RegisterChange(SQLModel, table=True):
    """What happened to a certificate, as anybody may know it: append-only, read by its number."""

    __tablename__ = "register_changes"

    id: int | None = Field(default=None, primary_key=True)
    certificate_id: int = Field(foreign_key="certificates.id", index=True)
    kind: ChangeKind = words(ChangeKind)
    since: date
    told_at: datetime = Field(index=True)
