"""Single rows by key, quicker than a session: for what is asked thousands of times a second."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine, Select


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
        compiled = statement.compile(dialect=self._dialect)
        sql, positional = str(compiled), compiled.positional
        changed = [
            (place, change)
            for place, column in enumerate(statement.selected_columns)
            if (change := self._change_of(column))
        ]
        options: dict[str, Any] = {} if self.in_process else {"prepare": True}

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
                row = self._again(connection, sql, given, options)
            if row is None or not changed:
                return row
            values = list(row)
            for place, change in changed:
                if values[place] is not None:
                    values[place] = change(values[place])
            return values

        return read

    def close(self) -> None:
        """Let the connections go."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _change_of(self, column: Any) -> Any:
        """Return what makes a value of the driver one of the column's type, None for nothing."""
        kind = column.type.dialect_impl(self._dialect)
        return kind.result_processor(self._dialect, None)

    def _again(self, broken: Any, sql: str, given: Any, options: dict[str, Any]) -> Any:
        """Read on a new connection, after one broke; the others are no better."""
        if broken is not None:
            broken.close()
        self.close()
        connection = self._opened()
        try:
            row = connection.execute(sql, given, **options).fetchone()
        except self.failure:
            connection.close()
            raise
        self._idle.append(connection)
        return row

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
