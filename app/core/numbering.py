"""Numbers that are given once and never again: slips, product ordinals, records, stamp indexes."""

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.db import WriteSession


class NumberSeries(SQLModel, table=True):
    """The last number given in one series."""

    __tablename__ = "number_series"

    name: str = Field(primary_key=True, max_length=80)
    last: int = Field(sa_type=sa.BigInteger, nullable=False)


_TAKE = sa.text(
    "INSERT INTO number_series (name, last) VALUES (:name, :count) "
    "ON CONFLICT (name) DO UPDATE SET last = number_series.last + :count RETURNING last"
)


def next_number(session: WriteSession, name: str, *, count: int = 1) -> int:
    """Take the next `count` numbers of a series and return the first of them (series start at 1).

    The row stays locked until the transaction ends: a number is never given twice, and is given
    back when the transaction fails.
    """
    last = session.connection().execute(_TAKE, {"name": name, "count": count}).scalar_one()
    return int(last) - count + 1
