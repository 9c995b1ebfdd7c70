"""Numbers are given once, in order, and given back when the transaction fails."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.numbering import next_number


def test_a_series_starts_at_one_and_takes_blocks(engine: Engine) -> None:
    with transaction(engine) as session:
        assert next_number(session, "a") == 1
        assert next_number(session, "a", count=10) == 2
        assert next_number(session, "a") == 12
        assert next_number(session, "b") == 1


def test_a_failed_transaction_gives_its_number_back(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), transaction(engine) as session:
        next_number(session, "a")
        _ = 1 / 0
    with transaction(engine) as session:
        assert next_number(session, "a") == 1


def test_fifty_parallel_takers_get_fifty_different_numbers(engine: Engine) -> None:
    def take(_: int) -> int:
        with transaction(engine) as session:
            return next_number(session, "a")

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(50))) == list(range(1, 51))
