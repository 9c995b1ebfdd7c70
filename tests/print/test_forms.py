"""Mẫu số 01, 02 and 03: every field of the decision, the same words in PDF and DOCX, text as text."""

from collections.abc import Iterable
from io import BytesIO
from xml.sax.saxutils import escape

import pytest
from docx import Document
from docx.shared import Mm
from pypdf import PdfReader

from app.core.layout import Paper, words_of
from app.core.typesetting import render_pdf
from app.core.word import SPECIMEN, render_docx
from app.domain.dossiers.enums import DossierKind, EvidenceKind
from app.domain.dossiers.forms.boxes import Held, boxes_of
from app.domain.dossiers.forms.commune_report import commune_report_blocks
from app.domain.dossiers.forms.printing import TITLES, DossierForm
from app.domain.dossiers.forms.registration_form import registration_form_blocks
from app.domain.dossiers.forms.self_assessment import self_assessment_blocks
from app.domain.dossiers.models import ChangeReport
from app.domain.dossiers.queries import DossierRow
from tests.factories.forms import (
    FILED_AT,
    assessment_of,
    dossier_row,
    paper,
    report_of,
)
from tests.print.form_labels import LABELS
from tests.print.reading import BOXES, docx_parts, docx_words, in_one_line, pdf_words, squeezed

# Whatever a person may type that a typesetter, a template or a word processor could read as more.
TYPED = (
    "Mật #ong *rừng* _xã_ $x$ [a] \\b @c <d> `e` #let x = 1 {{ 7*7 }} {% raw %} "
    '{ HYPERLINK "http://x.example" } <w:b/> &amp; &'
)
MOST_CRITERIA = "qd26-2026-13"


def form(number: DossierForm, row: DossierRow | None = None, *, specimen: bool = False) -> Paper:
    """Return a form with all that can be known in it."""
    row = row or dossier_row()
    match number:
        case DossierForm.REGISTRATION:
            blocks = registration_form_blocks(row)
        case DossierForm.SELF_ASSESSMENT:
            blocks = self_assessment_blocks(assessment_of(row))
        case DossierForm.COMMUNE_REPORT:
            blocks = commune_report_blocks(row, report_of(), assessment_of(row).answers)
    return Paper(TITLES[number], blocks, specimen=specimen)


def empty(number: DossierForm) -> Paper:
    """Return a form of a dossier of which next to nothing is known."""
    row = dossier_row(known=False, filed=False)
    match number:
        case DossierForm.REGISTRATION:
            blocks = registration_form_blocks(row)
        case DossierForm.SELF_ASSESSMENT:
            blocks = self_assessment_blocks(assessment_of(row, papers=0, answered=False))
        case DossierForm.COMMUNE_REPORT:
            blocks = commune_report_blocks(row, report_of(known=False, signed=False), {})
    return Paper(TITLES[number], blocks)


def as_pdf(written: Paper) -> bytes:
    return render_pdf("form", written.plain(), timestamp=FILED_AT)


def as_docx(written: Paper) -> bytes:
    return render_docx(written, timestamp=FILED_AT)


def first_missing(wanted: Iterable[str], said: str) -> str | None:
    """Return the first text that does not stand behind the one before it."""
    said, place = squeezed(said), 0
    for words in wanted:
        wanted_words = squeezed(words)
        found = said.find(wanted_words, place)
        if found < 0:
            return words
        place = found + len(wanted_words)
    return None


# --- against the decision ---------------------------------------------------------------------


@pytest.mark.parametrize("number", DossierForm)
@pytest.mark.parametrize("filled", [True, False], ids=["filled", "empty"])
def test_every_field_of_the_decision_stands_in_its_place(
    number: DossierForm, *, filled: bool
) -> None:
    written = form(number) if filled else empty(number)
    labels = [label for _, label in LABELS[number]]
    if filled and number is DossierForm.REGISTRATION:
        labels = [label for label in labels if label != "/PĐK- (Mã tỉnh) - (Mã xã) - (Năm)"]
        labels[labels.index("/PĐK-")] = "07/PĐK-12-03478-2026"
    for said in (pdf_words(as_pdf(written)), docx_words(as_docx(written))):
        assert first_missing(labels, said) is None


