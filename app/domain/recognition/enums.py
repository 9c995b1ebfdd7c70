"""Closed vocabularies of recognition."""

from enum import StrEnum


class DecisionState(StrEnum):
    """A decision is drafted, then signed; a signed one is never edited."""

    DRAFT = "draft"
    SIGNED = "signed"


class DecisionKind(StrEnum):
    """What a decision does: with results of councils, or with certificates that were issued."""

    RECOGNITION = "recognition"
    APPROVAL = "approval"
    REVOCATION = "revocation"
    EXTENSION = "extension"
    CORRECTION = "correction"
    HOLDER_CHANGE = "holder_change"


class Decider(StrEnum):
    """Whose decision on certificates it is: signed by the province, or recorded from the ministry."""

    PROVINCE = "province"
    MINISTRY = "ministry"


class SubmissionState(StrEnum):
    """Life of a product before the ministry: sent, then recognised there or given back."""

    SENT = "sent"
    RECOGNISED = "recognised"
    NOT_REACHED = "not_reached"


class Conclusion(StrEnum):
    """What the ministry concluded about a product of ninety points and more (art. 7.4)."""

    RECOGNISED = "recognised"
    NOT_REACHED = "not_reached"


class Standing(StrEnum):
    """What a certificate is worth on a given day: computed, never stored."""

    VALID = "valid"
    RENEWAL_WINDOW = "renewal_window"
    LATE = "late"
    EXTENDED = "extended"
    EXPIRED = "expired"
    PRODUCER_DISSOLVED = "producer_dissolved"
    HOLDER_CHANGED = "holder_changed"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


class Replacement(StrEnum):
    """Why a newer certificate of the same product took the place of an older one."""

    RECOGNITION = "recognition"
    UPGRADE = "upgrade"
    RENEWAL = "renewal"
    HOLDER_CHANGE = "holder_change"


class RevocationGround(StrEnum):
    """The six grounds of art. 8.1, by the codes under which the regime's data words them."""

    UNTRUE_DOSSIER = "untrue_dossier"
    CRITERIA_NOT_KEPT = "criteria_not_kept"
    LAW_BROKEN = "law_broken"
    MARK_MISUSED = "mark_misused"
    PRODUCTION_STOPPED = "production_stopped"
    OTHER_CONCLUSION = "other_conclusion"


class RevocationState(StrEnum):
    """The order of steps of art. 8.3: a conclusion is verified, submitted, decided; or dropped."""

    OPENED = "opened"
    VERIFIED = "verified"
    SUBMITTED = "submitted"
    REVOKED = "revoked"
    DROPPED = "dropped"


class RevocationStep(StrEnum):
    """What moves a case of revocation on."""

    VERIFY = "verify"
    SUBMIT = "submit"
    REVOKE = "revoke"
    DROP = "drop"


class Milestone(StrEnum):
    """The days before its end on which people are told what a certificate needs."""

    SOON = "soon"
    OPENS = "opens"
    CLOSES = "closes"
    CLOSED = "closed"
    ENDS_SOON = "ends_soon"
    ENDS = "ends"


class ChangeKind(StrEnum):
    """What the public register tells of a certificate's life."""

    ISSUED = "issued"
    EXTENDED = "extended"
    CORRECTED = "corrected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    HOLDER_CHANGED = "holder_changed"
    PRODUCER_DISSOLVED = "producer_dissolved"
    REVOKED = "revoked"
