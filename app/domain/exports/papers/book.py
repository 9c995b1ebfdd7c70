"""A workbook that is written line by line to the disk: titles, frozen heads, widths, formats of a kind.

Every text is written as text: what begins with «=» is never a formula, an address never a link.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Literal

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.domain.exports.rules import Value

_LONGEST_TEXT = 32_767  # of a cell
_GREEN, _PALE = "#1B5E3B", "#E3EFE8"
_A4 = 9


@dataclass(frozen=True, slots=True)
class Head:
    """One column of a sheet: what stands above it, how wide it is, how its numbers look."""

    label: str
    width: int
    look: Literal["text", "number", "amount", "day"] = "text"


class Sheet:
    """One sheet: title, day and source above, then heads that stay in sight, then rows."""

    def __init__(self, book: "Book", name: str, heads: Sequence[Head]) -> None:
        self._book, self._heads = book, heads
        self._sheet: Worksheet = book.workbook.add_worksheet(name)
        self._row = self._head_row = 0
        for place, head in enumerate(heads):
            self._sheet.set_column(place, place, head.width)
        self._sheet.set_landscape()
        self._sheet.set_paper(_A4)
        self._sheet.fit_to_pages(1, 0)
        self._sheet.set_footer("&C&P/&N")

    def begin(self, title: str, lines: Iterable[str]) -> None:
        """Write what stands above the table, and its heads."""
        self._write_text(title, self._book.title)
        for line in lines:
            self._write_text(line, self._book.small)
        self._row += 1
        self.heads()

    def heads(self) -> None:
        """Write the heads of the table; they stay in sight when scrolled and on every page printed."""
        for place, head in enumerate(self._heads):
            self._sheet.write_string(self._row, place, head.label, self._book.head)
        self._head_row = self._row
        self._row += 1
        self._sheet.freeze_panes(self._row, 0)
        self._sheet.repeat_rows(self._row - 1)

    def filter(self) -> None:
        """Let readers sort and filter the rows that were written."""
        if self._row > self._head_row + 1:
            self._sheet.autofilter(self._head_row, 0, self._row - 1, len(self._heads) - 1)

    def note(self, text: str) -> None:
        """Write a line of its own after an empty one."""
        self._row += 1
        self._write_text(text, self._book.part)

    def row(self, *values: Value, bold: bool = False) -> None:
        """Write one row; nothing leaves its cell empty."""
        looks = self._book.bold if bold else self._book.plain
        for place, (head, value) in enumerate(zip(self._heads, values, strict=True)):
            self._write(place, value, looks[head.look])
        self._row += 1

    def _write_text(self, text: str, look: Format) -> None:
        self._sheet.write_string(self._row, 0, text, look)
        self._row += 1

    def _write(self, place: int, value: Value, look: Format) -> None:
        if value is None:
            self._sheet.write_blank(self._row, place, None, look)
        elif isinstance(value, bool):
            self._sheet.write_boolean(self._row, place, value, look)
        elif isinstance(value, date):
            self._sheet.write_datetime(self._row, place, datetime.combine(value, time()), look)
        elif isinstance(value, int | Decimal):
            self._sheet.write_number(self._row, place, float(value), look)
        else:
            self._sheet.write_string(self._row, place, value[:_LONGEST_TEXT], look)


class Book:
    """A workbook on the disk whose rows leave memory as soon as the next one begins."""

    def __init__(self, place: Path, *, title: str, at: datetime) -> None:
        self.workbook = Workbook(
            str(place),
            {
                "constant_memory": True,
                "tmpdir": str(place.parent),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self.workbook.set_properties({"title": title, "created": at.replace(tzinfo=None)})
        make = self.workbook.add_format
        self.title = make({"bold": True, "font_size": 14})
        self.small = make({"italic": True, "font_color": "#555555"})
        self.part = make({"bold": True, "font_color": _GREEN, "font_size": 12})
        self.head = make(
            {
                "bold": True,
                "bg_color": _GREEN,
                "font_color": "#FFFFFF",
                "text_wrap": True,
                "valign": "vcenter",
                "border": 1,
            }
        )
        kinds: dict[str, dict[str, object]] = {
            "text": {"num_format": "@", "text_wrap": True},
            "number": {"num_format": "#,##0"},
            "amount": {"num_format": "#,##0.######"},
            "day": {"num_format": "dd/mm/yyyy", "align": "left"},
        }
        ruled: dict[str, object] = {"valign": "top", "border": 1, "border_color": "#BBBBBB"}
        self.plain = {name: make(look | ruled) for name, look in kinds.items()}
        strong: dict[str, object] = {"bold": True, "bg_color": _PALE}
        self.bold = {name: make(look | ruled | strong) for name, look in kinds.items()}

    def sheet(self, name: str, *heads: Head) -> Sheet:
        """Add a sheet with these columns; several may be written by turns."""
        return Sheet(self, name, heads)


@contextmanager
def new_book(place: Path, *, title: str, at: datetime) -> Iterator[Book]:
    """Lend a new workbook that is whole when the block ends."""
    book = Book(place, title=title, at=at)
    yield book
    book.workbook.close()
