"""Closed vocabularies of permissions to print the mark on packaging."""

from enum import StrEnum


class PermissionState(StrEnum):
    """What people did with a request; whether a permission holds on a day is computed."""

    DRAFT = "draft"
    SENT = "sent"
    RETURNED = "returned"
    GRANTED = "granted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


class PermissionStanding(StrEnum):
    """What a request is worth on a day."""

    NOT_GRANTED = "not_granted"
    IN_FORCE = "in_force"
    CERTIFICATE_ENDED = "certificate_ended"
    WITHDRAWN = "withdrawn"


class AutomaticCheck(StrEnum):
    """What the program looks at by itself, in the order in which it is told."""

    CERTIFICATE = "certificate"
    DAYS_LEFT = "days_left"
    STAR = "star"
    SYMBOL = "symbol"
    SYMBOL_SIZE = "symbol_size"
    RESOLUTION = "resolution"
    SIBLINGS = "siblings"


class CheckOutcome(StrEnum):
    """What came of a look; «unknown» is never taken for «passed»."""

    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class SymbolKind(StrEnum):
    """Where a symbol on an artwork leads."""

    OWN = "own"
    OTHER_CERTIFICATE = "other_certificate"
    STAMP = "stamp"
    UNSIGNED = "unsigned"
    ELSEWHERE = "elsewhere"


class ArtworkItem(StrEnum):
    """What the agency looks at by hand."""

    TEMPLATE = "template"
    STAR = "star"
    NAMES = "names"
    CLAIMS = "claims"
    LABEL = "label"


class CheckDecision(StrEnum):
    """What the agency decides after looking."""

    GRANT = "grant"
    RETURN = "return"
    DECLINE = "decline"
