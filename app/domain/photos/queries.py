"""Reads about photos."""

from collections.abc import Sequence

from sqlmodel import col, or_, select

from app.core.db import ReadSession
from app.domain.photos.models import ProductPhoto


def photos_of(session: ReadSession, product_id: int) -> Sequence[ProductPhoto]:
    """Return the photos of a product, the first one first: it stands for the product."""
    return session.exec(
        select(ProductPhoto)
        .where(col(ProductPhoto.product_id) == product_id)
        .order_by(col(ProductPhoto.id))
    ).all()


def is_public_copy(session: ReadSession, sha256: str) -> bool:
    """Tell whether anybody may have the file of this hash: only copies, never an original."""
    return (
        session.exec(
            select(ProductPhoto.id)
            .where(
                or_(
                    col(ProductPhoto.copy_sha256) == sha256,
                    col(ProductPhoto.thumbnail_sha256) == sha256,
                )
            )
            .limit(1)
        ).first()
        is not None
    )
