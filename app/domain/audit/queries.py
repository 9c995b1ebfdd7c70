"""Reading the log and proving that nobody touched it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from app.core.db import ReadSession
from app.core.paging import Page, page_of
from app.domain.audit.models import AuditEvent, AuditHead
from app.domain.audit.rules import FIRST_PREVIOUS, event_hash

_STEP = 1000


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a walk along the chain found."""

    events: int
    head_hash: str
    first_broken: int | None
    reason: str | None

    @property
    def is_whole(self) -> bool:
        """Whether every event is as it was written."""
        return self.first_broken is None


def verified_chain(session: ReadSession) -> ChainReport:
    """Recompute every hash from the first event to the head; memory stays flat."""
    previous, sequence = FIRST_PREVIOUS, 0
    while True:
        events = session.exec(
            select(AuditEvent)
            .where(col(AuditEvent.sequence) > sequence)
            .order_by(col(AuditEvent.sequence))
            .limit(_STEP)
        ).all()
        for seen in events:
            said = seen.model_dump(exclude={"hash"})
            if seen.sequence != sequence + 1:
                return ChainReport(sequence, previous, sequence + 1, "missing")
            if seen.previous_hash != previous or event_hash(**said) != seen.hash:
                return ChainReport(sequence, previous, seen.sequence, "changed")
            previous, sequence = seen.hash, seen.sequence
        session.expunge_all()
        if len(events) < _STEP:
            break
    head = session.exec(select(AuditHead)).one_or_none()
    if (head.sequence if head else 0, head.hash if head else FIRST_PREVIOUS) != (
        sequence,
        previous,
    ):
        return ChainReport(sequence, previous, sequence + 1, "cut")
    return ChainReport(sequence, previous, None, None)


def verified_tail(session: ReadSession, *, most: int) -> ChainReport:
    """Recompute the hashes of the newest events, up to the head: a look that is over at once."""
    events = session.exec(
        select(AuditEvent).order_by(col(AuditEvent.sequence).desc()).limit(most)
    ).all()[::-1]
    head = session.exec(select(AuditHead)).one_or_none()
    sequence = events[0].sequence - 1 if events else 0
    previous = events[0].previous_hash if events else FIRST_PREVIOUS
    for seen in events:
        said = seen.model_dump(exclude={"hash"})
        if seen.sequence != sequence + 1:
            return ChainReport(len(events), previous, sequence + 1, "missing")
        if seen.previous_hash != previous or event_hash(**said) != seen.hash:
            return ChainReport(len(events), previous, seen.sequence, "changed")
        previous, sequence = seen.hash, seen.sequence
    if head is not None and (head.sequence, head.hash) != (sequence, previous):
        return ChainReport(len(events), previous, sequence + 1, "cut")
    return ChainReport(len(events), previous, None, None)


def events_of(
    session: ReadSession, subject: Any, *, limit: int = 50, leaving_out: Collection[str] = ()
) -> Sequence[AuditEvent]:
    """Return the newest events about one row, newest first, without the kinds left out."""
    return session.exec(
        select(AuditEvent)
        .where(
            col(AuditEvent.subject_type) == type(subject).__name__,
            col(AuditEvent.subject_id) == subject.id,
            col(AuditEvent.kind).not_in(leaving_out),
        )
        .order_by(col(AuditEvent.sequence).desc())
        .limit(limit)
    ).all()


def events_page(
    session: ReadSession, *, before: int | None = None, kind: str | None = None, limit: int = 50
) -> Page[AuditEvent]:
    """Return the log newest first, a page at a time."""
    query = select(AuditEvent).order_by(col(AuditEvent.sequence).desc()).limit(limit + 1)
    if before is not None:
        query = query.where(col(AuditEvent.sequence) < before)
    if kind:
        query = query.where(col(AuditEvent.kind) == kind)
    return page_of(session.exec(query).all(), limit=limit, key=lambda seen: seen.sequence)
