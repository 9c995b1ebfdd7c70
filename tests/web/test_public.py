"""The public register and the published keys: for anybody, without signing in."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import today
from app.core.db import transaction
from app.core.settings import Settings
from app.core.signing import KeyRing
from app.domain.recognition.enums import RevocationGround
from app.domain.recognition.models import Certificate
from app.domain.stamps.actions import INDEXES_A_KEY
from app.domain.stamps.enums import BatchState
from app.domain.stamps.rules import is_signed, parse_digits
from tests.conftest import AT
from tests.factories.people import HOME, People, signed_in
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.stamps import digits_of, make_batch, stamps_of
from tests.web.page_checks import check_page


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


def linked(page: str) -> dict[str, Any]:
    """Return what an entry tells search engines: the product and the way to it."""
    (told,) = re.findall(r'<script type="application/ld\+json">(.+?)</script>', page)
    product, trail = json.loads(told)["@graph"]
    assert [step["position"] for step in trail["itemListElement"]] == [1, 2]
    found: dict[str, Any] = product
    return found


def test_an_entry_that_ended_stays_and_says_why_but_carries_no_star(
    client: TestClient, engine: Engine, register: dict[str, str]
) -> None:
    code = register["Miến dong"]
    running = client.get(f"/register/{code}").text
    assert linked(running)["hasCertification"]["certificationRating"]["ratingValue"] == 4
    assert f'rel="canonical" href="http://127.0.0.1:8000/register/{code}"' in running
    with transaction(engine) as session:
        one = session.exec(select(Certificate).where(col(Certificate.code) == code)).one()
        one.revoked_on, one.revocation_ground = today(), RevocationGround.MARK_MISUSED
        one.revocation_reason = "Lò Thị Mẫu dán nhầm"
    page = client.get(f"/register/{code.lower()}")
    assert page.status_code == 200
    check_page(page.text)
    assert "Sử dụng nhãn hiệu OCOP không đúng quy định" in page.text
    assert "Lò Thị Mẫu" not in page.text
    assert "hasCertification" not in linked(page.text)
    assert linked(page.text)["name"] == "Miến dong"
    assert code not in client.get("/register").text
    assert code in client.get("/register?state=ended").text


def test_the_register_leads_from_former_names_to_the_communes_of_today(
    client: TestClient, register: dict[str, str]
) -> None:
    page = client.get("/register", params={"commune": "thị trấn tam duong"}).text
    assert register["Miến dong"] in page
    assert "Thị trấn Tam Đường nay thuộc" in page
    assert "nay hay trước 01/7/2025" in client.get("/register?commune=Atlantis").text


def test_changes_and_addresses_are_told_to_people_and_programs(
    client: TestClient, register: dict[str, str]
) -> None:
    code = register["Trà Shan tuyết"]
    page = client.get("/register/changes")
    check_page(page.text)
    assert code in page.text
    feed = fromstring(client.get("/register/changes.atom").content)  # noqa: S314 -- our own answer
    atom = "{http://www.w3.org/2005/Atom}"
    titles = [str(entry.findtext(f"{atom}title")) for entry in feed.iter(f"{atom}entry")]
    assert titles == [f"{name}: Được công nhận" for name in reversed(register)]
    site = fromstring(client.get("/sitemap.xml").content)  # noqa: S314 -- our own answer
    addresses = [str(one.text) for one in site.iter() if one.tag.endswith("loc")]
    assert addresses[2:] == [f"http://127.0.0.1:8000/register/{one}" for one in register.values()]
    assert client.get("/sitemap-2.xml").status_code == 404
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in client.get("/robots.txt").text


def test_what_is_known_is_not_sent_again_and_nothing_is_kept_for_long(
    client: TestClient, engine: Engine, register: dict[str, str]
) -> None:
    code = register["Trà Shan tuyết"]
    paths = ["/register", f"/register/{code}", "/register/changes", "/register/changes.atom"]
    for path in [*paths, "/sitemap.xml", "/robots.txt", "/api/v1/register"]:
        first = client.get(path)
        kept, life = first.headers["cache-control"].split("max-age=")
        assert (kept, int(life) <= 60) == ("public, ", True)
        known = {"if-none-match": f'"other", {first.headers["etag"]}'}
        again = client.get(path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert client.head(path).status_code == 200
    held = {"if-none-match": client.get("/register").headers["etag"]}
    with transaction(engine) as session:
        one = session.exec(select(Certificate).where(col(Certificate.code) == code)).one()
        one.revoked_on = today()
    assert client.get("/register", headers=held).status_code == 200
    signed_in(client, "canbo03390")
    own = client.get("/register")
    assert own.headers["cache-control"] == "no-store"
    assert "etag" not in own.headers


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
    assert key["index_ranges"] == [[1, INDEXES_A_KEY]]
    assert key["purpose"] == "stamps"
    ring = KeyRing.from_jwks(published)
    assert all(is_signed(parse_digits(one), ring.verifies) for one in digits)
