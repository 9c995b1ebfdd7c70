"""Table of product photos."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class ProductPhoto(SQLModel, table=True):
    """One photo of one product; its three files are named by their hashes and never change."""

    __tablename__ = "product_photos"
    __table_args__ = (sa.UniqueConstraint("product_id", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    product_id: int = Field(foreign_key="products.id")
    caption: str = Field(max_length=120)
    sha256: str = Field(max_length=64)
    media_type: str = Field(max_length=60)
    size: int
    copy_sha256: str = Field(max_length=64, index=True)
    copy_width: int
    copy_height: int
    thumbnail_sha256: str = Field(max_length=64, index=True)
    thumbnail_width: int
    thumbnail_height: int
    added_at: datetime
    added_by_helper: bool = False
