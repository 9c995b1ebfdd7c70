"""Label sheets: A4, true millimetres, and every label of every sheet read back."""

import io
import random
from datetime import UTC, datetime
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader

from app.core.label_sheets import (
    LARGEST_SYMBOL_MM,
    SMALLEST_SYMBOL_MM,
    Label,
    label_sheet_pdf,
    layout,
)
from app.core.qr import QUIET_ZONE, STAMP_SIDE

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
POINTS_A_MM = 72 / 25.4
DOTS_A_MM = 10


def labels(count: int, **changes: Any) -> list[Label]:
    source = random.Random(26)  # noqa: S311 -- digits to draw, nothing secret
    usual: dict[str, Any] = {
        "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
        "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
        "stars": 4,
        "until": "24/11/2029",
    }
    return [
        Label(
            url=f"https://tem.ocop.gov.vn/{source.randrange(10**192, 10**193 - 1)}",
            serial=f"009D-D1X1-PB1X-{number:04}",
            **(usual | changes),
        )
        for number in range(count)
    ]


def test_every_label_of_every_sheet_is_read_in_true_size() -> None:
    made = labels(40)
    pdf = label_sheet_pdf(made, heading="Lô tem LT-5Q9S3V2", at=AT)
    document: Any = pypdfium2.PdfDocument(pdf)  # type: ignore[no-untyped-call]  # -- untyped library
    assert len(document) == 2
    read: list[str] = []
    symbol_mm = 25 * STAMP_SIDE / (STAMP_SIDE + 2 * QUIET_ZONE)
    for page in document:
        width, height = page.get_size()
        assert (round(width / POINTS_A_MM, 1), round(height / POINTS_A_MM, 1)) == (210, 297)
        image = page.render(scale=DOTS_A_MM / POINTS_A_MM, grayscale=True).to_pil()
        for code in zxingcpp.read_barcodes(image):
            corner = code.position
            side = (corner.top_right.x - corner.top_left.x) / DOTS_A_MM
            assert side == pytest.approx(symbol_mm, abs=0.3)
            read.append(code.text)
    assert sorted(read) == sorted(label.url for label in made)


def test_serial_and_names_stand_in_letters() -> None:
    pdf = label_sheet_pdf(labels(1), heading="Lô tem LT-5Q9S3V2", at=AT)
    text = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "009D-D1X1-PB1X-0000" in text
    assert "24/11/2029" in text
    assert "LT-5Q9S3V2" in text


def test_a_specimen_says_so_instead_of_its_stars() -> None:
    pdf = label_sheet_pdf(labels(1, specimen=True), heading="Lô tem", at=AT)
    text = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "KHÔNG CÓ GIÁ TRỊ" in text


def test_the_same_labels_make_the_same_file() -> None:
    first, again = (label_sheet_pdf(labels(3), heading="Lô", at=AT) for _ in range(2))
    assert first == again


def test_a_sheet_of_the_usual_size_holds_36_labels_within_a4() -> None:
    usual = layout()
    assert usual.labels_a_sheet == 36
    assert usual.columns * usual.cell_width_mm <= 210
    assert usual.rows * usual.cell_height_mm <= 297


@pytest.mark.parametrize("size", [SMALLEST_SYMBOL_MM - 0.1, LARGEST_SYMBOL_MM + 0.1])
def test_symbols_too_small_to_scan_or_too_large_are_refused(size: float) -> None:
    with pytest.raises(ValueError, match="measures"):
        layout(size)


def test_an_empty_sheet_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        label_sheet_pdf([], heading="Lô", at=AT)
