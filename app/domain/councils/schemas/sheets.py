"""Score sheets: what comes in and goes out."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.core.pdf_inspection import MOST_PAGES
from app.domain.councils.enums import ItemState, SheetOrigin, SheetState
from app.domain.councils.schemas.input import (
    LONGEST_OPINION,
    LONGEST_REMARK,
    MOST_MARKS,
    VERSION,
    Input,
    Line,
)


class MarkIn(Input):
    """The option a member ticks; «none» says explicitly không đạt; null takes the tick back.

    A mark is sent whole: what is left out of it (remark, evidence) is taken back.
    """

    criterion_code: str = Field(min_length=1, max_length=12, examples=["1.1"])
    option_code: str | None = Field(default=None, max_length=12, examples=["b"])
    remark: Line = Field(default="", max_length=LONGEST_REMARK, examples=["Hợp đồng còn 2 tháng."])
    evidence_code: str | None = Field(
        default=None,
        max_length=20,
        examples=["MC-4T8XW20"],
        description="Giấy tờ mà hồ sơ viện dẫn, cho thấy điều được chấm.",
    )
    evidence_page: int | None = Field(
        default=None, ge=1, le=MOST_PAGES, examples=[2], description="Trang của giấy tờ đó."
    )
    without_evidence: bool = Field(
        default=False, description="Nói rõ là không có minh chứng; khác với để trống."
    )


class SaveMarks(Input):
    """Some marks of a sheet; criteria that are not named stay as they are."""

    marks: list[MarkIn] = Field(max_length=MOST_MARKS)
    opinion: Line | None = Field(
        default=None,
        max_length=LONGEST_OPINION,
        description="Ý kiến chung; không gửi thì giữ nguyên.",
    )
    version: int = VERSION


class SubmitSheet(Input):
    """Hand the own sheet in."""

    opinion: Line = Field(
        default="", max_length=LONGEST_OPINION, examples=["Cần đổi bao bì giấy tái chế."]
    )
    version: int = VERSION


class WithdrawSheet(Input):
    """Take the own sheet back before the lock."""

    version: int = VERSION


class RecuseSheet(Input):
    """Not take part in judging this product, and why."""

    reason: Line = Field(
        min_length=5, max_length=500, examples=["Là thành viên hợp tác xã của chủ thể."]
    )
    version: int = VERSION


class MarkOut(BaseModel):
    """One criterion of a sheet."""

    criterion_code: str
    option_code: str | None
    points: int
    remark: str
    evidence_code: str | None
    evidence_page: int | None
    without_evidence: bool


class SupersededOut(BaseModel):
    """A sheet as it was handed in before the dossier was scored anew; it never counts."""

    sheet: str = Field(examples=["PD-7K2M9Q4"])
    scoring_round: int = Field(description="Lượt chấm của phiếu này", examples=[1])
    total: int
    opinion: str
    marks: list[MarkOut]
    submitted_at: datetime
    superseded_at: datetime


class OwnSheetOut(BaseModel):
    """One of the own sheets of a meeting, at its place in the member's own order."""

    place: int = Field(description="Thứ tự chấm của riêng thành viên này", examples=[1])
    sheet: str = Field(examples=["PD-7K2M9Q4"])
    state: SheetState
    item: str = Field(examples=["MH-7K2M9Q4"])
    item_state: ItemState
    position: int = Field(description="Thứ tự trong chương trình phiên họp", examples=[12])
    product: str


class StandingOut(BaseModel):
    """How a product stands by the totals of its sheets, before minima and gates are read."""

    item: str = Field(examples=["MH-7K2M9Q4"])
    position: int
    product: str
    sheets: int = Field(description="Số phiếu đã nộp", examples=[12])
    average: str = Field(description="Trung bình chính xác, dạng phân số", examples=["223/3"])
    average_text: str = Field(examples=["74,33"])
    spread: int = Field(description="Chênh giữa phiếu cao nhất và thấp nhất", examples=[6])
    band_star: int = Field(description="Hạng sao của khung điểm, chưa xét yêu cầu tối thiểu")
    is_divergent: bool = Field(description="Chênh quá giới hạn của quy chế")


class SheetOut(BaseModel):
    """A score sheet: the own one, or anybody's after the lock."""

    code: str = Field(examples=["PD-7K2M9Q4"])
    version: int
    state: SheetState
    origin: SheetOrigin = Field(
        description="Điểm đến bằng cách nào: trên hệ thống, gói chấm không cần mạng, phiếu giấy"
    )
    item: str
    dossier: str
    product: str
    rubric_code: str
    member: str
    total: int
    by_part: dict[str, int]
    by_section: dict[str, int]
    missing: list[str] = Field(description="Tiêu chí chưa chấm")
    not_applicable: list[str] = Field(description="Tiêu chí không áp dụng theo điểm đã chấm")
    marks: list[MarkOut]
    opinion: str
    recusal_reason: str
    submitted_at: datetime | None
