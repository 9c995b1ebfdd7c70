"""Who may register, better, review and convert an idea, and when.

Each function returns the refusal instead of raising it: actions raise it, pages grey the button.
"""

from app.core.errors import Conflict, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.ideas.enums import IdeaStep
from app.domain.ideas.models import ProductIdea
from app.domain.ideas.rules import REGISTRATION, STATE_LABELS, STEP_LABELS, state_after


class NotProposer(NotPermitted):
    """Ideas come from a producer's account, or by the hand of the commune's officer."""

    code = "idea.not_proposer"
    message = "Chỉ chủ thể, hoặc cán bộ xã sở tại ghi hộ, được đăng ký và sửa ý tưởng."
    basis = REGISTRATION


class NotReviewer(NotPermitted):
    """Ideas are looked through by the commune in which they are proposed."""

    code = "idea.not_reviewer"
    message = "Chỉ cán bộ của xã nhận ý tưởng được xem xét ý tưởng."
    basis = REGISTRATION


class WrongIdeaState(Conflict):
    """The table has no such step from here."""

    code = "idea.wrong_state"
    message = "Ý tưởng đang ở trạng thái «{state}», không thực hiện được bước «{step}»."
    basis = REGISTRATION


def why_not_register(
    actor: Actor, *, producer_id: int | None = None, commune_code: str | None = None
) -> Refusal | None:
    """A producer's own account registers, or the officer for anybody in the own commune.

    Without producer and commune: whether the actor may register anything at all.
    """
    if producer_id is None and commune_code is None:
        may = bool(actor.producer_ids) or actor.has(Role.COMMUNE_OFFICER)
    else:
        may = actor.acts_for(producer_id) or (
            commune_code is not None and actor.has_in_unit(commune_code, Role.COMMUNE_OFFICER)
        )
    return None if may else NotProposer()


def why_not_revise(actor: Actor, idea: ProductIdea) -> Refusal | None:
    """The proposer betters an idea the commune has not answered, or has given back."""
    refusal = why_not_register(actor, producer_id=idea.producer_id, commune_code=idea.commune_code)
    return refusal or why_not_step(idea, IdeaStep.REVISE)


def why_not_review(actor: Actor, idea: ProductIdea) -> Refusal | None:
    """The officer of the commune answers an idea that waits."""
    if not actor.has_in_unit(idea.commune_code, Role.COMMUNE_OFFICER):
        return NotReviewer()
    return why_not_step(idea, IdeaStep.ACCEPT)


def why_not_convert(actor: Actor, idea: ProductIdea) -> Refusal | None:
    """The officer, or the producer whose idea it was, makes a product of an accepted idea, once."""
    refusal = why_not_register(actor, producer_id=idea.producer_id, commune_code=idea.commune_code)
    return refusal or why_not_step(idea, IdeaStep.CONVERT)


def why_not_step(idea: ProductIdea, step: IdeaStep) -> Refusal | None:
    """The table of moves decides from which states a step leads."""
    if state_after(idea.state, step) is not None:
        return None
    return WrongIdeaState(state=STATE_LABELS[idea.state], step=STEP_LABELS[step])


def sees_contact(actor: Actor, idea: ProductIdea) -> bool:
    """Whether the actor reads how to reach the proposer: the commune's officer, and whose it is.

    A producer that took an idea over from a person does not get that person's address.
    """
    if actor.has_in_unit(idea.commune_code, Role.COMMUNE_OFFICER):
        return True
    return actor.acts_for(idea.producer_id) and not idea.registered_by_helper
