"""Keyset pages: bounded, and as quick at the end of a list as at its start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, TypeVarTuple, overload

from sqlmodel.sql.expression import Select, SelectOfScalar

from app.core.db import ReadSession

LARGEST_PAGE = 100
LARGEST_KEY = 2**31 - 1  # of a 32-bit row number: a larger one would be a fault of the database

Item = TypeVar("Item")
Other = TypeVar("Other")
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list and the key after which the next one starts (None: this was the last)."""

    items: Sequence[Item]
    next_after: int | None

    def map(self, change: Callable[[Item], Other]) -> "Page[Other]":
        """Return the same page with every item changed."""
        return Page([change(item) for item in self.items], self.next_after)


def page_of(rows: Sequence[Item], *, limit: int, key: Callable[[Item], int]) -> Page[Item]:
    """Make a page from a query that asked for one row more than the limit."""
    shown = rows[:limit]
    return Page(shown, key(shown[-1]) if len(rows) > limit else None)


@overload
def newest_first(
    session: ReadSession, query: SelectOfScalar[Item], of: Any, *, after: int, limit: int
) -> Page[Item]: ...
@overload
def newest_first(
    session: ReadSession, query: Select[*Columns], of: Any, *, after: int, limit: int
) -> Page[tuple[*Columns]]: ...
def newest_first(session: ReadSession, query: Any, of: Any, *, after: int, limit: int) -> Page[Any]:
    """Return one page of what a query finds, the highest row number of the table `of` first.

    `after` is the number at which the page before ended, 0 on the first. Where a row is several
    things, the one with the number is the first.
    """
    if after:
        query = query.where(of.id < after)
    rows = session.exec(query.order_by(of.id.desc()).limit(limit + 1)).all()

    def key(row: Any) -> int:
        return int((row if isinstance(row, of) else row[0]).id)

    return page_of(rows, limit=limit, key=key)
