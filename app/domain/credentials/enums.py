"""Closed vocabularies of credentials."""

from enum import StrEnum


class Finding(StrEnum):
    """What a check of a credential found: its signature first, then what the register says today."""

    HOLDS = "holds"
    CHANGED = "changed"
    ENDED = "ended"
    ALTERED = "altered"
    NOT_OURS = "not_ours"
    UNREADABLE = "unreadable"
    UNRECORDED = "unrecorded"
