"""Marking one's own notices as read; not audited: it says nothing about the programme."""

from datetime import datetime

from sqlmodel import col, update

from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.notices.models import Notice
from app.domain.notices.queries import get_notice


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
