"""Statements are compiled once a process, as in the program itself, which has one engine.

Each test has databases and engines of its own. Would each engine translate every statement anew, a
third of the run would be spent on that. So the engines of one process and one kind of database share
SQLAlchemy's dialect and what it compiled; connections, transactions and data stay apart.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.dialects import plugins
from sqlalchemy.engine import CreateEnginePlugin, Dialect
from sqlalchemy.util import LRUCache

from app.core import db

_NAME = "tests_share_statements"
_MOST = 4000  # the program's statements are fewer
_KNOWN: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}


class SharedStatements(CreateEnginePlugin):
    """Gives an engine what the first one of its kind knows since it was connected."""

    def update_url(self, url: URL) -> URL:
        """Take nothing from the address."""
        return url

    def engine_created(self, engine: Engine) -> None:
        """Hand on, or remember once the database has told the dialect what it can do."""
        known = _KNOWN.get(engine.dialect.name)
        if known is not None:
            engine.dialect, compiled = known
            engine.update_execution_options(compiled_cache=compiled)
            return

        def remember(_connection: object, _record: object) -> None:
            compiled: LRUCache[Any, Any] = LRUCache(_MOST)
            _KNOWN.setdefault(engine.dialect.name, (engine.dialect, compiled))

        event.listen(engine, "connect", remember, once=True)


@pytest.fixture(scope="session", autouse=True)
def _shared_statements() -> Iterator[None]:
    """Let every engine of this process be made with the plugin above."""
    plugins.register(_NAME, __name__, SharedStatements.__name__)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "create_engine", partial(create_engine, plugins=[_NAME]))
        yield
