"""What comes in and goes out of recognition: decisions, certificates, the public register."""

import re
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.core.text import normal
from app.domain.recognition.enums import (
    Conclusion,
    DecisionKind,
    DecisionState,
    Standing,
    SubmissionState,
)
from app.rulebooks.model import FULL_MARKS

MOST_DOSSIERS = 200
PROVINCIAL_COMMITTEE = "Ủy ban nhân dân tỉnh Lai Châu"
MINISTRY = "Bộ Nông nghiệp và Môi trường"
MOST_SAMPLES = 100
LONGEST_NOTE = 2000

_POINTS = re.compile(r"[0-9]{1,3}([.,][0-9]{1,6})?")

Line = Annotated[str, AfterValidator(normal)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class DraftDecision(_Input):
    """A decision as the agency prepares it for signature (26/2026/QĐ-TTg art. 7.3.đ)."""

    kind: DecisionKind = Field(
        default=DecisionKind.RECOGNITION,
        description="Công nhận 3 sao, 4 sao; hoặc phê duyệt kết quả từ 90 điểm để trình Trung ương.",
        examples=["recognition"],
    )
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
        description="Mã các hồ sơ đã chốt kết quả; mọi hồ sơ thuộc cùng loại quyết định.",
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


def _points(typed: str) -> str:
    if not _POINTS.fullmatch(typed) or _exact(typed) > FULL_MARKS:
        message = "Điểm là số từ 0 đến 100, phần thập phân sau dấu phẩy, ví dụ 86,75."
        raise ValueError(message)
    return typed


def _exact(typed: str) -> Fraction:
    return Fraction(typed.replace(",", "."))


class ForwardToCentre(_Input):
    """The letter with which the province hands a product to the ministry (art. 6.3, 7.3.e)."""

    letter_number: Line = Field(
        min_length=1, max_length=60, description="Số, ký hiệu văn bản.", examples=["2104/UBND-KTN"]
    )
    sent_on: date = Field(description="Ngày gửi.", examples=["2026-12-01"])
    samples: int = Field(
        default=0, ge=0, le=MOST_SAMPLES, description="Số sản phẩm mẫu gửi kèm.", examples=[5]
    )
    version: int = Field(ge=1, description="Phiên bản hồ sơ đã xem.", examples=[9])


class RecordAnswer(_Input):
    """What the ministry answered: five stars by its decision, or an average below ninety."""

    conclusion: Conclusion = Field(
        description="Bộ công nhận 5 sao, hoặc đánh giá dưới 90 điểm.", examples=["not_reached"]
    )
    answer_number: Line = Field(
        min_length=1,
        max_length=60,
        description="Số, ký hiệu quyết định hoặc văn bản của Bộ.",
        examples=["6120/BNNMT-VPĐP"],
    )
    answered_on: date = Field(description="Ngày của văn bản.", examples=["2027-02-10"])
    average: Annotated[str, AfterValidator(_points)] | None = Field(
        default=None,
        max_length=10,
        description="Điểm của Hội đồng cấp trung ương; bắt buộc khi không công nhận.",
        examples=["86,75"],
    )
    star: int | None = Field(
        default=None,
        ge=0,
        le=4,
        description="Hạng theo kết quả của Trung ương, khi thấp hơn khoảng điểm; bỏ trống: theo điểm.",
        examples=[4],
    )
    note: Line = Field(default="", max_length=LONGEST_NOTE, examples=["Chưa đạt tiêu chí 5.4."])
    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])

    @property
    def recognised(self) -> bool:
        """Whether the ministry gave five stars."""
        return self.conclusion is Conclusion.RECOGNISED

    @property
    def points(self) -> Fraction | None:
        """The average as an exact number."""
        return None if self.average is None else _exact(self.average)


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
    kind: DecisionKind
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


class SubmissionOut(BaseModel):
    """A product before the ministry, and what it answered."""

    code: str = Field(examples=["TW-7K2M9Q4"])
    version: int
    state: SubmissionState
    dossier: str = Field(examples=["HS-7K2M9Q4"])
    product: str
    producer: str
    provincial_average: str = Field(examples=["92,14"])
    approval: str = Field(description="Số quyết định phê duyệt kết quả.", examples=["1301/QĐ-UBND"])
    letter_number: str
    sent_on: date
    samples: int
    average: str | None = Field(description="Phân số chính xác", examples=["347/4"])
    star: int | None
    answer_number: str
    answered_on: date | None
    answer_note: str


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
