"""Keyset pages: bounded, and as quick at the end of a list as at its start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

LARGEST_PAGE = 100
LARGEST_KEY = 2**31 - 1  # of a 32-bit row number: a larger one would be a fault of the database

Item = TypeVar("Item")
Other = TypeVar("Other")


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
