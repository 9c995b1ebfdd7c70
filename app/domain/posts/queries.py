"""Reads about posts: of one account, invitations, handovers, leave, and who may stand in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, false, or_, select

from app.core.clock import local_day
from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.domain.accounts.enums import Role
from app.domain.accounts.models import ApiToken, Membership, User
from app.domain.accounts.queries import actor_of, find_user, secret_hash
from app.domain.accounts.rules import Actor
from app.domain.notices.models import Notice
from app.domain.posts.models import Absence, Handover, Invitation
from app.domain.posts.policy import deputised, is_administrator
from app.domain.posts.rules import DEPUTISED, OF_AGENCY

MOST_POSTS = 200
MOST_COLLEAGUES = 200
MOST_ABSENCES = 100


@dataclass(frozen=True, slots=True)
class HeldPosts:
    """The posts of one account, by where their days lie."""

    now: Sequence[Membership]
    to_come: Sequence[Membership]
    past: Sequence[Membership]


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation and the name of who made it."""

    invitation: Invitation
    inviter: str


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """A handover with both people and the posts as the giver had them."""

    handover: Handover
    giver: User
    receiver: User
    posts: Sequence[Membership] = ()


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """A leave with who is away and who stands in."""

    absence: Absence
    user: User
    deputy: User


@dataclass(frozen=True, slots=True)
class StillOpen:
    """What hangs on a person and knows no higher package: tokens, unread notices, leave."""

    tokens: int
    notices: int
    stands_in_for: Sequence[str]


def get_account(session: ReadSession, username: str) -> User:
    """Return an account by its name, or refuse."""
    user = find_user(session, username)
    if user is None:
        raise NotFound
    return user


def username_of(session: ReadSession, actor: Actor) -> str:
    """Return the name of the account that acts; the system has none."""
    user = session.get(User, actor.user_id) if actor.user_id is not None else None
    return user.username if user else ""


def posts_of(session: ReadSession, user_id: int) -> Sequence[Membership]:
    """Return every post of an account, the newest first (at most 200)."""
    return session.exec(
        select(Membership)
        .where(col(Membership.user_id) == user_id)
        .order_by(col(Membership.valid_from).desc(), col(Membership.id).desc())
        .limit(MOST_POSTS)
    ).all()


def held_posts(session: ReadSession, user_id: int, *, on: date) -> HeldPosts:
    """Return the posts of an account: those of a day, those to come and those that ended."""
    posts = posts_of(session, user_id)
    return HeldPosts(
        now=[post for post in posts if is_held_on(post, on)],
        to_come=[post for post in posts if post.valid_from > on],
        past=[post for post in posts if post.valid_to is not None and post.valid_to < on],
    )


def is_held_on(post: Membership, day: date) -> bool:
    """Tell whether a post is held on a day."""
    return post.valid_from <= day and (post.valid_to is None or post.valid_to >= day)


def posts_between(
    session: ReadSession, user_ids: Collection[int], *, first: date, last: date
) -> Sequence[Membership]:
    """Return the posts these accounts hold on every day between two."""
    return session.exec(
        select(Membership)
        .where(col(Membership.user_id).in_(user_ids), _covers(first, last))
        .order_by(col(Membership.id))
        .limit(MOST_POSTS)
    ).all()


def _covers(first: date, last: date) -> ColumnElement[bool]:
    return and_(
        col(Membership.valid_from) <= first,
        or_(col(Membership.valid_to).is_(None), col(Membership.valid_to) >= last),
    )


def colleagues_of(
    session: ReadSession, posts: Sequence[Membership], *, first: date, last: date
) -> Sequence[User]:
    """Return the open accounts that may stand in for these posts on those days, by name."""
    own = [post for post in posts if post.role in DEPUTISED and post.deputises_for_id is None]
    if not own:
        return []
    roles = {post.role for post in own}
    if roles & OF_AGENCY:
        roles |= OF_AGENCY
    of_commune = {post.unit_code for post in own if post.unit_code}
    conditions = [col(Membership.role).in_(roles)]
    if of_commune:
        conditions.append(col(Membership.unit_code).in_(of_commune))
    rows = session.exec(
        select(User, Membership)
        .join(Membership, col(Membership.user_id) == col(User.id))
        .where(
            or_(*conditions),
            col(User.disabled_at).is_(None),
            col(User.id) != own[0].user_id,
            col(Membership.deputises_for_id).is_(None),
            _covers(first, last),
        )
        .order_by(col(User.name), col(User.id))
        .limit(MOST_COLLEAGUES)
    ).all()
    found: dict[int, User] = {}
    for user, post in rows:
        if deputised(own, [post]):
            found.setdefault(user.id or 0, user)
    return list(found.values())


