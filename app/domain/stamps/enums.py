"""Closed vocabularies of stamps and of what a scan answers."""

from enum import IntEnum, StrEnum


class StampLevel(IntEnum):
    """What a token stands for; the number is its field in the header."""

    ITEM = 0
    ROLL = 1
    PRODUCT = 2  # artwork printed on packaging, without serial


class BatchState(StrEnum):
    """Life of a batch, from order to hand-over."""

    ORDERED = "ordered"
    APPROVED = "approved"
    REFUSED = "refused"
    ISSUED = "issued"
    DELIVERED = "delivered"
    IN_USE = "in_use"
    CLOSED = "closed"


class StampState(StrEnum):
    """Life of one stamp."""

    ISSUED = "issued"
    ACTIVATED = "activated"
    SUSPENDED = "suspended"
    VOID = "void"


class Verdict(StrEnum):
    """What a scan answers; never «genuine»: a photocopy verifies too."""

    VALID = "valid"
    NOT_ACTIVATED = "not_activated"
    EXPIRED = "expired"
    LATE = "late"
    EXTENDED = "extended"
    REVOKED = "revoked"
    VOID = "void"
    SUSPENDED = "suspended"
    SUPERSEDED = "superseded"
    SPECIMEN = "specimen"
    UNKNOWN = "unknown"
    TAMPERED = "tampered"
