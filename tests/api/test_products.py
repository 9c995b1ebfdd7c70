"""Products over JSON: the number under the barcode, with a code for every way it can be wrong."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.domain.accounts.enums import Scope
from tests.conftest import AT
from tests.factories.people import HOME, People, token_for
from tests.factories.register import make_producer, make_product

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
def token(engine: Engine, producer: str) -> str:
    assert producer
    return token_for(engine, f"canbo{HOME}", Scope.REGISTER_READ, Scope.REGISTER_WRITE)


def headers(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}


def body(**said: Any) -> dict[str, Any]:
    return {"name": "Trà Shan tuyết", "set_number": 8} | said


def test_a_product_is_given_its_number_found_by_it_and_may_give_it_up(
    client: TestClient, producer: str, token: str
) -> None:
    made = client.post(
        "/api/v1/products", json=body(producer_code=producer, gtin=TEA), headers=headers(token)
    ).json()
    assert made["gtin"] == f"0{TEA}"
    found = client.get("/api/v1/products", params={"q": TEA}, headers=headers(token)).json()
    assert [one["code"] for one in found["items"]] == [made["code"]]
    changed = client.put(
        f"/api/v1/products/{made['code']}",
        json=body(version=made["version"], gtin=""),
        headers=headers(token),
    )
    assert (changed.status_code, changed.json()["gtin"]) == (200, "")


@pytest.mark.parametrize(
    ("gtin", "status", "code"),
    [
        ("9521234543221", 422, "product.gtin_check_digit"),
        ("95212345432", 422, "product.gtin_length"),
        ("95212345432I3", 422, "product.gtin_characters"),
        ("2012345678903", 422, "product.gtin_restricted"),
        ("19521234543210", 422, "product.gtin_not_an_item"),
        (HONEY, 409, "product.gtin_taken"),
    ],
)
def test_every_wrong_number_has_its_code(
    client: TestClient, producer: str, token: str, gtin: str, status: int, code: str
) -> None:
    answer = client.post(
        "/api/v1/products", json=body(producer_code=producer, gtin=gtin), headers=headers(token)
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if status == 422:
        assert set(answer.json()["errors"]) == {"gtin"}
