"""The other papers of a dossier: the slip of its receipt and the letters of the agency.

Nobody's signature is drawn: a paper says what was confirmed in the system, and leaves room for the
pen where nothing was. The forms of Annex III are in `forms`.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from app.core.clock import VIET_NAM, local_day
from app.core.db import ReadSession
from app.core.errors import Conflict
from app.core.layout import (
    Block,
    Letterhead,
    Line,
    Paper,
    Signature,
    Span,
    Title,
    box,
    field,
    heading,
    prose,
    text,
)
from app.core.official_days import place_and_date
from app.core.own_templates import ReplaceablePaper
from app.core.typesetting import render_pdf
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import Addressee, CheckedPart, DossierPart
from app.domain.dossiers.forms.registration_form import PROVINCE_NAME
from app.domain.dossiers.models import (
    AdvisoryReport,
    CompletionRequest,
)
from app.domain.dossiers.queries import (
    DossierRow,
    OfficialPapers,
    get_advice,
    get_completion_request,
    get_dossier,
    official_papers,
    self_assessment,
)
from app.domain.dossiers.rules import (
    ADDRESSEE_LABELS,
    CHECKED_LABELS,
    PART_LABELS,
    PROVINCE_INTAKE,
    RECOMMENDATION_LABELS,
    REGISTRATION_FORM,
    TEST_LABELS,
    own_parts_of,
)


class NotFiledYet(Conflict):
    """A slip is given for what was handed in."""

    code = "dossier.not_filed"
    message = "Hồ sơ chưa nộp tại xã nên chưa có giấy biên nhận."
    basis = REGISTRATION_FORM


def receipt_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    at: datetime,
    demonstration: bool,
    extra_ids: Collection[int] = (),
) -> bytes:
    """Return the slip a producer takes home, as a PDF; refused before the dossier was handed in."""
    row = get_dossier(session, code, actor=actor, extra_ids=extra_ids)
    if row.dossier.slip_number is None:
        raise NotFiledYet
    # Paper by paper would be the electronic set's business; a slip says how many there are.
    papers = len(self_assessment(session, row, actor=actor).cited)
    data = receipt_data(row, papers=papers) | {"specimen": demonstration}
    return render_pdf("receipt", data, timestamp=at)


def receipt_data(row: DossierRow, *, papers: int) -> dict[str, object]:
    """Return what templates/print/receipt.typ reads of a dossier."""
    dossier = row.dossier
    filed_on = local_day(dossier.filed_at) if dossier.filed_at else None
    received = dossier.received_at.astimezone(VIET_NAM) if dossier.received_at else None
    counts = {DossierPart.EVIDENCE: f"{papers} giấy tờ", DossierPart.SAMPLES: _received(row)}
    checks = {check["part"]: check for check in dossier.component_checks}
    return {
        "authority": f"ỦY BAN NHÂN DÂN {row.commune.upper()}",
        "place_and_date": place_and_date(row.commune, filed_on),
        "number": dossier.slip_number or "",
        "code": dossier.code,
        "producer": row.producer.name,
        "representative": row.producer.representative,
        "product": row.product.name,
        "filed": f"{dossier.filed_at.astimezone(VIET_NAM):%H:%M ngày %d/%m/%Y}"
        if dossier.filed_at
        else "",
        "parts": [
            {
                "name": PART_LABELS[part],
                "count": counts.get(part, "01 bản"),
                "note": checks[part]["note"] if part in checks else "",
            }
            for part in own_parts_of(dossier.kind)
        ],
        "due_on": f"{dossier.commune_due_on:%d/%m/%Y}" if dossier.commune_due_on else "",
        "working_days": row.regime.procedure.commune_assessment.working_days,
        "basis": row.regime.procedure.commune_assessment.basis.citation,
        "received_by": dossier.received_by,
        "received": f"{received:%H:%M ngày %d/%m/%Y}" if received else "",
        "on_behalf": dossier.received_at is not None and dossier.received_at == dossier.filed_at,
    }


def _received(row: DossierRow) -> str:
    """Return how many samples were counted, or declared as long as nobody counted them."""
    if not row.samples_needed:
        return "không yêu cầu"
    counted = row.dossier.received_samples
    if counted is None:
        return f"khai {row.dossier.sample_count:02d}, chưa đếm"
    return f"đếm được {counted:02d}"


# --- the agency and the advisory team ---------------------------------------------------------


def completion_request_paper(
    session: ReadSession,
    code: str,
    request_code: str,
    *,
    actor: Actor,
    at: datetime,
    agency: str,
    demonstration: bool,
) -> bytes:
    """Return the letter that asks for completion, as a PDF (26/2026/QĐ-TTg art. 7.3.a)."""
    row = get_dossier(session, code, actor=actor)
    request = get_completion_request(session, row.dossier, request_code)
    data = completion_request_data(row, request, agency=agency) | {"specimen": demonstration}
    return render_pdf("completion_request", data, timestamp=at)


def advisory_report_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    demonstration: bool,
    extra_ids: Collection[int] = (),
) -> ReplaceablePaper:
    """Return the advisory team's report for its readers, as a paper (26/2026/QĐ-TTg art. 7.3.c)."""
    row = get_dossier(session, code, actor=actor, extra_ids=extra_ids)
    report = get_advice(session, row.dossier, actor=actor)
    papers = official_papers(session, row.dossier, actor=actor)
    data = advisory_report_data(row, report, papers)
    title = "Báo cáo đánh giá của Tổ tư vấn Hội đồng cấp tỉnh"
    return ReplaceablePaper(
        "advisory_report",
        data,
        Paper(title, tuple(_advisory_blocks(data)), specimen=demonstration),
    )


