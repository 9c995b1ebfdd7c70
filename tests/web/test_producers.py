"""Pages of producers: without script, with values kept, with reasons told."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.db import reading, transaction
from app.domain.producers.models import Producer
from tests.conftest import AT
from tests.factories.people import HOME, People, signed_in
from tests.factories.register import make_producer, producer_data


@pytest.fixture
def officer(client: TestClient, engine: Engine) -> TestClient:
    with transaction(engine) as session:
        people = People(session, AT)
        make_producer(session, people, name="Hợp tác xã Chè <script>alert(1)</script> {{7*7}}")
        people.agency()
    return signed_in(client, f"canbo{HOME}")


def form_of(html: str) -> dict[str, str]:
    """Return the hidden fields of the page's last form."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))


def typed(**changes: str) -> dict[str, str]:
    values = producer_data().model_dump(mode="json")
    return {k: str(v) for k, v in values.items() if v is not None} | changes


def count(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(Producer)).one()


def test_a_posted_form_makes_a_producer_once_however_often_it_is_pressed(
    officer: TestClient, engine: Engine
) -> None:
    hidden = form_of(officer.get("/producers/new").text)
    first = officer.post("/producers", data=typed() | hidden)
    again = officer.post("/producers", data=typed() | hidden)
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    assert count(engine) == 2
    shown = officer.get(first.headers["location"])
    assert "Đã đăng ký chủ thể." in shown.text


def test_a_form_with_mistakes_comes_back_with_what_was_typed(
    officer: TestClient, engine: Engine
) -> None:
    hidden = form_of(officer.get("/producers/new").text)
    answer = officer.post("/producers", data=typed(tax_code="12", address="Bản Giữ Lại") | hidden)
    assert answer.status_code == 422
    assert "Bản Giữ Lại" in answer.text
    assert "Mã số thuế có 10 hoặc 13 chữ số" in answer.text
    assert count(engine) == 1
    mended = officer.post("/producers", data=typed() | hidden)
    assert mended.status_code == 303


def test_names_stay_text_wherever_they_are_shown(officer: TestClient) -> None:
    page = officer.get("/producers").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "{{7*7}}" in page


def test_htmx_gets_the_part_of_the_page_it_asks_for(officer: TestClient) -> None:
    part = officer.get("/producers?q=che", headers={"hx-request": "true"})
    assert "<html" not in part.text
    assert "Hợp tác xã Chè" in part.text
    assert "HX-Request" in part.headers["vary"]


def test_the_agency_sees_the_greyed_button_with_its_reason(officer: TestClient) -> None:
    agency = signed_in(officer, "canbotinh")
    page = agency.get("/producers").text
    assert 'aria-disabled="true"' in page
    assert "Chủ thể do cán bộ xã đăng ký." in page
    assert agency.get("/producers/new").status_code == 403


def test_a_visitor_is_sent_to_sign_in_and_back(client: TestClient) -> None:
    answer = client.get("/producers?q=a")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/producers%3Fq%3Da"


def test_a_form_without_its_key_is_refused_with_a_sentence(officer: TestClient) -> None:
    answer = officer.post("/producers", data=typed())
    assert answer.status_code == 422
    assert "mã chống trùng" in answer.text


@pytest.mark.parametrize("path", ["/producers/CT-KHONGCO", "/khong-co-trang-nay"])
def test_what_is_not_there_is_a_page_with_a_way_back(officer: TestClient, path: str) -> None:
    answer = officer.get(path)
    assert answer.status_code == 404
    assert "Quay lại" in answer.text
