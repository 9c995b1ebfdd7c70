"""One thing `ocop doctor` looked at: how it stands, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How one thing stands."""

    RIGHT = "right"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, in a word, how it stands, what was seen, and what to do about it."""

    part: str
    standing: Standing
    seen: str
    todo: str = ""


def right(part: str, seen: str) -> Finding:
    """Return that nothing is to be done."""
    return Finding(part, Standing.RIGHT, seen)


def doubtful(part: str, seen: str, todo: str) -> Finding:
    """Return what works today and may not tomorrow."""
    return Finding(part, Standing.DOUBTFUL, seen, todo)


def wrong(part: str, seen: str, todo: str) -> Finding:
    """Return what does not work, or lets somebody in."""
    return Finding(part, Standing.WRONG, seen, todo)
