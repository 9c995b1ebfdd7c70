"""The advisory team's report, surveys, extra tests and what is attached to them (art. 7.3.c)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from app.domain.dossiers.enums import LabOutcome, Recommendation
from app.domain.dossiers.models import AdvisoryReport, Attachment, ExtraTest, SiteSurvey
from app.domain.dossiers.schemas.input import LONGEST_FINDING, MOST_NOTES, Input
from app.domain.dossiers.schemas.intake import CompletionRequestOut, ProvinceCheckOut


class AdvicePart(Input):
    """What the advisory team says about one part of the rubric; the suggestion is no score."""

    part: str = Field(min_length=1, max_length=12, examples=["A"])
    text: str = Field(default="", max_length=LONGEST_FINDING, examples=["Liên kết chuỗi rõ ràng."])
    suggested: int | None = Field(default=None, ge=0, le=100, examples=[30])


class CriterionNote(Input):
    """What is said about one criterion; council members read it beside the criterion."""

    criterion_code: str = Field(min_length=1, max_length=12, examples=["1.1"])
    text: str = Field(default="", max_length=2000, examples=["Đã xem sổ thu mua hai năm."])


class SaveAdvisoryReport(Input):
    """The advisory team's report while it is being written."""

    parts: list[AdvicePart] = Field(max_length=10)
    remarks: list[CriterionNote] = Field(
        default_factory=list,
        max_length=MOST_NOTES,
        description="Nhận xét từng tiêu chí; thay toàn bộ nhận xét đã lưu.",
    )
    legal_papers: str = Field(
        default="", max_length=LONGEST_FINDING, examples=["Giấy tờ pháp lý còn hạn."]
    )
    legal_papers_in_order: bool = Field(default=False, examples=[True])
    recommendation: Recommendation = Field(examples=["evaluate"])
    conclusion: str = Field(
        default="", max_length=LONGEST_FINDING, examples=["Đề nghị đưa ra Hội đồng."]
    )
    version: int = Field(
        ge=0, description="Phiên bản báo cáo đã xem; 0 khi chưa có báo cáo", examples=[0]
    )


class SignAdvisoryReport(Input):
    """The author's signature under the advisory report."""

    version: int = Field(ge=1, description="Phiên bản báo cáo đã xem.", examples=[1])


class RecordSiteSurvey(Input):
    """The record of a survey at the place of production."""

    record_number: str = Field(min_length=1, max_length=60, examples=["05/BB-KS"])
    surveyed_on: date = Field(examples=["2026-09-20"])
    people: str = Field(
        min_length=3, max_length=2000, examples=["Đoàn khảo sát: ba người; chủ thể."]
    )
    findings: str = Field(
        min_length=5, max_length=LONGEST_FINDING, examples=["Nhà xưởng đúng như hồ sơ."]
    )
    notes: list[CriterionNote] = Field(
        default_factory=list, max_length=MOST_NOTES, description="Ghi nhận theo từng tiêu chí."
    )


class OrderTest(Input):
    """A test beside those of the dossier: what, by which laboratory, on which samples."""

    subject: str = Field(min_length=3, max_length=300, examples=["Độ ẩm, đường khử"])
    laboratory: str = Field(min_length=2, max_length=200, examples=["Trung tâm Kiểm nghiệm"])
    sample_codes: str = Field(min_length=1, max_length=200, examples=["M1, M2"])
    criterion_code: str = Field(default="", max_length=12, examples=[""])


class RecordTestResult(Input):
    """What the laboratory found."""

    outcome: LabOutcome = Field(examples=["passed"])
    result: str = Field(default="", max_length=4000, examples=["Độ ẩm 19,2 %."])
    result_number: str = Field(min_length=1, max_length=60, examples=["KN-77/2026"])
    result_on: date = Field(examples=["2026-09-25"])
    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


class Attach(Input):
    """What a photo or paper shows; its file comes beside."""

    title: str = Field(default="", max_length=200, examples=["Khu sơ chế"])
    criterion_code: str = Field(
        default="",
        max_length=12,
        examples=["1.1"],
        description="Tiêu chí mà ảnh, giấy tờ cho thấy, nếu có.",
    )


class AdvicePartOut(BaseModel):
    """What the advisory team says about one part of the rubric."""

    part: str
    text: str
    suggested: int | None = Field(description="Gợi ý tham khảo, không phải điểm")


class AdvisoryReportOut(BaseModel):
    """The advisory team's report."""

    dossier_code: str
    version: int
    parts: list[AdvicePartOut]
    remarks: dict[str, str] = Field(description="Nhận xét theo mã tiêu chí.")
    legal_papers: str
    legal_papers_in_order: bool
    recommendation: Recommendation
    conclusion: str
    written_by: str
    written_at: datetime
    signed_by: str | None
    signed_at: datetime | None

    @classmethod
    def of(cls, report: AdvisoryReport, *, dossier_code: str) -> Self:
        """Make the answer from a row."""
        return cls.model_validate(
            report.model_dump(include=set(cls.model_fields))
            | {
                "dossier_code": dossier_code,
                "parts": [
                    AdvicePartOut(part=part, text=text, suggested=report.suggested.get(part))
                    for part, text in report.parts.items()
                ],
            }
        )


class AttachmentOut(BaseModel):
    """A photo of a survey or the paper of a test; its file is downloaded on its own."""

    code: str = Field(examples=["TL-7K2M9Q4"])
    subject_code: str
    criterion_code: str
    title: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    added_by: str
    added_at: datetime

    @classmethod
    def of(cls, attachment: Attachment) -> Self:
        """Make the answer from a row."""
        return cls.model_validate(attachment.model_dump(include=set(cls.model_fields)))


class SiteSurveyOut(BaseModel):
    """The record of a survey with its photos."""

    code: str = Field(examples=["KS-7K2M9Q4"])
    record_number: str
    surveyed_on: date
    people: str
    findings: str
    notes: dict[str, str] = Field(description="Ghi nhận theo mã tiêu chí.")
    recorded_by: str
    recorded_at: datetime
    attachments: list[AttachmentOut]

    @classmethod
    def of(cls, survey: SiteSurvey, attachments: Sequence[Attachment] = ()) -> Self:
        """Make the answer from a row and its photos."""
        return cls.model_validate(
            survey.model_dump(include=set(cls.model_fields))
            | {"attachments": [AttachmentOut.of(one) for one in attachments]}
        )


class ExtraTestOut(BaseModel):
    """A test that was ordered, with its result once there is one."""

    code: str = Field(examples=["KN-7K2M9Q4"])
    version: int
    criterion_code: str
    subject: str
    laboratory: str
    sample_codes: str
    ordered_by: str
    ordered_at: datetime
    outcome: LabOutcome | None
    result: str
    result_number: str
    result_on: date | None
    recorded_by: str
    recorded_at: datetime | None
    attachments: list[AttachmentOut]

    @classmethod
    def of(cls, test: ExtraTest, attachments: Sequence[Attachment] = ()) -> Self:
        """Make the answer from a row and its papers."""
        return cls.model_validate(
            test.model_dump(include=set(cls.model_fields))
            | {"attachments": [AttachmentOut.of(one) for one in attachments]}
        )


class AgencyFileOut(BaseModel):
    """All that the agency and the advisory team did about a dossier before the council."""

    dossier_code: str
    checks: list[ProvinceCheckOut]
    requests: list[CompletionRequestOut]
    advice: AdvisoryReportOut | None = Field(
        description="Chỉ tỉnh, Tổ tư vấn và thành viên Hội đồng thấy"
    )
    surveys: list[SiteSurveyOut]
    tests: list[ExtraTestOut]
