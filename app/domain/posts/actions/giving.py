"""Posts of one account: given with their days, ended, never deleted."""

from collections.abc import Collection
from datetime import date, datetime

from sqlmodel import col, or_, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound
from app.domain.accounts.models import Membership, User
from app.domain.accounts.rules import Actor
from app.domain.accounts.schemas import NewGrant
from app.domain.audit.actions import record
from app.domain.places.queries import check_commune
from app.domain.posts.policy import why_not_end, why_not_keep, why_not_keep_posts_of
from app.domain.posts.queries import get_account, is_held_on
from app.domain.posts.rules import lacking, last_day_before
from app.domain.posts.schemas import EndPost


class PostHeldAlready(Conflict):
    """The very same post on the same days."""

    code = "post.held_already"
    message = "Tài khoản này đang giữ vai đó rồi."


def check_post(session: WriteSession, data: NewGrant, *, on: date) -> None:
    """Refuse a post that lacks what its role asks for, or names no commune of that day."""
    missing = lacking(**data.model_dump())
    if missing:
        raise Invalid(missing)
    if data.unit_code:
        check_commune(session, data.unit_code, on=max(on, data.valid_from), field="unit_code")


def give_post(
    session: WriteSession, username: str, data: NewGrant, *, actor: Actor, at: datetime
) -> Membership:
    """Give somebody a post from one day to another; the administrator only, never oneself.

    Refuses what the account holds on a day of these; records post.given.
    """
    user = _kept(session, username, actor=actor)
    if refusal := why_not_keep_posts_of(actor, user):
        raise refusal
    check_post(session, data, on=local_day(at))
    same = select(Membership.id).where(
        col(Membership.user_id) == user.id,
        col(Membership.role) == data.role,
        col(Membership.unit_code).is_not_distinct_from(data.unit_code),
        col(Membership.producer_id).is_not_distinct_from(data.producer_id),
        col(Membership.agency_code).is_not_distinct_from(data.agency_code),
        col(Membership.deputises_for_id).is_(None),
        or_(col(Membership.valid_to).is_(None), col(Membership.valid_to) >= data.valid_from),
    )
    if data.valid_to is not None:
        same = same.where(col(Membership.valid_from) <= data.valid_to)
    if session.exec(same.limit(1)).first() is not None:
        raise PostHeldAlready
    post = Membership(user_id=user.id or 0, **data.model_dump())
    session.add(post)
    record(session, "post.given", subject=user, actor=actor, at=at, **data.model_dump())
    return post


def end_post(
    session: WriteSession,
    username: str,
    number: int,
    data: EndPost,
    *,
    actor: Actor,
    at: datetime,
) -> Membership:
    """End a post after a day, yesterday at the earliest; the row stays; records post.ended.

    Whoever stands in for its holder loses it the same day.
    """
    user = _kept(session, username, actor=actor)
    post = session.get(Membership, number)
    if post is None or post.user_id != user.id:
        raise NotFound
    today = local_day(at)
    if refusal := why_not_end(actor, user, post, today=today):
        raise refusal
    earliest = max(post.valid_from, last_day_before(today))
    if data.last_day < earliest:
        raise Invalid(
            {"last_day": "Ngày cuối không được trước hôm qua, cũng không trước ngày đầu."}
        )
    if post.valid_to is not None and data.last_day > post.valid_to:
        raise Invalid({"last_day": "Vai này đã kết thúc trước ngày đó; hãy giao vai mới."})
    post.valid_to = data.last_day
    cut_deputies(session, [post.id or 0], after=data.last_day)
    record(
        session,
        "post.ended",
        subject=user,
        actor=actor,
        at=at,
        role=post.role,
        unit_code=post.unit_code,
        last_day=data.last_day,
        reason=data.reason,
    )
    return post


def enable_account(session: WriteSession, username: str, *, actor: Actor, at: datetime) -> User:
    """Open an account again that was closed; its posts are as they were; records account.enabled."""
    user = _kept(session, username, actor=actor)
    if refusal := why_not_keep_posts_of(actor, user):
        raise refusal
    if user.disabled_at is not None:
        user.disabled_at = None
        record(session, "account.enabled", subject=user, actor=actor, at=at)
    return user


def cut_deputies(session: WriteSession, posts: Collection[int], *, after: date) -> None:
    """Let nobody hold these posts for somebody else after a day."""
    for held in session.exec(
        select(Membership).where(col(Membership.deputises_for_id).in_(posts)).with_for_update()
    ):
        cut(session, held, after=after)


def cut(session: WriteSession, held: Membership, *, after: date) -> None:
    """End a post that is held for somebody; one that had not begun by then was never held."""
    if held.valid_to is not None and held.valid_to <= after:
        return
    if held.valid_from > after:
        session.delete(held)
    else:
        held.valid_to = after
    session.flush()


def holds_any(posts: Collection[Membership], *, on: date) -> bool:
    """Tell whether one of these is held on a day as one's own."""
    return any(post.deputises_for_id is None and is_held_on(post, on) for post in posts)


def _kept(session: WriteSession, username: str, *, actor: Actor) -> User:
    """Return an account, locked; nobody but who keeps accounts is told whether it is there."""
    if refusal := why_not_keep(actor):
        raise refusal
    user = get_account(session, username)
    return session.exec(
        select(User)
        .where(col(User.id) == user.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
