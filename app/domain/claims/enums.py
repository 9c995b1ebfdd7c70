"""Closed vocabularies of claims."""

from enum import StrEnum


class Finding(StrEnum):
    """Whether what is said of a product's stars is what the register says today."""

    MATCH = "match"
    MISMATCH = "mismatch"
    LAPSED = "lapsed"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """What a finding rests on."""

    AS_REGISTERED = "as_registered"
    OTHER_STAR = "other_star"
    STAMP_VOID = "stamp_void"
    STAMP_SUSPENDED = "stamp_suspended"
    STAMP_NOT_ACTIVATED = "stamp_not_activated"
    ENDED = "ended"
    HOLDER_CHANGED = "holder_changed"
    NOT_REGISTERED = "not_registered"
    SEVERAL = "several"
    UNREADABLE = "unreadable"
    STAMP_UNKNOWN = "stamp_unknown"
    STAMP_ALTERED = "stamp_altered"
    STAMP_SPECIMEN = "stamp_specimen"
    ROLL_LABEL = "roll_label"
