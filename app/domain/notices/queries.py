"""Reads about notices: one's own, newest first, and what did not arrive."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, or_, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.domain.accounts.models import User
from app.domain.accounts.rules import Actor
from app.domain.notices.enums import Channel, DeliveryState
from app.domain.notices.models import Delivery, Notice
from app.domain.notices.rules import MOST_ATTEMPTS
from app.domain.notices.schemas import DeliveryOut

MOST_UNREAD = 20


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery with what it is about and for whom."""

    delivery: Delivery
    notice: Notice
    user: User

    def out(self) -> DeliveryOut:
        """Return what the API answers."""
        return DeliveryOut.of(self.delivery, self.notice, self.user)


def unread_of(session: ReadSession, actor: Actor, *, limit: int = MOST_UNREAD) -> Sequence[Notice]:
    """Return what this person was told and has not read, newest first; one more than the limit."""
    return session.exec(
        select(Notice)
        .where(col(Notice.user_id) == actor.user_id, col(Notice.read_at).is_(None))
        .order_by(col(Notice.id).desc())
        .limit(limit + 1)
    ).all()


def notices_page(
    session: ReadSession,
    *,
    actor: Actor,
    unread: bool = False,
    after: int = 0,
    limit: int = 20,
) -> Page[Notice]:
    """Return one's own notices, newest first."""
    query = select(Notice).where(col(Notice.user_id) == actor.user_id)
    if unread:
        query = query.where(col(Notice.read_at).is_(None))
    return newest_first(session, query, Notice, after=after, limit=limit)


def get_notice(session: ReadSession, code: str, *, actor: Actor) -> Notice:
    """Return one's own notice; another person's is not there."""
    found = session.exec(
        select(Notice).where(col(Notice.code) == code, col(Notice.user_id) == actor.user_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def undelivered_page(session: ReadSession, *, after: int = 0, limit: int = 20) -> Page[DeliveryRow]:
    """Return what was given up, and what failed and is tried again, newest first."""
    query = (
        select(Delivery, Notice, User)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .join(User, col(User.id) == col(Notice.user_id))
        .where(col(Delivery.problem).is_not(None), col(Delivery.state) != DeliveryState.SENT)
    )
    return newest_first(session, query, Delivery, after=after, limit=limit).map(
        lambda row: DeliveryRow(*row)
    )


def get_delivery(session: ReadSession, code: str) -> DeliveryRow:
    """Return a delivery with what it is about and for whom."""
    found = session.exec(
        select(Delivery, Notice, User)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .join(User, col(User.id) == col(Notice.user_id))
        .where(col(Delivery.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return DeliveryRow(*found)


def delivery_for_update(session: WriteSession, code: str) -> Delivery:
    """Return a delivery, locked until the transaction ends."""
    found = session.exec(
        select(Delivery).where(col(Delivery.code) == code).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def is_anything_to_send(
    session: ReadSession, channels: Collection[Channel], *, at: datetime
) -> bool:
    """Tell whether a pass would find something: looking takes no writer's place."""
    planned = select(Notice.id).where(col(Notice.planned_at).is_(None)).limit(1)
    if session.exec(planned).first() is not None:
        return True
    due = select(Delivery.id).where(
        col(Delivery.state) == DeliveryState.WAITING,
        col(Delivery.channel).in_(channels),
        col(Delivery.due_at) <= at,
        or_(col(Delivery.leased_until).is_(None), col(Delivery.leased_until) <= at),
    )
    return session.exec(due.limit(1)).first() is not None


def next_due(session: WriteSession, channel: Channel, *, at: datetime) -> Delivery | None:
    """Return the delivery that waits longest and is nobody's, locked; other senders skip it."""
    return session.exec(
        select(Delivery)
        .where(
            col(Delivery.state) == DeliveryState.WAITING,
            col(Delivery.channel) == channel,
            col(Delivery.due_at) <= at,
            col(Delivery.attempts) <= MOST_ATTEMPTS,
            or_(col(Delivery.leased_until).is_(None), col(Delivery.leased_until) <= at),
        )
        .order_by(col(Delivery.due_at), col(Delivery.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