def completion_request_data(
    row: DossierRow, request: CompletionRequest, *, agency: str
) -> dict[str, object]:
    """Return what templates/print/completion_request.typ reads of a request."""
    by_addressee: dict[str, list[dict[str, str]]] = {who: [] for who in ADDRESSEE_LABELS}
    for item in request.items:
        part = CHECKED_LABELS[CheckedPart(item["part"])]
        by_addressee[item["addressee"]].append({"part": part, "reason": item["reason"]})
    commune = f"Ủy ban nhân dân {_inner(row.commune)}"
    return {
        "above": f"ỦY BAN NHÂN DÂN TỈNH {PROVINCE_NAME.upper()}",
        "authority": agency.upper(),
        "number": request.letter_number,
        "place_and_date": place_and_date(f"Tỉnh {PROVINCE_NAME}", local_day(request.requested_at)),
        "ordinal": request.ordinal,
        "agency": agency,
        "addressees": [commune, row.producer.name],
        "product": row.product.name,
        "producer": row.producer.name,
        "proposal": row.dossier.proposal_number,
        "asked_of": [
            {"who": who, "items": by_addressee[addressee]}
            for addressee, who in (
                (Addressee.PRODUCER, row.producer.name),
                (Addressee.COMMUNE, commune),
            )
            if by_addressee[addressee]
        ],
        "due_on": f"{request.due_on:%d/%m/%Y}",
        "basis": PROVINCE_INTAKE,
        "signer": {
            "on_behalf": [],
            "title": "Thủ trưởng",
            "name": "",
            "note": "",
        },
    }


