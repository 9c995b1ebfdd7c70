"""Signing in and out, accounts and posts, tokens: each writes its audit row."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from app.core.codes import new_code, new_secret
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refused
from app.core.passwords import hash_password, is_password
from app.domain.accounts.enums import Role, Scope
from app.domain.accounts.models import ApiToken, LoginSession, Membership, User
from app.domain.accounts.queries import actor_of, find_user, secret_hash
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.accounts.schemas import (
    LACKING_MESSAGES,
    ChangeContact,
    CreateToken,
    CreateUser,
    SignIn,
)
from app.domain.audit.actions import record

_LONGEST_DEVICE_NAME = 120


class WrongNameOrPassword(Refused):
    """One sentence for an unknown account, a wrong password and a closed account."""

    code = "sign_in.wrong"
    message = "Tên đăng nhập hoặc mật khẩu chưa đúng."


class NameTaken(Conflict):
    """The account name exists already."""

    code = "account.name_taken"
    message = "Tên đăng nhập «{username}» đã có người dùng."


class ScopeBeyondRole(NotPermitted):
    """A token cannot do what its owner may not."""

    code = "token.scope_beyond_role"
    message = "Tài khoản của bạn không được cấp phạm vi «{scope}»."


def sign_in(
    session: WriteSession, data: SignIn, *, device: str, hours: int, at: datetime
) -> tuple[str, LoginSession]:
    """Open a browser session and return its secret (for the cookie) and its row."""
    user = find_user(session, data.username.strip().lower())
    right = is_password(data.password, user.password_hash if user else None)
    if user is None or not right or user.disabled_at is not None:
        raise WrongNameOrPassword
    secret = new_secret()
    opened = LoginSession(
        token_hash=secret_hash(secret),
        user_id=user.id or 0,
        created_at=at,
        last_seen_at=at,
        expires_at=at + timedelta(hours=hours),
        device=device[:_LONGEST_DEVICE_NAME],
    )
    session.add(opened)
    session.flush()
    record(session, "session.opened", subject=user, actor=actor_of(session, user, at=at), at=at)
    return secret, opened


def sign_out(session: WriteSession, secret: str, *, at: datetime) -> None:
    """End a browser session; ending it twice is no harm."""
    opened = session.exec(
        select(LoginSession).where(col(LoginSession.token_hash) == secret_hash(secret))
    ).one_or_none()
    if opened is not None and opened.ended_at is None:
        opened.ended_at = at
        user = session.get_one(User, opened.user_id)
        record(session, "session.ended", subject=user, actor=actor_of(session, user, at=at), at=at)


def touch(session: WriteSession, login_id: int, *, at: datetime) -> None:
    """Note that a browser session is in use."""
    opened = session.get(LoginSession, login_id)
    if opened is not None:
        opened.last_seen_at = at


def create_user(session: WriteSession, data: CreateUser, *, actor: Actor, at: datetime) -> User:
    """Open an account with its posts; only the administrator (or the system itself) may."""
    if actor is not SYSTEM and not actor.has(Role.ADMINISTRATOR):
        raise NotPermitted
    if find_user(session, data.username) is not None:
        raise NameTaken(username=data.username)
    user = User(
        username=data.username,
        name=data.name,
        organisation=data.organisation,
        password_hash=hash_password(data.password),
        created_at=at,
    )
    session.add(user)
    session.flush()
    for grant in data.grants:
        session.add(Membership(user_id=user.id or 0, **grant.model_dump()))
    record(
        session,
        "account.created",
        subject=user,
        actor=actor,
        at=at,
        roles=[grant.role for grant in data.grants],
    )
    return user


def disable_user(session: WriteSession, username: str, *, actor: Actor, at: datetime) -> User:
    """Close an account and end all its browser sessions at once."""
    if not actor.has(Role.ADMINISTRATOR):
        raise NotPermitted
    user = find_user(session, username)
    if user is None:
        raise NotFound
    if user.id == actor.user_id:
        raise Refused("Không thể tự khóa tài khoản của mình.", code="account.own")
    if user.disabled_at is None:
        user.disabled_at = at
        for opened in session.exec(
            select(LoginSession).where(
                col(LoginSession.user_id) == user.id, col(LoginSession.ended_at).is_(None)
            )
        ):
            opened.ended_at = at
        record(session, "account.disabled", subject=user, actor=actor, at=at)
    return user


def change_contact(
    session: WriteSession, data: ChangeContact, *, actor: Actor, at: datetime
) -> User:
    """Keep how one wants to be told; records account.contact_changed with names, never addresses."""
    if actor.user_id is None or actor.scopes is not None:
        raise NotPermitted
    lacking = {
        name: LACKING_MESSAGES[name]
        for name, wants in (("email", data.wants_email), ("phone", data.wants_sms))
        if wants and not getattr(data, name)
    }
    if lacking:
        raise Invalid(lacking)
    user = session.get_one(User, actor.user_id)
    after = data.model_dump()
    changed = [name for name, value in after.items() if getattr(user, name) != value]
    if changed:
        user.sqlmodel_update(after)
        record(
            session,
            "account.contact_changed",
            subject=user,
            actor=actor,
            at=at,
            fields=changed,
        )
    return user


def create_token(
    session: WriteSession, data: CreateToken, *, actor: Actor, at: datetime
) -> tuple[str, ApiToken]:
    """Make a bearer token for oneself; the secret is returned once and never stored."""
    if actor.user_id is None or actor.scopes is not None:
        raise NotPermitted("Khóa kết nối chỉ được tạo khi đăng nhập trên trang.")
    if actor.has(Role.PARTNER):
        beyond = [scope for scope in data.scopes if scope is not Scope.REGISTER_READ]
        if beyond:
            raise ScopeBeyondRole(scope=beyond[0])
    secret = f"ocop_{new_secret()}"
    token = ApiToken(
        code=new_code("KN"),
        token_hash=secret_hash(secret),
        user_id=actor.user_id,
        name=data.name,
        scopes=[scope.value for scope in dict.fromkeys(data.scopes)],
        created_at=at,
        expires_at=at + timedelta(days=data.days),
    )
    session.add(token)
    session.flush()
    record(
        session,
        "token.created",
        subject=token,
        actor=actor,
        at=at,
        scopes=token.scopes,
        expires_at=token.expires_at,
    )
    return secret, token


def revoke_token(session: WriteSession, code: str, *, actor: Actor, at: datetime) -> ApiToken:
    """End one of one's own tokens."""
    token = session.exec(
        select(ApiToken).where(col(ApiToken.code) == code, col(ApiToken.user_id) == actor.user_id)
    ).one_or_none()
    if token is None:
        raise NotFound
    if token.revoked_at is None:
        token.revoked_at = at
        record(session, "token.revoked", subject=token, actor=actor, at=at)
    return token
