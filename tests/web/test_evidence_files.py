"""Files of evidence: the same file sent twice at once, and files that lie in a bucket."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.audit.models import AuditEvent
from app.domain.dossiers.models import Evidence
from app.main import create_app
from tests.conftest import AT
from tests.factories.dossiers import make_dossier, pdf_bytes
from tests.factories.people import People, signed_in, token_for
from tests.factories.register import make_producer, make_product
from tests.plugins.bucket import Bucket

DESCRIBED = {"kind": "test_report", "title": "Phiếu kiểm nghiệm"}


def two_dossiers(engine: Engine) -> tuple[list[str], str]:
    """Open the dossiers of two products of one producer; return their codes and its account."""
    with transaction(engine) as session:
        people = People(session, AT)
        producer = make_producer(session, people)
        codes = [
            make_dossier(
                session, people, product=make_product(session, people, producer, name=name)
            ).code
            for name in ("Mật ong", "Chè khô")
        ]
        return codes, f"chuthe{producer.id}"


@pytest.mark.parametrize("attempt", range(3))
def test_the_same_file_sent_to_two_dossiers_at_once_is_one_paper_and_no_fault(
    server: str, engine: Engine, attempt: int
) -> None:
    codes, owner = two_dossiers(engine)
    token, content = token_for(engine, owner, *Scope), pdf_bytes(f"Lần {attempt}")
    start = Barrier(4)

    def send(code: str) -> httpx.Response:
        start.wait(timeout=20)
        return httpx.post(
            f"{server}/api/v1/dossiers/{code}/evidence",
            data=DESCRIBED,
            files={"file": ("phiếu.pdf", content, "application/pdf")},
            headers={"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())},
            timeout=60,
        )

    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(send, codes * 2))
    assert [answer.status_code for answer in answers] == [201] * 4, [a.text for a in answers]
    assert len({answer.json()["code"] for answer in answers}) == 1
    with reading(engine) as session:
        assert len(session.exec(select(Evidence)).all()) == 1
        added = session.exec(select(AuditEvent).where(AuditEvent.kind == "evidence.added")).all()
    assert len(added) == 1


def test_a_paper_that_lies_in_a_bucket_comes_back_to_people_and_programs(
    engine: Engine, settings: Settings, bucket: Bucket
) -> None:
    kept = Settings(**(settings.model_dump() | bucket.settings()))
    (code, _), owner = two_dossiers(engine)
    content = pdf_bytes("Trong thùng")
    token = token_for(engine, owner, *Scope)
    with TestClient(create_app(kept), follow_redirects=False) as client:
        signed_in(client, owner)
        sent = client.post(
            f"/dossiers/{code}/evidence",
            data=DESCRIBED | {"_key": str(uuid4())},
            files={"file": ("phiếu.pdf", content, "application/pdf")},
        )
        assert sent.status_code == 303, sent.text
        with reading(engine) as session:
            paper = session.exec(select(Evidence)).one()
            digest, path = paper.sha256, f"/dossiers/{code}/evidence/{paper.code}/file"
        for answer in (
            client.get(path),
            client.get(f"/api/v1{path}", headers={"authorization": f"Bearer {token}"}),
        ):
            assert answer.content == content
            assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
            assert answer.headers["content-disposition"].startswith("attachment;")
        rest = client.get(path, headers={"range": "bytes=50-"})
        assert (rest.status_code, rest.content) == (206, content[50:])
        kept.files.remove(digest)
        assert client.get(path).status_code == 404
    assert not kept.files_dir.exists()


def test_a_bucket_that_went_away_is_told_in_a_sentence(
    engine: Engine, settings: Settings, bucket: Bucket
) -> None:
    gone = bucket.settings() | {"files_url": "s3://thung-da-mat/x"}
    kept = Settings(**(settings.model_dump() | gone))
    (code, _), owner = two_dossiers(engine)
    with TestClient(create_app(kept), follow_redirects=False) as client:
        signed_in(client, owner)
        answer = client.post(
            f"/dossiers/{code}/evidence",
            data=DESCRIBED | {"_key": str(uuid4())},
            files={"file": ("phiếu.pdf", pdf_bytes(), "application/pdf")},
        )
    assert answer.status_code == 422
    assert "Kho tệp tạm thời không trả lời" in answer.text
