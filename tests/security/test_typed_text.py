"""What people typed stays text: no page, part of a page or list runs it, counts it or turns it round."""

import html
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from tests.conftest import AT
from tests.factories.people import People, signed_in
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.web.page_checks import check_page, every, parsed

BAD = "<script>go()</script><img src=x onerror=go()>{{7*7}}${7*7}\u202egpj"


@pytest.fixture
def typed(client: TestClient, engine: Engine) -> TestClient:
    """Sign an officer in whose producer and product bear the worst of names."""
    with transaction(engine) as session:
        people = People(session, AT)
        officer = people.officer()
        producer = make_producer(session, people, name=BAD)
        make_product(session, people, producer, name=f"=1+1 {BAD}")
        import_certificate(session, people)
    assert officer.user_id
    return signed_in(client, "canbo03390")


def test_what_was_typed_stays_text_on_every_page_that_shows_it(typed: TestClient) -> None:
    shown = 0
    for path in ("/producers", "/products", "/dossiers/new", "/ideas/new", "/work", "/papers"):
        for headers in ({}, {"hx-request": "true"}):
            answer = typed.get(path, headers=headers)
            if answer.status_code != 200:
                continue
            shown += html.escape(BAD[:20]) in answer.text
            assert "<script>go()" not in answer.text, path
            assert "onerror=go()>" not in answer.text.replace("onerror=go()&gt;", ""), path
            if not headers:
                check_page(answer.text)
                assert not [e for e in every(parsed(answer.text), "img") if e.get("onerror")]
    assert shown >= 2, "the names were shown nowhere"


def test_a_template_in_a_text_is_not_worked_out(typed: TestClient) -> None:
    page = typed.get("/producers").text
    assert "{{7*7}}" in page
    assert "49" not in page.split("{{7*7}}", 1)[1][:40]


def test_an_error_repeats_nothing_that_runs(typed: TestClient) -> None:
    for path in (f"/products/{BAD[:30]}", f"/register?q={BAD}", f"/verify?q={BAD}"):
        answer = typed.get(path)
        assert "<script>go()" not in answer.text, path
    answer = typed.post("/producers", data={"_key": str(uuid4()), "name": BAD, "kind": BAD})
    assert answer.status_code == 422
    assert "<script>go()" not in answer.text
