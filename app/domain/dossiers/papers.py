"""The printed forms of a dossier: Mẫu số 01 and Mẫu số 03 of Annex III, with what is stored in them.

Nobody's signature is drawn: a paper says what was confirmed in the system, and leaves room for the
pen where nothing was.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from fractions import Fraction
from math import floor

from app.core.clock import VIET_NAM, local_day
from app.core.db import ReadSession
from app.core.errors import Conflict
from app.core.text import fold
from app.core.typesetting import render_pdf
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import Addressee, CheckedPart, DossierPart, Finding
from app.domain.dossiers.models import (
    AdvisoryReport,
    CommuneReport,
    CompletionRequest,
    SelfAssessmentAnswer,
)
from app.domain.dossiers.queries import (
    DossierRow,
    OfficialPapers,
    answers_of,
    find_report,
    get_advice,
    get_completion_request,
    get_dossier,
    official_papers,
    self_assessment,
)
from app.domain.dossiers.rules import (
    ADDRESSEE_LABELS,
    CHECKED_LABELS,
    COMMUNE_REPORT_FORM,
    PART_LABELS,
    PROVINCE_INTAKE,
    RECOMMENDATION_LABELS,
    REGISTRATION_FORM,
    TEST_LABELS,
    local_material_percent,
)
from app.domain.producers.rules import GENDER_LABELS, KIND_LABELS
from app.rulebooks.scoring import NOT_MET

PROVINCE_NAME = "Lai Châu"

# Where the rubrics of 26/2026/QĐ-TTg print what the commune is to assess (Phụ lục II).
CLAIMED_AT = {
    Finding.MATERIAL: "1.1",
    Finding.LABOUR: "3.3",
    Finding.IDEA: "2.1",
    Finding.IDENTITY: "5.3",
}
# Decree 30/2020/NĐ-CP, Annex I: days below 10 and the months 1 and 2 are written with a zero.
_LAST_MONTH_WITH_ZERO = 2


class NoReportYet(Conflict):
    """There is nothing to print before the commune has begun its report."""

    code = "dossier.no_report"
    message = "Xã chưa viết báo cáo đánh giá của hồ sơ này."
    basis = COMMUNE_REPORT_FORM


class NotFiledYet(Conflict):
    """A slip is given for what was handed in."""

    code = "dossier.not_filed"
    message = "Hồ sơ chưa nộp tại xã nên chưa có giấy biên nhận."
    basis = REGISTRATION_FORM


def registration_form_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    at: datetime,
    demonstration: bool,
    extra_ids: Collection[int] = (),
) -> bytes:
    """Return Mẫu số 01 of a dossier this actor may see, as a PDF."""
    row = get_dossier(session, code, actor=actor, extra_ids=extra_ids)
    data = registration_form_data(row) | {"specimen": demonstration}
    return render_pdf("registration_form", data, timestamp=at)


def commune_report_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    at: datetime,
    demonstration: bool,
    extra_ids: Collection[int] = (),
) -> bytes:
    """Return Mẫu số 03 of a dossier this actor may see, as a PDF; refused before there is a report."""
    row = get_dossier(session, code, actor=actor, extra_ids=extra_ids)
    report = find_report(session, row.dossier)
    if report is None:
        raise NoReportYet
    answers = answers_of(session, row.dossier)
    data = commune_report_data(row, report, answers) | {"specimen": demonstration}
    return render_pdf("commune_report", data, timestamp=at)


def registration_form_data(row: DossierRow) -> dict[str, object]:
    """Return what templates/print/registration_form.typ reads of a dossier."""
    dossier, producer, rubric = row.dossier, row.producer, row.rubric
    filed_on = local_day(dossier.filed_at) if dossier.filed_at else None
    accepted_on = local_day(dossier.accepted_at) if dossier.accepted_at else None
    levels = {
        "Ngành": rubric.category_name,
        "nhóm": rubric.group_name,
        "phân nhóm": rubric.subgroup_name,
    }
    return {
        "province": PROVINCE_NAME,
        "year": str((filed_on or local_day(dossier.opened_at)).year),
        "producer": {
            "name": producer.name,
            "representative": producer.representative,
            "position": producer.representative_title,
            "address": producer.address,
            "phone": producer.phone,
            "email": producer.email,
        },
        "product": row.product.name,
        "group": ", ".join(f"{level} {name}" for level, name in levels.items() if name),
        "kind": dossier.kind.value,
        "samples": _samples(row),
        "place_and_date": _place_and_date(row.commune, filed_on),
        "commune_slip": _slip(dossier.slip_number, filed_on, received_by=dossier.received_by),
        "province_slip": _slip(dossier.province_slip_number, accepted_on),
    }


def commune_report_data(
    row: DossierRow, report: CommuneReport, answers: Mapping[str, SelfAssessmentAnswer]
) -> dict[str, object]:
    """Return what templates/print/commune_report.typ reads of a dossier and its report."""
    producer = row.producer
    figures = {
        Finding.MATERIAL: _material(report),
        Finding.LABOUR: f"{report.workers_local}/{report.workers_total} lao động là người địa phương."
        if report.workers_total
        else "",
    }
    return {
        "authority": f"ỦY BAN NHÂN DÂN {row.commune.upper()}",
        "number": report.report_number,
        "place_and_date": _place_and_date(
            row.commune, local_day(report.signed_at) if report.signed_at else None
        ),
        "commune": row.commune[:1].lower() + row.commune[1:],
        "province": PROVINCE_NAME,
        "producer": {
            "name": producer.name,
            "kind": KIND_LABELS[producer.kind],
            "address": producer.address,
            "representative": producer.representative,
            "gender": GENDER_LABELS[producer.representative_gender],
            "ethnicity": producer.representative_ethnicity,
            "residence": producer.representative_address,
        },
        "product": row.product.name,
        "findings": {
            finding.value: {
                "claim": _claim(row, finding, answers),
                "figure": figures.get(finding, ""),
                "finding": getattr(report, f"{finding}_finding"),
                "confirmed": getattr(report, f"{finding}_confirmed"),
            }
            for finding in Finding
        },
        "meeting": _meeting(report),
        "signer": _signer(report),
    }


def receipt_paper(
    session: ReadSession, code: str, *, actor: Actor, at: datetime, demonstration: bool
) -> bytes:
    """Return the slip a producer takes home, as a PDF; refused before the dossier was handed in."""
    row = get_dossier(session, code, actor=actor)
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
        "place_and_date": _place_and_date(row.commune, filed_on),
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
            for part in DossierPart
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


def _material(report: CommuneReport) -> str:
    local_kg, total_kg = report.material_local_kg, report.material_total_kg
    if local_kg is not None and total_kg is not None:
        share = local_material_percent(local_kg, total_kg)
        return (
            f"{_number(local_kg)}/{_number(total_kg)} kg nguyên liệu trong một năm ở trên địa bàn, "
            f"chiếm {_percent(share)} %."
        )
    if report.material_confirmed or report.material_local_percent:
        return f"nguyên liệu trên địa bàn chiếm {report.material_local_percent} %."
    return ""


def _number(whole: int) -> str:
    return f"{whole:,}".replace(",", ".")


def _percent(share: Fraction) -> str:
    """Return a share with at most one decimal, cut and not rounded: no share looks larger."""
    tenths = floor(share * 10)
    return str(tenths // 10) if tenths % 10 == 0 else f"{tenths // 10},{tenths % 10}"


def _meeting(report: CommuneReport) -> dict[str, str]:
    held_on = report.meeting_on
    return {
        "number": report.meeting_number,
        "held_on": f"{held_on:%d/%m/%Y}" if held_on else "",
        "conclusion": report.meeting_conclusion,
    }


def _samples(row: DossierRow) -> str:
    if not row.samples_needed:
        return "không yêu cầu"
    count = row.dossier.sample_count
    return f"{count:02d} sản phẩm" if count else ""


def _slip(number: str | None, received_on: date | None, *, received_by: str = "") -> dict[str, str]:
    """Return one office's slip; who received it signs with the pen."""
    return {
        "number": number or "",
        "received_on": f"{received_on:%d/%m/%Y}" if received_on else "",
        "received_by": received_by,
    }


