"""Pages of checks: written on a phone, kept when two write, answered, concluded, seen by who may."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.clock import today
from app.core.db import transaction
from tests.conftest import AT
from tests.factories.files import photo
from tests.factories.inspections import (
    INSPECTOR,
    LEADER,
    inspector,
    make_check,
    make_plan,
    mending_check,
)
from tests.factories.people import HOME, People, signed_in
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.web.page_checks import faults


class Desk:
    """One check that waits for its team, one whose star is to be mended, a plan; everybody's account."""

    def __init__(self, engine: Engine) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            producer = make_producer(session, people)
            product = make_product(session, people, producer)
            certificate = import_certificate(session, people, product)
            self.certificate = certificate.code
            self.producer = f"chuthe{certificate.producer_id}"
            people.agency()
            people.head()
            people.officer()
            inspector(session, people)
            inspector(session, people, "qltt2")
            self.plan = make_plan(session, people, certificate).code
            self.check = make_check(session, people, certificate).inspection.code
            other = import_certificate(
                session, people, make_product(session, people, producer, name="Mật ong núi")
            )
            self.mending = mending_check(session, people, other, "star", "label").inspection.code


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def hidden(html: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the last form with this action."""
    form = html.rpartition(f'action="{action}"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def sent(html: str) -> dict[str, str]:
    """Return what an automatic save carries."""
    return dict(re.findall(r'form="answers" name="([^"]+)" value="([^"]*)"', html))


def test_a_guest_writes_on_the_spot_and_an_older_text_is_shown_beside_what_is_stored(
    client: TestClient, desk: Desk
) -> None:
    guest = signed_in(client, INSPECTOR)
    assert "Kiểm tra «Mật ong thử nghiệm»" in guest.get("/work").text
    address = f"/inspections/{desk.check}/sections/nhan-hieu"
    page = guest.get(address).text
    assert not faults(page)
    assert "Được công nhận 4 sao" in page
    older = sent(page)
    said = {"finding.star": "not_kept", "note.star": "In năm sao."}
    answer = guest.post(address, data=said | sent(page), headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert "1/11" in answer.text
    assert sent(answer.text)["version"] == "1"
    leader = signed_in(client, LEADER)
    mine = {"finding.star": "kept", "note.star": "Đúng bốn sao."}
    older["_key"] = "mot-khoa-khac-cua-truong-doan"
    answer = leader.post(address, data=mine | older)
    assert answer.status_code == 409
    assert "Đúng bốn sao." in answer.text
    assert "In năm sao." in answer.text
    photos = f"/inspections/{desk.check}/photos"
    form = hidden(leader.get(photos).text, photos)
    answer = leader.post(
        photos,
        data=form | {"caption": "Hộp in năm sao", "item": "star"},
        files={"file": ("hop.jpg", photo(), "image/jpeg")},
    )
    assert answer.status_code == 303, answer.text
    shown = re.findall(r'src="([^"]+)"', leader.get(photos).text.partition("<figure")[2])[0]
    shown = shown.replace("&amp;", "&")
    assert leader.get(shown).content[:4] == b"RIFF"
    assert signed_in(client, "qltt2").get(shown).status_code == 404
    assert signed_in(client, desk.producer).get(f"/inspections/{desk.check}").status_code == 404


def test_the_commune_answers_for_the_producer_and_the_agency_asks_again(
    client: TestClient, desk: Desk
) -> None:
    officer = signed_in(client, f"canbo{HOME}")
    address = f"/inspections/{desk.mending}/corrections"
    page = officer.get(address).text
    assert not faults(page)
    answering = f"{address}/answer#star"
    form = hidden(page, answering)
    answer = officer.post(
        f"{address}/answer",
        data=form | {"text": "Đã in lại nhãn bốn sao."},
        files={"file": ("nhan.jpg", photo(), "image/jpeg")},
    )
    assert answer.status_code == 303, answer.text
    page = officer.get(address).text
    assert "làm thay chủ thể" in page
    agency = signed_in(client, LEADER)
    page = agency.get(address).text
    form = hidden(page, f"{address}/judge#star")
    refused = agency.post(f"{address}/judge", data=form | {"accepted": "false", "judgement": ""})
    assert refused.status_code == 422
    assert "Hãy ghi vì sao chưa đạt." in refused.text
    form["_key"] = "khoa-cua-lan-chap-nhan-nay"
    done = agency.post(f"{address}/judge", data=form | {"accepted": "true", "judgement": "Được."})
    assert done.status_code == 303, done.text
    conclude = agency.get(f"/inspections/{desk.mending}/conclude").text
    assert "Đề nghị thu hồi" in conclude
    assert "Đã khắc phục đủ" not in conclude
    assert not faults(conclude)


def test_a_plan_is_filled_by_what_stands_out_and_amended_by_a_paper(
    client: TestClient, desk: Desk
) -> None:
    agency = signed_in(client, LEADER)
    choosing = f"/inspection-plans/{desk.plan}/choose"
    page = agency.get(f"{choosing}?risk=never_checked").text
    assert not faults(page)
    assert "Mật ong núi" in page
    code = re.findall(r'name="add" value="([^"]+)"', page)[0]
    form = hidden(page, choosing) | {"add": code, "reason": "Bổ sung"}
    refused = agency.post(choosing, data=form)
    assert refused.status_code == 422
    assert "hãy ghi số văn bản điều chỉnh" in refused.text
    form["_key"] = "khoa-cua-lan-dieu-chinh-nay"
    paper = {
        "amendment_number": "52/KH-SNNMT",
        "amended_on": today().isoformat(),
        "amendment_reason": "Có phản ánh.",
    }
    assert agency.post(choosing, data=form | paper).status_code == 303
    page = agency.get(f"/inspection-plans/{desk.plan}").text
    assert "52/KH-SNNMT" in page
    assert not faults(page)
    for address in ("/inspections", "/inspection-plans", f"/inspections/{desk.check}/edit"):
        assert not faults(agency.get(address).text)
    assert "Mật ong" in agency.get(f"/inspections/new?plan={desk.plan}").text
    assert signed_in(client, INSPECTOR).get(f"/inspection-plans/{desk.plan}").status_code == 404
