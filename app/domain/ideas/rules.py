"""The life of an idea as a table: pure, no database, no clock."""

from dataclasses import dataclass

from app.domain.ideas.enums import IdeaState, IdeaStep

# The province's plan lets communes go through, encourage and guide the registration of ideas.
REGISTRATION = "3858/KH-UBND, mục V.17"


@dataclass(frozen=True, slots=True)
class Move:
    """One way from a state to another."""

    step: IdeaStep
    before: IdeaState
    after: IdeaState


MOVES: tuple[Move, ...] = (
    # Before the commune has looked, the text may still be bettered; afterwards it comes in anew.
    Move(IdeaStep.REVISE, IdeaState.SUBMITTED, IdeaState.SUBMITTED),
    Move(IdeaStep.ASK_CHANGES, IdeaState.SUBMITTED, IdeaState.RETURNED),
    Move(IdeaStep.REVISE, IdeaState.RETURNED, IdeaState.SUBMITTED),
    Move(IdeaStep.ACCEPT, IdeaState.SUBMITTED, IdeaState.ACCEPTED),
    Move(IdeaStep.DECLINE, IdeaState.SUBMITTED, IdeaState.DECLINED),
    Move(IdeaStep.CONVERT, IdeaState.ACCEPTED, IdeaState.CONVERTED),
)
INITIAL = IdeaState.SUBMITTED
# An accepted idea may wait for ever: not everything that is good is made.
FINAL = frozenset({IdeaState.ACCEPTED, IdeaState.DECLINED, IdeaState.CONVERTED})
# What the commune's officer may answer.
REVIEWS = (IdeaStep.ACCEPT, IdeaStep.ASK_CHANGES, IdeaStep.DECLINE)

# The audit event each step writes.
EVENTS: dict[IdeaStep, str] = {
    IdeaStep.REVISE: "idea.revised",
    IdeaStep.ACCEPT: "idea.accepted",
    IdeaStep.ASK_CHANGES: "idea.returned",
    IdeaStep.DECLINE: "idea.declined",
    IdeaStep.CONVERT: "idea.converted",
}
STATE_LABELS: dict[IdeaState, str] = {
    IdeaState.SUBMITTED: "Chờ xã xem xét",
    IdeaState.RETURNED: "Cần hoàn thiện",
    IdeaState.ACCEPTED: "Được chấp nhận",
    IdeaState.DECLINED: "Không chấp nhận",
    IdeaState.CONVERTED: "Đã thành sản phẩm",
}
STEP_LABELS: dict[IdeaStep, str] = {
    IdeaStep.REVISE: "Sửa ý tưởng",
    IdeaStep.ACCEPT: "Chấp nhận",
    IdeaStep.ASK_CHANGES: "Yêu cầu hoàn thiện",
    IdeaStep.DECLINE: "Không chấp nhận",
    IdeaStep.CONVERT: "Chuyển thành sản phẩm",
}


def state_after(state: IdeaState, step: IdeaStep) -> IdeaState | None:
    """Return where a step leads from a state, None when it does not start there."""
    return next((row.after for row in MOVES if row.before is state and row.step is step), None)
