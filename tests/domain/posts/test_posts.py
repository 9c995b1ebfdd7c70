"""Posts: given and ended with their days, handed over, and lent to a deputy while somebody is away."""

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Invalid, NotFound, NotPermitted
from app.domain.accounts.actions import create_token, disable_user
from app.domain.accounts.enums import Role, Scope
from app.domain.accounts.models import ApiToken, Membership, User
from app.domain.accounts.queries import actor_of, find_user
from app.domain.accounts.rules import Actor
from app.domain.accounts.schemas import CreateToken, NewGrant
from app.domain.audit.actions import waiting_kinds
from app.domain.notices.models import Notice
from app.domain.posts.actions import (
    enable_account,
    end_leave,
    end_post,
    enter_leave,
    give_post,
    hand_over,
)
from app.domain.posts.actions.giving import PostHeldAlready
from app.domain.posts.policy import (
    HandoverTooEarly,
    HeldByDecision,
    HeldForAnother,
    LeaveOutOfRange,
    LeaveOver,
    LeaveOverlaps,
    NobodysDeputy,
    NotYourLeave,
    OwnPosts,
)
from app.domain.posts.queries import colleagues_of, held_posts, posts_of, still_open
from app.domain.posts.schemas import AtVersion, EndPost, EnterLeave, HandOver
from tests.factories.people import ELSEWHERE, HOME, People, make_person

TODAY = date(2026, 9, 14)
TOMORROW = TODAY + timedelta(days=1)


def account(session: WriteSession, actor: Actor) -> User:
    return session.get_one(User, actor.user_id)


def username(session: WriteSession, actor: Actor) -> str:
    return account(session, actor).username


def on(session: WriteSession, actor: Actor, at: datetime, days: int = 0) -> Actor:
    session.flush()
    return actor_of(session, account(session, actor), at=at + timedelta(days=days))


def numbers(session: WriteSession, actor: Actor) -> list[int]:
    return [post.id or 0 for post in posts_of(session, actor.user_id or 0)]


def told(session: WriteSession, actor: Actor) -> list[str]:
    session.flush()
    return list(
        session.exec(
            select(Notice.kind).where(col(Notice.user_id) == actor.user_id).order_by(col(Notice.id))
        )
    )


# --- giving and ending -------------------------------------------------------------------------


def test_a_post_is_given_for_days_and_ended_but_never_deleted(
    session: WriteSession, people: People, at: datetime
) -> None:
    administrator, officer = people.administrator(), people.officer()
    name = username(session, officer)
    grant = NewGrant(role=Role.COMMUNE_OFFICER, unit_code=ELSEWHERE, valid_from=TOMORROW)
    post = give_post(session, name, grant, actor=administrator, at=at)
    session.flush()
    assert not on(session, officer, at).has_in_unit(ELSEWHERE, Role.COMMUNE_OFFICER)
    assert on(session, officer, at, 1).has_in_unit(ELSEWHERE, Role.COMMUNE_OFFICER)
    end = EndPost(last_day=TOMORROW + timedelta(days=3), reason="Hết nhiệm vụ")
    end_post(session, name, post.id or 0, end, actor=administrator, at=at)
    assert on(session, officer, at, 4).has_in_unit(ELSEWHERE, Role.COMMUNE_OFFICER)
    assert not on(session, officer, at, 5).has_in_unit(ELSEWHERE, Role.COMMUNE_OFFICER)
    held = held_posts(session, officer.user_id or 0, on=TODAY)
    assert [len(part) for part in (held.now, held.to_come, held.past)] == [1, 1, 0]
    assert {"post.given", "post.ended"} <= set(waiting_kinds(session))


def test_the_same_post_is_not_given_twice_nor_ended_in_the_past(
    session: WriteSession, people: People, at: datetime
) -> None:
    administrator, officer = people.administrator(), people.officer()
    name, number = username(session, officer), numbers(session, officer)[0]
    grant = NewGrant(role=Role.COMMUNE_OFFICER, unit_code=HOME, valid_from=TODAY)
    with pytest.raises(PostHeldAlready):
        give_post(session, name, grant, actor=administrator, at=at)
    early = EndPost(last_day=TODAY - timedelta(days=2))
    with pytest.raises(Invalid):
        end_post(session, name, number, early, actor=administrator, at=at)
    yesterday = EndPost(last_day=TODAY - timedelta(days=1))
    end_post(session, name, number, yesterday, actor=administrator, at=at)
    assert not on(session, officer, at).grants
    with pytest.raises(NotFound):
        end_post(
            session,
            name,
            numbers(session, people.leader())[0],
            yesterday,
            actor=administrator,
            at=at,
        )


