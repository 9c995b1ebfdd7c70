"""What comes in and goes out about dossiers; forms and the API share it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.core.text import normal
from app.domain.dossiers.enums import (
    DossierKind,
    DossierPart,
    DossierState,
    EvidenceKind,
    Finding,
)
from app.domain.dossiers.models import CommuneReport, Dossier, Evidence
from app.domain.dossiers.rules import STATE_LABELS, Missing, local_labour_percent
from app.rulebooks.scoring import Nearest

LONGEST_DESCRIPTION = 4000
LONGEST_REPORT_PART = 20_000
LONGEST_FINDING = 8000
MOST_ANSWERS = 60
MOST_EVIDENCE = 40
MOST_SAMPLES = 100

_VERSION = Field(
    ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối.", examples=[3]
)


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _as_stored(cls, sent: object) -> object:
        """Measure a text as it will be stored: signs without a shape are no reason and no title."""
        if isinstance(sent, list):
            return [normal(one) if isinstance(one, str) else one for one in sent]
        return normal(sent) if isinstance(sent, str) else sent


# --- what comes in ----------------------------------------------------------------------------


class OpenDossier(_Input):
    """A new dossier of a product; upgrade and renewal start from a certificate, not from here."""

    product_code: str = Field(min_length=4, max_length=20, examples=["SP-7K2M9Q4"])
    kind: Literal[DossierKind.FIRST] = DossierKind.FIRST


class AnswerIn(_Input):
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


class SaveSection(_Input):
    """The answers of one section of the rubric; criteria that are not named stay as they are."""

    answers: list[AnswerIn] = Field(max_length=MOST_ANSWERS)
    version: int = _VERSION


class SaveReportParts(_Input):
    """Parts II and IV of Mẫu số 02, and how many samples come with the dossier."""

    business_results: str = Field(
        max_length=LONGEST_REPORT_PART,
        examples=["Năm 2025 bán 1.200 lít, doanh thu 480 triệu đồng."],
    )
    business_plan: str = Field(
        max_length=LONGEST_REPORT_PART, examples=["Mở thêm 50 đõ ong, vào hai cửa hàng ở Hà Nội."]
    )
    sample_count: int = Field(ge=0, le=MOST_SAMPLES, examples=[5])
    version: int = _VERSION


class AddEvidence(_Input):
    """What a paper is; its file comes beside. With a criterion it is cited there at once."""

    kind: EvidenceKind = Field(examples=["test_report"])
    title: str = Field(min_length=2, max_length=200, examples=["Phiếu kiểm nghiệm mật ong 2026"])
    number: str = Field(default="", max_length=60, examples=["KN-1204/2026"])
    issuer: str = Field(default="", max_length=200, examples=["Trung tâm Kiểm nghiệm"])
    issued_on: date | None = Field(default=None, examples=["2026-03-02"])
    expires_on: date | None = Field(default=None, examples=["2027-03-01"])
    criterion_code: str = Field(default="", max_length=12, examples=["10.1"])

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.issued_on and self.expires_on and self.expires_on < self.issued_on:
            message = "Ngày hết hạn không được trước ngày cấp."
            raise ValueError(message)
        return self


class CiteEvidence(_Input):
    """A paper and the criterion it is to support, or no longer."""

    evidence_code: str = Field(min_length=4, max_length=20, examples=["MC-4T8XW20"])
    criterion_code: str = Field(min_length=1, max_length=12, examples=["10.1"])


class FileDossier(_Input):
    """Hand the dossier in at the commune."""

    version: int = _VERSION


class ReturnItem(_Input):
    """One part to complete, and why."""

    part: DossierPart = Field(examples=["evidence"])
    reason: str = Field(
        min_length=3, max_length=2000, examples=["Phiếu kiểm nghiệm đã quá 12 tháng."]
    )


class ReturnDossier(_Input):
    """Give the dossier back with a reason for each part."""

    items: list[ReturnItem] = Field(min_length=1, max_length=len(DossierPart))
    version: int = _VERSION

    @model_validator(mode="after")
    def _each_part_once(self) -> Self:
        if len({item.part for item in self.items}) != len(self.items):
            message = "Mỗi phần chỉ nêu một lần."
            raise ValueError(message)
        return self


class WithdrawDossier(_Input):
    """Take the dossier back for good."""

    reason: str = Field(min_length=5, max_length=1000, examples=["Chưa kịp đổi bao bì mới."])
    version: int = _VERSION


class SaveCommuneReport(_Input):
    """The four findings of Mẫu số 03; each is confirmed on its own, and only with its text."""

    material_finding: str = Field(
        default="", max_length=LONGEST_FINDING, examples=["Mật khai thác tại rừng bản Tả Lèng 1."]
    )
    material_local_percent: int = Field(default=0, ge=0, le=100, examples=[100])
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


class SignCommuneReport(_Input):
    """The leader's signature under the report."""

    report_number: str = Field(min_length=1, max_length=60, examples=["27/BC-UBND"])
    signed_title: str = Field(min_length=2, max_length=80, examples=["Phó Chủ tịch UBND xã"])
    version: int = Field(
        ge=1,
        description="Phiên bản báo cáo đã xem; khác bản hiện tại thì bị từ chối.",
        examples=[2],
    )


