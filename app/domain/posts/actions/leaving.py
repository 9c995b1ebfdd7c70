"""Leave with a deputy: the posts are lent for those days as posts of the deputy's own account."""

from datetime import datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import check_version
from app.domain.accounts.models import Membership, User
from app.domain.accounts.rules import ROLE_LABELS, Actor
from app.domain.audit.actions import record
from app.domain.notices.actions import notify
from app.domain.notices.rules import Letter, persons
from app.domain.posts.actions.giving import cut
from app.domain.posts.letters import LEAVE_ENDED, YOU_STAND_IN, YOUR_LEAVE
from app.domain.posts.models import Absence
from app.domain.posts.policy import (
    LeaveOutOfRange,
    LeaveOverlaps,
    NobodysDeputy,
    deputised,
    why_not_arrange_leave,
    why_not_end_leave,
    why_not_these_days,
)
from app.domain.posts.queries import (
    absence_for_update,
    get_absence,
    get_account,
    is_held_on,
    lock_accounts,
    overlapping,
    posts_between,
    posts_of,
    username_of,
)
from app.domain.posts.rules import LONGEST_LEAVE_DAYS, last_day_before
from app.domain.posts.schemas import AtVersion, EnterLeave


def enter_leave(session: WriteSession, data: EnterLeave, *, actor: Actor, at: datetime) -> Absence:
    """Write down who is away on which days and who stands in; lends the deputy the posts.

    By the person, a leader of their office, or the administrator; from today on, half a year at most.
    Refuses a deputy of another office, and days on which either is away already. Seats, producers'
    posts and the administrator's are never lent, nor what one holds for somebody else. Records
    leave.entered and tells both.
    """
    today = local_day(at)
    user = get_account(session, data.username or username_of(session, actor))
    deputy = get_account(session, data.deputy)
    lock_accounts(session, user, deputy)
    held = [post for post in posts_of(session, user.id or 0) if is_held_on(post, today)]
    if refusal := why_not_arrange_leave(actor, user, held):
        raise refusal
    days = why_not_these_days(first_day=data.first_day, last_day=data.last_day, today=today)
    if days:
        raise days
    if user.id == deputy.id:
        raise LeaveOutOfRange(days=LONGEST_LEAVE_DAYS)
    _check_free(session, user, deputy, data)
    lent = _lent(session, user, deputy, data)
    if not lent or deputy.disabled_at is not None:
        raise NobodysDeputy(deputy=deputy.name)
    for post in lent:
        session.add(
            Membership(
                user_id=deputy.id or 0,
                role=post.role,
                unit_code=post.unit_code,
                producer_id=post.producer_id,
                agency_code=post.agency_code,
                valid_from=data.first_day,
                valid_to=data.last_day,
                deputises_for_id=post.id,
            )
        )
    absence = Absence(
        code=new_code("NP"),
        user_id=user.id or 0,
        deputy_id=deputy.id or 0,
        first_day=data.first_day,
        last_day=data.last_day,
        reason=data.reason,
        made_at=at,
        made_by=username_of(session, actor),
    )
    session.add(absence)
    record(
        session,
        "leave.entered",
        subject=absence,
        actor=actor,
        at=at,
        absent=user.name,
        deputy=deputy.name,
        first_day=data.first_day,
        last_day=data.last_day,
        roles=[ROLE_LABELS[post.role] for post in lent],
    )
    _tell(session, YOU_STAND_IN, absence, user, deputy, to=deputy, actor=actor, at=at)
    _tell(session, YOUR_LEAVE, absence, user, deputy, to=user, actor=actor, at=at)
    return absence


def end_leave(
    session: WriteSession, code: str, data: AtVersion, *, actor: Actor, at: datetime
) -> Absence:
    """End a leave early: the deputy holds nothing for the person from this moment on.

    Posts are held by the day: what was lent for days before stays written, today's is taken back.
    Records leave.ended and tells both.
    """
    row = get_absence(session, code, actor=actor)
    user, deputy = row.user, row.deputy
    lock_accounts(session, user, deputy)
    absence = absence_for_update(session, row.absence.id or 0)
    check_version(data.version, absence.version)
    today = local_day(at)
    own = posts_of(session, user.id or 0)
    held = [post for post in own if is_held_on(post, today)]
    if refusal := why_not_end_leave(actor, absence, user, held, today=today):
        raise refusal
    numbers = [post.id for post in own]
    for lent in session.exec(
        select(Membership).where(
            col(Membership.user_id) == deputy.id,
            col(Membership.deputises_for_id).in_(numbers),
            col(Membership.valid_from) == absence.first_day,
        )
    ):
        cut(session, lent, after=last_day_before(today))
    absence.ended_at, absence.ended_by = at, username_of(session, actor)
    absence.version += 1
    record(
        session,
        "leave.ended",
        subject=absence,
        actor=actor,
        at=at,
        absent=user.name,
        deputy=deputy.name,
    )
    for to in (user, deputy):
        _tell(session, LEAVE_ENDED, absence, user, deputy, to=to, actor=actor, at=at)
    return absence


def _check_free(session: WriteSession, user: User, deputy: User, data: EnterLeave) -> None:
    taken = overlapping(
        session,
        [user.id or 0, deputy.id or 0],
        first=data.first_day,
        last=data.last_day,
    )
    if taken is not None:
        name = user.name if taken.user_id == user.id else deputy.name
        raise LeaveOverlaps(
            name=name, first=f"{taken.first_day:%d/%m/%Y}", last=f"{taken.last_day:%d/%m/%Y}"
        )


def _lent(session: WriteSession, user: User, deputy: User, data: EnterLeave) -> list[Membership]:
    posts = posts_between(
        session, [user.id or 0, deputy.id or 0], first=data.first_day, last=data.last_day
    )
    return deputised(
        [post for post in posts if post.user_id == user.id],
        [post for post in posts if post.user_id == deputy.id],
    )


def _tell(
    session: WriteSession,
    letter: Letter,
    absence: Absence,
    user: User,
    deputy: User,
    *,
    to: User,
    actor: Actor,
    at: datetime,
) -> None:
    notify(
        session,
        letter,
        to=persons(to.id),
        subject=absence,
        actor=actor,
        at=at,
        absent=user.name,
        deputy=deputy.name,
        first_day=absence.first_day,
        last_day=absence.last_day,
    )
