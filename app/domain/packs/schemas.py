"""What comes in and goes out of scoring without network: answer files, keyed sheets, choices."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.core.pdf_inspection import MOST_PAGES
from app.core.text import normal
from app.domain.councils.enums import SheetState
from app.domain.councils.schemas import LONGEST_OPINION, LONGEST_REMARK, MarkIn
from app.domain.packs.enums import PaperSheetState, Take
from app.domain.packs.rules import FILE_FORMAT, FILE_KIND

MOST_SHEETS = 100
MOST_CRITERIA = 80

Line = Annotated[str, AfterValidator(normal)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=20)]
CriterionCode = Annotated[str, StringConstraints(min_length=1, max_length=12)]
Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,64}$")]
VERSION = Field(
    ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối.", examples=[1]
)


class Input(BaseModel):
    """What comes in: nothing beyond the named fields, no blanks around a text."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Sealed(BaseModel):
    """What the server sealed: kept letter for letter, or the seal would not fit."""

    model_config = ConfigDict(extra="forbid", strict=True)


# --- the answer file --------------------------------------------------------------------------


class PackedSheet(Sealed):
    """One sheet of a pack as it was when the pack was made."""

    dossier: Code
    rubric: str = Field(max_length=40, examples=["qd26-2026-04"])
    rubric_hash: Hex
    scoring_round: int = Field(ge=1)
    version: int = Field(ge=1)
    base: dict[CriterionCode, Hex] = Field(
        max_length=MOST_CRITERIA, description="Dấu vân của từng điểm đã có khi tải gói"
    )


class Binding(Sealed):
    """Whose pack it is, of which meeting, when it was made, and over which sheets."""

    meeting: Code = Field(examples=["PH-7K2M9Q4"])
    member_id: int = Field(ge=1)
    member: str = Field(max_length=200, examples=["Giàng A Mẫu"])
    made_at: str = Field(max_length=40, examples=["2026-11-24T01:00:00+00:00"])
    sheets: dict[Code, PackedSheet] = Field(max_length=MOST_SHEETS, examples=[{}])


class FiledMark(Input):
    """The option ticked in a pack for one criterion, with its remark; no option is a blank."""

    option: str = Field(default="", max_length=12, examples=["b"])
    remark: Line = Field(default="", max_length=LONGEST_REMARK)
    evidence: str = Field(default="", max_length=20, examples=["MC-4T8XW20"])
    page: int = Field(default=0, ge=0, le=MOST_PAGES)
    without_evidence: bool = False


class FiledSheet(Input):
    """One sheet as it was filled in without network."""

    marks: dict[CriterionCode, FiledMark] = Field(max_length=MOST_CRITERIA)
    opinion: Line = Field(default="", max_length=LONGEST_OPINION)


class AnswerFile(Input):
    """The file that a scoring pack saves: what was sealed, the seal, and the marks."""

    kind: Literal["ocop-phieu-cham"] = Field(examples=[FILE_KIND])
    format: Literal[1] = Field(examples=[FILE_FORMAT])
    pack: Binding
    seal: Hex = Field(examples=["9f2c41"])
    sheets: dict[Code, FiledSheet] = Field(
        max_length=MOST_SHEETS,
        examples=[{"PD-7K2M9Q4": {"marks": {"1.1": {"option": "b"}}, "opinion": ""}}],
    )
    saved_at: str = Field(default="", max_length=40, description="Giờ trên thiết bị, chỉ để biết")


class ApplySheet(Input):
    """Bring one sheet of a file in; `stored` and `filed` settle the criteria that conflict."""

    sheet: Code = Field(examples=["PD-7K2M9Q4"])
    stored: list[CriterionCode] = Field(
        default_factory=list,
        max_length=MOST_CRITERIA,
        description="Tiêu chí giữ điểm đang lưu («opinion» là ý kiến chung)",
    )
    filed: list[CriterionCode] = Field(
        default_factory=list, max_length=MOST_CRITERIA, description="Tiêu chí lấy điểm trong tệp"
    )
    submit: bool = Field(default=False, description="Nộp phiếu luôn khi đã chấm đủ")


class ApplyReturn(Input):
    """Bring sheets of a file in."""

    sheets: list[ApplySheet] = Field(min_length=1, max_length=MOST_SHEETS)


class SaidOut(BaseModel):
    """An option with its remark; the opinion has no option."""

    option_code: str
    remark: str
    evidence_code: str
    evidence_page: int | None
    without_evidence: bool


class DifferenceOut(BaseModel):
    """A criterion that the file would change."""

    criterion_code: str = Field(examples=["1.1"])
    stored: SaidOut
    filed: SaidOut
    is_conflict: bool = Field(description="Điểm đang lưu cũng đã đổi sau khi tải gói")


class ReturnedSheetOut(BaseModel):
    """One sheet of a file beside what is stored."""

    sheet: str
    dossier: str
    product: str
    state: SheetState
    differences: list[DifferenceOut]
    missing: list[str] = Field(description="Tiêu chí còn thiếu nếu đưa tệp vào")
    why_not: str | None = Field(description="Vì sao không đưa vào được nữa")


class PackReturnOut(BaseModel):
    """An answer file that was handed in."""

    code: str = Field(examples=["TG-7K2M9Q4"])
    meeting: str
    member: str
    made_at: str
    content_hash: str
    handed_in_at: datetime
    handed_in_by: str
    for_member: bool
    applied_at: datetime | None
    sheets: list[ReturnedSheetOut]


# --- paper ------------------------------------------------------------------------------------


class KeyPaper(Input):
    """What stands on a sheet of paper, keyed in the first or the second time."""

    entry: Literal[1, 2] = Field(description="Lần nhập thứ nhất hoặc thứ hai")
    marks: list[MarkIn] = Field(max_length=MOST_CRITERIA)
    opinion: Line = Field(default="", max_length=LONGEST_OPINION)


class TakeOne(Input):
    """Which of the two entries is what the paper says."""

    criterion_code: CriterionCode = Field(examples=["1.1"])
    take: Take


class ResolvePaper(Input):
    """Settle every difference between the two entries, paper in hand."""

    choices: list[TakeOne] = Field(max_length=MOST_CRITERIA + 1)
    version: int = VERSION


class EnterPaper(Input):
    """Make the agreed entries the member's sheet, and hand it in."""

    version: int = VERSION


class AttachScan(Input):
    """Keep the scan of the signed paper beside its entries."""

    version: int = VERSION


class DiscardPaper(Input):
    """Throw both entries away and begin again."""

    reason: Line = Field(min_length=3, max_length=500, examples=["Nhập nhầm phiếu của người khác."])
    version: int = VERSION


class EntryOut(BaseModel):
    """Who keyed in, and when; what was keyed stays unseen until both are there."""

    by: str
    at: datetime


class PaperDifferenceOut(BaseModel):
    """A criterion that the two entries do not say alike."""

    criterion_code: str
    first: SaidOut
    second: SaidOut


class PaperSheetOut(BaseModel):
    """A sheet on paper on its way to becoming an ordinary sheet."""

    code: str = Field(examples=["PG-7K2M9Q4"])
    version: int
    state: PaperSheetState
    sheet: str
    product: str
    member: str
    scoring_round: int
    first: EntryOut
    second: EntryOut | None
    same_person: bool = Field(description="Hai lần do cùng một người nhập")
    differences: list[PaperDifferenceOut]
    has_scan: bool
    entered_at: datetime | None
    entered_by: str
