"""QR symbols: version 6, read back by another program's eye, as SVG and as PNG."""

import io
import xml.etree.ElementTree as ET

import pytest
import zxingcpp
from PIL import Image

from app.core.qr import (
    QUIET_ZONE,
    STAMP_SIDE,
    matrix_png,
    matrix_svg,
    qr_matrix,
    qr_svg,
    stamp_symbol,
)

DIGITS = (
    "03569298930382323233030354175868872786056453636180818621772815232889434753077723"
    "76110416377316855802837265357764032535606819727568445909218592569181970486135435"
    "230661834890002938218545370046565"
)


@pytest.mark.parametrize("host", ["tem.ocop.gov.vn", "tem.example", "a.vn"])
def test_a_stamp_is_version_6_whatever_the_host(host: str) -> None:
    matrix = stamp_symbol(f"https://{host}/", DIGITS)
    assert len(matrix) == STAMP_SIDE == 41
    assert all(len(row) == 41 for row in matrix)


def test_a_host_too_long_for_version_6_is_refused() -> None:
    with pytest.raises(ValueError, match="modules"):
        stamp_symbol("https://tem.ocop.laichau.gov.vn/", DIGITS)


def test_letters_among_the_digits_are_refused() -> None:
    with pytest.raises(ValueError, match="decimal"):
        stamp_symbol("https://tem.ocop.gov.vn/", "12a")


def test_the_png_is_read_back() -> None:
    png = matrix_png(stamp_symbol("https://tem.ocop.gov.vn/", DIGITS))
    image = Image.open(io.BytesIO(png))
    side = 41 + 2 * QUIET_ZONE
    assert image.size == (side, side)
    assert image.mode == "1"
    read = zxingcpp.read_barcodes(
        image.convert("L").resize((side * 4,) * 2, Image.Resampling.NEAREST)
    )
    assert [one.text for one in read] == [f"https://tem.ocop.gov.vn/{DIGITS}"]


def test_the_svg_draws_the_same_modules() -> None:
    text = "https://ocop.example/register/CN-4M7P2Q8"
    matrix = qr_matrix(text)
    root = ET.fromstring(qr_svg(text))  # noqa: S314 -- our own text
    side = len(matrix) + 2 * QUIET_ZONE
    assert root.attrib["viewBox"] == f"0 0 {side} {side}"
    dark = sum(module for row in matrix for module in row)
    drawn = root.findall("{http://www.w3.org/2000/svg}path")[1].attrib["d"]
    runs = [part.split("h")[1].split("v")[0] for part in drawn.split("M")[1:]]
    assert sum(int(run) for run in runs) == dark


def test_an_svg_for_print_tells_its_size_and_name_and_draws_the_same() -> None:
    matrix = stamp_symbol("https://tem.ocop.gov.vn/", DIGITS)
    plain = ET.fromstring(matrix_svg(matrix))  # noqa: S314 -- our own text
    printed = ET.fromstring(matrix_svg(matrix, size_mm=22.5, title="<1> & 2"))  # noqa: S314 -- our own
    assert (printed.attrib["width"], printed.attrib["height"]) == ("22.5mm", "22.5mm")
    assert "width" not in plain.attrib
    assert plain.attrib["viewBox"] == printed.attrib["viewBox"] == "0 0 49 49"
    title, *paths = list(printed)
    assert title.text == "<1> & 2"
    assert [path.attrib for path in paths] == [path.attrib for path in plain]
