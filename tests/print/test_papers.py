"""Papers of every kind: they compile, are read as text, keep typed marks as text, and fit."""

import copy
from datetime import UTC, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from app.core.typesetting import TEMPLATES, render_pdf
from tests.print.papers import PAPERS
from tests.print.reading import pdf_words

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
WATERMARK = "BẢN MINH HỌA"
A4 = (595, 842)
# Whatever a person may type that a typesetter could read as markup or code.
TYPED = "Mật #ong *rừng* _xã_ $x$ [a] \\b @c <d> `e` #let x = 1"
PAGES = {
    "receipt": 2,
    "completion_request": 2,
    "certificate": 1,
    "decision": 3,
    "scoring_grid": 4,
    "packaging_permission": 2,
    "packaging_instructions": 1,
}
NAMED = ("certificate", "scoring_grid")
LONG_NAME = (
    "Trà Shan tuyết cổ thụ hái tay một tôm hai lá sao chảo gang truyền thống của đồng bào Mông "
    "vùng núi cao Sin Suối Hồ, hộp quà đặc biệt kỷ niệm ngày thành lập Hợp tác xã (loại thượng hạng)"
)


def paper(kind: str, **changes: object) -> dict[str, object]:
    return copy.deepcopy(PAPERS[kind]) | changes


def printed(kind: str, **changes: object) -> bytes:
    return render_pdf(kind, paper(kind, **changes), timestamp=AT)


def test_every_template_of_a_paper_has_an_example() -> None:
    others = {"common", "label_sheet", "form", "packaging_symbol"}  # no papers of their own text
    minutes = {"stamp_delivery", "stamp_destruction"}  # tried in test_stamp_papers.py
    own = {path.stem for path in TEMPLATES.glob("*.typ")} - others - minutes
    assert own == set(PAPERS) == set(PAGES)


@pytest.mark.parametrize("kind", PAPERS)
def test_a_paper_is_short_of_a_sensible_size_and_the_same_each_time(kind: str) -> None:
    pdf = printed(kind)
    reader = PdfReader(BytesIO(pdf))
    assert 1 <= len(reader.pages) <= PAGES[kind]
    for page in reader.pages:
        sides = sorted((round(page.mediabox.width), round(page.mediabox.height)))
        assert sides == pytest.approx(sorted(A4), abs=1)
    assert pdf == printed(kind)


@pytest.mark.parametrize("kind", PAPERS)
def test_a_paper_is_read_as_text_with_its_accents(kind: str) -> None:
    said = pdf_words(printed(kind))
    assert "Trà Shan tuyết cổ thụ" in said
    assert "\ufffd" not in said
    assert "□" not in said


@pytest.mark.parametrize("kind", PAPERS)
def test_only_the_demonstration_prints_specimens(kind: str) -> None:
    def marked(pdf: bytes) -> list[bool]:
        pages = PdfReader(BytesIO(pdf)).pages
        return [WATERMARK in " ".join(page.extract_text().split()) for page in pages]

    assert all(marked(printed(kind, specimen=True)))
    assert not any(marked(printed(kind)))


@pytest.mark.parametrize("kind", NAMED)
def test_typed_marks_stay_text(kind: str) -> None:
    assert TYPED in pdf_words(printed(kind, product=TYPED))


@pytest.mark.parametrize("kind", NAMED)
def test_a_long_name_is_printed_whole_on_no_more_pages(kind: str) -> None:
    pdf = printed(kind, product=LONG_NAME)
    assert LONG_NAME in pdf_words(pdf)
    assert len(PdfReader(BytesIO(pdf)).pages) <= PAGES[kind]


@pytest.mark.parametrize("typed", ["Mật ong 🐝", "a\u202eb", "a\x00b", "", "א ب 中"])
def test_no_sign_that_a_font_lacks_stops_a_paper(typed: str) -> None:
    assert printed("certificate", product=typed)


def test_an_approval_says_that_the_ministry_is_asked_and_promises_no_certificate() -> None:
    approval = paper("decision") | {"kind": "approval"}
    said = pdf_words(render_pdf("decision", approval, timestamp=AT))
    assert "Phê duyệt kết quả đánh giá, phân hạng" in said
    assert "đề nghị Bộ Nông nghiệp và Môi trường đánh giá, phân hạng sản phẩm OCOP 5 sao" in said
    assert "74,33" in said
    assert "Giấy chứng nhận" not in said
