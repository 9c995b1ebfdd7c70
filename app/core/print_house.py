"""What a print house takes for printing with changing data: one table, and a symbol for each stamp.

One pass over the rows makes the whole archive, so that table and symbols can never tell different
stamps: the symbols go out as they are drawn, the table waits packed in a temporary file and goes out
last. Whoever receives an archive without its end knows that it is not whole: no program opens it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.core.label_sheets import LARGEST_SYMBOL_MM, SMALLEST_SYMBOL_MM, SYMBOL_MM, pin_in_groups
from app.core.qr import matrix_svg, stamp_symbol
from app.core.spreadsheets import guarded, record
from app.core.zip_stream import PackedFile, ZipStream, in_pieces

TABLE = "tem.csv"
README = "DOC-TRUOC.txt"
COLUMNS = (
    "place",
    "roll",
    "serial",
    "url",
    "pin",
    "product",
    "producer",
    "stars",
    "until",
    "svg",
)  # `svg` is the path of the symbol, from the folder that holds the table

# Excel takes a file without this mark for one in the code page of the machine.
_MARK = "\ufeff"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True, slots=True)
class PrintRow:
    """One stamp to print: its place on its roll, the roll, the link in its symbol, its words.

    Place 0 is the label of the roll itself. `pin` is a scratch code or empty, `until` is
    «24/11/2029».
    """

    place: int
    roll: int
    serial: str
    url: str
    product: str
    producer: str
    stars: int
    until: str
    pin: str = ""


def print_house_bundle(
    rows: Iterable[PrintRow], *, readme: str, name: str, size_mm: float = SYMBOL_MM
) -> Iterator[bytes]:
    """Give a ZIP in pieces while the rows are read: `DOC-TRUOC.txt`, the symbols, `tem.csv`.

    All stands in one folder `name`; symbols measure `size_mm` a side, quiet zone included. Memory does
    not grow with the rows. ValueError before anything is given for a name that is no plain file name
    and a size that phones read badly; in the middle, where the archive then breaks off, for such a
    serial and for a link too long for a stamp.
    """
    _as_file_name(name)
    if not SMALLEST_SYMBOL_MM <= size_mm <= LARGEST_SYMBOL_MM:
        raise ValueError(f"a symbol measures {SMALLEST_SYMBOL_MM} to {LARGEST_SYMBOL_MM} mm")
    return in_pieces(_parts(rows, readme=readme, name=name, size_mm=size_mm))


def _parts(rows: Iterable[PrintRow], *, readme: str, name: str, size_mm: float) -> Iterator[bytes]:
    with ZipStream() as archive, PackedFile() as table:
        words = _MARK + "\r\n".join(readme.splitlines()) + "\r\n"
        yield archive.small(f"{name}/{README}", words.encode())
        table.write((_MARK + record(COLUMNS)).encode())
        for row in rows:
            path = f"svg/{row.roll:04}/{row.place:07}-{_as_file_name(row.serial)}.svg"
            yield archive.small(f"{name}/{path}", _symbol(row, size_mm).encode())
            table.write(record(_cells(row, path)).encode())
        table.finish()
        yield from archive.large(f"{name}/{TABLE}", table)
        yield from archive.end()


def _symbol(row: PrintRow, size_mm: float) -> str:
    prefix, slash, digits = row.url.rpartition("/")
    matrix = stamp_symbol(prefix + slash, digits)
    return matrix_svg(matrix, size_mm=size_mm, title=row.serial)


def _cells(row: PrintRow, path: str) -> Iterator[str]:
    yield str(row.place)
    yield str(row.roll)
    yield row.serial
    yield row.url
    # In groups, as on the label: a spreadsheet would take eight digits for a number.
    yield pin_in_groups(row.pin)
    yield guarded(row.product)
    yield guarded(row.producer)
    yield str(row.stars)
    yield row.until
    yield path


def _as_file_name(text: str) -> str:
    if not _PLAIN_NAME.fullmatch(text):
        raise ValueError(f"no plain name for a file: {text!r}")
    return text
