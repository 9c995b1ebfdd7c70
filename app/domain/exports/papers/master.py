"""The ministry's master table PTNT_OCOP: heads in the first row, so that machines read it as it is."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from app.domain.exports.papers.book import Head, new_book
from app.domain.exports.papers.dictionary import BOM, GUARDED
from app.domain.exports.rules import MASTER_COLUMNS, MasterLine, csv_row

TABLE = "PTNT_OCOP"
_AMOUNT = "DoanhThuNam"


def write_master_csv(lines: Iterable[MasterLine], place: Path) -> int:
    """Write the table as CSV; return how many lines it has."""
    count = 0
    with place.open("w", encoding="utf-8", newline="") as table:
        table.write(BOM + csv_row(one.name for one in MASTER_COLUMNS))
        for count, line in enumerate(lines, start=1):  # noqa: B007 -- how many there were
            table.write(csv_row(one.of(line) for one in MASTER_COLUMNS))
    return count


def write_master_workbook(
    lines: Iterable[MasterLine], place: Path, *, year: int, at: datetime, demonstration: bool
) -> int:
    """Write the table as a workbook with a sheet that explains it; return how many lines it has."""
    count = 0
    with new_book(place, title=f"{TABLE} {year}", at=at) as book:
        table = book.sheet(
            TABLE,
            *(
                Head(one.name, one.width, "amount" if one.name == _AMOUNT else "text")
                for one in MASTER_COLUMNS
            ),
        )
        guide = book.sheet("Giải thích", Head("Cột", 22), Head("Nội dung", 100))
        years = book.sheet(
            "Năm của doanh thu",
            Head("MA_OCOP", 14),
            Head("Năm", 8),
            Head(_AMOUNT, 14, "amount"),
        )
        table.heads()
        years.heads()
        for count, line in enumerate(lines, start=1):  # noqa: B007 -- how many there were
            table.row(*(one.of(line) for one in MASTER_COLUMNS))
            if line.revenue is not None:
                years.row(line.line.code, str(line.revenue_year), line.revenue_in_millions)
        notes = [f"Bảng {TABLE} theo Quyết định 5277/QĐ-BNNMT. Năm {year}."]
        if demonstration:
            notes.append("MINH HỌA – không phải hồ sơ thật.")
        guide.begin(f"Bảng dữ liệu dùng chung {TABLE}", notes)
        for one in MASTER_COLUMNS:
            guide.row(one.name, one.meaning)
        guide.row("Tệp CSV", GUARDED.vi)
    return count
