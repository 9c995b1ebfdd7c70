"""Rounds and councils: what comes in and goes out."""

from datetime import date
from typing import Self

from pydantic import BaseModel, Field, model_validator

from app.domain.councils.enums import Seat
from app.domain.councils.schemas.common import MOST_SEATS, Input, Line


class OpenRound(Input):
    """A round of the year; its dates are those of the regime (26/2026/QĐ-TTg art. 5.1)."""

    year: int = Field(ge=2026, le=2100, examples=[2026])
    ordinal: int = Field(ge=1, le=12, examples=[2])


class SeatIn(Input):
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


class SetUpCouncil(Input):
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
