"""What comes in and goes out about dossiers; forms and the API share it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import floor
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.core.text import normal
from app.domain.dossiers.enums import (
    Addressee,
    CheckedPart,
    DossierKind,
    DossierPart,
    DossierState,
    EvidenceKind,
    Finding,
    LabOutcome,
    Recommendation,
)
from app.domain.dossiers.models import (
    AdvisoryReport,
    Attachment,
    ChangeReport,
    CommuneReport,
    CompletionRequest,
    Dossier,
    Evidence,
    ExtraTest,
    GateAnswer,
    ProvinceCheck,
    SiteSurvey,
)
from app.domain.dossiers.rules import (
    CUT_OFF,
    OF_THE_COMMUNE,
    STATE_LABELS,
    GateQuestion,
    Missing,
    RoundDays,
    local_labour_percent,
    local_material_percent,
)
from app.rulebooks.scoring import Nearest

LONGEST_DESCRIPTION = 4000
LONGEST_REPORT_PART = 20_000
LONGEST_FINDING = 8000
MOST_NOTES = 80  # more criteria than any rubric has
MOST_ANSWERS = 60
MOST_EVIDENCE = 40
MOST_SAMPLES = 100
MOST_GATES = 40
LARGEST_AMOUNT = 10**15
MOST_KILOGRAMS = 1_000_000_000
SHORTEST_REASON = 3

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


def _check_parts_once(parts: Sequence[DossierPart]) -> None:
    if len(set(parts)) != len(parts):
        message = "Mỗi phần chỉ nêu một lần."
        raise ValueError(message)


# --- what comes in ----------------------------------------------------------------------------


class GateAnswerIn(_Input):
    """The applicant's answer to one condition: whether the case described applies."""

    gate: str = Field(
        min_length=1,
        max_length=40,
        examples=["dossier.disqualify"],
        description="Mã điều kiện, xem /products/{code}/gate-questions",
    )
    applies: bool = Field(
        examples=[False], description="true: trường hợp này xảy ra, hồ sơ không mở được"
    )


class OpenFromCertificate(_Input):
    """An upgrade or a renewal of a certified product: only its conditions have to be answered."""

    gate_answers: list[GateAnswerIn] = Field(
        default_factory=list,
        max_length=MOST_GATES,
        description="Trả lời từng điều kiện phải hỏi; thiếu điều kiện nào thì bị từ chối kèm danh sách",
    )


class OpenDossier(OpenFromCertificate):
    """A new dossier of a product; upgrade and renewal start from a certificate, not from here."""

    product_code: str = Field(min_length=4, max_length=20, examples=["SP-7K2M9Q4"])
    kind: Literal[DossierKind.FIRST] = DossierKind.FIRST


@dataclass(frozen=True, slots=True)
class Origin:
    """What a dossier starts from: a product alone, or the certificate it has (see recognition)."""

    kind: DossierKind
    product_code: str
    certificate_code: str = ""
    star: int | None = None
    previous_dossier_id: int | None = None


class SaveChanges(_Input):
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
    version: int = _VERSION


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


class DescribeEvidence(_Input):
    """What a paper says; its file comes beside."""

    kind: EvidenceKind = Field(examples=["test_report"])
    title: str = Field(min_length=2, max_length=200, examples=["Phiếu kiểm nghiệm mật ong 2026"])
    number: str = Field(default="", max_length=60, examples=["KN-1204/2026"])
    issuer: str = Field(default="", max_length=200, examples=["Trung tâm Kiểm nghiệm"])
    issued_on: date | None = Field(default=None, examples=["2026-03-02"])
    expires_on: date | None = Field(default=None, examples=["2027-03-01"])

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.issued_on and self.expires_on and self.expires_on < self.issued_on:
            message = "Ngày hết hạn không được trước ngày cấp."
            raise ValueError(message)
        return self


class AddEvidence(DescribeEvidence):
    """What a paper is; its file comes beside. With a criterion it is cited there at once."""

    criterion_code: str = Field(default="", max_length=12, examples=["10.1"])


class CiteEvidence(_Input):
    """A paper and the criterion it is to support, or no longer."""

    evidence_code: str = Field(min_length=4, max_length=20, examples=["MC-4T8XW20"])
    criterion_code: str = Field(min_length=1, max_length=12, examples=["10.1"])