class ProposeDossier(_Input):
    """The commune's letter to the province."""

    proposal_number: str = Field(min_length=1, max_length=60, examples=["58/UBND-KT"])
    version: int = _VERSION


class AcceptDossier(_Input):
    """Take the dossier into a round; which one is said beside."""

    version: int = _VERSION


class AcceptIntoRound(AcceptDossier):
    """Take the dossier into the round with this code."""

    round: str = Field(min_length=1, max_length=20, examples=["DO-7K2M9Q4"])


@dataclass(frozen=True, slots=True)
class RoundChoice:
    """A round as far as accepting needs to know it; rounds themselves live with the councils."""

    id: int
    code: str
    proposals_before: date
    results_before: date


# --- what the work list shows -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing that waits for a person: what, until when, on which basis, and where to do it."""

    kind: str
    code: str
    title: str
    subtitle: str
    due_on: date | None
    overdue: bool
    basis: str
    route_name: str


# --- what goes out ----------------------------------------------------------------------------


class MissingOut(BaseModel):
    """One thing a dossier still lacks."""

    part: DossierPart
    text: str
    basis: str

    @classmethod
    def of(cls, missing: Missing) -> Self:
        """Make the answer from a rule's finding."""
        return cls(part=missing.part, text=missing.text, basis=missing.basis)


class ReturnItemOut(BaseModel):
    """One part the commune asked to complete."""

    part: DossierPart
    reason: str


class DossierOut(BaseModel):
    """A dossier as officials and its producer see it."""

    code: str = Field(examples=["HS-7K2M9Q4"])
    version: int
    kind: DossierKind
    state: DossierState = Field(examples=["filed"])
    state_label: str = Field(examples=["Đã nộp tại xã"])
    product_code: str
    product_name: str
    set_number: int
    producer_code: str
    producer_name: str
    commune_code: str
    commune_name: str
    regime_code: str = Field(examples=["qd26-2026"])
    rubric_code: str = Field(examples=["qd26-2026-04"])
    council_rules_code: str
    regime_hash: str
    rubric_hash: str
    council_rules_hash: str
    business_results: str
    business_plan: str
    sample_count: int
    opened_at: datetime
    opened_by_helper: bool
    filed_at: datetime | None
    slip_number: str | None = Field(examples=["01/PĐK-12-03390-2026"])
    commune_due_on: date | None
    return_items: list[ReturnItemOut]
    assessed_at: datetime | None
    proposed_at: datetime | None
    proposal_number: str
    accepted_at: datetime | None
    province_slip_number: str | None
    closed_at: datetime | None

    @classmethod
    def of(
        cls,
        dossier: Dossier,
        *,
        product_code: str,
        product_name: str,
        set_number: int,
        producer_code: str,
        producer_name: str,
        commune_name: str,
    ) -> Self:
        """Make the answer from a row and the names beside it."""
        return cls.model_validate(
            dossier.model_dump(include=set(cls.model_fields))
            | {
                "state_label": STATE_LABELS[dossier.state],
                "product_code": product_code,
                "product_name": product_name,
                "set_number": set_number,
                "producer_code": producer_code,
                "producer_name": producer_name,
                "commune_name": commune_name,
            }
        )


class EvidenceOut(BaseModel):
    """A paper of a producer; its file is downloaded on its own."""

    code: str = Field(examples=["MC-4T8XW20"])
    kind: EvidenceKind
    title: str
    number: str
    issuer: str
    issued_on: date | None
    expires_on: date | None
    file_name: str
    media_type: str
    size: int
    sha256: str
    added_at: datetime
    added_by_helper: bool
    criteria: list[str] = Field(description="Các tiêu chí của hồ sơ này mà minh chứng chứng minh")

    @classmethod
    def of(cls, evidence: Evidence, *, criteria: Sequence[str] = ()) -> Self:
        """Make the answer from a row and the criteria it supports."""
        return cls.model_validate(
            evidence.model_dump(include=set(cls.model_fields)) | {"criteria": list(criteria)}
        )


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


class CommuneReportOut(BaseModel):
    """The commune's report; the share of local labour is an exact fraction and a number."""

    dossier_code: str
    version: int
    material_finding: str
    material_local_percent: int
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
        return cls.model_validate(
            report.model_dump(include=set(cls.model_fields))
            | {"dossier_code": dossier_code, "labour_local_percent": str(share)}
        )
