"""Telling, reading and sending notices."""

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
from app.domain.notices.actions.reading import mark_all_read, mark_read

__all__ = [
    "House",
    "Pass",
    "claim_delivery",
    "mark_all_read",
    "mark_read",
    "notify",
    "notify_each",
    "plan_deliveries",
    "retry_delivery",
    "send_due",
    "settle_delivery",
]
