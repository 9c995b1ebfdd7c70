"""What comes in and goes out about products."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.domain.products.models import SETS, Product
from app.domain.products.rules import LONGEST_GTIN_TEXT


class _ProductText(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=2, max_length=200, examples=["Mật ong rừng Tả Lèng"])
    set_number: int = Field(
        ge=1, le=SETS, examples=[4], description="Bộ sản phẩm (Phụ lục I), 1–26"
    )
    description: str = Field(default="", max_length=4000)
    packaging: str = Field(default="", max_length=300, examples=["Chai thủy tinh 500 ml"])
    story: str = Field(default="", max_length=8000)
    gtin: str = Field(
        default="",
        max_length=LONGEST_GTIN_TEXT,
        examples=["9521234543213"],
        description=(
            "Mã GTIN in dưới mã vạch của một gói bán lẻ (8, 12, 13 hoặc 14 chữ số); để trống khi "
            "sản phẩm chưa có. Hai sản phẩm không dùng chung một mã."
        ),
    )


class CreateProduct(_ProductText):
    """A new product of a producer."""

    producer_code: str = Field(min_length=4, max_length=20, examples=["CT-7K2M9Q4"])


class ChangeProduct(_ProductText):
    """The product as it should be from now on."""

    version: int = Field(
        ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối."
    )


class ProductOut(BaseModel):
    """What officials and the producer itself see."""

    code: str
    version: int
    producer_code: str
    producer_name: str
    commune_code: str
    name: str
    set_number: int
    description: str
    packaging: str
    story: str
    gtin: str = Field(examples=["09521234543213"], description="Mười bốn chữ số, hoặc trống.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, product: Product, *, producer_code: str, producer_name: str) -> Self:
        """Make the answer from a row and its producer's name."""
        return cls.model_validate(
            product.model_dump(include=set(cls.model_fields))
            | {"producer_code": producer_code, "producer_name": producer_name}
        )
