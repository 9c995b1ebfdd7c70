"""What comes in and goes out of inspections; forms and the API share it."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.core.text import normal
from app.domain.inspections.enums import (
    CorrectionState,
    Finding,
    InspectionKind,
    InspectionState,
    Outcome,
    PlanState,
    Risk,
)
from app.domain.recognition.enums import RevocationGround, Standing

MOST_AGENCIES = 20
MOST_CHOSEN = 200
MOST_TEAM = 15
MOST_ITEMS = 60
MOST_PHOTOS = 40
LONGEST_NOTE = 2000
LONGEST_TEXT = 4000

Line = Annotated[str, AfterValidator(normal)]
Code = Annotated[str, Field(min_length=4, max_length=20)]
Username = Annotated[str, Field(min_length=3, max_length=60)]
_NUMBER = r"^\d+[0-9A-Za-zĐđ/.\-]*$"
_VERSION = Field(
    ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối.", examples=[1]
)


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


# --- plans ------------------------------------------------------------------------------------


class DraftPlan(_Input):
    """A plan of periodic checks as the agency prepares it (26/2026/QĐ-TTg art. 9.2.a)."""

    year: int = Field(ge=2020, le=2100, description="Năm của kế hoạch.", examples=[2026])
    title: Line = Field(
        min_length=5,
        max_length=200,
        description="Tên kế hoạch.",
        examples=["Kế hoạch kiểm tra sản phẩm OCOP năm 2026"],
    )
    number: Line = Field(
        min_length=1,
        max_length=60,
        pattern=_NUMBER,
        description="Số, ký hiệu văn bản.",
        examples=["45/KH-SNNMT"],
    )
    decided_on: date = Field(description="Ngày ban hành.", examples=["2026-09-01"])
    period_from: date = Field(description="Kiểm tra từ ngày.", examples=["2026-09-14"])
    period_to: date = Field(description="Đến hết ngày.", examples=["2026-11-30"])
    agencies: list[Annotated[str, Field(min_length=2, max_length=40)]] = Field(
        min_length=1,
        max_length=MOST_AGENCIES,
        description="Mã các cơ quan tham gia.",
        examples=[["CQTM_OCOP", "CHI_CUC_QLTT"]],
    )
    reasons: Line = Field(
        min_length=10,
        max_length=LONGEST_TEXT,
        description="Căn cứ, cách chọn sản phẩm để kiểm tra.",
        examples=["Ưu tiên sản phẩm được kéo dài hiệu lực và sản phẩm chưa kiểm tra lần nào."],
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.period_to < self.period_from:
            message = "Ngày kết thúc không được trước ngày bắt đầu."
            raise ValueError(message)
        return self


class RevisePlan(DraftPlan):
    """A draft of a plan written anew."""

    version: int = _VERSION


class ApprovePlan(_Input):
    """The head's word that a plan stands."""

    version: int = _VERSION


class ChangeChoice(_Input):
    """Certificates put into a plan or taken out; an approved plan needs the paper that amends it."""

    add: list[Code] = Field(
        default_factory=list,
        max_length=MOST_CHOSEN,
        description="Mã giấy chứng nhận thêm vào.",
        examples=[["GC-7K2M9Q4"]],
    )
    drop: list[Code] = Field(
        default_factory=list,
        max_length=MOST_CHOSEN,
        description="Mã giấy chứng nhận đưa ra.",
        examples=[[]],
    )
    reason: Line = Field(
        default="",
        max_length=300,
        description="Vì sao chọn các sản phẩm này.",
        examples=["Đang được kéo dài hiệu lực"],
    )
    amendment_number: Line = Field(
        default="",
        max_length=60,
        description="Số văn bản điều chỉnh, khi kế hoạch đã duyệt.",
        examples=["52/KH-SNNMT"],
    )
    amended_on: date | None = Field(
        default=None, description="Ngày văn bản điều chỉnh.", examples=["2026-09-20"]
    )
    amendment_reason: Line = Field(
        default="", max_length=LONGEST_NOTE, description="Lý do điều chỉnh.", examples=["Bổ sung."]
    )
    version: int = _VERSION


# --- checks -----------------------------------------------------------------------------------


class _Arranged(_Input):
    planned_on: date = Field(description="Ngày dự kiến kiểm tra.", examples=["2026-09-21"])
    place: Line = Field(
        min_length=3, max_length=300, description="Nơi kiểm tra.", examples=["Xưởng tại bản Mẫu"]
    )
    leader: Username = Field(description="Tài khoản của trưởng đoàn.", examples=["canbotinh"])
    team: list[Username] = Field(
        default_factory=list,
        max_length=MOST_TEAM,
        description="Tài khoản các thành viên khác.",
        examples=[["qltt1"]],
    )