@pytest.mark.parametrize("number", DossierForm)
def test_both_formats_say_the_same_field_by_field(number: DossierForm) -> None:
    written = form(number)
    # A note stands at the foot of its page, wherever it hangs.
    texts = [words for words in words_of(written.blocks) if not words.startswith("Theo Phụ lục I")]
    assert len(texts) > 40
    for said in (pdf_words(as_pdf(written)), docx_words(as_docx(written))):
        for words in texts:
            assert squeezed(words) in squeezed(said), words
    assert first_missing(texts, docx_words(as_docx(written))) is None


@pytest.mark.parametrize("number", DossierForm)
def test_what_is_not_known_waits_for_the_pen(number: DossierForm) -> None:
    said = pdf_words(as_pdf(empty(number)))
    label = {
        DossierForm.REGISTRATION: "- Chức vụ:",
        DossierForm.SELF_ASSESSMENT: "- Họ tên:",
        DossierForm.COMMUNE_REPORT: "- Họ tên:",
    }[number]
    assert f"{label} ..........." in said
    assert "None" not in said


def test_the_kind_of_the_dossier_is_ticked() -> None:
    ticks = {}
    for kind in DossierKind:
        said = docx_words(as_docx(form(DossierForm.REGISTRATION, dossier_row(kind=kind))))
        ticks[kind] = "".join(sign for sign in said if sign in BOXES)
    assert ticks == {"first": "☑☐☐", "upgrade": "☐☑☐", "renewal": "☐☐☑"}


# --- Mẫu số 02 --------------------------------------------------------------------------------


def test_the_report_lists_every_criterion_with_option_points_description_and_papers() -> None:
    row = dossier_row()
    assessment = assessment_of(row, papers=40)
    written = Paper("", self_assessment_blocks(assessment))
    for said in (pdf_words(as_pdf(written)), docx_words(as_docx(written))):
        for criterion in row.rubric.criteria:
            chosen = assessment.answers[criterion.code].option_code or ""
            option = criterion.find_option(chosen)
            assert option is not None
            assert squeezed(f"Tự đánh giá: {option.label}") in squeezed(said)
        for one in assessment.cited:
            assert f"{one.title} (số {one.number}, Trung tâm Kiểm nghiệm Mẫu" in said
        assert said.count("Hái tay một tôm hai lá") == len(row.rubric.criteria)
        assert "Tổng cộng 100 100" in said
        assert "Hạng sao tự đánh giá: 5 sao." in said


def test_an_unfinished_report_says_what_is_open_and_claims_no_star() -> None:
    said = docx_words(as_docx(empty(DossierForm.SELF_ASSESSMENT)))
    criteria = assessment_of(dossier_row(), answered=False).score.missing
    assert said.count("Chưa tự đánh giá.") == len(criteria)
    assert f"chưa xác định (còn {len(criteria)} tiêu chí chưa tự đánh giá)" in said


def test_the_boxes_follow_the_cited_papers() -> None:
    kind = EvidenceKind
    titles = [
        (kind.PRODUCTION_CONDITIONS, "Giấy chứng nhận cơ sở đủ điều kiện an toàn thực phẩm"),
        (kind.QUALITY_DECLARATION, "Bản tự công bố"),
        (kind.INTELLECTUAL_PROPERTY, "Giấy chứng nhận nhãn hiệu tập thể «Chè Lai Châu»"),
        (kind.INTELLECTUAL_PROPERTY, "Đơn đăng ký nhãn hiệu đã được chấp nhận"),
        (kind.TEST_REPORT, "Phiếu kiểm nghiệm"),
    ]
    papers = [paper(number, *told) for number, told in enumerate(titles, start=1)]
    boxes = boxes_of(papers, registration_number="")
    assert boxes.held == {Held.FOOD_SAFETY, Held.QUALITY_DECLARED, Held.SHARED_MARK}
    assert boxes.has_right
    assert boxes.other_rights == ("Đơn đăng ký nhãn hiệu đã được chấp nhận",)


