"""Decisions: their products, what may go into one, and how it was judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import and_, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, page_of
from app.domain.accounts.rules import Actor
from app.domain.councils.models import Result
from app.domain.dossiers.models import Dossier
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.domain.recognition.enums import DecisionKind, DecisionState
from app.domain.recognition.models import Certificate, DecisionItem, RecognitionDecision
from app.domain.recognition.queries.centre import Candidate, candidates
from app.domain.recognition.schemas import (
    MOST_DOSSIERS,
    DecisionDetailOut,
    DecisionItemOut,
    DecisionOut,
)


@dataclass(frozen=True, slots=True)
class DecidedProduct:
    """One product of a decision, with its certificate once the decision is signed."""

    item: DecisionItem
    dossier: Dossier
    product: Product
    producer: Producer
    result: Result | None
    certificate: Certificate | None


def decisions_visible_to(actor: Actor) -> SelectOfScalar[RecognitionDecision]:
    """Return the only base for decisions: signed ones are public, drafts stay in the province."""
    query = select(RecognitionDecision)
    if actor.sees_province:
        return query
    return query.where(col(RecognitionDecision.state) == DecisionState.SIGNED)


def get_decision(session: ReadSession, code: str, *, actor: Actor) -> RecognitionDecision:
    """Return a decision this actor may see."""
    found = session.exec(
        decisions_visible_to(actor).where(col(RecognitionDecision.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def decision_for_update(session: WriteSession, code: str, *, actor: Actor) -> RecognitionDecision:
    """Return a decision, locked until the transaction ends."""
    found = session.exec(
        decisions_visible_to(actor).where(col(RecognitionDecision.code) == code).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def decisions_page(
    session: ReadSession, *, actor: Actor, after: int = 0, limit: int = 20
) -> Page[tuple[RecognitionDecision, int]]:
    """Return decisions, newest first, each with its number of products."""
    query = decisions_visible_to(actor)
    if after:
        query = query.where(col(RecognitionDecision.id) < after)
    rows = session.exec(query.order_by(col(RecognitionDecision.id).desc()).limit(limit + 1)).all()
    counts = dict(
        session.exec(
            select(DecisionItem.decision_id, func.count())
            .where(col(DecisionItem.decision_id).in_([row.id for row in rows]))
            .group_by(col(DecisionItem.decision_id))
        ).all()
    )
    return page_of(
        [(row, counts.get(row.id or 0, 0)) for row in rows],
        limit=limit,
        key=lambda pair: pair[0].id or 0,
    )


def decided_products(
    session: ReadSession, decision: RecognitionDecision
) -> Sequence[DecidedProduct]:
    """Return the products of a decision in its order."""
    rows = session.exec(
        select(DecisionItem, Dossier, Product, Producer)
        .join(Dossier, col(Dossier.id) == col(DecisionItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .where(col(DecisionItem.decision_id) == decision.id)
        .order_by(col(DecisionItem.position))
        .limit(MOST_DOSSIERS)
    ).all()
    papers = {
        dossier_id: (result, certificate)
        for dossier_id, result, certificate in session.exec(
            select(DecisionItem.dossier_id, Result, Certificate)
            .join(Result, col(Result.dossier_id) == col(DecisionItem.dossier_id), isouter=True)
            .join(
                Certificate,
                and_(
                    col(Certificate.dossier_id) == col(DecisionItem.dossier_id),
                    col(Certificate.decision_id) == col(DecisionItem.decision_id),
                ),
                isouter=True,
            )
            .where(col(DecisionItem.decision_id) == decision.id)
        )
    }
    return [
        DecidedProduct(item, dossier, product, producer, *papers[item.dossier_id])
        for item, dossier, product, producer in rows
    ]


def recognisable(
    session: ReadSession,
    *,
    actor: Actor,
    kind: DecisionKind = DecisionKind.RECOGNITION,
    decision: RecognitionDecision | None = None,
) -> Sequence[Candidate]:
    """Return the results a decision of this kind may take, in no other of its kind yet.

    A recognition takes three and four stars, of the council or after the ministry's answer; an
    approval what goes on to the ministry (26/2026/QĐ-TTg art. 7.3.e, 7.4.g).
    """
    return [one for one in candidates(session, actor=actor, but=decision) if one.kind is kind]


def decision_out(decision: RecognitionDecision, products: int) -> DecisionOut:
    """Return a decision as the JSON door tells it."""
    return DecisionOut(
        **decision.model_dump(
            include=set(DecisionOut.model_fields) - {"products"},
        ),
        products=products,
    )


def decision_detail_out(session: ReadSession, decision: RecognitionDecision) -> DecisionDetailOut:
    """Return a decision with its products as the JSON door tells it."""
    rows = decided_products(session, decision)
    return DecisionDetailOut(
        **decision_out(decision, len(rows)).model_dump(),
        items=[
            DecisionItemOut(
                dossier=row.dossier.code,
                product=row.product.name,
                producer=row.producer.name,
                star=row.item.star,
                average=row.result.average_text if row.result else "",
                certificate=row.certificate.code if row.certificate else None,
                product_code=row.certificate.product_code if row.certificate else None,
            )
            for row in rows
        ],
    )