def test_nobody_gives_posts_to_themselves_and_only_the_administrator_to_others(
    session: WriteSession, people: People, at: datetime
) -> None:
    grant = NewGrant(role=Role.AUDITOR, valid_from=TODAY)
    administrator = people.administrator()
    with pytest.raises(OwnPosts):
        give_post(session, "quantri", grant, actor=administrator, at=at)
    own = numbers(session, administrator)[0]
    with pytest.raises(OwnPosts):
        end_post(session, "quantri", own, EndPost(last_day=TODAY), actor=administrator, at=at)
    for actor in (people.officer(), people.head(), people.signer()):
        with pytest.raises(NotPermitted):
            give_post(session, username(session, people.auditor()), grant, actor=actor, at=at)


def test_a_stranger_does_not_learn_which_accounts_there_are(
    session: WriteSession, people: People, at: datetime
) -> None:
    stranger, known = people.officer(), username(session, people.agency())
    post = NewGrant(role=Role.AUDITOR, valid_from=TODAY)
    end = EndPost(last_day=TOMORROW)
    over = HandOver(to_username=known, posts=[1], on_day=TOMORROW)
    for name in (known, "khong-co-ai"):
        for step in (
            lambda who: give_post(session, who, post, actor=stranger, at=at),
            lambda who: end_post(session, who, 1, end, actor=stranger, at=at),
            lambda who: hand_over(session, who, over, actor=stranger, at=at),
            lambda who: enable_account(session, who, actor=stranger, at=at),
        ):
            with pytest.raises(NotPermitted):
                step(name)


def test_a_closed_account_is_opened_again_with_its_posts(
    session: WriteSession, people: People, at: datetime
) -> None:
    administrator, name = people.administrator(), username(session, people.officer())
    disable_user(session, name, actor=administrator, at=at)
    user = enable_account(session, name, actor=administrator, at=at)
    assert user.disabled_at is None
    assert on(session, people.officer(), at).has(Role.COMMUNE_OFFICER)
    with pytest.raises(NotPermitted):
        enable_account(session, name, actor=people.leader(), at=at)


# --- handing over ------------------------------------------------------------------------------


def pair(session: WriteSession, people: People) -> tuple[Actor, Actor]:
    giver = people.officer()
    receiver = make_person(
        session, "nguoi.nhan", Role.COMMUNE_OFFICER, at=people.at, unit_code=ELSEWHERE
    )
    return giver, receiver


def over(session: WriteSession, giver: Actor, day: date = TOMORROW) -> HandOver:
    return HandOver(
        to_username="nguoi.nhan",
        posts=numbers(session, giver),
        on_day=day,
        reason="Chuyển công tác",
    )


def test_a_post_is_handed_over_on_a_day_and_both_are_told(
    session: WriteSession, people: People, at: datetime
) -> None:
    giver, receiver = pair(session, people)
    name = username(session, giver)
    handover = hand_over(session, name, over(session, giver), actor=people.administrator(), at=at)
    assert on(session, giver, at).has_in_unit(HOME, Role.COMMUNE_OFFICER)
    assert not on(session, receiver, at).has_in_unit(HOME, Role.COMMUNE_OFFICER)
    assert not on(session, giver, at, 1).grants
    assert on(session, receiver, at, 1).has_in_unit(HOME, Role.COMMUNE_OFFICER)
    assert told(session, giver) == ["handover.given"]
    assert told(session, receiver) == ["handover.received"]
    assert handover.membership_ids == numbers(session, giver)
    assert "handover.made" in waiting_kinds(session)


