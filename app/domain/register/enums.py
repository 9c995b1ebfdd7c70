"""Closed vocabularies of the public register."""

from enum import StrEnum


class RegisterState(StrEnum):
    """Which part of the register is asked for; what stands in it is computed for the day."""

    IN_FORCE = "in_force"
    RENEWAL = "renewal"
    EXTENDED = "extended"
    ENDED = "ended"
    ALL = "all"


class Moment(StrEnum):
    """What happened in the life of a recognised product."""

    RECOGNISED = "recognised"
    UPGRADED = "upgraded"
    RENEWED = "renewed"
    HOLDER_CHANGED = "holder_changed"
    CORRECTED = "corrected"
    EXTENDED = "extended"
    LAPSED = "lapsed"
    HOLDER_ENDED = "holder_ended"
    REVOKED = "revoked"
