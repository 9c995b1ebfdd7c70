"""Pages of decisions and certificates: what is offered, what is refused and why, what is printed."""

import io
import re

import pytest
from fastapi.testclient import TestClient
from pypdf import PdfReader
from sqlalchemy import Engine
from sqlmodel import col, func, select

from app.core.db import reading, transaction
from app.domain.recognition.models import Certificate, RecognitionDecision
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME, People, signed_in
from tests.factories.recognition import (
    SIGNATURE,
    import_certificate,
    locked_dossier,
    make_decision,
    sign,
)
from tests.factories.register import make_producer, make_product


class Desk:
    """Two locked dossiers (four and three stars), a five-star one, and everybody's account."""

    def __init__(self, engine: Engine) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            producer = make_producer(session, people)
            self.dossiers = []
            for star in (4, 3, 5):
                product = make_product(session, people, producer, name=f"Mật ong {star} sao")
                dossier = locked_dossier(session, people, star=star, product=product)
                self.dossiers.append(dossier.code)
            for known in (people.agency, people.signer, people.head, people.auditor):
                known()
            people.officer(ELSEWHERE)

    @property
    def fields(self) -> dict[str, object]:
        """What a person fills in."""
        return {
            "number": "1268/QĐ-UBND",
            "decided_on": "2026-09-14",
            "authority": "Ủy ban nhân dân tỉnh Lai Châu",
            "dossiers": self.dossiers[:2],
        }


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def hidden(html: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form with this action."""
    form = html.partition(f'action="{action}"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def drafted(client: TestClient, desk: Desk) -> str:
    """Draft the decision through the pages and return its address."""
    page = client.get("/decisions/new").text
    answer = client.post("/decisions", data=desk.fields | hidden(page, "/decisions"))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_a_decision_is_drafted_signed_and_printed(
    client: TestClient, engine: Engine, desk: Desk
) -> None:
    agency = signed_in(client, "canbotinh")
    form = agency.get("/decisions/new").text
    assert "Mật ong 4 sao" in form
    assert "Mật ong 5 sao" not in form
    address = drafted(agency, desk)
    draft = agency.get(address).text
    assert "cấp khi ký" in draft
    assert "Chỉ lãnh đạo UBND tỉnh được ký quyết định về sản phẩm OCOP." in draft
    signer = signed_in(client, "lanhdaotinh")
    page = signer.get(address).text
    answer = signer.post(f"{address}/sign", data=SIGNATURE | hidden(page, f"{address}/sign"))
    assert answer.status_code == 303, answer.text
    signed = signer.get(address).text
    assert "Nguyễn Văn Mẫu" in signed
    assert "12-03390-01-2026" in signed
    with reading(engine) as session:
        found = session.exec(select(Certificate).order_by(col(Certificate.id))).all()
        certificates = [(one.code, one.star) for one in found]
    assert [star for _, star in certificates] == [4, 3]
    text = printed(signer, f"{address}/paper.pdf")
    for words in ("1268/QĐ-UBND", "Mật ong 3 sao", "12-03390-02-2026", "Nguyễn Văn Mẫu"):
        assert words in text
    assert "02/BB-HĐ" in text
    paper = printed(signer, f"/certificates/{certificates[0][0]}/paper.pdf")
    assert "Mật ong 4 sao" in paper
    assert "14/09/2029" in paper


def printed(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"].startswith('inline; filename="')
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    return text.replace("\xa0", " ")


def test_pressing_twice_drafts_once(client: TestClient, engine: Engine, desk: Desk) -> None:
    agency = signed_in(client, "canbotinh")
    keys = hidden(agency.get("/decisions/new").text, "/decisions")
    first, again = (agency.post("/decisions", data=desk.fields | keys) for _ in range(2))
    assert first.headers["location"] == again.headers["location"]
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(RecognitionDecision)).one() == 1


def test_a_form_with_mistakes_comes_back_with_what_was_typed(
    client: TestClient, desk: Desk
) -> None:
    agency = signed_in(client, "canbotinh")
    keys = hidden(agency.get("/decisions/new").text, "/decisions")
    answer = agency.post("/decisions", data=desk.fields | {"number": "không số"} | keys)
    assert answer.status_code == 422
    assert 'value="không số"' in answer.text
    assert answer.text.count(" checked") == 2
    nothing = agency.post("/decisions", data=desk.fields | {"dossiers": []} | keys)
    assert nothing.status_code == 422


def test_five_stars_are_refused_with_the_law(client: TestClient, desk: Desk) -> None:
    agency = signed_in(client, "canbotinh")
    keys = hidden(agency.get("/decisions/new").text, "/decisions")
    answer = agency.post("/decisions", data=desk.fields | {"dossiers": desk.dossiers[2:]} | keys)
    assert answer.status_code == 422
    assert "Bộ Nông nghiệp và Môi trường công nhận" in answer.text
    assert "26/2026/QĐ-TTg, Điều 4.1.b" in answer.text


def test_a_draft_is_changed_and_an_old_version_changes_nothing(
    client: TestClient, desk: Desk
) -> None:
    agency = signed_in(client, "canbotinh")
    address = drafted(agency, desk)
    edit = agency.get(f"{address}/edit").text
    assert edit.count(" checked") == 2
    changed = {"number": "1270/QĐ-UBND", "dossiers": desk.dossiers[:1]}
    keys = hidden(edit, address)
    assert agency.post(address, data=desk.fields | changed | keys).status_code == 303
    shown = agency.get(address).text
    assert "1270/QĐ-UBND" in shown
    assert "Mật ong 3 sao" not in shown
    stale = desk.fields | keys | {"_key": "mot-ma-khac-hoan-toan"}
    answer = agency.post(address, data=stale)
    assert answer.status_code == 409
    assert "phiên bản 2" in answer.text


def test_those_who_may_not_see_the_reason_and_cannot_do_it(client: TestClient, desk: Desk) -> None:
    agency = signed_in(client, "canbotinh")
    address = drafted(agency, desk)
    keys = {"_key": "mot-ma-dai-vua-du", "version": "1"}
    refused = agency.post(f"{address}/sign", data=SIGNATURE | keys)
    assert refused.status_code == 403
    assert "Điều 7.3.e" in refused.text
    officer = signed_in(client, f"canbo{HOME}")
    assert officer.get("/decisions/new").status_code == 403
    assert officer.get(address).status_code == 404
    assert officer.get(f"{address}/paper.pdf").status_code == 404
    assert "Chỉ cán bộ cơ quan tham mưu OCOP" in officer.get("/decisions").text


def test_a_certificate_is_shown_to_its_own_people_with_what_it_is_worth(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        certificate = import_certificate(session, people).code
        people.officer(ELSEWHERE)
        people.agency()
    officer = signed_in(client, f"canbo{HOME}")
    page = officer.get(f"/certificates/{certificate}").text
    assert "Còn hiệu lực" in page
    assert "01/08/2028" in page
    assert f"/certificates/{certificate}/batches/new" in page
    assert certificate in officer.get("/certificates").text
    part = officer.get("/certificates", headers={"hx-request": "true"}).text
    assert "<html" not in part
    agency = signed_in(client, "canbotinh")
    assert "Chỉ chủ thể của giấy chứng nhận" in agency.get(f"/certificates/{certificate}").text
    assert "Bản trích sổ đăng ký".upper() in printed(
        agency, f"/certificates/{certificate}/paper.pdf"
    )
    stranger = signed_in(client, f"canbo{ELSEWHERE}")
    assert stranger.get(f"/certificates/{certificate}").status_code == 404
    assert stranger.get(f"/certificates/{certificate}/paper.pdf").status_code == 404
    assert certificate not in stranger.get("/certificates").text


def test_a_signed_decision_is_there_for_everybody_who_signed_in(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        decision = sign(
            session, people, make_decision(session, people, locked_dossier(session, people))
        )
        code = decision.code
        people.officer(ELSEWHERE)
    officer = signed_in(client, f"canbo{ELSEWHERE}")
    page = officer.get(f"/decisions/{code}").text
    assert "Quyết định đã ký không sửa được" in page
    assert "Sửa dự thảo" not in page
    assert officer.get(f"/decisions/{code}/edit").status_code == 403
    client.cookies.clear()
    assert client.get(f"/decisions/{code}").status_code == 303
