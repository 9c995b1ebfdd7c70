"""Reads about what a stamp says: the whole answer, and the short way to the stamp itself."""

from app.domain.verification.queries.answers import (
    LONGEST_TEXT,
    LookedUp,
    NotAStampCode,
    bare,
    is_digits,
    is_plain_code,
    look_up,
    raise_alarm,
    told_params,
    verdict,
)

__all__ = [
    "LONGEST_TEXT",
    "LookedUp",
    "NotAStampCode",
    "bare",
    "is_digits",
    "is_plain_code",
    "look_up",
    "raise_alarm",
    "told_params",
    "verdict",
]
