"""Keyset pages: every row once, whatever the size of a page, and no page longer than asked."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.paging import Page, page_of


def rows_after(keys: list[int], after: int, limit: int) -> Page[int]:
    """Return a page as a query does it: one row more than the limit."""
    found = [key for key in keys if key > after][: limit + 1]
    return page_of(found, limit=limit, key=lambda key: key)


@given(keys=st.sets(st.integers(1, 500), max_size=60), limit=st.integers(1, 20))
def test_walking_the_pages_shows_every_row_once_in_order(keys: set[int], limit: int) -> None:
    rows, seen, after = sorted(keys), [], 0
    while True:
        page = rows_after(rows, after, limit)
        assert len(page.items) <= limit
        seen += list(page.items)
        if page.next_after is None:
            break
        after = page.next_after
    assert seen == rows


def test_a_list_that_just_fills_a_page_has_no_next_one() -> None:
    assert page_of([1, 2, 3], limit=3, key=lambda key: key).next_after is None
    assert page_of([1, 2, 3, 4], limit=3, key=lambda key: key).next_after == 3


def test_an_empty_list_is_one_empty_page() -> None:
    assert page_of([], limit=3, key=lambda key: key) == Page([], None)


def test_changing_the_items_keeps_the_way_on() -> None:
    page = Page([1, 2], 2).map(str)
    assert page == Page(["1", "2"], 2)
