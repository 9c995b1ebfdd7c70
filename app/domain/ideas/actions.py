"""What happens to an idea, one function a step; by whom, see policy.py."""

from datetime import datetime
from typing import Any

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Invalid, check_version
from app.core.text import fold, normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.ideas.enums import IdeaStep
from app.domain.ideas.letters import IDEA_ANSWERED, IDEA_CAME
from app.domain.ideas.models import IdeaReview, ProductIdea
from app.domain.ideas.policy import (
    WrongIdeaState,
    why_not_convert,
    why_not_register,
    why_not_review,
    why_not_revise,
)
from app.domain.ideas.queries import idea_for_update
from app.domain.ideas.rules import EVENTS, INITIAL, STATE_LABELS, STEP_LABELS, state_after
from app.domain.ideas.schemas import ConvertIdea, RegisterIdea, ReviewIdea, ReviseIdea
from app.domain.notices.actions import notify
from app.domain.notices.rules import commune_officers, producer_account
from app.domain.places.queries import check_commune
from app.domain.producers.actions import create_producer
from app.domain.producers.models import Producer
from app.domain.producers.queries import get_producer
from app.domain.producers.schemas import CreateProducer
from app.domain.products.actions import create_product
from app.domain.products.models import Product
from app.domain.products.schemas import CreateProduct


def register_idea(
    session: WriteSession, data: RegisterIdea, *, actor: Actor, at: datetime
) -> ProductIdea:
    """Register an idea with the commune; records idea.registered, without how to reach anybody."""
    producer = None
    if data.producer_code:
        producer = get_producer(session, data.producer_code, actor=actor)
    commune_code = producer.commune_code if producer else data.commune_code
    producer_id = producer.id if producer else None
    refusal = why_not_register(actor, producer_id=producer_id, commune_code=commune_code)
    if refusal:
        raise refusal
    if producer is None:
        check_commune(session, commune_code, on=local_day(at))
    helped = not actor.acts_for(producer_id)
    idea = ProductIdea(
        code=new_code("YT"),
        state=INITIAL,
        commune_code=commune_code,
        producer_id=producer_id,
        registered_by=actor.name,
        registered_by_helper=helped,
        created_at=at,
        updated_at=at,
        submitted_at=at,
        **_texts(data),
    )
    session.add(idea)
    record(
        session,
        "idea.registered",
        subject=idea,
        actor=actor,
        at=at,
        title=idea.title,
        on_behalf=helped and producer is not None,
    )
    _tell_commune(session, idea, actor=actor, at=at)
    return idea


def revise_idea(
    session: WriteSession, code: str, data: ReviseIdea, *, actor: Actor, at: datetime
) -> ProductIdea:
    """Better an idea; one that was given back comes in again; records idea.revised."""
    idea = idea_for_update(session, code, actor=actor).idea
    refusal = why_not_revise(actor, idea)
    if refusal:
        raise refusal
    check_version(data.version, idea.version)
    after = _texts(data)
    changed = sorted(name for name, value in after.items() if getattr(idea, name) != value)
    came_again = idea.state is not INITIAL
    if not changed and not came_again:
        return idea
    idea.sqlmodel_update(after)
    idea.updated_at = at
    if came_again:
        idea.submitted_at = at
    _move(
        session,
        idea,
        IdeaStep.REVISE,
        actor=actor,
        at=at,
        fields=changed,
        on_behalf=idea.producer_id is not None and not actor.acts_for(idea.producer_id),
    )
    if came_again:
        _tell_commune(session, idea, actor=actor, at=at)
    return idea


def review_idea(
    session: WriteSession, code: str, data: ReviewIdea, *, actor: Actor, at: datetime
) -> ProductIdea:
    """Answer an idea for the commune, each answer kept; records idea.accepted, .returned, .declined."""
    idea = idea_for_update(session, code, actor=actor).idea
    refusal = why_not_review(actor, idea)
    if refusal:
        raise refusal
    check_version(data.version, idea.version)
    session.add(
        IdeaReview(
            idea_id=idea.id or 0,
            decision=data.decision,
            reason=normal(data.reason),
            reviewed_at=at,
            reviewed_by=actor.name,
        )
    )
    _move(session, idea, data.decision, actor=actor, at=at, reason=normal(data.reason))
    notify(
        session,
        IDEA_ANSWERED,
        to=producer_account(idea.producer_id),
        subject=idea,
        actor=actor,
        at=at,
        occasion=at.isoformat(),
        idea=idea.title,
        answer=STATE_LABELS[idea.state],
    )
    return idea


def convert_idea(
    session: WriteSession, code: str, data: ConvertIdea, *, actor: Actor, at: datetime
) -> Product:
    """Make a product of an accepted idea, once; records idea.converted beside product.created.

    The product is a known producer's of the same commune, or of a new one registered at once.
    """
    idea = idea_for_update(session, code, actor=actor).idea
    refusal = why_not_convert(actor, idea)
    if refusal:
        raise refusal
    check_version(data.version, idea.version)
    producer = _producer(session, idea, data, actor=actor, at=at)
    product = create_product(
        session,
        CreateProduct(
            producer_code=producer.code,
            name=idea.title,
            set_number=data.set_number,
            description=idea.description,
            story=idea.local_identity,
        ),
        actor=actor,
        at=at,
    )
    # The state and the product are one fact: the database holds them together.
    idea.product_id = product.id
    if idea.producer_id is None:
        idea.producer_id = producer.id
    idea.converted_at = at
    _move(
        session,
        idea,
        IdeaStep.CONVERT,
        actor=actor,
        at=at,
        product=product.code,
        producer=producer.code,
    )
    return product


def _producer(
    session: WriteSession, idea: ProductIdea, data: ConvertIdea, *, actor: Actor, at: datetime
) -> Producer:
    if data.producer_code:
        producer = get_producer(session, data.producer_code, actor=actor)
        if producer.commune_code != idea.commune_code:
            raise Invalid({"producer_code": "Chủ thể này ở xã khác."})
        return producer
    return create_producer(
        session,
        CreateProducer.model_validate(
            {
                "name": data.producer_name,
                "kind": data.producer_kind,
                "commune_code": idea.commune_code,
                "address": data.address,
                "representative": data.representative,
            }
        ),
        actor=actor,
        at=at,
    )


def _tell_commune(session: WriteSession, idea: ProductIdea, *, actor: Actor, at: datetime) -> None:
    notify(
        session,
        IDEA_CAME,
        to=commune_officers(idea.commune_code),
        subject=idea,
        actor=actor,
        at=at,
        occasion=at.isoformat(),
        idea=idea.title,
    )


def _move(
    session: WriteSession,
    idea: ProductIdea,
    step: IdeaStep,
    *,
    actor: Actor,
    at: datetime,
    **said: Any,
) -> None:
    after = state_after(idea.state, step)
    if after is None:
        raise WrongIdeaState(state=STATE_LABELS[idea.state], step=STEP_LABELS[step])
    before, idea.state = idea.state, after
    idea.version += 1
    record(
        session,
        EVENTS[step],
        subject=idea,
        actor=actor,
        at=at,
        before=before,
        after=after,
        **said,
    )


def _texts(data: RegisterIdea | ReviseIdea) -> dict[str, Any]:
    values = data.model_dump(exclude={"version", "producer_code", "commune_code"})
    texts = {name: normal(str(value)) for name, value in values.items()}
    return texts | {"title_folded": fold(data.title)}
