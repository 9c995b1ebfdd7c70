"""Rounds and councils: what comes in and goes out."""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from app.domain.advisory.rules import twelve_months
from app.domain.councils.enums import Seat
from app.domain.councils.schemas.input import MOST_SEATS, VERSION, Input, Line


class OpenRound(Input):
    """A round of the year; its dates are those of the regime (26/2026/QĐ-TTg art. 5.1)."""

    year: int = Field(ge=2026, le=2100, examples=[2026])
    ordinal: int = Field(ge=1, le=12, examples=[2])


class SeatIn(Input):
    """A seat and who holds it; chair and members vote, a secretary only when named to."""

    username: str = Field(min_length=3, max_length=60, examples=["hoidong1"])
    seat: Seat = Field(examples=["member"])
    title: Line = Field(default="", max_length=200, examples=["Phó Giám đốc"])
    organisation: Line = Field(
        default="",
        max_length=200,
        description="Đơn vị ghi trong quyết định; để trống thì lấy của tài khoản.",
        examples=["Sở Công Thương"],
    )
    voting: bool = Field(
        default=False, description="Chỉ xét với Thư ký; Chủ tịch và thành viên luôn chấm điểm."
    )

    @property
    def votes(self) -> bool:
        """Whether this seat scores."""
        return self.seat in {Seat.CHAIR, Seat.MEMBER} or (
            self.seat is Seat.SECRETARY and self.voting
        )


class SetUpCouncil(Input):
    """A council by decision, with its term and its seats (26/2026/QĐ-TTg art. 7.3.b).

    A term that the decision does not name begins with the decision and lasts twelve months.
    """

    decision_number: Line = Field(min_length=2, max_length=60, examples=["812/QĐ-UBND"])
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
    council_rules: str = Field(
        default="",
        max_length=60,
        description="Mã quy chế Hội đồng làm việc theo; để trống là quy chế đang áp dụng.",
        examples=["lai-chau-default"],
    )
    seats: list[SeatIn] = Field(min_length=1, max_length=MOST_SEATS)

    @model_validator(mode="after")
    def _each_person_once(self) -> Self:
        if len({seat.username for seat in self.seats}) != len(self.seats):
            message = "Mỗi người chỉ giữ một ghế trong Hội đồng."
            raise ValueError(message)
        return self

    @property
    def term(self) -> tuple[date, date]:
        """The first and the last day of the term."""
        first = self.term_from or self.decided_on
        return first, self.term_to or twelve_months(first)


class AmendCouncil(Input):
    """Who leaves and who comes by a later decision; somebody may do both, to change the seat."""

    decision_number: Line = Field(min_length=2, max_length=60, examples=["1034/QĐ-UBND"])
    decided_on: date = Field(examples=["2026-10-01"])
    effective_on: date | None = Field(
        default=None,
        description="Ngày thay đổi có hiệu lực; để trống là ngày quyết định.",
        examples=["2026-10-01"],
    )
    leaves: list[Annotated[str, Field(min_length=3, max_length=60)]] = Field(
        default_factory=list, max_length=MOST_SEATS, examples=[["hoidong3"]]
    )
    joins: list[SeatIn] = Field(
        default_factory=list,
        max_length=MOST_SEATS,
        examples=[[{"username": "hoidong9", "seat": "member"}]],
    )
    version: int = VERSION

    @model_validator(mode="after")
    def _says_something_once(self) -> Self:
        if not (self.leaves or self.joins):
            message = "Hãy chọn ít nhất một người thôi giữ ghế hoặc vào Hội đồng."
            raise ValueError(message)
        named = ([*self.leaves], [seat.username for seat in self.joins])
        if any(len(set(one)) != len(one) for one in named):
            message = "Mỗi người chỉ được nêu một lần."
            raise ValueError(message)
        return self


class DelegateChair(Input):
    """The chair's paper that lets a voting member preside, and for which days."""

    delegate: str = Field(min_length=3, max_length=60, examples=["hoidong3"])
    number: Line = Field(min_length=1, max_length=60, examples=["15/GUQ-HĐ"])
    signed_on: date = Field(examples=["2026-11-10"])
    scope: Line = Field(
        min_length=5, max_length=2000, examples=["Chủ trì phiên họp ngày 12/11/2026."]
    )
    first_day: date = Field(examples=["2026-11-12"])
    last_day: date = Field(examples=["2026-11-13"])

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_day < self.first_day:
            message = "Ngày cuối không được trước ngày đầu."
            raise ValueError(message)
        return self


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
    title: str
    seat: Seat
    voting: bool
    seated_on: date
    left_on: date | None = Field(description="Ngày đầu tiên không còn ghế; trống khi đang giữ ghế.")


class AmendmentOut(BaseModel):
    """A decision that changed who sits on a council."""

    code: str = Field(examples=["SD-7K2M9Q4"])
    decision_number: str
    decided_on: date
    effective_on: date
    changes: list[dict[str, str]] = Field(
        examples=[[{"username": "hoidong3", "name": "Lò Văn A", "left": "member"}]]
    )


class DelegationOut(BaseModel):
    """A paper of the chair that lets a member preside."""

    code: str = Field(examples=["UQ-7K2M9Q4"])
    delegate: str
    delegate_name: str
    number: str
    signed_on: date
    scope: str
    first_day: date
    last_day: date


class CouncilOut(BaseModel):
    """A council with its seats, past ones last, and the rules it works by."""

    code: str = Field(examples=["HD-7K2M9Q4"])
    version: int
    decision_number: str
    decided_on: date
    year: int = Field(description="Năm của số quyết định.")
    term_from: date
    term_to: date
    council_rules_code: str
    council_rules_hash: str
    seats: list[SeatOut]


class CouncilDetailOut(CouncilOut):
    """A council with the decisions that changed it and the chair's delegations."""

    amendments: list[AmendmentOut]
    delegations: list[DelegationOut]
