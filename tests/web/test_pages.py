"""Pages for visitors and in English, and the checks of markup: they see the faults they are there for."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from tests.conftest import AT
from tests.factories.people import People, signed_in
from tests.factories.recognition import import_certificate
from tests.web.page_checks import check_page, faults, pages_by_name, vietnamese_left

PUBLIC = (
    "/sign-in",
    "/verify",
    "/register",
    "/register/changes",
    "/register/data",
    "/register/decisions",
    "/credentials/check",
    "/recompute",
    "/privacy",
    "/report",
    "/report/state",
)


@pytest.fixture
def world(engine: Engine) -> None:
    """Open the account of the administrator; one product is on the public register."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.administrator()
        import_certificate(session, people)


@pytest.mark.usefixtures("world")
def test_a_visitor_sees_the_public_pages_and_is_asked_to_sign_in_for_the_others(
    client: TestClient,
) -> None:
    for path in pages_by_name(client):
        answer = client.get(path)
        if path in PUBLIC:
            assert answer.status_code == 200, path
            check_page(answer.text)
        else:
            assert answer.status_code == 303, path
            assert answer.headers["location"] == f"/sign-in?next={path}"


@pytest.mark.usefixtures("world")
def test_pages_in_english_are_in_english(client: TestClient) -> None:
    # The dictionary of open data shows a value of each column as it is, in Vietnamese.
    for path in {*PUBLIC, "/khong-co-trang-nay"} - {"/register/data"}:
        page = client.get(path, params={"lang": "en"}).text
        assert '<html lang="en"' in page
        assert not vietnamese_left(page), path
    signed_in(client, "quantri")
    for path in ("/work", "/account", "/accounts", "/accounts/new", "/audit", "/audit/verify"):
        page = client.get(path, params={"lang": "en"}).text
        check_page(page)
        assert not vietnamese_left(page), path


@pytest.mark.usefixtures("world")
def test_refused_fields_are_told_in_english_too(client: TestClient) -> None:
    signed_in(client, "quantri")
    client.cookies.set("ocop_lang", "en")
    data = {"_key": "tieng-anh-1", "name": "A", "username": "Ô", "password": "ngắn", "role": "x"}
    answer = client.post("/accounts", data=data)
    assert answer.status_code == 422
    check_page(answer.text)
    assert not vietnamese_left(answer.text)


WHOLE = (
    "<!doctype html><html lang='vi'><head><title>Tên · OCOP Lai Châu</title></head><body>"
    "<h1>Tên</h1>{}</body></html>"
)
BROKEN: dict[str, Callable[[str], str]] = {
    "the title says nothing": lambda page: page.replace("Tên · ", "· "),
    "there must be one h1": lambda page: page.replace("h1>", "h2>"),
    "does not say its language": lambda page: page.replace(" lang='vi'", ""),
    "is used 2 times": lambda page: page.format("<p id='a'></p><p id='a'></p>"),
    "a field without label": lambda page: page.format("<p><input name='a'></p>"),
    "a label for": lambda page: page.format("<label for='b'>B</label>"),
    "described by": lambda page: page.format("<p aria-describedby='c'></p>"),
    "carries 0 keys": lambda page: page.format(
        "<form method='post' action='/a'><button>A</button></form>"
    ),
    "and yet carries a key": lambda page: page.format(
        "<form action='/a'><input type='hidden' name='_key' value='k'><button>A</button></form>"
    ),
    "a form that goes to": lambda page: page.format(
        "<form action='https://a.example'><button>A</button></form>"
    ),
    "cannot be sent without script": lambda page: page.format(
        "<form action='/a'><input name='a' aria-label='A'></form>"
    ),
    "a script within the page": lambda page: page.format("<script>go()</script>"),
    "a style on": lambda page: page.format("<p style='color:red'></p>"),
    "a handler within the page": lambda page: page.format("<p onclick='go()'></p>"),
    "a picture without alt": lambda page: page.format("<img src='/a.png'>"),
    "a link without words": lambda page: page.format("<a href='/a'></a>"),
}


def test_a_whole_page_passes_the_checks() -> None:
    check_page(WHOLE.format(""))


@pytest.mark.parametrize("said", BROKEN)
def test_the_checks_notice_what_they_are_there_for(said: str) -> None:
    found = faults(BROKEN[said](WHOLE).replace("{}", ""))
    assert any(said in fault for fault in found), found


def test_a_page_that_a_browser_would_have_to_mend_is_refused() -> None:
    with pytest.raises(AssertionError, match="unexpected"):
        check_page(WHOLE.format("<p><div></p></div></section>"))


def test_vietnamese_left_in_an_english_page_is_found() -> None:
    assert vietnamese_left(WHOLE.format("<p>Không tìm thấy</p>")) == ["Không tìm thấy"]
