"""The demonstration world behind the whole application, for tests that go everywhere."""

from dataclasses import dataclass

from fastapi.testclient import TestClient
from sqlalchemy import Engine

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
