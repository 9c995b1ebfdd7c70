"""Reads about products, always with their producer."""

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, page_of
from app.core.text import fold
from app.domain.accounts.rules import Actor
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product, ProductCodeAlias
from app.domain.products.rules import gtin14, is_gtin

MOST_OLD_CODES = 20

ProductRow = tuple[Product, Producer]
Products = Select[Product, Producer]


def products_visible_to(actor: Actor) -> Products:
    """Return the only base for lists and lookups of products."""
    query = select(Product, Producer).join(Producer, col(Producer.id) == col(Product.producer_id))
    condition = visible(
        actor, producer_id=col(Product.producer_id), commune_code=col(Product.commune_code)
    )
    return query if condition is None else query.where(condition)


def get_product(session: ReadSession, code: str, *, actor: Actor) -> ProductRow:
    """Return a product this actor may see, and its producer."""
    found = session.exec(products_visible_to(actor).where(col(Product.code) == code)).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_product_with_old_codes(
    session: ReadSession, code: str, *, actor: Actor
) -> tuple[Product, Producer, list[str]]:
    """Return a product, its producer, and the codes it bore before, in one statement."""
    found = session.execute(
        products_visible_to(actor)
        .add_columns(col(ProductCodeAlias.code))
        .join(ProductCodeAlias, col(ProductCodeAlias.product_id) == col(Product.id), isouter=True)
        .where(col(Product.code) == code)
        .order_by(col(ProductCodeAlias.id))
        .limit(MOST_OLD_CODES)
    ).all()
    if not found:
        raise NotFound
    product, producer, _ = found[0]
    return product, producer, [old_code for _, _, old_code in found if old_code]


def product_for_update(session: WriteSession, code: str, *, actor: Actor) -> ProductRow:
    """Return a product and its producer, the product locked until the transaction ends."""
    found = session.exec(
        products_visible_to(actor).where(col(Product.code) == code).with_for_update(of=Product)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def bearer_of_gtin(session: ReadSession, gtin: str) -> int | None:
    """Return the number of the product with these fourteen digits, whoever may see it."""
    return session.exec(select(Product.id).where(col(Product.gtin) == gtin)).one_or_none()


def products_page(
    session: ReadSession,
    *,
    actor: Actor,
    search: str = "",
    set_number: int | None = None,
    producer_id: int | None = None,
    after: int = 0,
    limit: int = 20,
) -> Page[ProductRow]:
    """Return products this actor may see, by number; the search ignores accents and case.

    It takes words of the name, a whole code the product bore before, or its whole GTIN.
    """
    query = products_visible_to(actor).where(col(Product.id) > after)
    if folded := fold(search):
        words = (
            col(Product.name_folded).contains(word, autoescape=True) for word in folded.split()
        )
        bears = [bears_old_code(folded)]
        if is_gtin(number := folded.replace(" ", "")):
            bears.append(col(Product.gtin) == gtin14(number))
        query = query.where(or_(and_(*words), *bears))
    if set_number is not None:
        query = query.where(col(Product.set_number) == set_number)
    if producer_id is not None:
        query = query.where(col(Product.producer_id) == producer_id)
    rows = session.exec(query.order_by(col(Product.id)).limit(limit + 1)).all()
    return page_of(rows, limit=limit, key=lambda row: row[0].id or 0)


def bears_old_code(folded: str) -> ColumnElement[bool]:
    """Return the condition that a product once bore this code, written in whatever way."""
    return col(Product.id).in_(
        select(col(ProductCodeAlias.product_id)).where(col(ProductCodeAlias.code_folded) == folded)
    )
