"""Excel workbooks that strangers send: looked through before anything unpacks or believes them.

What is read is an archive of just those parts that were looked through: a sheet is laid out whole in
memory, so that one far cell in a part nobody looked at would be enough to fill it.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import TypeAlias
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from app.core.archive_inspection import check_archive
from app.core.errors import Invalid, Worded

Cell: TypeAlias = str | float | bool | date | datetime | time | timedelta
Sheets: TypeAlias = Mapping[str, list[list[Cell]]]

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 8 * 1024 * 1024
MOST_UNPACKED = 48 * 1024 * 1024
MOST_PARTS = 400
MOST_CELLS = 400_000
FARTHEST_ROW = 20_000
FARTHEST_COLUMN = 100
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_NEEDED = frozenset({"[Content_Types].xml", "xl/workbook.xml"})
_FOREIGN = frozenset({"xl/workbook.bin", "content.xml", "xl/vbaProject.bin"})


def letters_of(column: int) -> str:
    """Return the letters of a column counted from 1: 28 is «AB»."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def read_workbook(content: bytes, *, name: str = "file") -> Sheets:
    """Return the cells of every sheet, from its first row and column; refuse what is no sound .xlsx.

    A cell with a formula tells the value that its author last saw; nothing is computed.
    """
    parts = _checked_parts(content, name)
    clean = BytesIO()
    with zipfile.ZipFile(clean, "w", zipfile.ZIP_STORED) as archive:
        for part, text in parts.items():
            archive.writestr(part, text)
    clean.seek(0)
    try:
        with CalamineWorkbook.from_filelike(clean) as book:
            return {
                title: [
                    list(row)
                    for row in book.get_sheet_by_name(title).to_python(skip_empty_area=False)
                ]
                for title in book.sheet_names
            }
    except (CalamineError, OSError, ValueError) as broken:
        raise _broken(name) from broken


def _broken(name: str) -> Invalid:
    return Invalid(
        {name: "Tệp Excel hỏng hoặc tải chưa trọn. Hãy chọn lại tệp gốc."}, code="workbook.broken"
    )


def _too_large(name: str) -> Invalid:
    return Invalid(
        {name: "Tệp Excel quá lớn khi mở ra. Hãy chia thành nhiều tệp."}, code="workbook.too_large"
    )


def _checked_parts(content: bytes, name: str) -> dict[str, bytes]:
    """Return the parts that hold cells, each no longer than it says, all of them together bounded."""
    if not content:
        raise Invalid({name: "Tệp rỗng. Hãy chọn lại tệp."}, code="file.empty")
    if len(content) > MOST_BYTES:
        raise _too_large(name)
    if content.startswith(_OLD_EXCEL):
        raise Invalid(
            {name: "Tệp Excel cũ (.xls) hoặc có mật khẩu. Hãy lưu thành .xlsx không mật khẩu."},
            code="workbook.old_or_locked",
        )
    if not content.startswith(_ZIP):
        raise Invalid({name: "Chỉ nhận tệp Excel .xlsx."}, code="workbook.not_excel")
    check_archive(content, most_bytes=MOST_UNPACKED, most_files=MOST_PARTS, field=name)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = set(archive.namelist())
        if parts & _FOREIGN or not parts >= _NEEDED:
            raise Invalid(
                {name: "Chỉ nhận tệp Excel .xlsx, không có macro."}, code="workbook.not_excel"
            )
        held = {part: archive.read(part) for part in sorted(parts) if _holds_cells(part)}
    counted = _Counted()
    for text in held.values():
        _look_through(text, counted, name)
    return held


def _holds_cells(part: str) -> bool:
    return part.endswith((".xml", ".rels")) and part.startswith(
        ("[Content_Types]", "_rels/", "xl/")
    )


@dataclass
class _Counted:
    """What was met so far in the parts of one workbook."""

    cells: int = 0
    at: str = field(default="", init=False)
    row: int = field(default=0, init=False)


class _DoctypeError(ValueError):
    """Declarations of entities: how small files become large ones."""


def _look_through(text: bytes, counted: _Counted, name: str) -> None:
    """Refuse entities, cells with an error, and cells far away; positions are read as XML says them."""
    counted.at, counted.row = "", 0

    def refuse_doctype(*_told: object) -> None:
        raise _DoctypeError

    def start(tag: str, told: dict[str, str]) -> None:
        kind = tag.rpartition(":")[2]
        if kind == "row":
            counted.row = int(told.get("r", counted.row + 1))
        elif kind == "c":
            counted.at = told.get("r", "")
            if told.get("t") == "e":
                raise Invalid(
                    {
                        name: Worded(
                            "Ô {cell} báo lỗi công thức (#…). Hãy sửa rồi tải lại.",
                            cell=counted.at,
                        )
                    },
                    code="workbook.cell_error",
                )
        elif kind in {"v", "is", "f"}:
            counted.cells += 1
            _check_place(counted, name)

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.StartElementHandler = start
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, ValueError) as broken:
        raise _broken(name) from broken


def _check_place(counted: _Counted, name: str) -> None:
    letters = counted.at.rstrip("0123456789").upper()
    row = int(counted.at[len(letters) :] or counted.row)
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    if row > FARTHEST_ROW or column > FARTHEST_COLUMN or counted.cells > MOST_CELLS:
        raise _too_large(name)
