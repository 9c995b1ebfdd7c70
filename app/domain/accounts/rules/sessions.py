"""What somebody who signed in has still to do before anything else."""

from collections.abc import Set as AbstractSet

from app.domain.accounts.enums import Role, SignInStep
from app.domain.accounts.rules.actors import Actor


def step_left(
    actor: Actor,
    *,
    has_factor: bool,
    showed_factor: bool,
    must_change_password: bool,
    roles: AbstractSet[Role],
) -> SignInStep | None:
    """Return the next step of signing in, or None when all is done.

    A factor that exists is asked for first: before anything is changed, it must be its owner who
    changes it. `roles` are those that may do nothing without one.
    """
    if has_factor and not showed_factor:
        return SignInStep.SHOW_FACTOR
    if must_change_password:
        return SignInStep.CHANGE_PASSWORD
    if not showed_factor and actor.has(*roles):
        return SignInStep.SET_UP_FACTOR
    return None
