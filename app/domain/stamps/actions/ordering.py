"""Orders: asked for by the producer's side within its balance, agreed to or refused by the head."""

from datetime import datetime

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Invalid, Refused, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.places.rules import PROVINCES
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import certificate_for_update
from app.domain.stamps.actions.moving import move
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import OutputDeclaration, StampBatch
from app.domain.stamps.policy import (
    CUSTODY_BASIS,
    why_not_approve,
    why_not_order,
    why_not_refuse,
)
from app.domain.stamps.queries import (
    balance,
    balance_out,
    batch_for_update,
    last_declaration,
)
from app.domain.stamps.rules import Balance
from app.domain.stamps.schemas import ApproveBatch, OrderBatch, RefuseBatch


class OverBalance(Refused):
    """More stamps than packs are made until the day up to which they are counted."""

    code = "batch.over_balance"
    message = (
        "Chỉ còn đặt được {left} tem: sản lượng khai {packs} bao gói một năm, tính đến {until} được "
        "{most} tem, đã đặt {earlier} tem."
    )
    basis = CUSTODY_BASIS


def order_batch(
    session: WriteSession, data: OrderBatch, *, actor: Actor, at: datetime
) -> StampBatch:
    """Ask for stamps for one certificate in force, within what its declared output allows.

    A figure of output that differs from the last one is kept as a new declaration. The certificate is
    locked, so that orders at the same time never exceed the balance together. Records output.declared
    and batch.ordered.
    """
    day = local_day(at)
    found = certificate_for_update(session, data.certificate, actor=actor, on=day)
    certificate, product = found.certificate, found.product
    if refusal := why_not_order(actor, certificate, product, day):
        raise refusal
    if not set(data.markets) <= PROVINCES.keys():
        raise Invalid({"markets": "Không có tỉnh mang mã này."})
    by_helper = not actor.acts_for(certificate.producer_id)
    _declare(session, certificate, data.packs_a_year, actor=actor, at=at, by_helper=by_helper)
    now = balance(session, certificate, on=day)
    _check(now, data.quantity)
    batch = StampBatch(
        code=new_code("LT"),
        state=BatchState.ORDERED,
        certificate_id=certificate.id or 0,
        producer_id=certificate.producer_id,
        quantity=data.quantity,
        purpose=data.purpose,
        markets=sorted(set(data.markets)),
        with_pin=data.with_pin,
        roll_size=min(data.roll_size, max(data.quantity, 1)),
        balance=balance_out(now).model_dump(mode="json"),
        ordered_at=at,
        ordered_by_helper=by_helper,
    )
    session.add(batch)
    record(
        session,
        "batch.ordered",
        subject=batch,
        actor=actor,
        at=at,
        certificate=certificate.code,
        quantity=batch.quantity,
        purpose=batch.purpose,
        balance=batch.balance,
        on_behalf=batch.ordered_by_helper,
    )
    return batch


def approve_batch(
    session: WriteSession, code: str, data: ApproveBatch, *, actor: Actor, at: datetime
) -> StampBatch:
    """Agree to the ordered quantity or to less; records batch.approved.

    The balance is looked at once more: the output may have been declared lower since.
    """
    row = batch_for_update(session, code, actor=actor)
    batch, day = row.batch, local_day(at)
    if refusal := why_not_approve(actor, batch, row.certificate, day):
        raise refusal
    check_version(data.version, batch.version)
    count = batch.quantity if data.count is None else data.count
    if count > batch.quantity:
        raise Invalid({"count": "Không duyệt nhiều hơn số đã đặt."})
    certificate_for_update(session, row.certificate.code, actor=actor, on=day)
    _check(balance(session, row.certificate, on=day, without=batch), count)
    batch.approved_at = at
    batch.approved_by = actor.name
    batch.approved_count = count
    batch.roll_size = min(batch.roll_size, count)
    move(session, batch, BatchState.APPROVED, "batch.approved", actor=actor, at=at, count=count)
    return batch


def refuse_batch(
    session: WriteSession, code: str, data: RefuseBatch, *, actor: Actor, at: datetime
) -> StampBatch:
    """Refuse an order with a reason; its stamps may be ordered again. Records batch.refused."""
    batch = batch_for_update(session, code, actor=actor).batch
    if refusal := why_not_refuse(actor, batch):
        raise refusal
    check_version(data.version, batch.version)
    batch.refusal_reason = data.reason
    move(
        session, batch, BatchState.REFUSED, "batch.refused", actor=actor, at=at, reason=data.reason
    )
    return batch


def _declare(
    session: WriteSession,
    certificate: Certificate,
    packs_a_year: int | None,
    *,
    actor: Actor,
    at: datetime,
    by_helper: bool,
) -> None:
    """Keep a figure of output that is new; without any, nothing can be ordered."""
    last = last_declaration(session, certificate)
    if packs_a_year is None:
        if last is None:
            raise Invalid({"packs_a_year": "Hãy ghi sản lượng một năm, tính bằng bao gói."})
        return
    if last is not None and last.packs_a_year == packs_a_year:
        return
    session.add(
        OutputDeclaration(
            certificate_id=certificate.id or 0,
            packs_a_year=packs_a_year,
            declared_at=at,
            declared_by=actor.name,
            by_helper=by_helper,
        )
    )
    session.flush()
    record(
        session,
        "output.declared",
        subject=certificate,
        actor=actor,
        at=at,
        packs_a_year=packs_a_year,
        before=last.packs_a_year if last else None,
        on_behalf=by_helper,
    )


def _check(now: Balance, wanted: int) -> None:
    if wanted > now.left:
        raise OverBalance(
            left=now.left,
            packs=now.packs_a_year,
            until=f"{now.counted_until:%d/%m/%Y}",
            most=now.most,
            earlier=now.earlier,
        )
