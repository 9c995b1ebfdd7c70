"""Invitations: who may make them, what their link opens once, and when it leads nowhere."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, StaleVersion
from app.core.passwords import is_password
from app.domain.accounts.actions import NameTaken, disable_user
from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership, User
from app.domain.accounts.queries import actor_of, find_user
from app.domain.accounts.rules import Actor
from app.domain.accounts.schemas import NewGrant
from app.domain.audit.actions import waiting_kinds
from app.domain.posts.actions import (
    accept_invitation,
    invite,
    open_invitation,
    revoke_invitation,
)
from app.domain.posts.models import Invitation
from app.domain.posts.policy import InvitationNotOpen, InvitationOver
from app.domain.posts.queries import invitations_page, posts_of
from app.domain.posts.schemas import AcceptInvitation, AtVersion, Invite, InviteRepresentative
from app.domain.producers.actions import invite_representative, renew_invitation
from tests.factories.dossiers import another_producer
from tests.factories.people import ELSEWHERE, HOME, People, make_person

CHOSEN = "mua-xuan tren-ban-moi"


def invited(
    session: WriteSession, actor: Actor, at: datetime, *grants: NewGrant
) -> tuple[str, Invitation]:
    posts = list(grants) or [
        NewGrant(role=Role.COMMUNE_OFFICER, unit_code=HOME, valid_from=date(2026, 9, 1))
    ]
    data = Invite(name="Giàng A Mẫu", organisation="UBND xã", grants=posts)
    made = invite(session, data, actor=actor, at=at)
    session.flush()
    return made


def accept(session: WriteSession, secret: str, at: datetime, username: str = "giang.a.mau") -> User:
    data = AcceptInvitation(username=username, password=CHOSEN)
    return accept_invitation(session, secret, data, at=at)


def test_an_invited_person_opens_an_account_of_their_own_with_its_posts(
    session: WriteSession, people: People, at: datetime
) -> None:
    secret, invitation = invited(session, people.administrator(), at)
    assert secret not in str(invitation.model_dump())
    user = accept(session, secret, at)
    assert is_password(CHOSEN, user.password_hash)
    assert not user.must_change_password
    assert (user.name, user.organisation) == ("Giàng A Mẫu", "UBND xã")
    assert actor_of(session, user, at=at).has_in_unit(HOME, Role.COMMUNE_OFFICER)
    assert (invitation.user_id, invitation.accepted_at) == (user.id, at)
    assert {"invitation.made", "account.created", "invitation.accepted"} <= set(
        waiting_kinds(session)
    )


def test_a_link_opens_once_and_for_seven_days(
    session: WriteSession, people: People, at: datetime
) -> None:
    secret, _ = invited(session, people.administrator(), at)
    late = at + timedelta(days=7)
    with pytest.raises(InvitationOver):
        accept(session, secret, late)
    accept(session, secret, late - timedelta(seconds=1))
    with pytest.raises(InvitationOver):
        accept(session, secret, at, "nguoi.khac")
    with pytest.raises(NotFound):
        open_invitation(session, "khong-co-lien-ket-nay", at=at)


def test_a_renewed_link_replaces_the_one_before_and_a_revoked_one_leads_nowhere(
    session: WriteSession, people: People, at: datetime
) -> None:
    administrator = people.administrator()
    first, invitation = invited(session, administrator, at)
    later = at + timedelta(days=20)
    seen = AtVersion(version=1)
    second, _ = renew_invitation(session, invitation.code, seen, actor=administrator, at=later)
    session.flush()
    with pytest.raises(NotFound):
        open_invitation(session, first, at=later)
    assert open_invitation(session, second, at=later).inviter == "Quantri Thử Nghiệm"
    with pytest.raises(StaleVersion):
        revoke_invitation(session, invitation.code, seen, actor=administrator, at=later)
    now = AtVersion(version=2)
    revoke_invitation(session, invitation.code, now, actor=administrator, at=later)
    with pytest.raises(InvitationOver):
        open_invitation(session, second, at=later)
    with pytest.raises(InvitationNotOpen):
        renew_invitation(
            session, invitation.code, AtVersion(version=3), actor=administrator, at=later
        )


def test_who_left_the_accounts_to_others_gives_no_posts_by_a_link_of_old(
    session: WriteSession, people: People, at: datetime
) -> None:
    administrator = people.administrator()
    _, invitation = invited(session, administrator, at)
    seen = AtVersion(version=1)
    former = replace(administrator, grants=people.officer().grants)
    with pytest.raises(NotPermitted):
        renew_invitation(session, invitation.code, seen, actor=former, at=at)
    revoke_invitation(session, invitation.code, seen, actor=former, at=at)


def test_a_link_leads_nowhere_once_who_made_it_may_not_give_its_posts(
    session: WriteSession, people: People, at: datetime
) -> None:
    people.administrator()
    other = make_person(session, "quantri2", Role.ADMINISTRATOR, at=at)
    secret, invitation = invited(session, other, at)
    open_invitation(session, secret, at=at)
    post = session.exec(select(Membership).where(col(Membership.user_id) == other.user_id)).one()
    post.valid_to = local_day(at) - timedelta(days=1)
    session.flush()
    with pytest.raises(InvitationOver):
        accept(session, secret, at)
    seen = AtVersion(version=invitation.version)
    fresh, _ = renew_invitation(session, invitation.code, seen, actor=people.administrator(), at=at)
    accept(session, fresh, at)


def test_a_link_of_a_closed_account_leads_nowhere(
    session: WriteSession, people: People, at: datetime
) -> None:
    administrator = people.administrator()
    other = make_person(session, "quantri2", Role.ADMINISTRATOR, at=at)
    secret, _ = invited(session, other, at)
    disable_user(session, "quantri2", actor=administrator, at=at)
    session.flush()
    with pytest.raises(InvitationOver):
        accept(session, secret, at)


def test_an_officer_renews_a_representatives_link_while_the_producer_is_of_their_commune(
    session: WriteSession, people: People, at: datetime
) -> None:
    producer, officer = another_producer(session, people), people.officer()
    data = InviteRepresentative(name="Lò Thị Mẫu")
    _, invitation = invite_representative(session, producer.code, data, actor=officer, at=at)
    session.flush()
    seen = AtVersion(version=1)
    for grants in (people.officer(ELSEWHERE).grants, people.leader().grants, ()):
        moved = replace(officer, grants=grants)
        with pytest.raises(NotPermitted):
            renew_invitation(session, invitation.code, seen, actor=moved, at=at)
    renew_invitation(session, invitation.code, seen, actor=officer, at=at)
    assert invitation.version == 2


def test_a_taken_name_and_a_weak_password_leave_the_link_open(
    session: WriteSession, people: People, at: datetime
) -> None:
    secret, invitation = invited(session, people.administrator(), at)
    with pytest.raises(NameTaken):
        accept(session, secret, at, "quantri")
    with pytest.raises((Invalid, ValueError)):
        accept_invitation(
            session, secret, AcceptInvitation(username="giang.a.mau", password="ngan"), at=at
        )
    assert invitation.accepted_at is None
    assert find_user(session, "giang.a.mau") is None


def test_only_the_administrator_invites_to_any_post_and_others_see_only_their_own(
    session: WriteSession, people: People, at: datetime
) -> None:
    for actor in (people.officer(), people.leader(), people.head(), people.auditor()):
        with pytest.raises(NotPermitted):
            invited(session, actor, at)
    _, invitation = invited(session, people.administrator(), at)
    assert len(invitations_page(session, actor=people.administrator()).items) == 1
    assert not invitations_page(session, actor=people.officer()).items
    with pytest.raises(NotFound):
        revoke_invitation(
            session, invitation.code, AtVersion(version=1), actor=people.officer(), at=at
        )


@pytest.mark.parametrize(
    ("grant", "field"),
    [
        (NewGrant(role=Role.COMMUNE_LEADER, valid_from=date(2026, 9, 1)), "unit_code"),
        (NewGrant(role=Role.PRODUCER, valid_from=date(2026, 9, 1)), "producer_id"),
        (NewGrant(role=Role.DEPARTMENT_OFFICER, valid_from=date(2026, 9, 1)), "agency_code"),
        (
            NewGrant(role=Role.COMMUNE_OFFICER, unit_code="99999", valid_from=date(2026, 9, 1)),
            "unit_code",
        ),
        (
            NewGrant(role=Role.AUDITOR, valid_from=date(2026, 9, 2), valid_to=date(2026, 9, 1)),
            "valid_to",
        ),
    ],
)
def test_a_post_that_makes_no_sense_is_told_by_field(
    session: WriteSession, people: People, at: datetime, grant: NewGrant, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        invited(session, people.administrator(), at, grant)
    assert list(refused.value.fields) == [field]


def test_nothing_is_left_of_an_acceptance_that_failed(
    session: WriteSession, people: People, at: datetime
) -> None:
    secret, _ = invited(session, people.administrator(), at)
    user = accept(session, secret, at)
    with pytest.raises(Conflict):
        invited_again, _ = invited(session, people.administrator(), at)
        accept(session, invited_again, at)
    assert len(session.exec(select(User).where(User.username == user.username)).all()) == 1
    assert len(posts_of(session, user.id or 0)) == 1
