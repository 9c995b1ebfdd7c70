"""Recording: events wait in the session and are chained just before its commit.

The head of the chain is thus the last row every transaction locks, whatever else it locked before:
two transactions can never wait for each other in a circle because of the audit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.core.db import WriteSession
from app.core.errors import Refusal
from app.domain.audit.models import AuditEvent, AuditHead
from app.domain.audit.rules import FIRST_PREVIOUS, Acting, Subject, event_hash, plain

_WAITING = "audit.waiting"


def record(
    session: WriteSession,
    kind: str,
    *,
    subject: Subject,
    actor: Acting,
    at: datetime,
    **data: Any,
) -> None:
    """Note that something happened; it becomes true together with the change, or not at all.

    `kind` is «thing.past_participle»; `data` holds what the reader of the log needs (before, after,
    numbers, reasons), never passwords, tokens or telephone numbers.
    """
    session.flush()
    session.info.setdefault(_WAITING, []).append(
        {
            "at": at,
            "actor_id": actor.user_id,
            "actor_name": actor.name,
            "office": actor.office,
            "kind": kind,
            "subject_type": type(subject).__name__,
            "subject_id": subject.id,
            "subject_code": subject.code,
            "data": plain(data),
        }
    )


@event.listens_for(Session, "before_commit")
def _chain(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint makes nothing true yet
    waiting = session.info.pop(_WAITING, None)
    if not waiting:
        return
    head = session.scalars(sa.select(AuditHead).with_for_update()).one_or_none()
    if head is None:
        head = AuditHead(sequence=0, hash=FIRST_PREVIOUS)
        session.add(head)
    for said in waiting:
        sequence, previous = head.sequence + 1, head.hash
        digest = event_hash(sequence=sequence, previous_hash=previous, **said)
        session.add(AuditEvent(sequence=sequence, previous_hash=previous, hash=digest, **said))
        head.sequence, head.hash = sequence, digest
    session.flush()


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_WAITING, None)


@contextmanager
def all_or_nothing(session: WriteSession) -> Iterator[None]:
    """Undo what happens inside when it is refused, its events included; what went before stays."""
    before = list(session.info.get(_WAITING, []))
    try:
        with session.begin_nested():
            yield
    except Refusal:
        session.info[_WAITING] = before
        raise


def waiting_kinds(session: WriteSession) -> list[str]:
    """Return the kinds of event this session will record when it commits."""
    return [str(said["kind"]) for said in session.info.get(_WAITING, [])]
