"""Table of producers."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from app.core.columns import long_text, words
from app.domain.producers.enums import Gender, ProducerKind


class Producer(SQLModel, table=True):
    """An organisation or household that registers products; what Mẫu 01–02 ask of it."""

    __tablename__ = "producers"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    name: str
    name_folded: str = Field(index=True)
    kind: ProducerKind = words(ProducerKind)
    commune_code: str = Field(max_length=5, index=True)
    address: str
    registration_number: str = ""
    registered_on: date | None = None
    tax_code: str = ""
    phone: str = ""
    email: str = ""
    representative: str = ""
    representative_title: str = ""
    representative_gender: Gender = words(Gender, default=Gender.UNSTATED)
    representative_ethnicity: str = ""
    representative_address: str = ""
    history: str = long_text(default="")
    structure: str = long_text(default="")
    dissolved_on: date | None = None
    dissolution_source: str = ""
    created_at: datetime
    updated_at: datetime
