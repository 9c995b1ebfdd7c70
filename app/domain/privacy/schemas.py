"""What comes in and goes out about personal data; the form and the API share it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.domain.privacy.enums import RequestKind, RequestState, RequestStep
from app.domain.privacy.models import PersonalDataRequest
from app.domain.privacy.rules import (
    ANSWERS,
    KIND_BASIS,
    KIND_LABELS,
    STATE_LABELS,
    WHOSE_LABELS,
    Holding,
    said_here,
)


class _Typed(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class AskAboutData(_Typed):
    """What somebody asks about the data kept of them."""

    kind: RequestKind = Field(examples=["correction"])
    words: str = Field(min_length=3, max_length=2000, examples=["Tên của tôi viết sai dấu."])


class WriteDownRequest(AskAboutData):
    """A request of somebody without an account, as an officer hears it; of a producer by its code."""

    producer: str = Field(default="", max_length=20, examples=["CT-7K2M9Q4"])
    subject_name: str = Field(min_length=2, max_length=120, examples=["Lò Thị Mẫu"])


class WithdrawRequest(_Typed):
    """The person no longer asks."""

    version: int = Field(ge=1)


class AnswerRequest(_Typed):
    """What is done about a request, and why; `name` corrects the name of an account."""

    step: RequestStep = Field(examples=["grant"])
    answer: str = Field(min_length=3, max_length=4000, examples=["Đã sửa tên theo giấy tờ."])
    name: str = Field(default="", max_length=120)
    version: int = Field(ge=1)

    @field_validator("step")
    @classmethod
    def _an_answer(cls, value: RequestStep) -> RequestStep:
        if value not in ANSWERS:
            message = "Hãy chọn một cách trả lời."
            raise ValueError(message)
        return value


class DataRequestOut(BaseModel):
    """A request and its answer."""

    code: str
    version: int
    kind: RequestKind
    kind_label: str
    state: RequestState
    state_label: str
    basis: str
    words: str
    subject_name: str
    received_at: datetime
    received_by: str
    due_on: date
    decided_at: datetime | None
    answer: str
    outcome: dict[str, Any]

    @classmethod
    def of(cls, request: PersonalDataRequest) -> Self:
        """Make the answer from a row."""
        return cls(
            **request.model_dump(
                include={
                    "code",
                    "version",
                    "kind",
                    "state",
                    "subject_name",
                    "received_at",
                    "received_by",
                    "due_on",
                    "decided_at",
                    "answer",
                    "outcome",
                }
            ),
            kind_label=KIND_LABELS[request.kind],
            state_label=STATE_LABELS[request.state],
            basis=KIND_BASIS[request.kind],
            words=request.words_of_request,
        )


class HoldingOut(BaseModel):
    """One line of what is kept about people."""

    key: str
    what: str
    whose: str
    purpose: str
    basis: str
    kept: str
    readers: str
    shared: str
    care: str
    public: bool

    @classmethod
    def of(cls, holding: Holding, *, reporters_days: int) -> Self:
        """Make a line from the inventory, as this installation keeps it."""
        return cls(
            key=holding.key,
            what=holding.what,
            whose=WHOSE_LABELS[holding.whose],
            purpose=holding.purpose,
            basis=holding.basis,
            kept=said_here(holding.period, reporters_days),
            readers=holding.readers,
            shared=holding.shared or "",
            care=holding.care.value,
            public=holding.public,
        )


class PrivacyOut(BaseModel):
    """What is kept about people here, and whom to write to."""

    keeper: str
    contact: str
    holdings: Sequence[HoldingOut]


class PersonalDataOut(BaseModel):
    """All that is kept about one person, table by table; secrets are told as being there."""

    made_at: datetime
    about: str
    tables: dict[str, list[dict[str, Any]]]
    cut_off: list[str] = Field(description="Bảng dài hơn giới hạn, chỉ lấy những dòng mới nhất.")


class ProducerPersonalOut(BaseModel):
    """How to reach a producer, and what Mẫu số 02, 03 ask of its representative."""

    phone: str
    email: str
    tax_code: str
    representative_gender: str
    representative_ethnicity: str
    representative_address: str
