"""What comes in and goes out about products."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.domain.products.models import SETS, Product


class _ProductText(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=2, max_length=200, examples=["Mật ong rừng Tả Lèng"])
    set_number: int = Field(
        ge=1, le=SETS, examples=[4], description="Bộ sản phẩm (Phụ lục I), 1–26"
    )
    description: str = Field(default="", max_length=4000)
    packaging: str = Field(default="", max_length=300, examples=["Chai thủy tinh 500 ml"])
    story: str = Field(default="", max_length=8000)


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
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, product: Product, *, producer_code: str, producer_name: str) -> Self:
        """Make the answer from a row and its producer's name."""
        return cls.model_validate(
            product.model_dump(include=set(cls.model_fields))
            | {"producer_code": producer_code, "producer_name": producer_name}
        )
