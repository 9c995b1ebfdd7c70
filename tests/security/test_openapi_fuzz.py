"""Every call of the document, asked by a program that knows nothing but the document.

`OCOP_FUZZ_EXAMPLES=200` asks each call that often; the seed is fixed, so that a run is told again.
"""

import os
from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import create_engine, text

from tests.authorisation.laid import opened
from tests.journeys.world import World

EXAMPLES = int(os.environ.get("OCOP_FUZZ_EXAMPLES", "3"))
# Two who together may nearly everything: one works in the province, one in a commune.
CALLERS = ("canbotinh", "canboxa")
PROMISES = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


def tokens_of(world: World) -> list[str]:
    engine = create_engine(world.settings.database_url)
    with engine.begin() as connection:
        numbers = {
            row.username: row.id
            for row in connection.execute(text("SELECT username, id FROM users"))
        }
        return [opened(connection, numbers[name]).token for name in CALLERS]


def broken_promises(world: World, tokens: list[str], examples: int) -> list[str]:
    """Ask every call so often, and return what was not as the document says."""
    api = schemathesis.openapi.from_asgi("/api/v1/openapi.json", world.client.app)
    found: list[str] = []
    for number, result in enumerate(api.get_all_operations()):
        operation: Any = result.ok()  # type: ignore[union-attr]  # -- a document that is not sound fails here
        try:
            _asking(operation, tokens[number % len(tokens)], examples)()
        except Exception as broken:  # noqa: BLE001 -- every kind of broken promise is told at the end
            found.append(f"{operation.label}: {str(broken)[:600]}")
    return found


def _asking(operation: Any, token: str, examples: int) -> Callable[[], None]:
    """Return what asks one call with bodies and parameters made up from the document."""

    @seed(7)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call(headers={"authorization": f"Bearer {token}"})
        case.validate_response(answer, checks=PROMISES)

    return ask


def test_every_call_keeps_its_promises_whatever_is_sent(world: World) -> None:
    broken = broken_promises(world, tokens_of(world), EXAMPLES)
    assert not broken, "\n".join(broken)
