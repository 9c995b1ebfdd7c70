"""What a sender says of a file before its first byte."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.core.text import normal
from app.domain.dossiers.schemas import AddEvidence
from app.domain.uploads.enums import UploadPurpose
from app.domain.wallet.schemas import AddPaper, ReplacePaper

DESCRIBED: Final[dict[UploadPurpose, type[AddEvidence | AddPaper | ReplacePaper]]] = {
    UploadPurpose.EVIDENCE: AddEvidence,
    UploadPurpose.PAPER: AddPaper,
    UploadPurpose.RENEWAL: ReplacePaper,
}


class StartUpload(BaseModel):
    """A file of this length is to become this evidence, this paper, or this renewed paper."""

    model_config = ConfigDict(extra="forbid")

    purpose: UploadPurpose
    subject_code: str = Field(min_length=4, max_length=20, pattern=r"^[\w.-]+$")
    file_name: str = Field(min_length=1, max_length=200)
    length: int = Field(ge=1)
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    start_key: str | None = Field(
        default=None, min_length=8, max_length=80, pattern=r"^[\x21-\x7e]+$"
    )
    described: AddEvidence | AddPaper | ReplacePaper

    @field_validator("file_name", mode="before")
    @classmethod
    def _as_stored(cls, sent: object) -> object:
        return normal(sent) if isinstance(sent, str) else sent
