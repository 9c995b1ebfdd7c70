"""One's own account: the password, browsers that are signed in, tokens that are exchanged, limits."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.accounts.models import ApiToken, LoginSession, User
from app.domain.audit.models import AuditEvent
from app.domain.notices.models import Notice
from app.main import create_app
from tests.conftest import AT
from tests.factories.people import PASSWORD, People, signed_in, token_for
from tests.web.page_checks import check_page

NEW = "mot con ngua dau"
ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0.0.0 Edg/130.0.0.0"


@pytest.fixture
def officer(client: TestClient, engine: Engine) -> TestClient:
    """Return a client signed in as the officer of a commune, from a telephone."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.officer()
        people.administrator()
    client.headers["user-agent"] = ANDROID
    return signed_in(client, "canbo03390")


def from_windows(client: TestClient) -> str:
    """Sign in from another browser and return its cookie; the client goes on as before."""
    mine = client.cookies["ocop"]
    client.cookies.clear()
    data = {"username": "canbo03390", "password": PASSWORD}
    assert client.post("/sign-in", data=data, headers={"user-agent": WINDOWS}).status_code == 303
    other = client.cookies["ocop"]
    use(client, mine)
    return other


def use(client: TestClient, secret: str) -> TestClient:
    client.cookies.clear()
    client.cookies.set("ocop", secret, domain="testserver.local")
    return client


def change(client: TestClient, **said: str) -> int:
    data = {"_key": "doi-mk-12", "password": PASSWORD, "new_password": NEW, "again": NEW} | said
    answer = client.post("/account/password", data=data)
    check_page(answer.text) if answer.status_code == 422 else None
    return answer.status_code


