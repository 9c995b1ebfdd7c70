"""Reads of stamps: batches, their counts, the stamps to print, the published keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import and_, col, func, or_, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Worded
from app.core.paging import Page, page_of
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.stamps.enums import BatchState, StampState
from app.domain.stamps.models import SigningRecord, Stamp, StampBatch, StampKey
from app.domain.stamps.policy import CUSTODY_BASIS
from app.domain.stamps.rules import (
    Token,
    decode_header,
    format_serial,
    serial_of,
    stamp_url,
    token_digits,
)
from app.domain.stamps.schemas import (
    BatchCounts,
    BatchDetailOut,
    BatchOut,
    Jwk,
    Jwks,
    StampOut,
)

Batches = Select[StampBatch, Certificate, Product, Producer]
MOST_WORK = 20
MOST_KEYS = 256
_NEXT_STEP = {
    BatchState.ORDERED: "Duyệt đơn đặt tem: {product}",
    BatchState.APPROVED: "Phát hành tem: {product}",
    BatchState.ISSUED: "In và giao tem: {product}",
    BatchState.DELIVERED: "Xác nhận đã nhận tem: {product}",
}


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


def stamps_out(
    session: ReadSession, batch: StampBatch, *, host: str, after: int = 0, limit: int = 20
) -> Page[StampOut]:
    """Return the stamps of a batch as a print house needs them, in the order of the roll.

    Void stamps are left out: what was withdrawn is not printed again.
    """
    rows = session.exec(
        select(Stamp)
        .where(
            col(Stamp.batch_id) == batch.id,
            col(Stamp.position) > after,
            col(Stamp.state) != StampState.VOID,
        )
        .order_by(col(Stamp.position))
        .limit(limit + 1)
    ).all()
    return page_of(rows, limit=limit, key=lambda stamp: stamp.position).map(
        lambda stamp: stamp_out(stamp, host=host)
    )


def stamp_out(stamp: Stamp, *, host: str) -> StampOut:
    """Return one stamp with the link of its code and the serial beneath it."""
    header = decode_header(stamp.header)
    return StampOut(
        position=stamp.position,
        serial=format_serial(serial_of(header)),
        url=stamp_url(host, token_digits(Token(header, stamp.signature))),
    )


def work_for(session: ReadSession, actor: Actor, *, on: date) -> list[WorkItem]:  # noqa: ARG001 -- no limit of days runs here; every part is asked the same way
    """Return the batches that wait for this person, oldest first, in one statement.

    The head approves, officers issue and deliver, the producer's side confirms receipt.
    """
    waits = _waiting_for(actor)
    if not waits:
        return []
    rows = session.exec(
        select(StampBatch, Product, Producer)
        .join(Certificate, col(Certificate.id) == col(StampBatch.certificate_id))
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(StampBatch.producer_id))
        .where(or_(*waits))
        .order_by(col(StampBatch.id))
        .limit(MOST_WORK)
    ).all()
    return [
        WorkItem(
            kind=f"batch.{batch.state.value}",
            code=batch.code,
            title=Worded(_NEXT_STEP[batch.state], product=product.name),
            subtitle=Worded(
                "{count} tem · {producer} · {code}",
                count=batch.quantity,
                producer=producer.name,
                code=batch.code,
            ),
            due_on=None,
            overdue=False,
            basis=CUSTODY_BASIS,
            route_name="batches.show",
        )
        for batch, product, producer in rows
    ]


def _waiting_for(actor: Actor) -> list[Any]:
    state = col(StampBatch.state)
    waits: list[Any] = []
    if actor.has(Role.AGENCY_HEAD):
        waits.append(state == BatchState.ORDERED)
    if actor.has(Role.AGENCY_OFFICER):
        waits.append(state.in_([BatchState.APPROVED, BatchState.ISSUED]))
    if actor.producer_ids:
        waits.append(
            and_(
                state == BatchState.DELIVERED,
                col(StampBatch.producer_id).in_(actor.producer_ids),
            )
        )
    officer_of = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER]
    if officer_of:
        waits.append(and_(state == BatchState.DELIVERED, col(Product.commune_code).in_(officer_of)))
    return waits


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
