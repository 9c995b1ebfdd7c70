"""Tables of recognition decisions and certificates."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import long_text, words
from app.domain.recognition.enums import DecisionKind, DecisionState, SubmissionState

LARGEST_RECORD_NUMBER = 2**22 - 1  # the field of the stamp token


class RecognitionDecision(SQLModel, table=True):
    """A decision of the provincial People's Committee on results (art. 7.3.e).

    It recognises three and four stars, or approves results that go on to the ministry.
    """

    __tablename__ = "recognition_decisions"
    __table_args__ = (
        sa.UniqueConstraint("number", "year"),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (signed_by IS NULL)", name="signed_by_and_at_together"
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
    signed_by: str | None = None
    signed_title: str = ""
    on_behalf: str = ""
    signed_at: datetime | None = None
    created_at: datetime


class DecisionItem(SQLModel, table=True):
    """One product in a decision, and the star it gives or approves.

    A result is decided once by each kind of decision; the dossier's lock keeps that true.
    """

    __tablename__ = "decision_items"
    __table_args__ = (sa.CheckConstraint("star BETWEEN 3 AND 5", name="star_range"),)

    decision_id: int = Field(foreign_key="recognition_decisions.id", primary_key=True)
    dossier_id: int = Field(foreign_key="dossiers.id", primary_key=True, index=True)
    star: int
    position: int


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


class Certificate(SQLModel, table=True):
    """The certificate of one product of one producer; its standing is computed for a date."""

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
    revoked_on: date | None = None
    revocation_reason: str = ""
    superseded_by_id: int | None = Field(default=None, foreign_key="certificates.id")
    superseded_on: date | None = None
    source_note: str = ""