class FileDossier(_Input):
    """Hand the dossier in at the commune."""

    version: int = _VERSION


class ReceiveDossier(_Input):
    """Say that the dossier has arrived, with the samples as they were counted."""

    samples_received: int = Field(
        default=0,
        ge=0,
        le=MOST_SAMPLES,
        examples=[5],
        description="Số sản phẩm mẫu đếm được; 0 với nhóm không yêu cầu sản phẩm mẫu.",
    )
    version: int = _VERSION


class ComponentCheck(_Input):
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


class CheckComponents(_Input):
    """The officer's list of parts; parts that are not named count as not yet checked."""

    items: list[ComponentCheck] = Field(max_length=len(DossierPart))
    version: int = _VERSION

    @model_validator(mode="after")
    def _each_part_once(self) -> Self:
        _check_parts_once([item.part for item in self.items])
        return self


class ReturnItem(_Input):
    """One part to complete, and why."""

    part: DossierPart = Field(examples=["evidence"])
    reason: str = Field(
        min_length=SHORTEST_REASON,
        max_length=2000,
        examples=["Phiếu kiểm nghiệm đã quá 12 tháng."],
    )


class ReturnDossier(_Input):
    """Give the dossier back with a reason for each part."""

    items: list[ReturnItem] = Field(min_length=1, max_length=len(DossierPart))
    version: int = _VERSION

    @model_validator(mode="after")
    def _each_part_once(self) -> Self:
        _check_parts_once([item.part for item in self.items])
        return self


class WithdrawDossier(_Input):
    """Take the dossier back for good."""

    reason: str = Field(min_length=5, max_length=1000, examples=["Chưa kịp đổi bao bì mới."])
    version: int = _VERSION


class SaveCommuneReport(_Input):
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
    """Take the dossier into the round with this code; a renewal goes into none (art. 7.6)."""

    round: str | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        examples=["DO-7K2M9Q4"],
        description="Bỏ trống với hồ sơ đánh giá lại, bắt buộc với hồ sơ khác.",
    )


# --- the agency before the council -----------------------------------------------------------


class CheckedItem(_Input):
    """One part as the agency found it; what is lacking is said in the note."""

    part: CheckedPart = Field(examples=["evidence"])
    is_complete: bool = Field(examples=[False])
    note: str = Field(default="", max_length=2000, examples=["Thiếu phiếu kiểm nghiệm còn hạn."])

    @model_validator(mode="after")
    def _lack_is_told(self) -> Self:
        if not self.is_complete and len(self.note) < SHORTEST_REASON:
            message = "Hãy ghi phần này thiếu gì."
            raise ValueError(message)
        return self


class CheckAtProvince(_Input):
    """The agency's check of components and content, every part once."""

    items: list[CheckedItem] = Field(max_length=len(CheckedPart))
    version: int = _VERSION

    @model_validator(mode="after")
    def _every_part_once(self) -> Self:
        named = [item.part for item in self.items]
        # Only an upgrade or a renewal tells of changes (art. 6.1.b, 6.1.c).
        needed = set(CheckedPart) - {CheckedPart.CHANGES}
        if not needed <= set(named) or len(set(named)) != len(named):
            message = "Hãy kiểm tra đủ mọi phần, mỗi phần một lần."
            raise ValueError(message)
        return self


class AskedItem(_Input):
    """One thing to complete: which part, why, and who is asked."""

    part: CheckedPart = Field(examples=["evidence"])
    reason: str = Field(
        min_length=3, max_length=2000, examples=["Bổ sung phiếu kiểm nghiệm còn hạn."]
    )
    addressee: Addressee = Field(default=Addressee.PRODUCER, examples=["producer"])

    @model_validator(mode="after")
    def _commune_papers_of_the_commune(self) -> Self:
        if self.part in OF_THE_COMMUNE and self.addressee is not Addressee.COMMUNE:
            message = "Văn bản của xã do xã hoàn thiện."
            raise ValueError(message)
        return self


class RequestCompletion(_Input):
    """Ask commune and producer to complete the dossier by a day."""

    letter_number: str = Field(default="", max_length=60, examples=["214/SNNMT-PTNT"])
    due_on: date = Field(examples=["2026-10-05"])
    items: list[AskedItem] = Field(min_length=1, max_length=len(CheckedPart))
    version: int = _VERSION

    @model_validator(mode="after")
    def _each_part_once(self) -> Self:
        if len({item.part for item in self.items}) != len(self.items):
            message = "Mỗi phần chỉ nêu một lần."
            raise ValueError(message)
        return self


