"""The summary of a meeting: every product with the total of every sheet, as workbook and as paper."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.errors import Conflict, NotPermitted
from app.core.layout import Block, Cell, Letterhead, Paper, Table, Title, text
from app.core.official_days import place_and_date
from app.core.own_templates import ReplaceablePaper
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import MeetingState, SheetState
from app.domain.councils.papers.customs import (
    AUTHORITY,
    PLACE,
    chair_of,
    decided,
    pen,
    row_of,
)
from app.domain.councils.queries import ItemRow, MeetingRow, get_meeting
from app.domain.councils.rules import MEETING_BASIS, MEETING_LABELS
from app.rulebooks.scoring import Outcome, decimal_text

TEMPLATE = "summary"
_TITLE = "Bảng tổng hợp kết quả đánh giá, phân hạng sản phẩm OCOP"
_WIDTHS = (5, 34, 34)
_WIDE = 14


class NoSummaryYet(Conflict):
    """Totals of sheets are put together when the meeting is over."""

    code = "meeting.no_summary"
    message = "Phiên họp đang ở trạng thái «{state}»: chưa có bảng tổng hợp, báo cáo để in."
    basis = MEETING_BASIS


class SummaryOfCouncil(NotPermitted):
    """The total of each member is for the council and the province."""

    code = "meeting.summary_of_council"
    message = "Chỉ thành viên Hội đồng và cấp tỉnh được xem bảng tổng hợp điểm từng phiếu."
    basis = MEETING_BASIS


def summary_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    demonstration: bool,
    rules_dir: Path | None,
) -> ReplaceablePaper:
    """Return the summary of a closed meeting as a paper; for the council and the province."""
    data = summary_data(closed_meeting(session, code, actor=actor, rules_dir=rules_dir))
    return ReplaceablePaper(
        TEMPLATE, data, Paper(_TITLE, tuple(_blocks(data)), specimen=demonstration)
    )


def summary_workbook(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    at: datetime,
    demonstration: bool,
    rules_dir: Path | None,
) -> bytes:
    """Return the summary of a closed meeting as a workbook; typed texts stay texts."""
    data = summary_data(closed_meeting(session, code, actor=actor, rules_dir=rules_dir))
    written = BytesIO()
    book = Workbook(
        written, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"title": _TITLE, "created": at.replace(tzinfo=None, microsecond=0)})
    sheet = book.add_worksheet("Tổng hợp")
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
    plain = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
    points = book.add_format({"valign": "top", "border": 1, "num_format": "0"})
    sheet.write_string(0, 0, _TITLE + (" (BẢN MINH HỌA)" if demonstration else ""), bold)
    sheet.write_string(1, 0, f"{data['meeting']} · {data['place_and_date']}", plain)
    heads = ["TT", "Sản phẩm", "Chủ thể", *data["members"], "Trung bình", "Trung bình (phân số)"]
    heads += ["Trung vị", "Chênh lệch", "Kết quả", "Mã băm kết quả"]
    for column, head in enumerate(heads):
        sheet.write_string(3, column, head, bold)
        sheet.set_column(column, column, _WIDTHS[column] if column < len(_WIDTHS) else _WIDE)
    for line, one in enumerate(data["items"], start=4):
        sheet.write_number(line, 0, one["position"], points)
        sheet.write_string(line, 1, one["product"], plain)
        sheet.write_string(line, 2, one["producer"], plain)
        for column, total in enumerate(one["totals"], start=3):
            if isinstance(total, int):
                sheet.write_number(line, column, total, points)
            else:
                sheet.write_string(line, column, total, plain)
        rest = ("average", "average_exact", "median", "spread", "decided", "hash")
        for column, name in enumerate(rest, start=3 + len(data["members"])):
            sheet.write_string(line, column, str(one[name]), plain)
    sheet.freeze_panes(4, 3)
    book.close()
    return written.getvalue()


def summary_data(row: MeetingRow) -> dict[str, Any]:
    """Return what a template of the summary reads; members in the order of their seats."""
    scoring = [seat.member for seat in row.seats if seat.member.voting]
    return {
        "authority": AUTHORITY,
        "meeting": _name_of(row),
        "place_and_date": place_and_date(f"tỉnh {PLACE}", _day_of(row)),
        "members": [member.name for member in scoring],
        "items": [
            _item(position, one, [member.id for member in scoring])
            for position, one in enumerate(row.items, start=1)
        ],
        "chair": chair_of(row.presiding),
    }


def closed_meeting(
    session: ReadSession, code: str, *, actor: Actor, rules_dir: Path | None
) -> MeetingRow:
    """Return a closed meeting for its papers; for the council and the province."""
    row = get_meeting(session, code, actor=actor, rules_dir=rules_dir)
    if row.seat is None and not actor.sees_province:
        raise SummaryOfCouncil
    if row.meeting.state is not MeetingState.CLOSED:
        raise NoSummaryYet(state=MEETING_LABELS[row.meeting.state])
    return row


def _item(position: int, row: ItemRow, member_ids: list[int | None]) -> dict[str, Any]:
    result = row.result
    if result is None:  # a meeting closes only when every result is locked
        message = f"item {row.item.code} of a closed meeting has no result"
        raise ValueError(message)
    told = {sheet.member_id: _told(sheet.state, sheet.total) for sheet in row.sheets}
    return {
        "position": position,
        "product": row.product.name,
        "producer": row.producer.name,
        "totals": [told.get(member_id or 0, "vắng") for member_id in member_ids],
        "counted": result.sheets_counted,
        "average": result.average_text,
        "average_exact": f"{result.average_numerator}/{result.average_denominator}",
        "median": decimal_text(Fraction(result.median_numerator, result.median_denominator), 1),
        "spread": result.spread,
        "star": result.star,
        "outcome": result.outcome,
        "decided": decided(Outcome(result.outcome), result.star),
        "hash": result.document_hash,
    }


def _told(state: SheetState, total: int) -> int | str:
    match state:
        case SheetState.SUBMITTED:
            return total
        case SheetState.RECUSED:
            return "không tham gia"
        case _:
            return "không có ý kiến"


def _blocks(data: Mapping[str, Any]) -> Iterator[Block]:
    yield Letterhead(data["authority"], "", data["place_and_date"])
    yield Title("BẢNG TỔNG HỢP", (text("Kết quả đánh giá, phân hạng sản phẩm OCOP", bold=True),))
    yield text(data["meeting"], align="center", italic=True)
    yield Table(
        widths_mm=(9, 50, 48, 19, 16, 20),
        heads=("TT", "Sản phẩm, chủ thể", "Điểm các phiếu", "TB", "Chênh", "Kết quả"),
        aligns=("center", "left", "left", "center", "center", "left"),
        rows=tuple(
            (
                *row_of(str(one["position"])),
                Cell(
                    (
                        text(one["product"], bold=True, align="left"),
                        text(one["producer"], align="left"),
                    )
                ),
                Cell(
                    tuple(
                        text(f"{name}: {total}", align="left")
                        for name, total in zip(data["members"], one["totals"], strict=True)
                    )
                ),
                *row_of(one["average"], str(one["spread"]), one["decided"]),
            )
            for one in data["items"]
        ),
    )
    yield pen(data["chair"])


def _name_of(row: MeetingRow) -> str:
    held = f"đợt {row.round.ordinal} năm {row.round.year}" if row.round else "không theo đợt"
    form = "Lấy ý kiến bằng văn bản" if row.is_written else "Phiên họp Hội đồng"
    return f"{form}, {held}; biên bản số {row.meeting.minutes_number}"


def _day_of(row: MeetingRow) -> Any:
    closed = row.meeting.closed_at
    return local_day(closed) if closed else None
