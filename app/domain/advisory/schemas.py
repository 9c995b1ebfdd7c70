"""What comes in and goes out of advisory teams."""

from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.core.text import normal
from app.domain.advisory.enums import Duty
from app.domain.advisory.rules import twelve_months

MOST_PLACES = 40

Line = Annotated[str, AfterValidator(normal)]
Username = Annotated[str, Field(min_length=3, max_length=60)]


class Input(BaseModel):
    """What comes in: nothing beyond the named fields, no blanks around a text."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class PlaceIn(Input):
    """A place on the team and who takes it."""

    username: Username = Field(examples=["totuvan"])
    duty: Duty = Field(default=Duty.MEMBER, examples=["member"])
    title: Line = Field(default="", max_length=200, examples=["Chuyên viên"])
    organisation: Line = Field(
        default="",
        max_length=200,
        description="Đơn vị ghi trong quyết định; để trống thì lấy của tài khoản.",
        examples=["Chi cục Phát triển nông thôn"],
    )


class SetUpTeam(Input):
    """An advisory team by decision; a term that is not named lasts twelve months."""

    decision_number: Line = Field(min_length=2, max_length=60, examples=["815/QĐ-UBND"])
    decided_on: date = Field(examples=["2026-07-01"])
    term_from: date | None = Field(
        default=None,
        description="Ngày đầu nhiệm kỳ; để trống là ngày quyết định.",
        examples=["2026-07-01"],
    )
    term_to: date | None = Field(
        default=None,
        description="Ngày cuối nhiệm kỳ; để trống là 12 tháng kể từ ngày đầu.",
        examples=["2026-12-31"],
    )
    places: list[PlaceIn] = Field(min_length=1, max_length=MOST_PLACES)

    @model_validator(mode="after")
    def _each_person_once(self) -> Self:
        if len({place.username for place in self.places}) != len(self.places):
            message = "Mỗi người chỉ có một vị trí trong Tổ tư vấn."
            raise ValueError(message)
        return self

    @property
    def term(self) -> tuple[date, date]:
        """The first and the last day of the term."""
        first = self.term_from or self.decided_on
        return first, self.term_to or twelve_months(first)


class AmendTeam(Input):
    """Who leaves and who comes by a later decision; somebody may do both, to change the duty."""

    decision_number: Line = Field(min_length=2, max_length=60, examples=["1035/QĐ-UBND"])
    decided_on: date = Field(examples=["2026-10-01"])
    effective_on: date | None = Field(
        default=None,
        description="Ngày thay đổi có hiệu lực; để trống là ngày quyết định.",
        examples=["2026-10-01"],
    )
    leaves: list[Username] = Field(
        default_factory=list, max_length=MOST_PLACES, examples=[["totuvan"]]
    )
    joins: list[PlaceIn] = Field(
        default_factory=list,
        max_length=MOST_PLACES,
        examples=[[{"username": "totuvan2", "duty": "member"}]],
    )
    version: int = Field(
        ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối.", examples=[1]
    )

    @model_validator(mode="after")
    def _says_something_once(self) -> Self:
        if not (self.leaves or self.joins):
            message = "Hãy chọn ít nhất một người thôi tham gia hoặc vào Tổ tư vấn."
            raise ValueError(message)
        named = ([*self.leaves], [place.username for place in self.joins])
        if any(len(set(one)) != len(one) for one in named):
            message = "Mỗi người chỉ được nêu một lần."
            raise ValueError(message)
        return self


class PlaceOut(BaseModel):
    """A place on the team."""

    username: str
    name: str
    organisation: str
    title: str
    duty: Duty
    joined_on: date
    left_on: date | None = Field(description="Ngày đầu tiên không còn tham gia.")


class TeamAmendmentOut(BaseModel):
    """A decision that changed who serves on a team."""

    code: str = Field(examples=["ST-7K2M9Q4"])
    decision_number: str
    decided_on: date
    effective_on: date
    changes: list[dict[str, str]]


class TeamOut(BaseModel):
    """An advisory team with its places, past ones last."""

    code: str = Field(examples=["TT-7K2M9Q4"])
    version: int
    decision_number: str
    decided_on: date
    year: int = Field(description="Năm của số quyết định.")
    term_from: date
    term_to: date
    places: list[PlaceOut]
    amendments: list[TeamAmendmentOut]
