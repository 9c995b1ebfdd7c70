"""How the cells of a workbook are read: headings, days, numbers, codes, names alike. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from app.core.errors import Worded
from app.core.text import fold, normal
from app.domain.imports.enums import ImportState, SheetKind

Cell = str | float | bool | date | datetime | time | timedelta
Row = Mapping[str, Cell]

# So many rows are brought in while a line waits; more are brought in by a job.
ROWS_AT_ONCE = 200
MOST_ROWS = 3_000  # of all sheets of a file: others wait for at most ten seconds to write
MOST_TOLD = 500  # findings of a report; the rest is counted
MOST_HEADING_ROWS = 10
FIRST_DAY = date(2019, 1, 1)  # the programme in this province starts in 2019

STATE_LABELS: dict[ImportState, str] = {
    ImportState.DRY_RUN: "Đã kiểm tra, chưa nhập",
    ImportState.APPLIED: "Đã nhập",
    ImportState.FAILED: "Không nhập được",
}
KIND_LABELS: dict[SheetKind, str] = {
    SheetKind.PRODUCERS: "Chủ thể",
    SheetKind.PRODUCTS: "Sản phẩm",
    SheetKind.CERTIFICATES: "Giấy chứng nhận",
}
EXAMPLE_COLUMN = "Ví dụ"
EXAMPLE = "ví dụ"
_DIGITS_OF_A_COMMUNE = 5
_DIGITS_OF_A_PHONE = 10
_DATE_TEXT = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4})")
_ISO_TEXT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_STARS = re.compile(r"(?P<digit>[\d.,]+)\s*sao|(?P<drawn>[★⭐]+)", re.IGNORECASE)
# What every other name begins with: two names that differ in these alone are nearly the same.
_LEGAL_FORMS = (
    "hop tac xa san xuat va kinh doanh",
    "hop tac xa nong nghiep",
    "hop tac xa",
    "htx",
    "to hop tac",
    "tht",
    "cong ty trach nhiem huu han mot thanh vien",
    "cong ty trach nhiem huu han",
    "cong ty tnhh mtv",
    "cong ty tnhh",
    "cong ty co phan",
    "cong ty cp",
    "ho kinh doanh",
    "hkd",
    "ho san xuat",
    "doanh nghiep tu nhan",
    "dntn",
    "co so san xuat",
    "co so",
    "trang trai",
)


class CellRefused(ValueError):  # noqa: N818 -- an answer about a cell, not a fault
    """A cell that cannot be what its column asks for."""

    def __init__(self, said: Worded) -> None:
        self.said = said
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet: the field it fills, its heading, whether it must be there, and how."""

    field: str
    heading: str
    hint: str
    needed: bool = False
    width: int = 22
    day: bool = False


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of a sheet that says something: its number as Excel shows it, and its cells by field."""

    number: int
    cells: Row


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet as understood: its rows, where each column stands, and what was passed over."""

    rows: tuple[SourceRow, ...]
    places: Mapping[str, int]
    examples: int
    unknown: tuple[str, ...]
    missing: tuple[str, ...]


