"""Ways a notice takes beside the work list, and how far it got."""

from enum import StrEnum


class Channel(StrEnum):
    """A way out of the house; the work list needs none."""

    EMAIL = "email"
    SMS = "sms"


class DeliveryState(StrEnum):
    """How far a delivery got."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
