"""Who is it: from a cookie to an Actor in one statement, from a token in two."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select

from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.paging import Page, page_of
from app.domain.accounts.enums import Role, Scope
from app.domain.accounts.models import ApiToken, LoginSession, Membership, User
from app.domain.accounts.rules import Actor, Grant
from app.domain.accounts.schemas import GrantOut, MeOut, TokenOut
from app.domain.places.models import AdministrativeUnit

MOST_POSTS = 50


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


def _actor(
    user: User,
    posts: Sequence[tuple[Membership, str | None]],
    *,
    scopes: frozenset[Scope] | None = None,
) -> Actor:
    grants = tuple(
        Grant(
            role=held.role,
            unit_code=held.unit_code,
            producer_id=held.producer_id,
            agency_code=held.agency_code,
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
    return _actor(user, rows, scopes=scopes)


def find_login(
    session: ReadSession, secret: str, *, at: datetime, idle: timedelta
) -> tuple[LoginSession, Actor] | None:
    """Return the open session behind a cookie and who it is, in one statement.

    Nobody when it ended, ran out or lay idle too long.
    """
    day = local_day(at)
    rows = session.exec(
        select(LoginSession, User, Membership, AdministrativeUnit.full_name)
        .join(User, col(User.id) == col(LoginSession.user_id))
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
    login, user, _, _ = rows[0]
    # A person without a post comes as one row without a membership.
    posts = [(held, name) for _, _, held, name in rows if held is not None]
    return login, _actor(user, posts)


def find_token(session: ReadSession, secret: str, *, at: datetime) -> tuple[ApiToken, User] | None:
    """Return the token in force behind a bearer secret, with its owner."""
    found = session.exec(
        select(ApiToken, User)
        .join(User, col(User.id) == col(ApiToken.user_id))
        .where(
            col(ApiToken.token_hash) == secret_hash(secret),
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > at,
            col(User.disabled_at).is_(None),
        )
    ).one_or_none()
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
        token=TokenOut(
            code=token.code,
            name=token.name,
            scopes=[Scope(word) for word in token.scopes],
            created_at=token.created_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
        ),
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


def open_logins_of(session: ReadSession, user_id: int, *, at: datetime) -> Sequence[LoginSession]:
    """Return the browsers signed in to an account."""
    return session.exec(
        select(LoginSession)
        .where(
            col(LoginSession.user_id) == user_id,
            col(LoginSession.ended_at).is_(None),
            col(LoginSession.expires_at) > at,
        )
        .order_by(col(LoginSession.last_seen_at).desc())
        .limit(20)
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
