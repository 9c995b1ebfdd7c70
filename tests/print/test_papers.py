"""Papers of every kind: they compile, are read as text, keep typed marks as text, and fit."""

import copy
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pypdfium2 as pdfium
import pytest
from pypdf import PdfReader

from app.core.typesetting import TEMPLATES, render_pdf
from tests.print.papers import PAPERS

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
WATERMARK = "BẢN MINH HỌA"
A4 = (595, 842)
# Whatever a person may type that a typesetter could read as markup or code.
TYPED = "Mật #ong *rừng* _xã_ $x$ [a] \\b @c <d> `e` #let x = 1"
PAGES = {
    "certificate": 1,
    "registration_form": 2,
    "commune_report": 3,
    "minutes": 3,
    "decision": 3,
}
NAMED = ("certificate", "registration_form", "commune_report")
LONG_NAME = (
    "Trà Shan tuyết cổ thụ hái tay một tôm hai lá sao chảo gang truyền thống của đồng bào Mông "
    "vùng núi cao Sin Suối Hồ, hộp quà đặc biệt kỷ niệm ngày thành lập Hợp tác xã (loại thượng hạng)"
)


def paper(kind: str, **changes: object) -> dict[str, object]:
    return copy.deepcopy(PAPERS[kind]) | changes


def text_of(pdf: bytes) -> str:
    """Return the words of a paper as a reader copies them, in one line."""
    document: Any = pdfium.PdfDocument(pdf)  # type: ignore[no-untyped-call]  # -- the library has no types
    try:
        words = " ".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
    return " ".join(words.split())


def printed(kind: str, **changes: object) -> bytes:
    return render_pdf(kind, paper(kind, **changes), timestamp=AT)


def test_every_template_of_a_paper_has_an_example() -> None:
    own = {path.stem for path in TEMPLATES.glob("*.typ")} - {"common", "label_sheet"}
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
    said = text_of(printed(kind))
    assert "Trà Shan tuyết cổ thụ" in said or kind == "minutes"
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
    assert TYPED in text_of(printed(kind, product=TYPED))


def test_typed_marks_in_findings_stay_text() -> None:
    data = paper("commune_report")
    findings = data["findings"]
    assert isinstance(findings, dict)
    findings["idea"] = findings["idea"] | {"claim": TYPED, "finding": f"= {TYPED}\n- {TYPED}"}
    said = text_of(render_pdf("commune_report", data, timestamp=AT))
    assert said.count("#let x = 1") == 3


@pytest.mark.parametrize("kind", NAMED)
def test_a_long_name_is_printed_whole_on_no_more_pages(kind: str) -> None:
    pdf = printed(kind, product=LONG_NAME)
    assert LONG_NAME in text_of(pdf)
    assert len(PdfReader(BytesIO(pdf)).pages) <= PAGES[kind]


def test_the_largest_findings_run_on_over_pages_and_none_is_lost() -> None:
    data = paper("commune_report")
    findings = data["findings"]
    assert isinstance(findings, dict)
    long = "\n".join(f"Đoạn số {number} của nhận xét. " + "Chữ " * 40 for number in range(40))
    for finding in findings.values():
        finding["finding"] = long
    pdf = render_pdf("commune_report", data, timestamp=AT)
    assert text_of(pdf).count("Đoạn số 39 của nhận xét.") == 4
    assert len(PdfReader(BytesIO(pdf)).pages) > PAGES["commune_report"]


def test_what_is_not_known_waits_for_the_pen() -> None:
    producer = dict.fromkeys(
        ("name", "representative", "position", "address", "phone", "email"), ""
    )
    said = text_of(printed("registration_form", producer=producer, samples="", group=""))
    assert "Họ tên người đại diện pháp lý: ...." in said


@pytest.mark.parametrize("typed", ["Mật ong 🐝", "a\u202eb", "a\x00b", "", "א ب 中"])
def test_no_sign_that_a_font_lacks_stops_a_paper(typed: str) -> None:
    assert printed("registration_form", product=typed)