def _place_and_date(commune: str, on: date | None) -> str:
    place = commune.partition(" ")[2] or commune
    if on is None:
        return f"{place}, ngày ..... tháng ..... năm ........."
    month = f"{on.month:02d}" if on.month <= _LAST_MONTH_WITH_ZERO else str(on.month)
    return f"{place}, ngày {on.day:02d} tháng {month} năm {on.year}"


def _claim(row: DossierRow, finding: Finding, answers: Mapping[str, SelfAssessmentAnswer]) -> str:
    """Return what the producer says where the rubric prints this finding, if it prints it."""
    criterion = row.rubric.find_criterion(CLAIMED_AT[finding])
    answer = answers.get(CLAIMED_AT[finding])
    if criterion is None or not criterion.commune_assessed or answer is None:
        return ""
    option = criterion.find_option(answer.option_code or "")
    chosen = option.label if option else ""
    if answer.option_code == NOT_MET:
        chosen = "Tự đánh giá: không đạt."
    return "\n".join(line for line in (chosen, answer.description) if line)


def _signer(report: CommuneReport) -> dict[str, object]:
    on_behalf = ["TM. Ủy ban nhân dân"]
    if report.signed_at is None:
        return {
            "on_behalf": on_behalf,
            "title": "Chủ tịch",
            "name": "",
            "note": "Bản dự thảo, chưa ký",
        }
    title = report.signed_title
    if fold(title).startswith("pho "):
        on_behalf.append("KT. Chủ tịch")
    signed = report.signed_at.astimezone(VIET_NAM)
    return {
        "on_behalf": on_behalf,
        "title": title,
        "name": report.signed_by or "",
        "note": f"Đã xác nhận trên hệ thống lúc {signed:%H:%M} ngày {signed:%d/%m/%Y}",
    }


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
    at: datetime,
    demonstration: bool,
    extra_ids: Collection[int] = (),
) -> bytes:
    """Return the advisory team's report for its readers, as a PDF (26/2026/QĐ-TTg art. 7.3.c)."""
    row = get_dossier(session, code, actor=actor, extra_ids=extra_ids)
    report = get_advice(session, row.dossier, actor=actor)
    papers = official_papers(session, row.dossier, actor=actor)
    data = advisory_report_data(row, report, papers) | {"specimen": demonstration}
    return render_pdf("advisory_report", data, timestamp=at)


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
        "place_and_date": _place_and_date(f"Tỉnh {PROVINCE_NAME}", local_day(request.requested_at)),
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
) -> dict[str, object]:
    """Return what templates/print/advisory_report.typ reads; suggestions stay out: no points here."""
    signed = report.signed_at
    stamp = signed.astimezone(VIET_NAM) if signed else None
    return {
        "authority": f"TỔ TƯ VẤN HỘI ĐỒNG CẤP TỈNH {PROVINCE_NAME.upper()}",
        "place_and_date": _place_and_date(
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


def _inner(name: str) -> str:
    """Return a name as it stands inside a sentence."""
    return name[:1].lower() + name[1:]
