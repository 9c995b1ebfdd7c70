"""The commune's part: receipt, check, return, report, proposal (art. 7.2)."""

from datetime import date, datetime
from math import floor
from typing import Self

from pydantic import BaseModel, Field, model_validator

from app.domain.dossiers.enums import DossierPart, Finding
from app.domain.dossiers.models import CommuneReport
from app.domain.dossiers.rules import local_labour_percent, local_material_percent
from app.domain.dossiers.schemas.input import (
    LONGEST_FINDING,
    MOST_KILOGRAMS,
    MOST_SAMPLES,
    SHORTEST_REASON,
    VERSION,
    Input,
    check_parts_once,
)


class ReceiveDossier(Input):
    """Say that the dossier has arrived, with the samples as they were counted."""

    samples_received: int = Field(
        default=0,
        ge=0,
        le=MOST_SAMPLES,
        examples=[5],
        description="Số sản phẩm mẫu đếm được; 0 với nhóm không yêu cầu sản phẩm mẫu.",
    )
    version: int = VERSION


class ComponentCheck(Input):
    """One part of the dossier as the officer found it; what lacks is said in words."""

    part: DossierPart = Field(examples=["evidence"])
    complete: bool = Field(examples=[False])
    note: str = Field(default="", max_length=2000, examples=["Thiếu phiếu kiểm nghiệm."])

    @model_validator(mode="after")
    def _said_what_lacks(self) -> Self:
        if not self.complete and len(self.note) < SHORTEST_REASON:
            message = "Hãy ghi rõ phần này thiếu gì."
            raise ValueError(message)
        return self


class CheckComponents(Input):
    """The officer's list of parts; parts that are not named count as not yet checked."""

    items: list[ComponentCheck] = Field(max_length=len(DossierPart))
    version: int = VERSION

    @model_validator(mode="after")
    def _each_part_once(self) -> Self:
        check_parts_once([item.part for item in self.items])
        return self


class ReturnItem(Input):
    """One part to complete, and why."""

    part: DossierPart = Field(examples=["evidence"])
    reason: str = Field(
        min_length=SHORTEST_REASON,
        max_length=2000,
        examples=["Phiếu kiểm nghiệm đã quá 12 tháng."],
    )


class ReturnDossier(Input):
    """Give the dossier back with a reason for each part."""

    items: list[ReturnItem] = Field(min_length=1, max_length=len(DossierPart))
    version: int = VERSION

    @model_validator(mode="after")
    def _each_part_once(self) -> Self:
        check_parts_once([item.part for item in self.items])
        return self


