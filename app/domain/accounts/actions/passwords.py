"""Passwords: changed by their owner, set by the administrator for somebody who lost theirs."""

from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Invalid, NotPermitted, Refused
from app.core.passwords import hash_password, is_in_hash_file, is_password
from app.domain.accounts.actions.sessions import end_logins_of, renew_secret, user_cared_for
from app.domain.accounts.models import ApiToken, LoginSession, User
from app.domain.accounts.rules import PASSWORD_MESSAGES, Actor, why_not_password
from app.domain.accounts.schemas import ChangePassword, SetPassword
from app.domain.audit.actions import record


class WrongPassword(Invalid):
    """The password so far was not right: counted like a failed sign-in."""

    code = "password.wrong"


class OwnPassword(Refused):
    """An administrator changes the own password as everybody does: by saying the old one."""

    code = "account.own"
    message = "Với tài khoản của chính mình, hãy vào trang «Tài khoản của tôi»."


def check_password(
    password: str, *, about: tuple[str, ...], breached: Path | None, field: str = "password"
) -> None:
    """Refuse a password that anybody would guess, or that a file of breached ones holds."""
    why = why_not_password(password, about=about)
    if why is None and breached is not None and is_in_hash_file(breached, password):
        why = PASSWORD_MESSAGES["common"]
    if why is not None:
        raise Invalid({field: why})


def change_password(
    session: WriteSession,
    data: ChangePassword,
    *,
    login_id: int,
    actor: Actor,
    at: datetime,
    breached: Path | None = None,
) -> str:
    """Change one's own password and return the new secret of this session; all others end at once.

    Bearer tokens stay unless `ends_tokens` says otherwise.
    """
    if actor.user_id is None or actor.scopes is not None:
        raise NotPermitted
    user = session.get_one(User, actor.user_id)
    if not is_password(data.password, user.password_hash):
        raise WrongPassword({"password": PASSWORD_MESSAGES["old_wrong"]})
    if data.new_password != data.again:
        raise Invalid({"again": PASSWORD_MESSAGES["not_the_same"]})
    if data.new_password == data.password:
        raise Invalid({"new_password": PASSWORD_MESSAGES["not_new"]})
    _keep(session, user, data.new_password, must_change=False, at=at, breached=breached)
    ended = end_logins_of(session, user, besides=login_id, at=at)
    revoked = _revoke_tokens(session, user, at=at) if data.ends_tokens else 0
    secret = renew_secret(session.get_one(LoginSession, login_id))
    record(
        session,
        "password.changed",
        subject=user,
        actor=actor,
        at=at,
        sessions_ended=ended,
        tokens_revoked=revoked,
    )
    return secret


def set_password(
    session: WriteSession,
    username: str,
    data: SetPassword,
    *,
    actor: Actor,
    at: datetime,
    breached: Path | None = None,
) -> User:
    """Give somebody a password they must change at once; signs them out everywhere."""
    user = user_cared_for(session, username, actor=actor)
    if user.id == actor.user_id:
        raise OwnPassword
    _keep(session, user, data.new_password, must_change=True, at=at, breached=breached)
    ended = end_logins_of(session, user, at=at)
    record(session, "password.set", subject=user, actor=actor, at=at, sessions_ended=ended)
    return user


def _keep(
    session: WriteSession,
    user: User,
    password: str,
    *,
    must_change: bool,
    at: datetime,
    breached: Path | None,
) -> None:
    about = (user.username, user.name, user.organisation)
    check_password(password, about=about, breached=breached, field="new_password")
    user.password_hash = hash_password(password)
    user.password_changed_at = at
    user.must_change_password = must_change
    session.add(user)


def _revoke_tokens(session: WriteSession, user: User, *, at: datetime) -> int:
    tokens = session.exec(
        select(ApiToken).where(col(ApiToken.user_id) == user.id, col(ApiToken.revoked_at).is_(None))
    ).all()
    for token in tokens:
        token.revoked_at = at
    return len(tokens)
