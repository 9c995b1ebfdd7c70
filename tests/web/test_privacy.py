"""Pages about personal data: the notice, one's own data, requests, and what is shown only on asking."""

import io
import json
import zipfile

from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.audit.models import AuditEvent
from app.domain.dossiers.enums import DossierState, EvidenceKind
from app.domain.privacy.enums import RequestKind
from app.domain.privacy.models import PersonalDataRequest
from app.domain.privacy.rules import HOLDINGS, SENSITIVE_PAPERS
from app.domain.producers.models import Producer
from app.http.idempotency import IdempotentRequest
from tests.conftest import AT
from tests.factories.dossiers import make_dossier, make_evidence, take_to
from tests.factories.people import HOME, People, signed_in
from tests.factories.register import make_producer
from tests.web.page_checks import check_page, vietnamese_left

ETHNIC = "Hà Nhì (dấu vết)"
PHONE = "0912 345 678"
OFFICER, AGENCY = f"canbo{HOME}", "canbotinh"


def prepared(engine: Engine) -> str:
    """Open accounts and register a producer with something to hide; return its code."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.agency()
        people.auditor()
        producer = make_producer(session, people)
        producer.representative_ethnicity = ETHNIC
        people.producer(producer.id or 0)
        return producer.code


def readings(engine: Engine) -> list[str]:
    """Return what the log says of readings, oldest first."""
    with reading(engine) as session:
        return [
            f"{event.actor_name.split()[0].lower()}: {event.data['what']}"
            for event in session.exec(
                select(AuditEvent)
                .where(col(AuditEvent.kind) == "personal_data.read")
                .order_by(col(AuditEvent.sequence))
            )
        ]


def test_the_notice_tells_everything_of_the_inventory_in_both_languages(
    client: TestClient, engine: Engine
) -> None:
    page = client.get("/privacy")
    check_page(page.text)
    for holding in HOLDINGS:
        assert holding.what in page.text, holding.key
    english = client.get("/privacy", params={"lang": "en"}).text
    check_page(english)
    assert not vietnamese_left(english)
    assert 'href="/privacy"' in client.get("/register").text
    prepared(engine)
    signed_in(client, OFFICER)
    for path in ("/producers/new", "/account", "/report", "/ideas/new"):
        assert client.get(path).text.count('href="/privacy"') == 2, path


def test_somebody_asks_takes_back_and_takes_a_copy(client: TestClient, engine: Engine) -> None:
    prepared(engine)
    signed_in(client, OFFICER)
    check_page(client.get("/account/data").text)
    refused = client.post("/account/data/requests", data={"_key": "khoa-hoi-0", "words": "x"})
    assert refused.status_code == 422
    check_page(refused.text)
    asked = {"_key": "khoa-hoi-1", "kind": "correction", "words": "Tên tôi sai dấu."}
    assert client.post("/account/data/requests", data=asked).status_code == 303
    page = client.get("/account/data").text
    check_page(page)
    assert "Sửa cho đúng" in page
    with reading(engine) as session:
        code = session.exec(select(PersonalDataRequest.code)).one()
    stale = {"_key": "khoa-rut-0", "version": "9"}
    path = f"/account/data/requests/{code}/withdraw"
    assert client.post(path, data=stale).status_code == 409
    assert client.post(path, data={"_key": "khoa-rut-1", "version": "1"}).status_code == 303
    copied = client.post("/account/data/copy", data={"_key": "khoa-lay-1"})
    assert copied.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(copied.content)) as archive:
        assert archive.testzip() is None
        told = json.loads(archive.read("du-lieu.json"))
        assert "Dữ liệu đang lưu về" in archive.read("doc-duoc.html").decode()
    assert told["tables"]["users"][0]["username"] == OFFICER
    with reading(engine) as session:
        kept = session.exec(select(IdempotentRequest.answer)).all()
        copies = session.exec(
            select(AuditEvent).where(col(AuditEvent.kind) == "personal_data.copied")
        ).all()
    assert not any(b"PK" in (answer or b"")[:4] for answer in kept)
    assert len(copies) == 1


def test_an_officer_writes_down_and_the_agency_answers_from_its_work_list(
    client: TestClient, engine: Engine
) -> None:
    producer = prepared(engine)
    signed_in(client, OFFICER)
    check_page(client.get("/privacy-requests/new", params={"producer": producer}).text)
    typed = {
        "_key": "khoa-ghi-1",
        "producer": producer,
        "subject_name": "Lò Thị Mẫu",
        "kind": RequestKind.ERASURE.value,
        "words": "Xóa số điện thoại cũ.",
    }
    made = client.post("/privacy-requests", data=typed)
    assert made.status_code == 303, made.text
    path = made.headers["location"]
    check_page(client.get(path).text)
    assert client.post(f"{path}/answer", data={"_key": "khoa-tl-0"}).status_code == 422
    signed_in(client, AGENCY)
    waits = "Trả lời yêu cầu về dữ liệu cá nhân: Xóa"
    assert waits in client.get("/work").text
    check_page(client.get("/privacy-requests").text)
    page = client.get(path).text
    check_page(page)
    assert "Luật buộc giữ" in page
    answered = {"_key": "khoa-tl-1", "step": "grant", "answer": "Đã xóa.", "version": "1"}
    must_keep = client.post(f"{path}/answer", data=answered)
    assert must_keep.status_code == 409
    check_page(must_keep.text)
    copied = client.post(f"{path}/copy", data={"_key": "khoa-lay-2"})
    assert copied.content.startswith(b"PK")
    answered |= {"_key": "khoa-tl-2", "step": "grant_partly"}
    assert client.post(f"{path}/answer", data=answered).status_code == 303
    done = client.get(path).text
    check_page(done)
    assert "Đã thực hiện một phần" in done
    assert waits not in client.get("/work").text
    with reading(engine) as session:
        row = session.exec(select(Producer)).one()
        assert (row.phone, row.representative_ethnicity) == ("", "")
        owner = row.id
    english = client.get(path, params={"lang": "en"}).text
    check_page(english)
    signed_in(client, f"chuthe{owner}")
    assert client.get("/privacy-requests").status_code == 403
    assert client.get(path).status_code == 404


def test_what_is_personal_of_a_producer_is_masked_until_asked_for_and_then_recorded(
    client: TestClient, engine: Engine
) -> None:
    code = prepared(engine)
    path = f"/producers/{code}"
    signed_in(client, OFFICER)
    masked = client.get(path).text
    assert ETHNIC not in masked
    assert PHONE not in masked
    assert ETHNIC not in client.get("/producers").text
    shown = client.post(f"{path}/personal", data={"_key": "khoa-xem-1"})
    check_page(shown.text)
    assert ETHNIC in shown.text
    again = client.post(f"{path}/personal", data={"_key": "khoa-xem-1"})
    assert ETHNIC in again.text, "pressed again it is another reading"
    assert client.get(f"{path}/edit").status_code == 200
    signed_in(client, "kiemtoan")
    assert client.post(f"{path}/personal", data={"_key": "khoa-xem-2"}).status_code == 403
    assert "/personal" not in client.get(path).text
    with reading(engine) as session:
        owner = session.exec(select(Producer.id)).one()
    signed_in(client, f"chuthe{owner}")
    assert ETHNIC in client.get(path).text
    client.get(f"{path}/edit")
    officer = OFFICER.lower()
    assert readings(engine) == [
        f"{officer}: liên hệ, người đại diện",
        f"{officer}: liên hệ, người đại diện",
        f"{officer}: trang sửa thông tin",
    ]
    with reading(engine) as session:
        kept = session.exec(select(IdempotentRequest.answer)).all()
    assert not any(ETHNIC.encode() in (answer or b"") for answer in kept)


def test_papers_that_hold_numbers_of_people_are_known() -> None:
    assert {EvidenceKind.BUSINESS_REGISTRATION, EvidenceKind.LOCAL_LABOUR} == SENSITIVE_PAPERS


def test_forms_and_papers_that_name_people_are_recorded_when_an_office_opens_them(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        dossier = make_dossier(session, people)
        owner = session.get_one(Producer, dossier.producer_id)
        paper = make_evidence(
            session, people, dossier, criterion_code="1.1", directory=settings.files_dir
        )
        paper.kind = EvidenceKind.LOCAL_LABOUR
        take_to(session, people, dossier, DossierState.FILED)
        code, paper_code, name = dossier.code, paper.code, f"chuthe{owner.id}"
    addresses = (
        f"/dossiers/{code}/mau-02.pdf",
        f"/dossiers/{code}/ho-so.zip",
        f"/dossiers/{code}/evidence/{paper_code}/file",
        f"/papers/{paper_code}/file",
    )
    for who in (name, OFFICER):
        signed_in(client, who)
        for address in addresses:
            assert client.get(address).status_code == 200, address
    officer = OFFICER.lower()
    assert readings(engine) == [
        f"{officer}: Mẫu số 02 của hồ sơ {code}",
        f"{officer}: bộ hồ sơ {code}",
        f"{officer}: giấy tờ {paper_code}",
        f"{officer}: giấy tờ {paper_code}",
    ]
