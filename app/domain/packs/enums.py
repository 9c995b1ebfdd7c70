"""Closed vocabularies of scoring without network."""

from enum import StrEnum


class PaperSheetState(StrEnum):
    """Life of a sheet on paper: keyed in twice, compared, then an ordinary sheet."""

    KEYED_ONCE = "keyed_once"
    DIFFERS = "differs"
    AGREED = "agreed"
    ENTERED = "entered"


class Take(StrEnum):
    """Which of two texts of a criterion is to stand."""

    FIRST = "first"
    SECOND = "second"
