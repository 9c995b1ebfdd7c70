"""Pages of products: the number under the barcode is asked for, checked, kept, and shown as printed."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from tests.conftest import AT
from tests.factories.people import HOME, People, signed_in
from tests.factories.register import make_producer, make_product
from tests.web.page_checks import check_page, vietnamese_left

# Invented numbers of the range 952, which GS1 keeps for examples.
HONEY, TEA = "9521234543213", "9521234543220"


@pytest.fixture
def producer(engine: Engine) -> str:
    with transaction(engine) as session:
        people = People(session, AT)
        producer = make_producer(session, people)
        make_product(session, people, producer, "Mật ong", gtin=HONEY)
        people.officer()
        return producer.code


@pytest.fixture
def officer(client: TestClient, producer: str) -> TestClient:
    assert producer
    return signed_in(client, f"canbo{HOME}")


def typed(page: str, **said: str) -> dict[str, str]:
    """Return a filled form with the hidden fields of its page."""
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return {"name": "Trà Shan tuyết", "set_number": "8", "story": "Chè cổ thụ"} | said | hidden


def test_a_number_is_shown_as_printed_and_comes_back_in_the_form(
    officer: TestClient, producer: str
) -> None:
    new = officer.get(f"/producers/{producer}/products/new")
    check_page(new.text)
    made = officer.post(
        f"/producers/{producer}/products", data=typed(new.text, gtin=" 952 1234 54322 0 ")
    )
    assert made.status_code == 303
    address = made.headers["location"]
    page = officer.get(address)
    check_page(page.text)
    assert f"<dt>Mã GTIN</dt><dd>{TEA}</dd>" in re.sub(r"<(dt|dd)[^>]*>", r"<\1>", page.text)
    form = officer.get(f"{address}/edit").text
    assert f'value="{TEA}"' in form
    given_up = officer.post(address, data=typed(form, gtin=""))
    assert given_up.status_code == 303
    assert TEA not in officer.get(address).text


@pytest.mark.parametrize(
    ("gtin", "status", "said"),
    [
        ("9521234543221", 422, "Chữ số cuối (1) không khớp"),
        ("952123454322", 422, "Chữ số cuối"),
        ("95212345432", 422, "dãy này có 11"),
        ("2012345678903", 422, "chỉ dùng trong cửa hàng"),
        ("19521234543210", 422, "thùng, kiện"),
        (HONEY, 409, "đã là của một sản phẩm khác"),
    ],
)
def test_a_number_that_is_not_its_own_is_told_beside_its_field_and_nothing_is_lost(
    officer: TestClient, producer: str, gtin: str, status: int, said: str
) -> None:
    form = officer.get(f"/producers/{producer}/products/new").text
    answer = officer.post(f"/producers/{producer}/products", data=typed(form, gtin=gtin))
    assert answer.status_code == status
    check_page(answer.text)
    assert said in answer.text
    assert 'href="#gtin"' in answer.text
    assert "Chè cổ thụ" in answer.text
    english = officer.post(
        f"/producers/{producer}/products?lang=en",
        data=typed(officer.get(f"/producers/{producer}/products/new").text, gtin=gtin),
    ).text
    assert not [line for line in vietnamese_left(english) if "GTIN" in line or "digit" in line]
    assert "Trà Shan tuyết" not in officer.get("/products").text
