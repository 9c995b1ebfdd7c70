"""Score sheets: what comes in and goes out."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.domain.councils.enums import SheetState
from app.domain.councils.schemas.common import (
    LONGEST_OPINION,
    LONGEST_REMARK,
    MOST_MARKS,
    VERSION,
    Input,
    Line,
)


class MarkIn(Input):
    """The option a member ticks; «none» says explicitly không đạt; null takes the tick back."""

    criterion_code: str = Field(min_length=1, max_length=12, examples=["1.1"])
    option_code: str | None = Field(default=None, max_length=12, examples=["b"])
    remark: Line = Field(default="", max_length=LONGEST_REMARK, examples=["Hợp đồng còn 2 tháng."])


class SaveMarks(Input):
    """Some marks of a sheet; criteria that are not named stay as they are."""

    marks: list[MarkIn] = Field(max_length=MOST_MARKS)
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


class SheetOut(BaseModel):
    """A score sheet: the own one, or anybody's after the lock."""

    code: str = Field(examples=["PD-7K2M9Q4"])
    version: int
    state: SheetState
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
