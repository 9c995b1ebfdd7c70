"""A standby of the database: read where a few seconds do not matter, left as soon as they are more.

How far a standby is behind is not asked of its clock: without writes on the first database its last
transaction grows old though nothing is missing. Instead the first is asked each second where its journal
ends (a position in the WAL); once the standby has replayed up to such a position, it shows everything
that was true when that position was asked for. The age of what is read there is the time since.

While the first answers, a standby further behind than allowed is not read. When the first is silent,
the standby is read however old it is: an old answer that tells its time is worth more than none.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from logging import getLogger
from math import inf
from threading import Event, Lock, Thread
from time import monotonic

import sqlalchemy as sa
from sqlalchemy import Engine

from app.core.db import DATABASE_FAULTS, make_engine_beside

LOOK_SECONDS = 1.0
SILENT_LOOKS = 2  # after so many looks without an answer the first database counts as gone
_SIGN_OF_LIFE_SECONDS = 8.0  # what the last look found is believed for so long
_MOST_MARKS = 600  # positions that the standby has not reached yet: ten minutes
_log = getLogger("ocop.replica")
_END = sa.text("SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint")
_REACHED = sa.text(
    "SELECT pg_is_in_recovery(), "
    "pg_wal_lsn_diff(coalesce(pg_last_wal_replay_lsn(), '0/0'), '0/0')::bigint, "
    "extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8"
)


class Replica:
    """Says which database to read, and how old what is read there may be.

    Without a standby that is always the first one. `watching` has to run for the standby to be read.
    """

    def __init__(self, first: Engine, standby: Engine | None, *, most_lag_seconds: float) -> None:
        self.first = first
        self.standby = standby
        self._most_lag = most_lag_seconds
        self._lock = Lock()
        self._marks: deque[tuple[float, int]] = deque(maxlen=_MOST_MARKS)
        self._shows_all_of = -inf  # the moment whose every change the standby shows
        self._standby_seen = -inf
        self._first_silent = 0
        self._left_until_look = False
        self._told = ""

    @property
    def engine(self) -> Engine:
        """The database for reading what may be a few seconds old: the standby while it is near."""
        return self.standby if self.standby is not None and self._may_be_read() else self.first

    @property
    def engine_in_need(self) -> Engine:
        """The first database, the standby only when the first is gone."""
        return self.engine if self.is_first_gone else self.first

    @property
    def is_first_gone(self) -> bool:
        """Whether the first database was silent for several looks."""
        return self._first_silent >= SILENT_LOOKS

    @property
    def is_readable_alone(self) -> bool:
        """Whether only the standby answers, and does: scans go on, nothing else does."""
        return self.is_first_gone and self.engine is self.standby

    @property
    def lag_seconds(self) -> float:
        """How old what the standby shows may be; infinite while nothing is known."""
        return monotonic() - self._shows_all_of

    def age_of(self, engine: Engine) -> timedelta:
        """Return how old what is read from this database may be."""
        if engine is not self.standby:
            return timedelta()
        return timedelta(seconds=min(self.lag_seconds, timedelta(days=365).total_seconds()))

    def leave(self, engine: Engine) -> bool:
        """Note that a read failed there; tell whether the first database may be asked instead."""
        if engine is not self.standby:
            return False
        self._left_until_look = True
        return True

    def look(self) -> None:
        """Ask both databases once how far they are."""
        with self._lock:
            self._ask_first()
            self._ask_standby()
            self._tell()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look each second, in a thread of its own, for the length of the block."""
        if self.standby is None:
            yield
            return
        self._beside_first = make_engine_beside(self.first, places=1)
        self._beside_standby = make_engine_beside(self.standby, places=1)
        stop = Event()
        thread = Thread(target=self._look_until, args=(stop,), name="replica", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            for engine in (self._beside_first, self._beside_standby, self.standby):
                engine.dispose()

    def _look_until(self, stop: Event) -> None:
        while True:
            self.look()
            if stop.wait(LOOK_SECONDS):
                return

    def _may_be_read(self) -> bool:
        if self._left_until_look or monotonic() - self._standby_seen > _SIGN_OF_LIFE_SECONDS:
            return False
        return self.is_first_gone or self.lag_seconds <= self._most_lag

    def _ask_first(self) -> None:
        asked_at = monotonic()
        try:
            with self._beside_first.connect() as connection:
                end = connection.execute(_END).scalar_one()
        except DATABASE_FAULTS:
            self._first_silent += 1
            return
        self._first_silent = 0
        self._marks.append((asked_at, end))

    def _ask_standby(self) -> None:
        try:
            with self._beside_standby.connect() as connection:
                follows, reached, since_last = connection.execute(_REACHED).one()
        except DATABASE_FAULTS:
            self._standby_seen = -inf
            return
        if not follows and not self._first_silent:
            # Made a first one itself while ours still answers: what it shows is another history.
            self._standby_seen = -inf
            return
        while self._marks and self._marks[0][1] <= reached:
            self._shows_all_of = self._marks.popleft()[0]
        if self._shows_all_of == -inf and self._first_silent and since_last is not None:
            # Begun while the first was gone already: its last transaction is all that is known.
            self._shows_all_of = monotonic() - max(since_last, 0.0)
        self._standby_seen = monotonic()
        self._left_until_look = False

    def _tell(self) -> None:
        if self.is_readable_alone:
            state = "the first database is silent: only reading from the standby"
        elif self._may_be_read():
            state = "reading from the standby"
        elif self._standby_seen == -inf:
            state = "the standby does not answer or does not follow: not read"
        else:
            state = "the standby is too far behind: not read"
        if state != self._told:
            _log.warning("%s", state)
            self._told = state
