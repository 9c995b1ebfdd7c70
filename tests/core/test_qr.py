"""QR symbols: version 6, read back by another program's eye, as SVG and as PNG."""

import io
import xml.etree.ElementTree as ET

import pytest
import zxingcpp
from PIL import Image

from app.core.qr import QUIET_ZONE, STAMP_SIDE, matrix_png, qr_matrix, qr_svg, stamp_symbol

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
