"""Adding photos to a product and taking them away."""

from datetime import datetime

from sqlmodel import col, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, NotFound
from app.core.pictures import StoredPicture
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.photos.models import ProductPhoto
from app.domain.photos.queries import photos_of
from app.domain.photos.schemas import AddPhoto
from app.domain.producers.policy import is_helper
from app.domain.products.policy import why_not_write
from app.domain.products.queries import ProductRow, product_for_update

MOST_PHOTOS = 6


class TooManyPhotos(Conflict):
    """The product has as many photos as a page can carry on a slow line."""

    code = "photo.too_many"
    message = "Mỗi sản phẩm có tối đa {most} ảnh. Hãy gỡ bớt một ảnh trước."


def add_photo(
    session: WriteSession,
    product_code: str,
    data: AddPhoto,
    stored: StoredPicture,
    *,
    actor: Actor,
    at: datetime,
) -> ProductPhoto:
    """Add a photo whose files are kept already; the same file again is the same photo.

    Records product.photo_added, and on whose behalf.
    """
    product, producer = _writable(session, product_code, actor=actor)
    known = photos_of(session, product.id or 0)
    for photo in known:
        if photo.sha256 == stored.original.sha256:
            return photo
    if len(known) >= MOST_PHOTOS:
        raise TooManyPhotos(most=MOST_PHOTOS)
    photo = ProductPhoto(
        code=new_code("HA"),
        product_id=product.id or 0,
        caption=normal(data.caption),
        sha256=stored.original.sha256,
        media_type=stored.original.media_type,
        size=stored.original.size,
        copy_sha256=stored.copy.sha256,
        copy_width=stored.copy.width,
        copy_height=stored.copy.height,
        thumbnail_sha256=stored.thumbnail.sha256,
        thumbnail_width=stored.thumbnail.width,
        thumbnail_height=stored.thumbnail.height,
        added_at=at,
        added_by_helper=is_helper(actor, producer),
    )
    session.add(photo)
    record(
        session,
        "product.photo_added",
        subject=product,
        actor=actor,
        at=at,
        photo=photo.code,
        caption=photo.caption,
        sha256=photo.sha256,
        on_behalf=photo.added_by_helper,
    )
    return photo


def remove_photo(
    session: WriteSession, product_code: str, photo_code: str, *, actor: Actor, at: datetime
) -> None:
    """Take a photo off a product; records product.photo_removed. Its files go with the next sweep."""
    product, producer = _writable(session, product_code, actor=actor)
    photo = session.exec(
        select(ProductPhoto).where(
            col(ProductPhoto.product_id) == product.id, col(ProductPhoto.code) == photo_code
        )
    ).one_or_none()
    if photo is None:
        raise NotFound
    session.delete(photo)
    record(
        session,
        "product.photo_removed",
        subject=product,
        actor=actor,
        at=at,
        photo=photo.code,
        caption=photo.caption,
        sha256=photo.sha256,
        on_behalf=is_helper(actor, producer),
    )


def _writable(session: WriteSession, product_code: str, *, actor: Actor) -> ProductRow:
    product, producer = product_for_update(session, product_code, actor=actor)
    refusal = why_not_write(actor, producer)
    if refusal:
        raise refusal
    return product, producer
