"""Mẫu số 02 of Annex III, 26/2026/QĐ-TTg: the producer's report on its product, parts I to IV.

What the form says about how to fill it in is not printed; the table of papers is, with the papers
of this dossier beside each row, numbered as they lie in the electronic set.
"""

from collections.abc import Iterator, Mapping

from app.core.clock import local_day
from app.core.layout import (
    Block,
    Cell,
    Line,
    Part,
    Remark,
    Signature,
    Span,
    Table,
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
from app.core.text import thousands
from app.domain.dossiers.enums import DossierKind, EvidenceKind
from app.domain.dossiers.forms.boxes import Boxes, Held, boxes_of
from app.domain.dossiers.forms.commune_report import gender_and_ethnicity
from app.domain.dossiers.forms.evidence_guide import GUIDE
from app.domain.dossiers.models import ChangeReport, Dossier, Evidence
from app.domain.dossiers.queries import DossierRow, SelfAssessment
from app.domain.producers.rules import KIND_LABELS
from app.rulebooks.model import Criterion, Section
from app.rulebooks.scoring import NOT_MET

_CRITERIA_MM = (14, 80, 17, 17, 34)
_GUIDE_MM = (10, 38, 60, 54)
_TOTALS_MM = (112, 25, 25)


def self_assessment_blocks(
    assessment: SelfAssessment, changes: ChangeReport | None = None
) -> tuple[Block, ...]:
    """Return the report with what is written so far; what is not waits for the pen."""
    row = assessment.row
    dossier = row.dossier
    numbers = paper_numbers(assessment)
    filed_on = local_day(dossier.filed_at) if dossier.filed_at else None
    return (
        Remark("Mẫu số 02, Phụ lục III, Quyết định số 26/2026/QĐ-TTg"),
        Title(
            "BÁO CÁO TỰ ĐÁNH GIÁ VỀ SẢN PHẨM",
            (text("(Dành cho chủ thể có sản phẩm đăng ký)", italic=True),),
        ),
        Part("Phần I", "THÔNG TIN CHUNG"),
        *_about(
            row, boxes_of(assessment.cited, registration_number=row.producer.registration_number)
        ),
        Part("Phần II", "KẾT QUẢ THỰC HIỆN PHƯƠNG ÁN SẢN XUẤT KINH DOANH"),
        *prose(dossier.business_results),
        *_revenue(dossier),
        Part(
            "Phần III",
            f"ĐÁNH GIÁ KẾT QUẢ THỰC HIỆN THEO BỘ TIÊU CHÍ {unbroken('SẢN PHẨM OCOP')}",
        ),
        *_judged(assessment, numbers),
        text("Tài liệu minh chứng kèm theo:", bold=True, keep=True),
        _guide(assessment, numbers),
        *_changes(dossier.kind, changes),
        Part("Phần IV", "KẾ HOẠCH SẢN XUẤT, KINH DOANH"),
        *prose(dossier.business_plan),
        Signature(
            title=("ĐẠI DIỆN THEO PHÁP LUẬT CỦA CƠ SỞ",),
            hint="(Ký, họ tên, đóng dấu)",
            name=row.producer.representative,
            place_and_date=place_and_date(row.commune, filed_on),
        ),
    )


def paper_numbers(assessment: SelfAssessment) -> dict[int, str]:
    """Return the number of each cited paper, "MC01" first: in the order of the criteria."""
    found: dict[int, str] = {}
    for papers in assessment.uses.values():
        for paper in papers:
            found.setdefault(paper.id or 0, f"MC{len(found) + 1:02d}")
    return found


# --- part I -----------------------------------------------------------------------------------


def _about(row: DossierRow, boxes: Boxes) -> Iterator[Line]:
    producer, product = row.producer, row.product
    yield field("1. Tên chủ thể", producer.name)
    yield field("2. Loại hình tổ chức", KIND_LABELS[producer.kind])
    yield field("3. Địa chỉ", producer.address)
    yield field("4. Điện thoại", producer.phone, ("Email", producer.email))
    yield text("5. Tên người đại diện pháp luật:", keep=True)
    yield field("- Họ tên", producer.representative)
    yield gender_and_ethnicity(producer.representative_gender, producer.representative_ethnicity)
    yield field("- Địa chỉ thường trú", producer.representative_address)
    yield field(
        "6. Ngày thành lập/đăng ký kinh doanh",
        short_day(producer.registered_on),
        ("Số giấy đăng ký (nếu có)", producer.registration_number),
    )
    yield field("7. Tên sản phẩm/dịch vụ, mô tả về quy cách sản phẩm, tiêu chuẩn", product.name)
    for typed in (product.packaging, product.description):
        if typed.strip():
            yield from prose(typed)
    yield from _boxes(boxes)
    yield text(
        "8. Lịch sử hình thành của chủ thể (nêu các giai đoạn hình thành và phát triển):", keep=True
    )
    yield from prose(producer.history)
    yield text("9. Cơ cấu tổ chức của chủ thể:", keep=True)
    yield from prose(producer.structure)


def _boxes(boxes: Boxes) -> Iterator[Line]:
    def ticked(label: str, *held: Held) -> Line:
        return Line(box(label, ticked=bool(boxes.held & set(held))), align="left")

    yield text("Đánh dấu (√) vào mục tương ứng:", italic=True, keep=True)
    yield ticked("a) Giấy đăng ký kinh doanh:", Held.BUSINESS_REGISTRATION)
    yield ticked("b) Đã công bố chất lượng sản phẩm theo quy định:", Held.QUALITY_DECLARED)
    yield text("c) Đã có các điều kiện sản xuất theo quy định:", keep=True)
    yield ticked(
        "- Giấy chứng nhận cơ sở đủ điều kiện vệ sinh an toàn thực phẩm theo quy định của pháp "
        "luật cho sản xuất sản phẩm:",
        Held.FOOD_SAFETY,
    )
    yield ticked(
        "- Giấy chứng nhận cơ sở đủ điều kiện sản xuất bắt buộc theo quy định cho sản phẩm (đối "
        "với các sản phẩm bắt buộc theo quy định)",
        Held.PRODUCTION_CONDITIONS,
    )
    yield Line(
        box("d) Đã có đăng ký sở hữu trí tuệ:", ticked=boxes.has_right), align="left", keep=True
    )
    yield ticked("+ Giấy chứng nhận đăng ký nhãn hiệu:", Held.TRADEMARK)
    yield ticked(
        "+ Văn bản ghi nhận quyền sử dụng chỉ dẫn địa lý, nhãn hiệu tập thể, nhãn hiệu chứng nhận:",
        Held.SHARED_MARK,
    )
    yield ticked("+ Bằng sáng chế", Held.PATENT)
    yield ticked("+ Bằng độc quyền kiểu dáng công nghiệp:", Held.DESIGN)
    yield ticked("+ Giấy chứng nhận bản quyền tác giả", Held.COPYRIGHT)
    yield Line(
        (
            *box("+ Khác (ghi rõ):", ticked=bool(boxes.other_rights)),
            Span(" "),
            filled("; ".join(boxes.other_rights)),
        ),
        align="left",
    )


# --- part III ---------------------------------------------------------------------------------


def _judged(assessment: SelfAssessment, numbers: Mapping[int, str]) -> Iterator[Block]:
    rubric, score = assessment.row.rubric, assessment.score
    yield text(
        f"Bộ tiêu chí: Bộ {rubric.set_number}. {rubric.name}, {rubric.annex}, Quyết định số "
        f"{rubric.decision}.",
        keep=True,
    )
    yield Table(
        _CRITERIA_MM,
        (
            "Tiêu chí",
            "Kết quả tự đánh giá và mô tả, chứng minh",
            "Điểm tối đa",
            "Điểm tự đánh giá",
            "Tài liệu minh chứng",
        ),
        ("center", "left", "center", "center", "left"),
        tuple(_criteria(assessment, numbers)),
    )
    yield text("Tổng hợp điểm tự đánh giá:", bold=True, keep=True)
    yield Table(
        _TOTALS_MM,
        ("Phần", "Điểm tối đa", "Điểm tự đánh giá"),
        ("left", "center", "center"),
        (
            *(
                (
                    _cell(f"Phần {part.code}. {part.name}"),
                    _cell(str(part.max)),
                    _cell(str(score.by_part[part.code])),
                )
                for part in rubric.parts
            ),
            (
                _cell("Tổng cộng", bold=True),
                _cell(str(rubric.total_max), bold=True),
                _cell(str(score.total), bold=True),
            ),
        ),
    )
    yield Line((Span("Hạng sao tự đánh giá: "), Span(_star(assessment), bold=True)))


def _star(assessment: SelfAssessment) -> str:
    missing = assessment.score.missing
    if missing:
        return f"chưa xác định (còn {len(missing)} tiêu chí chưa tự đánh giá)."
    star = max((one.star for one in assessment.nearest if one.is_reached), default=0)
    return f"{star} sao." if star else "chưa đủ điểm hoặc yêu cầu tối thiểu của hạng 3 sao."


def _criteria(assessment: SelfAssessment, numbers: Mapping[int, str]) -> Iterator[tuple[Cell, ...]]:
    score = assessment.score
    for part in assessment.row.rubric.parts:
        yield (
            _cell(f"Phần {part.code}. {part.name}", bold=True, columns=2),
            _cell(str(part.max), bold=True),
            _cell(str(score.by_part[part.code]), bold=True),
            _cell(""),
        )
        for section in part.sections:
            if not section.single:
                yield (
                    _cell(section.code, bold=True),
                    _cell(section.name, bold=True),
                    _cell(str(section.max), bold=True),
                    _cell(str(score.by_section[section.code]), bold=True),
                    _cell(""),
                )
            for criterion in section.criteria:
                yield _criterion(assessment, section, criterion, numbers)


def _criterion(
    assessment: SelfAssessment,
    section: Section,
    criterion: Criterion,
    numbers: Mapping[int, str],
) -> tuple[Cell, ...]:
    code = criterion.code
    answer = assessment.answers.get(code)
    applies = code not in assessment.score.not_applicable
    lines = [text(section.name if section.single else criterion.name, bold=True, align="left")]
    lines.append(text(_chosen(criterion, answer.option_code if answer else None, applies=applies)))
    if answer and answer.description.strip():
        first, *others = (line for line in answer.description.splitlines() if line.strip())
        lines.append(Line((Span("Mô tả: ", italic=True), Span(first))))
        lines += [text(line) for line in others]
    papers = assessment.uses.get(code, ())
    return (
        _cell(code),
        Cell(tuple(lines)),
        _cell(str(criterion.max)),
        _cell(_points(assessment, code)),
        Cell(tuple(_cited(paper, numbers) for paper in papers) or (text(""),)),
    )


def _points(assessment: SelfAssessment, code: str) -> str:
    """Return the points claimed; what is not answered claims none, not zero."""
    score = assessment.score
    if code in score.missing:
        return ""
    return "–" if code in score.not_applicable else str(score.by_criterion[code])


def _chosen(criterion: Criterion, option_code: str | None, *, applies: bool) -> str:
    if not applies:
        return "Không áp dụng."
    if option_code == NOT_MET:
        return "Tự đánh giá: không đạt."
    option = criterion.find_option(option_code or "")
    return f"Tự đánh giá: {option.label}" if option else "Chưa tự đánh giá."


def _cited(paper: Evidence, numbers: Mapping[int, str]) -> Line:
    return Line((Span(numbers[paper.id or 0], bold=True), Span(f". {paper.title}")), align="left")


def _guide(assessment: SelfAssessment, numbers: Mapping[int, str]) -> Table:
    rows = [*GUIDE, (EvidenceKind.OTHER, "Tài liệu khác", ("",))]
    by_kind: dict[EvidenceKind, list[Evidence]] = {kind: [] for kind, _, _ in rows}
    for paper in sorted(assessment.cited, key=lambda one: numbers[one.id or 0]):
        by_kind[paper.kind].append(paper)
    if not by_kind[EvidenceKind.OTHER]:
        rows.pop()
    return Table(
        _GUIDE_MM,
        ("TT", "Nội dung", "Yêu cầu", "Tài liệu kèm theo"),
        ("center", "left", "left", "left"),
        tuple(
            (
                _cell(str(number)),
                _cell(topic),
                Cell(tuple(text(line) for line in asked)),
                Cell(tuple(_described(paper, numbers) for paper in by_kind[kind]) or (text(""),)),
            )
            for number, (kind, topic, asked) in enumerate(rows, start=1)
        ),
    )


def _described(paper: Evidence, numbers: Mapping[int, str]) -> Line:
    facts = [
        f"số {paper.number}" if paper.number else "",
        paper.issuer,
        f"ngày {short_day(paper.issued_on)}" if paper.issued_on else "",
        f"hết hạn {short_day(paper.expires_on)}" if paper.expires_on else "",
    ]
    told = ", ".join(fact for fact in facts if fact)
    return Line(
        (
            Span(numbers[paper.id or 0], bold=True),
            Span(f". {paper.title}" + (f" ({told})" if told else "")),
        ),
        align="left",
    )


def _cell(words: str, *, bold: bool = False, columns: int = 1) -> Cell:
    return Cell((text(words, bold=bold, keep=bold),), columns=columns)


# --- what changed -----------------------------------------------------------------------------


def _changes(kind: DossierKind, report: ChangeReport | None) -> Iterator[Line]:
    """Say what changed since the product was recognised (art. 6.1.b, 6.1.c)."""
    if kind is DossierKind.FIRST:
        return
    yield heading(
        "Những thay đổi so với sản phẩm OCOP đã được công nhận:"
        if kind is DossierKind.UPGRADE
        else "Những nội dung mới, những thay đổi, kết quả đạt được sau thời gian được công nhận OCOP:"
    )
    told = (
        (
            ("Nội dung thay đổi", report.changes),
            ("Nguyên liệu", report.materials),
            ("Công nghệ sử dụng", report.technology),
            ("Bao bì, nhãn mác", report.packaging),
            ("Công bố chất lượng", report.quality_declaration),
            ("Kiểm nghiệm định kỳ", _tests(report)),
            ("Thị trường tiêu thụ", report.market),
            ("Sản lượng", _amount(report.output_amount, report.output_unit)),
            ("Doanh thu", _amount(report.revenue, "đồng")),
        )
        if report
        else ()
    )
    said = [(label, typed) for label, typed in told if typed.strip()]
    if not said:
        yield from prose("")
    for label, typed in said:
        first, *others = (line.strip() for line in typed.splitlines() if line.strip())
        yield field(f"- {label}", first)
        yield from (text(line, indent=True) for line in others)


def _revenue(dossier: Dossier) -> Iterator[Line]:
    if dossier.stated_revenue is not None:
        label = f"Doanh thu của sản phẩm năm {dossier.stated_revenue_year}"
        yield field(label, _amount(dossier.stated_revenue, "đồng"))


def _tests(report: ChangeReport) -> str:
    counted = "" if report.tests_done is None else f"{report.tests_done} lần. "
    return f"{counted}{report.tests}"


def _amount(amount: int | None, unit: str) -> str:
    return "" if amount is None else f"{thousands(amount)} {unit}".strip()
