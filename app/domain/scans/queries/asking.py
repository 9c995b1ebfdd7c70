"""The answer to a scan as a buyer and a program get it: the verdict, and how often it was asked for."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import col, select

from app.core.db import ReadSession, lag_of
from app.domain.scans.models import ScanTotal
from app.domain.verification.queries import LookedUp, look_up
from app.domain.verification.rules import whole_minute
from app.domain.verification.schemas import AskedTold

TOLD_FROM = 2  # once is this very pack, most likely


def look_up_and_count(
    session: ReadSession, text: str, *, at: datetime, demonstration: bool = False
) -> LookedUp:
    """Return what a code says, with how often its stamp was asked about before.

    At most five statements. The count is as far as the journals of scans were read in: a second or
    so behind. A mistyped serial is refused as by `look_up`. What is read from a standby tells the
    minute of which that one knows.
    """
    found = _dated(look_up(session, text, at=at, demonstration=demonstration), session, at)
    if found.kind is None or found.index is None:
        return found
    total = session.exec(
        select(ScanTotal.scans, ScanTotal.first_at).where(col(ScanTotal.stamp_index) == found.index)
    ).one_or_none()
    asked = asked_about(*total) if total else None
    return replace(found, answer=found.answer.model_copy(update={"asked": asked}))


def _dated(found: LookedUp, session: ReadSession, at: datetime) -> LookedUp:
    lag = lag_of(session)
    if not lag:
        return found
    known_at = whole_minute(at - lag)
    return replace(found, answer=found.answer.model_copy(update={"known_at": known_at}))


def asked_about(scans: int, first_at: datetime) -> AskedTold | None:
    """Return what is told of earlier scans, None where it is too few to tell."""
    if scans < TOLD_FROM:
        return None
    return AskedTold(times=scans, first_at=whole_minute(first_at))