class SaveCommuneReport(Input):
    """The four findings of Mẫu số 03; each is confirmed on its own, and only with its text.

    With the kilograms of a year the percentage follows from them, rounded down, whatever was sent.
    """

    material_finding: str = Field(
        default="", max_length=LONGEST_FINDING, examples=["Mật khai thác tại rừng bản Tả Lèng 1."]
    )
    material_local_percent: int = Field(default=0, ge=0, le=100, examples=[100])
    material_local_kg: int | None = Field(
        default=None,
        ge=0,
        le=MOST_KILOGRAMS,
        examples=[4600],
        description="Nguyên liệu trên địa bàn trong một năm, kg",
    )
    material_total_kg: int | None = Field(
        default=None,
        ge=1,
        le=MOST_KILOGRAMS,
        examples=[5000],
        description="Toàn bộ nguyên liệu trong một năm, kg",
    )
    material_confirmed: bool = False
    labour_finding: str = Field(
        default="", max_length=LONGEST_FINDING, examples=["Chín trong mười hai người ở xã."]
    )
    workers_total: int = Field(default=0, ge=0, le=100_000, examples=[12])
    workers_local: int = Field(default=0, ge=0, le=100_000, examples=[9])
    labour_confirmed: bool = False
    idea_finding: str = Field(
        default="", max_length=LONGEST_FINDING, examples=["Sản phẩm truyền thống của bản."]
    )
    idea_confirmed: bool = False
    identity_finding: str = Field(
        default="", max_length=LONGEST_FINDING, examples=["Cách lấy mật của người Mông."]
    )
    identity_confirmed: bool = False
    meeting_number: str = Field(default="", max_length=60, examples=["05/BB-UBND"])
    meeting_on: date | None = Field(default=None, examples=["2026-11-20"])
    meeting_conclusion: str = Field(
        default="", max_length=LONGEST_FINDING, examples=["Các thành viên thống nhất xác nhận."]
    )
    version: int = Field(
        default=0, ge=0, description="Phiên bản báo cáo đã xem; 0 khi chưa có báo cáo", examples=[0]
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.workers_local > self.workers_total:
            message = "Số lao động địa phương không được lớn hơn tổng số lao động."
            raise ValueError(message)
        for finding in Finding:
            confirmed = getattr(self, f"{finding}_confirmed")
            if confirmed and not getattr(self, f"{finding}_finding"):
                message = "Hãy viết nhận xét trước khi xác nhận từng nội dung."
                raise ValueError(message)
        if self.labour_confirmed and not self.workers_total:
            message = "Hãy ghi tổng số lao động trước khi xác nhận nội dung lao động."
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _material_weighed(self) -> Self:
        local, total = self.material_local_kg, self.material_total_kg
        if (local is None) != (total is None):
            message = "Hãy ghi cả khối lượng nguyên liệu địa phương và tổng khối lượng nguyên liệu."
            raise ValueError(message)
        if local is not None and total is not None:
            if local > total:
                message = "Nguyên liệu địa phương không được nhiều hơn tổng nguyên liệu."
                raise ValueError(message)
            self.material_local_percent = floor(local_material_percent(local, total))
        return self

    @model_validator(mode="after")
    def _meeting_whole(self) -> Self:
        said = [
            bool(self.meeting_number),
            self.meeting_on is not None,
            bool(self.meeting_conclusion),
        ]
        if any(said) and not all(said):
            message = "Biên bản họp cần đủ số, ngày họp và kết luận; không họp thì để trống cả ba."
            raise ValueError(message)
        return self


class SignCommuneReport(Input):
    """The leader's signature under the report."""

    report_number: str = Field(min_length=1, max_length=60, examples=["27/BC-UBND"])
    signed_title: str = Field(min_length=2, max_length=80, examples=["Phó Chủ tịch UBND xã"])
    version: int = Field(
        ge=1,
        description="Phiên bản báo cáo đã xem; khác bản hiện tại thì bị từ chối.",
        examples=[2],
    )


class ProposeDossier(Input):
    """The commune's letter to the province."""

    proposal_number: str = Field(min_length=1, max_length=60, examples=["58/UBND-KT"])
    version: int = VERSION


class CommuneReportOut(BaseModel):
    """The commune's report; the share of local labour is an exact fraction and a number."""

    dossier_code: str
    version: int
    material_finding: str
    material_local_percent: int
    material_local_kg: int | None
    material_total_kg: int | None
    material_local_share: str | None = Field(
        examples=["92"], description="Phân số chính xác, phần trăm; null khi không cân"
    )
    material_confirmed: bool
    labour_finding: str
    workers_total: int
    workers_local: int
    labour_local_percent: str = Field(examples=["75"], description="Phân số chính xác, phần trăm")
    labour_confirmed: bool
    idea_finding: str
    idea_confirmed: bool
    identity_finding: str
    identity_confirmed: bool
    meeting_number: str
    meeting_on: date | None
    meeting_conclusion: str
    report_number: str
    prepared_by: str
    prepared_at: datetime
    signed_by: str | None
    signed_title: str
    signed_at: datetime | None

    @classmethod
    def of(cls, report: CommuneReport, *, dossier_code: str) -> Self:
        """Make the answer from a row."""
        share = local_labour_percent(report.workers_local, report.workers_total)
        local_kg, total_kg = report.material_local_kg, report.material_total_kg
        weighed = None
        if local_kg is not None and total_kg is not None:
            weighed = local_material_percent(local_kg, total_kg)
        return cls.model_validate(
            report.model_dump(include=set(cls.model_fields))
            | {
                "dossier_code": dossier_code,
                "labour_local_percent": str(share),
                "material_local_share": None if weighed is None else str(weighed),
            }
        )
