"""Label sheets: A4, true millimetres, and every label of every sheet read back as it is printed."""

import io
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageOps
from pypdf import PdfReader
from pypdfium2 import raw

from app.core.label_sheets import (
    LARGEST_SYMBOL_MM,
    SMALLEST_SYMBOL_MM,
    SYMBOL_MM,
    Label,
    Layout,
    label_sheet_pdf,
    layout,
)
from app.core.qr import QUIET_ZONE, STAMP_SIDE

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
INCH_MM = 25.4
TOP_MM = 21.0  # where the first row of labels begins
SYMBOL_TOP_MM = 6.9  # and in each label its symbol
SIZES = (SMALLEST_SYMBOL_MM, SYMBOL_MM)
LONG_PRODUCT = (
    "Trà Shan tuyết cổ thụ hái tay một tôm hai lá sao chảo gang truyền thống của đồng bào Mông "
    "vùng núi cao Sin Suối Hồ, hộp quà đặc biệt kỷ niệm ngày thành lập Hợp tác xã"
)
LONG_PRODUCER = (
    "Hợp tác xã Nông nghiệp, Dược liệu, Thương mại và Dịch vụ Tổng hợp Thanh niên Dân tộc Mông Sin "
    "Suối Hồ – Chi nhánh xã Phong Thổ, tỉnh Lai Châu"
)
WIDEST_SERIAL = "WWWW-WWWW-WWWW-WWWW"


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


@cache
def hardest(size: float, *, pins: bool) -> tuple[list[Label], bytes]:
    """Return a sheet and two more labels, among them all that could push a symbol, and the PDF."""
    made = labels(layout(size, pins=pins).labels_a_sheet + 2, pin="7K2M9Q4T" if pins else "")
    made[0] = replace(made[0], pin="", roll="Cuộn 3/40 · 1.000 tem · vị trí 2001–3000")
    made[1] = replace(made[1], product=LONG_PRODUCT, producer=LONG_PRODUCER, serial=WIDEST_SERIAL)
    made[2] = replace(made[2], product="Mật" * 60, producer="x", stars=5)
    made[3] = replace(made[3], specimen=True, pin="WWWWMMMM" if pins else "")
    made[-1] = replace(
        made[-1],
        pin="",
        specimen=True,
        product=LONG_PRODUCT,
        roll="Cuộn 1.000/1.000 · 5.000 tem · vị trí 4.995.001–5.000.000",
    )
    return made, label_sheet_pdf(made, heading="Lô tem LT-5Q9S3V2", at=AT, size_mm=size)


def rasters(pdf: bytes, dpi: int) -> Iterator[Image.Image]:
    document: Any = pypdfium2.PdfDocument(pdf)  # type: ignore[no-untyped-call]  # -- untyped library
    for page in document:
        yield page.render(scale=dpi / 72, grayscale=True).to_pil()


def corners(form: Layout) -> list[tuple[float, float]]:
    """Return where on the sheet each label begins, in millimetres."""
    left = (210 - form.columns * form.cell_width_mm) / 2
    return [
        (left + column * form.cell_width_mm, TOP_MM + row * form.cell_height_mm)
        for row in range(form.rows)
        for column in range(form.columns)
    ]


def part(sheet: Image.Image, dpi: int, *box_mm: float) -> Image.Image:
    left, top, right, bottom = (round(length / INCH_MM * dpi) for length in box_mm)
    return sheet.crop((left, top, right, bottom))


def ink(piece: Image.Image) -> tuple[int, int, int, int] | None:
    """Return the box of all dark pixels of a piece."""
    return ImageOps.invert(piece).point(lambda value: 255 * (value > 127)).getbbox()


def text_sizes(pdf: bytes) -> dict[str, float]:
    sizes: dict[str, float] = {}

    def seen(text: str, _cm: Any, _tm: Any, _font: Any, size: float) -> None:
        sizes[text.strip()] = size

    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=seen)
    return sizes


