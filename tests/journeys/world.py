"""The demonstration world behind the whole application, for tests that go everywhere."""

from dataclasses import dataclass

from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, event

from app.core.settings import Settings
from app.demonstration.sources import people
from app.demonstration.world import accounts
from tests.factories.people import signed_in


@dataclass(frozen=True, slots=True)
class World:
    """A built demonstration world, its client and the passwords of its people."""

    settings: Settings
    engine: Engine
    client: TestClient

    def sign_in(self, username: str) -> TestClient:
        """Sign the client in as one of the demonstration accounts."""
        passwords = {name: password for name, password, _ in accounts()}
        return signed_in(self.client, username, passwords[username])


def one_of_each() -> list[str]:
    """Return one account for each role and each seat of the council."""
    return list({(one.role, one.council_role): one.username for one in reversed(people())}.values())


class Statements:
    """Counts what an engine is asked, without the beginning and ending of transactions."""

    def __init__(self, engine: Engine) -> None:
        self.said: list[str] = []
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SET TRANSACTION")):
            self.said.append(statement)

    def taken(self) -> list[str]:
        """Return what was asked since the last time, and forget it."""
        said, self.said = self.said, []
        return said
