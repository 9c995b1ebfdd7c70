"""Closed vocabularies of scans."""

from enum import StrEnum


class Caller(StrEnum):
    """Who asked, as far as it is told; never a person."""

    BUYER = "buyer"
    PROGRAM = "program"
    INSPECTOR = "inspector"


class FlagKind(StrEnum):
    """What looks odd; a reason for a human to look, never a verdict."""

    MANY_DEVICES = "many_devices"
    TOO_FAST = "too_fast"
    OUTSIDE_MARKET = "outside_market"
    ROLL = "roll"
    NEVER_ISSUED = "never_issued"


class FlagState(StrEnum):
    """What became of a flag."""

    OPEN = "open"
    DISMISSED = "dismissed"
    CONFIRMED = "confirmed"


class FlagDecision(StrEnum):
    """What a human makes of a flag."""

    DISMISS = "dismissed"
    CONFIRM = "confirmed"


class PinResult(StrEnum):
    """What trying a scratch code leads to; a wrong one never tells why."""

    RIGHT = "right"
    RIGHT_AGAIN = "right_again"
    WRONG = "wrong"
    BLOCKED = "blocked"
