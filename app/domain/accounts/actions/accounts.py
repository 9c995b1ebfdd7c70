"""Accounts: opened and closed by the administrator, told how their owners want to be reached."""

from datetime import datetime
from pathlib import Path

from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refused
from app.core.passwords import hash_password
from app.domain.accounts.actions.passwords import check_password
from app.domain.accounts.actions.sessions import end_logins_of
from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership, User
from app.domain.accounts.queries import find_user
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.accounts.schemas import LACKING_MESSAGES, ChangeContact, CreateUser
from app.domain.audit.actions import record


class NameTaken(Conflict):
    """The account name exists already."""

    code = "account.name_taken"
    message = "Tên đăng nhập «{username}» đã có người dùng."


def create_user(
    session: WriteSession,
    data: CreateUser,
    *,
    actor: Actor,
    at: datetime,
    breached: Path | None = None,
) -> User:
    """Open an account with its posts; only the administrator (or the system itself) may.

    `breached` is the installation's file of passwords to refuse besides the common ones. What an
    administrator types in, its owner changes at the first sign-in.
    """
    if actor is not SYSTEM and not actor.has(Role.ADMINISTRATOR):
        raise NotPermitted
    check_password(
        data.password, about=(data.username, data.name, data.organisation), breached=breached
    )
    if find_user(session, data.username) is not None:
        raise NameTaken(username=data.username)
    user = User(
        username=data.username,
        name=data.name,
        organisation=data.organisation,
        password_hash=hash_password(data.password),
        created_at=at,
        password_changed_at=at,
        must_change_password=actor is not SYSTEM,  # whoever types it in for others knows it
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
        end_logins_of(session, user, at=at)
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
