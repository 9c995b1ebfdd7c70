"""Every link, picture and form that a person is shown leads somewhere that lets this person in."""

from collections import Counter, deque
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi.testclient import TestClient
from starlette.routing import Match, Route

from app.web import routers as page_routers
from tests.journeys.test_every_page import is_page, route_name
from tests.journeys.world import World, one_of_each
from tests.web.page_checks import every, parsed

MOST_OF_A_KIND = 2  # pages of one route whose links are followed, for each person
# Sites of others that a page may name: htmx, and official ones.
KNOWN_HOSTS = {"cdn.jsdelivr.net", "ocop.gov.vn", "thuvienphapluat.vn", "vanban.chinhphu.vn"}


def named(html: str) -> Iterator[tuple[str, str]]:
    """Yield what a page leads to: the kind of the link, and where."""
    page = parsed(html)
    for link in every(page, "a"):
        yield "a link", link.get("href") or ""
    for part in every(page, "img", "script", "source", "iframe"):
        if part.get("type") != "application/ld+json":  # read, never run, and in the page itself
            yield "a file", part.get("src") or ""
    for part in every(page, "link"):
        yield "a file", part.get("href") or ""
    for form in every(page, "form"):
        kind = "a question" if (form.get("method") or "get").lower() == "get" else "a form"
        yield kind, form.get("action") or ""
    for part in page.iter():
        if part.get("hx-get"):
            yield "a part", part.get("hx-get") or ""


def takes_form(path: str) -> bool:
    """Tell whether somebody answers a form at this path."""
    scope = {"type": "http", "method": "POST", "path": path, "headers": []}
    pages = [route for router in page_routers() for route in router.routes]
    return any(isinstance(page, Route) and page.matches(scope)[0] is Match.FULL for page in pages)


class Walk:
    """Follows everything one person is shown, and notes what leads nowhere."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self._own_address: str = client.app.state.settings.public_url.rstrip("/")  # type: ignore[attr-defined]  # -- ours
        self._waiting = deque(["/", "/work", "/register"])
        self._seen: set[str] = set()
        self._kinds: Counter[str] = Counter()
        self.found: dict[str, None] = {}

    def go(self) -> list[str]:
        """Follow everything; return the faults."""
        while self._waiting:
            address = self._waiting.popleft()
            answer = self._client.get(address, follow_redirects=True)
            if answer.status_code >= 400:
                self.found[f"{address}: {answer.status_code}"] = None
            elif is_page(answer):
                for kind, told in named(answer.text):
                    self._judge(address, kind, told, here=str(answer.url.path))
        return list(self.found)

    def _judge(self, address: str, kind: str, told: str, *, here: str) -> None:
        parts = urlsplit(urljoin(here, told.removeprefix(self._own_address)))
        if parts.netloc:
            if parts.hostname not in KNOWN_HOSTS:
                self.found[f"{address} names {kind} of {parts.netloc}"] = None
        elif not told or parts.scheme:
            if parts.scheme not in {"mailto", "tel", "data"}:
                self.found[f"{address} names {kind} that is «{told}»"] = None
        elif kind == "a form":
            if not takes_form(parts.path):
                self.found[f"{address}: nobody takes the form to {parts.path}"] = None
        else:
            self._follow(parts.path, parts.query)

    def _follow(self, path: str, query: str) -> None:
        target = f"{path}?{query}" if query else path
        name = route_name(self._client, path) or path
        if target not in self._seen and self._kinds[name] < MOST_OF_A_KIND and name != "language":
            self._seen.add(target)
            self._kinds[name] += 1
            self._waiting.append(target)


@pytest.mark.parametrize("username", ["", *one_of_each()], ids=lambda name: name or "visitor")
def test_nothing_that_is_shown_leads_to_a_refusal(world: World, username: str) -> None:
    world.client.cookies.clear()
    client = world.sign_in(username) if username else world.client
    told = Walk(client).go()
    assert not told, "\n".join(told)
