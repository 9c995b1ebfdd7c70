"""The register over JSON: for anybody, bounded, searched without accents, nothing private."""

import json

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.domain.register.schemas import EntryOut
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


@pytest.mark.parametrize(
    "query", ["star=2", "star=x", "limit=1000", f"after={2**70}", "sort=name", "state=lost"]
)
def test_bad_questions_are_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/api/v1/register?{query}").status_code == 422


def test_what_is_told_is_what_the_document_says(client: TestClient, codes: list[str]) -> None:
    listed = client.get("/api/v1/register?state=all&category=I").json()["items"]
    assert [EntryOut.model_validate(one).code for one in listed] == codes[::-1]
    alone = client.get(f"/api/v1/register/{codes[0]}").json()
    assert alone == listed[1]
    assert alone["in_force"]
    assert (alone["category"], alone["set_number"]) == ("I", 4)
    assert alone["url"] == f"http://127.0.0.1:8000/register/{codes[0]}"
    # Asked twice for the same thing, the short way hands the question on: the answer is the same.
    ordinary = client.get("/api/v1/register?state=all&state=all&category=I").json()["items"]
    assert ordinary == listed


def test_a_program_follows_the_changes_by_their_numbers(
    client: TestClient, codes: list[str]
) -> None:
    first = client.get("/api/v1/register/changes?limit=1").json()
    assert [one["certificate"] for one in first["items"]] == codes[:1]
    assert first["items"][0]["kind_text"] == "Được công nhận"
    rest = client.get(f"/api/v1/register/changes?after={first['next_after']}").json()
    assert [one["certificate"] for one in rest["items"]] == codes[1:]
    last = rest["items"][-1]["id"]
    assert client.get(f"/api/v1/register/changes?after={last}").json()["items"] == []


def test_an_entry_holds_nothing_private(client: TestClient, codes: list[str]) -> None:
    entry = client.get(f"/api/v1/register/{codes[0]}").json()
    assert entry["product"] == "Miến dong"
    text = json.dumps(entry, ensure_ascii=False)
    for private in ("0912", "Lò Thị Mẫu", "6200012345"):
        assert private not in text
    assert client.get("/api/v1/register/CN-KHONGCO").json()["code"] == "not_found"
