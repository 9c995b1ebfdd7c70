"""What comes in and goes out of recognition: decisions, certificates, the public register."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.core.text import normal
from app.domain.recognition.enums import DecisionState, Standing

MOST_DOSSIERS = 200
PROVINCIAL_COMMITTEE = "Ủy ban nhân dân tỉnh Lai Châu"

Line = Annotated[str, AfterValidator(normal)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class DraftDecision(_Input):
    """A decision as the agency prepares it for signature (26/2026/QĐ-TTg art. 7.3.đ)."""

    number: Line = Field(
        min_length=1,
        max_length=60,
        pattern=r"^\d+[0-9A-Za-zĐđ/.\-]*$",
        description="Số, ký hiệu quyết định.",
        examples=["1268/QĐ-UBND"],
    )
    decided_on: date = Field(description="Ngày ban hành.", examples=["2026-11-24"])
    authority: Line = Field(
        default=PROVINCIAL_COMMITTEE,
        min_length=3,
        max_length=200,
        description="Cơ quan ban hành.",
        examples=[PROVINCIAL_COMMITTEE],
    )
    dossiers: list[Annotated[str, Field(min_length=4, max_length=20)]] = Field(
        min_length=1,
        max_length=MOST_DOSSIERS,
        description="Mã các hồ sơ đã chốt kết quả 3 hoặc 4 sao.",
        examples=[["HS-7K2M9Q4"]],
    )

    @model_validator(mode="after")
    def _each_once(self) -> "DraftDecision":
        if len(set(self.dossiers)) != len(self.dossiers):
            message = "Mỗi hồ sơ chỉ được chọn một lần."
            raise ValueError(message)
        return self


class ReviseDecision(DraftDecision):
    """A draft written anew; a signed decision is never edited."""

    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


class SignDecision(_Input):
    """Who signs, with which title, on whose behalf; it cannot be undone."""

    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])
    signed_by: Line = Field(
        min_length=3, max_length=120, description="Họ tên người ký.", examples=["Nguyễn Văn Mẫu"]
    )
    signed_title: Line = Field(
        min_length=2, max_length=120, description="Chức vụ người ký.", examples=["Phó Chủ tịch"]
    )
    on_behalf: Line = Field(
        min_length=2,
        max_length=200,
        description="Quyền hạn khi ký.",
        examples=["TM. ỦY BAN NHÂN DÂN, KT. CHỦ TỊCH"],
    )


class ImportRecognised(_Input):
    """A recognition granted before this system existed, with where it is known from."""

    star: int = Field(ge=3, le=5, examples=[3])
    regime_code: str = Field(min_length=3, max_length=40, examples=["qd148-2023"])
    decision_number: Line = Field(default="", max_length=60, examples=["1268/QĐ-UBND"])
    authority: Line = Field(min_length=3, max_length=200, examples=["UBND huyện Mường Tè"])
    issued_on: date = Field(examples=["2024-06-28"])
    expires_on: date | None = Field(
        default=None, description="Để trống: 36 tháng kể từ ngày cấp.", examples=["2027-06-28"]
    )
    product_code: str | None = Field(default=None, max_length=40)
    source_note: Line = Field(
        min_length=3, max_length=500, description="Biết được từ đâu.", examples=["Báo Lai Châu"]
    )


class DecisionItemOut(BaseModel):
    """One product of a decision; its certificate appears with the signature."""

    dossier: str = Field(examples=["HS-7K2M9Q4"])
    product: str = Field(examples=["Miến dong Bình Lư"])
    producer: str = Field(examples=["Hợp tác xã Bình Lư"])
    star: int = Field(examples=[4])
    average: str = Field(examples=["74,33"])
    certificate: str | None = Field(default=None, examples=["CN-4M7P2Q8"])
    product_code: str | None = Field(default=None, examples=["12-03390-01-2026"])


class DecisionOut(BaseModel):
    """A recognition decision."""

    code: str = Field(examples=["QD-3N8R5T1"])
    version: int = Field(examples=[2])
    state: DecisionState
    number: str = Field(examples=["1268/QĐ-UBND"])
    decided_on: date
    authority: str = Field(examples=[PROVINCIAL_COMMITTEE])
    signed_by: str | None = Field(default=None, examples=["Nguyễn Văn Mẫu"])
    signed_title: str = Field(default="", examples=["Phó Chủ tịch"])
    on_behalf: str = ""
    signed_at: datetime | None = None
    products: int = Field(examples=[3])


class DecisionDetailOut(DecisionOut):
    """A recognition decision with its products."""

    items: list[DecisionItemOut]


class CertificateOut(BaseModel):
    """A certificate and what it is worth today."""

    code: str = Field(examples=["CN-4M7P2Q8"])
    product_code: str | None = Field(default=None, examples=["12-03390-01-2026"])
    product: str = Field(examples=["Miến dong Bình Lư"])
    producer: str = Field(examples=["Hợp tác xã Bình Lư"])
    commune: str = Field(examples=["Xã Bình Lư"])
    star: int = Field(examples=[4])
    standing: Standing
    standing_basis: str = Field(examples=["26/2026/QĐ-TTg, Điều 4.3"])
    issued_on: date
    expires_on: date
    renewal_from: date | None = None
    renewal_until: date | None = None
    days_to_file: int | None = Field(
        default=None, description="Số ngày còn lại để nộp hồ sơ đánh giá lại, khi đang trong kỳ"
    )
    decision_number: str = Field(examples=["1268/QĐ-UBND"])
    authority: str = Field(examples=[PROVINCIAL_COMMITTEE])
    source_note: str = ""
