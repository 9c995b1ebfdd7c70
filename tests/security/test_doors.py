"""What holds at every door of the house, whoever made it."""

import ast
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from starlette.routing import Route

from app.api import routers as api_routers
from app.core.db import transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Role, Scope
from app.main import API_PREFIX, create_app
from app.web import routers as page_routers
from tests.api.test_contract import filled, operations, resolved, routes_of
from tests.architecture.source import ROOT
from tests.conftest import AT
from tests.factories.people import HOME, People, signed_in, token_for
from tests.factories.register import make_producer, make_product

ELSEWHERE = "https://noi-khac.example"
# Read by programs of other sites, in a browser: signed lists, keys, links of a product, open data.
READ_BY_OTHER_SITES = {
    "/api/v1/register",
    "/api/v1/register/changes",
    "/register/changes.atom",
    "/.well-known/gs1resolver",
    "/.well-known/jwks.json",
    "/01/{rest:path}",
    "/api/v1/register/snapshots",
    "/api/v1/status/bundle",
    "/api/v1/status/certificates",
    "/api/v1/status/changes",
    "/register/data",
    "/register/data/datapackage.json",
    "/register/data/dictionary.csv",
    "/register/data/dictionary.json",
    "/register/data/{month}.csv",
    "/register/data/{month}.json",
    "/register/{code}/credential.jwt",
    "/status/{shard}",
}
# What nobody writes by a body: who decides it is an action of its own, or time.
_DECIDED_ELSEWHERE = {
    "created_at",
    "expires_at",
    "id",
    "owner_id",
    "producer_id",
    "quota",
    "role",
    "roles",
    "signed_at",
    "stars",
    "state",
    "status",
    "user_id",
}
# The administrator gives posts by this call and by no other (tests/authorisation/matrix.csv).
_GIVES_POSTS = {"POST /api/v1/accounts/{username}/posts"}
# What a scan tells anybody, and nothing else (OWASP API3).
TOLD_OF_A_STAMP = {
    "asked",
    "basis",
    "certificate",
    "demonstration",
    "known_at",
    "message",
    "newer",
    "picture",
    "pin",
    "producer",
    "product",
    "reason",
    "roll",
    "serial",
    "since",
    "valid",
    "verdict",
}
TOLD_OF_A_PRODUCER = {"name", "address", "commune"}


def every_path(app: FastAPI) -> list[str]:
    """Return the path of every route that is read."""
    found = [API_PREFIX + path for _, path in routes_of(api_routers(), APIRoute)]
    found += [path for _, path in routes_of(page_routers(), Route)]
    found += [
        "/healthz",
        "/readyz",
        "/static/css/app.css",
        "/khong-co",
        f"{API_PREFIX}/openapi.json",
    ]
    assert app.routes
    return list(dict.fromkeys(found))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app().openapi()


def test_only_what_is_open_is_read_by_programs_of_other_sites(client: TestClient) -> None:
    app: Any = client.app
    opened = set()
    for path in every_path(app):
        answer = client.get(filled(path), headers={"origin": ELSEWHERE})
        allowed = answer.headers.get("access-control-allow-origin")
        if allowed is not None:
            opened.add(path)
            assert allowed == "*", path
        assert "access-control-allow-credentials" not in answer.headers, path
    assert opened <= READ_BY_OTHER_SITES


