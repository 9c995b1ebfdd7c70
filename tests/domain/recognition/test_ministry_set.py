"""The set of papers for the ministry, and own templates to start from."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from pypdf import PdfReader

from app.core.archives import zipped
from app.core.db import WriteSession
from app.core.errors import NotFound
from app.core.layout import PaperFormat
from app.core.settings import Settings
from app.core.storage import DiskStorage
from app.core.template_starters import typst_starter, word_starter
from app.domain.accounts.rules import Actor
from app.domain.councils.models import AgendaItem, Meeting
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.papers import (
    SetIncomplete,
    ministry_set,
    replaceable_papers,
)
from app.domain.recognition.policy import ForwardingByAgency
from tests.conftest import AT
from tests.factories.agency import advise
from tests.factories.councils import (
    close,
    convene,
    items_of,
    lock,
    make_meeting,
    score_all,
    the_round,
)
from tests.factories.dossiers import make_dossier, stored_file
from tests.factories.people import People
from tests.factories.recognition import make_decision, sign

AGENCY = "Sở Nông nghiệp và Môi trường"


class Sitting:
    """One product judged at a hundred points in a meeting that is over."""

    def __init__(self, session: WriteSession, people: People) -> None:
        accepted = make_dossier(
            session, people, state=DossierState.ACCEPTED, round_=the_round(session, people)
        )
        self.dossier: Dossier = advise(session, people, accepted)
        self.meeting: Meeting = convene(
            session, people, make_meeting(session, people, dossiers=[self.dossier])
        )
        item: AgendaItem = items_of(session, self.meeting)[0]
        score_all(session, people, item)
        lock(session, people, item)


@pytest.fixture
def sitting(session: WriteSession, people: People) -> Sitting:
    return Sitting(session, people)


def set_of(session: WriteSession, sitting: Sitting, place: Path, actor: Actor) -> dict[str, bytes]:
    stored_file(directory=place)  # the evidence that builders cite
    here = Settings(data_dir=place, agency_name=AGENCY)
    files = ministry_set(
        session, sitting.dossier.code, DiskStorage(place), actor=actor, at=AT, here=here
    )
    with ZipFile(BytesIO(b"".join(zipped(files, place / "scratch")))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_set_holds_what_the_decision_lists_with_its_hashes(
    session: WriteSession, people: People, sitting: Sitting, tmp_path: Path
) -> None:
    with pytest.raises(SetIncomplete) as refused:
        set_of(session, sitting, tmp_path, people.agency())
    assert "phiên họp chưa kết thúc" in refused.value.text
    assert "quyết định phê duyệt" in refused.value.text
    close(session, people, sitting.meeting)
    approval = make_decision(session, people, sitting.dossier, kind=DecisionKind.APPROVAL)
    with pytest.raises(SetIncomplete):
        set_of(session, sitting, tmp_path, people.agency())
    sign(session, people, approval)
    found = set_of(session, sitting, tmp_path, people.agency())
    heads = {name.split("-")[0] for name in found}
    assert heads == {"1", "2", "3", "4", "5", "manifest.json"}
    assert "5-ho-so-san-pham/01-mau-01.pdf" in found
    for name, said in {
        "1-van-ban-de-nghi.pdf": "đề nghị Bộ Nông nghiệp và Môi trường",
        "2-bao-cao-to-tu-van.pdf": "TỔ TƯ VẤN HỘI ĐỒNG",
        "3-bao-cao-hoi-dong.pdf": "trình Trung ương đánh giá 5 sao: 1 sản phẩm",
        "3-bien-ban-hoi-dong.pdf": "02/BB-HĐ",
        "4-quyet-dinh-phe-duyet.pdf": "Phê duyệt kết quả đánh giá",
    }.items():
        pages = PdfReader(BytesIO(found[name])).pages
        assert said in " ".join(" ".join(page.extract_text() for page in pages).split())
    assert found["manifest.json"].count(b'"sha256"') == len(found) - 1


def test_the_set_is_for_the_agency(
    session: WriteSession, people: People, sitting: Sitting, tmp_path: Path
) -> None:
    for actor in (people.officer(), people.council_member(3), people.head()):
        with pytest.raises((ForwardingByAgency, NotFound)):
            set_of(session, sitting, tmp_path, actor)


def test_every_starter_prints_with_the_data_of_its_paper(
    session: WriteSession, people: People, sitting: Sitting, tmp_path: Path
) -> None:
    close(session, people, sitting.meeting)
    sign(
        session,
        people,
        make_decision(session, people, sitting.dossier, kind=DecisionKind.APPROVAL),
    )
    papers = replaceable_papers(
        session, sitting.meeting.code, actor=people.agency(), agency=AGENCY, rules_dir=None
    )
    assert {paper.name for paper in papers} == {
        "minutes",
        "summary",
        "council_report",
        "score_sheet",
        "result_notice",
        "advisory_report",
        "ministry_letter",
    }
    for paper in papers:
        (tmp_path / f"{paper.name}.typ").write_text(typst_starter(paper.data), encoding="utf-8")
        (tmp_path / f"{paper.name}.docx").write_bytes(word_starter(paper.data, at=AT))
        pdf = paper.printed(PaperFormat.PDF, own=tmp_path, at=AT)
        pages = PdfReader(BytesIO(pdf)).pages
        assert "place_and_date" in " ".join(page.extract_text() for page in pages)
        docx = Document(BytesIO(paper.printed(PaperFormat.DOCX, own=tmp_path, at=AT)))
        said = " ".join(paragraph.text for paragraph in docx.paragraphs)
        assert f"place_and_date: {paper.data['place_and_date']}" in said
        assert "{{" not in said
