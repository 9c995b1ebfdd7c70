"""Texts that people will open in a spreadsheet: records of CSV (RFC 4180) that run nothing."""

import csv
from collections.abc import Iterable
from io import StringIO

GUARD = "'"
# A spreadsheet takes a text that begins so for a formula; the wide forms are read as the narrow ones.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """Return a text as a cell; one that a spreadsheet would run gets an apostrophe before it."""
    return f"{GUARD}{text}" if text.lstrip(" ").startswith(_RUNS) else text


def record(cells: Iterable[str]) -> str:
    """Return cells as one record with its line end; they are written as they are."""
    written = StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
