"""Who is it: from a cookie to an Actor in one statement, from a token in two."""

import hashlib
import logging
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select

from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.errors import Conflict
from app.core.paging import Page, page_of
from app.core.sealing import opened, sealing_key
from app.core.signing import KeyFileError
from app.domain.accounts.enums import Role, Scope, SignInStep
from app.domain.accounts.models import (
    ApiToken,
    LoginSession,
    Membership,
    RecoveryCode,
    SecondFactor,
    User,
)
from app.domain.accounts.rules import Actor, Grant, device_label, step_left
from app.domain.accounts.schemas import GrantOut, LoginOut, MeOut, TokenOut
from app.domain.places.models import AdministrativeUnit

MOST_POSTS = 50
_log = logging.getLogger("ocop")


class SealingKeyLost(Conflict):
    """The key that opens second factors is gone or another one: theirs must be set up anew."""

    code = "second_factor.key_lost"
    message = (
        "Máy chủ không mở được khóa của bảo vệ hai lớp nên chưa kiểm tra được mã. "
        "Hãy dùng mã dự phòng, hoặc báo quản trị đặt lại."
    )


def secret_hash(secret: str) -> str:
    """Return what is stored of a session or token secret (256 random bits need no salt)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _posts_on(day: date) -> ColumnElement[bool]:
    """Return the condition under which a post is held on a day."""
    return and_(
        col(Membership.valid_from) <= day,
        or_(col(Membership.valid_to).is_(None), col(Membership.valid_to) >= day),
    )


def _unit_on(day: date) -> ColumnElement[bool]:
    """Return the join of a post to its unit as it is on a day."""
    return and_(
        col(AdministrativeUnit.code) == col(Membership.unit_code),
        col(AdministrativeUnit.valid_from) <= day,
        or_(col(AdministrativeUnit.valid_to).is_(None), col(AdministrativeUnit.valid_to) >= day),
    )


def _absent(session: ReadSession, posts: Sequence[tuple[Membership, str | None]]) -> dict[int, str]:
    """Return whose posts a deputy holds, by the numbers of those posts; asked only of deputies."""
    wanted = {held.deputises_for_id for held, _ in posts if held.deputises_for_id is not None}
    if not wanted:
        return {}
    rows = session.exec(
        select(Membership.id, User.name)
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(Membership.id).in_(wanted))
    )
    return {number or 0: name for number, name in rows}


def _actor(
    session: ReadSession,
    user: User,
    posts: Sequence[tuple[Membership, str | None]],
    *,
    scopes: frozenset[Scope] | None = None,
) -> Actor:
    absent = _absent(session, posts)
    grants = tuple(
        Grant(
            role=held.role,
            unit_code=held.unit_code,
            producer_id=held.producer_id,
            agency_code=held.agency_code,
            stands_in_for=absent.get(held.deputises_for_id or 0, ""),
        )
        for held, _ in posts
    )
    unit_name = next((name for _, name in posts if name), "") or user.organisation
    return Actor(user_id=user.id, name=user.name, grants=grants, scopes=scopes, unit_name=unit_name)


def actor_of(
    session: ReadSession, user: User, *, at: datetime, scopes: frozenset[Scope] | None = None
) -> Actor:
    """Return the actor an account is today, with the posts in force and the unit's name."""
    day = local_day(at)
    rows = session.exec(
        select(Membership, AdministrativeUnit.full_name)
        .join(AdministrativeUnit, _unit_on(day), isouter=True)
        .where(col(Membership.user_id) == user.id, _posts_on(day))
        .order_by(col(Membership.id))
        .limit(MOST_POSTS)
    ).all()
    return _actor(session, user, rows, scopes=scopes)


@dataclass(frozen=True, slots=True)
class StartedLogin:
    """A browser session in force: whose it is, and what is left to do before anything else."""

    login: LoginSession
    actor: Actor
    username: str
    has_factor: bool
    step: SignInStep | None


