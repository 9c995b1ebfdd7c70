"""The minutes of a check as a paper: a form to fill in with a pen before, what was found after.

Nobody's signature is drawn: the paper leaves room for the pens of the team and of the producer.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.errors import NotFound
from app.core.layout import (
    Block,
    Cell,
    Letterhead,
    Line,
    Paper,
    Signature,
    Table,
    Title,
    field,
    heading,
    prose,
    text,
)
from app.core.official_days import place_and_date, short_day, written_day
from app.core.typesetting import render_pdf
from app.domain.accounts.rules import Actor
from app.domain.inspections.enums import Finding, InspectionState
from app.domain.inspections.models import InspectionMember, InspectionPhoto
from app.domain.inspections.policy import sees_findings
from app.domain.inspections.queries import (
    InspectionRow,
    checklist,
    get_inspection,
    photos_of,
    sealed,
    team_of,
)
from app.domain.inspections.rules import FINDING_LABELS, KIND_LABELS, MARK_SECTION

PLACE = "Lai Châu"
_STARRED = "(*)"


def record_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    at: datetime,
    agency: str,
    demonstration: bool,
) -> bytes:
    """Return the minutes as a PDF: a blank checklist for the pen before they are closed.

    For the province and the team; for producer and commune once the check is concluded.
    """
    on = local_day(at)
    row = get_inspection(session, code, actor=actor, on=on)
    team = team_of(session, row.inspection)
    if not sees_findings(actor, row.inspection, team):
        raise NotFound
    record = row.inspection.record or sealed(checklist(session, row, on=on))
    blocks = _blocks(row, team, record, photos_of(session, row.inspection), agency=agency)
    paper = Paper("Biên bản kiểm tra sản phẩm OCOP", tuple(blocks), specimen=demonstration)
    return render_pdf("form", paper.plain(), timestamp=row.inspection.closed_at or at)


def _blocks(
    row: InspectionRow,
    team: Sequence[InspectionMember],
    record: dict[str, Any],
    photos: Sequence[InspectionPhoto],
    *,
    agency: str,
) -> Iterator[Block]:
    inspection, certificate = row.inspection, row.certificate
    yield Letterhead(
        agency.upper(),
        inspection.record_number,
        place_and_date(f"Tỉnh {PLACE}", inspection.held_on),
    )
    yield Title(
        "BIÊN BẢN",
        (text(f"Kiểm tra {KIND_LABELS[inspection.kind].lower()} sản phẩm OCOP", bold=True),),
    )
    yield text("Căn cứ Điều 9 Quyết định số 26/2026/QĐ-TTg ngày 22 tháng 5 năm 2026;", italic=True)
    yield text(_ground(row), italic=True)
    if inspection.held_on:
        day = written_day(inspection.held_on)
        yield text(f"Hôm nay, {day}, tại {inspection.place}, đoàn kiểm tra gồm:", indent=True)
    else:
        yield text(f"Hôm nay, ngày .... tháng .... năm ......, tại {inspection.place}, gồm:")
    for one in team:
        post = "Trưởng đoàn" if one.is_leader else "Thành viên"
        yield text(f"- {one.name}, {one.agency_name or agency}: {post}")
    yield heading("I. THÔNG TIN SẢN PHẨM")
    yield field("1. Sản phẩm", certificate.product_name, ("Hạng", f"{certificate.star} sao"))
    yield field("2. Chủ thể", certificate.producer_name)
    yield field("3. Địa chỉ", certificate.producer_address)
    yield field(
        "4. Giấy chứng nhận",
        f"{certificate.product_code or certificate.code}, quyết định {certificate.decision_number}",
        ("có giá trị đến hết ngày", short_day(certificate.expires_on)),
    )
    yield heading("II. THÀNH PHẦN CÓ MẶT")
    yield from prose(inspection.present)
    yield heading("III. NỘI DUNG KIỂM TRA")
    if not inspection.is_judged_by_rubric:
        yield text(
            "Giấy chứng nhận cấp trước khi có hồ sơ trên hệ thống: các tiêu chí kiểm tra theo bộ "
            "tiêu chí hiện hành, không so với kết quả đã chấm.",
            italic=True,
        )
    yield text(f"{_STARRED} Có mức tối thiểu của hạng sao đã được công nhận.", italic=True)
    yield _table(record, is_closed=inspection.closed_at is not None)
    if photos:
        yield heading("IV. ẢNH KÈM THEO")
        for photo in photos:
            yield text(f"- {photo.code}: {photo.caption}")
    yield heading("V. Ý KIẾN CỦA CHỦ THỂ" if photos else "IV. Ý KIẾN CỦA CHỦ THỂ")
    yield from prose(inspection.producer_opinion)
    yield text(
        "Biên bản lập thành hai bản, đoàn kiểm tra và chủ thể mỗi bên giữ một bản.", indent=True
    )
    leader = next((one for one in team if one.is_leader), None)
    note = (
        "Bản để ghi tay, chưa lập biên bản"
        if inspection.state in {InspectionState.PLANNED, InspectionState.UNDER_WAY}
        else ""
    )
    yield Signature(
        title=("TRƯỞNG ĐOÀN KIỂM TRA",),
        hint="(Ký, ghi rõ họ tên)",
        note=note,
        name=leader.name if leader else "",
        beside=Signature(title=("ĐẠI DIỆN CHỦ THỂ",), hint="(Ký, ghi rõ họ tên)"),
    )


def _ground(row: InspectionRow) -> str:
    if row.plan is not None:
        day = short_day(row.plan.decided_on)
        return f"Căn cứ {row.plan.title} số {row.plan.number} ngày {day};"
    return f"Lý do kiểm tra đột xuất: {row.inspection.reason}"


def _table(record: dict[str, Any], *, is_closed: bool) -> Table:
    return Table(
        widths_mm=(72, 30, 60),
        heads=("Nội dung", "Kết quả", "Ghi chú"),
        aligns=("left", "center", "left"),
        rows=tuple(_rows(record, is_closed=is_closed)),
    )


def _rows(record: dict[str, Any], *, is_closed: bool) -> Iterator[tuple[Cell, ...]]:
    """Yield a line for each item; one nobody looked at stays blank for the pen until the end."""
    for section in record["sections"]:
        items = section["items"]
        if len(items) > 1:  # an only item repeats the heading of its section
            is_mark = section["code"] == MARK_SECTION
            name = section["name"] if is_mark else f"{section['code']}. {section['name']}"
            yield (Cell((text(name, bold=True),), columns=3),)
        for item in items:
            mark = f" {_STARRED}" if item["starred"] else ""
            finding = Finding(item["finding"])
            said = FINDING_LABELS[finding] if is_closed or finding in _LOOKED_AT else ""
            yield (
                Cell((_left(item["wording"] + mark),)),
                Cell((text(said, align="center"),)),
                Cell((_left(item["note"]),)),
            )


_LOOKED_AT = frozenset({Finding.KEPT, Finding.NOT_KEPT})


def _left(words: str) -> Line:
    return text(words, align="left")
