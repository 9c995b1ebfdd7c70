"""Table of products."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import long_text

SETS = 26
_HAS_GTIN = sa.text("gtin <> ''")


class Product(SQLModel, table=True):
    """One product of one producer, in one of the 26 sets of Annex I."""

    __tablename__ = "products"
    __table_args__ = (
        sa.CheckConstraint(f"set_number BETWEEN 1 AND {SETS}", name="set_number_known"),
        sa.UniqueConstraint("producer_id", "name_folded"),
        sa.Index(
            "uq_products_gtin",
            "gtin",
            unique=True,
            sqlite_where=_HAS_GTIN,
            postgresql_where=_HAS_GTIN,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    producer_id: int = Field(foreign_key="producers.id", index=True)
    commune_code: str = Field(max_length=5, index=True)
    name: str
    name_folded: str = Field(index=True)
    set_number: int = Field(index=True)
    description: str = long_text(default="")
    packaging: str = ""
    story: str = long_text(default="")
    # Fourteen digits, or empty: two products never have the same.
    gtin: str = Field(default="", max_length=14, sa_column_kwargs={"server_default": ""})
    created_at: datetime
    updated_at: datetime


class ProductCodeAlias(SQLModel, table=True):
    """A code by which a product was known before: on old certificates, labels and lists."""

    __tablename__ = "product_code_aliases"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=40)
    code_folded: str = Field(max_length=40, unique=True)
    product_id: int = Field(foreign_key="products.id", index=True)
    source: str
    created_at: datetime
