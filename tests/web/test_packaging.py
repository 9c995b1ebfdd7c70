"""Pages of packaging: from the certificate to the agreement without script, refusals with reasons."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings
from app.domain.packaging.enums import ArtworkItem, PermissionState
from tests.conftest import AT
from tests.factories.packaging import (
    artwork_pdf,
    artwork_png,
    code_of,
    make_permission,
    sealed_certificate,
)
from tests.factories.people import ELSEWHERE, HOME, People, signed_in
from tests.web.page_checks import faults

PACKAGE = {
    "package_name": "Túi zip đứng",
    "net_content": "500 g",
    "size": "18 × 26 cm",
    "star": "4",
    "planned_quantity": "5000",
    "printer": "",
}


@pytest.fixture
def office(engine: Engine, settings: Settings) -> dict[str, Any]:
    """Return a certificate in force with its code, and the people around it."""
    with transaction(engine) as session:
        people = People(session, AT)
        certificate = sealed_certificate(session, people, settings)
        people.producer(certificate.producer_id)
        for known in (people.agency, people.auditor):
            known()
        people.officer(ELSEWHERE)
        return {
            "certificate": certificate.code,
            "producer": f"chuthe{certificate.producer_id}",
            "text": code_of(session, certificate, settings),
        }


def hidden(html: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form with this action."""
    form = html.partition(f'action="{action}"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def press(client: TestClient, address: str, step: str, files: Any = None, **typed: str) -> Any:
    """Press the button of a step on a request's page and return the answer."""
    keys = hidden(client.get(address).text, f"{address}/{step}")
    assert "_key" in keys, f"no button for {step}"
    return client.post(f"{address}/{step}", data=typed | keys, files=files)


def test_artwork_goes_from_the_certificate_to_the_agreement(
    client: TestClient, office: dict[str, Any]
) -> None:
    producer = signed_in(client, office["producer"])
    of_certificate = f"/certificates/{office['certificate']}/packaging"
    page = producer.get(of_certificate).text
    assert not faults(page)
    svg = producer.get(f"{of_certificate}/symbol.svg?mm=22")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in svg.headers["content-security-policy"]
    for paper in ("symbol.pdf", "instructions.pdf"):
        assert producer.get(f"{of_certificate}/{paper}").content.startswith(b"%PDF")
    form = producer.get(f"{of_certificate}/new").text
    assert not faults(form)
    bad = producer.post(
        of_certificate, data=PACKAGE | {"planned_quantity": "0"} | hidden(form, of_certificate)
    )
    assert bad.status_code == 422
    assert 'value="Túi zip đứng"' in bad.text
    made = producer.post(of_certificate, data=PACKAGE | hidden(form, of_certificate))
    address = str(made.headers["location"])
    content = artwork_pdf(AT, office["text"])
    added = press(
        producer, address, "artworks", files={"file": ("tui.pdf", content, "application/pdf")}
    )
    assert added.status_code == 303, added.text
    page = producer.get(address).text
    assert not faults(page)
    assert "Đọc được mã của giấy chứng nhận này." in page
    picture = re.search(r'src="([^"]+thumbnail\.webp)"', page)
    assert picture is not None
    assert producer.get(picture[1]).headers["content-type"] == "image/webp"
    assert producer.get(f"{address}/paper.pdf").status_code == 422
    assert press(producer, address, "send").status_code == 303
    agency = signed_in(client, "canbotinh")
    assert address in agency.get("/work").text
    answers = {f"ok.{item}": "yes" for item in ArtworkItem}
    undecided = press(agency, address, "check", decision="return", **answers)
    assert undecided.status_code == 422
    assert "Mọi nội dung đều đạt" in undecided.text
    assert not faults(undecided.text)
    granted = press(agency, address, "check", decision="grant", **answers)
    assert granted.status_code == 303, granted.text
    page = agency.get(address).text
    assert not faults(page)
    assert "/CT-BBOCOP" in page
    assert agency.get(f"{address}/paper.pdf").content.startswith(b"%PDF")
    press(agency, address, "withdraw", reason="In lên sản phẩm khác")
    page = signed_in(client, office["producer"]).get(address).text
    assert "In lên sản phẩm khác" in page


def test_what_misleads_cannot_be_sent_and_what_is_no_artwork_cannot_be_added(
    client: TestClient, office: dict[str, Any]
) -> None:
    code = draft_by_officer(client, office)
    officer = signed_in(client, f"canbo{HOME}")
    address = f"/packaging/{code}"
    refused = press(
        officer, address, "artworks", files={"file": ("a.txt", b"khong phai mau", "text/plain")}
    )
    assert refused.status_code == 422
    assert "Chỉ nhận tệp PDF hoặc ảnh" in refused.text
    content = artwork_png("https://ocop.example/register/CN-9T2W6X4")
    press(officer, address, "artworks", files={"file": ("sau.png", content, "image/png")})
    page = officer.get(address).text
    assert "là của giấy chứng nhận khác" in page
    assert f'action="{address}/send"' not in page
    keys = {"_key": "mot-ma-dai-vua-du", "version": "2"}
    sent = officer.post(f"{address}/send", data=keys)
    assert sent.status_code == 422
    assert "Điều 8.1.d" in sent.text
    stale = officer.post(
        f"{address}/cancel", data=keys | {"_key": "ma-khac-hoan-toan", "version": "1"}
    )
    assert stale.status_code == 409


def draft_by_officer(client: TestClient, office: dict[str, Any]) -> str:
    """Begin a request as the commune's officer and return its code."""
    officer = signed_in(client, f"canbo{HOME}")
    action = f"/certificates/{office['certificate']}/packaging"
    made = officer.post(action, data=PACKAGE | hidden(officer.get(f"{action}/new").text, action))
    assert made.status_code == 303, made.text
    return str(made.headers["location"]).rpartition("/")[2]


def test_strangers_see_nothing_and_others_see_why_not(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        permission = make_permission(session, people, settings, state=PermissionState.SENT)
        people.officer(ELSEWHERE)
        people.auditor()
        people.agency()
        code = permission.code
        name = f"chuthe{permission.producer_id}"
    stranger = signed_in(client, f"canbo{ELSEWHERE}")
    assert stranger.get(f"/packaging/{code}").status_code == 404
    assert code not in stranger.get("/packaging").text
    producer = signed_in(client, name)
    page = producer.get(f"/packaging/{code}").text
    assert "Chỉ cơ quan OCOP cấp tỉnh được kiểm tra" in page
    keys = {"_key": "mot-ma-dai-vua-du", "version": "3", "decision": "grant"}
    assert producer.post(f"/packaging/{code}/check", data=keys).status_code == 403
    auditor = signed_in(client, "kiemtoan")
    assert auditor.get(f"/packaging/{code}").status_code == 200
    part = auditor.get("/packaging", headers={"hx-request": "true"}).text
    assert "<html" not in part
    assert code in part
