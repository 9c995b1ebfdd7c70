"""Closed vocabularies of reports from the public."""

from enum import StrEnum


class Concern(StrEnum):
    """What the reporter saw: a closed list, so that reports can be counted."""

    NOT_RECOGNISED = "not_recognised"
    STAR_ENDED = "star_ended"
    STAR_HIGHER = "star_higher"
    OTHER_PRODUCT = "other_product"
    STAMP_DOUBTFUL = "stamp_doubtful"
    OTHER = "other"


class ReportState(StrEnum):
    """Where a report stands; what was found is its outcome, not its state."""

    RECEIVED = "received"
    CHECKING = "checking"
    CLOSED = "closed"
    JOINED = "joined"


class ReportStep(StrEnum):
    """What moves a report from one state to another."""

    TAKE = "take"
    GIVE_BACK = "give_back"
    CLOSE = "close"
    JOIN = "join"


class ReportOutcome(StrEnum):
    """What a checked report led to; none of them is a finding against anybody."""

    NO_BREACH = "no_breach"
    CANNOT_TELL = "cannot_tell"
    HANDED_OVER = "handed_over"
    INSPECTION = "inspection"
    REVOCATION = "revocation"
