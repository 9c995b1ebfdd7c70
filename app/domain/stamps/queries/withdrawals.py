"""What was withdrawn, what of it waits to be destroyed, and the days on which it was."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.stamps.enums import WithdrawalKind
from app.domain.stamps.models import StampBatch, StampDestruction, StampWithdrawal
from app.domain.stamps.schemas import DestructionOut, WithdrawalOut

MOST_AT_ONCE = 200  # withdrawals that one record of destruction may name
Withdrawn = Select[StampWithdrawal, str | None, str, str]


def _withdrawals() -> Withdrawn:
    return (
        select(StampWithdrawal, StampDestruction.code, StampBatch.code, Product.name)
        .join(StampBatch, col(StampBatch.id) == col(StampWithdrawal.batch_id))
        .join(Certificate, col(Certificate.id) == col(StampBatch.certificate_id))
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .outerjoin(
            StampDestruction, col(StampDestruction.id) == col(StampWithdrawal.destruction_id)
        )
    )


def _page(session: ReadSession, query: Withdrawn, *, after: int, limit: int) -> Page[WithdrawalOut]:
    return newest_first(session, query, StampWithdrawal, after=after, limit=limit).map(_told)


def _told(row: tuple[StampWithdrawal, str | None, str, str]) -> WithdrawalOut:
    withdrawal, destruction, batch, product = row
    return WithdrawalOut(
        **withdrawal.model_dump(include=set(WithdrawalOut.model_fields)),
        batch=batch,
        product=product,
        destruction=destruction,
    )


def withdrawals_page(
    session: ReadSession, batch: StampBatch, *, after: int = 0, limit: int = 20
) -> Page[WithdrawalOut]:
    """Return what was withdrawn of a batch, newest first, with the destruction of each."""
    query = _withdrawals().where(col(StampWithdrawal.batch_id) == batch.id)
    return _page(session, query, after=after, limit=limit)


def withdrawals_to_destroy(
    session: ReadSession, *, after: int = 0, limit: int = 50
) -> Page[WithdrawalOut]:
    """Return what was withdrawn, of whatever batch, and is not destroyed; what is lost is not here."""
    query = _withdrawals().where(
        col(StampWithdrawal.destruction_id).is_(None),
        col(StampWithdrawal.kind) != WithdrawalKind.LOST,
    )
    return _page(session, query, after=after, limit=limit)


def destructions_page(
    session: ReadSession, *, after: int = 0, limit: int = 20
) -> Page[StampDestruction]:
    """Return the records of destruction, newest first."""
    query = select(StampDestruction)
    return newest_first(session, query, StampDestruction, after=after, limit=limit)


def get_destruction(session: ReadSession, code: str) -> StampDestruction:
    """Return a record of destruction."""
    found = session.exec(
        select(StampDestruction).where(col(StampDestruction.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def destroyed_by(session: ReadSession, destruction: StampDestruction) -> Sequence[WithdrawalOut]:
    """Return the withdrawals whose stamps were destroyed then, oldest first."""
    rows = session.exec(
        _withdrawals()
        .where(col(StampWithdrawal.destruction_id) == destruction.id)
        .order_by(col(StampWithdrawal.id))
        .limit(MOST_AT_ONCE)
    ).all()
    return [_told(row) for row in rows]


def destruction_out(destruction: StampDestruction) -> DestructionOut:
    """Return a record of destruction as the JSON door tells it."""
    return DestructionOut(**destruction.model_dump(include=set(DestructionOut.model_fields)))
