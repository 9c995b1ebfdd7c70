"""Bad input at every call, form and address: a refusal with a sentence, nothing half-written.

What is sent is derived from the OpenAPI document and from the route table, so a new call or form
is tried without being listed here.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from starlette.routing import Route

from app.core.db import metadata
from app.domain.accounts.enums import Scope
from tests.factories.people import token_for
from tests.journeys.world import World

CALLERS = ("canboxa", "lanhdaoxa", "canbotinh", "truongcoquan", "lanhdaotinh", "chutich")
NUL = "a\0b"
WRONG: tuple[Any, ...] = (
    None,
    [],
    {},
    True,
    -1,
    10**30,
    "",
    NUL,
    "x" * 60_000,
    "\U0001f600\u202e<script>{{7*7}}'\";--",
    ["a"] * 5_000,
)
BODIES = (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version": 1e400}', b'"text"')
FORMS: tuple[dict[str, Any], ...] = (
    {},
    {"khong_co": "x"},
    {"version": "abc"},
    {"version": "-1", "quantity": "1e9", "star": "99", "year": "0"},
    {"version": "999999999999999999999", "reason": "x" * 60_000},
    {"name": NUL, "reason": NUL, "code": NUL, "username": NUL, "opinion": NUL},
    {"dossiers": ["x"] * 300, "present": ["x"] * 300, "items": "["},
    {"decided_on": "2026-13-45", "starts_at": "hôm nay", "signed_by": "<script>"},
)
QUERIES = (
    "after=abc",
    "after=-1",
    "after=99999999999999999999999",
    "limit=0",
    "limit=100000",
    "q=" + "x" * 5_000,
    "q=%00",
    "q=%ff%fe",
    "state=khong-co",
    "star=99&set_number=zzz&commune=%27%3B--",
    "part=0&on=hom-nay&before=x&section=zzz&lang=xx",
)


# Attempts are counted though they are refused; on SQLite they are counted in memory.
_COUNTED_WHATEVER_COMES = {"rate_counters"}


class Watch:
    """Tells whether anything was committed: cheap on SQLite, a digest of every row on PostgreSQL.

    So one caller and one body are tried there, and everything on SQLite.
    """

    def __init__(self, world: World) -> None:
        self._engine = world.engine
        self.is_cheap = world.engine.dialect.name == "sqlite"
        if self.is_cheap:
            path = world.settings.database_url.removeprefix("sqlite:///")
            self._connection = sqlite3.connect(path)

    @property
    def version(self) -> object:
        """Something that differs after every commit that changed a row."""
        if self.is_cheap:
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        digest = " UNION ALL ".join(
            f"SELECT '{table}', count(*), sum(hashtextextended(t::text, 0)) FROM {table} t"  # noqa: S608 -- names of our own tables
            for table in sorted(metadata().tables)
            if table not in _COUNTED_WHATEVER_COMES
        )
        with self._engine.connect() as connection:
            return sorted(connection.execute(text(digest)), key=lambda row: str(row[0]))


@pytest.fixture(scope="module", params=["world", "world_on_postgres"])
def any_world(request: pytest.FixtureRequest) -> World:
    """Return the demonstration world on each kind of database in turn."""
    found: World = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def tokens(any_world: World) -> dict[str, str]:
    """Return a token a caller, used once already: the day of its first use is written down."""
    made = {name: token_for(any_world.engine, name, *Scope) for name in CALLERS}
    for token in made.values():
        bearer = {"authorization": f"Bearer {token}"}
        assert any_world.client.get("/api/v1/me", headers=bearer).status_code == 200
    return made


@pytest.fixture(scope="module")
def codes(any_world: World) -> dict[str, str]:
    """Return a real code for each thing a path may name, by the first part of the path."""
    tables = {
        "dossiers": "dossiers",
        "producers": "producers",
        "products": "products",
        "rounds": "rounds",
        "councils": "councils",
        "meetings": "meetings",
        "items": "agenda_items",
        "score-sheets": "score_sheets",
        "gates": "gate_findings",
        "decisions": "recognition_decisions",
        "certificates": "certificates",
        "register": "certificates",
        "batches": "stamp_batches",
        "papers": "evidence",
    }
    with any_world.engine.connect() as connection:
        found = {
            area: connection.scalar(text(f"SELECT code FROM {table} ORDER BY id DESC LIMIT 1"))  # noqa: S608 -- names of our own tables
            for area, table in tables.items()
        }
    return {area: code for area, code in found.items() if code}


def filled(path: str, codes: dict[str, str], *, real: bool) -> str:
    """Return a path with its parameters filled: with something that is there, or with nonsense."""
    area = path.removeprefix("/api/v1").split("/")[1]
    parts = []
    for position, part in enumerate(path.split("/")):
        if not part.startswith("{"):
            parts.append(part)
        elif real and "{code}" in part and area in codes:
            parts.append(codes[area])
        else:
            parts.append("khong-co'%22%3B--" if position % 2 else "x" * 300)
    return "/".join(parts)


def schema_of(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    bodies: list[dict[str, Any]] = list(content.values())
    schema: dict[str, Any] = bodies[0]["schema"] if bodies else {}
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def example_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (told.get("examples") or [told.get("default")])[0]
        for name, told in schema.get("properties", {}).items()
    }


def broken_bodies(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the example with one field wrong at a time, without a field, and with one too many."""
    example = example_of(schema)
    yield example | {"khong_co_o_nay": 1}
    for name in example:
        yield {key: value for key, value in example.items() if key != name}
        for value in WRONG:
            yield example | {name: value}


