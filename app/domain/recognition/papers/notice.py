"""The notice of a result to commune and producer: averages and reasons, no names (art. 7.3.g)."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.layout import (
    Block,
    Letterhead,
    Paper,
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
from app.domain.councils.papers.customs import PLACE, row_of
from app.domain.councils.queries import ResultRow, get_result
from app.domain.councils.rules import OUTCOME_LABELS
from app.domain.recognition.enums import DecisionKind, DecisionState
from app.domain.recognition.models import RecognitionDecision
from app.domain.recognition.queries import decided_by
from app.domain.recognition.rules import DECISION_KIND_LABELS
from app.rulebooks.scoring import Outcome, decimal_text

TEMPLATE = "result_notice"
_TITLE = "Thông báo kết quả đánh giá, phân hạng sản phẩm OCOP"
_NEXT: dict[Outcome, str] = {
    Outcome.RECOGNISED_CANDIDATE: (
        "Chủ tịch Ủy ban nhân dân tỉnh xem xét, quyết định công nhận và cấp giấy chứng nhận."
    ),
    Outcome.AWAITING_CENTRE: (
        "Chủ tịch Ủy ban nhân dân tỉnh xem xét phê duyệt kết quả; tỉnh gửi hồ sơ đề nghị Bộ Nông "
        "nghiệp và Môi trường đánh giá, phân hạng 5 sao."
    ),
    Outcome.BELOW_THREE: (
        "Sản phẩm chưa đạt 3 sao. Chủ thể hoàn thiện theo các tiêu chí nêu trên và có thể nộp hồ sơ "
        "mới cho đợt sau."
    ),
    Outcome.EXCLUDED: (
        "Sản phẩm không được phân hạng vì điều kiện nêu trên. Khi điều kiện đã khắc phục, chủ thể có "
        "thể nộp hồ sơ mới."
    ),
}


def result_notice_paper(
    session: ReadSession, dossier_code: str, *, actor: Actor, agency: str, demonstration: bool
) -> ReplaceablePaper:
    """Return the notice of a locked result for whoever may see the result.

    `agency` is the office that advises the province on OCOP and sends the notice.
    """
    row = get_result(session, dossier_code, actor=actor)
    dossier_id = row.dossier.dossier.id or 0
    decisions = [
        decision
        for kind in DecisionKind
        if (decision := decided_by(session, [dossier_id], kind=kind).get(dossier_id))
        and decision.state is DecisionState.SIGNED
        and decision.created_at >= row.result.locked_at
    ]
    data = result_notice_data(row, decisions, agency=agency)
    return ReplaceablePaper(
        TEMPLATE, data, Paper(_TITLE, tuple(_blocks(data)), specimen=demonstration)
    )


def result_notice_data(
    row: ResultRow, decisions: list[RecognitionDecision], *, agency: str
) -> dict[str, Any]:
    """Return what a template of the notice reads."""
    result, dossier, said = row.result, row.dossier, row.result.document
    outcome = Outcome(result.outcome)
    means = said["criterion_means"] if row.tells_averages else {}
    return {
        "agency": agency,
        "place_and_date": place_and_date(f"tỉnh {PLACE}", None),
        "commune": f"Ủy ban nhân dân {dossier.commune[:1].lower()}{dossier.commune[1:]}",
        "producer": dossier.producer.name,
        "product": dossier.product.name,
        "dossier": dossier.dossier.code,
        "rubric": dossier.rubric.name,
        "locked_on": short_day(local_day(result.locked_at)),
        "star": result.star,
        "outcome": OUTCOME_LABELS[outcome],
        "average": result.average_text if row.tells_averages else "",
        "sheets": result.sheets_counted,
        "criteria": [
            {
                "code": criterion.code,
                "name": criterion.name,
                "average": decimal_text(Fraction(means[criterion.code])),
                "most": criterion.max,
            }
            for criterion in dossier.rubric.criteria
            if criterion.code in means
        ],
        "reasons": [reason["text"] for reason in said["reasons"]] if row.tells_averages else [],
        "decisions": [
            {
                "number": decision.number,
                "decided_on": short_day(decision.decided_on),
                "about": DECISION_KIND_LABELS[decision.kind],
            }
            for decision in decisions
        ],
        "next": "" if decisions else _NEXT[outcome],
        "hash": result.document_hash,
    }


def _blocks(data: Mapping[str, Any]) -> Iterator[Block]:
    yield Letterhead(data["agency"].upper(), "", data["place_and_date"])
    yield Title("THÔNG BÁO", (text("Kết quả đánh giá, phân hạng sản phẩm OCOP", bold=True),))
    yield text(f"Kính gửi: {data['commune']}; {data['producer']}.", align="center")
    yield text("Căn cứ Điều 7.3.g Quyết định số 26/2026/QĐ-TTg;", italic=True, indent=True)
    yield text(
        f"{data['agency']} thông báo kết quả đánh giá, phân hạng của Hội đồng cấp tỉnh chốt ngày "
        f"{data['locked_on']} như sau:",
        indent=True,
    )
    yield field("1. Sản phẩm", data["product"], ("Hồ sơ", unbroken(data["dossier"])))
    yield field("2. Bộ sản phẩm", data["rubric"])
    yield field("3. Kết quả", _found(data), bold=True)
    for reason in data["reasons"]:
        yield text(f"- {reason}", indent=True)
    if data["criteria"]:
        yield heading(f"4. Điểm trung bình từng tiêu chí ({data['sheets']} phiếu)")
        yield Table(
            widths_mm=(16, 102, 24, 20),
            heads=("Mã", "Tiêu chí", "Trung bình", "Tối đa"),
            aligns=("center", "left", "center", "center"),
            rows=tuple(
                row_of(one["code"], one["name"], one["average"], str(one["most"]))
                for one in data["criteria"]
            ),
        )
    for one in data["decisions"]:
        yield text(
            f"{one['about']}: Quyết định số {one['number']} ngày {one['decided_on']}.", indent=True
        )
    if data["next"]:
        yield text(f"Việc tiếp theo: {data['next']}", indent=True)
    yield text(f"Mã băm kết quả (SHA-256): {data['hash']}", align="left", italic=True)
    yield Signature(
        recipients=("Như trên", "Lưu: VT"),
        title=("THỦ TRƯỞNG",),
        hint="(Ký, đóng dấu)",
    )


def _found(data: Mapping[str, Any]) -> str:
    star = f"{data['star']} sao" if data["star"] else data["outcome"]
    return f"{star}, {data['average']} điểm" if data["average"] else star
