"""Closed vocabularies of councils."""

from enum import StrEnum


class Seat(StrEnum):
    """A place on the council; only voting seats score."""

    CHAIR = "chair"
    SECRETARY = "secretary"
    MEMBER = "member"
    INVITED = "invited"


class MeetingForm(StrEnum):
    """How the council comes together: in one room, or by written opinion (art. 7.6.d)."""

    IN_PERSON = "in_person"
    WRITTEN = "written"


class MeetingState(StrEnum):
    """Life of a meeting."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"


class ItemState(StrEnum):
    """Life of one dossier on an agenda; what was taken off stays with its reason."""

    WAITING = "waiting"
    SCORING = "scoring"
    LOCKED = "locked"
    TAKEN_OFF = "taken_off"


class SheetState(StrEnum):
    """Life of one member's sheet; only submitted sheets count.

    A written opinion that was not given by the end of its collection has lapsed.
    """

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RECUSED = "recused"
    LAPSED = "lapsed"


class SheetOrigin(StrEnum):
    """How the marks of a sheet last came: typed here, from a scoring pack, from paper keyed in twice."""

    ONLINE = "online"
    PACK = "pack"
    PAPER = "paper"


class ReopeningState(StrEnum):
    """A locked result is taken up again only when the head of the agency grants it."""

    REQUESTED = "requested"
    GRANTED = "granted"
    DECLINED = "declined"


class Hint(StrEnum):
    """What the register itself shows of a tie between a member and a product; never a finding."""

    SAME_COMMUNE = "same_commune"
    SAME_ORGANISATION = "same_organisation"
    HELPED = "helped"
    ADVISED = "advised"
    ACTS_FOR_PRODUCER = "acts_for_producer"


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