class CompletionAnswer(_Input):
    """What was done about one thing that was asked for."""

    part: CheckedPart = Field(examples=["evidence"])
    answer: str = Field(default="", max_length=4000, examples=["Đã thêm phiếu KN-1204/2026."])


class AnswerCompletion(_Input):
    """Answers to a request; `send` gives the dossier back to the agency when all is answered."""

    answers: list[CompletionAnswer] = Field(max_length=len(CheckedPart))
    send: bool = Field(default=False, examples=[True])
    version: int = _VERSION


class RecallRequest(_Input):
    """Take a request back: the agency goes on with the dossier as it is."""

    reason: str = Field(min_length=5, max_length=1000, examples=["Quá hạn, xét hồ sơ như đã nộp."])
    version: int = _VERSION


class AdvicePart(_Input):
    """What the advisory team says about one part of the rubric; the suggestion is no score."""

    part: str = Field(min_length=1, max_length=12, examples=["A"])
    text: str = Field(default="", max_length=LONGEST_FINDING, examples=["Liên kết chuỗi rõ ràng."])
    suggested: int | None = Field(default=None, ge=0, le=100, examples=[30])


class CriterionNote(_Input):
    """What is said about one criterion; council members read it beside the criterion."""

    criterion_code: str = Field(min_length=1, max_length=12, examples=["1.1"])
    text: str = Field(default="", max_length=2000, examples=["Đã xem sổ thu mua hai năm."])


class SaveAdvisoryReport(_Input):
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


class SignAdvisoryReport(_Input):
    """The author's signature under the advisory report."""

    version: int = Field(ge=1, description="Phiên bản báo cáo đã xem.", examples=[1])


class RecordSiteSurvey(_Input):
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


class OrderTest(_Input):
    """A test beside those of the dossier: what, by which laboratory, on which samples."""

    subject: str = Field(min_length=3, max_length=300, examples=["Độ ẩm, đường khử"])
    laboratory: str = Field(min_length=2, max_length=200, examples=["Trung tâm Kiểm nghiệm"])
    sample_codes: str = Field(min_length=1, max_length=200, examples=["M1, M2"])
    criterion_code: str = Field(default="", max_length=12, examples=[""])


class RecordTestResult(_Input):
    """What the laboratory found."""

    outcome: LabOutcome = Field(examples=["passed"])
    result: str = Field(default="", max_length=4000, examples=["Độ ẩm 19,2 %."])
    result_number: str = Field(min_length=1, max_length=60, examples=["KN-77/2026"])
    result_on: date = Field(examples=["2026-09-25"])
    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


class Attach(_Input):
    """What a photo or paper shows; its file comes beside."""

    title: str = Field(default="", max_length=200, examples=["Khu sơ chế"])
    criterion_code: str = Field(
        default="",
        max_length=12,
        examples=["1.1"],
        description="Tiêu chí mà ảnh, giấy tờ cho thấy, nếu có.",
    )


@dataclass(frozen=True, slots=True)
class RoundChoice:
    """A round as far as accepting needs to know it; rounds themselves live with the councils."""

    id: int
    code: str
    proposals_before: date
    results_before: date


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


class ReturnOut(BaseModel):
    """One time the dossier was given back, and when it came in again."""

    returned_at: datetime
    returned_by: str
    items: list[ReturnItemOut]
    filed_again_at: datetime | None


class ComponentCheckOut(BaseModel):
    """One part of the dossier as the commune's officer found it."""

    part: DossierPart
    complete: bool
    note: str


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
    commune_days_left: int | None = Field(
        description="Số ngày làm việc còn lại của xã; âm khi đã quá hạn; null khi hạn không chạy"
    )
    return_items: list[ReturnItemOut]
    returns: list[ReturnOut] = Field(description="Các lần trả lại, lần đầu trước")
    received_at: datetime | None
    received_by: str
    received_samples: int | None
    component_checks: list[ComponentCheckOut]
    components_complete: bool
    checked_at: datetime | None
    checked_by: str
    assessed_at: datetime | None
    proposed_at: datetime | None
    proposal_number: str
    asked_parts: list[DossierPart]
    completion_due_on: date | None
    accepted_at: datetime | None
    province_slip_number: str | None
    province_due_on: date | None = Field(
        description="Hạn của tỉnh khi đánh giá lại: 45 ngày từ ngày nhận đủ hồ sơ"
    )
    certificate_code: str = Field(
        description="Giấy chứng nhận mà hồ sơ nâng hạng, đánh giá lại dựa vào"
    )
    previous_star: int | None
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
        commune_days_left: int | None,
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
                "commune_days_left": commune_days_left,
            }
        )


