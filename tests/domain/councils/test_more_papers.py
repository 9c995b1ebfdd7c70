"""Sheets, summaries, reports and notices on paper: who may print them, when, and what they say."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Conflict, NotFound, NotPermitted, Refused
from app.core.layout import PaperFormat
from app.core.own_templates import ReplaceablePaper
from app.domain.councils.actions import submit_sheet
from app.domain.councils.models import AgendaItem, Meeting, Result
from app.domain.councils.papers import (
    council_report_paper,
    sheet_paper,
    summary_paper,
    summary_workbook,
)
from app.domain.councils.schemas import SubmitSheet
from app.domain.dossiers.models import Dossier
from app.domain.recognition.papers import result_notice_paper
from tests.conftest import AT
from tests.domain.councils.board import (
    lock_with,
    meeting_of,
    opened,
    refused,
    with_total,
)
from tests.factories.councils import close, score, score_all, sheets_of
from tests.factories.people import People


def pdf_text(content: bytes) -> str:
    pages = PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def docx_text(content: bytes) -> str:
    document = Document(BytesIO(content))
    lines = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        lines += [cell.text for row in table.rows for cell in row.cells]
    return " ".join(" ".join(lines).split())


def both(paper: ReplaceablePaper) -> Iterator[str]:
    yield pdf_text(paper.printed(PaperFormat.PDF, own=None, at=AT))
    yield docx_text(paper.printed(PaperFormat.DOCX, own=None, at=AT))


@pytest.fixture
def judged(session: WriteSession, people: People) -> tuple[Meeting, AgendaItem, Result]:
    """Return a closed meeting with one product of 75 points, one sheet at 78."""
    item = opened(session, people)
    score_all(session, people, item, answers=with_total(75))
    result = lock_with(session, people, item)
    return close(session, people, meeting_of(session, item)), item, result


def test_the_own_sheet_is_printed_once_it_is_in_and_others_only_after_the_lock(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    sheet = sheets_of(session, item)[1]
    owner, other = people.council_member(3), people.council_member(4)
    with refused(Conflict, code="sheet.not_in"):
        sheet_paper(session, sheet.code, actor=owner, demonstration=False)
    score_all(session, people, item, answers=with_total(75))
    paper = sheet_paper(session, sheet.code, actor=owner, demonstration=False)
    for said in both(paper):
        assert owner.name in said
        assert "Tổng điểm: 75/100" in said
        assert sheet.code in said
    with refused(NotFound, code="not_found"):
        sheet_paper(session, sheet.code, actor=other, demonstration=False)
    lock_with(session, people, item)
    assert sheet_paper(session, sheet.code, actor=other, demonstration=False)


def test_the_summary_tells_every_total_and_the_exact_mean(
    session: WriteSession, people: People, judged: tuple[Meeting, AgendaItem, Result]
) -> None:
    meeting, _, result = judged
    paper = summary_paper(
        session, meeting.code, actor=people.agency(), demonstration=False, rules_dir=None
    )
    for said in both(paper):
        assert said.count(": 75") == result.sheets_counted
        assert result.average_text in said
    content = summary_workbook(
        session, meeting.code, actor=people.agency(), at=AT, demonstration=True, rules_dir=None
    )
    with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
        rows = book.get_sheet_by_name("Tổng hợp").to_python()
    assert "BẢN MINH HỌA" in str(rows[0][0])
    assert rows[4].count(75.0) == result.sheets_counted
    assert result.document_hash in rows[4]
    assert f"{result.average_numerator}/{result.average_denominator}" in rows[4]


def test_the_report_proposes_each_product_under_its_outcome(
    session: WriteSession, people: People, judged: tuple[Meeting, AgendaItem, Result]
) -> None:
    meeting, _, result = judged
    paper = council_report_paper(
        session, meeting.code, actor=people.agency(), demonstration=False, rules_dir=None
    )
    assert result.outcome == "below_three"
    for said in both(paper):
        assert "Chưa đạt 3 sao: 1 sản phẩm" in said
        assert "812/QĐ-UBND" in said
        assert "Hội đồng thống nhất kết quả nêu trên." in said


def test_summary_and_report_are_for_the_council_and_the_province_after_the_meeting(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item, answers=with_total(75))
    lock_with(session, people, item)
    meeting = meeting_of(session, item)
    with refused(Conflict, code="meeting.no_summary"):
        summary_paper(
            session, meeting.code, actor=people.agency(), demonstration=False, rules_dir=None
        )
    close(session, people, meeting)
    for actor in (people.officer(), people.council_member(9)):
        with pytest.raises((NotFound, NotPermitted)):
            summary_paper(session, meeting.code, actor=actor, demonstration=False, rules_dir=None)


def test_the_notice_tells_averages_and_reasons_and_no_member(
    session: WriteSession, people: People, judged: tuple[Meeting, AgendaItem, Result]
) -> None:
    _, item, result = judged
    dossier = session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()
    for actor in (people.agency(), people.officer(), people.producer(dossier.producer_id)):
        paper = result_notice_paper(
            session,
            dossier.code,
            actor=actor,
            agency="Sở Nông nghiệp và Môi trường",
            demonstration=False,
        )
        for said in both(paper):
            assert result.average_text in said
            assert result.document_hash in said.replace(" ", "")
            assert "Điểm trung bình từng tiêu chí" in said
            for number in range(1, 6):
                assert people.council_member(number).name not in said


def test_a_docx_is_a_package_that_word_opens_without_macros(
    session: WriteSession, people: People, judged: tuple[Meeting, AgendaItem, Result]
) -> None:
    meeting, _, _ = judged
    paper = summary_paper(
        session, meeting.code, actor=people.agency(), demonstration=True, rules_dir=None
    )
    with ZipFile(BytesIO(paper.printed(PaperFormat.DOCX, own=None, at=AT))) as parts:
        assert "word/document.xml" in parts.namelist()
        assert not [name for name in parts.namelist() if "vba" in name.lower()]


def test_a_typed_text_that_looks_like_markup_stays_text(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    sheet = sheets_of(session, item)[1]
    owner = people.council_member(3)
    score(session, people, sheet, owner, answers=with_total(75), submit=False)
    typed = "=1+1 #eval $x$ {{ 7*7 }} *b* <b>"
    submit_sheet(
        session,
        sheet.code,
        SubmitSheet(opinion=typed, version=sheet.version),
        actor=owner,
        at=AT,
    )
    for said in both(sheet_paper(session, sheet.code, actor=owner, demonstration=False)):
        assert typed in said


def test_the_provinces_own_template_goes_before_ours(
    session: WriteSession,
    people: People,
    judged: tuple[Meeting, AgendaItem, Result],
    tmp_path: Path,
) -> None:
    meeting, _, result = judged
    (tmp_path / "council_report.typ").write_text(
        "#let data = json(bytes(sys.inputs.data))\nMẫu của tỉnh: #data.products sản phẩm, "
        "#data.meeting",
        encoding="utf-8",
    )
    written = Document()
    written.add_paragraph("Mẫu của tỉnh: {{ products }} sản phẩm")
    written.add_paragraph(
        "{% for one in not_reached %}{{ one.product }} {{ one.average }}{% endfor %}"
    )
    written.save(str(tmp_path / "council_report.docx"))
    paper = council_report_paper(
        session, meeting.code, actor=people.agency(), demonstration=False, rules_dir=None
    )
    assert "Mẫu của tỉnh: 1 sản phẩm" in pdf_text(
        paper.printed(PaperFormat.PDF, own=tmp_path, at=AT)
    )
    said = docx_text(paper.printed(PaperFormat.DOCX, own=tmp_path, at=AT))
    assert "Mẫu của tỉnh: 1 sản phẩm" in said
    assert result.average_text in said


@pytest.mark.parametrize(("ending", "kind"), [("typ", PaperFormat.PDF), ("docx", PaperFormat.DOCX)])
def test_a_broken_own_template_says_so_and_prints_nothing(
    session: WriteSession,
    people: People,
    judged: tuple[Meeting, AgendaItem, Result],
    tmp_path: Path,
    ending: str,
    kind: PaperFormat,
) -> None:
    meeting, _, _ = judged
    place = tmp_path / f"summary.{ending}"
    if kind is PaperFormat.PDF:
        place.write_text("#data.nothing(", encoding="utf-8")
    else:
        written = Document()
        written.add_paragraph("{{ nothing_of_this_name }}")
        written.save(str(place))
    paper = summary_paper(
        session, meeting.code, actor=people.agency(), demonstration=False, rules_dir=None
    )
    with refused(Refused, code="paper.template_broken"):
        paper.printed(kind, own=tmp_path, at=AT)


def test_an_own_word_template_reaches_nothing_but_its_data(
    session: WriteSession,
    people: People,
    judged: tuple[Meeting, AgendaItem, Result],
    tmp_path: Path,
) -> None:
    meeting, _, _ = judged
    written = Document()
    written.add_paragraph("{{ members.__class__.__base__.__subclasses__() }}")
    written.save(str(tmp_path / "summary.docx"))
    paper = summary_paper(
        session, meeting.code, actor=people.agency(), demonstration=False, rules_dir=None
    )
    with refused(Refused, code="paper.template_broken"):
        paper.printed(PaperFormat.DOCX, own=tmp_path, at=AT)
