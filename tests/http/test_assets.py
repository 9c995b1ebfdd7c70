"""Static files: kept for ever under the mark of their own content, and under no other."""

import re

import pytest
from fastapi.testclient import TestClient

from app.http.assets import STATIC, asset

FOR_EVER = "public, max-age=31536000, immutable"
STYLE = "css/app.css"


def test_a_page_names_its_style_by_a_mark_under_which_it_is_kept_for_ever(
    client: TestClient,
) -> None:
    [named] = re.findall(r'href="(/static/css/app\.css[^"]*)"', client.get("/sign-in").text)
    assert named == asset(STYLE)
    answer = client.get(named)
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.content == (STATIC / STYLE).read_bytes()


@pytest.mark.parametrize("mark", ["0123456789ab", "", f"{asset(STYLE)[-12:]}&v=0123456789ab"])
def test_what_a_page_of_another_release_asked_for_is_not_kept_under_its_mark(
    client: TestClient, mark: str
) -> None:
    answer = client.get(f"/static/{STYLE}?v={mark}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


def test_an_answer_that_nothing_changed_says_the_same_of_keeping(client: TestClient) -> None:
    first = client.get(asset(STYLE))
    again = client.get(asset(STYLE), headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, FOR_EVER)


def test_a_file_without_a_mark_is_kept_for_minutes(client: TestClient) -> None:
    answer = client.get("/static/img/terraces.svg")
    assert answer.headers["cache-control"] == "public, max-age=300"
