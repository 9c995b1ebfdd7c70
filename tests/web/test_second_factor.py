"""The second factor: asked of those whose role needs it, set up without script, replaced when lost."""

import re
import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import reading, transaction
from app.core.settings import SECOND_FACTOR_ROLES, Settings
from app.domain.accounts.models import LoginSession, RecoveryCode, SecondFactor
from app.domain.accounts.queries import find_second_factor, find_user
from app.domain.audit.models import AuditEvent
from app.main import create_app
from tests.conftest import AT
from tests.factories.people import PASSWORD, People, signed_in, token_for
from tests.factories.second_factors import Telephone, codes_shown, key_shown, set_up
from tests.web.page_checks import check_page

SHOW = "/sign-in/code"
SET_UP = "/account/second-factor"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return an installation that asks for the second factor as one in earnest does."""
    return settings.model_copy(update={"second_factor_roles": SECOND_FACTOR_ROLES})


@pytest.fixture
def auditor(client: TestClient, engine: Engine) -> TestClient:
    """Return a client whose auditor has shown the password only."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.auditor()
        people.administrator()
        people.officer()
    return signed_in(client, "kiemtoan")


def kinds(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.exec(select(AuditEvent.kind).order_by(col(AuditEvent.sequence))))


def show(client: TestClient, code: str, wanted: str = "/") -> int:
    answer = client.post(SHOW, data={"_key": "ma-so-1", "code": code, "next": wanted})
    return answer.status_code


