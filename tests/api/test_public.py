"""The register over JSON: for anybody, bounded, searched without accents, nothing private."""

import json

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from tests.conftest import AT
from tests.factories.people import HOME, People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product


@pytest.fixture
def codes(engine: Engine) -> list[str]:
    with transaction(engine) as session:
        people = People(session, AT)
        producer = make_producer(session, people)
        return [
            import_certificate(
                session, people, make_product(session, people, producer, name=name), star=star
            ).code
            for name, star in (("Miến dong", 4), ("Trà Shan tuyết", 3))
        ]


def test_the_register_is_read_page_by_page(client: TestClient, codes: list[str]) -> None:
    first = client.get("/api/v1/register?limit=1").json()
    rest = client.get(f"/api/v1/register?limit=1&after={first['next_after']}").json()
    assert [one["code"] for one in [*first["items"], *rest["items"]]] == codes[::-1]
    assert rest["next_after"] is None


def test_it_is_searched_by_name_commune_and_star(client: TestClient, codes: list[str]) -> None:
    def found(query: str) -> list[str]:
        return [one["code"] for one in client.get(f"/api/v1/register?{query}").json()["items"]]

    assert found("q=tra shan") == [codes[1]]
    assert found("star=4") == [codes[0]]
    assert found(f"commune_code={HOME}") == codes[::-1]
    assert found("q=100%25_") == []


@pytest.mark.parametrize("query", ["star=2", "star=x", "limit=1000", f"after={2**70}"])
def test_bad_questions_are_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/api/v1/register?{query}").status_code == 422


def test_an_entry_holds_nothing_private(client: TestClient, codes: list[str]) -> None:
    entry = client.get(f"/api/v1/register/{codes[0]}").json()
    assert entry["product"] == "Miến dong"
    text = json.dumps(entry, ensure_ascii=False)
    for private in ("0912", "Lò Thị Mẫu", "6200012345"):
        assert private not in text
    assert client.get("/api/v1/register/CN-KHONGCO").json()["code"] == "not_found"
