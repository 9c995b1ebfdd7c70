"""Short messages to a gateway over HTTP, on a real server."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.core.carriers import NotCarried, Parcel, Trouble
from app.core.sms import SmsGateway
from tests.plugins.mail import free_port

PARCEL = Parcel(
    code="GT-ABC1234",
    address="+84912345678",
    subject="",
    text="",
    short_text="Xã trả lại hồ sơ HS-1. Hạn 01/10/2026.",
    at=datetime(2026, 9, 14, 2, 0, tzinfo=UTC),
)


class Gateway:
    """What came in, and the answers still to give (then 202)."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], Any]] = []
        self.answers: deque[int] = deque()
        self.address = ""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Run a gateway for one test."""
    known = Gateway()

    class Handler(BaseHTTPRequestHandler):
        """Keeps a message and answers as told."""

        def do_POST(self) -> None:
            """Take one message."""
            body = self.rfile.read(int(self.headers["content-length"]))
            known.calls.append((dict(self.headers), json.loads(body)))
            self.send_response(known.answers.popleft() if known.answers else 202)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_said: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.address = f"http://127.0.0.1:{server.server_port}/send"
    running = threading.Thread(target=server.serve_forever)
    running.start()
    yield known
    server.shutdown()
    running.join()
    server.server_close()


def test_a_message_is_posted_with_its_name_and_the_token(gateway: Gateway) -> None:
    carrier = SmsGateway(gateway.address, "bi-mat")
    carrier.carry(PARCEL)
    carrier.close()
    ((headers, body),) = gateway.calls
    assert body == {
        "id": "GT-ABC1234",
        "to": "+84912345678",
        "text": "Xã trả lại hồ sơ HS-1. Hạn 01/10/2026.",
    }
    lower = {name.lower(): value for name, value in headers.items()}
    assert lower["authorization"] == "Bearer bi-mat"
    assert lower["idempotency-key"] == "GT-ABC1234"


@pytest.mark.parametrize(
    ("answer", "trouble", "for_good", "for_all"),
    [
        (400, Trouble.REFUSED, True, False),
        (422, Trouble.REFUSED, True, False),
        (429, Trouble.REFUSED, False, False),
        (503, Trouble.REFUSED, False, False),
        (302, Trouble.REFUSED, False, False),
        (401, Trouble.SETTINGS, False, True),
        (404, Trouble.SETTINGS, False, True),
    ],
)
def test_an_answer_tells_whether_to_try_again(
    gateway: Gateway, answer: int, trouble: Trouble, for_good: bool, for_all: bool
) -> None:
    gateway.answers.append(answer)
    carrier = SmsGateway(gateway.address, "")
    with pytest.raises(NotCarried) as why:
        carrier.carry(PARCEL)
    carrier.close()
    told = (why.value.trouble, why.value.answer, why.value.for_good, why.value.for_all)
    assert told == (trouble, answer, for_good, for_all)


def test_nobody_listening_is_told_for_all() -> None:
    carrier = SmsGateway(f"http://127.0.0.1:{free_port()}/send", "")
    with pytest.raises(NotCarried) as why:
        carrier.carry(PARCEL)
    carrier.close()
    assert (why.value.trouble, why.value.for_all) == (Trouble.UNREACHABLE, True)
