"""Workbooks of strangers: bombs, far cells, entities, macros and wrong files are refused, unread."""

import zipfile
from io import BytesIO

import pytest

from app.core.errors import Invalid
from app.core.workbooks import MOST_BYTES, letters_of, read_workbook
from tests.factories.workbooks import history, with_part

SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'
SPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def sheet(rows: bytes, before: bytes = b"") -> bytes:
    return (
        HEAD
        + before
        + b"<worksheet "
        + SPACE
        + b"><sheetData>"
        + rows
        + b"</sheetData></worksheet>"
    )


def cell(place: bytes, row: bytes = b"1", kind: bytes = b"", value: bytes = b"1") -> bytes:
    return (
        b'<row r="' + row + b'"><c r="' + place + b'"' + kind + b"><v>" + value + b"</v></c></row>"
    )


def refused(content: bytes) -> str:
    with pytest.raises(Invalid) as told:
        read_workbook(content)
    assert list(told.value.fields) == ["file"]
    return told.value.reason_code


def packed(parts: dict[str, bytes]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return made.getvalue()


def test_a_sound_workbook_tells_its_cells_in_place() -> None:
    sheets = read_workbook(with_part(history(), SHEET, sheet(cell(b"C3", b"3", value=b"3390"))))
    assert sheets["Chủ thể"] == [["", "", ""], ["", "", ""], ["", "", 3390.0]]
    assert list(sheets) == ["Chủ thể", "Sản phẩm", "Giấy chứng nhận"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"%PDF-1.7 ...", "workbook.not_excel"),
        (b"a;b;c\n1;2;3\n", "workbook.not_excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "workbook.old_or_locked"),
        (
            packed({"word/document.xml": b"<a/>", "[Content_Types].xml": b"<a/>"}),
            "workbook.not_excel",
        ),
        (b"PK\x03\x04" + b"\0" * MOST_BYTES, "workbook.too_large"),
        (history()[:-200], "archive.broken"),
        (with_part(history(), "xl/vbaProject.bin", b"macro"), "workbook.not_excel"),
        (with_part(history(), "../../etc/passwd", b"x"), "archive.bad_name"),
    ],
)
def test_what_is_no_workbook_is_refused_with_a_reason(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_a_bomb_is_not_unpacked() -> None:
    assert refused(with_part(history(), "xl/media/x.xml", b" " * 60_000_000)) == "archive.too_large"


@pytest.mark.parametrize(
    "rows",
    [
        cell(b"A1048576", b"1048576"),
        cell(b"XFD1"),
        cell(b"&#88;FD1"),
        b'<row r="900000"><c><v>1</v></c></row>',
    ],
)
def test_a_far_cell_is_refused_before_the_sheet_is_laid_out(rows: bytes) -> None:
    assert refused(with_part(history(), SHEET, sheet(rows))) == "workbook.too_large"


def test_far_cells_without_content_do_no_harm() -> None:
    sheets = read_workbook(
        with_part(history(), SHEET, sheet(cell(b"A1") + b'<row r="99999"><c r="XFD99999"/></row>'))
    )
    assert sheets["Chủ thể"] == [[1.0]]


def test_entities_and_broken_xml_are_refused() -> None:
    entity = b'<!DOCTYPE a [<!ENTITY b "c">]>'
    assert refused(with_part(history(), SHEET, sheet(cell(b"A1"), entity))) == "workbook.broken"
    assert refused(with_part(history(), SHEET, b"<worksheet>")) == "workbook.broken"


def test_a_formula_that_failed_is_told_with_its_cell() -> None:
    rows = cell(b"B7", b"7", b' t="e"', b"#REF!")
    with pytest.raises(Invalid, match="ô chưa đúng") as told:
        read_workbook(with_part(history(), SHEET, sheet(rows)))
    assert "Ô B7" in told.value.fields["file"]


def test_a_part_nobody_looked_at_is_not_read() -> None:
    rels = "xl/_rels/workbook.xml.rels"
    with zipfile.ZipFile(BytesIO(history())) as archive:
        moved = archive.read(rels).replace(b"worksheets/sheet1.xml", b"/other/far.bin")
    content = with_part(with_part(history(), rels, moved), "other/far.bin", sheet(cell(b"XFD999")))
    assert refused(content) == "workbook.broken"


@pytest.mark.parametrize(("number", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ")])
def test_columns_have_letters(number: int, letters: str) -> None:
    assert letters_of(number) == letters
