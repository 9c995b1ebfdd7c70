"""The printed forms of a dossier: Mẫu số 01 and Mẫu số 03 of Annex III, with what is stored in them.

Nobody's signature is drawn: a paper says what was confirmed in the system, and leaves room for the
pen where nothing was.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from app.core.clock import VIET_NAM, local_day
from app.core.db import ReadSession
from app.core.errors import Conflict
from app.core.text import fold
from app.core.typesetting import render_pdf
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import Finding
from app.domain.dossiers.models import CommuneReport, SelfAssessmentAnswer
from app.domain.dossiers.queries import DossierRow, answers_of, find_report, get_dossier
from app.domain.dossiers.rules import COMMUNE_REPORT_FORM
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
        "commune_slip": _slip(dossier.slip_number, filed_on),
        "province_slip": _slip(dossier.province_slip_number, accepted_on),
    }


def commune_report_data(
    row: DossierRow, report: CommuneReport, answers: Mapping[str, SelfAssessmentAnswer]
) -> dict[str, object]:
    """Return what templates/print/commune_report.typ reads of a dossier and its report."""
    producer = row.producer
    figures = {
        Finding.MATERIAL: f"nguyên liệu trên địa bàn chiếm {report.material_local_percent} %."
        if report.material_confirmed or report.material_local_percent
        else "",
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
        "signer": _signer(report),
    }


def _samples(row: DossierRow) -> str:
    if not row.samples_needed:
        return "không yêu cầu"
    count = row.dossier.sample_count
    return f"{count:02d} sản phẩm" if count else ""


def _slip(number: str | None, received_on: date | None) -> dict[str, str]:
    """Return one office's slip; who received it signs with the pen."""
    return {
        "number": number or "",
        "received_on": f"{received_on:%d/%m/%Y}" if received_on else "",
        "received_by": "",
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
