"""The agency's check and its requests for completion (art. 7.3.a)."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field, model_validator

from app.domain.dossiers.enums import Addressee, CheckedPart
from app.domain.dossiers.models import CompletionRequest, ProvinceCheck
from app.domain.dossiers.rules import OF_THE_COMMUNE
from app.domain.dossiers.schemas.input import SHORTEST_REASON, VERSION, Input


class CheckedItem(Input):
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


class CheckAtProvince(Input):
    """The agency's check of components and content, every part once."""

    items: list[CheckedItem] = Field(max_length=len(CheckedPart))
    version: int = VERSION

    @model_validator(mode="after")
    def _every_part_once(self) -> Self:
        named = [item.part for item in self.items]
        # Only an upgrade or a renewal tells of changes (art. 6.1.b, 6.1.c).
        needed = set(CheckedPart) - {CheckedPart.CHANGES}
        if not needed <= set(named) or len(set(named)) != len(named):
            message = "Hãy kiểm tra đủ mọi phần, mỗi phần một lần."
            raise ValueError(message)
        return self


class AskedItem(Input):
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


class RequestCompletion(Input):
    """Ask commune and producer to complete the dossier by a day."""

    letter_number: str = Field(default="", max_length=60, examples=["214/SNNMT-PTNT"])
    due_on: date = Field(examples=["2026-10-05"])
    items: list[AskedItem] = Field(min_length=1, max_length=len(CheckedPart))
    version: int = VERSION

    @model_validator(mode="after")
    def _each_part_once(self) -> Self:
        if len({item.part for item in self.items}) != len(self.items):
            message = "Mỗi phần chỉ nêu một lần."
            raise ValueError(message)
        return self


class CompletionAnswer(Input):
    """What was done about one thing that was asked for."""

    part: CheckedPart = Field(examples=["evidence"])
    answer: str = Field(default="", max_length=4000, examples=["Đã thêm phiếu KN-1204/2026."])


class AnswerCompletion(Input):
    """Answers to a request; `send` gives the dossier back to the agency when all is answered."""

    answers: list[CompletionAnswer] = Field(max_length=len(CheckedPart))
    send: bool = Field(default=False, examples=[True])
    version: int = VERSION


class RecallRequest(Input):
    """Take a request back: the agency goes on with the dossier as it is."""

    reason: str = Field(min_length=5, max_length=1000, examples=["Quá hạn, xét hồ sơ như đã nộp."])
    version: int = VERSION


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