@pytest.mark.parametrize("days", [0, 1])
def test_tokens_of_the_giver_end_with_the_day_before(
    session: WriteSession, people: People, at: datetime, days: int
) -> None:
    giver, _ = pair(session, people)
    data = CreateToken(name="Máy xã", scopes=[Scope.DOSSIERS_WRITE], days=90)
    _, token = create_token(session, data, actor=giver, at=at)
    day = TODAY + timedelta(days=days)
    hand_over(
        session,
        username(session, giver),
        over(session, giver, day),
        actor=people.administrator(),
        at=at,
    )
    session.flush()
    found = session.get_one(ApiToken, token.id)
    if days:
        assert found.revoked_at is None
        assert local_day(found.expires_at - timedelta(seconds=1)) == TODAY
    else:
        assert found.revoked_at == at


def test_seats_held_posts_and_the_past_are_not_handed_over(
    session: WriteSession, people: People, at: datetime
) -> None:
    giver, _ = pair(session, people)
    administrator, name = people.administrator(), username(session, giver)
    with pytest.raises(HandoverTooEarly):
        hand_over(
            session,
            name,
            over(session, giver, TODAY - timedelta(days=1)),
            actor=administrator,
            at=at,
        )
    member = people.council_member(1)
    with pytest.raises(HeldByDecision):
        hand_over(
            session, username(session, member), over(session, member), actor=administrator, at=at
        )
    lend(session, people, at)
    lent = next(post for post in posts_of(session, giver.user_id or 0) if post.deputises_for_id)
    data = HandOver(to_username="nguoi.nhan", posts=[lent.id or 0], on_day=TOMORROW)
    with pytest.raises(HeldForAnother):
        hand_over(session, name, data, actor=administrator, at=at)
    with pytest.raises(NotPermitted):
        hand_over(session, name, over(session, giver), actor=people.leader(), at=at)


def test_who_holds_the_post_already_receives_it_not_twice(
    session: WriteSession, people: People, at: datetime
) -> None:
    giver = people.officer()
    make_person(session, "nguoi.nhan", Role.COMMUNE_OFFICER, at=at, unit_code=HOME)
    with pytest.raises(PostHeldAlready):
        hand_over(
            session,
            username(session, giver),
            over(session, giver),
            actor=people.administrator(),
            at=at,
        )


def test_who_hands_everything_over_holds_nothing_for_others_either(
    session: WriteSession, people: People, at: datetime
) -> None:
    giver, _ = pair(session, people)
    lend(session, people, at)
    assert still_open(session, giver.user_id or 0, at=at).stands_in_for == [people.leader().name]
    own = [
        post.id or 0
        for post in posts_of(session, giver.user_id or 0)
        if post.deputises_for_id is None
    ]
    hand_over(
        session,
        username(session, giver),
        HandOver(to_username="nguoi.nhan", posts=own, on_day=TOMORROW),
        actor=people.administrator(),
        at=at,
    )
    assert on(session, giver, at).has(Role.COMMUNE_LEADER)
    assert not on(session, giver, at, 1).grants


# --- leave -------------------------------------------------------------------------------------


def lend(session: WriteSession, people: People, at: datetime, **changes: str) -> str:
    """Let the officer of the commune stand in for its leader for a week."""
    leader, officer = people.leader(), people.officer()
    data = EnterLeave.model_validate(
        {
            "deputy": username(session, officer),
            "first_day": TODAY,
            "last_day": TODAY + timedelta(days=6),
            "reason": "Nghỉ phép năm",
        }
        | changes
    )
    return enter_leave(session, data, actor=leader, at=at).code


def test_a_deputy_holds_the_posts_for_those_days_and_it_is_said_for_whom(
    session: WriteSession, people: People, at: datetime
) -> None:
    lend(session, people, at)
    leader, officer = people.leader(), people.officer()
    deputy = on(session, officer, at)
    assert deputy.has_in_unit(HOME, Role.COMMUNE_LEADER)
    assert deputy.office.startswith(f"Cán bộ xã, Lãnh đạo UBND xã (thay {leader.name}) · ")
    assert deputy.only_stands_in(Role.COMMUNE_LEADER, HOME) == leader.name
    assert deputy.only_stands_in(Role.COMMUNE_OFFICER) == ""
    assert not on(session, officer, at, 7).has(Role.COMMUNE_LEADER)
    assert on(session, leader, at).has(Role.COMMUNE_LEADER)
    assert told(session, officer) == ["leave.deputy"]
    assert "leave.entered" in waiting_kinds(session)


