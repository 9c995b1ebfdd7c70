"""A product's barcode number as a web address: people reach the register, programs get every link."""

from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import today
from app.core.db import WriteSession, transaction
from app.core.journal import Tail, pending
from app.core.settings import Settings
from app.domain.recognition.enums import RevocationGround
from app.domain.recognition.models import Certificate
from app.domain.scans.rules import decode_event
from app.domain.stamps.enums import BatchState, Verdict
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.stamps import make_batch, serial_text, stamps_of
from tests.web.page_checks import check_page, vietnamese_left

# Invented numbers of the range 952, which GS1 keeps for examples.
HONEY, TEA, NOBODY = "09521234543213", "09521234543220", "09521100000017"
VOCABULARY = "https://ref.gs1.org/voc/"
ALL_LINKS = {"accept": "application/linkset+json"}

# The shape of a linkset in JSON, in our words from RFC 9264, 4.2: contexts with link relations (an
# absolute URI each), each an array of targets, whose attributes that may be several are arrays.
TARGET = {
    "type": "object",
    "required": ["href", "title"],
    "additionalProperties": False,
    "properties": {
        "href": {"type": "string", "pattern": "^https?://"},
        "title": {"type": "string", "minLength": 1},
        "type": {"type": "string", "pattern": "^[a-z]+/[a-z0-9.+-]+$"},
        "hreflang": {"type": "array", "minItems": 1, "items": {"enum": ["vi", "en"]}},
    },
}
LINKSET = jsonschema_rs.validator_for(
    {
        "type": "object",
        "required": ["linkset"],
        "additionalProperties": False,
        "properties": {
            "linkset": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["anchor", "description", f"{VOCABULARY}defaultLink"],
                    "properties": {
                        "anchor": {"type": "string", "pattern": "^https?://[A-Za-z0-9./:_%-]+$"},
                        "description": {"type": "string"},
                        f"{VOCABULARY}defaultLink": {"maxItems": 1},
                    },
                    "patternProperties": {
                        "^https://": {"type": "array", "minItems": 1, "items": TARGET}
                    },
                    "additionalProperties": False,
                },
            }
        },
    }
)


def put_up(session: WriteSession, people: People) -> Certificate:
    """Let two products with numbers be recognised; return the honey's certificate."""
    producer = make_producer(session, people, name="Hợp tác xã Bình Lư")
    honey = make_product(session, people, producer, "Mật ong", gtin=HONEY)
    tea = make_product(session, people, producer, "Trà Shan tuyết", gtin=TEA)
    make_product(session, people, producer, "Chưa ai công nhận", gtin=NOBODY)
    import_certificate(session, people, tea)
    return import_certificate(session, people, honey)


@pytest.fixture
def honey(engine: Engine) -> str:
    """Return the code of the honey's certificate."""
    with transaction(engine) as session:
        return put_up(session, People(session, AT)).code


@pytest.fixture
def serial(engine: Engine, settings: Settings) -> str:
    """Return the serial of a stamp of the honey, in use."""
    with transaction(engine) as session:
        people = People(session, AT)
        batch = make_batch(
            session,
            people,
            settings.private_key_dir,
            state=BatchState.IN_USE,
            certificate=put_up(session, people),
        )
        return serial_text(stamps_of(session, batch)[0])


def links(client: TestClient, path: str) -> dict[str, Any]:
    """Return the links of an address by the short name of their type."""
    answer = client.get(path, headers=ALL_LINKS)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/linkset+json"
    told = answer.json()
    wrong = [error.message for error in LINKSET.iter_errors(told)]
    assert not wrong, wrong
    (about,) = told["linkset"]
    return {name.removeprefix(VOCABULARY): value for name, value in about.items()}


