"""Pages of credentials: the signed file, its check, and what the certificate's page tells of it."""

from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.core.clock import local_day
from app.core.db import transaction
from app.core.settings import Settings
from app.domain.recognition.models import Certificate
from tests.conftest import AT
from tests.factories.credentials import seal_all, signed_certificate
from tests.factories.people import HOME, People, signed_in
from tests.factories.stamps import ensure_key


def test_a_stranger_takes_the_file_and_checks_it(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        ensure_key(session, settings.private_key_dir, at=AT)
        certificate = signed_certificate(session, people, settings.private_key_dir)
        code = certificate.code
    address = f"/register/{code}/credential.jwt"
    file = client.get(address)
    assert file.headers["content-type"] == "application/vc+jwt"
    assert file.text.count(".") == 2
    head = client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    again = client.get(address, headers={"if-none-match": file.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert 'id="recordNumber"' in client.get("/credentials/check").text
    page = client.post("/credentials/check", data={"jws": f"\n {file.text} \n"}).text
    assert "Đúng và còn hiệu lực" in page
    assert "Mật ong thử nghiệm" in page
    changed = client.post("/credentials/check", data={"jws": file.text[:-6] + "AAAAAA"})
    assert changed.status_code == 200
    assert "Chữ ký không đúng" in changed.text
    assert "Không đọc được" in client.post("/credentials/check", data={"jws": "[" * 9000}).text


def test_the_page_of_a_certificate_says_whether_it_is_sealed(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        code = signed_certificate(session, people, settings.private_key_dir).code
    officer = signed_in(client, f"canbo{HOME}")
    assert "Chưa có bản ký điện tử" in officer.get(f"/certificates/{code}").text
    assert officer.get(f"/register/{code}/credential.jwt").status_code == 404
    with transaction(engine) as session:
        ensure_key(session, settings.private_key_dir, at=AT)
        seal_all(session, People(session, AT), settings.private_key_dir)
    address = f"/register/{code}/credential.jwt"
    for page in (f"/certificates/{code}", f"/register/{code}"):
        assert address in officer.get(page).text
    with transaction(engine) as session:
        session.exec(select(Certificate)).one().revoked_on = local_day(AT)
    assert officer.get(address).status_code == 404
    for page in (f"/certificates/{code}", f"/register/{code}"):
        assert address not in officer.get(page).text
