"""The program behind a real HTTP server on a port of this machine, and htmx without a network."""

import base64
import hashlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from playwright.sync_api import Page

from app.commands.serving import LINES
from app.core.settings import HTMX_SOURCE, Settings
from app.main import create_app


def htmx_file() -> Path:
    """Return the file of htmx that a development package carries; nothing of Django runs here."""
    found = find_spec("django_htmx")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "static" / "django_htmx" / "htmx-4.min.js"


def htmx_integrity() -> str:
    """Return the integrity hash of the htmx that browsers of the tests get."""
    digest = hashlib.sha384(htmx_file().read_bytes()).digest()
    return f"sha384-{base64.b64encode(digest).decode()}"


def give_htmx(page: Page) -> Page:
    """Answer the browser's request to the CDN from a file: the tests reach no network."""
    page.route(
        HTMX_SOURCE,
        lambda route: route.fulfill(
            path=htmx_file(),
            content_type="text/javascript",
            headers={"access-control-allow-origin": "*"},
        ),
    )
    return page


@contextmanager
def serving(settings: Settings, *, backlog: int = 64) -> Iterator[str]:
    """Serve over HTTP as this process, in a thread, and lend the address."""
    with socket.socket() as listening:
        # Bound before the server starts: whoever connects early waits in the queue.
        listening.bind(("127.0.0.1", 0))
        listening.listen(backlog)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = create_app(
            settings.model_copy(update={"public_url": address, "htmx_integrity": htmx_integrity()})
        )
        running = uvicorn.Server(uvicorn.Config(app, log_level="warning", **LINES))
        thread = Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield address
        finally:
            running.should_exit = True
            thread.join(timeout=60)
            assert not thread.is_alive()


@pytest.fixture
def server(settings: Settings) -> Iterator[str]:
    """Serve this test's database over HTTP and return the address."""
    with serving(settings.model_copy(update={"pool_size": 8})) as address:
        yield address
