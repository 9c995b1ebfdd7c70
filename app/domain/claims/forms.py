"""Claims as a table: rows of a CSV file in, rows of a CSV file out (RFC 4180)."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import StringIO
from typing import Any

from pydantic import ValidationError

from app.core.errors import Refused
from app.core.sentences import fields_of
from app.core.spreadsheets import guarded, record
from app.core.text import fold
from app.domain.claims.rules import MOST_CLAIMS
from app.domain.claims.schemas import BadRow, Claim, ClaimAnswer

# Names a header may have, folded: those of the JSON, or what a shop here would write.
COLUMNS: dict[str, str] = {
    "reference": "reference",
    "ma tham chieu": "reference",
    "seller": "seller",
    "noi ban": "seller",
    "nguoi ban": "seller",
    "claimed stars": "claimed_stars",
    "so sao": "claimed_stars",
    "product code": "product_code",
    "ma san pham": "product_code",
    "certificate": "certificate",
    "giay chung nhan": "certificate",
    "stamp": "stamp",
    "tem": "stamp",
    "gtin": "gtin",
    "product": "product",
    "san pham": "product",
    "producer": "producer",
    "chu the": "producer",
}
ANSWER_COLUMNS = (
    "row",
    "reference",
    "finding",
    "reason",
    "claimed_stars",
    "stars",
    "valid_until",
    "since",
    "certificate",
    "product",
    "producer",
    "message",
    "message_en",
    "basis",
    "register_url",
    "known_at",
    "ask_again_after",
    "proof",
    "problem",
)
_NEEDED = ("seller", "claimed_stars")
_MARK = "\ufeff"  # Excel takes a file without it for one in the code page of the machine
_LONG_ROW = "Hàng này có nhiều ô hơn hàng tiêu đề."


class UnreadableTable(Refused):
    """What was sent is no table of claims."""

    code = "claims.unreadable"
    message = (
        "Không đọc được bảng. Hãy gửi tệp CSV mã UTF-8, cách ô bằng dấu phẩy hoặc chấm phẩy, hàng đầu "
        "là tên cột."
    )


class MissingColumns(Refused):
    """A table of claims without seller, stars, or anything that names a product."""

    code = "claims.columns"
    message = (
        "Bảng cần các cột seller, claimed_stars và ít nhất một cột chỉ sản phẩm (product_code, "
        "certificate, stamp, gtin, hoặc product và producer)."
    )


class TooManyClaims(Refused):
    """More rows than are answered at once."""

    code = "claims.too_many"
    message = "Mỗi lần hỏi tối đa {most} dòng. Hãy chia nhỏ bảng."


@dataclass(slots=True)
class Table:
    """The claims of a table with the number of their row, and the rows that could not be read."""

    rows: list[int] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


def read_table(raw: bytes) -> Table:
    """Read a table of claims; rows are counted as a spreadsheet does, the header is the first.

    UTF-8 with or without its mark; comma or semicolon, whichever the header has more of. Columns
    nobody knows are passed over, and so are empty rows; a bad row is told and the others are read.
    Refused: UnreadableTable, MissingColumns, TooManyClaims.
    """
    try:
        text = raw.decode("utf-8-sig")
        header, _, _ = text.partition("\n")
        delimiter = ";" if header.count(";") > header.count(",") else ","
        lines = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as broken:
        raise UnreadableTable from broken
    if not lines:
        raise UnreadableTable
    names = [COLUMNS.get(fold(name)) for name in lines[0]]
    known = {name for name in names if name}
    if not known.issuperset(_NEEDED) or not (
        known & {"product_code", "certificate", "stamp", "gtin"} or {"product", "producer"} <= known
    ):
        raise MissingColumns
    filled = [
        (number, cells)
        for number, cells in enumerate(lines[1:], start=2)
        if any(cell.strip() for cell in cells)
    ]
    if not filled:
        raise UnreadableTable
    if len(filled) > MOST_CLAIMS:
        raise TooManyClaims(most=MOST_CLAIMS)
    table = Table()
    for number, cells in filled:
        _read_row(table, number, names, cells)
    return table


def _read_row(table: Table, number: int, names: Sequence[str | None], cells: Sequence[str]) -> None:
    if any(cell.strip() for cell in cells[len(names) :]):
        table.bad.append(BadRow(row=number, problem=_LONG_ROW))
        return
    said = {
        name: cell.strip()
        for name, cell in zip(names, cells, strict=False)
        if name and cell.strip()
    }
    try:
        claim = Claim.model_validate(said)
    except ValidationError as wrong:
        told = fields_of([dict(error) for error in wrong.errors()])
        problem = " ".join(f"{place}: {why}" if place else why for place, why in told.items())
        table.bad.append(BadRow(row=number, problem=problem))
        return
    table.rows.append(number)
    table.claims.append(claim)


def written_table(table: Table, answers: Sequence[ClaimAnswer]) -> str:
    """Return the answers and the bad rows as a CSV file, in the order of the table that was read.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    rows: dict[int, dict[str, Any]] = {
        number: {**answer.model_dump(), "row": number}
        for number, answer in zip(table.rows, answers, strict=True)
    }
    rows |= {bad.row: {"row": bad.row, "problem": bad.problem} for bad in table.bad}
    answered = (
        record(_cell(rows[number].get(name)) for name in ANSWER_COLUMNS) for number in sorted(rows)
    )
    return _MARK + record(ANSWER_COLUMNS) + "".join(answered)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return guarded(str(value))
