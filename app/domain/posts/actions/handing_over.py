"""Handing posts over: the giver's end the day before, the receiver's begin that day."""

from datetime import date, datetime, time

from sqlmodel import col, select

from app.core.clock import VIET_NAM, local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound
from app.domain.accounts.models import ApiToken, Membership, User
from app.domain.accounts.rules import ROLE_LABELS, Actor
from app.domain.audit.actions import record
from app.domain.notices.actions import notify
from app.domain.notices.rules import persons
from app.domain.posts.actions.giving import PostHeldAlready, cut, cut_deputies, holds_any
from app.domain.posts.letters import POST_HANDED_ON, POST_HANDED_TO_YOU
from app.domain.posts.models import Handover
from app.domain.posts.policy import OwnPosts, why_not_hand_over, why_not_keep, why_not_keep_posts_of
from app.domain.posts.queries import (
    get_account,
    is_held_on,
    lock_accounts,
    posts_of,
    username_of,
)
from app.domain.posts.rules import last_day_before
from app.domain.posts.schemas import HandOver


class ReceiverClosed(Conflict):
    """A closed account can do nothing with a post."""

    code = "handover.receiver_closed"
    message = "Tài khoản nhận bàn giao đang bị khóa."


def hand_over(
    session: WriteSession, username: str, data: HandOver, *, actor: Actor, at: datetime
) -> Handover:
    """Give posts of one person to another from a day on; the administrator only.

    The receiver's posts end when the giver's would have. The giver's tokens end with the day before;
    deputies of the given posts, and what a giver without posts holds for others, end as well. Seats
    are refused; so is a day in the past. Records handover.made and tells both.
    """
    if refusal := why_not_keep(actor):
        raise refusal  # before anybody is told who is there
    giver, receiver = get_account(session, username), get_account(session, data.to_username)
    lock_accounts(session, giver, receiver)
    if refusal := why_not_keep_posts_of(actor, giver):
        raise refusal
    if receiver.id == actor.user_id:
        raise OwnPosts
    if receiver.id == giver.id:
        raise Invalid({"to_username": "Hãy chọn một người khác."})
    if receiver.disabled_at is not None:
        raise ReceiverClosed
    given = _chosen(session, giver, data)
    today = local_day(at)
    if refusal := why_not_hand_over(actor, given, on_day=data.on_day, today=today):
        raise refusal
    held = [post for post in posts_of(session, receiver.id or 0) if post.deputises_for_id is None]
    for post in given:
        _pass_on(session, post, receiver, held, on_day=data.on_day)
    before = last_day_before(data.on_day)
    cut_deputies(session, [post.id or 0 for post in given], after=before)
    _end_what_leans_on(session, giver, on_day=data.on_day)
    tokens = _end_tokens(session, giver, on_day=data.on_day, at=at)
    handover = Handover(
        code=new_code("BG"),
        from_user_id=giver.id or 0,
        to_user_id=receiver.id or 0,
        membership_ids=[post.id or 0 for post in given],
        on_day=data.on_day,
        reason=data.reason,
        made_at=at,
        made_by=username_of(session, actor),
    )
    session.add(handover)
    record(
        session,
        "handover.made",
        subject=handover,
        actor=actor,
        at=at,
        giver=giver.name,
        receiver=receiver.name,
        roles=[ROLE_LABELS[post.role] for post in given],
        on_day=data.on_day,
        tokens=tokens,
        reason=data.reason,
    )
    _tell(session, handover, giver, receiver, actor=actor, at=at)
    return handover


def _chosen(session: WriteSession, giver: User, data: HandOver) -> list[Membership]:
    own = {post.id: post for post in posts_of(session, giver.id or 0)}
    chosen = dict.fromkeys(data.posts)
    if not set(chosen) <= set(own):
        raise NotFound
    return [own[number] for number in chosen]


def _pass_on(
    session: WriteSession,
    post: Membership,
    receiver: User,
    held: list[Membership],
    *,
    on_day: date,
) -> None:
    same = any(
        (one.role, one.unit_code, one.producer_id, one.agency_code)
        == (post.role, post.unit_code, post.producer_id, post.agency_code)
        and is_held_on(one, on_day)
        for one in held
    )
    if same:
        raise PostHeldAlready
    session.add(
        Membership(
            user_id=receiver.id or 0,
            role=post.role,
            unit_code=post.unit_code,
            producer_id=post.producer_id,
            agency_code=post.agency_code,
            valid_from=on_day,
            valid_to=post.valid_to,
        )
    )
    post.valid_to = last_day_before(on_day)
    session.flush()


def _end_what_leans_on(session: WriteSession, giver: User, *, on_day: date) -> None:
    """Let somebody who left the office hold nothing there for others."""
    posts = posts_of(session, giver.id or 0)
    if holds_any(posts, on=on_day):
        return
    for post in posts:
        if post.deputises_for_id is not None:
            cut(session, post, after=last_day_before(on_day))


def _end_tokens(session: WriteSession, giver: User, *, on_day: date, at: datetime) -> int:
    """End the giver's tokens when the day begins, at once where it has; return how many."""
    begins = datetime.combine(on_day, time.min, tzinfo=VIET_NAM)
    tokens = session.exec(
        select(ApiToken).where(
            col(ApiToken.user_id) == giver.id,
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > max(begins, at),
        )
    ).all()
    for token in tokens:
        if begins <= at:
            token.revoked_at = at
        else:
            token.expires_at = begins
    return len(tokens)


def _tell(
    session: WriteSession,
    handover: Handover,
    giver: User,
    receiver: User,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    for letter, to in ((POST_HANDED_TO_YOU, receiver), (POST_HANDED_ON, giver)):
        notify(
            session,
            letter,
            to=persons(to.id),
            subject=handover,
            actor=actor,
            at=at,
            day=handover.on_day,
            giver=giver.name,
            receiver=receiver.name,
        )
