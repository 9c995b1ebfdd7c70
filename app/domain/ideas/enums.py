"""Closed vocabularies of product ideas."""

from enum import StrEnum


class IdeaState(StrEnum):
    """Where an idea stands between its registration and the product it may become."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CONVERTED = "converted"


class IdeaStep(StrEnum):
    """What moves an idea from one state to another."""

    REVISE = "revise"
    ACCEPT = "accept"
    ASK_CHANGES = "ask_changes"
    DECLINE = "decline"
    CONVERT = "convert"
