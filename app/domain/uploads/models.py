"""The table of files on their way."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, words
from app.domain.uploads.enums import UploadPurpose, UploadState
from app.domain.uploads.rules import RESUME_LENGTH


class Upload(SQLModel, table=True):
    """One file that comes in pieces; what arrived is told by the file itself, see core/parts."""

    __tablename__ = "uploads"
    __table_args__ = (
        sa.UniqueConstraint("owner_id", "start_key"),
        sa.CheckConstraint("received BETWEEN 0 AND length", name="received_within_length"),
        sa.CheckConstraint(
            "(state = 'finished') = (evidence_code IS NOT NULL)", name="finished_is_evidence"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    resume_code: str = Field(max_length=RESUME_LENGTH, unique=True)
    owner_id: int = Field(foreign_key="users.id")
    start_key: str | None = Field(default=None, max_length=80)
    purpose: UploadPurpose = words(UploadPurpose)
    subject_code: str = Field(max_length=20)  # of the dossier, the producer, or the old paper
    state: UploadState = words(UploadState)
    file_name: str
    length: int
    received: int = 0
    sha256: str = Field(default="", max_length=64)
    described: dict[str, str] = document(default_factory=dict)
    evidence_code: str | None = Field(default=None, max_length=20)
    refusal: str = ""
    begun_at: datetime
    expires_at: datetime = Field(index=True)
