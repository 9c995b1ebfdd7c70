"""Every page that every role can reach: sound markup, light, few statements, no dead link."""

import gzip
import re
from collections import Counter, deque
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.routing import Match, Route

from tests.journeys.world import Statements, World, usernames
from tests.plugins.server import htmx_file
from tests.web.page_checks import check_page

MOST_STATEMENTS = 8
MOST_OF_A_KIND = 3  # pages of one route that are visited for each role
KB = 1024
HARD_CAP = 14 * KB
LIST_CAP = int(4.5 * KB)
WORK_CAP = 6 * KB
FIRST_VISIT_CAP = 28 * KB
CAPS = {
    "dossiers.show": WORK_CAP,
    "dossiers.section": WORK_CAP,
    "sheets.show": WORK_CAP,
    "producers.list": LIST_CAP,
    "products.list": LIST_CAP,
    "dossiers.list": LIST_CAP,
    "rounds.list": LIST_CAP,
    "decisions.list": LIST_CAP,
    "certificates.list": LIST_CAP,
    "batches.list": LIST_CAP,
    "register.list": LIST_CAP,
    "work.list": LIST_CAP,
    "audit.list": LIST_CAP,
    "accounts.list": LIST_CAP,
}
LEFT_ALONE = {"home", "language"}  # they only send elsewhere


def route_name(client: TestClient, path: str) -> str | None:
    """Return the name of the page behind a path."""
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    for name, route in client.app.state.pages.items():  # type: ignore[attr-defined]  # -- ours
        if isinstance(route, Route) and route.matches(scope)[0] is Match.FULL:
            return str(name)
    return None


def links_of(html: str) -> list[str]:
    """Return the addresses of our own site that a page links to."""
    found = (unescape(href) for href in re.findall(r'href="([^"]+)"', html))
    return [href for href in found if href.startswith("/") and not href.startswith("/static")]


def crawled(client: TestClient) -> Iterator[tuple[str, str]]:
    """Go through the site as this person: yield route name and address of each page once."""
    waiting, seen, kinds = deque(["/work"]), {"/work"}, Counter[str]()
    while waiting:
        address = waiting.popleft()
        name = route_name(client, urlsplit(address).path)
        if name in LEFT_ALONE:
            continue
        assert name is not None, f"nothing answers {address}"
        kinds[name] += 1
        if kinds[name] > MOST_OF_A_KIND:
            continue
        yield name, address
        answer = client.get(address)
        if answer.headers.get("content-type", "").startswith("text/html") and not is_saved(answer):
            fresh = [link for link in links_of(answer.text) if link.split("#")[0] not in seen]
            for link in fresh:
                seen.add(link.split("#")[0])
                waiting.append(link.split("#")[0])


def is_saved(answer: Response) -> bool:
    """Tell whether an answer is a file to be saved: its own tests bound its weight."""
    return answer.headers.get("content-disposition", "").startswith("attachment")


@pytest.mark.parametrize("username", usernames())
def test_every_page_a_person_can_reach_is_sound_light_and_quick(
    world: World, username: str
) -> None:
    client = world.sign_in(username)
    statements = Statements(world.engine)
    faults: list[str] = []
    for name, address in crawled(client):
        statements.taken()
        answer = client.get(address)
        asked = statements.taken()
        kind = answer.headers.get("content-type", "")
        if answer.status_code != 200:
            faults.append(f"{address} answers {answer.status_code}")
        elif kind.startswith("text/html") and not is_saved(answer):
            weight = answer.num_bytes_downloaded
            if weight > CAPS.get(name, HARD_CAP):
                faults.append(f"{address} ({name}) weighs {weight} bytes")
            if len(asked) > MOST_STATEMENTS:
                faults.append(f"{address} ({name}) asks the database {len(asked)} times")
            check_page(answer.text)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("route", ["dossiers.show", "sheets.show", "register.list", "work.list"])
def test_a_first_visit_costs_little_with_everything_it_loads(world: World, route: str) -> None:
    client = world.sign_in("hoidong1" if route == "sheets.show" else "canboxa")
    address = next(address for name, address in crawled(client) if name == route)
    page = client.get(address)
    total = page.num_bytes_downloaded
    for asset in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        total += client.get(unescape(asset)).num_bytes_downloaded
    total += len(gzip.compress(htmx_file().read_bytes()))
    assert total <= FIRST_VISIT_CAP


def test_a_page_loads_one_sheet_one_script_and_htmx(world: World) -> None:
    html = world.sign_in("canboxa").get("/work").text
    assert len(re.findall(r'<link rel="stylesheet"', html)) == 1
    scripts = re.findall(r"<script[^>]*>", html)
    assert len(scripts) == 2
    assert all(" defer" in script for script in scripts)
    assert re.search(r'integrity="sha384-', html)
