"""With a scanner set, every door refuses a virus, and takes nothing while the scanner is away."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import httpx
import pytest
from fastapi.testclient import TestClient
from pypdf.generic import DecodedStreamObject, NameObject
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.db import reading, transaction
from app.core.parts import codes_in
from app.core.settings import Settings
from app.core.virus_scan import SENTENCES, ScannerUnreachable
from app.domain.dossiers.models import Evidence
from app.domain.producers.models import Producer
from app.domain.uploads.models import Upload
from tests.conftest import AT
from tests.factories.dossiers import make_dossier, pdf_bytes
from tests.factories.files import blank_pdf, photo, written
from tests.factories.people import People, signed_in, token_for
from tests.factories.register import make_product
from tests.factories.uploads import metadata
from tests.factories.workbooks import producer_row, workbook
from tests.plugins.scanner import EICAR, Clamd
from tests.web.page_checks import check_page

VIRUS = SENTENCES["file.virus"]
AWAY = ScannerUnreachable.message
AGENCY = "canbotinh"
DESCRIBED = {"kind": "test_report", "title": "Phiếu kiểm nghiệm"}
TUS = {"tus-resumable": "1.0.0", "content-type": "application/offset+octet-stream"}


def sick_pdf() -> bytes:
    """Return a sound PDF that carries the test virus where no reader looks."""
    writer, carried = blank_pdf(), DecodedStreamObject()
    carried.set_data(EICAR)
    writer.root_object[NameObject("/PieceInfo")] = writer._add_object(carried)
    return written(writer)


@pytest.fixture
def settings(settings: Settings, clamd: Clamd) -> Settings:
    """Return this test's settings with the scanner in them, behind a name of the test's own."""
    name = settings.data_dir / "scanner.sock"
    name.symlink_to(clamd.unix.removeprefix("unix:"))
    return Settings(**(settings.model_dump() | {"clamav_url": f"unix:{name}"}))


@dataclass
class Case:
    """A dossier that is being written, with its owner's account and token."""

    client: TestClient
    engine: Engine
    settings: Settings
    dossier: str
    product: str
    producer: str
    owner: str
    token: str

    @property
    def kept(self) -> list[Path]:
        return [path for path in self.settings.files_dir.rglob("*") if path.is_file()]

    @property
    def papers(self) -> int:
        with reading(self.engine) as session:
            return session.exec(select(func.count()).select_from(Evidence)).one()

    def scanner_goes_away(self) -> None:
        (self.settings.data_dir / "scanner.sock").unlink()

    def by_form(self, path: str, content: bytes, *, who: str = "") -> Any:
        signed_in(self.client, who or self.owner)
        return self.client.post(
            path,
            data={"_key": str(uuid4())} | DESCRIBED,
            files={"file": ("tep.pdf", content)},
        )

    def by_program(self, path: str, content: bytes) -> Any:
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": str(uuid4())}
        return self.client.post(
            f"/api/v1{path}", data=DESCRIBED, files={"file": ("tep.pdf", content)}, headers=headers
        )


@pytest.fixture
def case(client: TestClient, engine: Engine, settings: Settings) -> Case:
    with transaction(engine) as session:
        people = People(session, AT)
        product = make_product(session, people)
        dossier = make_dossier(session, people, product=product)
        people.agency()
        owner = f"chuthe{dossier.producer_id}"
        code = dossier.code
        producer = session.exec(select(Producer)).one().code
        said = (code, product.code, producer, owner)
    return Case(client, engine, settings, *said, token_for(engine, owner))


def test_forms_refuse_a_virus_keep_what_was_typed_and_nothing_else(case: Case) -> None:
    for path in (f"/dossiers/{case.dossier}/evidence", f"/producers/{case.producer}/papers"):
        answer = case.by_form(path, sick_pdf())
        assert answer.status_code == 422
        check_page(answer.text)
        assert VIRUS in answer.text
        assert 'value="Phiếu kiểm nghiệm"' in answer.text
    answer = case.by_form(f"/products/{case.product}/photos", photo(comment=EICAR))
    assert (answer.status_code, VIRUS in answer.text) == (422, True)
    answer = case.by_form("/imports", workbook([producer_row(address=EICAR.decode())]), who=AGENCY)
    assert (answer.status_code, VIRUS in answer.text) == (422, True)
    assert (case.kept, case.papers) == ([], 0)


def test_programs_read_the_same_sentence(case: Case) -> None:
    for path in (f"/dossiers/{case.dossier}/evidence", f"/producers/{case.producer}/papers"):
        answer = case.by_program(path, sick_pdf())
        assert answer.status_code == 422
        assert answer.json()["code"] == "file.virus"
        assert answer.json()["errors"] == {"file": VIRUS}
    assert (case.kept, case.papers) == ([], 0)
    assert case.by_program(f"/dossiers/{case.dossier}/evidence", pdf_bytes()).status_code == 201


def test_english_readers_read_it_in_english(case: Case) -> None:
    answer = case.by_form(f"/dossiers/{case.dossier}/evidence?lang=en", sick_pdf())
    assert "virus" in answer.text
    assert VIRUS not in answer.text


def test_while_the_scanner_is_away_nothing_is_taken(case: Case) -> None:
    case.scanner_goes_away()
    path = f"/dossiers/{case.dossier}/evidence"
    answer = case.by_form(path, pdf_bytes())
    assert (answer.status_code, AWAY in answer.text) == (422, True)
    check_page(answer.text)
    assert 'value="Phiếu kiểm nghiệm"' in answer.text
    answer = case.by_program(path, pdf_bytes())
    assert (answer.status_code, answer.json()["code"]) == (503, ScannerUnreachable.code)
    assert int(answer.headers["retry-after"]) > 0
    assert (case.kept, case.papers) == ([], 0)


def sends(server: str, case: Case, content: bytes) -> httpx.Response:
    """Send a whole file in pieces' way."""
    said = {"filename": "tep.pdf", "dossier": case.dossier} | DESCRIBED
    return httpx.post(
        f"{server}/uploads",
        content=content,
        headers=TUS
        | {
            "authorization": f"Bearer {case.token}",
            "upload-length": str(len(content)),
            "upload-metadata": metadata(said),
        },
        timeout=60,
    )


def test_a_virus_that_came_in_pieces_is_refused_and_removed(case: Case, server: str) -> None:
    answer = sends(server, case, sick_pdf())
    assert (answer.status_code, answer.json()["detail"]) == (422, VIRUS)
    assert codes_in(case.settings.parts_dir) == set()
    assert (case.kept, case.papers) == ([], 0)


def test_a_file_in_pieces_waits_for_the_scanner_and_is_not_sent_again(
    case: Case, server: str, clamd: Clamd
) -> None:
    case.scanner_goes_away()
    content = pdf_bytes()
    answer = sends(server, case, content)
    assert (answer.status_code, answer.json()["detail"]) == (503, AWAY)
    assert (case.kept, case.papers) == ([], 0)
    with reading(case.engine) as session:
        code = session.exec(select(Upload)).one().code
    asked = TUS | {"authorization": f"Bearer {case.token}"}
    still = httpx.head(f"{server}/uploads/{code}", headers=asked)
    assert (still.status_code, unquote(still.headers["upload-refusal"])) == (503, AWAY)
    (case.settings.data_dir / "scanner.sock").symlink_to(clamd.unix.removeprefix("unix:"))
    back = httpx.head(f"{server}/uploads/{code}", headers=asked)
    assert (back.status_code, back.headers["upload-offset"]) == (200, str(len(content)))
    assert "upload-evidence" in back.headers
    assert (len(case.kept), case.papers) == (1, 1)
