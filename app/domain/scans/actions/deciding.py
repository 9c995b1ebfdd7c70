"""What a human makes of a flag."""

from datetime import datetime

from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Invalid, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.scans.enums import FlagDecision, FlagState
from app.domain.scans.models import CloneFlag
from app.domain.scans.policy import NothingToSuspend, why_not_decide
from app.domain.scans.queries import flag_for_update
from app.domain.scans.schemas import DecideFlag
from app.domain.stamps.actions import suspend_rolls
from app.domain.stamps.models import StampBatch, StampRoll
from app.domain.stamps.schemas import SuspendRolls


def decide_flag(
    session: WriteSession, code: str, data: DecideFlag, *, actor: Actor, at: datetime
) -> CloneFlag:
    """Dismiss or confirm a flag with a reason; confirm may suspend its roll in the same step.

    Records flag.dismissed or flag.confirmed, and what `suspend_rolls` records. What a scan answers
    changes only by the suspension.
    """
    flag = flag_for_update(session, code, actor=actor)
    if refusal := why_not_decide(actor, flag):
        raise refusal
    check_version(data.version, flag.version)
    confirms = data.decision is FlagDecision.CONFIRM
    if data.suspend and not confirms:
        raise Invalid({"suspend": "Chỉ tạm ngừng cuộn tem khi kết luận là có sao chép."})
    # First what may be refused: then nothing half done is shown beside the refusal.
    suspended = _suspend(session, flag, data.reason, actor=actor, at=at) if data.suspend else ""
    flag.state = FlagState(data.decision.value)
    flag.decided_at, flag.decided_by, flag.note = at, actor.name, data.reason
    flag.version += 1
    record(
        session,
        "flag.confirmed" if confirms else "flag.dismissed",
        subject=flag,
        actor=actor,
        at=at,
        reason=data.reason,
        suspended=suspended,
    )
    return flag


def _suspend(
    session: WriteSession, flag: CloneFlag, reason: str, *, actor: Actor, at: datetime
) -> str:
    """Suspend the flag's roll; return which one."""
    found = session.exec(
        select(StampRoll, StampBatch)
        .join(StampBatch, col(StampBatch.id) == col(StampRoll.batch_id))
        .where(col(StampRoll.id) == flag.roll_id)
    ).one_or_none()
    if found is None:
        raise NothingToSuspend
    roll, batch = found
    suspend_rolls(
        session,
        batch.code,
        SuspendRolls(version=batch.version, rolls=[roll.number], reason=reason),
        actor=actor,
        at=at,
    )
    return f"{batch.code}/{roll.number}"
