"""Written opinions on renewals: what comes in (26/2026/QĐ-TTg art. 7.6.d)."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from app.domain.councils.schemas.input import MOST_DOSSIERS, VERSION, Input, Line

REASON = Field(
    min_length=5, max_length=500, examples=["Quy mô sản xuất thay đổi lớn, cần thảo luận."]
)


class OpenOpinion(Input):
    """Ask a council in writing about renewals, until a day."""

    council: str = Field(min_length=4, max_length=20, examples=["HD-7K2M9Q4"])
    dossiers: list[Annotated[str, Field(min_length=4, max_length=20)]] = Field(
        min_length=1, max_length=MOST_DOSSIERS, examples=[["HS-7K2M9Q4"]]
    )
    due_on: date = Field(
        examples=["2026-11-20"], description="Ngày cuối cùng để gửi ý kiến, kể cả ngày đó."
    )

    @model_validator(mode="after")
    def _each_dossier_once(self) -> Self:
        if len(set(self.dossiers)) != len(self.dossiers):
            message = "Mỗi hồ sơ chỉ được chọn một lần."
            raise ValueError(message)
        return self


class ExtendOpinion(Input):
    """Give members more time; what had lapsed may be filled in again."""

    due_on: date = Field(examples=["2026-11-27"])
    reason: Line = REASON
    version: int = VERSION


class EndCollection(Input):
    """End the collection after its day: sheets that are still empty lapse."""

    version: int = VERSION


class PutToMeeting(Input):
    """Put a renewal before a meeting; the opinions given so far are kept."""

    reason: Line = REASON
    version: int = VERSION


class WishForMeeting(Input):
    """Ask that a renewal be discussed in a meeting instead."""

    reason: Line = REASON
