"""Workbooks that are given out: the template with its lists, and a file with its errors marked.

Every text is written as text: what begins with «=» is never a formula, an address never a link.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from app.core.db import ReadSession
from app.core.text import fold
from app.core.workbooks import Cell, Sheets, letters_of
from app.domain.imports.enums import SheetKind
from app.domain.imports.queries import communes_and_former
from app.domain.imports.rules import (
    COLUMNS,
    EXAMPLE,
    EXAMPLE_COLUMN,
    KIND_LABELS,
    MOST_ROWS,
    understood,
)
from app.domain.imports.schemas import Finding
from app.domain.producers.rules import GENDER_LABELS
from app.domain.producers.rules import KIND_LABELS as PRODUCER_KINDS
from app.rulebooks import loader

GUIDE_SHEET, LIST_SHEET = "Hướng dẫn", "Danh mục"
_LONGEST_NOTE = 2_000
_LONGEST_TEXT = 32_000
_GUIDE = (
    "Mẫu nhập dữ liệu OCOP các năm 2019–2026: chủ thể, sản phẩm, giấy chứng nhận đã cấp.",
    "1. Mỗi trang tính một loại. Cột có dấu * phải điền. Thứ tự cột không quan trọng; giữ nguyên tên cột.",
    "2. Dòng có chữ «ví dụ» ở cột đầu chỉ để xem, không được nhập. Xóa chữ «ví dụ» nếu dùng lại dòng đó.",
    "3. Ngày ghi dd/mm/yyyy, hoặc ô ngày của Excel. Mã, số điện thoại ghi cả số 0 ở đầu.",
    "4. Mã xã: ghi mã xã hiện nay; mã hoặc tên xã trước 01/7/2025 được đổi sang xã kế thừa, có báo lại.",
    "5. Bộ sản phẩm: số của bộ trong 26 bộ (Phụ lục I, Quyết định 26/2026/QĐ-TTg), xem trang Danh mục.",
    "6. Quy định áp dụng: chọn trong danh sách; để trống thì hệ thống hiểu theo ngày cấp và báo lại.",
    "7. Cơ quan cấp ghi đúng như trên quyết định, kể cả UBND huyện, thành phố trước ngày 01/7/2025.",
    "8. Nhận ra dữ liệu đã có: chủ thể theo xã và tên, hoặc mã số thuế; sản phẩm theo chủ thể và tên;",
    "    giấy chứng nhận theo sản phẩm và ngày cấp, hoặc số quyết định. Nhập lại không tạo trùng.",
    "9. Ô để trống không xóa dữ liệu đã có. Giấy chứng nhận đã có không bị sửa.",
    "10. Tải tệp lên chỉ để kiểm tra; sau khi xem kết quả mới bấm nhập. Tệp được nhập trọn vẹn hoặc không gì cả.",
    f"11. Mỗi tệp tối đa {MOST_ROWS} dòng.",
)
_EXAMPLES: dict[SheetKind, dict[str, Any]] = {
    SheetKind.PRODUCERS: {
        "name": "Hợp tác xã Ví Dụ",
        "kind": "Hợp tác xã",
        "commune": "03390",
        "address": "Bản Ví Dụ",
        "tax_code": "6200000000",
        "registered_on": date(2019, 3, 15),
        "phone": "0912 000 000",
        "representative": "Nguyễn Văn Ví Dụ",
        "representative_title": "Giám đốc",
        "representative_gender": "Nam",
    },
    SheetKind.PRODUCTS: {
        "name": "Miến dong Ví Dụ",
        "producer_name": "Hợp tác xã Ví Dụ",
        "commune": "03390",
        "set_number": 6,
        "packaging": "Túi 500 g",
        "old_codes": "OCOP-LC-0012; 12-03390-01-2021",
    },
    SheetKind.CERTIFICATES: {
        "product_name": "Miến dong Ví Dụ",
        "producer_name": "Hợp tác xã Ví Dụ",
        "commune": "03390",
        "star": 3,
        "regime_code": "qd148-2023",
        "decision_number": "0123/QĐ-UBND",
        "authority": "UBND huyện Tam Đường",
        "issued_on": date(2024, 6, 28),
        "source_note": "Quyết định lưu tại cơ quan",
    },
}


class _Book:
    """A workbook in memory whose texts stay texts."""

    def __init__(self) -> None:
        self._memory = BytesIO()
        self.book = Workbook(
            self._memory,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": True,
            },
        )
        self.heading = self.book.add_format(
            {"bold": True, "bg_color": "#1B5E3B", "font_color": "#FFFFFF", "text_wrap": True}
        )
        self.text = self.book.add_format({"num_format": "@"})
        self.day = self.book.add_format({"num_format": "dd/mm/yyyy"})
        self.example = self.book.add_format({"italic": True, "font_color": "#777777"})
        self.example_day = self.book.add_format(
            {"italic": True, "font_color": "#777777", "num_format": "dd/mm/yyyy"}
        )
        self.wrapped = self.book.add_format({"text_wrap": True, "valign": "top"})
        self.marked = self.book.add_format({"bg_color": "#F8C9C4", "num_format": "@"})
        self.marked_day = self.book.add_format({"bg_color": "#F8C9C4", "num_format": "dd/mm/yyyy"})

    def content(self, made_at: datetime) -> bytes:
        """Return the finished workbook."""
        self.book.set_properties(
            {"title": "OCOP Lai Châu", "created": made_at.replace(tzinfo=None)}
        )
        self.book.close()
        return self._memory.getvalue()

    def write(
        self, sheet: Worksheet, row: int, column: int, value: Cell, *, look: Any, day: Any
    ) -> None:
        """Write a cell as what it is; a text as text, whatever it begins with."""
        if isinstance(value, date):  # a datetime is one as well
            moment = value if isinstance(value, datetime) else datetime.combine(value, time())
            sheet.write_datetime(row, column, moment, day)
        elif isinstance(value, bool):
            sheet.write_boolean(row, column, value, look)
        elif isinstance(value, float | int):
            sheet.write_number(row, column, value, look)
        elif isinstance(value, time) or not isinstance(value, str):
            sheet.write_string(row, column, str(value), look)
        elif value:
            sheet.write_string(row, column, value[:_LONGEST_TEXT], look)


def template_workbook(session: ReadSession, *, on: date, at: datetime) -> bytes:
    """Return the empty workbook to fill in, with the lists of that day."""
    made = _Book()
    guide = made.book.add_worksheet(GUIDE_SHEET)
    guide.set_column(0, 0, 110, made.wrapped)
    for number, line in enumerate(_GUIDE):
        guide.write_string(number, 0, line, made.heading if number == 0 else made.wrapped)
    lists = _lists(session, on)
    sheets = {kind: made.book.add_worksheet(KIND_LABELS[kind]) for kind in SheetKind}
    ranges = _write_lists(made, lists)
    for kind, sheet in sheets.items():
        _write_columns(made, sheet, kind, ranges)
    return made.content(at)


def _lists(session: ReadSession, on: date) -> dict[str, list[tuple[str, str]]]:
    """Return what may be chosen, each with what it means."""
    communes = communes_and_former(session, on)
    return {
        "kind": [(label, "") for label in PRODUCER_KINDS.values()],
        "representative_gender": [(label, "") for label in GENDER_LABELS.values()],
        "commune": [(unit.code, unit.full_name) for unit in communes.by_code.values()],
        "set_number": [(str(one.set_number), one.name) for one in loader.in_force(on).product_sets],
        "regime_code": [
            (law.code, f"{law.decision} ({law.in_force.first:%d/%m/%Y})")
            for law in sorted(
                map(loader.regime, loader.regime_codes()), key=lambda one: one.in_force.first
            )
        ],
        "star": [("3", ""), ("4", ""), ("5", "")],
    }


def _write_lists(made: _Book, lists: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, str]:
    """Write the sheet of lists; return the range of each field's choices."""
    sheet = made.book.add_worksheet(LIST_SHEET)
    headings = {column.field: column.heading for kind in SheetKind for column in COLUMNS[kind]}
    ranges: dict[str, str] = {}
    for number, (field, choices) in enumerate(lists.items()):
        first = number * 2
        sheet.set_column(first, first, 16, made.text)
        sheet.set_column(first + 1, first + 1, 34)
        sheet.write_string(0, first, headings[field], made.heading)
        for row, (choice, meaning) in enumerate(choices, start=1):
            if choice.isdigit() and not choice.startswith("0"):
                sheet.write_number(row, first, int(choice))
            else:
                sheet.write_string(row, first, choice, made.text)
            sheet.write_string(row, first + 1, meaning)
        letter = letters_of(first + 1)
        ranges[field] = f"='{LIST_SHEET}'!${letter}$2:${letter}${len(choices) + 1}"
    return ranges


