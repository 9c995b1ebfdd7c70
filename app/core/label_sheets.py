"""Sheets of labels to cut: a QR symbol in true millimetres with a few lines of text around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.qr import matrix_png, stamp_symbol
from app.core.typesetting import join_pdfs, render_pdf

SYMBOL_MM = 25.0
SMALLEST_SYMBOL_MM = 22.0  # below this, common phones begin to miss the symbol
LARGEST_SYMBOL_MM = 60.0
SHEETS_AT_ONCE = 15  # one compilation holds so many sheets in memory, whatever the batch

_SHEET_MM = (210.0, 297.0)
_EDGE_MM = (8.0, 15.5)  # left and right; mean of head and foot
_AROUND_SYMBOL_MM = (6.0, 17.5)


@dataclass(frozen=True, slots=True)
class Label:
    """One label: the link in its symbol, and what stands in letters."""

    url: str
    serial: str
    product: str
    producer: str
    stars: int
    until: str
    specimen: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How many labels of which size stand on a sheet."""

    size_mm: float
    columns: int
    rows: int
    cell_width_mm: float
    cell_height_mm: float

    @property
    def labels_a_sheet(self) -> int:
        """How many labels one sheet holds."""
        return self.columns * self.rows


def layout(size_mm: float = SYMBOL_MM) -> Layout:
    """Return how labels with a symbol of this size, quiet zone included, fill an A4 sheet."""
    if not SMALLEST_SYMBOL_MM <= size_mm <= LARGEST_SYMBOL_MM:
        raise ValueError(f"a symbol measures {SMALLEST_SYMBOL_MM} to {LARGEST_SYMBOL_MM} mm")
    width, height = (size_mm + around for around in _AROUND_SYMBOL_MM)
    across, down = (
        int((whole - 2 * edge) // cell)
        for whole, edge, cell in zip(_SHEET_MM, _EDGE_MM, (width, height), strict=True)
    )
    return Layout(size_mm, across, down, width, height)


def label_sheet_pdf(
    labels: Sequence[Label], *, heading: str, at: datetime, size_mm: float = SYMBOL_MM
) -> bytes:
    """Return A4 sheets with all labels in their order, ruler and cut marks outside the labels."""
    if not labels:
        raise ValueError("a sheet has at least one label")
    return join_pdfs(list(_parts(labels, heading=heading, at=at, arrangement=layout(size_mm))))


def _parts(
    labels: Sequence[Label], *, heading: str, at: datetime, arrangement: Layout
) -> Iterator[bytes]:
    sheets = -(-len(labels) // arrangement.labels_a_sheet)
    step = SHEETS_AT_ONCE * arrangement.labels_a_sheet
    for start in range(0, len(labels), step):
        data = {
            "heading": heading,
            "size_mm": arrangement.size_mm,
            "columns": arrangement.columns,
            "rows": arrangement.rows,
            "cell_width_mm": arrangement.cell_width_mm,
            "cell_height_mm": arrangement.cell_height_mm,
            "first_page": start // arrangement.labels_a_sheet + 1,
            "pages": sheets,
            "labels": [_printed(label) for label in labels[start : start + step]],
        }
        yield render_pdf("label_sheet", data, timestamp=at, tagged=False)


def _printed(label: Label) -> dict[str, object]:
    prefix, slash, digits = label.url.rpartition("/")
    return {
        "image": matrix_png(stamp_symbol(prefix + slash, digits)),
        "serial": label.serial,
        "product": label.product,
        "producer": label.producer,
        "stars": label.stars,
        "until": label.until,
        "specimen": label.specimen,
    }
