"""Single rows by key, quicker than a session: for what is asked thousands of times a second."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import Engine, Select

# Of a standby the transactions in progress are not all told, and a promoted one replays no more.
_STATE = """
SELECT pg_postmaster_start_time()::text,
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text
  ELSE pg_current_snapshot()::text END
"""
_Told = TypeVar("_Told")
_Changes: TypeAlias = list[tuple[int, Callable[[Any], Any]]]


class _Asked(NamedTuple):
    """A statement as the driver takes it, and what makes its values those of the columns' types."""

    sql: str
    positional: bool
    changed: _Changes
    options: dict[str, Any]


class PointReads:
    """Single rows by key for the few questions that are asked thousands of times a second.

    A prepared statement on a connection of the driver, kept outside the pool and only for reading: a
    row takes ten microseconds on SQLite, where a session takes hundreds. Each read is a transaction
    of its own and sees what was committed before it. For short reads by a whole key, nothing else.
    Used by any thread; there are as many connections as ever read at the same time. One that fails
    is dropped with all others and the read is tried once more on a new one, so that a database may
    be restarted beneath; a second failure is raised as the driver says it (`PointReads.failure`).
    """

    def __init__(self, engine: Engine) -> None:
        self._pool = engine.pool.recreate()  # made like the engine's own, its places not taken
        self._dialect = engine.dialect
        self._idle: deque[Any] = deque()
        self.in_process = engine.dialect.name == "sqlite"  # no server to wait for
        driver: Any = engine.dialect.loaded_dbapi
        self.failure: type[Exception] = driver.Error

    def prepared(self, statement: Select[*tuple[Any, ...]], key: str) -> Callable[[object], Any]:
        """Return the function that reads the row of a key; `key` names the statement's one parameter.

        None where there is no such row. Values come as the columns' own types give them.
        """
        sql, positional, changed, options = self._asked(statement)
        idle = self._idle

        def read(value: object) -> Any:
            given = (value,) if positional else {key: value}
            # Written out for the usual case: each call more costs as much as a tenth of the row.
            connection = None
            try:
                connection = idle.pop() if idle else self._opened()
                row = connection.execute(sql, given, **options).fetchone()
                idle.append(connection)
            except (self.failure, IndexError):
                row = self._again(
                    connection, lambda fresh: fresh.execute(sql, given, **options).fetchone()
                )
            return row if row is None or not changed else _changed(row, changed)

        return read

    def prepared_many(
        self, statement: Select[*tuple[Any, ...]], key: str
    ) -> Callable[[Sequence[object]], list[Any]]:
        """Return the function that reads the rows of several keys at once, in any order.

        `key` names the statement's one parameter, an array.
        """
        sql, _positional, changed, options = self._asked(statement)

        def read(values: Sequence[object]) -> list[Any]:
            def rows_of(connection: Any) -> list[Any]:
                return list(connection.execute(sql, {key: list(values)}, **options).fetchall())

            rows = self._through(rows_of)
            return [_changed(row, changed) for row in rows] if changed else rows

        return read

    def state(self) -> object:
        """Return what is equal only while nothing was committed: two equal states hold the same rows.

        SQLite counts what others commit, each connection for itself. PostgreSQL tells which
        transactions are seen, a standby how far it has replayed; either begins anew with its server,
        which might lose what nobody waited for. Asked before a read, it names what was read, or less.
        """
        return self._through(self._state_seen_by)

    def _state_seen_by(self, connection: Any) -> object:
        if self.in_process:
            return connection, connection.execute("PRAGMA data_version").fetchone()[0]
        return connection.execute(_STATE, prepare=True).fetchone()

    def _asked(self, statement: Select[*tuple[Any, ...]]) -> _Asked:
        compiled = statement.compile(dialect=self._dialect)
        changed = [
            (place, change)
            for place, column in enumerate(statement.selected_columns)
            if (change := self._change_of(column))
        ]
        options: dict[str, Any] = {} if self.in_process else {"prepare": True}
        return _Asked(str(compiled), compiled.positional, changed, options)

    def close(self) -> None:
        """Let the connections go."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _change_of(self, column: Any) -> Any:
        """Return what makes a value of the driver one of the column's type, None for nothing."""
        kind = column.type.dialect_impl(self._dialect)
        return kind.result_processor(self._dialect, None)

    def _through(self, ask: Callable[[Any], _Told]) -> _Told:
        """Ask on a connection that is idle, or a new one; once more on a new one where that breaks."""
        connection = None
        try:
            connection = self._idle.pop() if self._idle else self._opened()
            told = ask(connection)
            self._idle.append(connection)
        except (self.failure, IndexError):
            told = self._again(connection, ask)
        return told

    def _again(self, broken: Any, read: Callable[[Any], _Told]) -> _Told:
        """Read on a new connection, after one broke; the others are no better."""
        if broken is not None:
            broken.close()
        self.close()
        connection = self._opened()
        try:
            found = read(connection)
        except self.failure:
            connection.close()
            raise
        self._idle.append(connection)
        return found

    def _opened(self) -> Any:
        pooled = self._pool.connect()
        driver: Any = pooled.driver_connection
        pooled.detach()
        if self.in_process:
            driver.execute("PRAGMA query_only=ON")
        else:
            driver.autocommit = True
            driver.execute("SET default_transaction_read_only = on")
        return driver


def _changed(row: Any, changes: _Changes) -> list[Any]:
    """Return a row with the values its columns' types give."""
    values = list(row)
    for place, change in changes:
        if values[place] is not None:
            values[place] = change(values[place])
    return values