@pytest.mark.parametrize(
    ("title", "held"),
    [
        ("Giấy chứng nhận đăng ký nhãn hiệu số 4021", Held.TRADEMARK),
        ("Bằng độc quyền sáng chế", Held.PATENT),
        ("Bằng độc quyền kiểu dáng công nghiệp", Held.DESIGN),
        ("Giấy chứng nhận đăng ký quyền tác giả", Held.COPYRIGHT),
        ("Giấy phép khác", Held.OTHER_RIGHT),
    ],
)
def test_a_right_is_read_by_its_title(title: str, held: Held) -> None:
    right = paper(1, EvidenceKind.INTELLECTUAL_PROPERTY, title)
    assert boxes_of([right], registration_number="").held == {held}


def test_an_application_alone_is_no_registered_right() -> None:
    application = paper(1, EvidenceKind.INTELLECTUAL_PROPERTY, "Đơn đăng ký nhãn hiệu")
    assert not boxes_of([application], registration_number="1").has_right


def test_a_renewal_tells_what_changed_since_the_recognition() -> None:
    row = dossier_row(kind=DossierKind.RENEWAL)
    told = ChangeReport(
        dossier_id=1,
        materials="Thêm 12 ha.",
        tests="Đạt cả.",
        tests_done=3,
        output_amount=1200,
        output_unit="kg",
        revenue=480_000_000,
    )
    written = Paper("", self_assessment_blocks(assessment_of(row), told))
    for said in (pdf_words(as_pdf(written)), docx_words(as_docx(written))):
        assert "- Nguyên liệu: Thêm 12 ha." in said
        assert "- Kiểm nghiệm định kỳ: 3 lần. Đạt cả." in said
        assert "- Sản lượng: 1.200 kg" in said
        assert "- Doanh thu: 480.000.000 đồng" in said
    first = Paper("", self_assessment_blocks(assessment_of(dossier_row()), told))
    assert "Thêm 12 ha" not in docx_words(as_docx(first))


def test_the_largest_report_loses_nothing() -> None:
    row = dossier_row(rubric_code=MOST_CRITERIA)
    long = "\n".join(f"Đoạn {number}. " + "Chữ dài có dấu. " * 12 for number in range(1, 6))
    written = Paper("", self_assessment_blocks(assessment_of(row, papers=60, description=long)))
    pdf, docx = as_pdf(written), as_docx(written)
    assert len(pdf) < 1_500_000
    assert len(docx) < 300_000
    for said in (pdf_words(pdf), docx_words(docx)):
        assert said.count("Đoạn 5.") == len(row.rubric.criteria)
        assert all(f"MC{number:02d}." in said for number in range(1, 61))


# --- Mẫu số 03 --------------------------------------------------------------------------------


def test_a_draft_of_the_commune_says_so() -> None:
    drafted, signed = empty(DossierForm.COMMUNE_REPORT), form(DossierForm.COMMUNE_REPORT)
    for read, make in ((pdf_words, as_pdf), (docx_words, as_docx)):
        assert "Bản dự thảo, chưa ký" in read(make(drafted))
        said = read(make(signed))
        assert "Đã xác nhận trên hệ thống lúc 09:00 ngày 14/09/2026" in said
        assert "KT. CHỦ TỊCH PHÓ CHỦ TỊCH" in said


def test_kilograms_and_a_meeting_are_told_when_there_are_any() -> None:
    row, report = dossier_row(), report_of()
    report.material_local_kg, report.material_total_kg = 1199, 1300
    report.meeting_number, report.meeting_on = "05/BB-UBND", FILED_AT.date()
    report.meeting_conclusion = "Nhất trí."
    said = docx_words(as_docx(Paper("", commune_report_blocks(row, report, {}))))
    assert "1.199/1.300 kg nguyên liệu trong một năm ở trên địa bàn, chiếm 92,2 %." in said
    assert "Biên bản họp số 05/BB-UBND ngày 14/09/2026: Nhất trí." in said


