"""What comes in and goes out of councils: rounds, seats, meetings, sheets, findings, results."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from app.core.text import normal
from app.domain.councils.enums import (
    GateKind,
    GateState,
    ItemState,
    MeetingState,
    Seat,
    SheetState,
)

MOST_SEATS = 40
MOST_DOSSIERS = 100
MOST_MARKS = 80
LONGEST_REMARK = 2000
LONGEST_OPINION = 4000
LONGEST_CONCLUSION = 20_000

Line = Annotated[str, AfterValidator(normal)]
_VERSION = Field(
    ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối.", examples=[1]
)


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


# --- what comes in ----------------------------------------------------------------------------


class OpenRound(_Input):
    """A round of the year; its dates are those of the regime (26/2026/QĐ-TTg art. 5.1)."""

    year: int = Field(ge=2026, le=2100, examples=[2026])
    ordinal: int = Field(ge=1, le=12, examples=[2])


class SeatIn(_Input):
    """A seat and who holds it; chair and members vote, a secretary only when named to."""

    username: str = Field(min_length=3, max_length=60, examples=["hoidong1"])
    seat: Seat = Field(examples=["member"])
    voting: bool = Field(
        default=False, description="Chỉ xét với Thư ký; Chủ tịch và thành viên luôn chấm điểm."
    )

    @property
    def votes(self) -> bool:
        """Whether this seat scores."""
        return self.seat in {Seat.CHAIR, Seat.MEMBER} or (
            self.seat is Seat.SECRETARY and self.voting
        )


class SetUpCouncil(_Input):
    """A council by decision, with its seats (26/2026/QĐ-TTg art. 7.3.b)."""

    decision_number: Line = Field(min_length=2, max_length=60, examples=["812/QĐ-UBND"])
    decided_on: date = Field(examples=["2026-07-01"])
    seats: list[SeatIn] = Field(min_length=1, max_length=MOST_SEATS)

    @model_validator(mode="after")
    def _each_person_once(self) -> Self:
        if len({seat.username for seat in self.seats}) != len(self.seats):
            message = "Mỗi người chỉ giữ một ghế trong Hội đồng."
            raise ValueError(message)
        return self


class ScheduleMeeting(_Input):
    """A meeting of a council in a round, with the dossiers on its agenda in their order."""

    council: str = Field(min_length=4, max_length=20, examples=["HD-7K2M9Q4"])
    round: str = Field(min_length=4, max_length=20, examples=["D2-2026"])
    place: Line = Field(min_length=2, max_length=200, examples=["Phòng họp số 2, UBND tỉnh"])
    starts_at: AwareDatetime = Field(examples=["2026-11-12T08:00:00+07:00"])
    dossiers: list[Annotated[str, Field(min_length=4, max_length=20)]] = Field(
        min_length=1, max_length=MOST_DOSSIERS, examples=[["HS-7K2M9Q4"]]
    )

    @model_validator(mode="after")
    def _each_dossier_once(self) -> Self:
        if len(set(self.dossiers)) != len(self.dossiers):
            message = "Mỗi hồ sơ chỉ được chọn một lần."
            raise ValueError(message)
        return self


class RecordSurvey(_Input):
    """The record of the survey on the spot, where the council rules ask for one (set 26)."""

    record: Line = Field(
        min_length=3, max_length=200, examples=["Biên bản khảo sát số 03 ngày 05/11/2026"]
    )
    version: int = _VERSION


class OpenMeeting(_Input):
    """Who is present; `delegate` presides when the chair is away."""

    present: list[Annotated[str, Field(min_length=3, max_length=60)]] = Field(
        max_length=MOST_SEATS, examples=[["chutich", "thuky", "hoidong1"]]
    )
    delegate: str = Field(
        default="", max_length=60, description="Người được Chủ tịch ủy quyền chủ trì."
    )
    version: int = _VERSION


class MarkIn(_Input):
    """The option a member ticks; «none» says explicitly không đạt; null takes the tick back."""

    criterion_code: str = Field(min_length=1, max_length=12, examples=["1.1"])
    option_code: str | None = Field(default=None, max_length=12, examples=["b"])
    remark: Line = Field(default="", max_length=LONGEST_REMARK, examples=["Hợp đồng còn 2 tháng."])


class SaveMarks(_Input):
    """Some marks of a sheet; criteria that are not named stay as they are."""

    marks: list[MarkIn] = Field(max_length=MOST_MARKS)
    version: int = _VERSION


class SubmitSheet(_Input):
    """Hand the own sheet in."""

    opinion: Line = Field(
        default="", max_length=LONGEST_OPINION, examples=["Cần đổi bao bì giấy tái chế."]
    )
    version: int = _VERSION


class WithdrawSheet(_Input):
    """Take the own sheet back before the lock."""

    version: int = _VERSION


class RecuseSheet(_Input):
    """Not take part in judging this product, and why."""

    reason: Line = Field(
        min_length=5, max_length=500, examples=["Là thành viên hợp tác xã của chủ thể."]
    )
    version: int = _VERSION


class RaiseGate(_Input):
    """A condition of the rubric that, if the council agrees, ends the matter without a star."""

    criterion_code: str = Field(max_length=12, examples=["6.1"])
    kind: GateKind = Field(examples=["stop"])
    reason: Line = Field(min_length=5, max_length=2000, examples=["Không có giấy đủ điều kiện."])


class DecideGate(_Input):
    """The council's vote on a raised gate."""

    votes_for: int = Field(ge=0, le=MOST_SEATS, examples=[5])
    votes_against: int = Field(ge=0, le=MOST_SEATS, examples=[2])


