"""Everything that can happen in recognition: decisions, certificates, history; by whom, see policy."""

from app.domain.recognition.actions.centre import (
    AnsweredBeforeSent,
    NotApproved,
    NotYet,
    PointsContradict,
    SamplesMissing,
    SentBeforeApproval,
    StarAbovePoints,
    forward_to_centre,
    record_answer,
)
from app.domain.recognition.actions.certifying import ProductCodeTaken, RegisterFull
from app.domain.recognition.actions.deciding import (
    AlreadyInDecision,
    BelowThreeStars,
    DatedBeforeResult,
    DatedInFuture,
    FiveStarsByMinistry,
    NotForApproval,
    NumberUsed,
    RecognitionKnown,
    ResultNotLocked,
    draft_decision,
    import_recognised,
    revise_decision,
    sign_decision,
)
from app.domain.recognition.actions.reopening import open_first, open_renewal, open_upgrade
from app.domain.recognition.actions.telling import remind_of_renewal

__all__ = [
    "AlreadyInDecision",
    "AnsweredBeforeSent",
    "BelowThreeStars",
    "DatedBeforeResult",
    "DatedInFuture",
    "FiveStarsByMinistry",
    "NotApproved",
    "NotForApproval",
    "NotYet",
    "NumberUsed",
    "PointsContradict",
    "ProductCodeTaken",
    "RecognitionKnown",
    "RegisterFull",
    "ResultNotLocked",
    "SamplesMissing",
    "SentBeforeApproval",
    "StarAbovePoints",
    "draft_decision",
    "forward_to_centre",
    "import_recognised",
    "open_first",
    "open_renewal",
    "open_upgrade",
    "record_answer",
    "remind_of_renewal",
    "revise_decision",
    "sign_decision",
]