def _write_columns(
    made: _Book, sheet: Worksheet, kind: SheetKind, ranges: Mapping[str, str]
) -> None:
    sheet.freeze_panes(1, 0)
    sheet.write_string(0, 0, EXAMPLE_COLUMN, made.heading)
    sheet.write_string(1, 0, EXAMPLE, made.example)
    for place, column in enumerate(COLUMNS[kind], start=1):
        number = column.field in {"set_number", "star"}
        look = made.day if column.day else None if number else made.text
        sheet.set_column(place, place, column.width, look)
        sheet.write_string(0, place, column.heading + (" *" if column.needed else ""), made.heading)
        if column.hint:
            sheet.write_comment(0, place, column.hint)
        example = _EXAMPLES[kind].get(column.field)
        if example is not None:
            made.write(sheet, 1, place, example, look=made.example, day=made.example_day)
        if column.field in ranges:
            sheet.data_validation(
                1,
                place,
                MOST_ROWS,
                place,
                {
                    "validate": "list",
                    "source": ranges[column.field],
                    # Other spellings are understood as well, former communes among them.
                    "error_type": "information",
                    "error_title": "Ngoài danh mục",
                    "error_message": "Giá trị này không có trong trang Danh mục.",
                },
            )


def marked_workbook(sheets: Sheets, findings: Sequence[Finding], *, at: datetime) -> bytes:
    """Return the sheets of a file again, the cells with errors coloured and told of beside."""
    made = _Book()
    by_sheet: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        by_sheet[fold(one.sheet)].append(one)
    for title, rows in sheets.items():
        kind = next((k for k, label in KIND_LABELS.items() if fold(label) == fold(title)), None)
        if kind is not None:
            _write_marked(made, kind, rows, by_sheet[fold(title)])
    return made.content(at)


