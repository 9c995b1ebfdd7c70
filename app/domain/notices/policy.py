"""Who may see what did not arrive, and send it again."""

from app.core.errors import Conflict, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.notices.enums import DeliveryState
from app.domain.notices.models import Delivery


class NotPoster(NotPermitted):
    """What did not arrive is the business of the agency and the administrator."""

    code = "delivery.not_yours"
    message = "Chỉ cơ quan OCOP tỉnh và quản trị hệ thống xem được thông báo chưa gửi được."


class NotGivenUp(Conflict):
    """Only what was given up is sent again by hand."""

    code = "delivery.not_given_up"
    message = "Thông báo này không ở tình trạng «không gửi được»."


def why_not_see_deliveries(actor: Actor) -> Refusal | None:
    """Agency and administrator look after what did not arrive."""
    looks_after = actor.has(Role.AGENCY_OFFICER, Role.AGENCY_HEAD, Role.ADMINISTRATOR)
    return None if looks_after else NotPoster()


def why_not_retry(actor: Actor, delivery: Delivery) -> Refusal | None:
    """What was given up may be tried again."""
    refusal = why_not_see_deliveries(actor)
    if refusal is None and delivery.state is not DeliveryState.GIVEN_UP:
        return NotGivenUp()
    return refusal
