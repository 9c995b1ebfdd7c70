"""The archive for a print house: table and symbols agree, symbols are read, the answer is a stream."""

import csv
import io
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pypdfium2
import pytest
import zxingcpp

from app.core.print_house import COLUMNS, PrintRow, print_house_bundle
from app.core.qr import QUIET_ZONE, STAMP_SIDE, Matrix, stamp_symbol
from app.core.typesetting import render_pdf
from tests.core.test_label_sheets import AT, INCH_MM, ink

HOST = "https://tem.ocop.gov.vn/"
README = "Đọc trước khi in.\nIn đúng kích thước 25 mm."
NAME = "LT-5Q9S3V2"
SVG = "{http://www.w3.org/2000/svg}"
RUN = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")


def rows(count: int, **changes: Any) -> Iterator[PrintRow]:
    source = random.Random(26)  # noqa: S311 -- digits to draw, nothing secret
    usual: dict[str, Any] = {
        "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
        "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
        "stars": 4,
        "until": "24/11/2029",
    }
    for place in range(1, count + 1):
        yield PrintRow(
            place=place,
            roll=(place - 1) // 100 + 1,
            serial=f"009D-D1X1-PB1X-{place:04}",
            url=f"{HOST}{source.randrange(10**192, 10**193 - 1)}",
            **(usual | changes),
        )


def opened(count: int, **changes: Any) -> ZipFile:
    made = b"".join(print_house_bundle(rows(count, **changes), readme=README, name=NAME))
    return ZipFile(io.BytesIO(made))


