"""The two files of a snapshot, written line by line while the register is read."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.core.clock import local_day
from app.domain.exports.papers.dictionary import LICENCE, dictionary_address
from app.domain.exports.rules import (
    COLUMNS,
    DICTIONARY_VERSION,
    RegisterLine,
    csv_row,
    json_value,
    month_of,
)

BOM = "\ufeff"  # without it Excel takes Vietnamese for something else


@dataclass(frozen=True, slots=True)
class SnapshotFiles:
    """Where the files were written, and how many certificates they hold."""

    csv: Path
    json: Path
    count: int


def write_snapshot(
    lines: Iterable[RegisterLine],
    folder: Path,
    *,
    at: datetime,
    public_url: str,
    demonstration: bool,
) -> SnapshotFiles:
    """Write both files into a folder in one reading; never more than one line is in memory."""
    names = [one.name for one in COLUMNS]
    as_csv, records, as_json = (folder / name for name in ("lines.csv", "records", "lines.json"))
    count = 0
    with (
        as_csv.open("w", encoding="utf-8", newline="") as table,
        records.open("w", encoding="utf-8") as objects,
    ):
        table.write(BOM + csv_row(names))
        for line in lines:
            values = [one.of(line) for one in COLUMNS]
            table.write(csv_row(values))
            told = dict(zip(names, map(json_value, values), strict=True))
            objects.write(",\n" if count else "")
            objects.write(json.dumps(told, ensure_ascii=False))
            count += 1
    metadata = _metadata(count, at=at, public_url=public_url, demonstration=demonstration)
    head = json.dumps(metadata, ensure_ascii=False, indent=1)
    with as_json.open("w", encoding="utf-8") as document:
        document.write(f'{{"metadata": {head},\n"certificates": [\n')
        with records.open(encoding="utf-8") as objects:
            shutil.copyfileobj(objects, document)
        document.write("\n]}\n")
    records.unlink()
    return SnapshotFiles(as_csv, as_json, count)


def _metadata(count: int, *, at: datetime, public_url: str, demonstration: bool) -> dict[str, Any]:
    taken_on = local_day(at)
    told: dict[str, Any] = {
        "title": "Danh bạ sản phẩm OCOP tỉnh Lai Châu",
        "month": month_of(taken_on),
        "taken_on": taken_on.isoformat(),
        "taken_at": at.isoformat(timespec="seconds"),
        "count": count,
        "dictionary": dictionary_address(public_url),
        "dictionary_version": DICTIONARY_VERSION,
        "source": public_url.rstrip("/"),
        "licence": {"vi": LICENCE.vi, "en": LICENCE.en},
        "notes": [
            "Mỗi dòng là một giấy chứng nhận, cả đã hết hiệu lực; trạng thái là của ngày chụp.",
            "One record a certificate, ended ones too; states are those of the day of the snapshot.",
        ],
    }
    if demonstration:
        told["demonstration"] = "Dữ liệu minh họa, không phải hồ sơ thật. Invented data."
    return told
