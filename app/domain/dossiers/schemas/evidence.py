"""The papers that support a dossier."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field, model_validator

from app.domain.dossiers.enums import EvidenceKind
from app.domain.dossiers.models import Evidence
from app.domain.dossiers.schemas.input import Input


class DescribeEvidence(Input):
    """What a paper says; its file comes beside."""

    kind: EvidenceKind = Field(examples=["test_report"])
    title: str = Field(min_length=2, max_length=200, examples=["Phiếu kiểm nghiệm mật ong 2026"])
    number: str = Field(default="", max_length=60, examples=["KN-1204/2026"])
    issuer: str = Field(default="", max_length=200, examples=["Trung tâm Kiểm nghiệm"])
    issued_on: date | None = Field(default=None, examples=["2026-03-02"])
    expires_on: date | None = Field(default=None, examples=["2027-03-01"])

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.issued_on and self.expires_on and self.expires_on < self.issued_on:
            message = "Ngày hết hạn không được trước ngày cấp."
            raise ValueError(message)
        return self


class AddEvidence(DescribeEvidence):
    """What a paper is; its file comes beside. With a criterion it is cited there at once."""

    criterion_code: str = Field(default="", max_length=12, examples=["10.1"])


class CiteEvidence(Input):
    """A paper and the criterion it is to support, or no longer."""

    evidence_code: str = Field(min_length=4, max_length=20, examples=["MC-4T8XW20"])
    criterion_code: str = Field(min_length=1, max_length=12, examples=["10.1"])


class EvidenceOut(BaseModel):
    """A paper of a producer; its file is downloaded on its own."""

    code: str = Field(examples=["MC-4T8XW20"])
    version: int
    kind: EvidenceKind
    title: str
    number: str
    issuer: str
    issued_on: date | None
    expires_on: date | None
    file_name: str
    media_type: str
    size: int
    pages: int | None = Field(description="Số trang của tệp PDF; ảnh thì không có.", examples=[12])
    sha256: str
    added_at: datetime
    added_by_helper: bool
    criteria: list[str] = Field(description="Các tiêu chí của hồ sơ này mà minh chứng chứng minh")

    @classmethod
    def of(cls, evidence: Evidence, *, criteria: Sequence[str] = ()) -> Self:
        """Make the answer from a row and the criteria it supports."""
        return cls.model_validate(
            evidence.model_dump(include=set(cls.model_fields)) | {"criteria": list(criteria)}
        )
