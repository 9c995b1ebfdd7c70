"""Mẫu số 03 of Annex III, 26/2026/QĐ-TTg: the commune's report, in the words of the decision.

Nobody's signature is drawn: the paper says what was confirmed in the system, and leaves room for
the pen where nothing was.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import floor

from app.core.clock import VIET_NAM, local_day
from app.core.layout import (
    Block,
    Letterhead,
    Line,
    Remark,
    Signature,
    Span,
    Title,
    box,
    field,
    filled,
    heading,
    prose,
    text,
    unbroken,
)
from app.core.official_days import place_and_date, short_day
from app.core.text import fold, thousands
from app.domain.dossiers.enums import Finding
from app.domain.dossiers.forms.registration_form import PROVINCE_NAME
from app.domain.dossiers.models import CommuneReport, SelfAssessmentAnswer
from app.domain.dossiers.queries import DossierRow
from app.domain.dossiers.rules import local_material_percent
from app.domain.producers.enums import Gender
from app.domain.producers.rules import GENDER_LABELS, KIND_LABELS
from app.rulebooks.scoring import NOT_MET

# Where the rubrics of 26/2026/QĐ-TTg print what the commune is to assess (Phụ lục II).
CLAIMED_AT = {
    Finding.MATERIAL: "1.1",
    Finding.LABOUR: "3.3",
    Finding.IDEA: "2.1",
    Finding.IDENTITY: "5.3",
}
_WORDING = {
    Finding.MATERIAL: "1. Về sử dụng nguyên liệu địa phương:",
    Finding.LABOUR: "2. Về sử dụng lao động địa phương:",
    Finding.IDEA: "3. Nguồn gốc ý tưởng sản phẩm:",
    Finding.IDENTITY: "4. Bản sắc/trí tuệ địa phương:",
}


def commune_report_blocks(
    row: DossierRow, report: CommuneReport, answers: Mapping[str, SelfAssessmentAnswer]
) -> tuple[Block, ...]:
    """Return the report, a draft before it is signed."""
    producer, product = row.producer, row.product
    commune = row.commune[:1].lower() + row.commune[1:]
    signed_on = local_day(report.signed_at) if report.signed_at else None
    return (
        Remark("Mẫu số 03, Phụ lục III, Quyết định số 26/2026/QĐ-TTg"),
        Letterhead(
            f"ỦY BAN NHÂN DÂN {unbroken(row.commune.upper())}",
            report.report_number,
            place_and_date(row.commune, signed_on),
        ),
        Title(
            "BÁO CÁO",
            (
                text("Đánh giá một số nội dung của hồ sơ đăng ký tham gia", bold=True),
                text("đánh giá, phân hạng sản phẩm OCOP", bold=True),
            ),
        ),
        heading("I. THÔNG TIN CHUNG VỀ HỒ SƠ SẢN PHẨM"),
        field("1. Tên chủ thể", producer.name),
        field("2. Loại hình tổ chức", KIND_LABELS[producer.kind]),
        field("3. Địa chỉ", producer.address),
        text("4. Tên người đại diện pháp luật:", keep=True),
        field("- Họ tên", producer.representative),
        gender_and_ethnicity(producer.representative_gender, producer.representative_ethnicity),
        field("- Địa chỉ thường trú", producer.representative_address),
        field("5. Sản phẩm đăng ký đánh giá", product.name),
        heading("II. ĐÁNH GIÁ MỘT SỐ NỘI DUNG CỦA HỒ SƠ SẢN PHẨM"),
        *(
            line
            for finding in Finding
            for line in _finding(row, report, finding, answers, commune=commune)
        ),
        *_meeting(report),
        Line(
            (
                Span(
                    f"Ủy ban nhân dân {commune} đề nghị Ủy ban nhân dân tỉnh {PROVINCE_NAME} đánh "
                    "giá, phân hạng sản phẩm OCOP cho sản phẩm "
                ),
                Span(product.name, bold=True),
                Span(f" của {producer.name}."),
            ),
            indent=True,
            keep=True,
        ),
        _signature(row, report),
    )


def gender_and_ethnicity(gender: Gender, ethnicity: str) -> Line:
    """Return the line that Mẫu số 02 and 03 share; an unstated gender waits for the pen."""
    said = "" if gender is Gender.UNSTATED else GENDER_LABELS[gender]
    spans = (Span("- Giới tính: "), filled(said), Span(" (Nam/nữ); Dân tộc: "), filled(ethnicity))
    return Line(spans, align="left")


def _finding(
    row: DossierRow,
    report: CommuneReport,
    finding: Finding,
    answers: Mapping[str, SelfAssessmentAnswer],
    *,
    commune: str,
) -> Iterator[Line]:
    yield heading(_WORDING[finding])
    claim = _claim(row, finding, answers)
    if claim:
        yield text("Mô tả của chủ thể:", italic=True, keep=True)
        yield from prose(claim)
    if figure := _figure(report, finding):
        yield Line((Span("Số liệu kiểm tra: ", italic=True), Span(figure)))
    yield text(f"Đánh giá của Ủy ban nhân dân {commune}:", italic=True, keep=True)
    yield from prose(getattr(report, f"{finding}_finding"))
    confirmed = getattr(report, f"{finding}_confirmed")
    yield Line(
        (
            *box("Xác nhận đúng với thực tế:", ticked=confirmed),
            *box("    Chưa xác nhận:", ticked=not confirmed),
        ),
        align="left",
    )


def _figure(report: CommuneReport, finding: Finding) -> str:
    match finding:
        case Finding.MATERIAL:
            return _material(report)
        case Finding.LABOUR if report.workers_total:
            return f"{report.workers_local}/{report.workers_total} lao động là người địa phương."
        case _:
            return ""


def _material(report: CommuneReport) -> str:
    local_kg, total_kg = report.material_local_kg, report.material_total_kg
    if local_kg is not None and total_kg is not None:
        share = local_material_percent(local_kg, total_kg)
        return (
            f"{thousands(local_kg)}/{thousands(total_kg)} kg nguyên liệu trong một năm ở trên địa bàn, "
            f"chiếm {_percent(share)} %."
        )
    if report.material_confirmed or report.material_local_percent:
        return f"nguyên liệu trên địa bàn chiếm {report.material_local_percent} %."
    return ""


def _percent(share: Fraction) -> str:
    """Return a share with at most one decimal, cut and not rounded: no share looks larger."""
    tenths = floor(share * 10)
    return str(tenths // 10) if tenths % 10 == 0 else f"{tenths // 10},{tenths % 10}"


def _meeting(report: CommuneReport) -> tuple[Line, ...]:
    """Return what a meeting of the commune concluded; art. 7.2.a leaves it to the commune to hold one."""
    if not report.meeting_number:
        return ()
    held = heading(f"Biên bản họp số {report.meeting_number} ngày {short_day(report.meeting_on)}:")
    return (held, *prose(report.meeting_conclusion))


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


def _signature(row: DossierRow, report: CommuneReport) -> Signature:
    on_behalf = [f"T.M ỦY BAN NHÂN DÂN {unbroken(row.commune.upper())}"]
    title, name, note = "Chủ tịch", "", "Bản dự thảo, chưa ký"
    if report.signed_at is not None:
        signed = report.signed_at.astimezone(VIET_NAM)
        title, name = report.signed_title, report.signed_by or ""
        note = f"Đã xác nhận trên hệ thống lúc {signed:%H:%M} ngày {signed:%d/%m/%Y}"
        if fold(title).startswith("pho "):
            on_behalf.append("KT. CHỦ TỊCH")
    return Signature(
        title=(*on_behalf, title.upper()),
        hint="(Ký tên và đóng dấu)",
        name=name,
        note=note,
        recipients=(
            f"Ủy ban nhân dân tỉnh {PROVINCE_NAME}",
            "Chủ thể",
            "Lưu: VT, hồ sơ sản phẩm",
        ),
    )