_PRODUCER_REFERENCE = (
    Column("producer_name", "Tên chủ thể", "Như ở trang Chủ thể hoặc trong hệ thống.", True, 34),
    Column("commune", "Mã xã", "Mã 5 chữ số; nhận cả mã xã cũ (trước 01/7/2025).", True, 12),
    Column("producer_tax_code", "Mã số thuế chủ thể", "Để tìm đúng chủ thể.", width=20),
)
COLUMNS: dict[SheetKind, tuple[Column, ...]] = {
    SheetKind.PRODUCERS: (
        Column("name", "Tên chủ thể", "Tên đầy đủ.", True, 34),
        Column("kind", "Loại hình", "Chọn trong danh sách.", True, 26),
        Column("commune", "Mã xã", "Mã 5 chữ số; nhận cả mã xã cũ (trước 01/7/2025).", True, 12),
        Column("address", "Địa chỉ", "Bản, tổ dân phố, số nhà.", True, 30),
        Column("tax_code", "Mã số thuế", "10, 12 hoặc 13 chữ số.", width=18),
        Column("registration_number", "Số đăng ký kinh doanh", "Ghi như trên giấy.", width=24),
        Column("registered_on", "Ngày đăng ký kinh doanh", "dd/mm/yyyy.", day=True),
        Column("phone", "Điện thoại", "Ghi cả số 0 ở đầu.", width=16),
        Column("email", "Thư điện tử", "", width=24),
        Column("representative", "Người đại diện", "Họ và tên.", True, 26),
        Column("representative_title", "Chức vụ", "", width=18),
        Column("representative_gender", "Giới tính", "Nam, Nữ hoặc Không nêu.", width=12),
        Column("representative_ethnicity", "Dân tộc", "", width=14),
        Column("representative_address", "Địa chỉ người đại diện", "", width=30),
    ),
    SheetKind.PRODUCTS: (
        Column("name", "Tên sản phẩm", "Như trên quyết định công nhận.", True, 34),
        *_PRODUCER_REFERENCE,
        Column("set_number", "Bộ sản phẩm", "Số của bộ, 1–26 (Phụ lục I).", True, 14),
        Column("description", "Mô tả", "", width=34),
        Column("packaging", "Quy cách đóng gói", "", width=24),
        Column("story", "Câu chuyện sản phẩm", "", width=34),
        Column("old_codes", "Mã sản phẩm cũ", "Nhiều mã cách nhau bằng dấu ;", width=24),
    ),
    SheetKind.CERTIFICATES: (
        Column("product_name", "Tên sản phẩm", "Như ở trang Sản phẩm.", True, 34),
        *_PRODUCER_REFERENCE,
        Column("star", "Hạng sao", "3, 4 hoặc 5.", True, 10),
        Column("regime_code", "Quy định áp dụng", "Để trống thì tính theo ngày cấp.", width=20),
        Column("decision_number", "Số quyết định", "Số, ký hiệu.", width=20),
        Column("authority", "Cơ quan cấp", "Ví dụ UBND huyện Mường Tè.", True, 30),
        Column("issued_on", "Ngày cấp", "dd/mm/yyyy.", True, 14, day=True),
        Column("expires_on", "Ngày hết hạn", "Để trống: 36 tháng.", width=14, day=True),
        Column("product_code", "Mã trên giấy chứng nhận", "Giữ nguyên số 0.", width=24),
        Column("source_note", "Nguồn", "Biết được từ đâu: quyết định, báo, hồ sơ lưu.", True, 34),
    ),
}


def understood(kind: SheetKind, matrix: Sequence[Sequence[Cell]]) -> Table:
    """Return a sheet with its columns found by their headings, in any order, accents or not."""
    wanted = {fold(column.heading): column.field for column in COLUMNS[kind]}
    wanted[fold(EXAMPLE_COLUMN)] = EXAMPLE_COLUMN
    at, places = _headings(matrix, wanted)
    needed = [column for column in COLUMNS[kind] if column.needed]
    unknown = tuple(
        shown
        for shown in (text_of(cell) for cell in (matrix[at] if places else ()))
        if shown and _plain(shown) not in wanted
    )
    rows, examples = [], 0
    for number, line in enumerate(matrix[at + 1 :] if places else (), start=at + 2):
        cells = {name: line[place] for name, place in places.items() if place < len(line)}
        marked = fold(text_of(cells.pop(EXAMPLE_COLUMN, ""))).startswith(fold(EXAMPLE))
        if marked:
            examples += 1
        elif any(text_of(cell) for cell in cells.values()):
            rows.append(SourceRow(number, cells))
    return Table(
        rows=tuple(rows),
        places=places,
        examples=examples,
        unknown=unknown,
        missing=tuple(column.heading for column in needed if column.field not in places),
    )


def _plain(heading: str) -> str:
    return fold(heading.replace("*", " "))


