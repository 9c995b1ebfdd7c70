"""Invitations: a link of seven days by which one person opens an account of their own, once."""

from datetime import datetime
from pathlib import Path
from typing import Any

from app.core.clock import local_day
from app.core.codes import new_code, new_secret
from app.core.db import WriteSession
from app.core.errors import NotFound, check_version
from app.core.text import normal
from app.domain.accounts.actions import create_user
from app.domain.accounts.models import User
from app.domain.accounts.queries import actor_of, secret_hash
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.accounts.schemas import CreateUser, NewGrant
from app.domain.audit.actions import record
from app.domain.identities.actions import link_identity
from app.domain.identities.rules import Subject
from app.domain.posts.actions.giving import check_post
from app.domain.posts.enums import InvitationState
from app.domain.posts.models import Invitation
from app.domain.posts.policy import (
    InvitationOver,
    is_still_given,
    why_not_keep,
    why_not_step,
)
from app.domain.posts.queries import (
    InvitationRow,
    find_invitation,
    get_invitation,
    invitation_for_update,
    inviter_of,
    username_of,
)
from app.domain.posts.rules import invitation_ends
from app.domain.posts.schemas import (
    AcceptByProvider,
    AcceptInvitation,
    AtVersion,
    Invite,
    state_of,
)


def invite(
    session: WriteSession, data: Invite, *, actor: Actor, at: datetime
) -> tuple[str, Invitation]:
    """Invite somebody to posts; the administrator only. Returns the link's secret, shown once."""
    if refusal := why_not_keep(actor):
        raise refusal
    return invite_allowed(session, data, actor=actor, at=at)


def invite_allowed(
    session: WriteSession, data: Invite, *, actor: Actor, at: datetime
) -> tuple[str, Invitation]:
    """Invite somebody to posts the caller may give: a package above asked its own policy.

    Records invitation.made with the posts, never the secret nor the address.
    """
    for grant in data.grants:
        check_post(session, grant, on=local_day(at))
    secret = new_secret()
    invitation = Invitation(
        code=new_code("LM"),
        token_hash=secret_hash(secret),
        name=normal(data.name),
        organisation=normal(data.organisation),
        email=data.email,
        grants=[grant.model_dump(mode="json") for grant in data.grants],
        invited_at=at,
        invited_by=username_of(session, actor),
        expires_at=invitation_ends(at),
    )
    session.add(invitation)
    record(
        session,
        "invitation.made",
        subject=invitation,
        actor=actor,
        at=at,
        name=invitation.name,
        roles=[grant.role for grant in data.grants],
    )
    return secret, invitation


def renew_allowed(
    session: WriteSession, code: str, data: AtVersion, *, actor: Actor, at: datetime
) -> tuple[str, Invitation]:
    """Make a new link to posts the caller may give: a package above asked its own policy.

    It lasts seven days and is the caller's; the one before leads nowhere from now on.
    """
    invitation = _in_step(session, code, data, actor=actor, at=at)
    secret = new_secret()
    invitation.token_hash = secret_hash(secret)
    invitation.expires_at = invitation_ends(at)
    invitation.invited_by = username_of(session, actor)  # who answers for it from now on
    invitation.version += 1
    record(
        session,
        "invitation.renewed",
        subject=invitation,
        actor=actor,
        at=at,
        name=invitation.name,
    )
    return secret, invitation


def revoke_invitation(
    session: WriteSession, code: str, data: AtVersion, *, actor: Actor, at: datetime
) -> Invitation:
    """Take an invitation back; its link leads nowhere; records invitation.revoked."""
    invitation = _in_step(session, code, data, actor=actor, at=at)
    invitation.revoked_at = at
    invitation.version += 1
    record(
        session,
        "invitation.revoked",
        subject=invitation,
        actor=actor,
        at=at,
        name=invitation.name,
    )
    return invitation


def open_invitation(session: WriteSession, token: str, *, at: datetime) -> InvitationRow:
    """Return what a link invites to; unknown links are not there, used ones are over.

    So are those of whoever may not give such posts any more.
    """
    row = find_invitation(session, token)
    if row is None:
        raise NotFound
    is_open = state_of(row.invitation, at=at) is InvitationState.OPEN
    inviter = inviter_of(session, row.invitation, at=at)
    if not is_open or not is_still_given(row.invitation, inviter):
        raise InvitationOver
    return row


def accept_invitation(
    session: WriteSession,
    token: str,
    data: AcceptInvitation,
    *,
    at: datetime,
    breached: Path | None = None,
) -> User:
    """Open the account somebody was invited to, with the name and password they chose.

    Account, posts and the end of the link are one transaction; records account.created and
    invitation.accepted. Refuses names that are taken and passwords that the rules (or `breached`, the
    installation's own file) refuse.
    """
    return _accepted(session, token, data.username, data.password, at=at, breached=breached)


def accept_by_provider(
    session: WriteSession, token: str, data: AcceptByProvider, subject: Subject, *, at: datetime
) -> User:
    """Open the account of somebody who signed in at the provider; nobody knows its password."""
    user = _accepted(session, token, data.username, new_secret(), at=at)
    link_identity(session, user.username, subject, actor=actor_of(session, user, at=at), at=at)
    return user


def _accepted(
    session: WriteSession,
    token: str,
    username: str,
    password: str,
    *,
    at: datetime,
    breached: Path | None = None,
) -> User:
    row = open_invitation(session, token, at=at)
    invitation = invitation_for_update(session, row.invitation.id or 0)
    if state_of(invitation, at=at) is not InvitationState.OPEN:
        raise InvitationOver
    user = create_user(
        session,
        CreateUser(
            username=username,
            name=invitation.name,
            organisation=invitation.organisation,
            password=password,
            grants=[NewGrant(**grant) for grant in invitation.grants],
        ),
        actor=SYSTEM,
        at=at,
        breached=breached,
    )
    user.email = invitation.email
    user.password_changed_at, user.must_change_password = at, False
    invitation.accepted_at, invitation.user_id = at, user.id
    invitation.version += 1
    record(
        session,
        "invitation.accepted",
        subject=invitation,
        actor=actor_of(session, user, at=at),
        at=at,
        username=user.username,
    )
    return user


def _in_step(
    session: WriteSession, code: str, data: AtVersion, *, actor: Actor, at: datetime
) -> Invitation:
    found: Any = get_invitation(session, code, actor=actor).invitation
    invitation = invitation_for_update(session, found.id)
    check_version(data.version, invitation.version)
    state = state_of(invitation, at=at)
    username = username_of(session, actor)
    if refusal := why_not_step(actor, invitation, state, username=username):
        raise refusal
    return invitation
