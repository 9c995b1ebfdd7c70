"""The printed score sheet of one member: every criterion, what was ticked, and why."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.errors import Conflict
from app.core.layout import (
    Block,
    Cell,
    NationalHeading,
    Paper,
    Row,
    Signature,
    Table,
    Title,
    field,
    heading,
    text,
    unbroken,
)
from app.core.official_days import place_and_date, short_day
from app.core.own_templates import ReplaceablePaper
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import SheetState
from app.domain.councils.models import Mark
from app.domain.councils.papers.customs import PLACE, SIGN_HERE
from app.domain.councils.queries import SheetRow, get_sheet, papers_shown
from app.domain.councils.rules import MEETING_BASIS, ORIGIN_LABELS, SHEET_LABELS
from app.rulebooks.model import Criterion
from app.rulebooks.scoring import NOT_MET

TEMPLATE = "score_sheet"
_TITLE = "Phiếu đánh giá, phân hạng sản phẩm OCOP"


class SheetNotIn(Conflict):
    """A sheet is printed once it was handed in."""

    code = "sheet.not_in"
    message = "Phiếu đang ở trạng thái «{state}»: nộp phiếu rồi mới in."
    basis = MEETING_BASIS


def sheet_paper(
    session: ReadSession, code: str, *, actor: Actor, demonstration: bool
) -> ReplaceablePaper:
    """Return a submitted sheet this actor may read as a paper; before the lock only the own one."""
    row = get_sheet(session, code, actor=actor)
    if row.sheet.state is not SheetState.SUBMITTED:
        raise SheetNotIn(state=SHEET_LABELS[row.sheet.state])
    data = sheet_data(row, papers_shown(session, row.marks))
    return ReplaceablePaper(
        TEMPLATE, data, Paper(_TITLE, tuple(_blocks(data)), specimen=demonstration)
    )


def sheet_data(row: SheetRow, titles: Mapping[str, str]) -> dict[str, Any]:
    """Return what a template of the sheet reads; `titles` names the papers that marks point to."""
    sheet, dossier = row.sheet, row.dossier
    day = _day(sheet.submitted_at)
    return {
        "sheet": sheet.code,
        "member": row.member.name,
        "organisation": row.member.organisation,
        "product": dossier.product.name,
        "producer": dossier.producer.name,
        "commune": dossier.commune,
        "dossier": dossier.dossier.code,
        "rubric": dossier.rubric.name,
        "parts": [
            {
                "name": part.name,
                "points": row.score.by_part.get(part.code, 0),
                "most": part.max,
                "criteria": [
                    _criterion(criterion, row, titles)
                    for section in part.sections
                    for criterion in section.criteria
                ],
            }
            for part in dossier.rubric.parts
        ],
        "total": row.score.total,
        "opinion": sheet.opinion,
        "origin": ORIGIN_LABELS[sheet.origin],
        "submitted_on": short_day(day),
        "place_and_date": place_and_date(f"tỉnh {PLACE}", day),
    }


def _criterion(criterion: Criterion, row: SheetRow, titles: Mapping[str, str]) -> dict[str, Any]:
    mark = row.marks.get(criterion.code)
    applies = criterion.code not in row.score.not_applicable
    return {
        "code": criterion.code,
        "name": criterion.name,
        "most": criterion.max,
        "chosen": _chosen(criterion, mark) if applies else "Không áp dụng",
        "points": row.score.by_criterion[criterion.code] if applies else "",
        "evidence": _evidence(mark, titles),
        "remark": mark.remark if mark else "",
    }


def _chosen(criterion: Criterion, mark: Mark | None) -> str:
    if mark is None or mark.option_code is None:
        return ""
    if mark.option_code == NOT_MET:
        return "Không đạt"
    option = criterion.find_option(mark.option_code)
    return option.label if option else ""


def _evidence(mark: Mark | None, titles: Mapping[str, str]) -> str:
    if mark is None:
        return ""
    if mark.without_evidence:
        return "Không có minh chứng"
    if mark.evidence_code is None:
        return ""
    title = titles.get(mark.evidence_code, mark.evidence_code)
    return f"{title}, trang {mark.evidence_page}" if mark.evidence_page else title


def _blocks(data: Mapping[str, Any]) -> Iterator[Block]:
    yield NationalHeading()
    yield Title("PHIẾU ĐÁNH GIÁ", (text("Đánh giá, phân hạng sản phẩm OCOP", bold=True),))
    yield field("Sản phẩm", data["product"])
    yield field("Chủ thể", data["producer"], ("Địa bàn", data["commune"]))
    yield field("Bộ sản phẩm", data["rubric"], ("Hồ sơ", unbroken(data["dossier"])))
    yield field("Thành viên Hội đồng", data["member"], ("Cơ quan", data["organisation"]))
    for part in data["parts"]:
        yield heading(f"{part['name']}: {part['points']}/{part['most']} điểm")
        yield Table(
            widths_mm=(14, 48, 80, 20),
            heads=("Mã", "Tiêu chí", "Mức đánh giá, minh chứng, nhận xét", "Điểm"),
            aligns=("center", "left", "left", "center"),
            rows=tuple(_row(one) for one in part["criteria"]),
        )
    yield heading(f"Tổng điểm: {data['total']}/100")
    yield field("Ý kiến của thành viên", data["opinion"])
    yield text(
        f"Phiếu số {data['sheet']}, nộp ngày {data['submitted_on']} ({data['origin'].lower()}).",
        italic=True,
    )
    yield Signature(
        place_and_date=data["place_and_date"],
        title=("THÀNH VIÊN HỘI ĐỒNG",),
        hint=SIGN_HERE,
        name=data["member"],
    )


def _row(one: Mapping[str, Any]) -> Row:
    said = [one["chosen"]]
    if one["evidence"]:
        said.append(f"Minh chứng: {one['evidence']}")
    if one["remark"]:
        said.append(f"Nhận xét: {one['remark']}")
    return (
        Cell((text(one["code"], align="center"),)),
        Cell((text(one["name"], align="left"),)),
        Cell(tuple(text(line, align="left") for line in said)),
        Cell(
            (
                text(
                    f"{one['points']}/{one['most']}" if one["points"] != "" else "–", align="center"
                ),
            )
        ),
    )


def _day(at: datetime | None) -> Any:
    return local_day(at) if at else None
