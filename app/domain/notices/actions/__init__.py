"""Telling, reading and sending notices."""

from app.domain.notices.actions.notifying import notify, notify_each

__all__ = ["notify", "notify_each"]
