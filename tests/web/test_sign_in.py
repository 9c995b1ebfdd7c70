"""Signing in: one sentence for every failure, sessions that end, no way to other sites."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from tests.conftest import AT
from tests.factories.people import PASSWORD, People, signed_in


@pytest.fixture
def auditor(engine: Engine) -> str:
    with transaction(engine) as session:
        People(session, AT).auditor()
        People(session, AT).administrator()
    return "kiemtoan"


def attempt(client: TestClient, username: str, password: str, **more: str) -> tuple[int, str]:
    answer = client.post("/sign-in", data={"username": username, "password": password, **more})
    return answer.status_code, answer.text


def test_wrong_password_and_unknown_name_get_the_same_sentence(
    client: TestClient, auditor: str
) -> None:
    known = attempt(client, auditor, "sai mật khẩu")
    unknown = attempt(client, "khongai", "sai mật khẩu")
    assert known[0] == unknown[0] == 422
    for text in (known[1], unknown[1]):
        assert "Tên đăng nhập hoặc mật khẩu chưa đúng." in text


def test_the_cookie_is_for_this_host_only_and_hidden_from_scripts(
    client: TestClient, auditor: str
) -> None:
    answer = client.post("/sign-in", data={"username": auditor, "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


def test_a_copied_cookie_is_worthless_after_signing_out(client: TestClient, auditor: str) -> None:
    signed_in(client, auditor)
    copied = dict(client.cookies)
    assert client.get("/account").status_code == 200
    client.post("/sign-out")
    client.cookies.clear()
    client.cookies.update(copied)
    assert client.get("/account").status_code == 303


def test_closing_an_account_ends_its_sessions_at_once(client: TestClient, auditor: str) -> None:
    signed_in(client, auditor)
    his = dict(client.cookies)
    signed_in(client, "quantri")
    key = {"_key": "khoa-tai-khoan-1"}
    assert client.post(f"/accounts/{auditor}/disable", data=key).status_code == 303
    client.cookies.clear()
    client.cookies.update(his)
    assert client.get("/account").status_code == 303
    assert attempt(client, auditor, PASSWORD)[0] == 422


def test_too_many_attempts_are_told_to_wait(client: TestClient, auditor: str) -> None:
    for _ in range(10):
        attempt(client, auditor, "đoán mò")
    answer = client.post("/sign-in", data={"username": auditor, "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(
    client: TestClient, auditor: str, where: str
) -> None:
    answer = client.post(
        "/sign-in", data={"username": auditor, "password": PASSWORD, "next": where}
    )
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_form_from_another_site_is_refused(
    client: TestClient, auditor: str, headers: dict[str, str]
) -> None:
    signed_in(client, auditor)
    assert client.post("/sign-out", headers=headers).status_code == 403
    assert client.get("/account").status_code == 200


def test_a_token_is_shown_once_and_works_until_it_is_revoked(
    client: TestClient, auditor: str
) -> None:
    signed_in(client, auditor)
    data = {"_key": "tao-khoa-1", "name": "Máy thử", "days": "3", "scopes": "register:read"}
    page = client.post("/account/tokens", data=data).text
    secret = page.split("ocop_", 1)[1].split("<", 1)[0]
    bearer = {"authorization": f"Bearer ocop_{secret}"}
    assert client.get("/api/v1/producers", headers=bearer).status_code == 200
    account = client.get("/account").text
    assert secret not in account
    code = account.split("/account/tokens/", 1)[1].split("/", 1)[0]
    client.post(f"/account/tokens/{code}/revoke", data={"_key": "thu-hoi-1"})
    assert client.get("/api/v1/producers", headers=bearer).status_code == 401


def test_every_page_carries_the_headers_that_keep_others_out(client: TestClient) -> None:
    headers = client.get("/sign-in").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
