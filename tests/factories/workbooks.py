"""Builders of workbooks as offices fill them in: rows under the template's headings."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

from app.core.storage import DiskStorage
from app.domain.imports.actions import SentWorkbook, read_sent
from app.domain.imports.enums import SheetKind
from app.domain.imports.rules import COLUMNS, EXAMPLE_COLUMN, KIND_LABELS

Rows = Sequence[Mapping[str, Any]]


def producer_row(name: str = "Hợp tác xã Miến Dong", **said: Any) -> dict[str, Any]:
    """Return a producer of xã Bình Lư, as a row."""
    return {
        "name": name,
        "kind": "Hợp tác xã",
        "commune": "03390",
        "address": "Bản Thẳm",
        "representative": "Lò Thị Mẫu",
        **said,
    }


def product_row(
    name: str = "Miến dong", producer: str = "Hợp tác xã Miến Dong", **said: Any
) -> dict[str, Any]:
    """Return a product, as a row."""
    return {"name": name, "producer_name": producer, "commune": "03390", "set_number": 6, **said}


def certificate_row(
    product: str = "Miến dong", producer: str = "Hợp tác xã Miến Dong", **said: Any
) -> dict[str, Any]:
    """Return a certificate of a district, as a row."""
    return {
        "product_name": product,
        "producer_name": producer,
        "commune": "03390",
        "star": 3,
        "regime_code": "qd148-2023",
        "decision_number": "0123/QĐ-UBND",
        "authority": "UBND huyện Tam Đường",
        "issued_on": date(2024, 6, 28),
        "source_note": "Quyết định lưu tại cơ quan",
        **said,
    }


def workbook(
    producers: Rows = (), products: Rows = (), certificates: Rows = (), **more: Rows
) -> bytes:
    """Return a file with these rows; a day is written as a day of Excel, a text as text."""
    memory = BytesIO()
    book = Workbook(memory, {"in_memory": True, "strings_to_formulas": False})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    rows_of = dict(zip(SheetKind, (producers, products, certificates), strict=True))
    for kind, rows in rows_of.items():
        sheet = book.add_worksheet(KIND_LABELS[kind])
        columns = [EXAMPLE_COLUMN, *(column.field for column in COLUMNS[kind])]
        for place, column in enumerate(COLUMNS[kind], start=1):
            sheet.write_string(0, place, column.heading)
        sheet.write_string(0, 0, EXAMPLE_COLUMN)
        for number, row in enumerate(rows, start=1):
            for field, value in row.items():
                place = columns.index(field)
                if isinstance(value, date):
                    sheet.write_datetime(number, place, datetime.combine(value, time()), day)
                elif isinstance(value, str):
                    sheet.write_string(number, place, value)
                else:
                    sheet.write_number(number, place, value)
    for title, rows in more.items():
        sheet = book.add_worksheet(title)
        for number, row in enumerate(rows):
            for place, value in enumerate(row.values()):
                sheet.write(number, place, value)
    book.close()
    return memory.getvalue()


def history() -> bytes:
    """Return a file with one producer, its product, and its certificate."""
    return workbook([producer_row()], [product_row()], [certificate_row()])


def sent(folder: Path, content: bytes) -> SentWorkbook:
    """Read and keep a file as a door does."""
    return read_sent(DiskStorage(folder), content, file_name="lich-su.xlsx")


def with_part(content: bytes, name: str, text: bytes) -> bytes:
    """Return the file with a part put in, or put in the place of the one of that name."""
    made = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(content)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info.filename, old.read(info))
        new.writestr(name, text)
    return made.getvalue()
