"""Telling people what concerns the safety of their account: devices, failures, tokens that end."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.accounts.models import ApiToken, LoginSession, User
from app.domain.accounts.rules import SYSTEM, device_label
from app.domain.notices.actions.notifying import notify, notify_each
from app.domain.notices.letters import MANY_FAILURES, NEW_DEVICE, TOKEN_EXPIRES
from app.domain.notices.rules import Draft, persons

WARN_BEFORE = timedelta(days=14)
# So many sign-ins are looked back upon: whoever comes from the same telephone each day is known.
_LOGINS_KNOWN = 50
_TOKENS_AT_ONCE = 1000


def tell_of_new_device(session: WriteSession, login: LoginSession, *, at: datetime) -> bool:
    """Tell the owner when an account is opened from a kind of device it never was before.

    The first of all is no news. Returns whether somebody was told.
    """
    before = session.exec(
        select(LoginSession.device)
        .where(col(LoginSession.user_id) == login.user_id, col(LoginSession.id) != login.id)
        .order_by(col(LoginSession.id).desc())
        .limit(_LOGINS_KNOWN)
    ).all()
    label = device_label(login.device)
    if not before or label in {device_label(device) for device in before}:
        return False
    told = notify(
        session,
        NEW_DEVICE,
        to=persons(login.user_id),
        subject=session.get_one(User, login.user_id),
        actor=SYSTEM,
        at=at,
        occasion=str(login.id),
        device=label,
    )
    return told > 0


def tell_of_failures(session: WriteSession, user: User, *, at: datetime) -> None:
    """Tell the owner that somebody keeps failing to sign in; once a day however often it is tried."""
    notify(
        session,
        MANY_FAILURES,
        to=persons(user.id),
        subject=user,
        actor=SYSTEM,
        at=at,
        occasion=local_day(at).isoformat(),
    )


def warn_of_expiring_tokens(session: WriteSession, *, at: datetime) -> int:
    """Tell owners of tokens that end within fourteen days; return how many were told now.

    For a job of every day: each token is told of once. One that was exchanged already is no matter.
    """
    replaced = select(ApiToken.replaces_id).where(col(ApiToken.replaces_id).is_not(None))
    ending = session.exec(
        select(ApiToken)
        .where(
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > at,
            col(ApiToken.expires_at) <= at + WARN_BEFORE,
            # A token made for a few days ends as it was meant to.
            col(ApiToken.created_at) <= at - WARN_BEFORE,
            col(ApiToken.id).not_in(replaced),
        )
        .order_by(col(ApiToken.expires_at), col(ApiToken.id))
        .limit(_TOKENS_AT_ONCE)
    ).all()
    return notify_each(
        session,
        [
            Draft(
                letter=TOKEN_EXPIRES,
                to=persons(token.user_id),
                subject_code=token.code,
                due_on=local_day(token.expires_at),
                said={"name": token.name},
            )
            for token in ending
        ],
        at=at,
    )
