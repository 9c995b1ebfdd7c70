"""Pages give the forms in both formats and the electronic set, each to whoever may read the dossier."""

import json
from hashlib import sha256
from io import BytesIO
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings
from app.domain.dossiers.enums import DossierState
from app.http.papers import DOCX_TYPE
from tests.conftest import AT
from tests.factories.councils import make_meeting, the_round
from tests.factories.dossiers import make_dossier, make_evidence, report_on, take_to
from tests.factories.people import ELSEWHERE, HOME, People, signed_in
from tests.print.reading import docx_words, pdf_words

NAMES = {"01": "PHIẾU ĐĂNG KÝ", "02": "BÁO CÁO TỰ ĐÁNH GIÁ", "03": "BÁO CÁO"}


def prepared(engine: Engine, settings: Settings, *, on_agenda: bool = False) -> str:
    """Make a dossier with a report begun and one cited paper kept, before a council if asked."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.officer(ELSEWHERE)
        people.council_member(9)
        dossier = make_dossier(session, people)
        # The paper that a filed dossier has: the same content is the same paper.
        make_evidence(session, people, dossier, criterion_code="1.1", directory=settings.files_dir)
        take_to(session, people, dossier, DossierState.FILED)
        report_on(session, people, dossier)
        if on_agenda:
            round_ = the_round(session, people)
            take_to(session, people, dossier, DossierState.ACCEPTED, round_=round_)
            make_meeting(session, people, dossiers=[dossier])
        return dossier.code


@pytest.fixture
def code(engine: Engine, settings: Settings) -> str:
    """Return a dossier at its commune."""
    return prepared(engine, settings)


@pytest.mark.parametrize("number", NAMES)
def test_each_form_comes_to_read_and_to_write_on(
    client: TestClient, code: str, number: str
) -> None:
    signed_in(client, f"canbo{HOME}")
    page = client.get(f"/dossiers/{code}").text
    pdf, docx = f"/dossiers/{code}/mau-{number}.pdf", f"/dossiers/{code}/mau-{number}.docx"
    assert f'href="{pdf}"' in page
    assert f'href="{docx}"' in page
    shown = client.get(pdf)
    assert shown.headers["content-type"] == "application/pdf"
    assert shown.headers["content-disposition"] == f'inline; filename="mau-{number}-{code}.pdf"'
    assert NAMES[number] in pdf_words(shown.content)
    saved = client.get(docx)
    assert saved.headers["content-type"] == DOCX_TYPE
    assert (
        saved.headers["content-disposition"] == f'attachment; filename="mau-{number}-{code}.docx"'
    )
    assert saved.headers["cache-control"] == "private, no-store"
    assert NAMES[number] in docx_words(saved.content)


def test_the_electronic_set_is_saved_whole(client: TestClient, code: str) -> None:
    signed_in(client, f"canbo{HOME}")
    address = f"/dossiers/{code}/ho-so.zip"
    assert f'href="{address}"' in client.get(f"/dossiers/{code}").text
    answer = client.get(address, headers={"accept-encoding": "br, gzip"})
    assert answer.headers["content-type"] == "application/zip"
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-disposition"] == f'attachment; filename="ho-so-{code}.zip"'
    with ZipFile(BytesIO(answer.content)) as archive:
        told = json.loads(archive.read("manifest.json"))
        assert [one["path"] for one in told["files"]] == [
            "01-mau-01.pdf",
            "02-mau-02.pdf",
            "03-mau-03.pdf",
            "III/1.1/MC01-phieu-kiem-nghiem.pdf",
        ]
        for one in told["files"]:
            assert sha256(archive.read(one["path"])).hexdigest() == one["sha256"]


ADDRESSES = ("mau-01.pdf", "mau-02.docx", "mau-03.docx", "ho-so.zip")


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_get_nothing(client: TestClient, code: str, address: str) -> None:
    signed_in(client, f"canbo{ELSEWHERE}")
    assert client.get(f"/dossiers/{code}/{address}").status_code == 404
    client.cookies.clear()
    assert client.get(f"/dossiers/{code}/{address}").status_code == 303


def test_the_council_gets_what_its_agenda_brings(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    code = prepared(engine, settings, on_agenda=True)
    for member, status in (("hoidong1", 200), ("hoidong9", 404)):
        signed_in(client, member)
        for address in ADDRESSES:
            assert client.get(f"/dossiers/{code}/{address}").status_code == status


@pytest.mark.parametrize("address", ["mau-04.pdf", "mau-01.doc", "mau-01.pdf.exe"])
def test_there_is_no_other_form(client: TestClient, code: str, address: str) -> None:
    signed_in(client, f"canbo{HOME}")
    assert client.get(f"/dossiers/{code}/{address}").status_code in {404, 422}


def test_a_lost_paper_is_told_instead_of_half_a_set(
    client: TestClient, code: str, settings: Settings
) -> None:
    for kept in settings.files_dir.glob("*/*"):
        kept.unlink()
    signed_in(client, f"canbo{HOME}")
    answer = client.get(f"/dossiers/{code}/ho-so.zip")
    assert answer.status_code == 409
    assert "Không còn tệp của minh chứng: Phiếu kiểm nghiệm" in answer.text
