"""Everything that can happen at checks after recognition; by whom, see policy."""

from app.domain.inspections.actions.arranging import (
    CheckedTwice,
    NotConcludedYet,
    NotInPlan,
    OtherAgency,
    OutsidePeriod,
    cancel_inspection,
    plan_inspection,
    rearrange,
)
from app.domain.inspections.actions.checking import (
    HeldInFuture,
    NoteMissing,
    NothingLookedAt,
    TooManyPhotos,
    add_photo,
    attach_scan,
    close_record,
    remove_photo,
    save_section,
)
from app.domain.inspections.actions.concluding import (
    ConcludedOutOfOrder,
    ConclusionNumberUsed,
    OutcomeContradicts,
    conclude,
)
from app.domain.inspections.actions.correcting import (
    WrongCorrectionState,
    answer_correction,
    ask_correction,
    judge_correction,
)
from app.domain.inspections.actions.plans import (
    CheckedInPlan,
    PlanNumberUsed,
    TooManyChosen,
    approve_plan,
    change_choice,
    draft_plan,
    revise_plan,
)
from app.domain.inspections.actions.telling import remind_of_corrections

__all__ = [
    "CheckedInPlan",
    "CheckedTwice",
    "ConcludedOutOfOrder",
    "ConclusionNumberUsed",
    "HeldInFuture",
    "NotConcludedYet",
    "NotInPlan",
    "NoteMissing",
    "NothingLookedAt",
    "OtherAgency",
    "OutcomeContradicts",
    "OutsidePeriod",
    "PlanNumberUsed",
    "TooManyChosen",
    "TooManyPhotos",
    "WrongCorrectionState",
    "add_photo",
    "answer_correction",
    "approve_plan",
    "ask_correction",
    "attach_scan",
    "cancel_inspection",
    "change_choice",
    "close_record",
    "conclude",
    "draft_plan",
    "judge_correction",
    "plan_inspection",
    "rearrange",
    "remind_of_corrections",
    "remove_photo",
    "revise_plan",
    "save_section",
]