class PlanInspection(_Arranged):
    """A check to be made: periodic under a plan, or a surprise with its reason (art. 9.2.a)."""

    certificate: Code = Field(description="Mã giấy chứng nhận.", examples=["GC-7K2M9Q4"])
    kind: InspectionKind = Field(description="Định kỳ hoặc đột xuất.", examples=["surprise"])
    plan: str = Field(
        default="", max_length=20, description="Mã kế hoạch, khi định kỳ.", examples=[""]
    )
    reason: Line = Field(
        default="",
        max_length=LONGEST_NOTE,
        description="Lý do kiểm tra đột xuất.",
        examples=["Phản ánh của người mua về số sao trên bao bì."],
    )
    follows: str = Field(
        default="",
        max_length=20,
        description="Mã cuộc kiểm tra đã kết luận mà cuộc này nối tiếp.",
        examples=[""],
    )


class Rearrange(_Arranged):
    """Another day, place or team for a check that was not begun."""

    version: int = _VERSION


class CancelInspection(_Input):
    """Why a planned check is not made."""

    reason: Line = Field(
        min_length=5, max_length=LONGEST_NOTE, examples=["Chủ thể đã trả giấy chứng nhận."]
    )
    version: int = _VERSION


class ItemIn(_Input):
    """What was found about one item of the checklist."""

    item: str = Field(
        min_length=1, max_length=20, description="Mã tiêu chí hoặc mục nhãn hiệu.", examples=["1.1"]
    )
    finding: Finding = Field(default=Finding.NOT_CHECKED, examples=["kept"])
    note: Line = Field(default="", max_length=LONGEST_NOTE, examples=["Nguyên liệu mua tại bản."])


class SaveSection(_Input):
    """The findings of one section; `version` is 0 for a section nobody saved."""

    items: list[ItemIn] = Field(min_length=1, max_length=MOST_ITEMS)
    version: int = Field(ge=0, description="Phiên bản của mục đã xem.", examples=[0])


class AddPhoto(_Input):
    """What a photo shows, and the item it belongs to."""

    caption: Line = Field(min_length=3, max_length=200, examples=["Nhãn chai 500 ml, mặt sau"])
    item: str = Field(default="", max_length=20, examples=["star"])


class CloseRecord(_Input):
    """The minutes of a check: number, day, who was there, what the producer says."""

    record_number: Line = Field(
        min_length=1, max_length=60, description="Số biên bản.", examples=["07/BB-KT"]
    )
    held_on: date = Field(description="Ngày kiểm tra.", examples=["2026-09-21"])
    present: Line = Field(
        min_length=5,
        max_length=LONGEST_TEXT,
        description="Thành phần có mặt.",
        examples=["Đoàn kiểm tra; Giám đốc hợp tác xã"],
    )
    producer_opinion: Line = Field(
        default="",
        max_length=LONGEST_TEXT,
        description="Ý kiến của chủ thể.",
        examples=["Thống nhất với biên bản."],
    )
    version: int = _VERSION


class AttachRecordScan(_Input):
    """The scan of the signed minutes."""

    version: int = _VERSION


# --- corrections ------------------------------------------------------------------------------


class AskCorrection(_Input):
    """What is to be mended, and until when."""

    items: list[Annotated[str, Field(min_length=1, max_length=20)]] = Field(
        min_length=1,
        max_length=MOST_ITEMS,
        description="Mã các nội dung phải khắc phục.",
        examples=[["star"]],
    )
    demand: Line = Field(
        min_length=5,
        max_length=LONGEST_NOTE,
        description="Yêu cầu khắc phục.",
        examples=["Thu hồi bao bì in sai số sao, in lại đúng hạng."],
    )
    due_on: date = Field(description="Hạn khắc phục.", examples=["2026-10-20"])
    version: int = _VERSION


class AnswerCorrection(_Input):
    """What the producer did about one finding; a paper or photo may come beside."""

    item: str = Field(min_length=1, max_length=20, examples=["star"])
    text: Line = Field(
        min_length=5, max_length=LONGEST_TEXT, examples=["Đã hủy 200 vỏ hộp cũ, in lại nhãn."]
    )
    version: int = _VERSION


class JudgeCorrection(_Input):
    """The agency's word on one answer; a refused one gets another day."""

    item: str = Field(min_length=1, max_length=20, examples=["star"])
    accepted: bool = Field(examples=[True])
    judgement: Line = Field(default="", max_length=LONGEST_NOTE, examples=["Đã xem ảnh nhãn mới."])
    due_on: date | None = Field(
        default=None, description="Hạn mới, khi chưa đạt.", examples=["2026-11-05"]
    )
    version: int = _VERSION


