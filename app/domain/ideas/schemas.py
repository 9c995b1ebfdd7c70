"""What comes in and goes out about product ideas; forms and the API share it."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.core.text import normal
from app.domain.ideas.enums import IdeaState, IdeaStep
from app.domain.ideas.models import IdeaReview, ProductIdea
from app.domain.ideas.rules import STATE_LABELS
from app.domain.producers.enums import ProducerKind
from app.domain.products.models import SETS

LONGEST_TEXT = 4000
SHORTEST_REASON = 5
# As producers are registered.
SHORTEST_NAME, SHORTEST_ADDRESS = 2, 3

_VERSION = Field(
    ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối.", examples=[1]
)


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _as_stored(cls, sent: object) -> object:
        return normal(sent) if isinstance(sent, str) else sent


class _IdeaText(_Input):
    proposer: str = Field(min_length=2, max_length=200, examples=["Nhóm phụ nữ bản Nà Đon"])
    village: str = Field(default="", max_length=120, examples=["Bản Nà Đon"])
    contact: str = Field(
        default="",
        max_length=120,
        examples=["Gặp trưởng bản"],
        description="Chỉ cán bộ xã và người đề xuất xem được.",
    )
    title: str = Field(min_length=3, max_length=200, examples=["Trà giảo cổ lam sấy lạnh"])
    description: str = Field(
        min_length=10, max_length=LONGEST_TEXT, examples=["Trà túi lọc từ giảo cổ lam hái ở bản."]
    )
    material: str = Field(
        min_length=2, max_length=LONGEST_TEXT, examples=["Giảo cổ lam mọc trong rừng của bản"]
    )
    local_identity: str = Field(
        min_length=2, max_length=LONGEST_TEXT, examples=["Bài thuốc của người Thái trong bản"]
    )
    wished_support: str = Field(
        default="", max_length=LONGEST_TEXT, examples=["Máy sấy, tập huấn an toàn thực phẩm"]
    )


class RegisterIdea(_IdeaText):
    """A new idea: of a producer, or of anybody in the officer's commune."""

    producer_code: str = Field(
        default="",
        max_length=20,
        examples=["CT-7K2M9Q4"],
        description="Chủ thể đề xuất; để trống khi cán bộ xã ghi hộ người chưa là chủ thể.",
    )
    commune_code: str = Field(
        default="",
        pattern=r"^(\d{5})?$",
        examples=["03405"],
        description="Xã của người đề xuất khi không có chủ thể.",
    )

    @model_validator(mode="after")
    def _from_somewhere(self) -> Self:
        if bool(self.producer_code) == bool(self.commune_code):
            message = "Hãy chọn chủ thể đề xuất, hoặc xã của người đề xuất."
            raise ValueError(message)
        return self


class ReviseIdea(_IdeaText):
    """The idea as it should be from now on; one that was given back comes in again."""

    version: int = _VERSION


class ReviewIdea(_Input):
    """The commune's answer; anything but an acceptance comes with its reason."""

    decision: Literal[IdeaStep.ACCEPT, IdeaStep.ASK_CHANGES, IdeaStep.DECLINE] = Field(
        examples=["ask_changes"]
    )
    reason: str = Field(default="", max_length=2000, examples=["Hãy nói rõ nguồn nguyên liệu."])
    version: int = _VERSION

    @model_validator(mode="after")
    def _with_a_reason(self) -> Self:
        if self.decision is not IdeaStep.ACCEPT and len(self.reason) < SHORTEST_REASON:
            message = "Hãy nêu lý do để người đề xuất biết phải làm gì."
            raise ValueError(message)
        return self


class ConvertIdea(_Input):
    """Which product the idea becomes, and whose: a known producer's, or a new one's."""

    set_number: int = Field(
        ge=1, le=SETS, examples=[4], description="Bộ sản phẩm (Phụ lục I), 1–26"
    )
    producer_code: str = Field(
        default="",
        max_length=20,
        examples=["CT-7K2M9Q4"],
        description="Chủ thể đã có; để trống thì đăng ký chủ thể mới.",
    )
    producer_name: str = Field(default="", max_length=200, examples=["Tổ hợp tác Nà Đon"])
    producer_kind: ProducerKind | None = Field(default=None, examples=["cooperative_group"])
    address: str = Field(default="", max_length=300, examples=["Bản Nà Đon, xã Bình Lư"])
    representative: str = Field(default="", max_length=120, examples=["Lò Thị Mẫu"])
    version: int = _VERSION

    @model_validator(mode="after")
    def _one_producer(self) -> Self:
        fresh = (
            len(self.producer_name) >= SHORTEST_NAME
            and self.producer_kind is not None
            and len(self.address) >= SHORTEST_ADDRESS
            and len(self.representative) >= SHORTEST_NAME
        )
        if not self.producer_code and not fresh:
            message = "Hãy chọn chủ thể đã có, hoặc ghi đủ tên, loại hình, địa chỉ, người đại diện."
            raise ValueError(message)
        return self


# --- what goes out ----------------------------------------------------------------------------


class IdeaReviewOut(BaseModel):
    """One answer of the commune."""

    decision: IdeaStep
    reason: str
    reviewed_at: datetime
    reviewed_by: str

    @classmethod
    def of(cls, review: IdeaReview) -> Self:
        """Make the answer from a row."""
        return cls.model_validate(review.model_dump(include=set(cls.model_fields)))


class IdeaOut(BaseModel):
    """An idea as officials and its proposer see it."""

    code: str = Field(examples=["YT-7K2M9Q4"])
    version: int
    state: IdeaState
    state_label: str
    commune_code: str
    producer_code: str | None
    registered_by: str
    registered_by_helper: bool
    proposer: str
    village: str
    contact: str | None = Field(description="null với người không được xem")
    title: str
    description: str
    material: str
    local_identity: str
    wished_support: str
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime
    product_code: str | None
    converted_at: datetime | None

    @classmethod
    def of(
        cls,
        idea: ProductIdea,
        *,
        producer_code: str | None,
        product_code: str | None,
        shows_contact: bool,
    ) -> Self:
        """Make the answer from a row, the names beside it, and who reads."""
        return cls.model_validate(
            idea.model_dump(include=set(cls.model_fields))
            | {
                "state_label": STATE_LABELS[idea.state],
                "producer_code": producer_code,
                "product_code": product_code,
                "contact": idea.contact if shows_contact else None,
            }
        )


class IdeaDetailOut(IdeaOut):
    """An idea with everything the commune said to it, the first answer first."""

    reviews: list[IdeaReviewOut]


class IdeaCount(BaseModel):
    """How many ideas of a commune stand in a state."""

    commune_code: str = Field(examples=["03405"])
    state: IdeaState
    count: int
