"""Conflicts of interest: what members declare for the products of an agenda, and what hints say."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

from app.domain.councils.enums import Hint
from app.domain.councils.schemas.input import MOST_DOSSIERS, Input, Line


class DeclareConflict(Input):
    """What the own interests are in one product; a conflict keeps the member from judging it."""

    item: str = Field(min_length=4, max_length=20, examples=["MH-7K2M9Q4"])
    has_conflict: bool
    reason: Line = Field(
        default="",
        max_length=500,
        description="Cần khi có xung đột, và khi dữ liệu có dấu hiệu mà khai là không.",
        examples=["Là thành viên hợp tác xã của chủ thể."],
    )


class DeclareConflicts(Input):
    """What a voting member declares for products of a meeting; the others stay as they are."""

    declarations: list[DeclareConflict] = Field(min_length=1, max_length=MOST_DOSSIERS)

    @model_validator(mode="after")
    def _each_product_once(self) -> Self:
        if len({one.item for one in self.declarations}) != len(self.declarations):
            message = "Mỗi sản phẩm chỉ được khai một lần."
            raise ValueError(message)
        return self


class ConflictOut(BaseModel):
    """One product as a member declared it, with the hints from data."""

    item: str = Field(examples=["MH-7K2M9Q4"])
    product: str
    producer: str
    member: str = Field(description="Họ tên thành viên.")
    hints: list[Hint] = Field(description="Dấu hiệu từ dữ liệu; không phải kết luận.")
    has_conflict: bool | None = Field(description="Trống khi chưa khai.")
    reason: str


class ConflictsOut(BaseModel):
    """The own declarations; for chair and secretary those of all members with hints or conflicts."""

    meeting: str = Field(examples=["PH-7K2M9Q4"])
    own: list[ConflictOut]
    unanswered: int = Field(
        description="Số dấu hiệu chưa được trả lời, của mọi thành viên thấy được."
    )
    council: list[ConflictOut] = Field(
        description="Chỉ người chủ trì và Thư ký thấy: có dấu hiệu hoặc đã khai có xung đột."
    )
