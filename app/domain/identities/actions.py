"""Linking accounts to a provider's subjects, and signing in by them."""

from datetime import datetime

from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import NotFound
from app.domain.accounts.actions import open_login
from app.domain.accounts.enums import SignInWay
from app.domain.accounts.models import LoginSession, User
from app.domain.accounts.queries import find_user
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.identities.models import ProviderIdentity
from app.domain.identities.policy import (
    AccountClosed,
    IdentityTaken,
    UnknownIdentity,
    why_not_link,
)
from app.domain.identities.queries import find_identity
from app.domain.identities.rules import Subject


def link_identity(
    session: WriteSession, username: str, subject: Subject, *, actor: Actor, at: datetime
) -> ProviderIdentity:
    """Let a provider's subject stand for an account; oneself or the administrator.

    Refuses a subject that stands for another account; linking twice is no harm. Records
    identity.linked.
    """
    user = find_user(session, username)
    if user is None:
        raise NotFound
    if refusal := why_not_link(actor, user):
        raise refusal
    known = find_identity(session, subject)
    if known is not None:
        if known.user_id != user.id:
            raise IdentityTaken
        return known
    identity = ProviderIdentity(
        user_id=user.id or 0, issuer=subject.issuer, subject=subject.subject, linked_at=at
    )
    session.add(identity)
    record(session, "identity.linked", subject=user, actor=actor, at=at, issuer=subject.issuer)
    return identity


def unlink_identity(
    session: WriteSession, username: str, number: int, *, actor: Actor, at: datetime
) -> User:
    """Let a subject stand for nobody; the sessions it opened end; records identity.unlinked."""
    user = find_user(session, username)
    identity = session.get(ProviderIdentity, number)
    if user is None or identity is None or identity.user_id != user.id:
        raise NotFound
    if refusal := why_not_link(actor, user):
        raise refusal
    for opened in session.exec(
        select(LoginSession).where(
            col(LoginSession.user_id) == user.id,
            col(LoginSession.way) == SignInWay.PROVIDER,
            col(LoginSession.ended_at).is_(None),
        )
    ):
        opened.ended_at = at
    session.delete(identity)
    record(session, "identity.unlinked", subject=user, actor=actor, at=at, issuer=identity.issuer)
    return user


def sign_in_by_provider(
    session: WriteSession,
    subject: Subject,
    *,
    showed_second_factor: bool,
    device: str,
    hours: int,
    at: datetime,
) -> tuple[str, LoginSession]:
    """Open a browser session for whom a subject stands; return its secret and its row.

    Refuses a subject that stands for nobody here, and a closed account. Records session.opened.
    """
    identity = find_identity(session, subject)
    if identity is None:
        raise UnknownIdentity
    user = session.get_one(User, identity.user_id)
    if user.disabled_at is not None:
        raise AccountClosed
    identity.last_used_at = at
    secret, opened = open_login(
        session, user, device=device, hours=hours, at=at, way=SignInWay.PROVIDER
    )
    opened.second_factor_at = at if showed_second_factor else None
    return secret, opened
