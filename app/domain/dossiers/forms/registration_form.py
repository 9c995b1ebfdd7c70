"""Mẫu số 01 of Annex III, 26/2026/QĐ-TTg: the registration form, in the words of the decision."""

from datetime import date

from app.core.clock import local_day
from app.core.layout import (
    Block,
    Framed,
    Line,
    NationalHeading,
    PageBreak,
    Remark,
    Signature,
    Span,
    Title,
    box,
    field,
    filled,
    heading,
    text,
)
from app.core.official_days import place_and_date, short_day
from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.queries import DossierRow

PROVINCE_NAME = "Lai Châu"
NO_SLIP = "......-....... /PĐK- (Mã tỉnh) - (Mã xã) - (Năm)"


def registration_form_blocks(row: DossierRow) -> tuple[Block, ...]:
    """Return the form with what is known; what is not waits for the pen."""
    dossier, producer = row.dossier, row.producer
    filed_on = local_day(dossier.filed_at) if dossier.filed_at else None
    accepted_on = local_day(dossier.accepted_at) if dossier.accepted_at else None
    year = (filed_on or local_day(dossier.opened_at)).year
    return (
        Remark("Mẫu số 01, Phụ lục III, Quyết định số 26/2026/QĐ-TTg"),
        NationalHeading(),
        Title(
            "PHIẾU ĐĂNG KÝ",
            (
                text("Tham gia đánh giá, phân hạng sản phẩm OCOP", bold=True),
                text(f"của tỉnh {PROVINCE_NAME} năm {year}", bold=True),
            ),
        ),
        heading("1. Thông tin về đơn vị đăng ký:"),
        field("- Tên đơn vị", producer.name),
        field("- Họ tên người đại diện pháp lý", producer.representative),
        field("- Chức vụ", producer.representative_title),
        field("- Địa chỉ liên hệ", producer.address),
        field("- Điện thoại", producer.phone, ("Email", producer.email)),
        field("2. Tên sản phẩm", row.product.name, bold=True),
        Line(
            (
                Span(
                    "3. Nhóm sản phẩm đăng ký (Ngành, Nhóm, Phân nhóm",
                    bold=True,
                    footnote="Theo Phụ lục I về Danh mục phân loại sản phẩm tham gia đánh giá, "
                    "phân hạng sản phẩm OCOP.",
                ),
                Span("): ", bold=True),
                filled(_group(row)),
            )
        ),
        Line(
            (
                Span("4. Lần đăng ký đánh giá: ", bold=True),
                *box("Lần đầu", ticked=dossier.kind is DossierKind.FIRST),
                *box("    Nâng hạng:", ticked=dossier.kind is DossierKind.UPGRADE),
                *box("    Đánh giá lại:", ticked=dossier.kind is DossierKind.RENEWAL),
            ),
            align="left",
        ),
        heading("5. Tài liệu kèm theo:"),
        text("- Báo cáo đánh giá về sản phẩm theo Bộ tiêu chí (bản gốc, bản điện tử)."),
        field("- Sản phẩm mẫu (số lượng)", _samples(row)),
        text(
            "Cam đoan những thông tin trong Phiếu đăng ký là đúng sự thật, chúng tôi xin cam kết "
            "tuân thủ các quy định về đánh giá, phân hạng sản phẩm OCOP, chịu trách nhiệm trước "
            "Hội đồng và pháp luật về Hồ sơ đăng ký đánh giá, phân hạng sản phẩm.",
            indent=True,
        ),
        Signature(
            title=("ĐẠI DIỆN",),
            hint="(Ký, đóng dấu, ghi rõ họ tên)",
            name=producer.representative,
            place_and_date=place_and_date(row.commune, filed_on),
        ),
        PageBreak(),
        heading("PHẦN DÀNH CHO CƠ QUAN QUẢN LÝ", align="center"),
        _slip(
            "DÀNH CHO ỦY BAN NHÂN DÂN CẤP XÃ",
            dossier.slip_number,
            filed_on,
            dossier.received_by,
        ),
        _slip(
            "DÀNH CHO CƠ QUAN QUẢN LÝ OCOP CẤP TỈNH",
            dossier.province_slip_number,
            accepted_on,
        ),
    )


def _group(row: DossierRow) -> str:
    rubric = row.rubric
    levels = {
        "Ngành": rubric.category_name,
        "nhóm": rubric.group_name,
        "phân nhóm": rubric.subgroup_name,
    }
    return ", ".join(f"{level} {name}" for level, name in levels.items() if name)


def _samples(row: DossierRow) -> str:
    if not row.samples_needed:
        return "không yêu cầu"
    count = row.dossier.sample_count
    return f"{count:02d} sản phẩm" if count else ""


def _slip(
    office: str, number: str | None, received_on: date | None, received_by: str = ""
) -> Framed:
    """Return one office's slip; who received it signs with the pen."""
    return Framed(
        (
            heading(office, align="center"),
            text(f"Phiếu số: {number or NO_SLIP}"),
            field("Ngày nhận", short_day(received_on)),
            field("Người tiếp nhận", received_by, ("Chữ ký", "")),
            Signature(title=("Cơ quan tiếp nhận",), hint="(Ký, đóng dấu và ghi rõ họ tên)"),
        )
    )
