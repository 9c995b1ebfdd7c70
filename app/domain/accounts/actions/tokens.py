"""Bearer tokens: made, exchanged for new ones, revoked; each by its owner."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from app.core.codes import new_code, new_secret
from app.core.db import WriteSession
from app.core.errors import Conflict, NotFound, NotPermitted
from app.domain.accounts.enums import Role, Scope
from app.domain.accounts.models import ApiToken
from app.domain.accounts.queries import secret_hash
from app.domain.accounts.rules import Actor
from app.domain.accounts.schemas import CreateToken
from app.domain.audit.actions import record

# A shop's program reads the register, passes on what its buyers saw, and keeps its own token fresh.
_FOR_PARTNERS = frozenset(
    {Scope.REGISTER_READ, Scope.REPORTS_WRITE, Scope.ACCOUNT_READ, Scope.ACCOUNT_WRITE}
)
OVERLAP = timedelta(hours=24)  # a program somewhere else needs time to be given the new secret


class ScopeBeyondRole(NotPermitted):
    """A token cannot do what its owner may not."""

    code = "token.scope_beyond_role"
    message = "Tài khoản của bạn không được cấp phạm vi «{scope}»."


class TokenOver(Conflict):
    """A token that no longer works is made anew, not exchanged."""

    code = "token.over"
    message = "Khóa kết nối này không còn hiệu lực. Hãy tạo khóa mới."


class OnlyItself(NotPermitted):
    """A program exchanges the token it holds: with another one it would gain what that may do."""

    code = "token.only_itself"
    message = "Khóa kết nối chỉ tự đổi được chính nó."


def create_token(
    session: WriteSession, data: CreateToken, *, actor: Actor, at: datetime
) -> tuple[str, ApiToken]:
    """Make a bearer token for oneself; the secret is returned once and never stored."""
    if actor.user_id is None or actor.scopes is not None:
        raise NotPermitted("Khóa kết nối chỉ được tạo khi đăng nhập trên trang.")
    _check_scopes(data.scopes, actor=actor)
    secret, token = _made(
        user_id=actor.user_id,
        name=data.name,
        scopes=[scope.value for scope in dict.fromkeys(data.scopes)],
        at=at,
        lasts=timedelta(days=data.days),
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


def rotate_token(
    session: WriteSession, code: str, *, actor: Actor, at: datetime, held: int | None = None
) -> tuple[str, ApiToken, ApiToken]:
    """Exchange one of one's own tokens; return the new secret, the new token and the old one.

    The new one may do the same and lasts as long from now on; the old one still works for a day, so
    that the program can be given the other. Exchanged again within that day, the first exchange
    ends: its secret was lost. `held` is the number of the token a program calls with.
    """
    old = _own_token(session, code, actor=actor)
    if held is not None and old.id != held:
        raise OnlyItself
    if old.revoked_at is not None or old.expires_at <= at:
        raise TokenOver
    _check_scopes([Scope(word) for word in old.scopes], actor=actor)
    lasts = old.expires_at - old.created_at
    for lost in session.exec(
        select(ApiToken).where(
            col(ApiToken.replaces_id) == old.id, col(ApiToken.revoked_at).is_(None)
        )
    ):
        lasts = lost.expires_at - lost.created_at
        lost.revoked_at = at
        record(session, "token.revoked", subject=lost, actor=actor, at=at)
    secret, token = _made(
        user_id=old.user_id, name=old.name, scopes=list(old.scopes), at=at, lasts=lasts
    )
    token.replaces_id = old.id
    old.expires_at = min(old.expires_at, at + OVERLAP)
    session.add(token)
    session.flush()
    record(
        session,
        "token.rotated",
        subject=token,
        actor=actor,
        at=at,
        replaces=old.code,
        old_until=old.expires_at,
        expires_at=token.expires_at,
    )
    return secret, token, old


def revoke_token(session: WriteSession, code: str, *, actor: Actor, at: datetime) -> ApiToken:
    """End one of one's own tokens."""
    token = _own_token(session, code, actor=actor)
    if token.revoked_at is None:
        token.revoked_at = at
        record(session, "token.revoked", subject=token, actor=actor, at=at)
    return token


def note_token_used(session: WriteSession, token_id: int, *, on: date) -> None:
    """Note the day on which a token was last used; one statement, once a day each."""
    session.exec(
        sa.update(ApiToken)
        .where(
            col(ApiToken.id) == token_id,
            sa.or_(col(ApiToken.last_used_on).is_(None), col(ApiToken.last_used_on) < on),
        )
        .values(last_used_on=on)
    )


def _check_scopes(scopes: list[Scope], *, actor: Actor) -> None:
    if actor.has(Role.PARTNER):
        beyond = [scope for scope in scopes if scope not in _FOR_PARTNERS]
        if beyond:
            raise ScopeBeyondRole(scope=beyond[0])


def _made(
    *, user_id: int, name: str, scopes: list[str], at: datetime, lasts: timedelta
) -> tuple[str, ApiToken]:
    secret = f"ocop_{new_secret()}"
    token = ApiToken(
        code=new_code("KN"),
        token_hash=secret_hash(secret),
        user_id=user_id,
        name=name,
        scopes=scopes,
        created_at=at,
        expires_at=at + lasts,
    )
    return secret, token


def _own_token(session: WriteSession, code: str, *, actor: Actor) -> ApiToken:
    token = session.exec(
        select(ApiToken).where(col(ApiToken.code) == code, col(ApiToken.user_id) == actor.user_id)
    ).one_or_none()
    if token is None:
        raise NotFound
    return token
