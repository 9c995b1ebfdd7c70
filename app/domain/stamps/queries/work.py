"""Batches, rolls and withdrawn stamps that wait for somebody."""

from datetime import date
from typing import Any

from sqlmodel import and_, col, func, or_, select

from app.core.db import ReadSession
from app.core.errors import Worded
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.stamps.enums import BatchState, RollState, WithdrawalKind
from app.domain.stamps.models import StampBatch, StampRoll, StampWithdrawal
from app.domain.stamps.policy import CUSTODY_BASIS, WITHDRAWABLE

MOST_WORK = 20
_NEXT_STEP = {
    "ordered": "Duyệt đơn đặt tem: {product}",
    "approved": "Bắt đầu ký tem: {product}",
    "issuing": "Việc ký tem đang dừng: {product}",
    "issued": "Giao tem cho nơi in: {product}",
    "printed": "Giao tem cho chủ thể: {product}",
    "delivered": "Xác nhận đã nhận tem: {product}",
}
_PAGES = {
    "issued": "batches.printings",
    "printed": "batches.deliveries",
    "delivered": "batches.deliveries",
}
_EARLY = (BatchState.ORDERED, BatchState.APPROVED, BatchState.ISSUING)


def work_for(session: ReadSession, actor: Actor, *, on: date) -> list[WorkItem]:  # noqa: ARG001 -- no limit of days runs here; every part is asked the same way
    """Return what waits for this person, oldest first: batches, their rolls, withdrawn stamps.

    The head approves; officers start the issue, print, deliver and destroy; the producer's side
    confirms receipt. One statement, and one more for the agency's officers.
    """
    found = _batches(session, actor)
    if actor.has(Role.AGENCY_OFFICER) and (waiting := _to_destroy(session)):
        found.append(waiting)
    return found


def _batches(session: ReadSession, actor: Actor) -> list[WorkItem]:
    to_print = _some(RollState.IN_STORE, col(StampRoll.printing_id).is_(None))
    to_deliver = _some(RollState.IN_STORE, col(StampRoll.printing_id).is_not(None))
    to_activate = _some(RollState.DELIVERED)
    officer = actor.has(Role.AGENCY_OFFICER)
    waits = _waiting_for(actor, or_(to_print, to_deliver), to_activate)
    if not waits:
        return []
    rows = session.execute(
        select(  # type: ignore[call-overload]  # -- SQLModel's types end at four columns
            StampBatch, Product, Producer, to_print, to_deliver
        )
        .join(Certificate, col(Certificate.id) == col(StampBatch.certificate_id))
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(StampBatch.producer_id))
        .where(or_(*waits))
        .order_by(col(StampBatch.id))
        .limit(MOST_WORK)
    )
    items = []
    for batch, product, producer, unprinted, printed in rows:
        if batch.state in _EARLY:
            kind = batch.state.value
        elif officer and (unprinted or printed):
            kind = "printed" if printed else "issued"
        else:
            kind = "delivered"
        items.append(
            WorkItem(
                kind=f"batch.{kind}",
                code=batch.code,
                title=Worded(_NEXT_STEP[kind], product=product.name),
                subtitle=Worded(
                    "{count} tem · {producer} · {code}",
                    count=batch.count,
                    producer=producer.name,
                    code=batch.code,
                ),
                due_on=None,
                overdue=False,
                basis=CUSTODY_BASIS,
                route_name=_PAGES.get(kind, "batches.show"),
            )
        )
    return items


def _some(state: RollState, *more: Any) -> Any:
    """Return whether a batch has rolls in a state."""
    return (
        select(StampRoll.id)
        .where(col(StampRoll.batch_id) == col(StampBatch.id), col(StampRoll.state) == state, *more)
        .exists()
    )


def _waiting_for(actor: Actor, in_store: Any, to_activate: Any) -> list[Any]:
    state = col(StampBatch.state)
    waits: list[Any] = []
    if actor.has(Role.AGENCY_HEAD):
        waits.append(state == BatchState.ORDERED)
    if actor.has(Role.AGENCY_OFFICER):
        waits.append(state == BatchState.APPROVED)
        waits.append(and_(state == BatchState.ISSUING, col(StampBatch.halt_reason) != ""))
        waits.append(and_(state.in_(WITHDRAWABLE), in_store))
    handed = and_(state.in_([BatchState.DELIVERED, BatchState.IN_USE]), to_activate)
    if actor.producer_ids:
        waits.append(and_(handed, col(StampBatch.producer_id).in_(actor.producer_ids)))
    officer_of = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER]
    if officer_of:
        waits.append(and_(handed, col(Product.commune_code).in_(officer_of)))
    return waits


def _to_destroy(session: ReadSession) -> WorkItem | None:
    times, stamps = session.exec(
        select(func.count(), func.coalesce(func.sum(col(StampWithdrawal.stamps)), 0)).where(
            col(StampWithdrawal.destruction_id).is_(None),
            col(StampWithdrawal.kind) != WithdrawalKind.LOST,
        )
    ).one()
    if not times:
        return None
    return WorkItem(
        kind="withdrawal.waiting",
        code="",
        title=Worded("Tiêu hủy tem đã rút"),
        subtitle=Worded("{count} tem, {times} lần rút", count=stamps, times=times),
        due_on=None,
        overdue=False,
        basis=CUSTODY_BASIS,
        route_name="destructions.list",
    )
