"""Closed vocabularies of recognition."""

from enum import StrEnum


class DecisionState(StrEnum):
    """A decision is drafted, then signed; a signed one is never edited."""

    DRAFT = "draft"
    SIGNED = "signed"


class DecisionKind(StrEnum):
    """What a decision does: recognise three and four stars, or approve results for the ministry."""

    RECOGNITION = "recognition"
    APPROVAL = "approval"


class SubmissionState(StrEnum):
    """Life of a product before the ministry: sent, then recognised there or given back."""

    SENT = "sent"
    RECOGNISED = "recognised"
    NOT_REACHED = "not_reached"


class Conclusion(StrEnum):
    """What the ministry concluded about a product of ninety points and more (art. 7.4)."""

    RECOGNISED = "recognised"
    NOT_REACHED = "not_reached"


class Standing(StrEnum):
    """What a certificate is worth on a given day: computed, never stored."""

    VALID = "valid"
    RENEWAL_WINDOW = "renewal_window"
    LATE = "late"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
