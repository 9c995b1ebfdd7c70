"""What goes out of the log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel

from app.core.paging import Page
from app.domain.audit.models import AuditEvent


class EventOut(BaseModel):
    """One event as it was chained: what is needed to recompute its hash."""

    sequence: int
    at: datetime
    actor_id: int | None
    actor_name: str
    office: str
    kind: str
    subject_type: str
    subject_id: int | None
    subject_code: str | None
    data: dict[str, Any]
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, event: AuditEvent) -> Self:
        """Make the answer from a row."""
        return cls(**event.model_dump())


class EventsOut(BaseModel):
    """One page of the log, newest first; `next_before` is null on the last one."""

    items: Sequence[EventOut]
    next_before: int | None = None

    @classmethod
    def of(cls, page: Page[AuditEvent]) -> Self:
        """Make the answer from a page of rows."""
        return cls(items=[EventOut.of(event) for event in page.items], next_before=page.next_after)


class ChainOut(BaseModel):
    """What a walk along the whole chain found."""

    whole: bool
    events: int
    head_hash: str
    first_broken: int | None = None
    reason: str | None = None
