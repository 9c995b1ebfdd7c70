"""Browser sessions: opened by signing in, named, ended one by one or all at once."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from app.core.codes import new_secret
from app.core.db import WriteSession
from app.core.errors import NotFound, NotPermitted, Refused
from app.core.passwords import is_password
from app.domain.accounts.enums import Role, SignInWay
from app.domain.accounts.models import LoginSession, User
from app.domain.accounts.queries import actor_of, find_user, secret_hash
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.accounts.schemas import NameLogin, SignIn
from app.domain.audit.actions import record

_LONGEST_DEVICE = 400  # what a browser says of itself; longer ones are made up


class WrongNameOrPassword(Refused):
    """One sentence for an unknown account, a wrong password and a closed account."""

    code = "sign_in.wrong"
    message = "Tên đăng nhập hoặc mật khẩu chưa đúng."


def sign_in(
    session: WriteSession, data: SignIn, *, device: str, hours: int, at: datetime
) -> tuple[str, LoginSession]:
    """Open a browser session and return its secret (for the cookie) and its row."""
    user = find_user(session, data.username.strip().lower())
    right = is_password(data.password, user.password_hash if user else None)
    if user is None or not right or user.disabled_at is not None:
        raise WrongNameOrPassword
    return open_login(session, user, device=device, hours=hours, at=at)


def open_login(
    session: WriteSession,
    user: User,
    *,
    device: str,
    hours: int,
    at: datetime,
    way: SignInWay = SignInWay.PASSWORD,
) -> tuple[str, LoginSession]:
    """Open a session for somebody who showed who they are; what it still lacks, its step says."""
    secret = new_secret()
    opened = LoginSession(
        token_hash=secret_hash(secret),
        user_id=user.id or 0,
        created_at=at,
        last_seen_at=at,
        expires_at=at + timedelta(hours=hours),
        device=device[:_LONGEST_DEVICE],
        way=way,
    )
    session.add(opened)
    session.flush()
    record(session, "session.opened", subject=user, actor=actor_of(session, user, at=at), at=at)
    return secret, opened


def note_refused_sign_in(session: WriteSession, username: str, *, at: datetime) -> User | None:
    """Record a sign-in that failed; return whose account it was aimed at, if there is such a one.

    What was typed as a name is not kept where no account bears it: it may be a password.
    """
    user = find_user(session, username.strip().lower())
    nobody = LoginSession(token_hash="", user_id=0, created_at=at, last_seen_at=at, expires_at=at)
    record(session, "session.refused", subject=user or nobody, actor=SYSTEM, at=at)
    return user


def renew_secret(login: LoginSession) -> str:
    """Give a session another secret and return it: what the cookie held before opens nothing."""
    secret = new_secret()
    login.token_hash = secret_hash(secret)
    return secret


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


def name_login(
    session: WriteSession, number: int, data: NameLogin, *, actor: Actor
) -> LoginSession:
    """Call one of one's own browsers by a name of one's own."""
    login = _own_login(session, number, actor=actor)
    login.device_name = data.device_name
    return login


def end_login(session: WriteSession, number: int, *, actor: Actor, at: datetime) -> LoginSession:
    """Sign one of one's own browsers out, wherever it is; twice is no harm."""
    login = _own_login(session, number, actor=actor)
    if login.ended_at is None:
        login.ended_at = at
        user = session.get_one(User, login.user_id)
        record(session, "session.ended", subject=user, actor=actor, at=at)
    return login


def end_other_logins(
    session: WriteSession, *, besides: int | None, actor: Actor, at: datetime
) -> int:
    """Sign all of one's own browsers out but one; return how many."""
    user = session.get_one(User, actor.user_id)
    ended = end_logins_of(session, user, besides=besides, at=at)
    if ended:
        record(session, "session.others_ended", subject=user, actor=actor, at=at, ended=ended)
    return ended


def end_sessions(session: WriteSession, username: str, *, actor: Actor, at: datetime) -> User:
    """Sign somebody out everywhere; only the administrator may."""
    user = user_cared_for(session, username, actor=actor)
    ended = end_logins_of(session, user, at=at)
    record(session, "account.signed_out", subject=user, actor=actor, at=at, ended=ended)
    return user


def end_logins_of(
    session: WriteSession, user: User, *, at: datetime, besides: int | None = None
) -> int:
    """End the open sessions of an account, all or all but one; return how many."""
    open_ones = [
        login
        for login in session.exec(
            select(LoginSession).where(
                col(LoginSession.user_id) == user.id, col(LoginSession.ended_at).is_(None)
            )
        )
        if login.id != besides
    ]
    for login in open_ones:
        login.ended_at = at
    return len(open_ones)


def user_cared_for(session: WriteSession, username: str, *, actor: Actor) -> User:
    """Return the account an administrator (or the system itself) takes care of."""
    if actor is not SYSTEM and not actor.has(Role.ADMINISTRATOR):
        raise NotPermitted
    user = find_user(session, username)
    if user is None:
        raise NotFound
    return user


def _own_login(session: WriteSession, number: int, *, actor: Actor) -> LoginSession:
    login = session.exec(
        select(LoginSession).where(
            col(LoginSession.id) == number, col(LoginSession.user_id) == actor.user_id
        )
    ).one_or_none()
    if login is None:
        raise NotFound
    return login
