"""Meetings and agendas: what comes in and goes out."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from app.domain.councils.enums import ItemState, MeetingForm, MeetingState
from app.domain.councils.schemas.input import (
    LONGEST_CONCLUSION,
    MOST_DOSSIERS,
    MOST_SEATS,
    VERSION,
    Input,
    Line,
)


class ScheduleMeeting(Input):
    """A meeting of a council in a round, with the dossiers on its agenda in their order."""

    council: str = Field(min_length=4, max_length=20, examples=["HD-7K2M9Q4"])
    round: str | None = Field(
        default=None,
        min_length=4,
        max_length=20,
        examples=["D2-2026"],
        description="Bỏ trống khi phiên họp chỉ xem xét hồ sơ đánh giá lại (Điều 7.6).",
    )
    place: Line = Field(min_length=2, max_length=200, examples=["Phòng họp số 2, UBND tỉnh"])
    starts_at: AwareDatetime = Field(examples=["2026-11-12T08:00:00+07:00"])
    dossiers: list[Annotated[str, Field(min_length=4, max_length=20)]] = Field(
        min_length=1, max_length=MOST_DOSSIERS, examples=[["HS-7K2M9Q4"]]
    )
    renewal_reason: Line = Field(
        default="",
        max_length=500,
        examples=["Quy mô sản xuất thay đổi lớn, cần thảo luận trực tiếp."],
        description="Vì sao hồ sơ đánh giá lại đưa thẳng ra họp, không lấy ý kiến bằng văn bản.",
    )

    @model_validator(mode="after")
    def _each_dossier_once(self) -> Self:
        if len(set(self.dossiers)) != len(self.dossiers):
            message = "Mỗi hồ sơ chỉ được chọn một lần."
            raise ValueError(message)
        return self


class AddToAgenda(Input):
    """Put further dossiers at the end of an agenda before its meeting opens."""

    dossiers: list[Annotated[str, Field(min_length=4, max_length=20)]] = Field(
        min_length=1, max_length=MOST_DOSSIERS, examples=[["HS-7K2M9Q4"]]
    )
    day: date | None = Field(
        default=None, description="Ngày họp xem xét; bỏ trống là ngày đầu của phiên họp."
    )
    reason: Line = Field(
        min_length=5, max_length=500, examples=["Hồ sơ vừa được tiếp nhận, kịp gửi thành viên."]
    )
    version: int = VERSION


class TakeOffAgenda(Input):
    """Take a dossier off an agenda before its meeting opens, and why."""

    reason: Line = Field(
        min_length=5, max_length=500, examples=["Chờ kết quả kiểm nghiệm bổ sung."]
    )
    version: int = VERSION


class AgendaPlace(Input):
    """One dossier of an agenda and the day on which it is looked at."""

    item: str = Field(min_length=4, max_length=20, examples=["MH-7K2M9Q4"])
    day: date = Field(examples=["2026-11-12"])


class ArrangeAgenda(Input):
    """The whole agenda in its new order, each dossier on its day."""

    items: list[AgendaPlace] = Field(min_length=1, max_length=MOST_DOSSIERS)
    version: int = VERSION


class RecordSurvey(Input):
    """The record of the survey on the spot, where the council rules ask for one (set 26)."""

    record: Line = Field(
        min_length=3, max_length=200, examples=["Biên bản khảo sát số 03 ngày 05/11/2026"]
    )
    version: int = VERSION


class OpenMeeting(Input):
    """Who is present; `delegate` presides when the chair is away."""

    present: list[Annotated[str, Field(min_length=3, max_length=60)]] = Field(
        max_length=MOST_SEATS, examples=[["chutich", "thuky", "hoidong1"]]
    )
    delegate: str = Field(
        default="", max_length=60, description="Người được Chủ tịch ủy quyền chủ trì."
    )
    version: int = VERSION


class CloseMeeting(Input):
    """End the meeting with its minutes."""

    minutes_number: Line = Field(min_length=1, max_length=60, examples=["02/BB-HĐ"])
    conclusion: Line = Field(
        min_length=5,
        max_length=LONGEST_CONCLUSION,
        examples=["Hội đồng thống nhất kết quả nêu trên."],
    )
    version: int = VERSION


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
    day: date | None = Field(description="Ngày họp xem xét; không có khi lấy ý kiến bằng văn bản.")
    papers_open_on: date = Field(description="Ngày thành viên bắt đầu xem được hồ sơ.")
    state: ItemState
    taken_off_reason: str
    dossier: str
    is_renewal: bool
    previous_star: int | None
    due_on: date | None = Field(description="Hạn của tỉnh với hồ sơ đánh giá lại (Điều 7.6.g).")
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
    form: MeetingForm
    state: MeetingState
    council: str
    round: str | None = Field(description="Hồ sơ đánh giá lại không theo đợt.")
    place: str
    starts_at: datetime
    opinions_due_on: date | None
    items: int
    locked: int


class DayLoadOut(BaseModel):
    """What one day of a meeting holds; too much is a warning."""

    day: date
    products: int
    minutes: int = Field(description="Thời gian tối thiểu để xem xét và chấm.")
    is_too_much: bool


class MeetingOut(BaseModel):
    """A meeting with its agenda."""

    code: str = Field(examples=["PH-7K2M9Q4"])
    version: int
    form: MeetingForm
    state: MeetingState
    council: str
    round: str | None = Field(description="Hồ sơ đánh giá lại không theo đợt.")
    place: str
    starts_at: datetime
    papers_promised_on: date | None = Field(
        description="Ngày muộn nhất theo Quy chế để gửi hồ sơ cho thành viên."
    )
    opinions_due_on: date | None = Field(description="Hạn gửi ý kiến bằng văn bản.")
    collected_at: datetime | None = Field(description="Khi kết thúc nhận ý kiến bằng văn bản.")
    opened_at: datetime | None
    closed_at: datetime | None
    minutes_number: str
    conclusion: str
    quorum: QuorumOut | None = Field(description="Chỉ có sau khi mở phiên họp.")
    present: list[str] = Field(description="Tên đăng nhập của người có mặt.")
    days: list[DayLoadOut]
    items: list[ItemOut]
    taken_off: list[ItemOut] = Field(description="Hồ sơ đã rút khỏi chương trình, kèm lý do.")
