"""Whose word is believed about the caller: trusted proxies only, and the last stranger they saw."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings, known_networks
from app.http.proxies import FROM_PROXY, Proxies
from app.main import create_app
from tests.conftest import AT
from tests.factories.people import PASSWORD, People

OURS = "10.1.0.0/16, 192.0.2.7, 2001:db8::/32"
Client = Callable[..., TestClient]


def settled(peer: str, *said: str, scheme: str = "https", trusted: str = OURS) -> dict[str, Any]:
    scope: dict[str, Any] = {
        "type": "http",
        "scheme": "http",
        "client": (peer, 5000),
        "headers": [(b"x-forwarded-proto", scheme.encode())]
        + [(b"x-forwarded-for", one.encode()) for one in said],
    }
    Proxies(known_networks(trusted)).settle(scope)
    return scope


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("10.1.0.5", ["203.0.113.9"], "203.0.113.9"),
        ("10.1.0.5", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),  # the first is the caller's own word
        ("10.1.0.5", ["1.1.1.1", "203.0.113.9, 192.0.2.7"], "203.0.113.9"),  # two of our proxies
        ("2001:db8::1", ["2405:4800::7"], "2405:4800::7"),
        ("10.1.0.5", ["203.0.113.9, x"], "10.1.0.5"),  # no address: nothing is believed
        ("10.1.0.5", [""], "10.1.0.5"),
        ("10.1.0.5", [], "10.1.0.5"),
        ("203.0.113.9", ["1.1.1.1"], "203.0.113.9"),  # a stranger speaks for nobody
        ("10.2.0.5", ["1.1.1.1"], "10.2.0.5"),
    ],
)
def test_the_caller_is_the_last_stranger_a_trusted_proxy_saw(
    peer: str, said: list[str], client: str
) -> None:
    assert settled(peer, *said)["client"][0] == client


def test_only_a_trusted_proxy_says_that_the_line_is_https() -> None:
    assert settled("10.1.0.5")["scheme"] == "https"
    assert settled("10.1.0.5", scheme="javascript")["scheme"] == "http"
    assert settled("203.0.113.9")["scheme"] == "http"
    assert FROM_PROXY not in settled("203.0.113.9", "1.1.1.1")


def test_without_a_setting_nobody_is_believed() -> None:
    assert settled("127.0.0.1", "1.1.1.1", trusted="")["client"][0] == "127.0.0.1"


def test_a_setting_that_is_no_network_is_refused(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 network"):
        Settings(data_dir=tmp_path, trusted_proxies="proxy.example")


@pytest.fixture
def client_at(settings: Settings, engine: Engine) -> Iterator[Client]:
    """Return clients at addresses, of one application with a proxy at 10.1.0.5."""
    with transaction(engine) as session:
        People(session, AT).auditor()
    app = create_app(
        settings.model_copy(
            update={"trusted_proxies": "10.1.0.5", "login_attempts_of_network": "2/15 minutes"}
        )
    )
    with ExitStack() as open_clients:

        def client(peer: str) -> TestClient:
            return open_clients.enter_context(
                TestClient(app, client=(peer, 5000), follow_redirects=False)
            )

        yield client


def tried(client: TestClient, name: str, said: str) -> int:
    answer = client.post(
        "/sign-in",
        data={"username": name, "password": f"{PASSWORD}-sai"},
        headers={"x-forwarded-for": said},
    )
    return answer.status_code


def test_tries_are_counted_for_who_really_asks(client_at: Client) -> None:
    stranger, proxy = client_at("203.0.113.9"), client_at("10.1.0.5")
    found = [tried(stranger, f"ai-do-{number}", f"1.1.1.{number}") for number in range(3)]
    assert found == [422, 422, 429], "another forwarded address each time is no other network"
    found = [tried(proxy, f"ai-khac-{number}", f"198.51.100.{number}") for number in range(3)]
    assert found == [422, 422, 422], "three people behind one proxy are three"
    found = [
        tried(proxy, f"ai-nua-{number}", f"9.9.9.{number}, 198.51.100.77") for number in range(3)
    ]
    assert found == [422, 422, 429], "what a caller puts before the proxy's word is not read"


def test_a_number_of_a_request_is_taken_from_a_trusted_proxy_only(client_at: Client) -> None:
    given = {"x-request-id": "abc-123.def_456"}
    stranger, proxy = client_at("203.0.113.9"), client_at("10.1.0.5")
    assert proxy.get("/sign-in", headers=given).headers["x-request-id"] == "abc-123.def_456"
    for client, sent in (
        (stranger, given["x-request-id"]),
        (proxy, "short"),
        (proxy, "with space in it"),
        (proxy, "x" * 65),
    ):
        made = client.get("/sign-in", headers={"x-request-id": sent}).headers["x-request-id"]
        assert made != sent
        assert len(made) == 16
