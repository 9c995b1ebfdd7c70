"""Decisions: their products, what may go into one, and how it was judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import and_, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.domain.accounts.rules import Actor
from app.domain.councils.models import Result
from app.domain.dossiers.models import Dossier
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.domain.recognition.enums import DecisionKind, DecisionState
from app.domain.recognition.models import (
    CentreSubmission,
    Certificate,
    CertificateItem,
    DecisionItem,
    RecognitionDecision,
)
from app.domain.recognition.queries.centre import Candidate, candidates
from app.domain.recognition.queries.decided_certificates import decided_certificates
from app.domain.recognition.rules import ON_CERTIFICATES
from app.domain.recognition.schemas import (
    MOST_DOSSIERS,
    DecidedCertificateOut,
    DecisionDetailOut,
    DecisionItemOut,
    DecisionOut,
    PublishedDecisionDetailOut,
    PublishedDecisionOut,
    PublishedItemOut,
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

    @property
    def product_name(self) -> str:
        """The product's name as it was signed; of a draft, as it is."""
        return self.item.product_name or self.product.name

    @property
    def producer_name(self) -> str:
        """The producer's name as it was signed; of a draft, as it is."""
        return self.item.producer_name or self.producer.name

    @property
    def producer_address(self) -> str:
        """The producer's address as it was signed; of a draft, as it is."""
        return self.item.producer_address or self.producer.address


@dataclass(frozen=True, slots=True)
class ScanKept:
    """The scan of a signed paper, as a row names it."""

    sha256: str
    media_type: str
    file_name: str


def decisions_visible_to(actor: Actor) -> SelectOfScalar[RecognitionDecision]:
    """Return the only base for decisions at work: drafts stay in the province."""
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


def published_decisions() -> SelectOfScalar[RecognitionDecision]:
    """Return the only base for decisions that anybody may read."""
    return select(RecognitionDecision).where(col(RecognitionDecision.published_at).is_not(None))


def get_published_decision(session: ReadSession, code: str) -> RecognitionDecision:
    """Return a published decision; anything else is not there."""
    found = session.exec(
        published_decisions().where(col(RecognitionDecision.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def decision_scan(decision: RecognitionDecision) -> ScanKept:
    """Return the scan of a decision as a kept file; NotFound when it has none."""
    if decision.scan_sha256 is None:
        raise NotFound
    return ScanKept(decision.scan_sha256, decision.scan_media_type, decision.scan_name)


def answer_scan(submission: CentreSubmission) -> ScanKept:
    """Return the scan of the ministry's answer as a kept file; NotFound when it has none."""
    if submission.scan_sha256 is None:
        raise NotFound
    return ScanKept(submission.scan_sha256, submission.scan_media_type, submission.scan_name)


def published_scan(session: ReadSession, code: str) -> ScanKept:
    """Return the scan of a published decision."""
    return decision_scan(get_published_decision(session, code))


def decisions_page(
    session: ReadSession,
    *,
    actor: Actor,
    kind: DecisionKind | None = None,
    after: int = 0,
    limit: int = 20,
) -> Page[tuple[RecognitionDecision, int]]:
    """Return decisions of one kind or all, newest first, each with its number of products."""
    return _counted(session, decisions_visible_to(actor), kind=kind, after=after, limit=limit)


def published_decisions_page(
    session: ReadSession, *, kind: DecisionKind | None = None, after: int = 0, limit: int = 20
) -> Page[tuple[RecognitionDecision, int]]:
    """Return published decisions, newest first, each with its number of products."""
    return _counted(session, published_decisions(), kind=kind, after=after, limit=limit)


def _counted(
    session: ReadSession,
    query: SelectOfScalar[RecognitionDecision],
    *,
    kind: DecisionKind | None,
    after: int,
    limit: int,
) -> Page[tuple[RecognitionDecision, int]]:
    if kind is not None:
        query = query.where(col(RecognitionDecision.kind) == kind)
    page = newest_first(session, query, RecognitionDecision, after=after, limit=limit)
    ids = [row.id for row in page.items]
    counts: dict[int, int] = {}
    for column in (DecisionItem.decision_id, CertificateItem.decision_id):
        counts |= dict(
            session.exec(
                select(column, func.count()).where(col(column).in_(ids)).group_by(col(column))
            ).all()
        )
    return page.map(lambda row: (row, counts.get(row.id or 0, 0)))


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
        **decision.model_dump(include=set(DecisionOut.model_fields) - {"products", "has_scan"}),
        has_scan=decision.scan_sha256 is not None,
        products=products,
    )


def decision_detail_out(session: ReadSession, decision: RecognitionDecision) -> DecisionDetailOut:
    """Return a decision with its products or certificates as the JSON door tells it."""
    items, certificates = _lines_out(session, decision)
    return DecisionDetailOut(
        **decision_out(decision, len(items) + len(certificates)).model_dump(),
        items=items,
        certificates=certificates,
    )


def published_decision_out(decision: RecognitionDecision, products: int) -> PublishedDecisionOut:
    """Return a published decision as anybody may read it."""
    return PublishedDecisionOut(
        **decision.model_dump(include=set(PublishedDecisionOut.model_fields) - {"products"}),
        products=products,
    )


def published_decision_detail_out(
    session: ReadSession, decision: RecognitionDecision
) -> PublishedDecisionDetailOut:
    """Return a published decision with what it is about; dossiers and cases are left out."""
    items, certificates = _lines_out(session, decision)
    return PublishedDecisionDetailOut(
        **published_decision_out(decision, len(items) + len(certificates)).model_dump(),
        scan_sha256=decision_scan(decision).sha256,
        items=[PublishedItemOut(**one.model_dump(exclude={"dossier", "average"})) for one in items],
        certificates=[one.model_copy(update={"case": None}) for one in certificates],
    )


def _lines_out(
    session: ReadSession, decision: RecognitionDecision
) -> tuple[list[DecisionItemOut], list[DecidedCertificateOut]]:
    if decision.kind in ON_CERTIFICATES:
        return [], [row.out() for row in decided_certificates(session, decision)]
    return [
        DecisionItemOut(
            dossier=row.dossier.code,
            product=row.product_name,
            producer=row.producer_name,
            star=row.item.star,
            average=row.result.average_text if row.result else "",
            certificate=row.certificate.code if row.certificate else None,
            product_code=row.certificate.product_code if row.certificate else None,
        )
        for row in decided_products(session, decision)
    ], []