class Conclude(_Input):
    """The conclusion of a check; it is never edited, only followed by another check."""

    outcome: Outcome = Field(examples=["kept"])
    conclusion_number: Line = Field(
        min_length=1,
        max_length=60,
        pattern=_NUMBER,
        description="Số kết luận.",
        examples=["31/KL-SNNMT"],
    )
    conclusion_authority: Line = Field(
        min_length=3,
        max_length=200,
        description="Cơ quan kết luận.",
        examples=["Sở Nông nghiệp và Môi trường tỉnh Lai Châu"],
    )
    concluded_on: date = Field(description="Ngày kết luận.", examples=["2026-10-25"])
    conclusion: Line = Field(
        min_length=10,
        max_length=LONGEST_TEXT,
        description="Nội dung kết luận.",
        examples=["Sản phẩm duy trì các tiêu chí theo hồ sơ đã được đánh giá."],
    )
    ground: RevocationGround | None = Field(
        default=None,
        description="Trường hợp thu hồi theo Điều 8.1, khi không duy trì.",
        examples=["mark_misused"],
    )
    version: int = _VERSION


# --- what goes out ----------------------------------------------------------------------------


class PlanOut(BaseModel):
    """A plan as lists tell it."""

    code: str
    version: int
    state: PlanState
    year: int
    title: str
    number: str
    decided_on: date
    period_from: date
    period_to: date
    agencies: list[str]
    chosen: int
    checked: int
    approved_at: datetime | None


class PlannedOut(BaseModel):
    """One product of a plan, why it was chosen, and its check."""

    certificate: str
    product: str
    producer: str
    commune: str
    star: int
    reason: str
    inspection: str | None


class AmendmentOut(BaseModel):
    """A decision that changed an approved plan."""

    number: str
    decided_on: date
    reason: str
    added: list[str]
    dropped: list[str]


class PlanDetailOut(PlanOut):
    """A plan with its products and amendments."""

    reasons: str
    chosen_products: list[PlannedOut]
    amendments: list[AmendmentOut]


class CandidateOut(BaseModel):
    """A certificate in force that a plan may choose, and what makes it stand out."""

    certificate: str
    product: str
    producer: str
    commune: str
    star: int
    expires_on: date
    standing: Standing
    risks: list[Risk]
    last_checked_on: date | None


class MemberOut(BaseModel):
    """A person on a team."""

    name: str
    agency: str
    is_leader: bool


class InspectionOut(BaseModel):
    """A check as lists tell it."""

    code: str
    version: int
    state: InspectionState
    kind: InspectionKind
    plan: str | None
    certificate: str
    product: str
    producer: str
    commune: str
    planned_on: date
    place: str
    held_on: date | None
    correction_due_on: date | None
    outcome: Outcome | None
    conclusion_number: str
    concluded_on: date | None


class AnswerOut(BaseModel):
    """One answer to a finding, and what the agency said to it."""

    code: str
    text: str
    has_file: bool
    file_name: str
    answered_at: datetime
    on_behalf: bool
    accepted: bool | None
    judgement: str


class CorrectionOut(BaseModel):
    """A finding that is to be mended."""

    item: str
    wording: str
    note: str
    state: CorrectionState
    demand: str
    due_on: date
    answers: list[AnswerOut]


class InspectionDetailOut(InspectionOut):
    """A check with its team, and what this reader may know of its findings."""

    reason: str
    follows: str | None
    team: list[MemberOut]
    kept: int | None
    not_kept: int | None
    not_checked: int | None
    record_number: str
    present: str
    producer_opinion: str
    conclusion_authority: str
    conclusion: str
    ground: RevocationGround | None
    revocation_case: str
    corrections: list[CorrectionOut]


class ChecklistItemOut(BaseModel):
    """One item of a checklist: what is looked at, what must still hold, what was found."""

    item: str
    wording: str
    basis: str
    expected: list[str]
    starred: bool
    finding: Finding
    note: str


class ChecklistSectionOut(BaseModel):
    """A section of a checklist with the version its next save must carry."""

    code: str
    name: str
    version: int
    items: list[ChecklistItemOut]


class ChecklistOut(BaseModel):
    """The whole checklist: the rubric's sections, then the mark."""

    inspection: str
    rubric_code: str
    is_judged_by_rubric: bool
    sections: list[ChecklistSectionOut]


class PhotoOut(BaseModel):
    """A photo of a check, fetched with the same token."""

    code: str
    item: str
    caption: str
    width: int
    height: int
    added_at: datetime
    added_by: str


class CountsOut(BaseModel):
    """What the checks concluded in a year came to."""

    year: int
    concluded: int
    kept: int
    corrected: int
    breach: int
    periodic: int
    surprise: int
