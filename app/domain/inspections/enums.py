"""Closed vocabularies of inspections."""

from enum import StrEnum


class PlanState(StrEnum):
    """A plan is a draft until the head of the agency approves it; then it is only amended."""

    DRAFT = "draft"
    APPROVED = "approved"


class PlanStep(StrEnum):
    """What may happen to a plan."""

    REVISE = "revise"
    APPROVE = "approve"
    AMEND = "amend"


class InspectionKind(StrEnum):
    """Periodic checks belong to a plan; surprise checks have a reason instead (art. 9.2.a)."""

    PERIODIC = "periodic"
    SURPRISE = "surprise"


class InspectionState(StrEnum):
    """Life of one check, from the day it is planned to its conclusion."""

    PLANNED = "planned"
    UNDER_WAY = "under_way"
    RECORDED = "recorded"
    CORRECTING = "correcting"
    CONCLUDED = "concluded"
    CANCELLED = "cancelled"


class InspectionStep(StrEnum):
    """What may happen to a check."""

    REARRANGE = "rearrange"
    CANCEL = "cancel"
    BEGIN = "begin"
    SAVE = "save"
    CLOSE = "close"
    ASK_CORRECTION = "ask_correction"
    ANSWER = "answer"
    JUDGE = "judge"
    CONCLUDE = "conclude"


class Finding(StrEnum):
    """What the team found about one item of the checklist."""

    KEPT = "kept"
    NOT_KEPT = "not_kept"
    NOT_CHECKED = "not_checked"


class CorrectionState(StrEnum):
    """How far the mending of one finding is."""

    ASKED = "asked"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class CorrectionStep(StrEnum):
    """What may happen to a correction."""

    ANSWER = "answer"
    ACCEPT = "accept"
    REFUSE = "refuse"


class Outcome(StrEnum):
    """What a check came to; a conclusion is never edited."""

    KEPT = "kept"
    CORRECTED = "corrected"
    BREACH = "breach"


class Risk(StrEnum):
    """Why a certificate stands out when products are chosen for a plan."""

    EXTENDED = "extended"
    COMPLAINED = "complained"
    NEVER_CHECKED = "never_checked"
    NEAR_END = "near_end"
    BREACHED = "breached"


class MarkItem(StrEnum):
    """What is looked at where the mark is used (art. 9.3.b)."""

    PRODUCT = "product"
    PRODUCER = "producer"
    STAR = "star"
    IN_FORCE = "in_force"
    TEMPLATE = "template"
    LABEL = "label"
    PAPERS = "papers"
    TRACE_CODE = "trace_code"
    STAMPS = "stamps"
    SIBLINGS = "siblings"
    ADVERTISING = "advertising"
