"""How a flag is raised, grows, and is raised again: once for each stamp or roll and kind."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.domain.accounts.rules import SYSTEM
from app.domain.audit.actions import record
from app.domain.scans.enums import FlagKind, FlagState
from app.domain.scans.models import CloneFlag
from app.domain.scans.rules import KIND_LABELS, Event


def newest_flag(
    session: WriteSession, kind: FlagKind, *, stamp_index: int | None, roll_id: int | None
) -> CloneFlag | None:
    """Return the last flag of this kind about a stamp or, without one, about a roll; locked."""
    about = (
        col(CloneFlag.stamp_index) == stamp_index
        if stamp_index is not None
        else col(CloneFlag.roll_id) == roll_id
    )
    return session.exec(
        select(CloneFlag)
        .where(about, col(CloneFlag.kind) == kind)
        .order_by(col(CloneFlag.id).desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def raise_flag(
    session: WriteSession,
    kind: FlagKind,
    known: CloneFlag | None,
    *,
    stamp_index: int | None = None,
    roll_id: int | None = None,
    evidence: Mapping[str, Any],
    seen_until: datetime,
    at: datetime,
) -> bool:
    """Raise a flag, or let the open one (`known`) grow; tell whether it is a new one.

    An open flag changes only when its `count` grows: whoever reads it judges what they see. Records
    flag.raised of a new one.
    """
    if known is not None and known.state is FlagState.OPEN:
        if evidence["count"] > known.evidence.get("count", 0):
            known.evidence = dict(evidence)
            known.seen_until = max(known.seen_until, seen_until)
            known.version += 1
        return False
    flag = CloneFlag(
        code=new_code("DH"),
        kind=kind,
        stamp_index=stamp_index,
        roll_id=roll_id,
        evidence=dict(evidence),
        raised_at=at,
        seen_until=seen_until,
    )
    session.add(flag)
    session.flush()
    record(
        session,
        "flag.raised",
        subject=flag,
        actor=SYSTEM,
        at=at,
        reason=KIND_LABELS[kind],
        count=evidence["count"],
    )
    return True


def alarm_raised(session: WriteSession, alarms: Sequence[Event], *, at: datetime) -> int:
    """Raise or feed the flag of each index that bears a valid signature and was never issued.

    Only whoever holds a private key of stamps can do that: one such event is enough.
    """
    raised = 0
    for index in sorted({event.stamp_index for event in alarms if event.stamp_index is not None}):
        known = newest_flag(session, FlagKind.NEVER_ISSUED, stamp_index=index, roll_id=None)
        is_open = known is not None and known.state is FlagState.OPEN
        times = sorted(
            event.at
            for event in alarms
            if event.stamp_index == index
            and (known is None or is_open or event.at > known.seen_until)
        )
        if not times:
            continue
        before = known.evidence if known is not None and is_open else {}
        raised += raise_flag(
            session,
            FlagKind.NEVER_ISSUED,
            known,
            stamp_index=index,
            evidence={
                "count": before.get("count", 0) + len(times),
                "first": before.get("first", times[0].isoformat()),
                "last": times[-1].isoformat(),
            },
            seen_until=times[-1],
            at=at,
        )
    return raised
