"""What changed since a product was recognised, told and compared (art. 6.1.b, 6.1.c)."""

from typing import Self

from pydantic import BaseModel, Field

from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.models import ChangeReport, Dossier
from app.domain.dossiers.schemas.evidence import EvidenceOut
from app.domain.dossiers.schemas.input import (
    LARGEST_AMOUNT,
    LONGEST_FINDING,
    LONGEST_REPORT_PART,
    VERSION,
    Input,
)


class SaveChanges(Input):
    """What changed since the product was recognised (26/2026/QĐ-TTg art. 6.1.b, 6.1.c)."""

    changes: str = Field(
        default="",
        max_length=LONGEST_REPORT_PART,
        description="Nội dung những thay đổi so với sản phẩm đã được công nhận",
        examples=["Có dây chuyền lọc mới; bao bì thủy tinh; thêm chứng nhận hữu cơ."],
    )
    materials: str = Field(default="", max_length=LONGEST_FINDING, description="Nguyên liệu")
    technology: str = Field(default="", max_length=LONGEST_FINDING, description="Công nghệ")
    packaging: str = Field(default="", max_length=LONGEST_FINDING, description="Bao bì, nhãn mác")
    quality_declaration: str = Field(
        default="", max_length=LONGEST_FINDING, description="Công bố chất lượng"
    )
    tests: str = Field(
        default="",
        max_length=LONGEST_FINDING,
        description="Các phiếu kiểm nghiệm định kỳ",
        examples=["Kiểm nghiệm tháng 3 hằng năm, đều đạt."],
    )
    tests_done: int | None = Field(
        default=None, ge=0, le=1000, description="Số phiếu kiểm nghiệm", examples=[3]
    )
    market: str = Field(
        default="",
        max_length=LONGEST_FINDING,
        description="Thị trường tiêu thụ",
        examples=["Hai siêu thị ở Lai Châu, ba cửa hàng ở Hà Nội."],
    )
    output_amount: int | None = Field(
        default=None, ge=0, le=LARGEST_AMOUNT, description="Sản lượng", examples=[3600]
    )
    output_unit: str = Field(
        default="", max_length=40, description="Đơn vị tính của sản lượng", examples=["lít"]
    )
    revenue: int | None = Field(
        default=None,
        ge=0,
        le=LARGEST_AMOUNT,
        description="Doanh thu từ khi được công nhận, đồng",
        examples=[1_440_000_000],
    )
    version: int = VERSION


class ChangesOut(BaseModel):
    """What changed since the product was recognised, as the applicant tells it."""

    dossier_code: str
    version: int
    changes: str
    materials: str
    technology: str
    packaging: str
    quality_declaration: str
    tests: str
    tests_done: int | None
    market: str
    output_amount: int | None
    output_unit: str
    revenue: int | None = Field(description="Đồng")

    @classmethod
    def of(cls, dossier: Dossier, report: ChangeReport | None) -> Self:
        """Make the answer from the rows; nothing written yet reads as empty."""
        told = report or ChangeReport(dossier_id=dossier.id or 0)
        return cls.model_validate(
            told.model_dump(include=set(cls.model_fields))
            | {"dossier_code": dossier.code, "version": dossier.version}
        )


class ChangedCriterionOut(BaseModel):
    """One criterion, then and now."""

    criterion_code: str
    name: str
    section_code: str
    before: str = Field(examples=["1 – Sơ chế thủ công"])
    after: str = Field(examples=["2 – Ứng dụng máy móc"])
    option_changed: bool
    description_changed: bool
    papers_changed: bool


class ComparisonOut(BaseModel):
    """How a dossier for upgrade or renewal differs from the one the product was recognised by."""

    dossier_code: str
    kind: DossierKind
    certificate_code: str
    previous_star: int | None
    previous_dossier: str | None = Field(description="Không có khi công nhận từ giai đoạn trước")
    sections: dict[str, bool] = Field(
        description="Mục nào đã thay đổi (true), mục nào giữ nguyên (false)", examples=[{"1": True}]
    )
    changed: list[ChangedCriterionOut]
    not_carried: list[str] = Field(
        description="Tiêu chí có câu trả lời cũ không còn đúng nguyên văn trong bộ tiêu chí này"
    )
    to_replace: list[EvidenceOut] = Field(
        description="Minh chứng cũ đã hết hạn hoặc đã có bản mới: không được chuyển sang, cần thay"
    )
