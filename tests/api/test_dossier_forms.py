"""Forms and the electronic set over JSON's door: both formats, documented, for readers only."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine

from app.core.clock import now
from app.core.db import transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.dossiers.enums import DossierState
from app.http.papers import DOCX_TYPE
from tests.api.test_producers import assert_problem
from tests.factories.dossiers import make_dossier, make_evidence, take_to
from tests.factories.people import ELSEWHERE, HOME, People, token_for
from tests.print.reading import docx_words, pdf_words

API = "/api/v1/dossiers"
TEMPLATE = f"{API}/{{code}}"


@pytest.fixture
def code(engine: Engine, settings: Settings) -> str:
    """Return a dossier at its commune, with one cited paper kept and no report yet."""
    with transaction(engine) as session:
        people = People(session, now())
        people.officer(ELSEWHERE)
        people.officer()
        dossier = make_dossier(session, people)
        # The paper that a filed dossier has: the same content is the same paper.
        make_evidence(session, people, dossier, criterion_code="1.1", directory=settings.files_dir)
        take_to(session, people, dossier, DossierState.FILED)
        return dossier.code


def got(
    client: TestClient, engine: Engine, path: str, *scopes: Scope, who: str = f"canbo{HOME}"
) -> Response:
    """Ask as this account."""
    token = token_for(engine, who, *scopes)
    answer: Response = client.get(path, headers={"authorization": f"Bearer {token}"})
    return answer


def test_both_formats_of_a_form_say_the_same(client: TestClient, engine: Engine, code: str) -> None:
    pdf = got(client, engine, f"{API}/{code}/mau-02.pdf")
    docx = got(client, engine, f"{API}/{code}/mau-02.docx")
    assert pdf.headers["content-type"] == "application/pdf"
    assert docx.headers["content-type"] == DOCX_TYPE
    for said in (pdf_words(pdf.content), docx_words(docx.content)):
        assert "Hạng sao tự đánh giá: 5 sao." in said
        assert "MC01. Phiếu kiểm nghiệm" in said


def test_a_report_that_is_not_begun_is_refused(
    client: TestClient, engine: Engine, code: str
) -> None:
    for kind in ("pdf", "docx"):
        answer = got(client, engine, f"{API}/{code}/mau-03.{kind}")
        assert "Mẫu số 03" in assert_problem(answer, 409, "dossier.no_report")["basis"]


def test_the_electronic_set_is_sent_as_one_archive(
    client: TestClient, engine: Engine, code: str
) -> None:
    answer = got(client, engine, f"{API}/{code}/ho-so.zip")
    assert answer.headers["content-type"] == "application/zip"
    with ZipFile(BytesIO(answer.content)) as archive:
        assert archive.namelist() == [
            "01-mau-01.pdf",
            "02-mau-02.pdf",
            "III/1.1/MC01-phieu-kiem-nghiem.pdf",
            "manifest.json",
            "manifest.txt",
        ]


@pytest.mark.parametrize("path", ["mau-01.docx", "mau-02.pdf", "ho-so.zip"])
def test_only_readers_of_the_dossier_get_it(
    client: TestClient, engine: Engine, code: str, path: str
) -> None:
    stranger = got(client, engine, f"{API}/{code}/{path}", who=f"canbo{ELSEWHERE}")
    assert_problem(stranger, 404, "not_found")
    other_scope = got(client, engine, f"{API}/{code}/{path}", Scope.STAMPS_READ)
    assert other_scope.status_code == 403
    assert client.get(f"{API}/{code}/{path}").status_code == 401


def test_the_description_names_what_comes_out(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    form = paths[f"{TEMPLATE}/mau-{{form}}.{{kind}}"]["get"]
    assert set(form["responses"]["200"]["content"]) == {"application/pdf", DOCX_TYPE}
    archive = paths[f"{TEMPLATE}/ho-so.zip"]["get"]
    assert set(archive["responses"]["200"]["content"]) == {"application/zip"}
