"""What comes in and goes out about producers; the form and the API share it."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.domain.producers.enums import Gender, ProducerKind
from app.domain.producers.models import Producer
from app.domain.producers.rules import is_tax_code, shown_tax_code

_PHONE = r"^(\+?[0-9][0-9 .-]{7,18})?$"
_EMAIL = r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$"


class _ProducerText(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=2, max_length=200, examples=["Hợp tác xã Ong Tả Lèng"])
    kind: ProducerKind = Field(examples=["cooperative"])
    address: str = Field(min_length=3, max_length=300, examples=["Bản Tả Lèng 1, xã Tả Lèng"])
    registration_number: str = Field(default="", max_length=60)
    registered_on: date | None = None
    tax_code: str = Field(default="", max_length=20, examples=["6200012345"])
    phone: str = Field(default="", max_length=20, pattern=_PHONE)
    email: str = Field(default="", max_length=120, pattern=_EMAIL)
    representative: str = Field(min_length=2, max_length=120, examples=["Lò Văn Mẫu"])
    representative_title: str = Field(default="", max_length=80)
    representative_gender: Gender = Gender.UNSTATED
    representative_ethnicity: str = Field(default="", max_length=40)
    representative_address: str = Field(default="", max_length=300)
    history: str = Field(default="", max_length=8000)
    structure: str = Field(default="", max_length=4000)

    @field_validator("tax_code")
    @classmethod
    def _tax_code(cls, value: str) -> str:
        if value and not is_tax_code(value):
            message = "Mã số thuế có 10 hoặc 13 chữ số; hộ kinh doanh dùng số định danh 12 chữ số."
            raise ValueError(message)
        return value


class CreateProducer(_ProducerText):
    """A new producer in a commune of today."""

    commune_code: str = Field(pattern=r"^\d{5}$", examples=["03405"])


class ChangeProducer(_ProducerText):
    """The producer as it should be from now on; what is personal and not sent stays as it is."""

    version: int = Field(
        ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối."
    )


class ProducerOut(BaseModel):
    """What officials and the producer itself see; how to reach whom is asked for apart, recorded."""

    code: str
    version: int
    name: str
    kind: ProducerKind
    commune_code: str
    address: str
    registration_number: str
    registered_on: date | None
    tax_code: str
    representative: str
    representative_title: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, producer: Producer) -> Self:
        """Make the answer from a row."""
        shown = producer.model_dump(include=set(cls.model_fields))
        return cls.model_validate(shown | {"tax_code": shown_tax_code(producer.tax_code)})