class Tries:
    """Bad requests to one address: each is judged, and what all of them together wrote."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._at_first = self._before = watch.version
        self._refused_all = True

    def judge(self, answer: Any, what: str) -> None:
        """Refuse a fault, a refusal without a sentence, and a refusal that wrote something."""
        assert answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:300]}"
        after = self._watch.version if self._watch.is_cheap else None
        if answer.status_code >= 400:
            assert len(answer.text) > 10, f"{what}: refused without a sentence"
            if self._watch.is_cheap:
                assert self._before == after, f"{what}: refused, yet something was written"
        else:
            self._refused_all = False
        self._before = after

    def end(self, what: str) -> None:
        """Compare every row when everything was refused."""
        if self._refused_all:
            assert self._at_first == self._watch.version, f"{what}: something was written"


def test_every_unsafe_call_survives_bad_bodies(
    any_world: World, tokens: dict[str, str], codes: dict[str, str]
) -> None:
    document = any_world.client.app.openapi()  # type: ignore[attr-defined]  # -- a FastAPI
    watch = Watch(any_world)
    tried = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "get":
                continue
            schema = schema_of(document, operation)
            tries = Tries(watch)
            for position, body in enumerate(broken_bodies(schema)):
                caller = CALLERS[position % len(CALLERS)]
                answer = any_world.client.request(
                    method.upper(),
                    filled(path, codes, real=position % 3 > 0),
                    json=body,
                    headers={
                        "authorization": f"Bearer {tokens[caller]}",
                        "idempotency-key": str(uuid4()),
                    },
                )
                tries.judge(answer, f"{method} {path} {body}"[:400])
                if answer.status_code >= 400:
                    assert answer.headers["content-type"].startswith("application/problem+json")
                    assert answer.json()["detail"]
                tried += 1
            tries.end(f"{method} {path}")
    assert tried > 500


@pytest.mark.parametrize(
    ("any_world", "body"),
    [*(("world", body) for body in BODIES), ("world_on_postgres", BODIES[1])],
    indirect=["any_world"],
)
def test_every_unsafe_call_survives_what_is_no_json(
    any_world: World, tokens: dict[str, str], codes: dict[str, str], body: bytes
) -> None:
    document = any_world.client.app.openapi()  # type: ignore[attr-defined]  # -- a FastAPI
    watch = Watch(any_world)
    for path, operations in document["paths"].items():
        for method in set(operations) - {"get"}:
            if "requestBody" not in operations[method]:  # asks for nothing, reads nothing
                continue
            tries = Tries(watch)
            answer = any_world.client.request(
                method.upper(),
                filled(path, codes, real=True),
                content=body,
                headers={
                    "authorization": f"Bearer {tokens['canbotinh']}",
                    "idempotency-key": str(uuid4()),
                    "content-type": "application/json",
                },
            )
            assert 400 <= answer.status_code < 500, f"{method} {path}: {answer.status_code}"
            assert answer.headers["content-type"].startswith("application/problem+json")
            tries.judge(answer, f"{method} {path}")
            tries.end(f"{method} {path}")


@pytest.mark.parametrize(
    ("any_world", "username"),
    [*(("world", username) for username in CALLERS), ("world_on_postgres", "canbotinh")],
    indirect=["any_world"],
)
def test_every_form_survives_nonsense(
    any_world: World, codes: dict[str, str], username: str
) -> None:
    client = any_world.sign_in(username)
    watch = Watch(any_world)
    pages = client.app.state.pages  # type: ignore[attr-defined]  # -- ours
    for name, route in pages.items():
        if not isinstance(route, Route) or "POST" not in (route.methods or set()):
            continue
        # What somebody may have tried to guess is recorded; uploads are a protocol, no form.
        if name.startswith(("sign_in.", "account.", "second_factor.", "password.", "uploads.")):
            continue
        tries = Tries(watch)
        for position, form in enumerate(FORMS):
            address = filled(route.path, codes, real=position % 4 > 0)
            keyed = form | ({"_key": str(uuid4())} if position else {})
            answer = client.post(address, data=keyed)
            tries.judge(answer, f"{address} {str(keyed)[:200]}")
            if answer.status_code >= 400:
                assert "<" in answer.text, f"{address}: no page"
        tries.end(route.path)


@pytest.mark.parametrize("username", ["canbotinh", "chutich"])
def test_every_address_survives_nonsense(
    any_world: World, codes: dict[str, str], tokens: dict[str, str], username: str
) -> None:
    client = any_world.sign_in(username)
    app: Any = client.app
    paths = [route.path for route in app.state.pages.values() if "GET" in (route.methods or set())]
    paths += [path for path, operations in app.openapi()["paths"].items() if "get" in operations]
    headers = {"authorization": f"Bearer {tokens[username]}"}
    for path in paths:
        for real in (True, False):
            for query in QUERIES if real else QUERIES[:1]:
                address = f"{filled(path, codes, real=real)}?{query}"
                answer = client.get(address, headers=headers if "/api/" in path else None)
                assert answer.status_code < 500, f"{address}: {answer.text[:300]}"


def test_a_body_that_never_ends_is_cut_off(any_world: World, tokens: dict[str, str]) -> None:
    too_large = any_world.settings.largest_upload_bytes + 200_000
    answer = any_world.client.post(
        "/api/v1/producers",
        content=(b"x" * 65_536 for _ in range(too_large // 65_536 + 1)),
        headers={
            "authorization": f"Bearer {tokens['canboxa']}",
            "idempotency-key": str(uuid4()),
            "content-type": "application/json",
        },
    )
    assert answer.status_code == 413
    assert "quá lớn" in answer.json()["detail"]
