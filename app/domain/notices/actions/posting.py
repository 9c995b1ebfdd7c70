"""Sending: planned in one transaction, claimed one by one, carried in none, settled in the next.

A claim is a lease: who holds it sends. A sender that dies between the server's «accepted» and our own
note leaves a lease that runs out, and the message goes again under the same name: at least once.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select, update

from app.core.carriers import Carrier, NotCarried, Parcel, Trouble
from app.core.codes import new_code
from app.core.db import Database, WriteSession, reading, transaction
from app.domain.accounts.models import User
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.notices.enums import Channel, DeliveryState
from app.domain.notices.models import Delivery, Notice
from app.domain.notices.policy import why_not_retry
from app.domain.notices.queries import delivery_for_update, is_anything_to_send, next_due
from app.domain.notices.rules import LEASE, MOST_ATTEMPTS, NEWS_FOR, filled, in_words, next_attempt

_PLANNED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class House:
    """What a message says of this installation."""

    public_url: str
    invented: bool = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until its lease ends; `attempt` tells our claim from a later one."""

    delivery_id: int
    attempt: int
    parcel: Parcel


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass came to."""

    sent: int
    failed: int


def send_due(
    engine: Database,
    carriers: Mapping[Channel, Carrier],
    house: House,
    *,
    clock: Callable[[], datetime],
) -> Pass:
    """Send what is due by these carriers; end a channel's turn when nothing goes through it.

    Transactions of its own, none of them open while the network is talked to.
    """
    with reading(engine) as session:
        if not is_anything_to_send(session, list(carriers), at=clock()):
            return Pass(0, 0)
    while _planned(engine, carriers, at=clock()) == _PLANNED_AT_ONCE:
        pass
    sent = failed = 0
    for channel, carrier in carriers.items():
        try:
            while claimed := _claimed(engine, channel, house, at=clock()):
                try:
                    carrier.carry(claimed.parcel)
                except NotCarried as why:
                    failed += 1
                    _settle(engine, claimed, why, at=clock())
                    if why.for_all:
                        break
                else:
                    sent += 1
                    _settle(engine, claimed, None, at=clock())
        finally:
            carrier.close()
    return Pass(sent, failed)


def plan_deliveries(session: WriteSession, channels: Collection[Channel], *, at: datetime) -> int:
    """Give new notices the ways out their recipients chose, as far as there are any; return how many.

    What is old by now is no news: it stays on the work list only.
    """
    rows = session.exec(
        select(Notice, User)
        .join(User, col(User.id) == col(Notice.user_id))
        .where(col(Notice.planned_at).is_(None))
        .order_by(col(Notice.id))
        .limit(_PLANNED_AT_ONCE)
        .with_for_update(of=Notice, skip_locked=True)
    ).all()
    for notice, user in rows:
        if at - notice.created_at > NEWS_FOR or notice.read_at is not None:
            continue
        session.add_all(
            Delivery(
                code=new_code("GT"),
                notice_id=notice.id or 0,
                channel=channel,
                state=DeliveryState.WAITING,
                due_at=at,
            )
            for channel in Channel
            if channel in channels and address_of(user, channel)
        )
    session.exec(
        update(Notice)
        .where(col(Notice.id).in_([notice.id for notice, _ in rows]))
        .values(planned_at=at)
    )
    return len(rows)


def address_of(user: User, channel: Channel) -> str:
    """Return where somebody is reached this way; empty when the way was not chosen or is closed."""
    if user.disabled_at is not None:
        return ""
    if channel is Channel.EMAIL:
        return user.email if user.wants_email else ""
    return user.phone if user.wants_sms else ""


def claim_delivery(
    session: WriteSession, channel: Channel, house: House, *, at: datetime
) -> Claimed | None:
    """Take the next due delivery for the time of a lease; give up what has no address any more."""
    while delivery := next_due(session, channel, at=at):
        notice = session.get_one(Notice, delivery.notice_id)
        user = session.get_one(User, notice.user_id)
        address = address_of(user, channel)
        if not address or delivery.attempts >= MOST_ATTEMPTS:
            delivery.state = DeliveryState.GIVEN_UP
            trouble = Trouble.UNREACHABLE if address else Trouble.NO_ADDRESS
            delivery.problem = delivery.problem or trouble
            delivery.leased_until = None
            session.flush()
            continue
        delivery.attempts += 1
        delivery.leased_until = at + LEASE
        return Claimed(
            delivery_id=delivery.id or 0,
            attempt=delivery.attempts,
            parcel=_parcel(delivery, notice, user, address, house),
        )
    return None


def settle_delivery(
    session: WriteSession, claimed: Claimed, why: NotCarried | None, *, at: datetime
) -> None:
    """Note what came of a claim; a failure counts only while the claim is still ours."""
    delivery = session.exec(
        select(Delivery).where(col(Delivery.id) == claimed.delivery_id).with_for_update()
    ).one()
    if delivery.state is DeliveryState.SENT:
        return
    if why is None:
        delivery.state, delivery.sent_at = DeliveryState.SENT, at
        delivery.leased_until, delivery.problem, delivery.problem_answer = None, None, None
        return
    if delivery.attempts != claimed.attempt:
        return
    delivery.leased_until = None
    delivery.problem, delivery.problem_answer = why.trouble, why.answer
    again = None if why.for_good else next_attempt(delivery.attempts, at)
    delivery.due_at = again or at
    if again is None:
        delivery.state = DeliveryState.GIVEN_UP


def retry_delivery(session: WriteSession, code: str, *, actor: Actor, at: datetime) -> Delivery:
    """Let something that was given up be tried anew; records delivery.retried."""
    delivery = delivery_for_update(session, code)
    if refusal := why_not_retry(actor, delivery):
        raise refusal
    delivery.state, delivery.attempts, delivery.due_at = DeliveryState.WAITING, 0, at
    record(
        session, "delivery.retried", subject=delivery, actor=actor, at=at, channel=delivery.channel
    )
    return delivery


def _planned(engine: Database, channels: Collection[Channel], *, at: datetime) -> int:
    with transaction(engine) as session:
        return plan_deliveries(session, channels, at=at)


def _claimed(engine: Database, channel: Channel, house: House, *, at: datetime) -> Claimed | None:
    with transaction(engine) as session:
        return claim_delivery(session, channel, house, at=at)


def _settle(engine: Database, claimed: Claimed, why: NotCarried | None, *, at: datetime) -> None:
    with transaction(engine) as session:
        settle_delivery(session, claimed, why, at=at)


def _parcel(delivery: Delivery, notice: Notice, user: User, address: str, house: House) -> Parcel:
    words = in_words(
        title=filled(notice.title, notice.params),
        todo=filled(notice.todo, notice.params),
        due_on=notice.due_on,
        basis=notice.basis,
        name=user.name,
        link=f"{house.public_url}/notices/{notice.code}",
        account_link=f"{house.public_url}/account",
        invented=house.invented,
    )
    return Parcel(
        code=delivery.code,
        address=address,
        subject=words.subject,
        text=words.text,
        short_text=words.short_text,
        at=notice.created_at,
    )
