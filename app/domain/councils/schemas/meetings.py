"""Meetings and agendas: what comes in and goes out."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from app.domain.councils.enums import ItemState, MeetingState
from app.domain.councils.schemas.common import (
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