# --- invitations ------------------------------------------------------------------------------


def find_invitation(session: ReadSession, token: str) -> InvitationRow | None:
    """Return the invitation behind a link, whatever became of it."""
    return _invitation(session, col(Invitation.token_hash) == secret_hash(token))


def get_invitation(session: ReadSession, code: str, *, actor: Actor) -> InvitationRow:
    """Return an invitation the actor made, or any to the administrator."""
    found = _invitation(session, col(Invitation.code) == code)
    is_own = found is not None and found.invitation.invited_by == username_of(session, actor)
    if found is None or not (is_own or is_administrator(actor)):
        raise NotFound
    return found


def _invitation(session: ReadSession, condition: ColumnElement[bool]) -> InvitationRow | None:
    row = session.exec(
        select(Invitation, User.name)
        .join(User, col(User.username) == col(Invitation.invited_by), isouter=True)
        .where(condition)
    ).one_or_none()
    return InvitationRow(row[0], row[1] or "") if row else None


def inviter_of(session: ReadSession, invitation: Invitation, *, at: datetime) -> Actor | None:
    """Return who made an invitation, with the posts held now; None when the account is closed."""
    user = find_user(session, invitation.invited_by)
    return None if user is None or user.disabled_at else actor_of(session, user, at=at)


def invitation_for_update(session: WriteSession, invitation_id: int) -> Invitation:
    """Return an invitation, locked until the transaction ends."""
    return session.exec(
        select(Invitation)
        .where(col(Invitation.id) == invitation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def invitations_page(
    session: ReadSession, *, actor: Actor, after: int = 0, limit: int = 20
) -> Page[InvitationRow]:
    """Return one's own invitations, all of them to the administrator, newest first."""
    query = select(Invitation, User.name).join(
        User, col(User.username) == col(Invitation.invited_by), isouter=True
    )
    if not is_administrator(actor):
        query = query.where(col(Invitation.invited_by) == username_of(session, actor))
    return newest_first(session, query, Invitation, after=after, limit=limit).map(
        lambda row: InvitationRow(row[0], row[1] or "")
    )


# --- handovers --------------------------------------------------------------------------------


def get_handover(session: ReadSession, code: str, *, actor: Actor) -> HandoverRow:
    """Return a handover to both people and to the administrator."""
    giver, receiver = aliased(User), aliased(User)
    row = session.exec(
        select(Handover, giver, receiver)
        .join(giver, col(giver.id) == col(Handover.from_user_id))
        .join(receiver, col(receiver.id) == col(Handover.to_user_id))
        .where(col(Handover.code) == code)
    ).one_or_none()
    if row is None:
        raise NotFound
    handover = row[0]
    if not is_administrator(actor) and actor.user_id not in {
        handover.from_user_id,
        handover.to_user_id,
    }:
        raise NotFound
    posts = session.exec(
        select(Membership)
        .where(col(Membership.id).in_(handover.membership_ids))
        .order_by(col(Membership.id))
    ).all()
    return HandoverRow(handover, row[1], row[2], posts)


def handovers_of(session: ReadSession, user_id: int) -> Sequence[HandoverRow]:
    """Return the newest twenty handovers from or to an account."""
    giver, receiver = aliased(User), aliased(User)
    rows = session.exec(
        select(Handover, giver, receiver)
        .join(giver, col(giver.id) == col(Handover.from_user_id))
        .join(receiver, col(receiver.id) == col(Handover.to_user_id))
        .where(or_(col(Handover.from_user_id) == user_id, col(Handover.to_user_id) == user_id))
        .order_by(col(Handover.id).desc())
        .limit(20)
    ).all()
    return [HandoverRow(*row) for row in rows]


def still_open(session: ReadSession, user_id: int, *, at: datetime) -> StillOpen:
    """Return what hangs on a person: tokens in force, unread notices, whom they stand in for."""
    absent = aliased(User)
    tokens = session.exec(
        select(ApiToken.id)
        .where(
            col(ApiToken.user_id) == user_id,
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > at,
        )
        .limit(MOST_POSTS)
    ).all()
    unread = session.exec(
        select(Notice.id)
        .where(col(Notice.user_id) == user_id, col(Notice.read_at).is_(None))
        .limit(MOST_POSTS)
    ).all()
    names = session.exec(
        select(absent.name)
        .join(Absence, col(Absence.user_id) == col(absent.id))
        .where(
            col(Absence.deputy_id) == user_id,
            col(Absence.ended_at).is_(None),
            col(Absence.last_day) >= local_day(at),
        )
        .order_by(absent.name)
        .limit(MOST_ABSENCES)
    ).all()
    return StillOpen(len(tokens), len(unread), names)


# --- leave ------------------------------------------------------------------------------------


def absences_for(session: ReadSession, *, actor: Actor) -> Sequence[AbsenceRow]:
    """Return leave the actor may see, the latest first: at most a hundred.

    One's own, those one stands in for, those of the offices one leads, all to the administrator.
    """
    user, deputy = aliased(User), aliased(User)
    query = (
        select(Absence, user, deputy)
        .join(user, col(user.id) == col(Absence.user_id))
        .join(deputy, col(deputy.id) == col(Absence.deputy_id))
        .order_by(col(Absence.last_day).desc(), col(Absence.id).desc())
        .limit(MOST_ABSENCES)
    )
    if not is_administrator(actor):
        query = query.where(_visible_absences(actor))
    return [AbsenceRow(*row) for row in session.exec(query).all()]


def _visible_absences(actor: Actor) -> ColumnElement[bool]:
    led = [
        grant.unit_code
        for grant in actor.grants
        if grant.role is Role.COMMUNE_LEADER and grant.unit_code
    ]
    people = select(col(Membership.user_id)).where(
        or_(
            col(Membership.unit_code).in_(led) if led else false(),
            col(Membership.role).in_(OF_AGENCY) if actor.has(Role.AGENCY_HEAD) else false(),
        )
    )
    return or_(
        col(Absence.user_id) == actor.user_id,
        col(Absence.deputy_id) == actor.user_id,
        col(Absence.user_id).in_(people),
    )


def get_absence(session: ReadSession, code: str, *, actor: Actor) -> AbsenceRow:
    """Return a leave the actor may see."""
    user, deputy = aliased(User), aliased(User)
    query = (
        select(Absence, user, deputy)
        .join(user, col(user.id) == col(Absence.user_id))
        .join(deputy, col(deputy.id) == col(Absence.deputy_id))
        .where(col(Absence.code) == code)
    )
    if not is_administrator(actor):
        query = query.where(_visible_absences(actor))
    row = session.exec(query).one_or_none()
    if row is None:
        raise NotFound
    return AbsenceRow(*row)


def lock_accounts(session: WriteSession, *users: User) -> None:
    """Lock accounts in one order: two steps about the same people wait, never for each other."""
    session.exec(
        select(User)
        .where(col(User.id).in_(sorted({user.id or 0 for user in users})))
        .order_by(col(User.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def absence_for_update(session: WriteSession, absence_id: int) -> Absence:
    """Return a leave, locked until the transaction ends."""
    return session.exec(
        select(Absence)
        .where(col(Absence.id) == absence_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def overlapping(
    session: ReadSession, user_ids: Collection[int], *, first: date, last: date
) -> Absence | None:
    """Return a leave of one of these people that shares a day with others."""
    return session.exec(
        select(Absence)
        .where(
            col(Absence.user_id).in_(user_ids),
            col(Absence.ended_at).is_(None),
            col(Absence.first_day) <= last,
            col(Absence.last_day) >= first,
        )
        .order_by(col(Absence.id))
        .limit(1)
    ).first()


def led_people(session: ReadSession, *, actor: Actor, on: date) -> Sequence[User]:
    """Return the open accounts whose leave the actor may enter, oneself aside, by name."""
    led = [
        grant.unit_code
        for grant in actor.grants
        if grant.role is Role.COMMUNE_LEADER and grant.unit_code
    ]
    conditions = []
    if led:
        conditions.append(col(Membership.unit_code).in_(led))
    if actor.has(Role.AGENCY_HEAD):
        conditions.append(col(Membership.role).in_(OF_AGENCY))
    if not conditions:
        return []
    posted = select(col(Membership.user_id)).where(
        or_(*conditions), _covers(on, on), col(Membership.deputises_for_id).is_(None)
    )
    return session.exec(
        select(User)
        .where(
            col(User.id).in_(posted),
            col(User.disabled_at).is_(None),
            col(User.id) != actor.user_id,
        )
        .order_by(col(User.name), col(User.id))
        .limit(MOST_COLLEAGUES)
    ).all()


def users_named(session: ReadSession, text: str) -> Sequence[User]:
    """Return open accounts for a choice, by name (at most 200); empty text names all."""
    query = select(User).where(col(User.disabled_at).is_(None))
    if text:
        query = query.where(col(User.username).contains(text.lower(), autoescape=True))
    return session.exec(query.order_by(col(User.name), col(User.id)).limit(MOST_COLLEAGUES)).all()
