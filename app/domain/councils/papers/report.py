"""The council's report to the head of the province: results, and what it proposes (art. 7.3.d)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.core.db import ReadSession
from app.core.layout import Block, Letterhead, Paper, Table, Title, heading, text
from app.core.official_days import short_day, written_day
from app.core.own_templates import ReplaceablePaper
from app.domain.accounts.rules import Actor
from app.domain.councils.papers.customs import LAW, chair_of, pen, row_of
from app.domain.councils.papers.summary import closed_meeting, summary_data
from app.domain.councils.queries import MeetingRow
from app.rulebooks.scoring import Outcome

TEMPLATE = "council_report"
_TITLE = "Báo cáo kết quả đánh giá, phân hạng sản phẩm OCOP"


def council_report_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    demonstration: bool,
    rules_dir: Path | None,
) -> ReplaceablePaper:
    """Return the report of a closed meeting as a paper; for the council and the province."""
    data = council_report_data(closed_meeting(session, code, actor=actor, rules_dir=rules_dir))
    return ReplaceablePaper(
        TEMPLATE, data, Paper(_TITLE, tuple(_blocks(data)), specimen=demonstration)
    )


def council_report_data(row: MeetingRow) -> dict[str, Any]:
    """Return what a template of the report reads: products by what is proposed for them."""
    summary = summary_data(row)
    items = summary["items"]
    return {
        "authority": summary["authority"],
        "place_and_date": summary["place_and_date"],
        "meeting": summary["meeting"],
        "decision": row.council.decision_number,
        "decided_on": short_day(row.council.decided_on),
        "bases": [
            LAW,
            (
                f"Quyết định số {row.council.decision_number} {written_day(row.council.decided_on)} "
                "về việc thành lập Hội đồng"
            ),
            row.rules.title,
        ],
        "products": len(items),
        "voting": row.quorum.voting,
        "present": row.quorum.present,
        "recognise": _of(items, Outcome.RECOGNISED_CANDIDATE),
        "approve": _of(items, Outcome.AWAITING_CENTRE),
        "not_reached": _of(items, Outcome.BELOW_THREE),
        "excluded": _of(items, Outcome.EXCLUDED),
        "conclusion": row.meeting.conclusion,
        "chair": chair_of(row.presiding),
    }


def _of(items: Sequence[Mapping[str, Any]], outcome: Outcome) -> list[Mapping[str, Any]]:
    return [one for one in items if one["outcome"] == outcome]


def _blocks(data: Mapping[str, Any]) -> Iterator[Block]:
    yield Letterhead(data["authority"], "", data["place_and_date"])
    yield Title(
        "BÁO CÁO",
        (
            text("Kết quả đánh giá, phân hạng sản phẩm OCOP", bold=True),
            text(data["meeting"], italic=True),
        ),
    )
    yield text("Kính gửi: Chủ tịch Ủy ban nhân dân tỉnh Lai Châu.", align="center")
    for basis in data["bases"]:
        yield text(f"Căn cứ {basis};", italic=True, indent=True)
    yield text(
        f"Hội đồng đã đánh giá {data['products']} sản phẩm; có mặt {data['present']} trên "
        f"{data['voting']} thành viên có quyền chấm điểm. Kết quả như sau:",
        indent=True,
    )
    for title, name in _GROUPS:
        if data[name]:
            yield heading(title.format(count=len(data[name])))
            yield _table(data[name])
    if data["conclusion"]:
        yield heading("Kết luận của Hội đồng")
        yield from (text(line, indent=True) for line in data["conclusion"].splitlines() if line)
    yield text(
        "Hội đồng báo cáo và đề xuất Chủ tịch Ủy ban nhân dân tỉnh xem xét, quyết định theo Điều "
        "7.3 Quyết định số 26/2026/QĐ-TTg./.",
        indent=True,
        keep=True,
    )
    yield pen(data["chair"])


_GROUPS = (
    ("Đề nghị công nhận 3 sao, 4 sao: {count} sản phẩm", "recognise"),
    ("Đề nghị phê duyệt kết quả, trình Trung ương đánh giá 5 sao: {count} sản phẩm", "approve"),
    ("Chưa đạt 3 sao: {count} sản phẩm", "not_reached"),
    ("Bị loại, không phân hạng: {count} sản phẩm", "excluded"),
)


def _table(items: Sequence[Mapping[str, Any]]) -> Table:
    return Table(
        widths_mm=(10, 58, 58, 18, 18),
        heads=("TT", "Sản phẩm", "Chủ thể", "Điểm", "Hạng"),
        aligns=("center", "left", "left", "center", "center"),
        rows=tuple(
            row_of(
                str(number),
                one["product"],
                one["producer"],
                one["average"],
                f"{one['star']} sao" if one["star"] else "–",
            )
            for number, one in enumerate(items, start=1)
        ),
    )
