"""Reads of stamps: batches, their counts, the stamps to print, the published keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, or_, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, page_of
from app.domain.accounts.rules import Actor
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.stamps.enums import StampState
from app.domain.stamps.models import SigningRecord, Stamp, StampBatch, StampKey
from app.domain.stamps.schemas import BatchCounts, BatchDetailOut, BatchOut, Jwk, Jwks

Batches = Select[StampBatch, Certificate, Product, Producer]
PRINT_CHUNK = 500
MOST_KEYS = 256


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
    if after:
        query = query.where(col(StampBatch.id) < after)
    rows = session.exec(query.order_by(col(StampBatch.id).desc()).limit(limit + 1)).all()
    return page_of([BatchRow(*row) for row in rows], limit=limit, key=lambda row: row.batch.id or 0)


def batch_counts(session: ReadSession, batch: StampBatch) -> BatchCounts:
    """Return where the stamps of a batch are; the parts always add up to what was issued."""
    by_state = dict(
        session.exec(
            select(Stamp.state, func.count())
            .where(col(Stamp.batch_id) == batch.id)
            .group_by(col(Stamp.state))
        ).all()
    )
    return BatchCounts(
        issued=sum(by_state.values()),
        in_hand=by_state.get(StampState.ISSUED, 0),
        activated=by_state.get(StampState.ACTIVATED, 0),
        suspended=by_state.get(StampState.SUSPENDED, 0),
        void=by_state.get(StampState.VOID, 0),
    )


def printed_stamps(
    session: ReadSession, batch: StampBatch, *, after: int = 0, limit: int = PRINT_CHUNK
) -> Sequence[Stamp]:
    """Return the stamps of a batch in the order of printing, after a position; void ones too."""
    return session.exec(
        select(Stamp)
        .where(col(Stamp.batch_id) == batch.id, col(Stamp.position) > after)
        .order_by(col(Stamp.position))
        .limit(limit)
    ).all()


def stamps_to_print(session: ReadSession, batch: StampBatch) -> Iterator[Stamp]:
    """Go through all stamps of a batch that may be printed, a chunk in memory at a time."""
    after = 0
    while chunk := printed_stamps(session, batch, after=after):
        after = chunk[-1].position
        yield from (stamp for stamp in chunk if stamp.state is not StampState.VOID)


def find_signing_key(session: ReadSession, *, at: datetime) -> StampKey | None:
    """Return the newest key that may sign at this moment."""
    return session.exec(
        select(StampKey)
        .where(
            col(StampKey.signs_from) <= at,
            or_(col(StampKey.retired_at).is_(None), col(StampKey.retired_at) > at),
        )
        .order_by(col(StampKey.signs_from).desc(), col(StampKey.kid).desc())
        .limit(1)
    ).one_or_none()


def published_keys(session: ReadSession) -> Sequence[StampKey]:
    """Return every public key: retired ones too, their stamps stay on the packs."""
    return session.exec(select(StampKey).order_by(col(StampKey.kid)).limit(MOST_KEYS)).all()


def jwks(session: ReadSession) -> Jwks:
    """Return the published keys with the index ranges each has signed."""
    ranges: dict[int, list[tuple[int, int]]] = {}
    for signed in session.exec(
        select(SigningRecord).order_by(col(SigningRecord.kid), col(SigningRecord.first_index))
    ):
        _join(ranges.setdefault(signed.kid, []), signed.first_index, signed.last_index)
    return Jwks(
        keys=[
            Jwk(
                **{name: str(value) for name, value in key.jwk.items() if name in Jwk.model_fields},
                nbf=int(key.signs_from.timestamp()),
                index_ranges=ranges.get(key.kid, []),
            )
            for key in published_keys(session)
        ]
    )


def _join(ranges: list[tuple[int, int]], first: int, last: int) -> None:
    """Add a range, joined with the one before it when they touch: batches stay unseen."""
    if ranges and first <= ranges[-1][1] + 1:
        ranges[-1] = (ranges[-1][0], max(last, ranges[-1][1]))
    else:
        ranges.append((first, last))


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
