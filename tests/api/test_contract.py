"""The JSON door as a whole: its document is sound, its lists end, and strangers stay outside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from starlette.routing import Route

from app.api import routers as api_routers
from app.core.db import transaction
from app.core.paging import LARGEST_PAGE
from app.domain.accounts.enums import Role
from app.main import API_PREFIX, create_app
from app.web import routers as page_routers
from tests.conftest import AT
from tests.factories.people import make_person, signed_in, token_for

# What anybody may read, without token or session.
OPEN_CALLS = {
    "/claims",
    "/communes",
    "/register",
    "/register/changes",
    "/register/snapshots",
    "/register/decisions",
    "/register/decisions/{code}",
    "/register/decisions/{code}/scan",
    "/register/{code}",
    "/register/{code}/photos",
    "/register/{code}/credential",
    "/credentials/check",
    "/privacy",
    "/report",
    "/report/{code}",
    "/status/bundle",
    "/status/certificates",
    "/status/changes",
    "/verify/{text}",
    "/verify/{serial}/pin",
}
OPEN_PAGES = {
    "/",
    "/robots.txt",
    "/sitemap.xml",
    "/sitemap-{number}.xml",
    "/register/changes",
    "/register/changes.atom",
    "/join/{token}",
    "/sign-in",
    "/sign-in/provider",
    "/sign-in/provider/back",
    "/sign-in/provider/out",
    "/sign-out",
    "/language/{language}",
    "/register",
    "/register/{code}",
    "/register/{code}/credential.jwt",
    "/credentials/check",
    "/register/decisions",
    "/register/decisions/{code}",
    "/register/decisions/{code}/scan",
    "/register/data",
    "/register/data/dictionary.json",
    "/register/data/dictionary.csv",
    "/register/data/datapackage.json",
    "/register/data/{month}.csv",
    "/register/data/{month}.json",
    "/photos/{sha256}.webp",
    "/verify",
    "/recompute",
    "/privacy",
    "/report",
    "/report/state",
    "/report/{code}",
    "/status/{shard}",
    "/{digits:stamp_digits}",
    "/{serial:stamp_serial}",
    "/{serial:stamp_serial}/pin",
    "/.well-known/jwks.json",
    "/.well-known/gs1resolver",
    "/01/{rest:path}",
}
# Questions too long for an address: nothing changes by them, so there is nothing to do twice.
QUESTIONS = {"/claims", "/credentials/check"}
# Each call counts, and is meant to: a code that is tried twice was tried twice.
TRIES = {"/verify/{serial}/pin"}
# Lists that end by nature, so that they are told whole.
SHORT_LISTS = {
    "/absences": "the newest hundred",
    "/me/sessions": "the browsers one person is signed in with, at most twenty",
    "/me/tokens": "the newest fifty tokens of one person",
    "/communes": "the communes of one province on one day",
    "/advisory-teams": "the newest twenty",
    "/council-rules": "the versions of one regulation",
    "/rounds": "the rounds still open to proposals or meetings",
    "/councils": "the councils in office",
    "/meetings/{code}/own-sheets": "the own sheets of one agenda",
    "/meetings/{code}/standings": "the products of one agenda",
    "/rounds/{code}/proposals": "the proposals of one round that have no meeting yet",
    "/renewals/waiting": "the renewals the council was not asked about, at most a hundred",
    "/score-sheets/{code}/superseded": "the rounds of scoring of one sheet",
    "/rounds/{code}/dossiers": "the dossiers of one round that have no meeting yet",
    "/dossiers/{code}/missing": "what one dossier lacks",
    "/dossiers/{code}/gate-answers": "the gates of one sheet",
    "/products/{code}/gate-questions": "the gates of one sheet",
    "/filing-windows": "at most four rounds",
    "/idea-counts": "the communes of one province",
    "/products/{code}/photos": "at most six",
    "/register/{code}/photos": "at most six",
    "/dossiers/{code}/evidence": "the papers one dossier uses",
    "/inspections/{code}/photos": "at most forty",
}
READING = {"GET", "HEAD"}
# Ten posts are what one account takes: not the partner's, whose tokens may only read the register,
# and not the two that see nothing but their own checks.
MUCH = [
    role for role in Role if role not in {Role.PARTNER, Role.INSPECTOR, Role.DEPARTMENT_OFFICER}
]
IN_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    said: dict[str, Any]

    @property
    def name(self) -> str:
        """What a failing test calls it."""
        return f"{self.method} {self.path}"

    @property
    def short_path(self) -> str:
        """The path below the door."""
        return self.path.removeprefix(API_PREFIX)

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """The parameters by name."""
        return {one["name"]: one for one in self.said.get("parameters", [])}

    @property
    def answer(self) -> dict[str, Any]:
        """The schema of the good answer, empty when it is no JSON."""
        good = next(said for code, said in self.said["responses"].items() if code.startswith("2"))
        schema: dict[str, Any] = (
            good.get("content", {}).get("application/json", {}).get("schema", {})
        )
        return schema

    @property
    def body(self) -> dict[str, Any] | None:
        """The schema of the JSON body, if it takes one."""
        content = self.said.get("requestBody", {}).get("content", {})
        schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
        return schema


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app().openapi()


def operations(document: dict[str, Any]) -> list[Operation]:
    found = [
        Operation(method.upper(), path, said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    ]
    assert found
    return found


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def parts(document: dict[str, Any], schema: dict[str, Any], name: str = "body") -> Iterator[Any]:
    """Yield a schema and everything within it, each with its name."""
    schema = resolved(document, schema)
    yield name, schema
    for key, inner in schema.get("properties", {}).items():
        yield from parts(document, inner, f"{name}.{key}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from parts(document, schema[key], f"{name}[]")
    for key in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(key, []):
            yield from parts(document, inner, name)


class NoExample(Exception):  # noqa: N818 -- an answer of `example_of`
    """A text without example: nobody but the author knows what belongs there."""


def example_of(document: dict[str, Any], schema: dict[str, Any], name: str = "body") -> Any:
    """Put an example together: what the document gives, and what needs no imagination."""
    given = schema.get("examples") or ([schema["example"]] if "example" in schema else [])
    schema = resolved(document, schema)
    given = given or schema.get("examples") or []
    if given:
        return given[0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example_of(document, schema["anyOf"][0], name)
    match schema.get("type"):
        case "object":
            return {
                key: example_of(document, schema["properties"][key], f"{name}.{key}")
                for key in schema.get("required", [])
            }
        case "array":
            return [example_of(document, schema["items"], f"{name}[]")]
        case "integer":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    raise NoExample(name)


def checker(document: dict[str, Any], schema: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({**schema, "components": document["components"]})


def test_the_document_is_an_openapi_document(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()


def test_every_operation_is_named_once_and_explained(document: dict[str, Any]) -> None:
    found = operations(document)
    for one in found:
        assert one.said.get("summary"), one.name
        assert one.said.get("description"), one.name
        assert one.said.get("tags"), one.name
    names = [one.said["operationId"] for one in found]
    assert len(set(names)) == len(names)


def test_every_operation_tells_its_refusals(document: dict[str, Any]) -> None:
    for one in operations(document):
        refusals = {code: said for code, said in one.said["responses"].items() if code[0] in "45"}
        assert {"401", "403", "404", "409", "422", "503"} <= set(refusals), one.name
        for code, said in refusals.items():
            assert set(said["content"]) == {"application/problem+json"}, f"{one.name} {code}"


def test_every_unsafe_operation_asks_for_an_idempotency_key(document: dict[str, Any]) -> None:
    for one in operations(document):
        key = one.parameters.get("Idempotency-Key")
        if one.method in READING or one.short_path in QUESTIONS | TRIES:
            assert key is None, one.name
        else:
            assert key is not None, one.name
            assert key["required"], one.name


def test_operations_ask_for_a_token_unless_they_are_public(document: dict[str, Any]) -> None:
    without = {
        one.short_path
        for one in operations(document)
        if not one.said.get("security") or {} in one.said["security"]
    }
    assert without == OPEN_CALLS


def test_every_list_is_a_page_or_short_by_nature(document: dict[str, Any]) -> None:
    whole = set()
    for one in operations(document):
        schema = resolved(document, one.answer)
        if one.method == "GET" and schema.get("type") == "array":
            whole.add(one.short_path)
        is_page = {"next_after", "next_before"} & set(schema.get("properties", {}))
        if is_page:
            limit = one.parameters["limit"]["schema"]
            assert limit["maximum"] <= LARGEST_PAGE, one.name
            assert limit["minimum"] == 1, one.name
            assert {"after", "before"} & set(one.parameters), one.name
    assert whole <= set(SHORT_LISTS), f"lists without end: {sorted(whole - set(SHORT_LISTS))}"


def test_nothing_sent_is_without_bound(document: dict[str, Any]) -> None:
    loose = []
    for one in operations(document):
        sent = [(name, said["schema"]) for name, said in one.parameters.items()]
        if one.body:
            sent.append(("body", one.body))
        for name, schema in sent:
            for place, part in parts(document, schema, name):
                if part.get("type") == "array" and "maxItems" not in part:
                    loose.append(f"{one.name}: list {place}")
                bounded = {"maxLength", "enum", "const", "format", "pattern"} & set(part)
                in_path = one.parameters.get(name, {}).get("in") == "path"
                if part.get("type") == "string" and not bounded and not in_path:
                    loose.append(f"{one.name}: text {place}")
    assert not loose, "\n".join(dict.fromkeys(loose))


def test_every_body_has_an_example_and_it_is_valid(document: dict[str, Any]) -> None:
    for one in operations(document):
        if one.body is None:
            continue
        example = example_of(document, one.body)
        wrong = [error.message for error in checker(document, one.body).iter_errors(example)]
        assert not wrong, f"{one.name}: {wrong} in {example}"


def test_every_example_of_a_field_is_valid(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        for field, part in schema.get("properties", {}).items():
            for example in part.get("examples", []):
                assert checker(document, part).is_valid(example), f"{name}.{field}: {example}"


def filled(path: str) -> str:
    """Return a path with something in place of each parameter."""
    words = {
        "section": "1.1",
        "language": "en",
        "digits": "1" * 193,
        "serial": "0000-0000-0000-0000",
    }
    return IN_PLACE.sub(lambda found: words.get(found.group(1), "XX-0000000"), path)


def routes_of(routers: list[Any], kind: type[Route] | type[APIRoute]) -> list[tuple[str, str]]:
    return [
        (method, route.path)
        for router in routers
        for route in router.routes
        if isinstance(route, kind | APIRoute)
        for method in sorted(route.methods or ())
    ]


@pytest.fixture
def lonely(engine: Engine) -> str:
    """Open one account that may read much, and nothing else."""
    with transaction(engine) as session:
        make_person(session, "tatca", *MUCH, at=AT)
    return "tatca"


def test_the_house_has_no_door_but_the_known_ones(client: TestClient) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    others = {str(getattr(route, "path", "")) for route in app.routes if hasattr(route, "path")} - {
        path for _, path in routes_of(page_routers(), Route)
    }
    assert others - {""} == {
        "/api/v1/openapi.json",
        "/static",
        "/healthz",
        "/readyz",
        "/metrics",
        "/.well-known/security.txt",
    }


def test_every_call_but_the_open_ones_asks_for_a_token(client: TestClient) -> None:
    for method, path in routes_of(api_routers(), APIRoute):
        answer = client.request(method, API_PREFIX + filled(path))
        if path in OPEN_CALLS:
            assert answer.status_code in {200, 404, 422}, f"{method} {path}"
        else:
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
            assert answer.json()["code"] == "token.needed"


def test_every_page_but_the_open_ones_asks_to_sign_in(client: TestClient) -> None:
    for method, path in routes_of(page_routers(), Route):
        if path in OPEN_PAGES or method == "OPTIONS":  # what is offered is told to anybody
            continue
        answer = client.request(method, filled(path))
        assert answer.status_code in {303, 401}, f"{method} {path}: {answer.status_code}"
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/sign-in?next="), f"{method} {path}"


def rows(engine: Engine) -> dict[str, int]:
    """Return how many rows every table has."""
    with engine.connect() as connection:
        return {
            table: connection.execute(sa.text(f'SELECT count(*) FROM "{table}"')).scalar_one()  # noqa: S608 -- names from the database itself
            for table in sa.inspect(engine).get_table_names()
        }


def test_reading_writes_nothing(client: TestClient, engine: Engine, lonely: str) -> None:
    bearer = {"authorization": f"Bearer {token_for(engine, lonely)}"}
    signed_in(client, lonely)
    before = rows(engine)
    for method, path in routes_of(api_routers(), APIRoute):
        if method in READING:
            answer = client.request(method, API_PREFIX + filled(path), headers=bearer)
            assert answer.status_code < 500, f"{method} {path}"
    for method, path in routes_of(page_routers(), Route):
        if method in READING:
            answer = client.request(method, filled(path))
            assert answer.status_code < 500, f"{method} {path}"
    assert rows(engine) == before


def test_every_refusal_has_the_one_shape(client: TestClient, engine: Engine, lonely: str) -> None:
    bearer = {"authorization": f"Bearer {token_for(engine, lonely)}"}
    for method, path in routes_of(api_routers(), APIRoute):
        if "{" not in path or path in OPEN_CALLS:
            continue
        answer = client.request(
            method,
            API_PREFIX + filled(path),
            headers=bearer | {"idempotency-key": f"khoa-{method}-{path}"[:80]},
        )
        assert 400 <= answer.status_code < 500, f"{method} {path}: {answer.status_code}"
        assert answer.headers["content-type"] == "application/problem+json", f"{method} {path}"
        problem = answer.json()
        assert {"type", "title", "status", "detail", "code", "instance"} <= set(problem)
        assert problem["status"] == answer.status_code
