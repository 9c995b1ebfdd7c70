"""QR symbols, always level M: as rows of modules, as SVG for pages, as one-bit PNG for print."""

import math
from html import escape
from io import BytesIO
from typing import TypeAlias

import zxingcpp
from PIL import Image

QUIET_ZONE = 4  # modules of white on each side, ISO/IEC 18004
STAMP_SIDE = 41  # version 6: every larger symbol reads worse at 25 mm

Matrix: TypeAlias = tuple[tuple[bool, ...], ...]


def qr_matrix(text: str) -> Matrix:
    """Return the modules of the smallest symbol for a text, dark ones true, without quiet zone."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    # The image speaks the buffer protocol, which its type stub does not say.
    image = symbol.to_image(scale=1, add_quiet_zones=False)
    flat = memoryview(image).tobytes()  # type: ignore[arg-type]  # -- see above
    side = math.isqrt(len(flat))
    return tuple(
        tuple(value == 0 for value in flat[row * side : (row + 1) * side]) for row in range(side)
    )


def stamp_symbol(prefix: str, digits: str) -> Matrix:
    """Return the symbol of a stamp: prefix in bytes, digits packed ten bits for three.

    Refuses what does not end as 41×41 modules: a longer host would give a symbol that phones read
    worse, and nobody would notice before the labels are printed.
    """
    if not digits.isdecimal():
        raise ValueError("the second part of a stamp symbol is decimal digits")
    matrix = qr_matrix(prefix + digits)
    if len(matrix) != STAMP_SIDE:
        raise ValueError(f"the symbol has {len(matrix)} modules a side instead of {STAMP_SIDE}")
    return matrix


def matrix_svg(matrix: Matrix, *, size_mm: float | None = None, title: str = "") -> str:
    """Return an SVG with quiet zone: one path, a rectangle for each run of dark modules.

    `size_mm` gives it a side in true millimetres, its quiet zone included; without, whoever shows it
    says how large. `title` is what a designer's program calls it.
    """
    side = len(matrix) + 2 * QUIET_ZONE
    measure = f'width="{size_mm:g}mm" height="{size_mm:g}mm" ' if size_mm else ""
    named = f"<title>{escape(title)}</title>" if title else ""
    path = "".join(
        f"M{start} {row}h{length}v1h-{length}z"
        for row, modules in enumerate(matrix, QUIET_ZONE)
        for start, length in dark_runs(modules)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {measure}viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges">{named}<path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path d="{path}"/></svg>'
    )


def matrix_png(matrix: Matrix) -> bytes:
    """Return a one-bit PNG with quiet zone, a pixel a module, to be enlarged unsmoothed."""
    side = len(matrix)
    dark = bytes(0 if module else 255 for row in matrix for module in row)
    image = Image.new("1", (side + 2 * QUIET_ZONE,) * 2, 1)
    image.paste(Image.frombytes("L", (side, side), dark).convert("1"), (QUIET_ZONE,) * 2)
    file = BytesIO()
    image.save(file, "png")
    return file.getvalue()


def qr_svg(text: str) -> str:
    """Return the symbol of a text as SVG."""
    return matrix_svg(qr_matrix(text))


def dark_runs(modules: tuple[bool, ...]) -> list[tuple[int, int]]:
    """Return start and length of each run of dark modules, counted from the quiet zone's edge."""
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for column, dark in enumerate((*modules, False)):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            runs.append((start + QUIET_ZONE, column - start))
            start = None
    return runs