def test_every_answer_carries_the_headers_that_keep_others_out(client: TestClient) -> None:
    app: Any = client.app
    for path in every_path(app):
        headers = client.get(filled(path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy, path
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert headers["referrer-policy"] in {"same-origin", "no-referrer"}, path


def test_behind_https_browsers_are_told_to_stay_there(settings: Settings) -> None:
    safe = settings.model_copy(update={"public_url": "https://ocop.example"})
    with TestClient(create_app(safe), base_url="https://ocop.example") as client:
        answer = client.get("/sign-in")
        assert "max-age=63072000" in answer.headers["strict-transport-security"]


def test_nothing_changes_by_a_request_another_site_made_a_browser_send(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        People(session, AT).administrator()
    signed_in(client, "quantri")
    for router in page_routers():
        for route in router.routes:
            assert isinstance(route, Route)
            for method in set(route.methods or ()) - {"GET", "HEAD", "OPTIONS"}:
                for headers in ({"sec-fetch-site": "cross-site"}, {"origin": ELSEWHERE}):
                    answer = client.request(method, filled(route.path), headers=headers)
                    assert answer.status_code == 403, f"{method} {route.path} {headers}"


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/redoc",
        "/openapi.json",
        f"{API_PREFIX}/docs",
        "/.git/config",
        "/.git/HEAD",
        "/.env",
        "/static/",
        "/static/css/",
        "/static/..%2f..%2fpyproject.toml",
        "/static/../pyproject.toml",
        "/var/ocop.db",
        "/files/",
    ],
)
def test_what_is_for_developers_is_not_there(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_program_does_not_debug_in_front_of_people(client: TestClient) -> None:
    app: Any = client.app
    assert app.debug is False
    assert client.request("TRACE", "/sign-in").status_code == 405
    assert client.request("TRACE", f"{API_PREFIX}/register").status_code == 405


@pytest.mark.parametrize("path", [f"{API_PREFIX}/register", "/register"])
def test_a_fault_tells_its_number_and_nothing_of_the_house(settings: Settings, path: str) -> None:
    app = create_app(settings)
    with TestClient(app, raise_server_exceptions=False) as client:
        with app.state.engine.begin() as connection:
            connection.execute(text("ALTER TABLE certificates RENAME TO hong"))
        answer = client.get(path)
    assert answer.status_code == 500
    for inner in (
        "Traceback",
        "SELECT",
        "certificates",
        "sqlalchemy",
        ".py",
        str(settings.data_dir),
    ):
        assert inner not in answer.text, inner
    assert answer.headers["x-request-id"] in answer.text
    if path.startswith("/api/"):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "fault"


def test_a_token_counts_in_its_header_alone(client: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        People(session, AT).auditor()
    token = token_for(engine, "kiemtoan", Scope.REGISTER_READ)
    path = f"{API_PREFIX}/producers"
    assert client.get(path, headers={"authorization": f"Bearer {token}"}).status_code == 200
    for parameters in (
        {"token": token},
        {"access_token": token},
        {"authorization": f"Bearer {token}"},
    ):
        assert client.get(path, params=parameters).status_code == 401
    for name in ("x-api-key", "x-auth-token", "cookie"):
        assert client.get(path, headers={name: f"token={token}"}).status_code == 401
    assert client.get(path, headers={"authorization": f"Basic {token}"}).status_code == 401
    assert client.get(path, headers={"cookie": f"ocop={token}"}).status_code == 401
    assert client.get("/account", headers={"authorization": f"Bearer {token}"}).status_code == 303
    assert client.get("/account", headers={"cookie": f"ocop={token}"}).status_code == 303


def test_no_body_says_what_only_an_action_or_the_time_decides(document: dict[str, Any]) -> None:
    said = []
    for one in operations(document):
        fields = set(resolved(document, one.body or {}).get("properties", {}))
        if one.body is not None and one.name not in _GIVES_POSTS:
            said += [f"{one.name}: {name}" for name in fields & _DECIDED_ELSEWHERE]
    assert not said, "\n".join(said)


def test_what_a_body_says_beyond_its_fields_changes_nothing(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        people.officer()
        producer = make_producer(session, people)
        product = make_product(session, people, producer)
        code, owner, version = product.code, product.producer_id, product.version
    token = token_for(engine, f"canbo{HOME}", Scope.REGISTER_READ, Scope.REGISTER_WRITE)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": "them-o-khong-co"}
    told = client.get(f"{API_PREFIX}/products/{code}", headers=headers).json()
    body = {
        "name": told["name"],
        "set_number": told["set_number"],
        "version": version,
        "id": 99,
        "role": "administrator",
        "status": "recognised",
        "stars": 5,
        "star": 5,
        "quota": 10**6,
        "owner_id": 99,
        "producer_id": 99,
        "commune_code": "03405",
    }
    answer = client.put(f"{API_PREFIX}/products/{code}", json=body, headers=headers)
    assert answer.status_code in {200, 422}
    with engine.connect() as connection:
        kept = connection.execute(
            text("SELECT id, producer_id, commune_code FROM products WHERE code = :code"),
            {"code": code},
        ).one()
        roles = set(connection.scalars(text("SELECT role FROM memberships")))
    assert (kept.producer_id, kept.commune_code) == (owner, HOME)
    assert roles <= {"commune_officer", "producer"}


def test_a_scan_tells_the_listed_things_only(document: dict[str, Any]) -> None:
    [one] = [
        one
        for one in operations(document)
        if (one.method, one.short_path) == ("GET", "/verify/{text}")
    ]
    told = resolved(document, one.answer)["properties"]
    assert set(told) == TOLD_OF_A_STAMP
    producer = resolved(document, told["producer"]["anyOf"][0])
    assert set(producer["properties"]) == TOLD_OF_A_PRODUCER


def test_secrets_are_long_enough_not_to_be_guessed() -> None:
    tree = ast.parse((ROOT / "app/core/codes.py").read_text(encoding="utf-8"))
    made = [
        ast.literal_eval(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "token_urlsafe"
    ]
    assert made
    assert all(bytes_of_chance * 8 >= 128 for bytes_of_chance in made)


def test_every_role_is_known_to_the_table_of_rights() -> None:
    from tests.authorisation.matrix import COLUMNS

    assert {column.role for column in COLUMNS if column.role} == set(Role)
