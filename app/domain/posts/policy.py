"""Who gives and ends posts, who may stand in for whom, and who sees it.

The administrator keeps accounts and posts. An officer of a commune invites who speaks for a producer
there, because the commune knows them. A leader of a commune arranges leave within the commune, and
everybody their own: posts are lent for those days, never given.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from app.core.errors import Conflict, NotFound, NotPermitted, Refusal, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership, User
from app.domain.accounts.rules import ROLE_LABELS, SYSTEM, Actor
from app.domain.posts.enums import InvitationState
from app.domain.posts.models import Absence, Invitation
from app.domain.posts.rules import (
    BY_DECISION,
    DEPUTISED,
    LONGEST_LEAVE_DAYS,
    OF_AGENCY,
    STATE_LABELS,
    house_of,
)


class KeptByAdministrator(NotPermitted):
    """Accounts and posts are the administrator's."""

    code = "posts.by_administrator"
    message = "Việc này dành cho quản trị hệ thống."


class OnlyOnPages(NotPermitted):
    """What changes who somebody is asks for the person, not for a program of theirs."""

    code = "posts.only_on_pages"
    message = "Việc này chỉ làm được khi đăng nhập trên trang."


class InvitationNotOpen(Conflict):
    """It was accepted or revoked: a new one can be made."""

    code = "invitation.not_open"
    message = "Lời mời này ở trạng thái «{state}». Hãy lập lời mời mới nếu cần."


class InvitationOver(NotFound):
    """One sentence for whatever became of a link that is not open any more; it names nobody."""

    code = "invitation.over"
    message = (
        "Lời mời này không còn dùng được: đã hết hạn, đã dùng hoặc đã hủy. "
        "Hãy nhờ người đã mời bạn gửi lời mời mới."
    )


class OwnPosts(NotPermitted):
    """Nobody makes themselves mightier, not even who keeps the accounts."""

    code = "posts.own"
    message = "Không tự giao hoặc tự kết thúc vai của chính mình. Hãy nhờ một quản trị khác."


class PostOver(Conflict):
    """It has ended already."""

    code = "post.over"
    message = "Vai này đã kết thúc."


class HeldByDecision(Refused):
    """A seat is given by a decision, and given up by another one."""

    code = "handover.by_decision"
    message = (
        "Vai «{role}» do quyết định cử, không bàn giao được. Hãy ban hành quyết định thay đổi."
    )


class HeldForAnother(Refused):
    """What one holds for somebody on leave is not one's own to give."""

    code = "handover.held_for_another"
    message = "Vai giữ thay người đang nghỉ không bàn giao được."


class HandoverTooEarly(Refused):
    """The giver must have held the post for a day at least; the past is not changed."""

    code = "handover.too_early"
    message = "Ngày bàn giao phải từ hôm nay, sau ngày bắt đầu và không sau ngày cuối của vai."


class NotYourLeave(NotPermitted):
    """Leave is entered by the person, a leader of their commune, or the administrator."""

    code = "leave.not_yours"
    message = "Chỉ người nghỉ, lãnh đạo của đơn vị hoặc quản trị được ghi ngày nghỉ."


class LeaveOutOfRange(Refused):
    """Rights are lent for days to come, and for a while only."""

    code = "leave.out_of_range"
    message = (
        "Ngày nghỉ tính từ hôm nay trở đi, nhiều nhất {days} ngày, người làm thay là người khác."
    )


class NobodysDeputy(Refused):
    """A deputy works in the same office already."""

    code = "leave.not_same_office"
    message = (
        "{deputy} không giữ vai nào ở cùng đơn vị trong những ngày đó. Người làm thay phải đang làm ở "
        "cùng xã hoặc cùng cơ quan; ghế Hội đồng, vai chủ thể và quản trị không làm thay được."
    )


class LeaveOverlaps(Conflict):
    """One is away once at a time, and a deputy is there."""

    code = "leave.overlaps"
    message = "{name} đã có ngày nghỉ từ {first} đến {last}."


class LeaveOver(Conflict):
    """It has ended."""

    code = "leave.over"
    message = "Đợt nghỉ này đã kết thúc."


