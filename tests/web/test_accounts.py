"""Pages of the administrator: opening and closing accounts, and nobody else at the door."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import reading, transaction
from app.domain.accounts.enums import Role
from app.domain.accounts.queries import actor_of, find_user
from tests.conftest import AT
from tests.factories.people import HOME, PASSWORD, People, signed_in
from tests.web.page_checks import check_page


@pytest.fixture
def administrator(client: TestClient, engine: Engine) -> TestClient:
    """Return a client signed in as the administrator."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.administrator()
        people.agency()
    return signed_in(client, "quantri")


def typed(**changes: str) -> dict[str, str]:
    return {
        "_key": "mo-tai-khoan-1",
        "username": "can.bo-2",
        "name": "Giàng A Mẫu",
        "organisation": "",
        "password": PASSWORD,
        "role": Role.COMMUNE_OFFICER.value,
        "unit_code": HOME,
        "producer_id": "",
        "valid_to": "",
    } | changes


def test_an_account_is_opened_and_its_owner_can_sign_in(
    administrator: TestClient, engine: Engine
) -> None:
    answer = administrator.post("/accounts", data=typed())
    assert answer.status_code == 303
    page = administrator.get(answer.headers["location"])
    check_page(page.text)
    assert "Đã mở tài khoản." in page.text
    assert "can.bo-2" in page.text
    assert f"Cán bộ xã ({HOME})" in page.text
    signed_in(administrator, "can.bo-2")
    with reading(engine) as session:
        user = find_user(session, "can.bo-2")
        assert user is not None


def test_pressing_twice_opens_one_account(administrator: TestClient) -> None:
    first = administrator.post("/accounts", data=typed())
    again = administrator.post("/accounts", data=typed())
    assert first.status_code == again.status_code == 303
    assert administrator.get("/accounts").text.count("can.bo-2</td>") <= 1


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("username", "Cán Bộ"),
        ("password", "ngắn"),
        ("name", ""),
        ("role", "king"),
        ("valid_to", "mai"),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_the_rest_is_kept(
    administrator: TestClient, field: str, wrong: str
) -> None:
    answer = administrator.post("/accounts", data=typed(**{field: wrong}))
    assert answer.status_code == 422
    check_page(answer.text)
    assert f'id="{field}-e"' in answer.text
    kept = "can.bo-2" if field != "username" else "Giàng A Mẫu"
    assert f'value="{kept}"' in answer.text
    assert PASSWORD not in answer.text


def test_a_taken_name_is_refused(administrator: TestClient) -> None:
    answer = administrator.post("/accounts", data=typed(username="canbotinh"))
    assert answer.status_code == 409
    assert "Tên đăng nhập «canbotinh» đã có người dùng." in answer.text


def test_closing_an_account_is_shown_and_cannot_be_done_to_oneself(
    administrator: TestClient,
) -> None:
    answer = administrator.post("/accounts/canbotinh/disable", data={"_key": "khoa-1234"})
    assert answer.status_code == 303
    assert "Đã khóa" in administrator.get("/accounts").text
    own = administrator.post("/accounts/quantri/disable", data={"_key": "khoa-5678"})
    assert own.status_code == 422
    assert "Không thể tự khóa tài khoản của mình." in own.text


def test_others_neither_see_nor_open_accounts(administrator: TestClient, engine: Engine) -> None:
    stranger = signed_in(administrator, "canbotinh")
    for path in ("/accounts", "/accounts/new"):
        assert stranger.get(path).status_code == 403
    assert stranger.post("/accounts", data=typed()).status_code == 403
    answer = stranger.post("/accounts/quantri/disable", data={"_key": "khoa-9999"})
    assert answer.status_code == 403
    with reading(engine) as session:
        assert find_user(session, "can.bo-2") is None
        still = find_user(session, "quantri")
        assert still is not None
        assert actor_of(session, still, at=AT).has(Role.ADMINISTRATOR)
        assert still.disabled_at is None
