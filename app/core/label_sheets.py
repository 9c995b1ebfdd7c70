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
PIN_LENGTH = 8

_SHEET_MM = (210.0, 297.0)
_EDGE_MM = (8.0, 15.5)  # left and right; mean of head and foot
_AROUND_SYMBOL_MM = (6.0, 17.5)
_PIN_MM = 4.8  # the box of a scratch code and the air beneath it


@dataclass(frozen=True, slots=True)
class Label:
    """One label: the link in its symbol, and what stands in letters.

    `pin` is a secret of eight characters, printed to be covered by a scratch layer. `roll` makes it
    the label of a whole roll, such as «Cuộn 3/40 · 1.000 tem · vị trí 2001–3000»: it is framed, says
    that it goes on no product, and shows no stars; it stands before the labels of its roll.
    """

    url: str
    serial: str
    product: str
    producer: str
    stars: int
    until: str
    specimen: bool = False
    pin: str = ""
    roll: str = ""

    def __post_init__(self) -> None:
        if self.pin and len(self.pin) != PIN_LENGTH:
            raise ValueError(f"a scratch code has {PIN_LENGTH} characters")
        if self.pin and self.roll:
            raise ValueError("a roll has no scratch code")


@dataclass(frozen=True, slots=True)
class Layout:
    """How many labels of which size stand on a sheet."""

    size_mm: float
    columns: int
    rows: int
    cell_width_mm: float
    cell_height_mm: float
    pin_mm: float = 0.0

    @property
    def labels_a_sheet(self) -> int:
        """How many labels one sheet holds."""
        return self.columns * self.rows


def layout(size_mm: float = SYMBOL_MM, *, pins: bool = False) -> Layout:
    """Return how labels with a symbol of this size, quiet zone included, fill an A4 sheet.

    With `pins` each label is taller by the box of its scratch code.
    """
    if not SMALLEST_SYMBOL_MM <= size_mm <= LARGEST_SYMBOL_MM:
        raise ValueError(f"a symbol measures {SMALLEST_SYMBOL_MM} to {LARGEST_SYMBOL_MM} mm")
    width, height = (size_mm + around for around in _AROUND_SYMBOL_MM)
    pin = _PIN_MM if pins else 0.0
    across, down = (
        int((whole - 2 * edge) // cell)
        for whole, edge, cell in zip(_SHEET_MM, _EDGE_MM, (width, height + pin), strict=True)
    )
    return Layout(size_mm, across, down, width, height + pin, pin)


def label_sheet_pdf(
    labels: Sequence[Label], *, heading: str, at: datetime, size_mm: float = SYMBOL_MM
) -> bytes:
    """Return A4 sheets with all labels in their order, ruler and cut marks outside the labels.

    One label with a scratch code makes every cell as tall as such labels are.
    """
    if not labels:
        raise ValueError("a sheet has at least one label")
    arrangement = layout(size_mm, pins=any(label.pin for label in labels))
    return join_pdfs(list(_parts(labels, heading=heading, at=at, arrangement=arrangement)))


def pin_in_groups(pin: str) -> str:
    """Return a scratch code as it is printed, in two groups of four: «7K2M-9Q4T»."""
    return f"{pin[: PIN_LENGTH // 2]}-{pin[PIN_LENGTH // 2 :]}" if pin else ""


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
            "pin_mm": arrangement.pin_mm,
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
        "pin": pin_in_groups(label.pin),
        "roll": label.roll,
    }
