"""Closed vocabularies of the wallet."""

from enum import StrEnum


class PaperState(StrEnum):
    """How a paper stands on a day."""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
