"""Telling, reading and sending notices."""

from app.domain.notices.actions.guarding import (
    tell_of_failures,
    tell_of_new_device,
    warn_of_expiring_tokens,
)
from app.domain.notices.actions.notifying import notify, notify_each
from app.domain.notices.actions.posting import (
    House,
    Pass,
    claim_delivery,
    plan_deliveries,
    retry_delivery,
    send_due,
    settle_delivery,
)
from app.domain.notices.actions.reading import forget_read_notices, mark_all_read, mark_read

__all__ = [
    "House",
    "Pass",
    "claim_delivery",
    "forget_read_notices",
    "mark_all_read",
    "mark_read",
    "notify",
    "notify_each",
    "plan_deliveries",
    "retry_delivery",
    "send_due",
    "settle_delivery",
    "tell_of_failures",
    "tell_of_new_device",
    "warn_of_expiring_tokens",
]
