"""Everything that can happen in recognition: decisions, certificates, history; by whom, see policy."""

from app.domain.recognition.actions.deciding import (
    AlreadyInDecision,
    BelowThreeStars,
    DatedBeforeResult,
    DatedInFuture,
    FiveStarsByMinistry,
    NumberUsed,
    ProductCodeTaken,
    RecognitionKnown,
    RegisterFull,
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
    "BelowThreeStars",
    "DatedBeforeResult",
    "DatedInFuture",
    "FiveStarsByMinistry",
    "NumberUsed",
    "ProductCodeTaken",
    "RecognitionKnown",
    "RegisterFull",
    "ResultNotLocked",
    "draft_decision",
    "import_recognised",
    "open_first",
    "open_renewal",
    "open_upgrade",
    "remind_of_renewal",
    "revise_decision",
    "sign_decision",
]