def is_administrator(actor: Actor) -> bool:
    """Tell whether the actor keeps the accounts."""
    return actor is SYSTEM or actor.has(Role.ADMINISTRATOR)


def why_not_keep(actor: Actor) -> Refusal | None:
    """The administrator alone keeps accounts and posts."""
    return None if is_administrator(actor) else KeptByAdministrator()


def why_not_keep_posts_of(actor: Actor, user: User) -> Refusal | None:
    """The administrator gives and ends posts of everybody else."""
    if refusal := why_not_keep(actor):
        return refusal
    return OwnPosts() if user.id == actor.user_id else None


def is_still_given(invitation: Invitation, inviter: Actor | None) -> bool:
    """Whether who made a link may still give such posts: an office that ended gives nothing."""
    if inviter is None:
        return False
    represents = all(grant["role"] == Role.PRODUCER for grant in invitation.grants)
    return is_administrator(inviter) or (represents and inviter.has(Role.COMMUNE_OFFICER))


def why_not_step(
    actor: Actor, invitation: Invitation, state: InvitationState, *, username: str
) -> Refusal | None:
    """Who invited, or the administrator, revokes and renews what is not accepted or revoked."""
    if not is_administrator(actor) and invitation.invited_by != username:
        return KeptByAdministrator()
    if state in {InvitationState.ACCEPTED, InvitationState.REVOKED}:
        return InvitationNotOpen(state=STATE_LABELS[state])
    return None


def why_not_end(actor: Actor, user: User, post: Membership, *, today: date) -> Refusal | None:
    """The administrator ends a post that has not ended."""
    if refusal := why_not_keep_posts_of(actor, user):
        return refusal
    return PostOver() if post.valid_to is not None and post.valid_to < today else None


def why_not_hand_over(
    actor: Actor, posts: Sequence[Membership], *, on_day: date, today: date
) -> Refusal | None:
    """The administrator hands posts over that were not given by a decision."""
    if refusal := why_not_keep(actor):
        return refusal
    for post in posts:
        if post.role in BY_DECISION:
            return HeldByDecision(role=ROLE_LABELS[post.role])
        if post.deputises_for_id is not None:
            return HeldForAnother()
        is_late = post.valid_to is not None and post.valid_to < on_day
        if on_day < today or post.valid_from >= on_day or is_late:
            return HandoverTooEarly()
    return None


def leads(actor: Actor, posts: Collection[Membership]) -> bool:
    """Tell whether the actor leads an office in which one of these posts is."""
    return any(
        (post.unit_code is not None and actor.has_in_unit(post.unit_code, Role.COMMUNE_LEADER))
        or (post.role in OF_AGENCY and actor.has(Role.AGENCY_HEAD))
        for post in posts
    )


def why_not_arrange_leave(
    actor: Actor, user: User, posts: Collection[Membership]
) -> Refusal | None:
    """Leave is entered by the person, who leads their office, or the administrator."""
    if actor.scopes is not None and not is_administrator(actor):
        return OnlyOnPages()
    if user.id == actor.user_id or is_administrator(actor) or leads(actor, posts):
        return None
    return NotYourLeave()


def why_not_these_days(*, first_day: date, last_day: date, today: date) -> Refusal | None:
    """Rights are lent for days to come, for half a year at most."""
    is_long = last_day - first_day >= timedelta(days=LONGEST_LEAVE_DAYS)
    if first_day < today or last_day < first_day or is_long:
        return LeaveOutOfRange(days=LONGEST_LEAVE_DAYS)
    return None


def deputised(absent: Collection[Membership], deputy: Collection[Membership]) -> list[Membership]:
    """Return the posts of the absent that the deputy may hold: own ones, of the same office."""
    houses = {house_of(post) for post in deputy if post.deputises_for_id is None} - {None}
    return [
        post
        for post in absent
        if post.deputises_for_id is None and post.role in DEPUTISED and house_of(post) in houses
    ]


def why_not_end_leave(
    actor: Actor, absence: Absence, user: User, posts: Collection[Membership], *, today: date
) -> Refusal | None:
    """Who may enter a leave ends it, until its last day is over."""
    if refusal := why_not_arrange_leave(actor, user, posts):
        return refusal
    return LeaveOver() if absence.ended_at is not None or absence.last_day < today else None
