"""What comes in and goes out about a producer's papers; forms and the API share it."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.core.text import normal
from app.domain.dossiers.enums import DossierState, EvidenceKind
from app.domain.dossiers.schemas import DescribeEvidence
from app.domain.wallet.enums import PaperState

_VERSION = Field(
    ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối.", examples=[1]
)


class AddPaper(DescribeEvidence):
    """What a new paper of the wallet says; its file comes beside."""


class ChangePaper(DescribeEvidence):
    """What the paper says, as it should be from now on; its file never changes."""

    version: int = _VERSION


class ReplacePaper(DescribeEvidence):
    """What the renewed paper says; its file comes beside."""

    version: int = _VERSION


class RestorePaper(BaseModel):
    """Take a paper out again that was put away."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    version: int = _VERSION


class WithdrawPaper(RestorePaper):
    """Put a paper away, with the reason; where it was filed it stays."""

    reason: str = Field(min_length=3, max_length=1000, examples=["Cơ sở đã đổi tên."])

    @field_validator("reason", mode="before")
    @classmethod
    def _as_stored(cls, sent: object) -> object:
        return normal(sent) if isinstance(sent, str) else sent


class RemovePaper(WithdrawPaper):
    """Take a paper that no dossier cites off the wallet for good, with the reason."""


class PaperOut(BaseModel):
    """A paper of a producer as it stands today; its file is downloaded on its own."""

    code: str = Field(examples=["MC-4T8XW20"])
    version: int
    producer_code: str
    producer_name: str
    kind: EvidenceKind
    kind_label: str
    title: str
    number: str
    issuer: str
    issued_on: date | None
    expires_on: date | None
    state: PaperState
    state_label: str
    days_left: int | None = Field(description="Số ngày còn lại; âm khi đã hết hạn")
    file_name: str
    media_type: str
    size: int
    sha256: str
    added_at: datetime
    added_by_helper: bool
    replaced_by: str | None = Field(description="Mã giấy tờ mới đã thay giấy tờ này")
    replaced_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_reason: str
    dossier_count: int
    use_count: int = Field(description="Số lần dẫn: mỗi tiêu chí của mỗi hồ sơ là một lần")


class PaperUseOut(BaseModel):
    """A dossier that cites the paper, and where."""

    dossier_code: str
    dossier_state: DossierState
    product_name: str
    is_open: bool = Field(description="Hồ sơ còn sửa được: giấy tờ mới thay ở đây")
    criteria: list[str]


class PaperVersionOut(BaseModel):
    """One paper in the row of papers that replaced each other, oldest first."""

    code: str
    title: str
    number: str
    issued_on: date | None
    expires_on: date | None
    added_at: datetime
    replaced_at: datetime | None


class PaperDetailOut(PaperOut):
    """A paper with everywhere it is used and what it replaced."""

    uses: list[PaperUseOut]
    history: list[PaperVersionOut]