def test_a_changed_password_ends_every_other_session_and_leaves_tokens(
    officer: TestClient, engine: Engine
) -> None:
    other, bearer = from_windows(officer), token_for(engine, "canbo03390")
    before = officer.cookies["ocop"]
    check_page(officer.get("/account/password").text)
    assert change(officer) == 303
    after = officer.cookies["ocop"]
    assert after != before
    assert officer.get("/account").status_code == 200
    assert use(officer, other).get("/account").status_code == 303
    assert use(officer, before).get("/account").status_code == 303
    headers = {"authorization": f"Bearer {bearer}"}
    assert officer.get("/api/v1/me", headers=headers).status_code == 200
    signed_in(officer, "canbo03390", NEW)
    again = {"password": NEW, "new_password": PASSWORD, "again": PASSWORD, "ends_tokens": "on"}
    assert change(officer, **again) == 303
    assert officer.get("/api/v1/me", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"password": "sai"}, "Mật khẩu đang dùng chưa đúng."),
        ({"again": "khac han"}, "Hai lần nhập mật khẩu mới không giống nhau."),
        ({"new_password": PASSWORD, "again": PASSWORD}, "Mật khẩu mới phải khác"),
        ({"new_password": "password1", "again": "password1"}, "rất nhiều người dùng"),
        ({"new_password": "canbo03390!", "again": "canbo03390!"}, "gần như chỉ gồm tên"),
        ({"new_password": "da bi lo", "again": "da bi lo"}, "rất nhiều người dùng"),
        ({"new_password": "x" * 201, "again": "x" * 201}, "200"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_a_sentence(
    settings: Settings, tmp_path: Path, engine: Engine, said: dict[str, str], told: str
) -> None:
    with transaction(engine) as session:
        People(session, AT).officer()
    breached = tmp_path / "breached.txt"
    breached.write_text(hashlib.sha1(b"da bi lo", usedforsecurity=False).hexdigest() + ":7\n")
    app = create_app(settings.model_copy(update={"breached_passwords_file": breached}))
    with TestClient(app, follow_redirects=False) as client:
        signed_in(client, "canbo03390")
        data = {"_key": "doi-mk-12", "password": PASSWORD, "new_password": NEW, "again": NEW}
        answer = client.post("/account/password", data=data | said)
        assert answer.status_code == 422
        check_page(answer.text)
        assert told in answer.text
        signed_in(client, "canbo03390")


def test_a_password_set_by_somebody_else_is_changed_before_anything(
    officer: TestClient, engine: Engine
) -> None:
    his = officer.cookies["ocop"]
    administrator = signed_in(officer, "quantri")
    page = administrator.get("/accounts/canbo03390/care")
    check_page(page.text)
    assert "Đăng xuất mọi nơi" in page.text
    path = "/accounts/canbo03390/password"
    weak = administrator.post(path, data={"_key": "dat-mk-11", "new_password": "12345678"})
    assert weak.status_code == 422
    check_page(weak.text)
    done = administrator.post(path, data={"_key": "dat-mk-12", "new_password": NEW})
    assert done.status_code == 303
    own = administrator.post(
        "/accounts/quantri/password", data={"_key": "a" * 9, "new_password": NEW}
    )
    assert own.status_code == 422
    assert use(administrator, his).get("/account").headers["location"].startswith("/sign-in?")
    signed_in(officer, "canbo03390", NEW)
    forced = officer.get("/work")
    assert forced.headers["location"] == "/account/password?next=/work"
    page = officer.get(forced.headers["location"])
    check_page(page.text)
    assert "do người khác đặt cho bạn" in page.text
    assert change(officer, password=NEW, new_password=PASSWORD, again=PASSWORD) == 303
    assert officer.get("/work").status_code == 200
    with reading(engine) as session:
        user = session.exec(select(User).where(col(User.username) == "canbo03390")).one()
        assert user.password_changed_at is not None
        assert not user.must_change_password


def test_only_an_administrator_takes_care_of_accounts(officer: TestClient) -> None:
    assert officer.get("/accounts/quantri/care").status_code == 403
    for path in ("password", "second-factor/reset", "sessions/end"):
        answer = officer.post(
            f"/accounts/quantri/{path}", data={"_key": f"khong-{path}", "new_password": NEW}
        )
        assert answer.status_code == 403, path
    administrator = signed_in(officer, "quantri")
    assert administrator.get("/accounts/khongai/care").status_code == 404


def test_browsers_are_listed_by_name_and_ended_one_by_one_or_all_at_once(
    officer: TestClient,
) -> None:
    mine, other, third = officer.cookies["ocop"], from_windows(officer), from_windows(officer)
    page = officer.get("/account").text
    check_page(page)
    assert "Chrome trên Android" in page
    assert page.count("Edge trên Windows") == 4  # each once as a name, once to be changed
    assert page.count("Thiết bị này") == 1
    newest, older = sorted(
        {int(one) for one in re.findall(r"/account/sessions/(\d+)/end", page)}, reverse=True
    )
    named = officer.post(
        f"/account/sessions/{older}/name", data={"_key": "dat-ten-1", "device_name": "Máy ở xã"}
    )
    assert named.status_code == 303
    assert "Máy ở xã" in officer.get("/account").text
    ended = officer.post(f"/account/sessions/{newest}/end", data={"_key": "ket-thuc-1"})
    assert ended.status_code == 303
    assert use(officer, third).get("/account").status_code == 303
    assert use(officer, other).get("/account").status_code == 200
    use(officer, mine)
    officer.post("/account/sessions/end-others", data={"_key": "ket-thuc-2"})
    assert use(officer, other).get("/account").status_code == 303
    assert use(officer, mine).get("/account").status_code == 200


def test_nobody_names_or_ends_the_browsers_of_somebody_else(
    officer: TestClient, engine: Engine
) -> None:
    with reading(engine) as session:
        number = session.exec(select(LoginSession.id)).one()
    signed_in(officer, "quantri")
    for what in ("name", "end"):
        data = {"_key": f"cua-ai-{what}", "device_name": "x"}
        assert officer.post(f"/account/sessions/{number}/{what}", data=data).status_code == 404


def test_a_token_is_exchanged_and_the_old_one_lasts_a_day(
    officer: TestClient, engine: Engine
) -> None:
    old = token_for(engine, "canbo03390")
    with transaction(engine) as session:
        kept = session.exec(select(ApiToken)).one()
        kept.expires_at = now() + timedelta(days=60)
        code = kept.code
    page = officer.post(f"/account/tokens/{code}/rotate", data={"_key": "doi-khoa-1"})
    check_page(page.text)
    assert "Khóa cũ còn dùng được 24 giờ nữa." in page.text
    found = re.search(r"ocop_[\w-]+", page.text)
    assert found is not None
    new = found[0]
    for secret in (old, new):
        headers = {"authorization": f"Bearer {secret}"}
        assert officer.get("/api/v1/me", headers=headers).status_code == 200
    listed = officer.get("/account").text
    check_page(listed)
    assert new not in listed
    assert "chưa dùng" not in listed
    with reading(engine) as session:
        first, second = session.exec(select(ApiToken).order_by(col(ApiToken.id))).all()
        assert second.replaces_id == first.id
        assert second.scopes == first.scopes
        assert first.expires_at <= now() + timedelta(hours=24)
        kinds = session.exec(select(AuditEvent.kind)).all()
        assert "token.rotated" in kinds


def test_a_stranger_who_guesses_does_not_keep_the_owner_out_of_a_known_browser(
    officer: TestClient, engine: Engine
) -> None:
    known = dict(officer.cookies)
    officer.cookies.clear()
    wrong = {"username": "canbo03390", "password": "đoán mò"}
    answers = [officer.post("/sign-in", data=wrong).status_code for _ in range(7)]
    assert answers == [422] * 5 + [429] * 2
    right = {"username": "canbo03390", "password": PASSWORD}
    assert officer.post("/sign-in", data=right).status_code == 429
    assert officer.post("/sign-in", data=right | {"username": "khac"}).status_code == 422
    officer.cookies.clear()
    officer.cookies.update({name: said for name, said in known.items() if name != "ocop"})
    assert officer.post("/sign-in", data=right).status_code == 303
    # A mark that was made up, or given for another account, is none.
    officer.cookies.clear()
    for name in known:
        officer.cookies.set(name, "x" * 16 + "." + "0" * 64)
    assert officer.post("/sign-in", data=right).status_code == 429
    with reading(engine) as session:
        refused = session.exec(
            select(AuditEvent).where(col(AuditEvent.kind) == "session.refused")
        ).all()
        told = session.exec(select(Notice).where(col(Notice.kind) == "account.many_failures")).all()
        assert [event.subject_code for event in refused] == ["canbo03390"] * 5 + [None]
        assert not any("khac" in str(event.data) for event in refused)
        assert len(told) == 1


def test_a_new_kind_of_device_is_told_and_the_first_and_the_same_are_not(
    officer: TestClient, engine: Engine
) -> None:
    signed_in(officer, "canbo03390")
    from_windows(officer)
    from_windows(officer)
    with reading(engine) as session:
        (told,) = session.exec(select(Notice).where(col(Notice.kind) == "account.new_device"))
        code, params = told.code, told.params
    assert params == {"device": "Edge trên Windows"}
    page = officer.get("/notices").text
    check_page(page)
    assert "Đăng nhập từ thiết bị mới: Edge trên Windows" in page
    opened = officer.get(f"/notices/{code}")
    assert opened.headers["location"].startswith("/account")


def test_password_fields_say_what_they_are_to_the_keeper_of_passwords(
    officer: TestClient,
) -> None:
    page = officer.get("/account/password").text
    assert page.count('autocomplete="new-password"') == 2
    assert page.count('autocomplete="current-password"') == 1
    assert "onpaste" not in page
    signing_in = officer.get("/sign-in").text
    assert 'autocomplete="username"' in signing_in
    assert 'autocomplete="current-password"' in signing_in