def test_a_number_leads_to_the_entry_with_the_query_it_came_with(
    client: TestClient, honey: str
) -> None:
    entry = f"http://127.0.0.1:8000/register/{honey}"
    for written in (HONEY, HONEY[1:], f"{HONEY}/", f"{HONEY}/10/L%2F1"):
        for method in ("GET", "HEAD"):
            answer = client.request(method, f"/01/{written}?lang=en&17=281231")
            assert answer.status_code == 307
            assert answer.headers["location"] == f"{entry}?lang=en&17=281231"
    assert f"/01/{HONEY}/10/L%2F1?" in answer.headers["link"]
    assert 'rel="linkset"' in answer.headers["link"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["vary"] == "Accept"
    assert int(answer.headers["cache-control"].removeprefix("public, max-age=")) <= 60


def test_a_number_leads_to_the_newest_certificate_also_when_all_have_ended(
    client: TestClient, engine: Engine, honey: str
) -> None:
    with transaction(engine) as session:
        one = session.exec(select(Certificate).where(col(Certificate.code) == honey)).one()
        one.revoked_on, one.revocation_ground = today(), RevocationGround.MARK_MISUSED
    reached = client.get(f"/01/{HONEY}").headers["location"]
    assert reached.endswith(honey)
    assert "bị thu hồi" in client.get(reached).text
    told = links(client, f"/01/{HONEY}")
    assert "Đã thu hồi" in told["certificationInfo"][0]["title"]


@pytest.mark.usefixtures("honey")
def test_a_number_that_no_recognised_product_has_is_nowhere(client: TestClient) -> None:
    for unknown in ("09521100000024", "96385074", NOBODY):
        page = client.get(f"/01/{unknown}")
        assert page.status_code == 404
        check_page(page.text)
        assert unknown.removeprefix("0") in page.text
        assert "Chưa ai công nhận" not in page.text
    problem = client.get(f"/01/{unknown}", headers=ALL_LINKS)
    assert problem.status_code == 404
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["code"] == "gs1.nobody"
    english = client.get(f"/01/{unknown}?lang=en").text
    assert not vietnamese_left(english)


@pytest.mark.parametrize(
    "written",
    ["", "9521234543214", "abc", f"{HONEY}/21", f"{HONEY}/99/1", f"{HONEY}/21/1/10/2", "%FF/%00"],
)
def test_an_address_that_is_none_of_gs1_is_said_to_be_none(
    client: TestClient, written: str
) -> None:
    page = client.get(f"/01/{written}")
    assert page.status_code == 400
    check_page(page.text)
    assert client.get(f"/01/{written}", headers=ALL_LINKS).json()["code"] == "gs1.address"


@tried(
    max_examples=40,
)
@given(rest=st.text(max_size=60), accept=st.text(st.characters(max_codepoint=126), max_size=40))
def test_no_address_is_a_fault(client: TestClient, rest: str, accept: str) -> None:
    header = {"accept": "".join(c for c in accept if c.isprintable())}
    answer = client.get(f"/01/{quote(rest, safe='/')}", headers=header)
    assert answer.status_code in {307, 400, 404}


def test_an_item_is_answered_as_its_serial_without_another_trip(
    client: TestClient, serial: str
) -> None:
    own = client.get(f"/{serial}")
    page = client.get(f"/01/{HONEY}/21/{serial}")
    assert page.status_code == 200
    assert "<h1>Tem còn hiệu lực</h1>" in own.text
    assert "<h1>Tem còn hiệu lực</h1>" in page.text
    assert page.headers["cache-control"] == own.headers["cache-control"]
    assert {"Accept", "Accept-Encoding"} <= set(page.headers["vary"].split(", "))
    assert "set-cookie" not in page.headers
    assert f"/01/{HONEY}/21/{serial}?linkType=linkset" in page.headers["link"]
    assert "<h1>" in client.get(f"/01/{HONEY[1:]}/10/L1/21/{serial.lower()}?lang=en").text
    assert client.head(f"/01/{HONEY}/21/{serial}").status_code == 200


def test_each_answer_for_an_item_counts_as_a_scan_and_nothing_else_does(
    client: TestClient, settings: Settings, serial: str
) -> None:
    item = f"/01/{HONEY}/21/{serial}"
    client.get(item)
    client.head(item)
    client.get(item, headers=ALL_LINKS)
    client.get(f"/01/{TEA}/21/{serial}")
    client.get(f"/01/{HONEY}")
    assert isinstance(client.app, FastAPI)
    client.app.state.desk.close()
    (journal,) = pending(settings.scans_dir)
    with Tail(journal) as tail:
        (event,) = [decode_event(line) for line in tail.read(0).lines]
    assert event.verdict is Verdict.VALID


def test_a_stamp_under_another_products_number_is_told_apart(
    client: TestClient, serial: str
) -> None:
    for other in (TEA, NOBODY, "09521100000024"):
        page = client.get(f"/01/{other}/21/{serial}")
        assert page.status_code == 404
        check_page(page.text)
        assert "không phải của con tem này" in page.text
        assert "Tem còn hiệu lực" not in page.text
        assert f'href="/{serial}"' in page.text
    told = client.get(f"/01/{TEA}/21/{serial}", headers=ALL_LINKS)
    assert (told.status_code, told.json()["code"]) == (404, "gs1.not_of_this_stamp")


def test_a_serial_with_a_typing_mistake_or_never_issued_is_said_to_be_so(
    client: TestClient, serial: str
) -> None:
    wrong = ("1" if serial[0] != "1" else "2") + serial[1:]
    page = client.get(f"/01/{HONEY}/21/{wrong}")
    assert page.status_code == 404
    check_page(page.text)
    never = client.get(f"/01/{HONEY}/21/009DD1X1PB1X9SDW")
    assert never.status_code == 200
    assert "Không có trong sổ tem" in never.text


def test_all_links_of_a_product_are_told_in_the_shape_of_the_rfc(
    client: TestClient, honey: str
) -> None:
    asked = "linkset"
    told = links(client, f"/01/{HONEY[1:]}?linkType={asked}")
    assert told == links(client, f"/01/{HONEY}?linkType=all")
    entry = f"http://127.0.0.1:8000/register/{honey}"
    assert told["anchor"] == f"http://127.0.0.1:8000/01/{HONEY}"
    assert told["description"] == "Mật ong"
    assert told["defaultLink"] == [{"href": entry, "title": "Mật ong"}]
    assert {"pip", "certificationInfo", "registryEntry"} <= set(told)
    assert "traceability" not in told
    for name in ("pip", "certificationInfo", "registryEntry"):
        for target in told[name]:
            found = client.get(target["href"])
            assert found.status_code == 200
            assert found.headers["content-type"].startswith(target["type"])
    answer = client.get(f"/01/{HONEY}?linkType={asked}")
    assert answer.headers["content-type"] == "application/linkset+json"
    assert "http://www.w3.org/ns/json-ld#context" in answer.headers["link"]
    again = client.get(
        f"/01/{HONEY}?linkType={asked}", headers={"if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["vary"] == "Accept"
    as_json = client.get(f"/01/{HONEY}", headers={"accept": "application/json"})
    assert as_json.headers["content-type"] == "application/json"
    assert as_json.json() == answer.json()


def test_an_item_has_the_links_of_its_product_and_its_own(client: TestClient, serial: str) -> None:
    told = links(client, f"/01/{HONEY}/21/{serial}")
    assert told["anchor"].endswith(f"/01/{HONEY}/21/{serial}")
    (default,) = told["defaultLink"]
    assert default["href"].endswith(f"/{serial}")
    page, program = told["traceability"]
    assert "Tem còn hiệu lực" in client.get(page["href"]).text
    assert client.get(program["href"]).json()["verdict"] == "valid"
    assert told["pip"] == links(client, f"/01/{HONEY}")["pip"]
    traced = client.get(f"/01/{HONEY}/21/{serial}?linkType=gs1:traceability")
    assert f"/{serial}?" in traced.headers["location"]


def test_a_link_is_asked_for_by_its_type(client: TestClient, honey: str) -> None:
    words = ("certificationInfo", "pip", "defaultLink", "registryEntry")
    for word in (f"{vocabulary}{word}" for word in words for vocabulary in ("gs1:", VOCABULARY)):
        answer = client.get(f"/01/{HONEY}", params={"linkType": word})
        assert answer.status_code == 307
        assert f"/register/{honey}?linkType=" in answer.headers["location"]


@pytest.mark.usefixtures("honey")
def test_of_several_forms_of_a_link_the_one_liked_best_is_given(client: TestClient) -> None:
    path = f"/01/{HONEY}?linkType=gs1:certificationInfo"
    as_json = client.get(path, headers={"accept": "text/html;q=0.5, application/json"})
    assert "/api/v1/register/" in as_json.headers["location"]
    as_page = client.get(path, headers={"accept": "text/html, application/json;q=0.5, */*;q=x"})
    assert "/api/" not in as_page.headers["location"]


@pytest.mark.usefixtures("honey")
def test_a_link_that_is_not_there_is_said_to_be_missing_and_where_the_others_are(
    client: TestClient,
) -> None:
    for word in ("gs1:recipeInfo", "gs1:traceability", "schema:name", "", "x" * 900):
        page = client.get(f"/01/{HONEY}", params={"linkType": word})
        assert page.status_code == 404
        check_page(page.text)
        assert f"/01/{HONEY}?linkType=linkset" in page.text
        assert 'rel="linkset"' in page.headers["link"]


def test_the_resolver_describes_itself(client: TestClient) -> None:
    answer = client.get("/.well-known/gs1resolver")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    told = answer.json()
    assert told["resolverRoot"] == "http://127.0.0.1:8000"
    assert told["supportedPrimaryKeys"] == ["01"]
    assert told["supportedLinkType"] == [{"namespace": VOCABULARY, "prefix": "gs1:"}]
    assert told["linkTypeDefaultCanBeLinkset"] is False
    assert told["contact"]["fn"]
    assert told["jsonLdContextLocation"].startswith("https://ref.gs1.org/")
    assert client.head("/.well-known/gs1resolver").status_code == 200


@pytest.mark.parametrize("path", [f"/01/{HONEY}", "/.well-known/gs1resolver"])
def test_programs_of_other_sites_are_told_what_they_may_ask(client: TestClient, path: str) -> None:
    answer = client.options(path)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_register_tells_the_number_and_is_found_by_it(client: TestClient, honey: str) -> None:
    for code in (HONEY, HONEY[1:]):
        page = client.get(f"/register/{code}").text
        assert "9521234543213" in page
        assert f'"gtin14": "{HONEY}"' in page
        assert client.get(f"/api/v1/register/{code}").json()["code"] == honey
