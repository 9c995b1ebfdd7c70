"""What goes out about notices."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from app.core.carriers import Trouble
from app.domain.accounts.models import User
from app.domain.notices.enums import Channel, DeliveryState
from app.domain.notices.models import Delivery, Notice
from app.domain.notices.rules import filled


class NoticeOut(BaseModel):
    """One thing you are told: what happened, what to do, until when."""

    code: str = Field(examples=["TB-7K2M9Q4"])
    kind: str = Field(description="Loại thông báo, không đổi.", examples=["dossier.returned"])
    subject: str = Field(description="Mã của mục được nói đến.", examples=["HS-7K2M9Q4"])
    title: str
    todo: str = Field(description="Việc cần làm.")
    due_on: date | None = Field(description="Hạn của chính người nhận, nếu có.")
    basis: str = Field(description="Căn cứ pháp lý.", examples=["26/2026/QĐ-TTg, Điều 7.2"])
    created_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """Return a notice with its sentences filled in."""
        return cls(
            code=notice.code,
            kind=notice.kind,
            subject=notice.subject_code,
            title=filled(notice.title, notice.params),
            todo=filled(notice.todo, notice.params),
            due_on=notice.due_on,
            basis=notice.basis,
            created_at=notice.created_at,
            read_at=notice.read_at,
        )


class AllReadOut(BaseModel):
    """How many notices were marked as read."""

    marked: int


class DeliveryOut(BaseModel):
    """A notice that did not reach its recipient outside this house, and why; never the address."""

    code: str = Field(examples=["GT-7K2M9Q4"])
    channel: Channel
    state: DeliveryState
    attempts: int
    due_at: datetime = Field(description="Lần gửi tiếp theo, hoặc lần gửi cuối nếu đã thôi.")
    problem: Trouble | None
    problem_answer: int | None = Field(description="Mã trả lời của nơi nhận gửi.", examples=[550])
    recipient: str = Field(description="Tên đăng nhập của người nhận.")
    title: str

    @classmethod
    def of(cls, delivery: Delivery, notice: Notice, user: User) -> Self:
        """Return a delivery with what it is about and for whom."""
        return cls(
            code=delivery.code,
            channel=delivery.channel,
            state=delivery.state,
            attempts=delivery.attempts,
            due_at=delivery.due_at,
            problem=delivery.problem,
            problem_answer=delivery.problem_answer,
            recipient=user.username,
            title=filled(notice.title, notice.params),
        )