def find_started_login(
    session: ReadSession,
    secret: str,
    *,
    at: datetime,
    idle: timedelta,
    roles: AbstractSet[Role],
) -> StartedLogin | None:
    """Return the open session behind a cookie and who it is, in one statement.

    Nobody when it ended, ran out or lay idle too long. `roles` are those that may do nothing without
    a second factor; until no step is left, only the pages of that step may be opened with it.
    """
    day = local_day(at)
    rows = session.execute(
        select(  # type: ignore[call-overload]  # -- SQLModel's types end at four columns
            LoginSession,
            User,
            Membership,
            col(AdministrativeUnit.full_name),
            col(SecondFactor.confirmed_at),
        )
        .join(User, col(User.id) == col(LoginSession.user_id))
        .join(SecondFactor, col(SecondFactor.user_id) == col(User.id), isouter=True)
        .join(
            Membership,
            and_(col(Membership.user_id) == col(User.id), _posts_on(day)),
            isouter=True,
        )
        .join(AdministrativeUnit, _unit_on(day), isouter=True)
        .where(
            col(LoginSession.token_hash) == secret_hash(secret),
            col(LoginSession.ended_at).is_(None),
            col(LoginSession.expires_at) > at,
            col(LoginSession.last_seen_at) > at - idle,
            col(User.disabled_at).is_(None),
        )
        .order_by(col(Membership.id))
        .limit(MOST_POSTS)
    ).all()
    if not rows:
        return None
    login, user, _, _, confirmed_at = rows[0]
    # A person without a post comes as one row without a membership.
    actor = _actor(session, user, [(row[2], row[3]) for row in rows if row[2] is not None])
    step = step_left(
        actor,
        has_factor=confirmed_at is not None,
        showed_factor=login.second_factor_at is not None,
        must_change_password=user.must_change_password,
        roles=roles,
    )
    return StartedLogin(login, actor, user.username, confirmed_at is not None, step)


def find_login(
    session: ReadSession,
    secret: str,
    *,
    at: datetime,
    idle: timedelta,
    roles: AbstractSet[Role],
) -> tuple[LoginSession, Actor] | None:
    """Return the session behind a cookie that may do everything its owner may, and who it is."""
    found = find_started_login(session, secret, at=at, idle=idle, roles=roles)
    return (found.login, found.actor) if found and found.step is None else None


def find_token(
    session: ReadSession, secret: str, *, at: datetime, roles: AbstractSet[Role]
) -> tuple[ApiToken, User] | None:
    """Return the token in force behind a bearer secret, with its owner.

    None when the owner holds one of `roles` and has no second factor confirmed: what a person may
    not do with a password alone, a program may not do in their name.
    """
    statement = (
        select(ApiToken, User)
        .join(User, col(User.id) == col(ApiToken.user_id))
        .where(
            col(ApiToken.token_hash) == secret_hash(secret),
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > at,
            col(User.disabled_at).is_(None),
        )
    )
    if roles:
        posted = select(col(Membership.id)).where(
            col(Membership.user_id) == col(User.id),
            col(Membership.role).in_(roles),
            _posts_on(local_day(at)),
        )
        confirmed = select(col(SecondFactor.id)).where(
            col(SecondFactor.user_id) == col(User.id), col(SecondFactor.confirmed_at).is_not(None)
        )
        statement = statement.where(or_(~posted.exists(), confirmed.exists()))
    found = session.exec(statement).one_or_none()
    return (found[0], found[1]) if found else None


def me_out(actor: Actor, token: ApiToken) -> MeOut:
    """Return what a token's holder may know about the token and its owner."""
    return MeOut(
        name=actor.name,
        office=actor.office,
        grants=[
            GrantOut(
                role=grant.role,
                unit_code=grant.unit_code,
                producer_id=grant.producer_id,
                agency_code=grant.agency_code,
            )
            for grant in actor.grants
        ],
        token=token_out(token),
    )


def token_out(token: ApiToken) -> TokenOut:
    """Return what may be known of a token."""
    return TokenOut(
        code=token.code,
        name=token.name,
        scopes=[Scope(word) for word in token.scopes],
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        last_used_on=token.last_used_on,
    )


def login_out(login: LoginSession) -> LoginOut:
    """Return what its owner may know of a browser that is signed in."""
    return LoginOut(
        number=login.id or 0,
        name=login.device_name or str(device_label(login.device)),
        created_at=login.created_at,
        last_seen_at=login.last_seen_at,
        expires_at=login.expires_at,
    )


def find_user(session: ReadSession, username: str) -> User | None:
    """Return the account with this name, if there is one."""
    return session.exec(select(User).where(col(User.username) == username)).one_or_none()


