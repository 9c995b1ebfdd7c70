"""Tables of product ideas and what communes said to them."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import long_text, words
from app.domain.ideas.enums import IdeaState, IdeaStep


class ProductIdea(SQLModel, table=True):
    """One idea of a person or group in a commune; it becomes a product at most once."""

    __tablename__ = "product_ideas"
    __table_args__ = (
        sa.Index("ix_product_ideas_commune_state", "commune_code", "state", "id"),
        sa.CheckConstraint("(state = 'converted') = (product_id IS NOT NULL)", name="product_made"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    state: IdeaState = words(IdeaState, index=True)
    commune_code: str = Field(max_length=5)
    # The producer that proposed it, or the one that makes the product of it.
    producer_id: int | None = Field(default=None, foreign_key="producers.id", index=True)
    registered_by: str
    registered_by_helper: bool = False
    proposer: str
    village: str = ""
    contact: str = ""
    title: str
    title_folded: str = Field(index=True)
    description: str = long_text(default="")
    material: str = long_text(default="")
    local_identity: str = long_text(default="")
    wished_support: str = long_text(default="")
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime
    product_id: int | None = Field(default=None, foreign_key="products.id", unique=True)
    converted_at: datetime | None = None


class IdeaReview(SQLModel, table=True):
    """What the commune's officer said to an idea, once; kept as said."""

    __tablename__ = "idea_reviews"

    id: int | None = Field(default=None, primary_key=True)
    idea_id: int = Field(foreign_key="product_ideas.id", index=True)
    decision: IdeaStep = words(IdeaStep)
    reason: str = long_text(default="")
    reviewed_at: datetime
    reviewed_by: str