class EvidenceOut(BaseModel):
    """A paper of a producer; its file is downloaded on its own."""

    code: str = Field(examples=["MC-4T8XW20"])
    version: int
    kind: EvidenceKind
    title: str
    number: str
    issuer: str
    issued_on: date | None
    expires_on: date | None
    file_name: str
    media_type: str
    size: int
    pages: int | None = Field(description="Số trang của tệp PDF; ảnh thì không có.", examples=[12])
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


# --- gates, windows, changes ------------------------------------------------------------------


class GateQuestionOut(BaseModel):
    """One condition before a dossier is opened; `holds` is null when it has to be asked."""

    gate: str = Field(examples=["dossier.disqualify"])
    heading: str = Field(examples=["Hồ sơ bị loại khi"])
    wording: str
    basis: str = Field(examples=["26/2026/QĐ-TTg, Phụ lục II, bộ 4"])
    holds: bool | None

    @classmethod
    def of(cls, question: GateQuestion) -> Self:
        """Make the answer from a rule's question."""
        return cls(
            gate=question.code,
            heading=question.heading,
            wording=question.wording,
            basis=question.basis,
            holds=question.holds,
        )


class GateAnswerOut(BaseModel):
    """A condition as it was answered before the dossier was opened."""

    gate: str
    heading: str
    wording: str
    basis: str
    by_system: bool
    answered_by: str
    answered_at: datetime

    @classmethod
    def of(cls, answer: GateAnswer) -> Self:
        """Make the answer from a row."""
        return cls.model_validate(answer.model_dump(include=set(cls.model_fields)))


class FilingWindowOut(BaseModel):
    """A round still ahead and the last day on which filing leaves the commune its whole limit."""

    name: str = Field(examples=["1/2027"])
    proposals_before: date
    results_before: date
    last_safe_day: date
    basis: str = CUT_OFF

    @classmethod
    def of(cls, days: RoundDays) -> Self:
        """Make the answer from a rule's finding."""
        return cls(
            name=days.name,
            proposals_before=days.proposals_before,
            results_before=days.results_before,
            last_safe_day=days.last_safe_day,
        )


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


# --- the agency before the council, going out -------------------------------------------------


class CheckedItemOut(BaseModel):
    """One part as the agency found it."""

    part: CheckedPart
    is_complete: bool
    note: str


class ProvinceCheckOut(BaseModel):
    """A check of components and content; `ordinal` is how many requests came before it."""

    ordinal: int
    items: list[CheckedItemOut]
    checked_by: str
    checked_at: datetime

    @classmethod
    def of(cls, check: ProvinceCheck) -> Self:
        """Make the answer from a row."""
        return cls(
            ordinal=check.ordinal,
            items=[
                CheckedItemOut(
                    part=CheckedPart(item["part"]),
                    is_complete=item["lacks"] == "",
                    note=item["lacks"] or item["note"],
                )
                for item in check.items
            ],
            checked_by=check.checked_by,
            checked_at=check.checked_at,
        )


class AskedItemOut(BaseModel):
    """One thing that was asked for, and the answer so far."""

    part: CheckedPart
    addressee: Addressee
    reason: str
    answer: str
    answered_by: str


class CompletionRequestOut(BaseModel):
    """One request for completion."""

    code: str = Field(examples=["YC-7K2M9Q4"])
    ordinal: int
    letter_number: str
    due_on: date
    items: list[AskedItemOut]
    requested_by: str
    requested_at: datetime
    answered_at: datetime | None
    recalled_at: datetime | None
    recall_reason: str

    @classmethod
    def of(cls, request: CompletionRequest) -> Self:
        """Make the answer from a row."""
        return cls.model_validate(request.model_dump(include=set(cls.model_fields)))


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
