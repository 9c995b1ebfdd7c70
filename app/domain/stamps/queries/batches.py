"""Batches this person may see, what may still be ordered, and how they are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import case, col, func, select
from sqlmodel.sql.expression import Select

from app.core.clock import local_day
from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.domain.accounts.rules import Actor
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import last_day_in_force
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import OutputDeclaration, StampBatch, StampWithdrawal
from app.domain.stamps.queries.rolls import batch_counts
from app.domain.stamps.rules import Balance, balance_of
from app.domain.stamps.schemas import BalanceOut, BatchDetailOut, BatchOut

Batches = Select[StampBatch, Certificate, Product, Producer]
MOST_DECLARATIONS = 200
# Until they are signed, the stamps that were asked for or agreed to; from then on those that exist.
_TO_COME = (BatchState.ORDERED, BatchState.APPROVED, BatchState.ISSUING)


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch with what it is for."""

    batch: StampBatch
    certificate: Certificate
    product: Product
    producer: Producer


def batches_visible_to(actor: Actor) -> Batches:
    """Return the only base for batches: one's own, one's commune's, or the province's."""
    query = (
        select(StampBatch, Certificate, Product, Producer)
        .join(Certificate, col(Certificate.id) == col(StampBatch.certificate_id))
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(StampBatch.producer_id))
    )
    condition = visible(
        actor, producer_id=col(StampBatch.producer_id), commune_code=col(Product.commune_code)
    )
    return query if condition is None else query.where(condition)


def get_batch(session: ReadSession, code: str, *, actor: Actor) -> BatchRow:
    """Return a batch this actor may see."""
    found = session.exec(
        batches_visible_to(actor).where(col(StampBatch.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return BatchRow(*found)


def batch_for_update(session: WriteSession, code: str, *, actor: Actor) -> BatchRow:
    """Return a batch, locked until the transaction ends."""
    found = session.exec(
        batches_visible_to(actor)
        .where(col(StampBatch.code) == code)
        .with_for_update(of=StampBatch)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    return BatchRow(*found)


def batches_page(
    session: ReadSession,
    *,
    actor: Actor,
    certificate_id: int | None = None,
    after: int = 0,
    limit: int = 20,
) -> Page[BatchRow]:
    """Return batches this actor may see, newest first."""
    query = batches_visible_to(actor)
    if certificate_id is not None:
        query = query.where(col(StampBatch.certificate_id) == certificate_id)
    return newest_first(session, query, StampBatch, after=after, limit=limit).map(
        lambda row: BatchRow(*row)
    )


def declarations(session: ReadSession, certificate: Certificate) -> Sequence[OutputDeclaration]:
    """Return what was declared of the output of a certified product, oldest first."""
    return session.exec(
        select(OutputDeclaration)
        .where(col(OutputDeclaration.certificate_id) == certificate.id)
        .order_by(col(OutputDeclaration.id))
        .limit(MOST_DECLARATIONS)
    ).all()


def last_declaration(session: ReadSession, certificate: Certificate) -> OutputDeclaration | None:
    """Return what was declared last, None when nothing was."""
    return session.exec(
        select(OutputDeclaration)
        .where(col(OutputDeclaration.certificate_id) == certificate.id)
        .order_by(col(OutputDeclaration.id).desc())
        .limit(1)
    ).one_or_none()


def balance(
    session: ReadSession, certificate: Certificate, *, on: date, without: StampBatch | None = None
) -> Balance:
    """Return what may still be ordered for a certificate, a batch of it left out of the reckoning."""
    count = func.coalesce(col(StampBatch.approved_count), col(StampBatch.quantity))
    orders = select(
        func.coalesce(
            func.sum(
                case(
                    (col(StampBatch.state).in_(_TO_COME), count),
                    else_=col(StampBatch.issued_count),
                )
            ),
            0,
        )
    ).where(
        col(StampBatch.certificate_id) == certificate.id,
        col(StampBatch.state) != BatchState.REFUSED,
    )
    withdrawn = (
        select(func.coalesce(func.sum(col(StampWithdrawal.stamps)), 0))
        .join(StampBatch, col(StampBatch.id) == col(StampWithdrawal.batch_id))
        .where(col(StampBatch.certificate_id) == certificate.id)
    )
    if without is not None:
        orders = orders.where(col(StampBatch.id) != without.id)
        withdrawn = withdrawn.where(col(StampBatch.id) != without.id)
    earlier = int(session.exec(orders).one()) - int(session.exec(withdrawn).one())
    return balance_of(
        [
            (local_day(one.declared_at), one.packs_a_year)
            for one in declarations(session, certificate)
        ],
        earlier=earlier,
        on=on,
        last_day=last_day_in_force(certificate),
    )


def balance_out(found: Balance) -> BalanceOut:
    """Return a balance as the JSON door tells it, and as an order keeps it."""
    return BalanceOut(
        packs_a_year=found.packs_a_year,
        counted_until=found.counted_until,
        most=found.most,
        earlier=found.earlier,
        left=found.left,
    )


def batch_out(row: BatchRow) -> BatchOut:
    """Return a batch as the JSON door tells it."""
    told = {"certificate", "product", "producer", "star"}
    return BatchOut(
        **row.batch.model_dump(include=set(BatchOut.model_fields) - told),
        certificate=row.certificate.code,
        product=row.product.name,
        producer=row.producer.name,
        star=row.certificate.star,
    )


def batch_detail_out(session: ReadSession, row: BatchRow) -> BatchDetailOut:
    """Return a batch with its counts as the JSON door tells it."""
    return BatchDetailOut(**batch_out(row).model_dump(), counts=batch_counts(session, row.batch))
