"""Everything that happens to posts: invited to, given, ended, handed over, held for somebody away."""

from app.domain.posts.actions.giving import enable_account, end_post, give_post
from app.domain.posts.actions.handing_over import hand_over
from app.domain.posts.actions.inviting import (
    accept_by_provider,
    accept_invitation,
    invite,
    invite_allowed,
    open_invitation,
    renew_allowed,
    revoke_invitation,
)
from app.domain.posts.actions.leaving import end_leave, enter_leave

__all__ = [
    "accept_by_provider",
    "accept_invitation",
    "enable_account",
    "end_leave",
    "end_post",
    "enter_leave",
    "give_post",
    "hand_over",
    "invite",
    "invite_allowed",
    "open_invitation",
    "renew_allowed",
    "revoke_invitation",
]