class ConfirmMinimum(_Input):
    """The chair's word on a starred minimum that the sheets do not see alike."""

    criterion_code: str = Field(min_length=1, max_length=12, examples=["2.3"])
    star: int = Field(ge=3, le=5, examples=[4])
    met: bool
    reason: Line = Field(min_length=3, max_length=2000, examples=["Giấy chứng nhận còn hạn."])


class RescoreItem(_Input):
    """Discuss and score anew; the sheets so far are kept as superseded."""

    reason: Line = Field(min_length=5, max_length=2000, examples=["Chênh nhau 14 điểm."])
    version: int = _VERSION


class LockItem(_Input):
    """Fix the result; a note is needed where the sheets still differ after scoring anew."""

    divergence_note: Line = Field(default="", max_length=2000)
    version: int = _VERSION


class CloseMeeting(_Input):
    """End the meeting with its minutes."""

    minutes_number: Line = Field(min_length=1, max_length=60, examples=["02/BB-HĐ"])
    conclusion: Line = Field(
        min_length=5,
        max_length=LONGEST_CONCLUSION,
        examples=["Hội đồng thống nhất kết quả nêu trên."],
    )
    version: int = _VERSION


# --- what goes out ----------------------------------------------------------------------------


class RoundOut(BaseModel):
    """A round and its legal dates; «before» means the day before at the latest."""

    code: str = Field(examples=["D2-2026"])
    year: int
    ordinal: int
    proposals_before: date
    results_before: date


class SeatOut(BaseModel):
    """A seat on a council."""

    username: str
    name: str
    organisation: str
    seat: Seat
    voting: bool


class CouncilOut(BaseModel):
    """A council with its seats and the rules it works by."""

    code: str = Field(examples=["HD-7K2M9Q4"])
    decision_number: str
    decided_on: date
    council_rules_code: str
    council_rules_hash: str
    seats: list[SeatOut]


class QuorumOut(BaseModel):
    """Voting members, those who take part, and how many must."""

    voting: int
    present: int
    needed: int
    is_met: bool


class ItemOut(BaseModel):
    """One dossier of an agenda; a result only after its lock."""

    code: str = Field(examples=["MH-7K2M9Q4"])
    version: int
    position: int
    state: ItemState
    dossier: str
    product: str
    producer: str
    set_number: int
    needs_survey: bool
    survey_record: str
    scoring_round: int
    sheets_expected: int
    sheets_submitted: int
    sheets_recused: int
    my_sheet: str | None = Field(description="Mã phiếu của chính người gọi, khi có.")
    star: int | None = None
    average: str | None = Field(default=None, examples=["74,33"])


class MeetingBriefOut(BaseModel):
    """A meeting as lists show it, with how far its agenda is."""

    code: str = Field(examples=["PH-7K2M9Q4"])
    version: int
    state: MeetingState
    council: str
    round: str
    place: str
    starts_at: datetime
    items: int
    locked: int


class MeetingOut(BaseModel):
    """A meeting with its agenda."""

    code: str = Field(examples=["PH-7K2M9Q4"])
    version: int
    state: MeetingState
    council: str
    round: str
    place: str
    starts_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    minutes_number: str
    conclusion: str
    quorum: QuorumOut | None = Field(description="Chỉ có sau khi mở phiên họp.")
    present: list[str] = Field(description="Tên đăng nhập của người có mặt.")
    items: list[ItemOut]


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


class GateOut(BaseModel):
    """A raised gate and how the council decided."""

    code: str
    criterion_code: str
    kind: GateKind
    state: GateState
    reason: str
    raised_by: str
    votes_for: int
    votes_against: int


class MinimumOut(BaseModel):
    """A starred minimum and how many sheets reach it."""

    criterion_code: str
    criterion_name: str
    star: int
    reached_by: int
    counted: int
    met: bool
    confirmed: bool | None
    needs_chair: bool


class ReasonOut(BaseModel):
    """One sentence of the result with its basis."""

    code: str
    text: str
    basis: str


class SettlingOut(BaseModel):
    """What the sheets add up to before the lock: for whoever presides, and the secretary."""

    average: str
    spread: int
    is_divergent: bool
    star: int
    minima_awaiting_chair: list[MinimumOut]
    gates_suggested: list[str] = Field(description="Tiêu chí có phiếu cho 0 điểm, cần biểu quyết")
    reasons: list[ReasonOut]


class ItemDetailOut(ItemOut):
    """One dossier before the council with everything that must be settled before its lock."""

    meeting: str
    quorum: QuorumOut
    gates: list[GateOut]
    divergence_note: str
    settling: SettlingOut | None = Field(
        description="Chỉ người chủ trì và Thư ký thấy, khi mọi phiếu đã nộp."
    )


class ResultOut(BaseModel):
    """A locked result: exact average, star, minima, gates and reasons; no names, no sheets."""

    code: str = Field(examples=["KQ-7K2M9Q4"])
    dossier: str
    rubric_code: str
    star: int
    band_star: int
    outcome: str = Field(examples=["recognised_candidate"])
    average: str = Field(examples=["521/7"], description="Phân số chính xác")
    average_text: str = Field(examples=["74,42"], description="Cắt bớt, không làm tròn lên")
    sheets_counted: int
    criterion_means: dict[str, str] = Field(description="Điểm trung bình từng tiêu chí, phân số")
    minima: list[dict[str, Any]]
    gates_upheld: list[dict[str, Any]]
    reasons: list[ReasonOut]
    document_hash: str
    locked_at: datetime
