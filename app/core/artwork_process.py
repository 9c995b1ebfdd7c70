"""The process that opens artwork: rasterises the pages of a PDF, finds QR symbols, measures them.

It runs alone (see core/artwork_reading), because it hands strangers' bytes to large libraries that
are not made for threads: it may die, hang or grow, and only itself. Bytes come on standard input,
JSON goes out; it imports nothing of ours, so that it starts quickly.
"""

import base64
import json
import math
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

import pypdfium2 as pdfium
import zxingcpp
from PIL import Image

MOST_PAGES = 6
MOST_SYMBOLS = 20
MOST_IMAGES = 400
LONGEST_TEXT = 400
LONGEST_SIDE_PX = 6000
PREVIEW_SIDE_PX = 1000
MM_A_INCH = 25.4
POINTS_A_INCH = 72
READING_DPI = (300, 600)  # symbols too small for the first are looked for again
# Programs write 72 or 96 when nobody said how large a picture is to be printed.
UNSAID_DPI = 96.5
QUIET_ZONE = 8  # modules of white, both sides together, ISO/IEC 18004
SMALLEST_PLACED_INCH2 = 1.55  # ten square centimetres: a symbol as a picture is no photo
LARGEST_MEMORY = 3 * 2**30
LONGEST_SECONDS = 20
_IMAGES: Any = pdfium.raw.FPDF_PAGEOBJ_IMAGE  # type: ignore[attr-defined]  # -- made from C headers when imported
_QR_ONLY: Any = zxingcpp.BarcodeFormat.QRCode


def main() -> None:
    """Read one file of a kind named on the command line, and say what it holds."""
    _bound()
    content, kind = sys.stdin.buffer.read(), sys.argv[1]
    told = _of_pdf(content) if kind == "application/pdf" else _of_picture(content)
    sys.stdout.write(json.dumps(told))


def _bound() -> None:
    """Take no more memory and time than an artwork needs, where the system can hold to it."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, LARGEST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_SECONDS, LONGEST_SECONDS))


def _of_picture(content: bytes) -> dict[str, Any]:
    with Image.open(BytesIO(content)) as image:
        said = image.info.get("dpi", (0, 0))
        flat = image.convert("RGBA")
    white = Image.new("RGB", flat.size, "white")
    white.paste(flat, mask=flat.getchannel("A"))
    grey = white.convert("L")
    dpi = float(min(said))
    dpi = dpi if dpi > UNSAID_DPI else 0.0
    grey.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), Image.Resampling.LANCZOS)
    shrunk = grey.width / flat.width
    page = {
        "number": 1,
        "width_mm": round(flat.width / dpi * MM_A_INCH, 1) if dpi else None,
        "height_mm": round(flat.height / dpi * MM_A_INCH, 1) if dpi else None,
        "dpi": round(dpi) if dpi else None,
        "drawn": False,
    }
    symbols = list(_symbols(grey, page=1, px_a_mm=dpi * shrunk / MM_A_INCH))
    return {"pages": [page], "symbols": symbols[:MOST_SYMBOLS], "preview": ""}


def _of_pdf(content: bytes) -> dict[str, Any]:
    pages: list[dict[str, Any]] = []
    symbols: list[dict[str, Any]] = []
    preview = ""
    with pdfium.PdfDocument(content) as document:  # type: ignore[no-untyped-call]  # -- the library has no types
        count = len(document)
        for number in range(min(count, MOST_PAGES)):
            page = document[number]
            width, height = page.get_size()
            dpi, drawn = _resolution(page)
            pages.append(
                {
                    "number": number + 1,
                    "width_mm": round(width / POINTS_A_INCH * MM_A_INCH, 1),
                    "height_mm": round(height / POINTS_A_INCH * MM_A_INCH, 1),
                    "dpi": dpi,
                    "drawn": drawn,
                }
            )
            symbols += _on_page(page, number + 1, max(width, height) / POINTS_A_INCH)
            if not number:
                preview = _preview(page, max(width, height))
            page.close()
    return {
        "pages": pages,
        "symbols": symbols[:MOST_SYMBOLS],
        "preview": preview,
        "left": max(0, count - MOST_PAGES),
    }


def _on_page(page: Any, number: int, longest_inch: float) -> list[dict[str, Any]]:
    """Return the symbols of a page; looked for again, larger, where the first look finds none."""
    tried = 0.0
    for wanted in READING_DPI:
        dpi = min(wanted, LONGEST_SIDE_PX / longest_inch)
        if dpi <= tried:
            break
        tried = dpi
        grey = page.render(scale=dpi / POINTS_A_INCH, grayscale=True).to_pil().convert("L")
        if found := list(_symbols(grey, page=number, px_a_mm=dpi / MM_A_INCH)):
            return found
    return []


def _symbols(grey: Image.Image, *, page: int, px_a_mm: float) -> Iterator[dict[str, Any]]:
    read: Any = zxingcpp.read_barcodes(grey, _QR_ONLY)
    for found in read:
        corners = found.position
        sides = [
            math.dist((one.x, one.y), (other.x, other.y))
            for one, other in (
                (corners.top_left, corners.top_right),
                (corners.top_left, corners.bottom_left),
            )
        ]
        version = int(found.extra.get("Version", 0))
        modules = 17 + 4 * version if version else 0
        whole = min(sides) * (modules + QUIET_ZONE) / modules if modules else 0
        yield {
            "text": found.text[:LONGEST_TEXT],
            "page": page,
            "side_mm": round(whole / px_a_mm, 1) if px_a_mm and whole else None,
        }


def _resolution(page: Any) -> tuple[int | None, bool]:
    """Return the coarsest resolution of the larger pictures, and whether all else is drawn.

    What lies in a form of its own has a scale that is not told here: nothing is said then.
    """
    found: list[float] = []
    nested = False
    for place, one in enumerate(page.get_objects(filter=[_IMAGES])):
        if place >= MOST_IMAGES:
            return None, False
        if one.level:
            nested = True
            continue
        left, bottom, right, top = one.get_bounds()
        placed = (right - left) * (top - bottom) / POINTS_A_INCH**2
        width, height = one.get_px_size()
        if placed >= SMALLEST_PLACED_INCH2:
            found.append(math.sqrt(width * height / placed))
    return (round(min(found)) if found and not nested else None), not found and not nested


def _preview(page: Any, longest_points: float) -> str:
    scale = PREVIEW_SIDE_PX / longest_points
    kept = BytesIO()
    page.render(scale=scale).to_pil().convert("RGB").save(kept, "PNG")
    return base64.b64encode(kept.getvalue()).decode()


if __name__ == "__main__":
    main()
