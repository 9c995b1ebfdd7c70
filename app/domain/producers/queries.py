"""Reads about producers."""

from collections.abc import Collection
from typing import Any

from sqlmodel import col, false, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, page_of
from app.core.text import fold
from app.domain.accounts.rules import Actor
from app.domain.posts.models import Invitation
from app.domain.producers.models import Producer

Producers = SelectOfScalar[Producer]


def visible(actor: Actor, *, producer_id: Any, commune_code: Any) -> Any:
    """Return the condition under which this actor sees rows of a producer in a commune."""
    if actor.sees_province:
        return None
    conditions = []
    if actor.producer_ids:
        conditions.append(producer_id.in_(actor.producer_ids))
    if actor.units:
        conditions.append(commune_code.in_(actor.units))
    return or_(*conditions) if conditions else false()


def producers_visible_to(actor: Actor) -> Producers:
    """Return the only base for lists and lookups of producers."""
    condition = visible(
        actor, producer_id=col(Producer.id), commune_code=col(Producer.commune_code)
    )
    query = select(Producer)
    return query if condition is None else query.where(condition)


def get_producer(session: ReadSession, code: str, *, actor: Actor) -> Producer:
    """Return a producer this actor may see."""
    found = session.exec(
        producers_visible_to(actor).where(col(Producer.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def producer_for_update(session: WriteSession, code: str, *, actor: Actor) -> Producer:
    """Return a producer, locked until the transaction ends."""
    found = session.exec(
        producers_visible_to(actor).where(col(Producer.code) == code).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def producers_page(
    session: ReadSession,
    *,
    actor: Actor,
    search: str = "",
    commune_code: str = "",
    after: int = 0,
    limit: int = 20,
) -> Page[Producer]:
    """Return producers this actor may see, by number; the search ignores accents and case."""
    query = producers_visible_to(actor).where(col(Producer.id) > after)
    for word in fold(search).split():
        query = query.where(col(Producer.name_folded).contains(word, autoescape=True))
    if commune_code:
        query = query.where(col(Producer.commune_code) == commune_code)
    rows = session.exec(query.order_by(col(Producer.id)).limit(limit + 1)).all()
    return page_of(rows, limit=limit, key=lambda producer: producer.id or 0)


def find_producer(session: ReadSession, code: str) -> Producer | None:
    """Return a producer by its code, for whoever gives posts and sees no business of producers."""
    return session.exec(select(Producer).where(col(Producer.code) == code)).one_or_none()


def producer_names(session: ReadSession, numbers: Collection[int]) -> dict[int, Producer]:
    """Return these producers by their numbers, to say whom a post is for."""
    rows = session.exec(select(Producer).where(col(Producer.id).in_(numbers)))
    return {producer.id or 0: producer for producer in rows}


def invited_for(session: ReadSession, invitations: Collection[Invitation]) -> dict[int, Producer]:
    """Return the producers for whom invitations give posts, by number."""
    wanted = {grant["producer_id"] for one in invitations for grant in one.grants} - {None}
    return producer_names(session, wanted) if wanted else {}
