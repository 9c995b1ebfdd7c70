"""What the producer writes and files: the self-assessment, parts II and IV."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from app.domain.dossiers.enums import DossierPart
from app.domain.dossiers.rules import Missing
from app.domain.dossiers.schemas.input import (
    FIRST_REVENUE_YEAR,
    LARGEST_AMOUNT,
    LAST_REVENUE_YEAR,
    LONGEST_DESCRIPTION,
    LONGEST_REPORT_PART,
    MOST_ANSWERS,
    MOST_EVIDENCE,
    MOST_SAMPLES,
    VERSION,
    Input,
)
from app.rulebooks.scoring import Nearest


class AnswerIn(Input):
    """What the producer claims for one criterion; `option_code` «none» says explicitly không đạt."""

    criterion_code: str = Field(min_length=1, max_length=12, examples=["1.1"])
    option_code: str | None = Field(
        default=None,
        max_length=12,
        examples=["b"],
        description="Mã phương án; «none»: không đạt mức nào; null: chưa trả lời",
    )
    description: str = Field(
        default="",
        max_length=LONGEST_DESCRIPTION,
        examples=["Toàn bộ mật ong lấy từ rừng già xã Tả Lèng."],
    )
    evidence: list[Annotated[str, Field(max_length=20)]] | None = Field(
        default=None,
        max_length=MOST_EVIDENCE,
        examples=[["MC-4T8XW20"]],
        description="Mã các minh chứng của tiêu chí; null: giữ nguyên",
    )


class SaveSection(Input):
    """The answers of one section of the rubric; criteria that are not named stay as they are."""

    answers: list[AnswerIn] = Field(max_length=MOST_ANSWERS)
    version: int = VERSION


class SaveReportParts(Input):
    """Parts II and IV of Mẫu số 02, and how many samples come with the dossier."""

    business_results: str = Field(
        max_length=LONGEST_REPORT_PART,
        examples=["Năm 2025 bán 1.200 lít, doanh thu 480 triệu đồng."],
    )
    stated_revenue: int | None = Field(
        default=None,
        ge=0,
        le=LARGEST_AMOUNT,
        description="Doanh thu của sản phẩm trong một năm, đồng; không bắt buộc, không nêu khác với 0",
        examples=[480_000_000],
    )
    stated_revenue_year: int | None = Field(
        default=None,
        validate_default=True,
        ge=FIRST_REVENUE_YEAR,
        le=LAST_REVENUE_YEAR,
        description="Năm của doanh thu",
        examples=[2025],
    )
    business_plan: str = Field(
        max_length=LONGEST_REPORT_PART, examples=["Mở thêm 50 đõ ong, vào hai cửa hàng ở Hà Nội."]
    )
    sample_count: int = Field(ge=0, le=MOST_SAMPLES, examples=[5])
    version: int = VERSION

    @field_validator("stated_revenue_year")
    @classmethod
    def _year_with_its_revenue(cls, value: int | None, told: ValidationInfo) -> int | None:
        if (value is None) != (told.data.get("stated_revenue") is None):
            message = "Doanh thu và năm của doanh thu phải cùng có hoặc cùng để trống."
            raise ValueError(message)
        return value


class FileDossier(Input):
    """Hand the dossier in at the commune."""

    version: int = VERSION


class WithdrawDossier(Input):
    """Take the dossier back for good."""

    reason: str = Field(min_length=5, max_length=1000, examples=["Chưa kịp đổi bao bì mới."])
    version: int = VERSION


class MissingOut(BaseModel):
    """One thing a dossier still lacks."""

    part: DossierPart
    text: str
    basis: str

    @classmethod
    def of(cls, missing: Missing) -> Self:
        """Make the answer from a rule's finding."""
        return cls(part=missing.part, text=missing.text, basis=missing.basis)


class CriterionAnswerOut(BaseModel):
    """One criterion of the self-assessment."""

    criterion_code: str
    name: str
    section_code: str
    max: int
    points: int
    applies: bool
    option_code: str | None
    description: str
    evidence: list[str]


class NearestOut(BaseModel):
    """What the self-assessment still lacks for a star."""

    star: int
    points_short: int
    minima_missed: list[str] = Field(description="Tiêu chí có dấu sao chưa đạt mức tối thiểu")
    is_reached: bool

    @classmethod
    def of(cls, nearest: Nearest) -> Self:
        """Make the answer from the arithmetic's finding."""
        return cls(
            star=nearest.star,
            points_short=nearest.points_short,
            minima_missed=[minimum.criterion_code for minimum in nearest.minima_missed],
            is_reached=nearest.is_reached,
        )


class SelfAssessmentOut(BaseModel):
    """Part III of Mẫu số 02 with its running total; totals are whole points."""

    dossier_code: str
    version: int
    rubric_code: str
    total: int = Field(examples=[62])
    by_part: dict[str, int] = Field(examples=[{"A": 25, "B": 14, "C": 23}])
    by_section: dict[str, int]
    missing: list[str] = Field(description="Tiêu chí chưa trả lời")
    criteria: list[CriterionAnswerOut]
    nearest: list[NearestOut]