# --- what is typed stays text -----------------------------------------------------------------


@pytest.mark.parametrize("number", DossierForm)
def test_typed_marks_and_field_codes_stay_text(number: DossierForm) -> None:
    written = form(number, dossier_row(product=TYPED))
    assert squeezed(TYPED) in squeezed(pdf_words(as_pdf(written)))
    docx = as_docx(written)
    assert TYPED in docx_words(docx)
    parts = docx_parts(docx)
    body = parts["word/document.xml"].decode()
    assert escape("<w:b/> &amp; &") in body
    for element in ("w:instrText", "w:fldSimple", "w:hyperlink", "w:object"):
        assert f"<{element}" not in body
    assert not [name for name in parts if "embeddings" in name or "vba" in name.lower()]
    assert b'TargetMode="External"' not in b"".join(parts.values())


@pytest.mark.parametrize(
    "typed", ["Mật ong 🐝", "a\u202eb", "a\x00b", "a\x0bb", "\ud7ff", "א ب 中"]
)
def test_no_sign_stops_a_form(typed: str) -> None:
    row = dossier_row(product=typed)
    row.producer.history = typed
    for number in DossierForm:
        assert as_pdf(form(number, row))
        assert as_docx(form(number, row))


# --- as files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", DossierForm)
def test_the_same_form_is_the_same_file_and_names_no_tool(number: DossierForm) -> None:
    written = form(number)
    docx = as_docx(written)
    assert docx == as_docx(written)
    assert as_pdf(written) == as_pdf(written)
    about = Document(BytesIO(docx)).core_properties
    assert (about.title, about.author, about.comments) == (TITLES[number], "", "")
    assert about.created is not None
    assert about.created.replace(tzinfo=None) == FILED_AT.replace(tzinfo=None)
    assert b"python" not in b"".join(docx_parts(docx).values()).lower()


@pytest.mark.parametrize("number", DossierForm)
def test_only_the_demonstration_prints_specimens(number: DossierForm) -> None:
    marked, plain = form(number, specimen=True), form(number)
    for page in PdfReader(BytesIO(as_pdf(marked))).pages:
        assert "BẢN MINH HỌA" in in_one_line(page.extract_text())
    assert "BẢN MINH HỌA" not in pdf_words(as_pdf(plain))

    def headers(written: Paper) -> list[str]:
        section = Document(BytesIO(as_docx(written))).sections[0]
        return [
            " ".join(line.text for line in head.paragraphs)
            for head in (section.first_page_header, section.header)
        ]

    assert all(SPECIMEN in head for head in headers(marked))
    assert not any(SPECIMEN in head for head in headers(plain))


@pytest.mark.parametrize("number", DossierForm)
def test_a_docx_is_an_official_paper_in_a4(number: DossierForm) -> None:
    document = Document(BytesIO(as_docx(form(number))))
    section = document.sections[0]
    assert section.page_width is not None
    assert round(section.page_width / Mm(1)) == 210
    assert section.left_margin is not None
    assert round(section.left_margin / Mm(1)) == 30
    assert document.styles["Normal"].font.name == "Times New Roman"
    for table in document.tables:
        widths = [cell.width for cell in table.rows[0].cells]
        assert round(sum(width or 0 for width in widths) / Mm(1)) == 162


def test_a_table_says_its_heads_on_every_page() -> None:
    body = docx_parts(as_docx(form(DossierForm.SELF_ASSESSMENT)))["word/document.xml"]
    assert body.count(b"<w:tblHeader") == 3
    assert pdf_words(as_pdf(form(DossierForm.SELF_ASSESSMENT))).count("Điểm tối đa") > 3
