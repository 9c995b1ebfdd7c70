"""Papers about personal data: a person's own copy as an archive, and the record of processing."""

import csv
import io
import json
from collections.abc import Iterable
from html import escape

from app.core.zip_stream import ZipStream
from app.domain.privacy.enums import Care
from app.domain.privacy.rules import HOLDINGS, LAW, RIGHTS, WHOSE_LABELS, said_here
from app.domain.privacy.schemas import PersonalDataOut

COPY_MEDIA_TYPE = "application/zip"
COPY_NAME = "du-lieu-ca-nhan.zip"
_CARE_WORDS = {
    Care.BASIC: "cơ bản",
    Care.SENSITIVE: "nhạy cảm hoặc cần giữ kín",
    Care.SECRET: "bí mật",
}
_COLUMNS = (
    "Mã",
    "Dữ liệu",
    "Của ai",
    "Mục đích",
    "Căn cứ",
    "Thời hạn lưu",
    "Ai xem",
    "Chuyển cho ai",
    "Loại",
    "Có phần công khai",
    "Nơi lưu trong cơ sở dữ liệu",
)


def zipped_copy(copied: PersonalDataOut) -> bytes:
    """Return a copy as an archive: a page to read and the same as JSON."""
    data = json.dumps(copied.model_dump(mode="json"), ensure_ascii=False, indent=1).encode()
    with ZipStream() as archive:
        parts = [
            archive.small("doc-duoc.html", _page(copied).encode()),
            archive.small("du-lieu.json", data),
        ]
        return b"".join([*parts, *archive.end()])


def processing_record(*, keeper: str, contact: str, reporters_days: int) -> str:
    """Return the record of processing as CSV, with the mark by which spreadsheets know UTF-8.

    One line for each holding; the province attaches it to its own file on impact.
    """
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n").writerow
    write(["Bản ghi hoạt động xử lý dữ liệu cá nhân", keeper, contact, LAW])
    write(_COLUMNS)
    for holding in HOLDINGS:
        write(
            [
                holding.key,
                str(holding.what),
                WHOSE_LABELS[holding.whose],
                str(holding.purpose),
                holding.basis,
                str(said_here(holding.period, reporters_days)),
                str(holding.readers),
                str(holding.shared or ""),
                _CARE_WORDS[holding.care],
                "có" if holding.public else "không",
                "; ".join(f"{table}.{name}" for table, name in holding.names),
            ]
        )
    return f"\N{BYTE ORDER MARK}{text.getvalue()}"


def _page(copied: PersonalDataOut) -> str:
    return "".join(
        [
            '<!doctype html><html lang="vi"><meta charset="utf-8"><title>Dữ liệu cá nhân</title>',
            f"<h1>Dữ liệu đang lưu về {escape(copied.about)}</h1>",
            f"<p>Lập lúc {copied.made_at.isoformat()}. Căn cứ: {RIGHTS}. Tệp giấy tờ không nằm trong",
            " bản này: tải ở mục Giấy tờ. Mật khẩu và mã bí mật chỉ ghi là có.</p>",
            *(
                part
                for table, rows in copied.tables.items()
                for part in _table(table, rows, is_cut=table in copied.cut_off)
            ),
        ]
    )


def _table(table: str, rows: list[dict[str, object]], *, is_cut: bool) -> Iterable[str]:
    words = "; ".join(str(h.what) for h in HOLDINGS if table in h.columns)
    yield f"<h2>{escape(table)}</h2><p>{escape(words)}"
    yield f" ({len(rows)} dòng mới nhất)</p>" if is_cut else "</p>"
    yield "<table border=1><tr>" + "".join(f"<th>{escape(name)}" for name in rows[0]) + "</tr>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{escape(_said(value))}" for value in row.values()) + "</tr>"
    yield "</table>"


def _said(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "có" if value else "không"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
