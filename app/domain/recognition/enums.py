"""Closed vocabularies of recognition."""

from enum import StrEnum


class DecisionState(StrEnum):
    """A decision is drafted, then signed; a signed one is never edited."""

    DRAFT = "draft"
    SIGNED = "signed"


class Standing(StrEnum):
    """What a certificate is worth on a given day: computed, never stored."""

    VALID = "valid"
    RENEWAL_WINDOW = "renewal_window"
    LATE = "late"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
