"""The data dictionary of snapshots: as JSON, as CSV, and as a Frictionless Data package."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.core.spreadsheets import GUARD
from app.domain.exports.models import RegisterSnapshot
from app.domain.exports.rules import (
    COLUMNS,
    DICTIONARY_VERSION,
    TYPE_LABELS,
    Column,
    csv_row,
)

BOM = "\ufeff"
FOLDER = "/register/data"


@dataclass(frozen=True, slots=True)
class InBoth:
    """A sentence in Vietnamese and English."""

    vi: str
    en: str


LICENCE = InBoth(
    "Thông tin công bố công khai. Được sao chép, dùng lại, kể cả để kinh doanh, khi ghi nguồn là "
    "Danh bạ sản phẩm OCOP tỉnh Lai Châu và ngày chụp. Không thay cho giấy chứng nhận: trạng thái "
    "hôm nay xem ở trang của từng giấy chứng nhận.",
    "Published information. May be copied and used again, commercially too, if the register of OCOP "
    "products of Lai Chau province and the day of the snapshot are named as the source. It does not "
    "stand for a certificate: the state of today is on each certificate's own page.",
)
GUARDED = InBoth(
    f"Trong tệp CSV, chữ bắt đầu bằng = + - @ được đặt thêm dấu {GUARD} phía trước để bảng tính "
    "không chạy như công thức; tệp JSON giữ nguyên chữ.",
    f"In CSV files a text that begins with = + - @ has a {GUARD} before it, so that no spreadsheet "
    "runs it as a formula; JSON files hold the text as it is.",
)
FORMATS = InBoth(
    "CSV: UTF-8 có BOM, dấu phẩy, xuống dòng CRLF, dòng đầu là tên cột (RFC 4180). JSON: một đối "
    "tượng gồm «metadata» và mảng «certificates». Ngày: năm-tháng-ngày.",
    "CSV: UTF-8 with BOM, commas, CRLF, names of columns in the first line (RFC 4180). JSON: one "
    "object of “metadata” and the array “certificates”. Days: year-month-day.",
)


def dictionary_address(public_url: str) -> str:
    """Return where the dictionary is published."""
    return f"{public_url.rstrip('/')}{FOLDER}/dictionary.json"


def dictionary_document() -> dict[str, Any]:
    """Return the dictionary as one JSON object."""
    return {
        "title": "Danh bạ sản phẩm OCOP tỉnh Lai Châu: từ điển dữ liệu",
        "version": DICTIONARY_VERSION,
        "licence": {"vi": LICENCE.vi, "en": LICENCE.en},
        "formats": {"vi": FORMATS.vi, "en": FORMATS.en},
        "formulas": {"vi": GUARDED.vi, "en": GUARDED.en},
        "columns": [
            {
                "name": one.name,
                "type": one.type.value,
                "required": not one.is_optional,
                "meaning": {"vi": one.vi, "en": one.en},
                "example": one.example,
                "legal_source": one.basis,
                "values": [
                    {"value": word.code, "vi": word.vi, "en": word.en} for word in one.words
                ],
            }
            for one in COLUMNS
        ],
    }


def dictionary_csv() -> str:
    """Return the dictionary as a table for Excel."""
    heads = (
        "name",
        "type",
        "kieu",
        "required",
        "nghia",
        "meaning",
        "example",
        "legal_source",
        "gia_tri",
        "values",
    )
    rows = (
        (
            one.name,
            one.type.value,
            TYPE_LABELS[one.type],
            not one.is_optional,
            one.vi,
            one.en,
            one.example,
            one.basis,
            "; ".join(f"{word.code}: {word.vi}" for word in one.words),
            "; ".join(f"{word.code}: {word.en}" for word in one.words),
        )
        for one in COLUMNS
    )
    return BOM + csv_row(heads) + "".join(csv_row(row) for row in rows)


def datapackage(snapshots: Iterable[RegisterSnapshot], *, public_url: str) -> dict[str, Any]:
    """Return the descriptor of the newest snapshots as Frictionless Data describes packages.

    Only snapshots of today's dictionary are told: older ones have other columns.
    """
    schema = {
        "fields": [_field(one) for one in COLUMNS],
        "primaryKey": "certificate_code",
        "missingValues": [""],
    }
    return {
        "profile": "tabular-data-package",
        "name": "ocop-lai-chau",
        "title": "Danh bạ sản phẩm OCOP tỉnh Lai Châu",
        "description": f"{LICENCE.vi} {GUARDED.vi}",
        "homepage": f"{public_url.rstrip('/')}{FOLDER}",
        "version": str(DICTIONARY_VERSION),
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": f"ocop-lai-chau-{one.code}",
                "title": f"{one.taken_on:%d/%m/%Y}",
                "path": f"{public_url.rstrip('/')}{FOLDER}/{one.code}.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "header": True},
                "bytes": one.csv_size,
                "hash": f"sha256:{one.csv_sha256}",
                "schema": schema,
            }
            for one in snapshots
            if one.dictionary_version == DICTIONARY_VERSION
        ],
    }


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {} if column.is_optional else {"required": True}
    if column.words:
        constraints["enum"] = [word.code for word in column.words]
    if column.name == "certificate_code":
        constraints["unique"] = True
    told = {
        "name": column.name,
        "type": column.type.value,
        "title": column.vi,
        "description": column.en,
        "example": column.example,
    }
    return told | ({"constraints": constraints} if constraints else {})
