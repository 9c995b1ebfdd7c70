"""Accounts, sessions and tokens: who may open them, how long they last, and what ends them."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from app.core.db import WriteSession
from app.core.errors import NotFound, NotPermitted, Refused
from app.core.passwords import is_password
from app.domain.accounts.actions import (
    NameTaken,
    ScopeBeyondRole,
    WrongNameOrPassword,
    create_token,
    create_user,
    disable_user,
    revoke_token,
    sign_in,
    sign_out,
    touch,
)
from app.domain.accounts.enums import Role, Scope
from app.domain.accounts.models import ApiToken, LoginSession, User
from app.domain.accounts.queries import (
    actor_of,
    find_login,
    find_token,
    find_user,
    open_logins_of,
    tokens_of,
    users_page,
    users_with_role,
)
from app.domain.accounts.rules import Actor
from app.domain.accounts.schemas import CreateToken, CreateUser, NewGrant, SignIn
from app.domain.audit.actions import waiting_kinds
from tests.factories.people import ELSEWHERE, HOME, PASSWORD, People

IDLE = timedelta(hours=2)
NONE: frozenset[Role] = frozenset()  # no role asks for a second factor


def new_user(username: str = "moi", *grants: NewGrant) -> CreateUser:
    posts = list(grants) or [NewGrant(role=Role.AUDITOR, valid_from=date(2026, 1, 1))]
    return CreateUser(username=username, name="Người Mới", password=PASSWORD, grants=posts)


def open_session(session: WriteSession, username: str, at: datetime) -> tuple[str, LoginSession]:
    data = SignIn(username=username, password=PASSWORD)
    return sign_in(session, data, device="Trình duyệt", hours=12, at=at)


def token(session: WriteSession, actor: Actor, at: datetime, *, days: int = 30) -> str:
    data = CreateToken(name="Máy thử", scopes=[Scope.REGISTER_READ], days=days)
    return create_token(session, data, actor=actor, at=at)[0]


def test_the_administrator_opens_accounts_and_the_log_tells_it(
    session: WriteSession, people: People, at: datetime
) -> None:
    user = create_user(session, new_user(), actor=people.administrator(), at=at)
    assert actor_of(session, user, at=at).has(Role.AUDITOR)
    assert user.must_change_password
    assert waiting_kinds(session)[-1] == "account.created"


def test_nobody_else_opens_or_closes_accounts(
    session: WriteSession, people: People, at: datetime
) -> None:
    people.auditor()
    for actor in (people.agency(), people.auditor(), people.officer()):
        with pytest.raises(NotPermitted):
            create_user(session, new_user(), actor=actor, at=at)
        with pytest.raises(NotPermitted):
            disable_user(session, "kiemtoan", actor=actor, at=at)


def test_a_name_is_given_once(session: WriteSession, people: People, at: datetime) -> None:
    create_user(session, new_user(), actor=people.administrator(), at=at)
    with pytest.raises(NameTaken, match="moi"):
        create_user(session, new_user(), actor=people.administrator(), at=at)


def test_passwords_and_secrets_are_kept_as_hashes_only(
    session: WriteSession, people: People, at: datetime
) -> None:
    auditor = people.auditor()
    user = find_user(session, "kiemtoan")
    assert user is not None
    assert PASSWORD not in user.password_hash
    assert is_password(PASSWORD, user.password_hash)
    secret, opened = open_session(session, "kiemtoan", at)
    assert secret not in opened.model_dump_json()
    bearer = token(session, auditor, at)
    session.flush()
    kept = session.exec(select(ApiToken)).one()
    assert bearer not in kept.model_dump_json()


def test_the_same_answer_to_a_wrong_name_password_or_closed_account(
    session: WriteSession, people: People, at: datetime
) -> None:
    people.auditor()
    disable_user(session, "kiemtoan", actor=people.administrator(), at=at)
    for username, password in (
        ("khongai", PASSWORD),
        ("quantri", "sai mật khẩu"),
        ("kiemtoan", PASSWORD),
    ):
        with pytest.raises(WrongNameOrPassword):
            sign_in(
                session,
                SignIn(username=username, password=password),
                device="",
                hours=12,
                at=at,
            )


def test_a_name_is_found_with_capitals_and_spaces_around_it(
    session: WriteSession, people: People, at: datetime
) -> None:
    people.auditor()
    data = SignIn(username="  KiemToan ", password=PASSWORD)
    secret, _ = sign_in(session, data, device="x" * 500, hours=12, at=at)
    found = find_login(session, secret, at=at, idle=IDLE, roles=NONE)
    assert found is not None
    assert found[1].name == "Kiemtoan Thử Nghiệm"
    assert len(found[0].device) <= 400


@settings(max_examples=60)
@given(
    pauses=st.lists(st.timedeltas(timedelta(), timedelta(hours=5)), max_size=8),
    idle=st.timedeltas(timedelta(minutes=5), timedelta(hours=4)),
)
def test_a_session_lasts_while_it_is_used_and_never_beyond_its_hours(
    session: WriteSession, people: People, at: datetime, pauses: list[timedelta], idle: timedelta
) -> None:
    people.auditor()
    secret, opened = open_session(session, "kiemtoan", at)
    now, lives = at, True
    for pause in pauses:
        now += pause
        lives = lives and pause < idle and now < at + timedelta(hours=12)
        assert (find_login(session, secret, at=now, idle=idle, roles=NONE) is not None) is lives
        if lives:
            touch(session, opened.id or 0, at=now)
            session.flush()


def test_a_session_ends_by_its_hours_by_lying_idle_and_by_signing_out(
    session: WriteSession, people: People, at: datetime
) -> None:
    people.auditor()
    secret, opened = open_session(session, "kiemtoan", at)
    assert find_login(session, secret, at=at + IDLE - timedelta(seconds=1), idle=IDLE, roles=NONE)
    assert find_login(session, secret, at=at + IDLE, idle=IDLE, roles=NONE) is None
    touch(session, opened.id or 0, at=at + timedelta(hours=11, minutes=59))
    session.flush()
    assert find_login(
        session, secret, at=at + timedelta(hours=11, minutes=59), idle=IDLE, roles=NONE
    )
    assert find_login(session, secret, at=at + timedelta(hours=12), idle=IDLE, roles=NONE) is None
    sign_out(session, secret, at=at)
    sign_out(session, secret, at=at)
    assert find_login(session, secret, at=at, idle=IDLE, roles=NONE) is None
    assert waiting_kinds(session).count("session.ended") == 1
    assert find_login(session, "không phải mã nào", at=at, idle=IDLE, roles=NONE) is None


def test_closing_an_account_ends_its_sessions_and_tokens(
    session: WriteSession, people: People, at: datetime
) -> None:
    auditor = people.auditor()
    secret, _ = open_session(session, "kiemtoan", at)
    bearer = token(session, auditor, at)
    user = disable_user(session, "kiemtoan", actor=people.administrator(), at=at)
    disable_user(session, "kiemtoan", actor=people.administrator(), at=at)
    session.flush()
    assert find_login(session, secret, at=at, idle=IDLE, roles=NONE) is None
    assert find_token(session, bearer, at=at, roles=NONE) is None
    assert open_logins_of(session, user.id or 0, at=at, idle=IDLE) == []
    assert waiting_kinds(session).count("account.disabled") == 1


def test_nobody_closes_their_own_account_or_one_that_is_not_there(
    session: WriteSession, people: People, at: datetime
) -> None:
    administrator = people.administrator()
    with pytest.raises(Refused, match="tài khoản của mình"):
        disable_user(session, "quantri", actor=administrator, at=at)
    with pytest.raises(NotFound):
        disable_user(session, "khongai", actor=administrator, at=at)


def test_a_post_counts_from_its_first_to_its_last_day(
    session: WriteSession, people: People, at: datetime
) -> None:
    post = NewGrant(
        role=Role.COMMUNE_OFFICER,
        unit_code=HOME,
        valid_from=date(2026, 9, 14),
        valid_to=date(2026, 9, 15),
    )
    user = create_user(session, new_user("tam", post), actor=people.administrator(), at=at)
    session.flush()
    held = {
        day: actor_of(session, user, at=at + timedelta(days=day)).has_in_unit(
            HOME, Role.COMMUNE_OFFICER
        )
        for day in (-1, 0, 1, 2)
    }
    assert held == {-1: False, 0: True, 1: True, 2: False}


def test_the_day_of_a_post_begins_at_midnight_in_viet_nam(
    session: WriteSession, people: People, at: datetime
) -> None:
    post = NewGrant(role=Role.AUDITOR, valid_from=date(2026, 9, 15))
    user = create_user(session, new_user("dem", post), actor=people.administrator(), at=at)
    session.flush()
    midnight = at.replace(hour=17, minute=0)  # 00:00 on the 15th, +07:00
    assert not actor_of(session, user, at=midnight - timedelta(seconds=1)).has(Role.AUDITOR)
    assert actor_of(session, user, at=midnight).has(Role.AUDITOR)


def test_an_actor_knows_the_name_of_its_unit(people: People) -> None:
    assert people.officer(ELSEWHERE).office == "Cán bộ xã · Xã Tả Lèng"
    assert people.council_member(2).office == "Thành viên Hội đồng · Sở 2"


def test_a_token_lasts_its_days_and_ends_when_revoked(
    session: WriteSession, people: People, at: datetime
) -> None:
    auditor = people.auditor()
    bearer = token(session, auditor, at, days=3)
    session.flush()
    assert find_token(session, bearer, at=at + timedelta(days=3, seconds=-1), roles=NONE)
    assert find_token(session, bearer, at=at + timedelta(days=3), roles=NONE) is None
    kept = session.exec(select(ApiToken)).one()
    revoke_token(session, kept.code, actor=auditor, at=at)
    revoke_token(session, kept.code, actor=auditor, at=at)
    session.flush()
    assert find_token(session, bearer, at=at, roles=NONE) is None
    assert waiting_kinds(session).count("token.revoked") == 1


def test_a_token_is_revoked_by_its_owner_only(
    session: WriteSession, people: People, at: datetime
) -> None:
    token(session, people.auditor(), at)
    session.flush()
    code = session.exec(select(ApiToken)).one().code
    with pytest.raises(NotFound):
        revoke_token(session, code, actor=people.administrator(), at=at)


def test_a_token_makes_no_further_token(
    session: WriteSession, people: People, at: datetime
) -> None:
    auditor = people.auditor()
    by_token = Actor(
        user_id=auditor.user_id,
        name=auditor.name,
        grants=auditor.grants,
        scopes=frozenset({Scope.REGISTER_READ}),
    )
    with pytest.raises(NotPermitted, match="trên trang"):
        token(session, by_token, at)


def test_a_partner_may_only_read_the_register(
    session: WriteSession, people: People, at: datetime
) -> None:
    partner = people.partner()
    token(session, partner, at)
    beyond = CreateToken(name="Máy thử", scopes=[Scope.REGISTER_READ, Scope.DOSSIERS_READ])
    with pytest.raises(ScopeBeyondRole, match="dossiers:read"):
        create_token(session, beyond, actor=partner, at=at)


def test_tokens_are_listed_with_the_ones_in_force_first(
    session: WriteSession, people: People, at: datetime
) -> None:
    auditor = people.auditor()
    for _ in range(3):
        token(session, auditor, at)
    session.flush()
    newest = tokens_of(session, auditor.user_id or 0)[0]
    revoke_token(session, newest.code, actor=auditor, at=at)
    session.flush()
    listed = tokens_of(session, auditor.user_id or 0)
    assert [one.revoked_at is None for one in listed] == [True, True, False]


def test_accounts_are_listed_with_their_posts_a_page_at_a_time(
    session: WriteSession, people: People
) -> None:
    for opened in (people.auditor, people.agency, people.head):
        opened()
    session.flush()
    first = users_page(session, limit=2)
    second = users_page(session, after=first.next_after or 0, limit=2)
    names = [user.username for user, _ in (*first.items, *second.items)]
    assert names == ["kiemtoan", "canbotinh", "truongcoquan"]
    assert second.next_after is None
    assert [post.role for post in first.items[0][1]] == [Role.AUDITOR]


def test_people_with_a_role_are_those_who_hold_it_today_and_are_not_closed(
    session: WriteSession, people: People, at: datetime
) -> None:
    people.council_member(1)
    people.council_member(2)
    ended = NewGrant(
        role=Role.COUNCIL_MEMBER, valid_from=date(2025, 1, 1), valid_to=date(2026, 9, 13)
    )
    create_user(session, new_user("cuu", ended), actor=people.administrator(), at=at)
    disable_user(session, "hoidong2", actor=people.administrator(), at=at)
    session.flush()
    found: list[User] = list(users_with_role(session, Role.COUNCIL_MEMBER, at=at))
    assert [user.username for user in found] == ["hoidong1"]
