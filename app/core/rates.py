"""Where attempts are counted when several processes must count together."""

from datetime import datetime
from hashlib import sha256
from typing import Any, TypeAlias

import sqlalchemy as sa
from limits.storage import MemoryStorage
from sqlalchemy import Engine
from sqlmodel import Field, SQLModel, col

from app.core.db import WriteSession, make_engine_beside

# A window is kept in so many parts, one row each: a try counts for the window and up to a part more.
PARTS = 60
_PLACES = 2  # connections beside the pool: a count takes a millisecond


class RateCounter(SQLModel, table=True):
    """How often something was tried in one part of a window; forgotten when it counts no more.

    `key` is a hash with the number of the part: neither names nor addresses are kept.
    """

    __tablename__ = "rate_counters"

    key: str = Field(primary_key=True, max_length=200)
    hits: int = Field(sa_type=sa.BigInteger, nullable=False)
    ends_at: float = Field(sa_type=sa.Double, nullable=False, index=True)  # seconds of the epoch


# The clock is the database's: machines that count together need not agree on the time.
_COUNTED = """
WITH told AS (
  SELECT now, floor(now / CAST(:part AS float8))::bigint AS number
  FROM (SELECT extract(epoch FROM clock_timestamp())::float8 AS now) AS clock
), counted AS (
  SELECT coalesce(sum(c.hits), 0)::bigint AS hits, min(c.ends_at) AS first_ends
  FROM told CROSS JOIN generate_series(0, CAST(:parts AS bigint)) AS back
  JOIN rate_counters AS c ON c.key = CAST(:digest AS text) || '/' || (told.number - back)
  WHERE c.ends_at > told.now
)
"""
_SEEN = sa.text(
    f"{_COUNTED} SELECT counted.hits, coalesce(counted.first_ends, told.now + :expiry) AS room_at "  # noqa: S608 -- a statement of literals
    "FROM counted, told"
)
_TAKEN = sa.text(
    f"{_COUNTED} INSERT INTO rate_counters (key, hits, ends_at) "  # noqa: S608 -- a statement of literals
    "SELECT CAST(:digest AS text) || '/' || told.number, CAST(:amount AS bigint), "
    "(told.number + 1) * CAST(:part AS float8) + :expiry "
    "FROM told, counted WHERE counted.hits + CAST(:amount AS bigint) <= :most "
    "ON CONFLICT (key) DO UPDATE SET hits = rate_counters.hits + excluded.hits RETURNING hits"
)
_LOCK = sa.text("SELECT pg_advisory_xact_lock(:lock)")


class SharedCounts:
    """Moving windows counted in the database, by all processes and machines on it together.

    Each count is a short transaction of its own over a connection beside the pool: it is kept though
    the request that was counted is undone, and waits for no place that such a request holds. One key
    is counted by one at a time, so that exactly as many are let through as may be. It answers to the
    two questions of a moving window by the names that the library's counts in memory have.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = make_engine_beside(engine, places=_PLACES).execution_options(
            isolation_level="READ COMMITTED"
        )

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a try, if there is room for it in the window of `expiry` seconds."""
        named = self._named(key, expiry)
        with self._engine.begin() as connection:
            connection.execute(_LOCK, {"lock": _lock_of(key)})
            taken = connection.execute(_TAKEN, {**named, "amount": amount, "most": limit})
            return taken.first() is not None

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 -- counts in memory ask for it
        """Return when the window began that has the oldest try in it, and how many tries there are."""
        with self._engine.begin() as connection:
            row = connection.execute(_SEEN, self._named(key, expiry)).one()
        return float(row.room_at) - expiry, int(row.hits)

    def close(self) -> None:
        """Let the connections go."""
        self._engine.dispose()

    @staticmethod
    def _named(key: str, expiry: int) -> dict[str, Any]:
        return {"digest": _digest(key), "part": expiry / PARTS, "parts": PARTS, "expiry": expiry}


Counts: TypeAlias = SharedCounts | MemoryStorage


def counts_of(engine: Engine) -> Counts:
    """Return where attempts are counted: in the database, or in this process where it is the only one."""
    return MemoryStorage() if engine.dialect.name == "sqlite" else SharedCounts(engine)


def forget_counters(session: WriteSession, *, at: datetime) -> int:
    """Delete what counts no more and return how many rows that were; for a daily job."""
    ended = sa.delete(RateCounter).where(col(RateCounter.ends_at) < at.timestamp())
    return int(session.connection().execute(ended).rowcount)


def _digest(key: str) -> str:
    return sha256(key.encode(errors="surrogatepass")).hexdigest()


def _lock_of(key: str) -> int:
    return int.from_bytes(sha256(key.encode(errors="surrogatepass")).digest()[:8], signed=True)
