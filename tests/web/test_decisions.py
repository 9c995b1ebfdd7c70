"""Pages of decisions on certificates: chosen, drafted, signed, scanned, published, read by anybody."""

import io
import re
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import reading, transaction
from app.domain.recognition.models import Certificate
from tests.conftest import AT
from tests.factories.dossiers import pdf_bytes
from tests.factories.people import HOME, People, signed_in
from tests.factories.recognition import SIGNATURE, import_certificate, sent_to_centre
from tests.factories.register import make_producer, make_product
from tests.web.page_checks import check_page


class Desk:
    """Two certificates that end soon, one of five stars, a successor, and everybody's account."""

    def __init__(self, engine: Engine) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            for known in (people.agency, people.signer, people.officer):
                known()
            producer = make_producer(session, people)
            self.codes = []
            for name, star in (("Mật ong", 4), ("Miến dong", 3), ("Trà", 5)):
                product = make_product(session, people, producer, name=name)
                terms = {"issued_on": date(2023, 9, 1), "expires_on": date(2026, 10, 1)}
                made = import_certificate(session, people, product, star=star, **terms)
                self.codes.append(made.code)
            self.successor = make_producer(session, people, name="Công ty Dũng Long").code

    @property
    def fields(self) -> dict[str, Any]:
        """What a person fills in for an extension of the first two."""
        return {
            "kind": "extension",
            "decider": "province",
            "number": "1500/QĐ-UBND",
            "decided_on": "2026-09-14",
            "shared_reason": "Đang đánh giá lại.",
            "certificates": self.codes[:2],
            **{f"until-{code}": "2026-12-31" for code in self.codes[:2]},
        }


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def hidden(html: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form with this action."""
    form = html.partition(f'action="{action}"')[2].partition("</form>")[0]
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return {name: value for name, value in found.items() if name in {"_key", "version"}}


def drafted(client: TestClient, fields: dict[str, Any]) -> Any:
    page = client.get(f"/certificate-decisions/new?kind={fields['kind']}").text
    return client.post(
        "/certificate-decisions", data=fields | hidden(page, "/certificate-decisions")
    )


def test_an_extension_is_drafted_signed_scanned_published_and_read_by_anybody(
    client: TestClient, engine: Engine, desk: Desk
) -> None:
    agency = signed_in(client, "canbotinh")
    form = agency.get("/certificate-decisions/new?kind=extension")
    check_page(form.text)
    assert "Miến dong" in form.text
    answer = drafted(agency, desk.fields)
    assert answer.status_code == 303, answer.text
    address = str(answer.headers["location"])
    code = address.rpartition("/")[2]
    edited = agency.get(f"{address}/edit", follow_redirects=True).text
    assert 'value="2026-12-31"' in edited
    signer = signed_in(client, "lanhdaotinh")
    page = signer.get(address).text
    assert "được kéo dài, ghi tên người ký" in page
    answer = signer.post(f"{address}/sign", data=SIGNATURE | hidden(page, f"{address}/sign"))
    assert answer.status_code == 303, answer.text
    with reading(engine) as session:
        kept = session.get_one(Certificate, 1)
        assert (kept.extended_until, kept.extended_from) == (date(2026, 12, 31), date(2026, 9, 14))
    assert client.get(f"{address}/paper.pdf").headers["content-type"] == "application/pdf"

    agency = signed_in(client, "canbotinh")
    assert "Thêm bản chụp và công bố quyết định số 1500/QĐ-UBND" in agency.get("/work").text
    page = agency.get(address).text
    sent = agency.post(
        f"{address}/scan",
        data=hidden(page, f"{address}/scan"),
        files={"file": ("quyet dinh.pdf", pdf_bytes(), "application/pdf")},
    )
    assert sent.status_code == 303, sent.text
    public = f"/register/decisions/{code}"
    assert agency.get(public).status_code == 404
    page = agency.get(address).text
    check_page(page)
    answer = agency.post(f"{address}/publish", data=hidden(page, f"{address}/publish"))
    assert answer.status_code == 303, answer.text
    check_page(agency.get(address).text)
    again = agency.post(f"{address}/publish", data=hidden(page, f"{address}/scan"))
    assert again.status_code == 409

    client.cookies.clear()
    listed = client.get("/register/decisions?kind=extension").text
    check_page(listed)
    assert "1500/QĐ-UBND" in listed
    assert "1500/QĐ-UBND" not in client.get("/register/decisions?kind=revocation").text
    shown = client.get(public).text
    check_page(shown)
    assert "Miến dong" in shown
    assert client.get(f"{public}/scan").content == pdf_bytes()


def test_what_is_chosen_and_typed_stays_while_one_looks_for_more_or_is_refused(
    client: TestClient, desk: Desk
) -> None:
    agency = signed_in(client, "canbotinh")
    first, second, five = desk.codes
    fields = desk.fields | {"find": "1", "q": "mien dong", "certificates": [first]}
    found = drafted(agency, fields)
    assert found.status_code == 200
    assert f'value="{first}" checked' in found.text
    assert f'value="{second}">' in found.text
    assert five not in found.text
    late = desk.fields | {f"until-{first}": "2027-12-31"}
    refused = drafted(agency, late)
    assert refused.status_code == 422
    assert "kéo dài được đến một ngày từ 02/10/2026 đến hết 30/03/2027" in refused.text
    assert 'value="2027-12-31"' in refused.text
    check_page(refused.text)
    bare = {name: value for name, value in desk.fields.items() if name != "shared_reason"}
    missing = drafted(agency, bare)
    assert f'id="reason-{first}-e"' in missing.text
    assert client.get("/certificate-decisions/new").status_code == 200
    stranger = signed_in(client, f"canbo{HOME}")
    assert stranger.get("/certificate-decisions/new").status_code == 403


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("correction", {"product_name": "Mật ong Sơn Bình"}),
        ("holder_change", {"new_producer": ""}),
    ],
)
def test_every_kind_has_its_form_and_its_paper(
    client: TestClient, desk: Desk, kind: str, said: dict[str, str]
) -> None:
    agency = signed_in(client, "canbotinh")
    code = desk.codes[0]
    values = {name: value or desk.successor for name, value in said.items()}
    fields = desk.fields | {
        "kind": kind,
        "certificates": [code],
        **{f"{name}-{code}": value for name, value in values.items()},
    }
    answer = drafted(agency, fields)
    assert answer.status_code == 303, answer.text
    address = str(answer.headers["location"])
    check_page(agency.get(address).text)
    check_page(agency.get(f"{address}/edit", follow_redirects=True).text)
    paper = agency.get(f"{address}/paper.pdf")
    assert paper.content.startswith(b"%PDF")


def test_a_decision_of_the_ministry_is_written_down_by_the_agency_and_not_printed(
    client: TestClient, desk: Desk
) -> None:
    agency = signed_in(client, "canbotinh")
    code = desk.codes[2]
    fields = desk.fields | {
        "decider": "ministry",
        "number": "88/QĐ-BNNMT",
        "certificates": [code],
        f"until-{code}": "2026-12-31",
    }
    address = str(drafted(agency, fields).headers["location"])
    page = agency.get(address).text
    check_page(page)
    assert "hệ thống không in lại" in page
    assert agency.get(f"{address}/paper.pdf").status_code == 409
    answer = agency.post(
        f"{address}/sign",
        data=hidden(page, f"{address}/sign")
        | {"on_behalf": "BỘ TRƯỞNG", "signed_title": "Bộ trưởng", "signed_by": "Trần Văn Bộ"},
    )
    assert answer.status_code == 303, answer.text


def test_the_scan_of_the_ministrys_answer_comes_with_it_or_later(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        place = f"/centre/{sent_to_centre(session, People(session, AT)).code}"
    agency = signed_in(client, "canbotinh")
    data = {
        "conclusion": "not_reached",
        "answer_number": "6120/BNNMT-VPĐP",
        "answered_on": "2026-09-14",
        "average": "86,75",
    }
    page = agency.get(place).text
    answer = agency.post(
        f"{place}/answer",
        data=data | hidden(page, f"{place}/answer"),
        files={"file": ("van ban.pdf", io.BytesIO(pdf_bytes()), "application/pdf")},
    )
    assert answer.status_code == 303, answer.text
    page = agency.get(place).text
    check_page(page)
    assert "van ban.pdf" in page
    assert agency.get(f"{place}/scan").content == pdf_bytes()
    later = agency.post(
        f"{place}/scan",
        data=hidden(page, f"{place}/scan"),
        files={"file": ("ban dep.pdf", pdf_bytes(), "application/pdf")},
    )
    assert later.status_code == 303, later.text
    assert "ban dep.pdf" in agency.get(place).text
