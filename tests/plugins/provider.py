"""Providers of accounts on this machine: a real one (Canaille), and one that says what a test tells it."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "ocop"
SECRET = "bi-mat-giua-hai-may-chu"  # noqa: S105 -- invented, for tests only
PASSWORD = "mat-khau-o-noi-cap-tai-khoan"  # noqa: S105 -- invented, for tests only
SUBJECTS = ("giang", "lo")
REDIRECT = "http://127.0.0.1:8000/sign-in/provider/back"
ROOT = Path(__file__).resolve().parents[2]
_STARTS_WITHIN = 60.0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the real provider for the whole run and return its issuer."""
    port = _free_port()
    log = tmp_path_factory.mktemp("provider") / "provider.log"
    with log.open("w") as said:
        running = subprocess.Popen(
            [sys.executable, "-m", "tests.plugins.provider_server", str(port)],
            cwd=ROOT,
            stdout=said,
            stderr=said,
        )
    issuer, end = f"http://127.0.0.1:{port}", monotonic() + _STARTS_WITHIN
    while not _answers(port):
        assert running.poll() is None, log.read_text()
        assert monotonic() < end, log.read_text()
        try:
            running.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    yield issuer
    running.terminate()
    running.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def walk(address: str, subject: str) -> str:
    """Sign in at the real provider as a person does, and return the address it sends the browser to."""
    with httpx2.Client(follow_redirects=False, trust_env=False, timeout=60) as browser:
        answer = browser.get(address)
        for _ in range(12):
            goal = answer.headers.get("location", "")
            if goal.startswith(REDIRECT):
                return goal
            if goal:
                answer = browser.get(str(answer.url.join(goal)))
                continue
            assert answer.status_code == 200, answer.text
            mark = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)
            assert mark, answer.text
            typed = {"csrf_token": mark[1], "login": subject, "password": PASSWORD}
            wanted = {name: word for name, word in typed.items() if f'name="{name}"' in answer.text}
            answer = browser.post(str(answer.url), data=wanted)
    raise AssertionError(answer.text)


Claims = dict[str, Any]


@cache
def new_key(kid: str, number: int = 0) -> RSAKey:
    """Return a key of this name, the same one for the same number: making one takes a while."""
    assert number >= 0
    return RSAKey.generate_key(2048, {"kid": kid}, private=True)


class Puppet:
    """A provider whose every answer a test may bend; by itself it does all a provider should."""

    def __init__(self) -> None:
        self.key = new_key("mot")
        self.published = [self.key]
        self.signs_with = self.key
        self.bend_claims: Callable[[Claims], None] = lambda _claims: None
        self.bend_metadata: Callable[[Claims], None] = lambda _metadata: None
        self.token_status = 200
        self.token_answer: Claims | None = None
        self.header: Claims = {"alg": "RS256", "kid": "mot"}
        self.nonce = ""
        self.now = 0
        self.issuer = ""
        self.asked: list[str] = []
        self.posted: list[str] = []

    def metadata(self) -> Claims:
        """Return what it says of itself."""
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        self.bend_metadata(said)
        return said

    def token(self) -> Claims:
        """Return the answer to a code."""
        if self.token_answer is not None:
            return self.token_answer
        claims: Claims = {
            "iss": self.issuer,
            "sub": "giang",
            "aud": CLIENT,
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": self.nonce,
            "name": "Giàng A Mẫu",
        }
        self.bend_claims(claims)
        signed = jwt.encode(self.header, claims, self.signs_with, algorithms=["RS256", "HS256"])
        return {"access_token": "khong-dung", "token_type": "Bearer", "id_token": signed}


@pytest.fixture
def puppet() -> Iterator[Puppet]:
    """Serve a provider that a test bends."""
    puppet = Puppet()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            puppet.asked.append(self.path)
            if self.path == "/keys":
                keys = [key.as_dict(private=False) for key in puppet.published]
                self._say(200, {"keys": keys})
            else:
                self._say(200, puppet.metadata())

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            puppet.posted.append(self.rfile.read(length).decode())
            self._say(puppet.token_status, puppet.token())

        def _say(self, status: int, content: Claims) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            if status == 302:
                self.send_header("location", f"{puppet.issuer}/elsewhere")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    puppet.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield puppet
    server.shutdown()
    server.server_close()
    thread.join(timeout=20)