@pytest.mark.parametrize("dpi", [300, 600])
@pytest.mark.parametrize("pins", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_every_label_is_read_and_measures_what_it_should(size: float, dpi: int, pins: bool) -> None:
    made, pdf = hardest(size, pins=pins)
    form = layout(size, pins=pins)
    exact = 0.1 if dpi > 300 else 0.2  # two dots of the coarse raster: its images end on whole dots
    sheets = list(rasters(pdf, dpi))
    assert len(sheets) == 2
    left = iter(made)
    for sheet in sheets:
        for dots, side in zip(sheet.size, (210, 297), strict=True):
            assert dots == pytest.approx(side / INCH_MM * dpi, abs=1)
        for (x, y), label in zip(corners(form), left, strict=False):
            begin = x + (form.cell_width_mm - size) / 2
            square = (begin, y + SYMBOL_TOP_MM, begin + size, y + SYMBOL_TOP_MM + size)
            symbol = part(sheet, dpi, *square)
            box = ink(symbol)
            assert box is not None
            for dark in (box[2] - box[0], box[3] - box[1]):
                whole = dark * (STAMP_SIDE + 2 * QUIET_ZONE) / STAMP_SIDE
                assert whole / dpi * INCH_MM == pytest.approx(size, abs=exact)
            quiet = size * QUIET_ZONE / (STAMP_SIDE + 2 * QUIET_ZONE)
            for white in (box[0], box[1], symbol.width - box[2], symbol.height - box[3]):
                assert white / dpi * INCH_MM == pytest.approx(quiet, abs=exact)
            read = zxingcpp.read_barcode(symbol)
            assert read is not None
            assert read.text == label.url


@pytest.mark.parametrize("size", SIZES)
def test_the_file_places_each_symbol_in_its_true_size(size: float) -> None:
    made, pdf = hardest(size, pins=True)
    document: Any = pypdfium2.PdfDocument(pdf)  # type: ignore[no-untyped-call]  # -- untyped library
    image: Any = raw.FPDF_PAGEOBJ_IMAGE  # type: ignore[attr-defined]  # -- made from a header
    drawn = [one.get_bounds() for page in document for one in page.get_objects(filter=[image])]
    assert len(drawn) == len(made)
    for left, bottom, right, top in drawn:
        for side in (right - left, top - bottom):
            assert side / 72 * INCH_MM == pytest.approx(size, abs=0.01)


def test_a_camera_over_the_whole_sheet_reads_all_of_it() -> None:
    made, pdf = hardest(SMALLEST_SYMBOL_MM, pins=True)
    read = [code.text for sheet in rasters(pdf, 300) for code in zxingcpp.read_barcodes(sheet)]
    assert sorted(read) == sorted(label.url for label in made)


@pytest.mark.parametrize("pins", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_knives_find_exact_marks_and_cut_through_no_ink(size: float, pins: bool) -> None:
    _, pdf = hardest(size, pins=pins)
    form, dpi = layout(size, pins=pins), 600
    sheet = next(rasters(pdf, dpi)).point(lambda value: 255 * (value > 200))
    wide, tall = form.columns * form.cell_width_mm, form.rows * form.cell_height_mm
    begin = (210 - wide) / 2
    for column in range(form.columns + 1):
        x = begin + column * form.cell_width_mm
        assert ink(part(sheet, dpi, x - 0.4, TOP_MM - 0.5, x + 0.4, TOP_MM + tall + 0.5)) is None
        for y in (TOP_MM - 4, TOP_MM + tall + 1):
            mark = ink(part(sheet, dpi, x - 1, y - 0.5, x + 1, y + 3.5))
            assert mark is not None
            assert (mark[0] + mark[2]) / 2 / dpi * INCH_MM == pytest.approx(1, abs=0.06)
            assert (mark[3] - mark[1]) / dpi * INCH_MM == pytest.approx(3, abs=0.1)
    for row in range(form.rows + 1):
        y = TOP_MM + row * form.cell_height_mm
        assert ink(part(sheet, dpi, begin - 0.5, y - 0.4, begin + wide + 0.5, y + 0.4)) is None
        for x in (begin - 4, begin + wide + 1):
            mark = ink(part(sheet, dpi, x - 0.5, y - 1, x + 3.5, y + 1))
            assert mark is not None
            assert (mark[1] + mark[3]) / 2 / dpi * INCH_MM == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("size", SIZES)
def test_lines_of_a_label_do_not_touch(size: float) -> None:
    for pins in (False, True):
        made, pdf = hardest(size, pins=pins)
        form, dpi = layout(size, pins=pins), 600
        sheet = next(rasters(pdf, dpi)).point(lambda value: 255 * (value > 200))
        between = [SYMBOL_TOP_MM + size + 2.35, SYMBOL_TOP_MM + size + 5.5 + form.pin_mm]
        for (x, y), label in zip(corners(form), made, strict=False):
            for height in between if not label.roll else between[:1]:
                line = (x + 1.7, y + height, x + form.cell_width_mm - 1.7, y + height + 0.1)
                assert ink(part(sheet, dpi, *line)) is None


@pytest.mark.parametrize("size", SIZES)
def test_serial_and_names_stand_in_letters_large_enough_to_read(size: float) -> None:
    made, pdf = hardest(size, pins=True)
    sizes = text_sizes(pdf)
    assert all(sizes[label.serial] >= 5 for label in made)
    assert sizes["7K2M-9Q4T"] >= 6.5
    assert sizes["đến 24/11/2029"] >= 4.6
    assert min(sizes.values()) >= 4.2


def test_a_name_too_long_for_a_label_ends_with_a_mark_that_says_so() -> None:
    pdf = label_sheet_pdf(
        labels(1, product=LONG_PRODUCT, producer=LONG_PRODUCER), heading="Lô", at=AT
    )
    said = " ".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
    assert "Trà Shan tuyết cổ thụ hái tay một tôm hai lá" in said
    assert "Hợp tác xã Nông nghiệp, Dược liệu" in said
    assert said.count("…") == 2
    assert "kỷ niệm" not in said
    usual = PdfReader(io.BytesIO(label_sheet_pdf(labels(1), heading="Lô", at=AT)))
    said = " ".join(usual.pages[0].extract_text().split())
    assert "Trà Shan tuyết cổ thụ Sin Suối Hồ" in said
    assert "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn" in said
    assert "…" not in said


def test_a_specimen_says_so_instead_of_its_stars() -> None:
    pdf = label_sheet_pdf(labels(1, specimen=True), heading="Lô tem", at=AT)
    said = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "KHÔNG CÓ GIÁ TRỊ" in said
    assert "24/11/2029" not in said


@pytest.mark.parametrize("specimen", [False, True])
def test_the_label_of_a_roll_says_that_it_goes_on_no_product(specimen: bool) -> None:
    roll = "Cuộn 3/40 · 1.000 tem · vị trí 2001–3000"
    pdf = label_sheet_pdf(labels(1, roll=roll, specimen=specimen), heading="Lô", at=AT)
    said = " ".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
    assert "Cuộn 3/40 · 1.000 tem vị trí 2001–3000" in said
    assert "NHÃN CUỘN – KHÔNG DÁN LÊN SẢN PHẨM" in said
    assert ("KHÔNG CÓ GIÁ TRỊ" in said) is specimen
    assert "24/11/2029" not in said
    form = layout()
    (x, y), *_ = corners(form)
    side = part(next(rasters(pdf, 300)), 300, x, y + 10, x + 2, y + 20)
    box = ink(side)
    assert box is not None
    assert (box[2] - box[0]) / 300 * INCH_MM == pytest.approx(1, abs=0.1)


def test_only_sheets_with_scratch_codes_have_their_box() -> None:
    with_code, without = (
        " ".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
        for pdf in (
            label_sheet_pdf(labels(2, pin=pin), heading="Lô", at=AT) for pin in ("7K2M9Q4T", "")
        )
    )
    assert with_code.count("MÃ CÀO 7K2M-9Q4T") == 2
    assert "CÀO" not in without


def test_the_same_labels_make_the_same_file() -> None:
    first, again = (label_sheet_pdf(labels(3), heading="Lô", at=AT) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("size", "pins", "held"), [(25, False, 36), (25, True, 30), (22, False, 36), (22, True, 36)]
)
def test_so_many_labels_stand_on_a_sheet_within_a4(size: float, pins: bool, held: int) -> None:
    form = layout(size, pins=pins)
    assert form.labels_a_sheet == held
    assert (
        form.columns * form.cell_width_mm + 2 * 4 <= 210 - 2 * 4
    )  # marks, edge no printer reaches
    assert TOP_MM + form.rows * form.cell_height_mm + 4 <= 297 - 4


@pytest.mark.parametrize("size", [SMALLEST_SYMBOL_MM - 0.1, LARGEST_SYMBOL_MM + 0.1])
def test_symbols_too_small_to_scan_or_too_large_are_refused(size: float) -> None:
    with pytest.raises(ValueError, match="measures"):
        layout(size)


def test_what_is_no_label_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        label_sheet_pdf([], heading="Lô", at=AT)
    with pytest.raises(ValueError, match="8 characters"):
        labels(1, pin="7K2M")
    with pytest.raises(ValueError, match="no scratch code"):
        labels(1, pin="7K2M9Q4T", roll="Cuộn 1/1")