@pytest.mark.parametrize("path", ["/account", "/work", "/audit", "/account/password", "/notices"])
def test_with_the_password_alone_every_page_leads_to_setting_it_up_and_back(
    auditor: TestClient, path: str
) -> None:
    answer = auditor.get(f"{path}?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{SET_UP}?next={path}%3Fx%3D1"


def test_with_the_password_alone_nothing_is_done_and_nobody_is_told_more_than_a_visitor(
    auditor: TestClient, engine: Engine
) -> None:
    data = {"_key": "tao-khoa-1", "name": "Máy thử", "days": "3", "scopes": "register:read"}
    assert auditor.post("/account/tokens", data=data).status_code == 303
    fragment = auditor.get("/work", headers={"hx-request": "true"})
    assert fragment.status_code == 401
    assert fragment.headers["hx-redirect"].startswith(SET_UP)
    assert "Kiemtoan Thử Nghiệm" not in auditor.get("/register").text
    assert "token.created" not in kinds(engine)
    assert auditor.post("/sign-out").status_code == 303
    assert auditor.get(SET_UP).headers["location"].startswith("/sign-in?")


def test_it_is_set_up_by_its_first_code_and_asked_for_at_the_next_sign_in(
    auditor: TestClient, engine: Engine, settings: Settings
) -> None:
    first = auditor.get(SET_UP)
    check_page(first.text)
    assert "Vai của bạn bắt buộc có bảo vệ hai lớp." in first.text
    begun = auditor.post(SET_UP, data={"_key": "bat-dau-1", "next": "/audit"})
    assert begun.headers["location"] == f"{SET_UP}?next=%2Faudit"
    page = auditor.get(begun.headers["location"])
    check_page(page.text)
    assert "<svg" in page.text
    assert 'href="otpauth://totp/' in page.text
    telephone = Telephone(key_shown(page.text))
    before = auditor.cookies["ocop"]
    wrong = auditor.post(f"{SET_UP}/confirm", data={"_key": "x" * 9, "code": "000000"})
    assert wrong.status_code == 422
    check_page(wrong.text)
    assert "Mã chưa đúng hoặc đã dùng rồi." in wrong.text
    data = {"_key": "x" * 9, "code": telephone.code(), "next": "/audit"}
    confirmed = auditor.post(f"{SET_UP}/confirm", data=data)
    check_page(confirmed.text)
    assert len(codes_shown(confirmed.text)) == 10
    assert 'href="/audit"' in confirmed.text
    assert auditor.cookies["ocop"] != before
    assert auditor.get("/audit").status_code == 200
    with reading(engine) as session:
        kept = session.exec(select(SecondFactor)).one()
        assert kept.confirmed_at is not None
    assert (settings.answer_key_dir / "second-factors.key").stat().st_mode & 0o777 == 0o600
    signed_in(auditor, "kiemtoan")
    ask = auditor.get("/audit")
    assert ask.headers["location"] == f"{SHOW}?next=/audit"
    check_page(auditor.get(ask.headers["location"]).text)
    # Whoever knows the password only cannot set another telephone up.
    assert auditor.get(SET_UP).headers["location"].startswith(SHOW)
    assert auditor.post(f"{SET_UP}/remove", data={"code": "000000"}).status_code == 303
    half = auditor.cookies["ocop"]
    assert show(auditor, telephone.code(), "/audit") == 303
    assert auditor.cookies["ocop"] != half
    assert auditor.get("/audit").status_code == 200
    auditor.cookies.clear()
    auditor.cookies.set("ocop", half)
    assert auditor.get("/audit").headers["location"].startswith("/sign-in")


def test_no_code_works_twice_and_an_old_one_not_at_all(auditor: TestClient) -> None:
    telephone, codes = set_up(auditor)
    used = telephone.code()
    signed_in(auditor, "kiemtoan")
    assert show(auditor, telephone.old_code()) == 422
    assert show(auditor, used) == 303
    signed_in(auditor, "kiemtoan")
    assert show(auditor, used) == 422
    assert show(auditor, codes[3].lower().replace("-", " ")) == 303
    signed_in(auditor, "kiemtoan")
    assert show(auditor, codes[3]) == 422
    assert show(auditor, codes[4]) == 303
    page = auditor.get(SET_UP)
    check_page(page.text)
    assert "Còn 8 mã dự phòng chưa dùng." in page.text
    assert "không tắt được" in page.text


def test_five_wrong_codes_end_the_session_and_are_told_in_the_log(
    auditor: TestClient, engine: Engine
) -> None:
    telephone, _ = set_up(auditor)
    signed_in(auditor, "kiemtoan")
    assert [show(auditor, "000000") for _ in range(4)] == [422] * 4
    ended = auditor.post(SHOW, data={"_key": "ma-so-1", "code": "000000"})
    assert ended.status_code == 303
    assert ended.headers["location"] == "/sign-in"
    assert auditor.get(SHOW).headers["location"].startswith("/sign-in?")
    assert kinds(engine).count("second_factor.refused") == 5
    with reading(engine) as session:
        newest = session.exec(select(LoginSession).order_by(col(LoginSession.id).desc())).first()
        assert newest is not None
        assert newest.ended_at is not None
    # Wrong codes count like wrong passwords: the next password does not buy five more.
    again = auditor.post("/sign-in", data={"username": "kiemtoan", "password": PASSWORD})
    assert again.status_code == 429
    assert int(again.headers["retry-after"]) <= 61  # the database counts in sixtieths of a window
    assert telephone.code()


def test_a_token_is_worth_as_much_as_its_owner_has_shown(
    auditor: TestClient, engine: Engine
) -> None:
    """A token from before the role asked for a second factor waits until there is one."""
    bearer = {"authorization": f"Bearer {token_for(engine, 'kiemtoan')}"}
    of_officer = {"authorization": f"Bearer {token_for(engine, 'canbo03390')}"}
    assert auditor.get("/api/v1/me", headers=bearer).status_code == 401
    assert auditor.get("/api/v1/me", headers=of_officer).status_code == 200
    set_up(auditor)
    assert auditor.get("/api/v1/me", headers=bearer).status_code == 200


def test_who_need_not_have_it_may_and_is_then_asked_too(auditor: TestClient) -> None:
    officer = signed_in(auditor, "canbo03390")
    assert officer.get("/account").status_code == 200
    telephone, codes = set_up(officer)
    signed_in(officer, "canbo03390")
    assert officer.get("/account").headers["location"].startswith(SHOW)
    assert show(officer, telephone.code()) == 303
    removed = officer.post(f"{SET_UP}/remove", data={"_key": "tat-di-1", "code": codes[0]})
    assert removed.headers["location"] == "/account"
    signed_in(officer, "canbo03390")
    assert officer.get("/account").status_code == 200


def test_whoever_must_have_it_cannot_turn_it_off_but_may_change_telephones(
    auditor: TestClient,
) -> None:
    _, codes = set_up(auditor)
    refused = auditor.post(f"{SET_UP}/remove", data={"_key": "tat-di-1", "code": codes[0]})
    assert refused.status_code == 422
    assert "bắt buộc" in refused.text
    wrong = auditor.post(f"{SET_UP}/replace", data={"_key": "doi-1", "code": "123456"})
    assert wrong.status_code == 422
    check_page(wrong.text)
    begun = auditor.post(f"{SET_UP}/replace", data={"_key": "doi-2", "code": codes[0]})
    assert begun.status_code == 303
    fresh = Telephone(key_shown(auditor.get(SET_UP).text))
    confirmed = auditor.post(f"{SET_UP}/confirm", data={"_key": "y" * 9, "code": fresh.code()})
    assert confirmed.status_code == 200
    signed_in(auditor, "kiemtoan")
    assert show(auditor, codes[1]) == 422  # the printed list went with the telephone
    assert show(auditor, fresh.code()) == 303


def test_a_new_list_replaces_the_old_one_and_neither_is_kept_readable(
    auditor: TestClient, engine: Engine
) -> None:
    telephone, old = set_up(auditor)
    page = auditor.post(f"{SET_UP}/codes", data={"_key": "ma-moi-1", "code": telephone.code()})
    check_page(page.text)
    new = codes_shown(page.text)
    assert len(new) == 10
    assert not set(new) & set(old)
    with reading(engine) as session:
        rows = session.exec(select(RecoveryCode)).all()
        kept = " ".join(row.code_hash for row in rows)
    assert len(rows) == 10
    assert not any(code in kept for code in new)
    signed_in(auditor, "kiemtoan")
    assert show(auditor, old[0]) == 422
    assert show(auditor, new[0]) == 303


@pytest.mark.parametrize("how", ["gone", "another", "open to others"])
def test_a_lost_sealing_key_is_told_plainly_and_the_printed_codes_still_work(
    auditor: TestClient, settings: Settings, how: str
) -> None:
    telephone, codes = set_up(auditor)
    key: Path = settings.answer_key_dir / "second-factors.key"
    if how == "gone":
        key.unlink()
    elif how == "another":
        key.write_bytes(bytes(32))
    else:
        key.chmod(0o644)
    signed_in(auditor, "kiemtoan")
    answer = auditor.post(SHOW, data={"_key": "ma-so-1", "code": telephone.code()})
    assert answer.status_code == 409
    assert "Máy chủ không mở được khóa của bảo vệ hai lớp" in answer.text
    assert show(auditor, codes[0]) == 303


def test_setting_up_is_told_plainly_where_no_key_can_be_kept(
    auditor: TestClient, settings: Settings
) -> None:
    shutil.rmtree(settings.answer_key_dir)
    settings.answer_key_dir.write_text("no folder")
    answer = auditor.post(SET_UP, data={"_key": "bat-dau-1"})
    assert answer.status_code == 409
    assert "Máy chủ không mở được khóa" in answer.text


def test_the_administrator_resets_who_lost_everything_and_not_oneself(
    auditor: TestClient, engine: Engine
) -> None:
    set_up(auditor)
    his = auditor.cookies["ocop"]
    administrator = signed_in(auditor, "quantri")
    set_up(administrator)
    page = administrator.get("/accounts/kiemtoan/care")
    check_page(page.text)
    assert "Đặt lại bảo vệ hai lớp" in page.text
    path = "/accounts/{}/second-factor/reset"
    done = administrator.post(path.format("kiemtoan"), data={"_key": "dat-lai-1"})
    assert done.status_code == 303
    with reading(engine) as session:
        user = find_user(session, "kiemtoan")
        assert user is not None
        assert find_second_factor(session, user.id or 0) is None
    own = administrator.post(path.format("quantri"), data={"_key": "dat-lai-2"})
    assert own.status_code == 422
    assert "second_factor.reset" in kinds(engine)
    administrator.cookies.clear()
    administrator.cookies.set("ocop", his)
    assert administrator.get("/work").headers["location"].startswith("/sign-in?")
    signed_in(administrator, "kiemtoan")
    assert administrator.get("/work").headers["location"].startswith(SET_UP)


def test_an_unknown_role_is_refused_when_the_program_starts(settings: Settings) -> None:
    with pytest.raises(ValueError, match="no such role: king"):
        create_app(settings.model_copy(update={"second_factor_roles": "auditor,king"}))


def test_a_demonstration_asks_nobody_unless_it_is_told_to(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OCOP_SECOND_FACTOR_ROLES")
    place = settings.data_dir
    assert Settings(data_dir=place, demonstration=True).roles_with_second_factor == ""
    assert Settings(data_dir=place).roles_with_second_factor == SECOND_FACTOR_ROLES
    asked = Settings(data_dir=place, demonstration=True, second_factor_roles="auditor")
    assert asked.roles_with_second_factor == "auditor"


def test_the_pages_in_english_are_in_english(auditor: TestClient) -> None:
    for path in (SET_UP, "/sign-in"):
        page = auditor.get(f"{path}?lang=en").text
        check_page(page)
        assert not re.search(r"Bảo vệ|Hãy|Mật khẩu", page)