def test_leave_ended_early_takes_the_posts_back_at_once(
    session: WriteSession, people: People, at: datetime
) -> None:
    code = lend(session, people, at)
    session.flush()
    later = at + timedelta(days=2)
    end_leave(session, code, AtVersion(version=1), actor=people.leader(), at=later)
    assert not on(session, people.officer(), at, 2).has(Role.COMMUNE_LEADER)
    rows = session.exec(
        select(Membership).where(col(Membership.deputises_for_id).is_not(None))
    ).all()
    assert [row.valid_to for row in rows] == [TODAY + timedelta(days=1)]
    assert told(session, people.officer()) == ["leave.deputy", "leave.ended"]
    with pytest.raises(LeaveOver):
        end_leave(session, code, AtVersion(version=2), actor=people.leader(), at=later)


def test_leave_ended_on_its_first_day_leaves_nothing_lent(
    session: WriteSession, people: People, at: datetime
) -> None:
    code = lend(session, people, at)
    session.flush()
    end_leave(session, code, AtVersion(version=1), actor=people.administrator(), at=at)
    assert not on(session, people.officer(), at).has(Role.COMMUNE_LEADER)


def test_a_deputy_works_in_the_same_office_and_seats_are_never_lent(
    session: WriteSession, people: People, at: datetime
) -> None:
    elsewhere = username(session, people.officer(ELSEWHERE))
    with pytest.raises(NobodysDeputy):
        lend(session, people, at, deputy=elsewhere)
    member, other = people.council_member(1), people.council_member(2)
    data = EnterLeave(deputy=username(session, other), first_day=TODAY, last_day=TODAY)
    with pytest.raises(NobodysDeputy):
        enter_leave(session, data, actor=member, at=at)
    administrator = people.administrator()
    second = make_person(session, "quantri2", Role.ADMINISTRATOR, at=at)
    data = EnterLeave(deputy=username(session, second), first_day=TODAY, last_day=TODAY)
    with pytest.raises(NobodysDeputy):
        enter_leave(session, data, actor=administrator, at=at)
    held = posts_of(session, people.leader().user_id or 0)
    found = colleagues_of(session, held, first=TODAY, last=TOMORROW)
    assert [user.username for user in found] == [f"canbo{HOME}"]


def test_who_stands_in_passes_nothing_on_and_is_not_away_meanwhile(
    session: WriteSession, people: People, at: datetime
) -> None:
    lend(session, people, at)
    session.flush()
    third = make_person(session, "can.bo.ba", Role.COMMUNE_OFFICER, at=at, unit_code=HOME)
    data = EnterLeave(deputy="can.bo.ba", first_day=TODAY, last_day=TODAY)
    enter_leave(session, data, actor=people.officer(), at=at)
    assert not on(session, third, at).has(Role.COMMUNE_LEADER)
    again = EnterLeave(deputy=f"canbo{HOME}", first_day=TODAY, last_day=TODAY)
    with pytest.raises(LeaveOverlaps):
        enter_leave(session, again, actor=people.leader(), at=at)


def test_leave_lies_ahead_and_is_entered_by_oneself_a_leader_or_the_administrator(
    session: WriteSession, people: People, at: datetime
) -> None:
    for first, last in (
        (TODAY - timedelta(days=1), TODAY),
        (TODAY, TODAY + timedelta(days=180)),
    ):
        with pytest.raises(LeaveOutOfRange):
            lend(session, people, at, first_day=str(first), last_day=str(last))
    officer = username(session, people.officer())
    make_person(session, "can.bo.hai", Role.COMMUNE_OFFICER, at=at, unit_code=HOME)
    data = EnterLeave(username=officer, deputy="can.bo.hai", first_day=TODAY, last_day=TODAY)
    for stranger in (people.leader(ELSEWHERE), people.head(), people.auditor()):
        with pytest.raises(NotYourLeave):
            enter_leave(session, data, actor=stranger, at=at)
    enter_leave(session, data, actor=people.leader(), at=at)
    find = find_user(session, officer)
    assert find is not None
    assert told(session, people.officer()) == ["leave.entered"]