def _headings(
    matrix: Sequence[Sequence[Cell]], wanted: Mapping[str, str]
) -> tuple[int, dict[str, int]]:
    """Return the row with most known headings, and the place of each."""
    best: tuple[int, dict[str, int]] = (0, {})
    for at, line in enumerate(matrix[:MOST_HEADING_ROWS]):
        places: dict[str, int] = {}
        for place, cell in enumerate(line):
            field = wanted.get(_plain(text_of(cell)))
            if field:
                places.setdefault(field, place)
        if len(places) > len(best[1]):
            best = (at, places)
    return best


# --- cells ------------------------------------------------------------------------------------


def text_of(cell: Cell) -> str:
    """Return a cell as text in one normal form; «=…» stays the text it is, 3390.0 is «3390»."""
    if isinstance(cell, str):
        return normal(cell)
    if isinstance(cell, bool):
        return "có" if cell else "không"
    if isinstance(cell, float | int):
        return str(int(cell)) if float(cell).is_integer() else str(cell).replace(".", ",")
    if isinstance(cell, datetime):
        return f"{cell:%d/%m/%Y}"
    return f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell)


def day_of(cell: Cell) -> date | None:
    """Return a day: a date of Excel, dd/mm/yyyy or yyyy-mm-dd; None for an empty cell."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = text_of(cell)
    if not text:
        return None
    if found := _DATE_TEXT.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
    elif found := _ISO_TEXT.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    else:
        raise CellRefused(Worded("Ngày chưa đúng. Hãy nhập dạng dd/mm/yyyy."))
    try:
        return date(year, month, day)
    except ValueError as wrong:
        raise CellRefused(Worded("Không có ngày này trong lịch.")) from wrong


def whole_of(cell: Cell) -> int | None:
    """Return a whole number: 4, «4», «4,0», «4 sao» or «★★★★»; None for an empty cell."""
    text = text_of(cell)
    if not text:
        return None
    if found := _STARS.fullmatch(text):
        text = found["digit"] or str(len(found["drawn"]))
    try:
        number = Decimal(text.replace(" ", "").replace(",", "."))
    except InvalidOperation as wrong:
        raise CellRefused(Worded("Cần là số nguyên.")) from wrong
    if not number.is_finite() or number != number.to_integral_value() or abs(number) > 10**9:
        raise CellRefused(Worded("Cần là số nguyên."))
    return int(number)


def commune_code_of(cell: Cell) -> str:
    """Return a commune's code; a number of Excel has lost its zeros in front."""
    text = text_of(cell)
    return text.zfill(_DIGITS_OF_A_COMMUNE) if text.isdigit() else text


def phone_of(cell: Cell) -> str:
    """Return a telephone number; nine digits have lost the zero in front."""
    text = text_of(cell)
    lost = text.isdigit() and len(text) == _DIGITS_OF_A_PHONE - 1 and not text.startswith("0")
    return f"0{text}" if lost else text


def codes_of(cell: Cell) -> list[str]:
    """Return codes parted by semicolons, each once, as they were written."""
    parts = (normal(part) for part in text_of(cell).replace("\n", ";").split(";"))
    return list(dict.fromkeys(part for part in parts if part))


# --- names alike ------------------------------------------------------------------------------


def core_name(name: str) -> str:
    """Return a producer's name without its legal form, accents and spaces."""
    plain = fold(name)
    form = next((one for one in _LEGAL_FORMS if plain.startswith(one + " ")), "")
    return plain.removeprefix(form).replace(" ", "") or plain.replace(" ", "")


def near_keys(name: str) -> set[str]:
    """Return keys of which two names share one when they differ in legal form or about one letter.

    Digits are never left out: «Số 1» and «Số 2» are two.
    """
    core = core_name(name)
    return {core} | {
        core[:place] + core[place + 1 :]
        for place, letter in enumerate(core)
        if not letter.isdigit() and len(core) > _DIGITS_OF_A_COMMUNE
    }
