"""What comes in and goes out of exports."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.domain.exports.enums import ExportFormat, ExportKind
from app.domain.exports.models import ExportFile, RegisterSnapshot
from app.domain.exports.rules import FIRST_YEAR

LAST_YEAR = 2100


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class MakeProvinceReport(_Input):
    """Which day a report of the province tells of; its year is counted up to that day."""

    on: date = Field(description="Ngày báo cáo, không sau hôm nay.", examples=["2026-09-14"])


class MakeMasterTable(_Input):
    """Which year the ministry's table tells of, and in which form."""

    year: int = Field(ge=FIRST_YEAR, le=LAST_YEAR, description="Năm báo cáo.", examples=[2026])
    format: ExportFormat = Field(default=ExportFormat.XLSX, examples=["xlsx"])


class ExportOut(BaseModel):
    """A file that was made, and where to fetch it."""

    code: str = Field(examples=["XB-7K2M9Q4"])
    kind: ExportKind
    format: ExportFormat
    about: str = Field(description="Ngày hoặc năm của báo cáo", examples=["2026-09-14"])
    lines: int = Field(description="Số dòng trong danh sách hoặc bảng")
    sha256: str
    size: int = Field(description="Byte")
    file_name: str
    made_by: str
    made_at: datetime

    @classmethod
    def of(cls, made: ExportFile) -> Self:
        """Make the answer from a row."""
        return cls.model_validate(made.model_dump(include=set(cls.model_fields)))


class SnapshotOut(BaseModel):
    """A month's snapshot of the public register."""

    month: str = Field(examples=["2026-11"])
    taken_on: date = Field(description="Ngày mà bản chụp cho biết trạng thái")
    taken_at: datetime
    count: int = Field(description="Số giấy chứng nhận, cả đã hết hiệu lực")
    dictionary_version: int
    csv_url: str = Field(examples=["https://ocop.example/register/data/2026-11.csv"])
    csv_sha256: str
    csv_size: int = Field(description="Byte")
    json_url: str = Field(examples=["https://ocop.example/register/data/2026-11.json"])
    json_sha256: str
    json_size: int = Field(description="Byte")

    @classmethod
    def of(cls, snapshot: RegisterSnapshot, *, public_url: str) -> Self:
        """Make the answer from a row; addresses are of this site."""
        place = f"{public_url.rstrip('/')}/register/data/{snapshot.code}"
        told = snapshot.model_dump(include=set(cls.model_fields))
        return cls.model_validate(
            told | {"month": snapshot.code, "csv_url": f"{place}.csv", "json_url": f"{place}.json"}
        )
