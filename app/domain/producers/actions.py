"""Registering and changing producers."""

from datetime import datetime
from typing import Any

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, check_version
from app.core.text import fold, normal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.accounts.schemas import NewGrant
from app.domain.audit.actions import record
from app.domain.places.queries import check_commune
from app.domain.posts.actions import invite_allowed, renew_allowed
from app.domain.posts.models import Invitation
from app.domain.posts.queries import get_invitation
from app.domain.posts.schemas import AtVersion, Invite, InviteRepresentative
from app.domain.producers.models import Producer
from app.domain.producers.policy import (
    is_helper,
    why_not_change,
    why_not_create,
    why_not_invite,
    why_not_renew,
)
from app.domain.producers.queries import invited_for, producer_for_update
from app.domain.producers.rules import PERSONAL_FIELDS
from app.domain.producers.schemas import ChangeProducer, CreateProducer


class ProducerKnown(Conflict):
    """A producer of this name is registered in the commune already."""

    code = "producer.known"
    message = "Xã này đã có chủ thể «{name}» (mã {known})."


def create_producer(
    session: WriteSession, data: CreateProducer, *, actor: Actor, at: datetime
) -> Producer:
    """Register a producer of a commune that exists on that day; records producer.created."""
    refusal = why_not_create(actor, data.commune_code)
    if refusal:
        raise refusal
    check_commune(session, data.commune_code, on=local_day(at))
    folded = fold(data.name)
    known = session.exec(
        select(Producer).where(
            col(Producer.commune_code) == data.commune_code, col(Producer.name_folded) == folded
        )
    ).first()
    if known is not None:
        raise ProducerKnown(name=known.name, known=known.code)
    producer = Producer(
        code=new_code("CT"),
        name_folded=folded,
        created_at=at,
        updated_at=at,
        **_texts(data),
        commune_code=data.commune_code,
    )
    session.add(producer)
    record(session, "producer.created", subject=producer, actor=actor, at=at, name=producer.name)
    return producer


def change_producer(
    session: WriteSession, code: str, data: ChangeProducer, *, actor: Actor, at: datetime
) -> Producer:
    """Change a producer's data; records which fields changed, not the personal ones' content.

    What is personal and was not sent stays: a program that read the rest never saw it.
    """
    producer = producer_for_update(session, code, actor=actor)
    refusal = why_not_change(actor, producer)
    if refusal:
        raise refusal
    check_version(data.version, producer.version)
    unseen = PERSONAL_FIELDS - data.model_fields_set
    after = {name: value for name, value in _texts(data).items() if name not in unseen}
    changed = sorted(name for name, value in after.items() if getattr(producer, name) != value)
    if not changed:
        return producer
    producer.sqlmodel_update(after)
    producer.name_folded = fold(producer.name)
    producer.updated_at = at
    producer.version += 1
    record(
        session,
        "producer.changed",
        subject=producer,
        actor=actor,
        at=at,
        fields=changed,
        on_behalf=is_helper(actor, producer),
    )
    return producer


def invite_representative(
    session: WriteSession, code: str, data: InviteRepresentative, *, actor: Actor, at: datetime
) -> tuple[str, Invitation]:
    """Invite somebody to open an account that speaks for a producer; returns the link's secret.

    By an officer of its commune, on a page; records invitation.made.
    """
    producer = producer_for_update(session, code, actor=actor)
    if refusal := why_not_invite(actor, producer):
        raise refusal
    grant = NewGrant(role=Role.PRODUCER, producer_id=producer.id, valid_from=local_day(at))
    invitation = Invite(
        name=data.name, organisation=producer.name[:200], email=data.email, grants=[grant]
    )
    return invite_allowed(session, invitation, actor=actor, at=at)


def renew_invitation(
    session: WriteSession, code: str, data: AtVersion, *, actor: Actor, at: datetime
) -> tuple[str, Invitation]:
    """Make a new link, by who may still give the posts it gives; records invitation.renewed."""
    invitation = get_invitation(session, code, actor=actor).invitation
    if refusal := why_not_renew(actor, invitation, invited_for(session, [invitation])):
        raise refusal
    return renew_allowed(session, code, data, actor=actor, at=at)


def _texts(data: CreateProducer | ChangeProducer) -> dict[str, Any]:
    values = data.model_dump(exclude={"version", "commune_code"})
    return {name: normal(value) if type(value) is str else value for name, value in values.items()}
