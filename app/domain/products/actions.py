"""Registering and changing products."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, check_version
from app.core.text import fold, normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.producers.policy import is_helper
from app.domain.producers.queries import get_producer
from app.domain.products.models import Product, ProductCodeAlias
from app.domain.products.policy import why_not_write
from app.domain.products.queries import bearer_of_gtin, product_for_update
from app.domain.products.rules import as_printed, item_gtin
from app.domain.products.schemas import ChangeProduct, CreateProduct


class ProductKnown(Conflict):
    """The producer has a product of this name already."""

    code = "product.known"
    message = "Chủ thể đã có sản phẩm «{name}» (mã {known})."


class ProductCodeTaken(Conflict):
    """Another product bore this code."""

    code = "product.code_taken"
    message = "Mã «{old_code}» đã thuộc sản phẩm khác."


class GtinTaken(Conflict):
    """Another product has this GTIN; which one is not told: it may be nobody's here to see."""

    code = "product.gtin_taken"
    message = (
        "Mã GTIN {gtin} đã là của một sản phẩm khác. Mỗi sản phẩm một mã. Hãy xem lại dãy số in ngay "
        "dưới mã vạch trên bao bì."
    )


def create_product(
    session: WriteSession, data: CreateProduct, *, actor: Actor, at: datetime
) -> Product:
    """Register a product of a producer; records product.created, and on whose behalf.

    A GTIN is stored as fourteen digits; refused (`WrongGtin`, `GtinTaken`) when it cannot be an
    item's or is another product's.
    """
    producer = get_producer(session, data.producer_code, actor=actor)
    refusal = why_not_write(actor, producer)
    if refusal:
        raise refusal
    _check_name_is_free(session, producer.id or 0, data.name, own_id=None)
    product = Product(
        code=new_code("SP"),
        producer_id=producer.id or 0,
        commune_code=producer.commune_code,
        created_at=at,
        updated_at=at,
        **_texts(data),
    )
    with _alone_with_its_gtin(session, product.gtin, own_id=None):
        session.add(product)
    record(
        session,
        "product.created",
        subject=product,
        actor=actor,
        at=at,
        name=product.name,
        producer=producer.code,
        on_behalf=is_helper(actor, producer),
    )
    return product


def change_product(
    session: WriteSession, code: str, data: ChangeProduct, *, actor: Actor, at: datetime
) -> Product:
    """Change a product's description; records which fields changed. A GTIN as in `create_product`."""
    product, producer = product_for_update(session, code, actor=actor)
    refusal = why_not_write(actor, producer)
    if refusal:
        raise refusal
    check_version(data.version, product.version)
    _check_name_is_free(session, product.producer_id, data.name, own_id=product.id)
    after = _texts(data)
    changed = sorted(name for name, value in after.items() if getattr(product, name) != value)
    if not changed:
        return product
    with _alone_with_its_gtin(
        session, after["gtin"] if "gtin" in changed else "", own_id=product.id
    ):
        product.sqlmodel_update(after)
        product.updated_at = at
        product.version += 1
    record(
        session,
        "product.changed",
        subject=product,
        actor=actor,
        at=at,
        fields=changed,
        on_behalf=is_helper(actor, producer),
    )
    return product


def add_product_code(
    session: WriteSession, code: str, old_code: str, *, source: str, actor: Actor, at: datetime
) -> ProductCodeAlias:
    """Let a product be found by a code it bore before; records product.code_added."""
    product, producer = product_for_update(session, code, actor=actor)
    refusal = why_not_write(actor, producer)
    if refusal:
        raise refusal
    known = session.exec(
        select(ProductCodeAlias).where(col(ProductCodeAlias.code_folded) == fold(old_code))
    ).one_or_none()
    if known is not None and known.product_id == product.id:
        return known
    if known is not None:
        raise ProductCodeTaken(old_code=old_code)
    alias = ProductCodeAlias(
        code=normal(old_code),
        code_folded=fold(old_code),
        product_id=product.id or 0,
        source=source,
        created_at=at,
    )
    session.add(alias)
    record(
        session,
        "product.code_added",
        subject=product,
        actor=actor,
        at=at,
        old_code=alias.code,
        source=source,
    )
    return alias


def _check_name_is_free(
    session: WriteSession, producer_id: int, name: str, *, own_id: int | None
) -> None:
    known = session.exec(
        select(Product).where(
            col(Product.producer_id) == producer_id, col(Product.name_folded) == fold(name)
        )
    ).first()
    if known is not None and known.id != own_id:
        raise ProductKnown(name=known.name, known=known.code)


@contextmanager
def _alone_with_its_gtin(session: WriteSession, gtin: str, *, own_id: int | None) -> Iterator[None]:
    """Let a product be written with a GTIN that no other has, also when two are written at once."""
    if not gtin:
        yield
        return
    if bearer_of_gtin(session, gtin) not in {None, own_id}:
        raise GtinTaken(gtin=as_printed(gtin))
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as clash:
        # The index knows what was committed since we looked; other clashes are not ours to tell.
        if bearer_of_gtin(session, gtin) in {None, own_id}:
            raise
        raise GtinTaken(gtin=as_printed(gtin)) from clash


def _texts(data: CreateProduct | ChangeProduct) -> dict[str, Any]:
    return {
        "name": normal(data.name),
        "name_folded": fold(data.name),
        "set_number": data.set_number,
        "description": normal(data.description),
        "packaging": normal(data.packaging),
        "story": normal(data.story),
        "gtin": item_gtin(data.gtin),
    }
