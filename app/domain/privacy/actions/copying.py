"""A copy of everything kept about one person, recorded each time it is made."""

from datetime import datetime

from app.core.db import WriteSession
from app.core.errors import NotFound
from app.domain.accounts.models import User
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.privacy.policy import AGENCY, NotAnswerer
from app.domain.privacy.queries import (
    person_asked_about,
    person_of,
    personal_data,
    request_for_update,
)
from app.domain.privacy.schemas import PersonalDataOut


def copy_own(session: WriteSession, *, actor: Actor, at: datetime) -> PersonalDataOut:
    """Return what is kept about this person; records personal_data.copied.

    Basis: Luật 91/2025/QH15, Điều 4.
    """
    if actor.user_id is None:
        raise NotFound
    copied = personal_data(session, person_of(session, actor), at=at)
    record(
        session,
        "personal_data.copied",
        subject=session.get_one(User, actor.user_id),
        actor=actor,
        at=at,
        rows=sum(map(len, copied.tables.values())),
    )
    return copied


def copy_for_request(
    session: WriteSession, code: str, *, actor: Actor, at: datetime
) -> PersonalDataOut:
    """Return what is kept about whom a request is about, to be handed over; records personal_data.copied."""
    request = request_for_update(session, code, actor=actor)
    if not actor.has(*AGENCY):
        raise NotAnswerer
    copied = personal_data(session, person_asked_about(request), at=at)
    record(
        session,
        "personal_data.copied",
        subject=request,
        actor=actor,
        at=at,
        rows=sum(map(len, copied.tables.values())),
    )
    return copied
