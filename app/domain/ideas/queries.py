"""Reads about product ideas: always with their producer and product."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import and_, col, func, or_, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Worded
from app.core.paging import Page, newest_first
from app.core.text import fold
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.ideas.enums import IdeaState
from app.domain.ideas.models import IdeaReview, ProductIdea
from app.domain.ideas.policy import sees_contact
from app.domain.ideas.rules import REGISTRATION
from app.domain.ideas.schemas import IdeaCount, IdeaDetailOut, IdeaOut, IdeaReviewOut
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product

MOST_WORK = 50
MOST_REVIEWS = 50
MOST_COUNTS = 1000

Ideas = Select[ProductIdea, Producer | None, Product | None]


@dataclass(frozen=True, slots=True)
class IdeaRow:
    """An idea with the producer that proposed or makes it, and the product it became."""

    idea: ProductIdea
    producer: Producer | None
    product: Product | None

    def out(self, actor: Actor) -> IdeaOut:
        """Return what the API answers this reader."""
        return IdeaOut.of(
            self.idea,
            producer_code=self.producer.code if self.producer else None,
            product_code=self.product.code if self.product else None,
            shows_contact=sees_contact(actor, self.idea),
        )


def ideas_visible_to(actor: Actor) -> Ideas:
    """Return the only base for lists and lookups of ideas."""
    query: Ideas = (
        select(ProductIdea, Producer, Product)
        .join(Producer, col(Producer.id) == col(ProductIdea.producer_id), isouter=True)
        .join(Product, col(Product.id) == col(ProductIdea.product_id), isouter=True)
    )
    condition = visible(
        actor, producer_id=col(ProductIdea.producer_id), commune_code=col(ProductIdea.commune_code)
    )
    return query if condition is None else query.where(condition)


def get_idea(session: ReadSession, code: str, *, actor: Actor) -> IdeaRow:
    """Return an idea this actor may see."""
    found = session.exec(ideas_visible_to(actor).where(col(ProductIdea.code) == code)).one_or_none()
    if found is None:
        raise NotFound
    return IdeaRow(*found)


def idea_for_update(session: WriteSession, code: str, *, actor: Actor) -> IdeaRow:
    """Return an idea this actor may see, locked until the transaction ends."""
    found = session.exec(
        ideas_visible_to(actor).where(col(ProductIdea.code) == code).with_for_update(of=ProductIdea)
    ).one_or_none()
    if found is None:
        raise NotFound
    return IdeaRow(*found)


def ideas_page(
    session: ReadSession,
    *,
    actor: Actor,
    search: str = "",
    state: IdeaState | None = None,
    commune_code: str = "",
    after: int = 0,
    limit: int = 20,
) -> Page[IdeaRow]:
    """Return ideas this actor may see, newest first; the search ignores accents and case."""
    query = ideas_visible_to(actor)
    for word in fold(search).split():
        query = query.where(col(ProductIdea.title_folded).contains(word, autoescape=True))
    if state is not None:
        query = query.where(col(ProductIdea.state) == state)
    if commune_code:
        query = query.where(col(ProductIdea.commune_code) == commune_code)
    return newest_first(session, query, ProductIdea, after=after, limit=limit).map(
        lambda row: IdeaRow(*row)
    )


def reviews_of(session: ReadSession, idea: ProductIdea) -> Sequence[IdeaReview]:
    """Return what the commune said, the first answer first."""
    return session.exec(
        select(IdeaReview)
        .where(col(IdeaReview.idea_id) == idea.id)
        .order_by(col(IdeaReview.id))
        .limit(MOST_REVIEWS)
    ).all()


def idea_detail(session: ReadSession, code: str, *, actor: Actor) -> IdeaDetailOut:
    """Return an idea with the commune's answers, as the API tells it."""
    row = get_idea(session, code, actor=actor)
    reviews = [IdeaReviewOut.of(review) for review in reviews_of(session, row.idea)]
    return IdeaDetailOut(**row.out(actor).model_dump(), reviews=reviews)


def idea_of_product(session: ReadSession, product: Product, *, actor: Actor) -> ProductIdea | None:
    """Return the idea a product came of, if it came of one this actor may see."""
    found = session.exec(
        ideas_visible_to(actor).where(col(ProductIdea.product_id) == product.id)
    ).one_or_none()
    return found[0] if found else None


def counts_by_commune(session: ReadSession, *, actor: Actor) -> list[IdeaCount]:
    """Return how many ideas each commune has in each state, of those this actor may see."""
    query = select(ProductIdea.commune_code, ProductIdea.state, func.count())
    condition = visible(
        actor, producer_id=col(ProductIdea.producer_id), commune_code=col(ProductIdea.commune_code)
    )
    if condition is not None:
        query = query.where(condition)
    rows = session.exec(
        query.group_by(col(ProductIdea.commune_code), col(ProductIdea.state))
        .order_by(col(ProductIdea.commune_code), col(ProductIdea.state))
        .limit(MOST_COUNTS)
    ).all()
    return [
        IdeaCount(commune_code=commune, state=state, count=count) for commune, state, count in rows
    ]


def work_for(session: ReadSession, actor: Actor, *, on: date) -> list[WorkItem]:  # noqa: ARG001 -- no limit of days runs here; every part is asked the same way
    """Return the ideas that wait for this person, longest waiting first, in one statement.

    The officer reviews what came in and betters what was given back to somebody without an account;
    a producer betters its own.
    """
    waits = []
    state = col(ProductIdea.state)
    if actor.producer_ids:
        own = col(ProductIdea.producer_id).in_(actor.producer_ids)
        waits.append(and_(own, state == IdeaState.RETURNED))
    officer_of = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER]
    if officer_of:
        here = col(ProductIdea.commune_code).in_(officer_of)
        waits.append(and_(here, state == IdeaState.SUBMITTED))
        helped = col(ProductIdea.registered_by_helper)
        waits.append(and_(here, state == IdeaState.RETURNED, helped))
    if not waits:
        return []
    ideas = session.exec(
        select(ProductIdea)
        .where(or_(*waits))
        .order_by(col(ProductIdea.submitted_at), col(ProductIdea.id))
        .limit(MOST_WORK)
    ).all()
    return [_work_item(idea) for idea in ideas]


def _work_item(idea: ProductIdea) -> WorkItem:
    waits = idea.state is IdeaState.SUBMITTED
    return WorkItem(
        kind="idea.review" if waits else "idea.returned",
        code=idea.code,
        title=Worded(
            "Xem xét ý tưởng: {title}" if waits else "Hoàn thiện ý tưởng: {title}", title=idea.title
        ),
        subtitle=f"{idea.proposer} · {idea.code}",
        due_on=None,
        overdue=False,
        basis=REGISTRATION,
        route_name="ideas.review" if waits else "ideas.edit",
    )
