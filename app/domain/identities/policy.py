"""Who links an account here to one of the provider, and why nobody is found by an address.

An e-mail address changes hands, and some providers let people type any: only the pair of issuer and
subject names a person.
"""

from app.core.errors import Conflict, NotPermitted, Refusal, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.models import User
from app.domain.accounts.rules import Actor


class NotYourIdentity(NotPermitted):
    """Oneself, or the administrator."""

    code = "identity.not_yours"
    message = "Chỉ chủ tài khoản hoặc quản trị được nối, gỡ tài khoản liên kết."


class IdentityTaken(Conflict):
    """It stands for one account, and for one only."""

    code = "identity.taken"
    message = "Tài khoản liên kết này đã nối với một tài khoản khác."


class UnknownIdentity(Refused):
    """Nobody here is linked to it."""

    code = "identity.unknown"
    message = "Tài khoản này chưa nối với tài khoản nào ở đây."


class AccountClosed(Refused):
    """Whoever showed who they are may know that their account is closed."""

    code = "identity.account_closed"
    message = "Tài khoản của bạn đang bị khóa. Hãy liên hệ quản trị hệ thống."


def why_not_link(actor: Actor, user: User) -> Refusal | None:
    """Oneself, signed in on a page, or the administrator."""
    is_self = user.id == actor.user_id and actor.scopes is None
    return None if is_self or actor.has(Role.ADMINISTRATOR) else NotYourIdentity()
