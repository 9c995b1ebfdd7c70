"""How a value is written: JSON as it is, CSV by RFC 4180 and so that no spreadsheet runs a text."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from app.core.spreadsheets import guarded, record

Value: TypeAlias = str | int | bool | date | Decimal | None


def csv_value(value: Value) -> str:
    """Return a value as a cell of a CSV file; a text that a spreadsheet would run gets an apostrophe.

    Numbers, days and truth values are ours and stay as they are; nothing is an empty cell.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return guarded(value)
    return str(value)


def json_value(value: Value) -> str | int | bool | None:
    """Return a value as JSON knows it: days as year-month-day, texts exactly as they are."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def csv_row(values: Iterable[Value]) -> str:
    """Return one record with its line end (RFC 4180)."""
    return record(csv_value(one) for one in values)
