"""What comes in and goes out of permissions to print the mark on packaging."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.core.text import normal
from app.domain.packaging.enums import (
    ArtworkItem,
    AutomaticCheck,
    CheckDecision,
    CheckOutcome,
    PermissionStanding,
    PermissionState,
)

MOST_PRINTED = 50_000_000
LONGEST_REASON = 1_000

Line = Annotated[str, AfterValidator(normal)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Step(_Input):
    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


class _Package(_Input):
    package_name: Line = Field(
        min_length=2, max_length=120, description="Tên bao bì.", examples=["Túi zip 500 g"]
    )
    net_content: Line = Field(
        min_length=1, max_length=60, description="Định lượng.", examples=["500 g"]
    )
    size: Line = Field(
        min_length=2, max_length=80, description="Kích thước bao bì.", examples=["18 × 26 cm"]
    )
    star: int = Field(ge=3, le=5, description="Số sao in trên mẫu.", examples=[4])
    planned_quantity: int = Field(
        ge=1, le=MOST_PRINTED, description="Số lượng dự kiến in.", examples=[5000]
    )
    printer: Line = Field(
        default="", max_length=200, description="Cơ sở in.", examples=["Công ty In Mẫu"]
    )


class DraftPermission(_Package):
    """A package that is to carry the mark; its artwork is added afterwards."""


class RevisePermission(_Package, _Step):
    """The package written anew, before it is sent."""


class AddArtwork(_Step):
    """A further file of artwork."""


class RemoveArtwork(_Step):
    """A file is taken back, before the request is sent."""


class SendPermission(_Step):
    """The request goes to the agency."""


class CancelPermission(_Step):
    """The producer's side takes the request back."""


class ItemAnswer(_Input):
    """One question of the agency's list, answered."""

    item: ArtworkItem
    ok: bool = Field(description="Đạt.", examples=[True])
    reason: Line = Field(
        default="",
        max_length=LONGEST_REASON,
        description="Cần sửa gì; bắt buộc khi chưa đạt.",
        examples=[""],
    )


class CheckPermission(_Step):
    """What the agency found on every question, and what it decides."""

    decision: CheckDecision
    answers: list[ItemAnswer] = Field(
        max_length=len(ArtworkItem),
        description="Trả lời từng nội dung kiểm tra.",
        examples=[[{"item": item.value, "ok": True, "reason": ""} for item in ArtworkItem]],
    )
    reason: Line = Field(
        default="",
        max_length=LONGEST_REASON,
        description="Lý do chung; bắt buộc khi không chấp thuận.",
        examples=[""],
    )

    @model_validator(mode="after")
    def _answered_once(self) -> Self:
        if len({one.item for one in self.answers}) != len(self.answers):
            raise ValueError("Mỗi nội dung chỉ trả lời một lần.")
        return self


class WithdrawPermission(_Step):
    """The agency takes a permission back."""

    reason: Line = Field(
        min_length=5,
        max_length=LONGEST_REASON,
        description="Lý do.",
        examples=["In nhãn hiệu lên sản phẩm khác"],
    )


class FindingOut(BaseModel):
    """What the program found on one look."""

    check: AutomaticCheck
    outcome: CheckOutcome
    said: str
    blocks: bool = Field(description="Cản việc gửi và chấp thuận.")
    basis: str = ""


class ArtworkOut(BaseModel):
    """A file of artwork."""

    code: str = Field(examples=["MB-7K2M9Q4"])
    file_name: str = Field(examples=["tui-500g.pdf"])
    media_type: str = Field(examples=["application/pdf"])
    size: int = Field(examples=[482_113])
    pages: int | None = None
    sha256: str
    added_at: datetime
    added_by: str


class CheckOut(BaseModel):
    """One look of the agency."""

    decision: CheckDecision
    answers: list[ItemAnswer]
    reason: str
    checked_at: datetime
    checked_by: str


class PermissionOut(BaseModel):
    """A request, and what it is worth today."""

    code: str = Field(examples=["BB-4T8N2K6"])
    version: int = Field(examples=[2])
    state: PermissionState
    standing: PermissionStanding
    certificate: str = Field(examples=["CN-4M7P2Q8"])
    product: str = Field(examples=["Miến dong Bình Lư"])
    producer: str = Field(examples=["Hợp tác xã Bình Lư"])
    package_name: str = Field(examples=["Túi zip 500 g"])
    net_content: str = Field(examples=["500 g"])
    size: str = Field(examples=["18 × 26 cm"])
    star: int = Field(examples=[4])
    planned_quantity: int = Field(examples=[5000])
    printer: str = ""
    number: str = Field(default="", examples=["07/2026/CT-BBOCOP"])
    granted_on: date | None = None
    until: date | None = Field(default=None, description="Ngày cuối còn hiệu lực.")
    withdrawn_on: date | None = None
    withdrawal_reason: str = ""
    sent_at: datetime | None = None


class PermissionDetailOut(PermissionOut):
    """A request with its files, what the program finds today, and what the agency found."""

    artworks: list[ArtworkOut]
    findings: list[FindingOut]
    checks: list[CheckOut]
