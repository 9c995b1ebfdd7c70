"""Who may register and change producers: the commune's officer, and the producer its own data."""

from collections.abc import Mapping

from app.core.errors import NotPermitted
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.posts.models import Invitation
from app.domain.posts.policy import KeptByAdministrator, is_administrator
from app.domain.producers.models import Producer


def why_not_create(actor: Actor, commune_code: str | None = None) -> NotPermitted | None:
    """A commune officer registers the producers of the own commune; an import, those of the past."""
    if actor.loads_history:
        return None
    if not actor.has(Role.COMMUNE_OFFICER):
        return NotPermitted("Chủ thể do cán bộ xã đăng ký.", basis="26/2026/QĐ-TTg, Điều 10.4.a")
    if commune_code and not actor.has_in_unit(commune_code, Role.COMMUNE_OFFICER):
        return NotPermitted(
            "Chỉ đăng ký được chủ thể trên địa bàn xã của mình.",
            code="producer.other_commune",
            basis="26/2026/QĐ-TTg, Điều 10.4.a",
        )
    return None


def why_not_change(actor: Actor, producer: Producer) -> NotPermitted | None:
    """The producer's own account or the officer of its commune changes its data, or an import."""
    if (
        actor.loads_history
        or actor.acts_for(producer.id)
        or actor.has_in_unit(producer.commune_code, Role.COMMUNE_OFFICER)
    ):
        return None
    return NotPermitted("Chỉ chủ thể hoặc cán bộ xã sở tại được sửa thông tin này.")


def why_not_invite(actor: Actor, producer: Producer) -> NotPermitted | None:
    """An officer of the commune invites who speaks for its producers: they know who that is."""
    if actor.has_in_unit(producer.commune_code, Role.COMMUNE_OFFICER):
        return None
    return NotPermitted("Chỉ cán bộ xã sở tại mời người đại diện của chủ thể mở tài khoản.")


def why_not_renew(
    actor: Actor, invitation: Invitation, producers: Mapping[int, Producer]
) -> NotPermitted | None:
    """A link is made anew by who may still give what it gives: an office that ended gives nothing."""
    if is_administrator(actor):
        return None
    for grant in invitation.grants:
        producer = producers.get(grant["producer_id"] or 0)
        if grant["role"] != Role.PRODUCER or producer is None:
            return KeptByAdministrator()
        if refusal := why_not_invite(actor, producer):
            return refusal
    return None


def is_helper(actor: Actor, producer: Producer) -> bool:
    """Whether the actor acts on behalf of the producer: recorded as such wherever it matters."""
    return not actor.acts_for(producer.id)