def get_user(session: ReadSession, user_id: int) -> User:
    """Return an account by its number."""
    return session.get_one(User, user_id)


def tokens_of(session: ReadSession, user_id: int) -> Sequence[ApiToken]:
    """Return the newest tokens of an account, the ones still in force first."""
    return session.exec(
        select(ApiToken)
        .where(col(ApiToken.user_id) == user_id)
        .order_by(col(ApiToken.revoked_at).is_(None).desc(), col(ApiToken.id).desc())
        .limit(50)
    ).all()


def open_logins_of(
    session: ReadSession, user_id: int, *, at: datetime, idle: timedelta
) -> Sequence[LoginSession]:
    """Return the browsers signed in to an account, the last used first (at most twenty)."""
    return session.exec(
        select(LoginSession)
        .where(
            col(LoginSession.user_id) == user_id,
            col(LoginSession.ended_at).is_(None),
            col(LoginSession.expires_at) > at,
            col(LoginSession.last_seen_at) > at - idle,
        )
        .order_by(col(LoginSession.last_seen_at).desc(), col(LoginSession.id).desc())
        .limit(20)
    ).all()


def find_second_factor(session: ReadSession, user_id: int) -> SecondFactor | None:
    """Return what an account shares with its authenticator app, confirmed or only begun."""
    return session.exec(
        select(SecondFactor).where(col(SecondFactor.user_id) == user_id)
    ).one_or_none()


def seal_of(user_id: int) -> str:
    """Return what the sealed secret of an account is bound to: moved to another row, it stays shut."""
    return f"second factor of {user_id}"


def secret_of(factor: SecondFactor, key_dir: Path) -> str:
    """Return the secret an authenticator app shares; told by nobody but the page that sets it up."""
    try:
        return opened(
            sealing_key(key_dir), factor.sealed_secret, about=seal_of(factor.user_id)
        ).decode()
    except KeyFileError as lost:
        _log.error("second factors cannot be opened: %s", lost)
        raise SealingKeyLost from lost


def unused_recovery_codes(session: ReadSession, user_id: int) -> Sequence[RecoveryCode]:
    """Return the codes of the printed list that still work (at most ten)."""
    return session.exec(
        select(RecoveryCode).where(
            col(RecoveryCode.user_id) == user_id, col(RecoveryCode.used_at).is_(None)
        )
    ).all()


def users_page(
    session: ReadSession, *, after: int = 0, limit: int = 20
) -> Page[tuple[User, list[Membership]]]:
    """Return accounts with their posts, by number."""
    users = page_of(
        session.exec(
            select(User).where(col(User.id) > after).order_by(col(User.id)).limit(limit + 1)
        ).all(),
        limit=limit,
        key=lambda user: user.id or 0,
    )
    posts: dict[int, list[Membership]] = {user.id or 0: [] for user in users.items}
    for held in session.exec(
        select(Membership).where(col(Membership.user_id).in_(list(posts))).limit(limit * 10)
    ):
        posts[held.user_id].append(held)
    return users.map(lambda user: (user, posts[user.id or 0]))


def users_with_role(session: ReadSession, *roles: Role, at: datetime) -> Sequence[User]:
    """Return the accounts that hold one of these roles today, by name (at most 200)."""
    day = local_day(at)
    return session.exec(
        select(User)
        .where(
            col(User.disabled_at).is_(None),
            col(User.id).in_(
                select(col(Membership.user_id)).where(
                    col(Membership.role).in_(roles),
                    col(Membership.valid_from) <= day,
                    or_(col(Membership.valid_to).is_(None), col(Membership.valid_to) >= day),
                )
            ),
        )
        .order_by(col(User.name))
        .limit(200)
    ).all()


def users_in_post(
    session: ReadSession, usernames: Sequence[str], role: Role, *, on: date
) -> dict[str, User]:
    """Return those of these accounts that are open and hold a post on a day, by their names."""
    posted = select(col(Membership.user_id)).where(col(Membership.role) == role, _posts_on(on))
    return {
        user.username: user
        for user in session.exec(
            select(User).where(
                col(User.username).in_(usernames),
                col(User.disabled_at).is_(None),
                col(User.id).in_(posted),
            )
        )
    }
