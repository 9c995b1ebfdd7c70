"""The public register and the published keys: for anybody, without signing in."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings
from app.core.signing import KeyRing
from app.domain.stamps.enums import BatchState
from app.domain.stamps.rules import is_signed, parse_digits
from tests.conftest import AT
from tests.factories.people import HOME, People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.stamps import digits_of, make_batch, stamps_of


@pytest.fixture
def register(engine: Engine) -> dict[str, str]:
    with transaction(engine) as session:
        people = People(session, AT)
        producer = make_producer(session, people, name="Hợp tác xã <b>Bình Lư</b>")
        return {
            name: import_certificate(
                session, people, make_product(session, people, producer, name=name), star=star
            ).code
            for name, star in (("Miến dong", 4), ("Trà Shan tuyết", 3), ("Thịt trâu gác bếp", 5))
        }


def test_anybody_reads_the_register_and_finds_without_accents(
    client: TestClient, register: dict[str, str]
) -> None:
    page = client.get("/register")
    assert page.status_code == 200
    assert all(name in page.text for name in register)
    assert "&lt;b&gt;Bình Lư" in page.text
    found = client.get("/register", params={"q": "tra shan"}).text
    assert register["Trà Shan tuyết"] in found
    assert register["Miến dong"] not in found
    assert register["Miến dong"] not in client.get("/register?star=3").text
    assert register["Miến dong"] in client.get(f"/register?commune={HOME}").text
    part = client.get("/register?q=mien", headers={"hx-request": "true"})
    assert "<html" not in part.text
    assert register["Miến dong"] in part.text


@pytest.mark.parametrize(
    "query", ["star=9", "star=x", "commune='; DROP TABLE x", "q=%25_%5C", "q=" + "a" * 3000]
)
def test_odd_questions_are_answered_with_a_list(client: TestClient, query: str) -> None:
    assert client.get(f"/register?{query}").status_code == 200


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30])
def test_a_page_number_that_is_none_is_never_a_fault(client: TestClient, after: str) -> None:
    assert client.get("/register", params={"after": after}).status_code in {200, 404}


def test_an_entry_tells_its_worth_and_shows_no_private_thing(
    client: TestClient, register: dict[str, str]
) -> None:
    page = client.get(f"/register/{register['Miến dong']}").text
    for words in ("Miến dong", "Còn hiệu lực", "01/08/2028", "1268/QĐ-UBND", "Điều 4.3"):
        assert words in page
    for private in ("0912", "Lò Thị Mẫu", "6200012345"):
        assert private not in page
    assert client.get("/register/CN-KHONGCO").status_code == 404


def test_the_published_keys_verify_printed_stamps_and_hold_no_secret(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    keys: Path = settings.private_key_dir
    with transaction(engine) as session:
        batch = make_batch(session, People(session, AT), keys, state=BatchState.ISSUED)
        digits = [digits_of(stamp) for stamp in stamps_of(session, batch)]
    answer = client.get("/.well-known/jwks.json")
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    published = answer.json()
    (key,) = published["keys"]
    assert "d" not in key
    assert key["index_ranges"] == [[1, 5]]
    ring = KeyRing.from_jwks(published)
    assert all(is_signed(parse_digits(one), ring.verifies) for one in digits)