def _write_marked(
    made: _Book, kind: SheetKind, rows: Sequence[Sequence[Cell]], findings: Sequence[Finding]
) -> None:
    sheet = made.book.add_worksheet(KIND_LABELS[kind])
    at_cell: dict[str, list[str]] = defaultdict(list)
    at_row: dict[int, list[str]] = defaultdict(list)
    for one in findings:
        at_cell[one.cell].append(one.text)
        at_row[one.row].append(f"{one.column}: {one.text}" if one.column else one.text)
    beside = max((len(row) for row in rows), default=0)
    table = understood(kind, rows)
    days = {table.places.get(column.field) for column in COLUMNS[kind] if column.day}
    for place in range(beside):
        sheet.set_column(place, place, 20, made.day if place in days else made.text)
    sheet.set_column(beside, beside, 60, made.wrapped)
    sheet.write_string(0, beside, "Lỗi", made.heading)
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            wrong = at_cell.get(f"{letters_of(place + 1)}{number}")
            look, day = (made.marked, made.marked_day) if wrong else (made.text, made.day)
            made.write(sheet, number - 1, place, value, look=look, day=day)
            if wrong and value == "":
                sheet.write_blank(number - 1, place, None, look)
            if wrong:
                sheet.write_comment(number - 1, place, "\n".join(wrong)[:_LONGEST_NOTE])
        told = at_row.get(number, []) if number > 1 else [*at_row.get(0, []), *at_row.get(1, [])]
        if told:
            sheet.write_string(
                number - 1, beside, "\n".join(told if number > 1 else ["Lỗi:", *told]), made.marked
            )
