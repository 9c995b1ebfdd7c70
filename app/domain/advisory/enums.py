"""Closed vocabularies of the advisory team."""

from enum import StrEnum


class Duty(StrEnum):
    """A place on the advisory team."""

    HEAD = "head"
    DEPUTY = "deputy"
    SECRETARY = "secretary"
    MEMBER = "member"