def table_of(archive: ZipFile) -> list[dict[str, str]]:
    raw = archive.read(f"{NAME}/tem.csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def modules(svg: ET.Element) -> Matrix:
    """Return the modules that a symbol paints, from its path alone."""
    dark = [[False] * STAMP_SIDE for _ in range(STAMP_SIDE)]
    path = svg.findall(f"{SVG}path")[1].attrib["d"]
    assert RUN.sub("", path) == ""
    for left, top, length, back in RUN.findall(path):
        assert length == back
        for column in range(int(left), int(left) + int(length)):
            dark[int(top) - QUIET_ZONE][column - QUIET_ZONE] = True
    return tuple(tuple(row) for row in dark)


def test_the_table_tells_every_stamp_and_where_its_symbol_is() -> None:
    with opened(250, pin="7K2M9Q4T") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        table = table_of(archive)
        assert names[0] == f"{NAME}/DOC-TRUOC.txt"
        assert names[-1] == f"{NAME}/tem.csv"
        assert names[1:-1] == [f"{NAME}/{told['svg']}" for told in table]
        assert archive.read(names[0]).decode("utf-8-sig") == README.replace("\n", "\r\n") + "\r\n"
    assert tuple(table[0]) == COLUMNS
    for told, row in zip(table, rows(250), strict=True):
        assert told == {
            "place": str(row.place),
            "roll": str(row.roll),
            "serial": row.serial,
            "url": row.url,
            "pin": "7K2M-9Q4T",
            "product": row.product,
            "producer": row.producer,
            "stars": "4",
            "until": "24/11/2029",
            "svg": f"svg/{row.roll:04}/{row.place:07}-{row.serial}.svg",
        }


def test_hundreds_of_symbols_are_the_ones_of_their_links() -> None:
    with opened(300) as archive:
        for told in table_of(archive):
            svg = ET.fromstring(archive.read(f"{NAME}/{told['svg']}"))  # noqa: S314 -- our own text
            assert svg.attrib["width"] == svg.attrib["height"] == "25mm"
            assert svg.attrib["shape-rendering"] == "crispEdges"
            assert svg.findtext(f"{SVG}title") == told["serial"]
            assert modules(svg) == stamp_symbol(HOST, told["url"].removeprefix(HOST))


@pytest.mark.parametrize("size", [22.0, 25.0])
def test_symbols_are_read_in_the_size_they_tell(tmp_path: Path, size: float) -> None:
    made = b"".join(print_house_bundle(rows(20), readme=README, name=NAME, size_mm=size))
    with ZipFile(io.BytesIO(made)) as archive:
        table = table_of(archive)
        svgs = [archive.read(f"{NAME}/{told['svg']}").decode() for told in table]
    assert all(f'width="{size:g}mm" height="{size:g}mm"' in svg for svg in svgs)
    (tmp_path / "symbols.typ").write_text(
        "#let data = json(bytes(sys.inputs.data))\n"
        "#set page(width: data.size * 1mm, height: data.size * 1mm, margin: 0mm)\n"
        "#for svg in data.svgs { image(bytes(svg), width: 100%) }"
    )
    pdf = render_pdf(
        "symbols", {"svgs": svgs, "size": size}, timestamp=AT, folder=tmp_path, tagged=False
    )
    document: Any = pypdfium2.PdfDocument(pdf)  # type: ignore[no-untyped-call]  # -- untyped library
    assert len(document) == 20
    for page, told in zip(document, table, strict=True):
        image = page.render(scale=600 / 72, grayscale=True).to_pil()
        box = ink(image)
        assert box is not None
        dark_mm = size * STAMP_SIDE / (STAMP_SIDE + 2 * QUIET_ZONE)
        assert (box[2] - box[0]) / 600 * INCH_MM == pytest.approx(dark_mm, abs=0.1)
        read = zxingcpp.read_barcode(image)
        assert read is not None
        assert read.text == told["url"]


def test_pieces_come_before_the_rows_are_exhausted_and_stay_small() -> None:
    taken = 0

    def read_slowly() -> Iterator[PrintRow]:
        nonlocal taken
        for row in rows(2000):
            taken += 1
            yield row

    pieces = print_house_bundle(read_slowly(), readme=README, name=NAME)
    first = next(pieces)
    assert taken == 0
    assert first.startswith(b"PK\x03\x04")
    seen: list[int] = []
    size, largest = len(first), 0
    for piece in pieces:
        seen.append(taken)
        size += len(piece)
        largest = max(largest, len(piece))
    assert seen[0] < 100
    assert len({count for count in seen if count < 2000}) > 15
    assert largest < 128 * 1024 < size


@pytest.mark.parametrize(
    "typed", ["=HYPERLINK(1)", "+84", "-1", "@SUM(1)", "\t=1", "＝1", "  =1", "\r=1"]
)
def test_no_spreadsheet_runs_a_name(typed: str) -> None:
    with opened(1, product=typed, producer=typed) as archive:
        (told,) = table_of(archive)
    assert told["product"] == told["producer"] == f"'{typed}"


def test_names_keep_their_commas_quotes_and_line_ends() -> None:
    typed = 'Mật ong "rừng", loại 1;\nhũ 500 ml'
    with opened(1, product=typed) as archive:
        raw = archive.read(f"{NAME}/tem.csv").decode("utf-8-sig")
    (told,) = csv.DictReader(io.StringIO(raw, newline=""))
    assert told["product"] == typed
    assert told["pin"] == ""


@pytest.mark.parametrize("name", ["", "../x", "a/b", "LT 1", "tệp", ".hidden", "x" * 81])
def test_a_name_that_is_no_plain_file_name_is_refused_before_anything_is_given(name: str) -> None:
    with pytest.raises(ValueError, match="no plain name"):
        print_house_bundle(rows(1), readme=README, name=name)


def test_a_size_no_phone_reads_is_refused_before_anything_is_given() -> None:
    with pytest.raises(ValueError, match="measures"):
        print_house_bundle(rows(1), readme=README, name=NAME, size_mm=12)


def test_an_archive_broken_off_is_no_archive() -> None:
    def with_a_bad_one() -> Iterator[PrintRow]:
        yield from rows(3)
        yield PrintRow(4, 1, "../../etc", f"{HOST}1", "Trà", "HTX", 4, "24/11/2029")

    given = bytearray()
    with pytest.raises(ValueError, match="no plain name"):
        for piece in print_house_bundle(with_a_bad_one(), readme=README, name=NAME):
            given += piece
    assert b"PK\x05\x06" not in given
