"""What comes in and goes out of stamps: orders, approval, issue, delivery, activation, voiding."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.text import normal
from app.domain.stamps.enums import BatchState

LARGEST_BATCH = 20_000
MOST_SERIALS = 500

Line = Annotated[str, AfterValidator(normal)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class OrderBatch(_Input):
    """How many stamps for which certificate, and what for."""

    certificate: str = Field(
        min_length=4, max_length=20, description="Mã giấy chứng nhận.", examples=["CN-4M7P2Q8"]
    )
    quantity: int = Field(ge=1, le=LARGEST_BATCH, description="Số tem.", examples=[500])
    purpose: Line = Field(
        default="",
        max_length=500,
        description="Dùng cho lô hàng, kỳ bán nào.",
        examples=["Hàng Tết, gói 500 g"],
    )


class _Step(_Input):
    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


class ApproveBatch(_Step):
    """The agency's head agrees to the ordered quantity."""


class RefuseBatch(_Step):
    """The agency's head says no, and why."""

    reason: Line = Field(
        min_length=5, max_length=500, description="Lý do.", examples=["Vượt sản lượng đã khai"]
    )


class IssueBatch(_Step):
    """The stamps are made and signed: once, exactly as many as approved."""


class DeliverBatch(_Step):
    """The printed stamps are handed over."""

    delivered_to: Line = Field(
        min_length=3,
        max_length=200,
        description="Người nhận, giấy tờ, nơi giao.",
        examples=["Bà Lò Thị Mẫu, HTX Bình Lư"],
    )


class ActivateBatch(_Step):
    """The producer confirms that the stamps arrived; only now do they say «valid»."""


class CloseBatch(_Step):
    """The batch is used up or put away."""


class VoidStamps(_Step):
    """Stamps that must not be used: named ones, or the whole batch."""

    serials: list[Annotated[str, Field(min_length=16, max_length=24)]] = Field(
        default_factory=list,
        max_length=MOST_SERIALS,
        description="Các số sê-ri; bỏ trống khi hủy cả lô.",
        examples=[["009D-D1X1-PB1X-9SDW"]],
    )
    whole_batch: bool = Field(default=False, description="Hủy cả lô.")
    reason: Line = Field(
        min_length=5, max_length=500, description="Lý do.", examples=["Tem in hỏng"]
    )


class BatchCounts(BaseModel):
    """Where the stamps of a batch are: issued = in hand + activated + suspended + void."""

    issued: int = Field(examples=[500])
    in_hand: int = Field(description="Đã phát hành, chưa kích hoạt.", examples=[0])
    activated: int = Field(examples=[498])
    suspended: int = Field(examples=[0])
    void: int = Field(examples=[2])


class BatchOut(BaseModel):
    """A batch of stamps."""

    code: str = Field(examples=["LT-5Q9S3V2"])
    version: int = Field(examples=[3])
    state: BatchState
    certificate: str = Field(examples=["CN-4M7P2Q8"])
    product: str = Field(examples=["Miến dong Bình Lư"])
    producer: str = Field(examples=["Hợp tác xã Bình Lư"])
    star: int = Field(examples=[4])
    quantity: int = Field(examples=[500])
    purpose: str = ""
    refusal_reason: str = ""
    ordered_at: datetime
    ordered_by_helper: bool
    approved_at: datetime | None = None
    approved_by: str | None = None
    issued_at: datetime | None = None
    kid: int | None = Field(default=None, examples=[7])
    delivered_at: datetime | None = None
    delivered_to: str = ""
    activated_at: datetime | None = None
    closed_at: datetime | None = None


class BatchDetailOut(BatchOut):
    """A batch of stamps with its counts."""

    counts: BatchCounts


class StampOut(BaseModel):
    """One stamp as its printer needs it."""

    position: int = Field(examples=[1])
    serial: str = Field(examples=["009D-D1X1-PB1X-9SDW"])
    url: str = Field(description="Nội dung mã QR.")


class Jwk(BaseModel):
    """A public key, with the indexes it has signed (RFC 7517)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    alg: str
    use: str
    nbf: int = Field(description="Ký từ thời điểm này (giây Unix).")
    index_ranges: list[tuple[int, int]] = Field(description="Các khoảng chỉ số đã ký.")


class Jwks(BaseModel):
    """The published keys."""

    keys: list[Jwk]
