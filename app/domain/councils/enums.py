"""Closed vocabularies of councils."""

from enum import StrEnum


class Seat(StrEnum):
    """A place on the council; only voting seats score."""

    CHAIR = "chair"
    SECRETARY = "secretary"
    MEMBER = "member"
    INVITED = "invited"


class MeetingState(StrEnum):
    """Life of a meeting."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"


class ItemState(StrEnum):
    """Life of one dossier on an agenda."""

    WAITING = "waiting"
    SCORING = "scoring"
    LOCKED = "locked"


class SheetState(StrEnum):
    """Life of one member's sheet; only submitted sheets count."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RECUSED = "recused"


class GateKind(StrEnum):
    """What a gate of the rubric does to the product."""

    DISQUALIFY = "disqualify"
    EXCLUDE = "exclude"
    STOP = "stop"


class GateState(StrEnum):
    """A raised gate is decided by the council's majority, and recorded."""

    RAISED = "raised"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