def advisory_report_data(
    row: DossierRow, report: AdvisoryReport, papers: OfficialPapers
) -> dict[str, Any]:
    """Return what a template of the report reads; suggestions stay out: no points here."""
    signed = report.signed_at
    stamp = signed.astimezone(VIET_NAM) if signed else None
    return {
        "authority": f"TỔ TƯ VẤN HỘI ĐỒNG CẤP TỈNH {PROVINCE_NAME.upper()}",
        "place_and_date": place_and_date(
            f"Tỉnh {PROVINCE_NAME}", local_day(signed) if signed else None
        ),
        "product": row.product.name,
        "producer": row.producer.name,
        "address": row.producer.address,
        "rubric": f"Bộ sản phẩm {row.rubric.set_number}, {row.rubric.annex}",
        "parts": [
            {"name": f"{part.code}. {part.name}", "text": report.parts.get(part.code, "")}
            for part in row.rubric.parts
        ],
        "legal_papers": report.legal_papers,
        "legal_papers_in_order": report.legal_papers_in_order,
        "surveys": [
            {"record": survey.told, "findings": survey.findings} for survey in papers.surveys
        ],
        "tests": [
            {
                "subject": test.subject,
                "laboratory": test.laboratory,
                "outcome": TEST_LABELS[test.outcome] if test.outcome else "Chưa có kết quả",
                "number": test.result_number,
            }
            for test in papers.tests
        ],
        "recommendation": RECOMMENDATION_LABELS[report.recommendation],
        "conclusion": report.conclusion,
        "signer": {
            "on_behalf": [],
            "title": "Người lập báo cáo",
            "name": report.signed_by or "",
            "note": f"Đã ký trên hệ thống lúc {stamp:%H:%M} ngày {stamp:%d/%m/%Y}"
            if stamp
            else "Bản dự thảo, chưa ký",
        },
    }


def _advisory_blocks(data: Mapping[str, Any]) -> Iterator[Block]:
    yield Letterhead(data["authority"], "", data["place_and_date"])
    yield Title(
        "BÁO CÁO",
        (text("Đánh giá hồ sơ đề nghị đánh giá, phân hạng sản phẩm OCOP", bold=True),),
    )
    yield text(
        "Kính gửi: Chủ tịch Hội đồng đánh giá, phân hạng sản phẩm OCOP cấp tỉnh", align="center"
    )
    yield heading("I. THÔNG TIN CHUNG")
    yield field("1. Sản phẩm", data["product"])
    yield field("2. Chủ thể", data["producer"])
    yield field("3. Địa chỉ", data["address"])
    yield field("4. Bộ tiêu chí", data["rubric"])
    yield heading("II. ĐÁNH GIÁ THEO BỘ TIÊU CHÍ")
    for part in data["parts"]:
        yield heading(part["name"])
        yield from prose(part["text"])
    yield heading("III. GIẤY TỜ PHÁP LÝ")
    in_order = data["legal_papers_in_order"]
    yield Line(
        (
            *box("đầy đủ, còn hiệu lực", ticked=in_order),
            Span("    "),
            *box("chưa đầy đủ", ticked=not in_order),
        ),
        align="left",
    )
    if data["legal_papers"]:
        yield from prose(data["legal_papers"])
    yield heading("IV. KHẢO SÁT THỰC TẾ, KIỂM NGHIỆM BỔ SUNG")
    if not data["surveys"] and not data["tests"]:
        yield text("Không tổ chức.")
    for survey in data["surveys"]:
        yield text(f"Biên bản số {survey['record']}:", keep=True)
        yield from prose(survey["findings"])
    for test in data["tests"]:
        number = f" (phiếu số {test['number']})" if test["number"] else ""
        yield text(
            f"Kiểm nghiệm {test['subject']} tại {test['laboratory']}: {test['outcome']}{number}."
        )
    yield heading("V. ĐỀ XUẤT")
    yield text(data["recommendation"], bold=True)
    if data["conclusion"]:
        yield from prose(data["conclusion"])
    signer = data["signer"]
    yield Signature(
        recipients=(
            "Chủ tịch Hội đồng cấp tỉnh",
            "Cơ quan tham mưu OCOP cấp tỉnh",
            "Lưu: hồ sơ sản phẩm",
        ),
        title=(signer["title"].upper(),),
        hint="(Ký, ghi rõ họ tên)",
        note=signer["note"],
        name=signer["name"],
    )


def _inner(name: str) -> str:
    """Return a name as it stands inside a sentence."""
    return name[:1].lower() + name[1:]
