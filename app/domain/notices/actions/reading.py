"""Marking one's own notices as read, forgetting old ones; not audited: it says nothing about the programme."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select, update

from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.notices.models import Delivery, Notice
from app.domain.notices.queries import get_notice

READ_KEPT = timedelta(days=365)
_FORGOTTEN_AT_ONCE = 500


def mark_read(session: WriteSession, code: str, *, actor: Actor, at: datetime) -> Notice:
    """Note that one's own notice was read; the first time counts."""
    notice = get_notice(session, code, actor=actor)
    if notice.read_at is None:
        notice.read_at = at
    return notice


def mark_all_read(session: WriteSession, *, actor: Actor, at: datetime) -> int:
    """Note that everything one was told was read; return how much that was."""
    done = session.exec(
        update(Notice)
        .where(
            col(Notice.user_id) == actor.user_id,
            col(Notice.read_at).is_(None),
            col(Notice.created_at) <= at,
        )
        .values(read_at=at)
    )
    return done.rowcount


def forget_read_notices(session: WriteSession, *, at: datetime) -> int:
    """Delete notices that were read more than a year ago, with their deliveries; five hundred at once.

    What the programme did stands in its own rows and in the audit log. Returns how many there were.
    """
    old = session.exec(
        select(Notice.id)
        .where(col(Notice.read_at) < at - READ_KEPT)
        .order_by(col(Notice.id))
        .limit(_FORGOTTEN_AT_ONCE)
    ).all()
    session.exec(sa.delete(Delivery).where(col(Delivery.notice_id).in_(old)))
    session.exec(sa.delete(Notice).where(col(Notice.id).in_(old)))
    return len(old)
