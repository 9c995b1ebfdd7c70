"""Papers of councils through both doors: what comes out, for whom, and what is refused."""

from io import BytesIO

import pytest
from docx import Document
from fastapi.testclient import TestClient
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import transaction
from app.domain.accounts.enums import Scope
from app.domain.dossiers.models import Dossier
from tests.conftest import AT
from tests.factories.councils import (
    close,
    convene,
    items_of,
    lock,
    make_meeting,
    score_all,
    sheets_of,
)
from tests.factories.people import ELSEWHERE, HOME, People, signed_in, token_for

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class Sitting:
    """A meeting that is over, one sheet and one dossier of it."""

    def __init__(self, engine: Engine) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            people.officer()
            people.officer(ELSEWHERE)
            meeting = convene(session, people, make_meeting(session, people))
            item = items_of(session, meeting)[0]
            score_all(session, people, item)
            lock(session, people, item)
            close(session, people, meeting)
            self.meeting = meeting.code
            self.sheet = sheets_of(session, item)[0].code
            dossier = session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()
            self.dossier = dossier.code

    def papers(self, kind: str) -> list[str]:
        """Return the addresses of every paper in a format."""
        return [
            f"/meetings/{self.meeting}/minutes.{kind}",
            f"/meetings/{self.meeting}/summary.{kind}",
            f"/meetings/{self.meeting}/report.{kind}",
            f"/score-sheets/{self.sheet}/paper.{kind}",
            f"/dossiers/{self.dossier}/result-notice.{kind}",
        ]


@pytest.fixture
def sitting(engine: Engine) -> Sitting:
    return Sitting(engine)


def test_every_paper_comes_as_pdf_and_docx_through_both_doors(
    client: TestClient, engine: Engine, sitting: Sitting
) -> None:
    token = token_for(engine, "canbotinh", Scope.COUNCILS_READ)
    headers = {"authorization": f"Bearer {token}"}
    signed_in(client, "canbotinh")
    for path in sitting.papers("pdf"):
        page, answer = client.get(path), client.get(f"/api/v1{path}", headers=headers)
        assert page.headers["content-type"] == "application/pdf", path
        for content in (page.content, answer.content):
            assert PdfReader(BytesIO(content)).pages
    for path in sitting.papers("docx"):
        page, answer = client.get(path), client.get(f"/api/v1{path}", headers=headers)
        assert page.headers["content-type"] == DOCX
        assert page.headers["content-disposition"].startswith("attachment")
        for content in (page.content, answer.content):
            assert Document(BytesIO(content)).paragraphs
    workbook = f"/meetings/{sitting.meeting}/summary.xlsx"
    for content in (
        client.get(workbook).content,
        client.get(f"/api/v1{workbook}", headers=headers).content,
    ):
        with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            assert book.sheet_names == ["Tổng hợp"]
    shown = client.get(f"/meetings/{sitting.meeting}").text
    for path in sitting.papers("docx")[:3]:
        assert path in shown


def test_the_commune_gets_the_notice_and_no_sheet(client: TestClient, sitting: Sitting) -> None:
    signed_in(client, f"canbo{HOME}")
    *council, notice = sitting.papers("pdf")
    assert client.get(notice).status_code == 200
    assert "result-notice.pdf" in client.get(f"/dossiers/{sitting.dossier}/result").text
    for path in council:
        assert client.get(path).status_code == 404, path


def test_another_commune_gets_nothing(client: TestClient, sitting: Sitting) -> None:
    signed_in(client, f"canbo{ELSEWHERE}")
    for path in sitting.papers("pdf"):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize("kind", ["odt", "exe", "PDF"])
def test_no_other_format_is_known(client: TestClient, sitting: Sitting, kind: str) -> None:
    signed_in(client, "canbotinh")
    for path in sitting.papers(kind):
        assert client.get(path).status_code == 404
