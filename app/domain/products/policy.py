"""Who may register and change products: the producer itself, or the officer of its commune."""

from app.core.errors import NotPermitted
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.producers.models import Producer


def why_not_write(actor: Actor, producer: Producer) -> NotPermitted | None:
    """The producer's own account, or on its behalf (recorded) the commune officer or an import."""
    if (
        actor.loads_history
        or actor.acts_for(producer.id)
        or actor.has_in_unit(producer.commune_code, Role.COMMUNE_OFFICER)
    ):
        return None
    return NotPermitted(
        "Chỉ chủ thể hoặc cán bộ xã sở tại được đăng ký, sửa sản phẩm.",
        basis="26/2026/QĐ-TTg, Điều 7.1, Điều 10.4.a",
    )
