"""What a database is asked, collected: pages and queries ask no more however much there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, event

# How a transaction is begun, guarded and ended.
_AROUND = ("BEGIN", "PRAGMA", "SET TRANSACTION", "SAVEPOINT", "RELEASE", "ROLLBACK")


@contextmanager
def counted(asked: TestClient | Engine | Connection) -> Iterator[list[str]]:
    """Collect the statements that are sent meanwhile, but for what surrounds a transaction.

    Of a client: what its application sends. Whoever counts several things clears the list in between.
    """
    sent: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(_AROUND):
            sent.append(statement)

    heard: Any = asked
    if isinstance(asked, TestClient):
        heard = asked.app.state.engine  # type: ignore[attr-defined]  # -- the client calls it an ASGI app
    event.listen(heard, "before_cursor_execute", hear)
    try:
        yield sent
    finally:
        event.remove(heard, "before_cursor_execute", hear)
