"""Pages of revocation cases, of producers that ended, and of the renewal radar."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.core.clock import today
from app.core.db import WriteSession, transaction
from app.domain.producers.models import Producer
from app.domain.recognition.models import Certificate
from tests.conftest import AT
from tests.factories.files import blank_pdf, written
from tests.factories.people import ELSEWHERE, HOME, People, signed_in
from tests.factories.recognition import import_certificate
from tests.web.test_recognition import hidden


def producer_code(session: WriteSession, certificate: Certificate) -> str:
    """Return the code of a certificate's producer."""
    return session.exec(select(Producer.code).where(Producer.id == certificate.producer_id)).one()


class Desk:
    """A certificate that ends in fifty days, with everybody's account."""

    def __init__(self, engine: Engine) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            certificate = import_certificate(
                session, people, expires_on=today() + timedelta(days=50)
            )
            people.producer(certificate.producer_id)
            self.code = certificate.code
            self.product = certificate.product_name
            self.owner = f"chuthe{certificate.producer_id}"
            people.agency()
            people.leader()
            people.officer(ELSEWHERE)
            self.producer = producer_code(session, certificate)


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


CONCLUSION = {
    "ground": "mark_misused",
    "conclusion_number": "45/KL-SNNMT",
    "conclusion_authority": "Sở Nông nghiệp và Môi trường",
    "concluded_on": "2026-09-10",
}


def posted(client: TestClient, page: str, action: str, **fields: str) -> str:
    """Send a form of a page and return where it leads."""
    shown = client.get(page).text
    answer = client.post(action, data=fields | hidden(shown, action))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_a_case_is_opened_with_its_scan_and_taken_to_the_submission(
    client: TestClient, desk: Desk
) -> None:
    agency = signed_in(client, "canbotinh")
    action = f"/certificates/{desk.code}/revocation"
    page = agency.get(action).text
    assert page.count('name="ground"') == 6
    answer = agency.post(
        action,
        data=CONCLUSION | hidden(page, action),
        files={"file": ("ket-luan.pdf", written(blank_pdf()), "application/pdf")},
    )
    assert answer.status_code == 303, answer.text
    case = answer.headers["location"]
    assert "25/09/2026" in agency.get(case).text
    day = today().isoformat()
    posted(agency, case, f"{case}/verify", verified_on=day, verification="Đúng như kết luận.")
    posted(agency, case, f"{case}/submit", submission_number="112/TTr-SNNMT", submitted_on=day)
    assert "112/TTr-SNNMT" in agency.get(case).text
    assert agency.get(f"{case}/conclusion").headers["content-type"] == "application/pdf"
    assert case in agency.get("/revocations").text
    owner = signed_in(client, desk.owner)
    seen = owner.get(case).text
    assert "45/KL-SNNMT" in seen
    assert f'action="{case}/drop"' not in seen
    stranger = signed_in(client, f"canbo{ELSEWHERE}")
    assert stranger.get(case).status_code == 404


def test_a_wrong_form_keeps_what_was_typed_and_a_second_case_is_refused_with_its_reason(
    client: TestClient, desk: Desk
) -> None:
    agency = signed_in(client, "canbotinh")
    action = f"/certificates/{desk.code}/revocation"
    page = agency.get(action).text
    wrong = CONCLUSION | {"concluded_on": ""} | hidden(page, action)
    answer = agency.post(action, data=wrong)
    assert answer.status_code == 422
    assert "45/KL-SNNMT" in answer.text
    posted(agency, action, action, **CONCLUSION)
    assert agency.get(action).status_code == 409
    again = agency.post(action, data=CONCLUSION | {"_key": hidden(page, action)["_key"]})
    assert "đang có hồ sơ thu hồi" in again.text


def test_a_commune_ends_a_producer_and_the_agency_takes_it_back(
    client: TestClient, desk: Desk
) -> None:
    leader = signed_in(client, f"lanhdao{HOME}")
    page = f"/producers/{desk.producer}/dissolution"
    posted(
        leader,
        page,
        page,
        dissolved_on="2026-09-01",
        number="38/UBND-KT",
        authority="UBND xã Bình Lư",
        confirmed_on="2026-09-10",
    )
    assert "01/09/2026" in leader.get(page).text
    assert f'action="{page}/undo"' not in leader.get(page).text
    assert desk.product in leader.get("/revocations").text
    agency = signed_in(client, "canbotinh")
    posted(agency, page, f"{page}/undo", reason="Nhầm tên")
    assert "Đã ngừng hoạt động" not in agency.get(page).text


def test_the_radar_leads_from_a_cell_to_the_certificate_nobody_renews(
    client: TestClient, desk: Desk
) -> None:
    officer = signed_in(client, f"canbo{HOME}")
    table = officer.get("/radar").text
    month = f"{today() + timedelta(days=50):%Y-%m}"
    address = f"/radar/list?commune={HOME}&amp;month={month}"
    assert address in table
    found = officer.get(address.replace("&amp;", "&")).text
    assert desk.product in found
    assert "chưa nộp" in found
    assert re.search(r"ngày còn lại: 50", found)
    stranger = signed_in(client, f"canbo{ELSEWHERE}")
    assert desk.product not in stranger.get("/radar/list").text
    assert signed_in(client, desk.owner).get("/radar").status_code == 403
