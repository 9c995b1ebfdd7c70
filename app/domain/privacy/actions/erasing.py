"""Erasing what no law keeps about a person; rows that others stand on lose the person, not their place.

The log stays as it is: it holds names of those who acted and codes, never addresses or numbers, and
each event holds the hash of the one before.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_secret
from app.core.db import WriteSession
from app.core.passwords import hash_password
from app.domain.accounts.models import (
    ApiToken,
    LoginSession,
    Membership,
    RecoveryCode,
    SecondFactor,
    User,
)
from app.domain.ideas.models import ProductIdea
from app.domain.identities.models import ProviderIdentity
from app.domain.notices.models import Delivery, Notice
from app.domain.posts.models import Absence, Invitation
from app.domain.privacy.queries import Person
from app.domain.producers.enums import Gender
from app.domain.producers.models import Producer

NOBODY = "Tài khoản đã xóa"
ERASED = "Đã xóa theo yêu cầu"


def erase(
    session: WriteSession, person: Person, *, kept: tuple[str, ...], at: datetime
) -> dict[str, int]:
    """Erase what is not kept of an account and of producers; return how many values or rows of what.

    An account that holds an office stays open and loses what is private; any other is closed and
    renamed.
    """
    counts: dict[str, int] = {}
    if person.user_id is not None:
        counts |= _account(session, person.user_id, in_office="account" in kept, at=at)
    for producer_id in person.producer_ids:
        for what, count in _producer(session, producer_id, kept=kept, at=at).items():
            counts[what] = counts.get(what, 0) + count
    return {what: count for what, count in counts.items() if count}


def _account(
    session: WriteSession, user_id: int, *, in_office: bool, at: datetime
) -> dict[str, int]:
    user = session.get_one(User, user_id)
    counts = {"contact": sum(map(bool, (user.email, user.phone)))}
    user.email = user.phone = ""
    user.wants_email = user.wants_sms = False
    logins = sa.delete(LoginSession).where(col(LoginSession.user_id) == user_id)
    notices = col(Notice.user_id) == user_id
    if in_office:
        logins = logins.where(
            sa.or_(col(LoginSession.ended_at).is_not(None), col(LoginSession.expires_at) <= at)
        )
        notices = sa.and_(notices, col(Notice.read_at).is_not(None))
    counts["logins"] = _gone(session, logins)
    session.execute(
        sa.delete(Delivery).where(
            col(Delivery.notice_id).in_(sa.select(col(Notice.id)).where(notices))
        )
    )
    counts["notices"] = _gone(session, sa.delete(Notice).where(notices))
    if not in_office:
        counts["secrets"] = sum(
            _gone(session, statement)
            for statement in (
                sa.delete(SecondFactor).where(col(SecondFactor.user_id) == user_id),
                sa.delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id),
                sa.delete(ProviderIdentity).where(col(ProviderIdentity.user_id) == user_id),
            )
        )
        counts["account"] = 1
        _close(session, user, at=at)
    return counts


def _close(session: WriteSession, user: User, *, at: datetime) -> None:
    today = local_day(at)
    for token in session.exec(select(ApiToken).where(col(ApiToken.user_id) == user.id)):
        token.name, token.revoked_at = "", token.revoked_at or at
    for held in session.exec(
        select(Membership).where(
            col(Membership.user_id) == user.id,
            col(Membership.valid_from) <= today,
            sa.or_(col(Membership.valid_to).is_(None), col(Membership.valid_to) > today),
        )
    ):
        held.valid_to = today
    for invited in session.exec(select(Invitation).where(col(Invitation.user_id) == user.id)):
        invited.name, invited.organisation, invited.email = "", "", ""
    for absent in session.exec(select(Absence).where(col(Absence.user_id) == user.id)):
        absent.reason = ""
    user.name, user.username, user.organisation = NOBODY, f"da-xoa-{user.id}", ""
    user.password_hash = hash_password(new_secret())
    user.disabled_at = user.disabled_at or at


def _producer(
    session: WriteSession, producer_id: int, *, kept: tuple[str, ...], at: datetime
) -> dict[str, int]:
    producer = session.get_one(Producer, producer_id)
    before = producer.model_dump()
    producer.phone = producer.email = ""
    if "representatives" not in kept:
        producer.representative_gender = Gender.UNSTATED
        producer.representative_ethnicity = producer.representative_address = ""
    if not {"dossiers", "decisions"} & set(kept):
        producer.representative, producer.representative_title = ERASED, ""
        producer.history = producer.structure = ""
    changed = sum(1 for name, value in producer.model_dump().items() if before[name] != value)
    if changed:
        producer.version += 1
        producer.updated_at = at
    ideas = 0
    for idea in session.exec(
        select(ProductIdea).where(
            col(ProductIdea.producer_id) == producer_id, col(ProductIdea.contact) != ""
        )
    ):
        idea.contact = ""
        ideas += 1
    return {"producers": changed, "ideas": ideas}


def _gone(session: WriteSession, statement: Any) -> int:
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]  # -- of a deletion
