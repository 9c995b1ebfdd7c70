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

from tests.conftest import BOTH
from tests.factories.statements import counted
from tests.journeys.world import World, one_of_each
from tests.plugins.server import htmx_file
from tests.web.page_checks import WORK_STATEMENTS, faults, pages_by_name

MOST_STATEMENTS = 8
# An administrator opens these two seldom; before a handover, two work lists are compared.
STATEMENTS = {
    "work.list": WORK_STATEMENTS,
    "accounts.show": 9,
    "handovers.new": 2 * WORK_STATEMENTS,
}
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


def is_page(answer: Response) -> bool:
    """Tell whether a browser shows the answer; a file to keep is no page."""
    kept = answer.headers.get("content-disposition", "").startswith("attachment")
    return answer.headers.get("content-type", "").startswith("text/html") and not kept


def crawled(client: TestClient) -> Iterator[tuple[str, str, bool]]:
    """Go through the site as this person: yield route name and address of each page once.

    Also whether a link leads there: a page that is only named by its address may be closed.
    """
    waiting = deque((address, address == "/work") for address in ["/work", *pages_by_name(client)])
    seen, kinds = {"/work"}, Counter[str]()
    while waiting:
        address, is_linked = waiting.popleft()
        name = route_name(client, urlsplit(address).path)
        if name in LEFT_ALONE:
            continue
        assert name is not None, f"nothing answers {address}"
        kinds[name] += 1
        if kinds[name] > MOST_OF_A_KIND:
            continue
        yield name, address, is_linked
        answer = client.get(address)
        if is_page(answer):
            fresh = {link.split("#")[0]: None for link in links_of(answer.text)}
            for link in fresh:
                if link not in seen:
                    seen.add(link)
                    waiting.append((link, True))


def refusal_of(answer: Response, address: str, *, is_linked: bool) -> str | None:
    """Say what is wrong with an answer that is no page; a link never leads nowhere."""
    if answer.status_code == 303 and not answer.headers["location"].startswith("/sign-in"):
        return None
    if answer.status_code in {403, 404} and not is_linked:
        return None
    return f"{address} answers {answer.status_code}"


@pytest.fixture(scope="module", params=["world", "world_on_postgres"], ids=BOTH)
def either_world(request: pytest.FixtureRequest) -> World:
    """Return the world on each kind of database."""
    world: World = request.getfixturevalue(request.param)
    return world


@pytest.mark.parametrize("username", one_of_each())
def test_every_page_a_person_can_reach_is_sound_light_and_quick(
    either_world: World, username: str
) -> None:
    client = either_world.sign_in(username)
    found: list[str | None] = []
    for name, address, is_linked in crawled(client):
        with counted(either_world.engine) as asked:
            answer = client.get(address)
        if answer.status_code != 200:
            found.append(refusal_of(answer, address, is_linked=is_linked))
        elif is_page(answer):
            weight = answer.num_bytes_downloaded
            if weight > CAPS.get(name, HARD_CAP):
                found.append(f"{address} ({name}) weighs {weight} bytes")
            if len(asked) > STATEMENTS.get(name, MOST_STATEMENTS):
                found.append(f"{address} ({name}) asks the database {len(asked)} times")
            found += [f"{address}: {fault}" for fault in faults(answer.text)]
    told = [one for one in found if one is not None]
    assert not told, "\n".join(told)


@pytest.mark.parametrize("route", ["dossiers.show", "sheets.show", "register.list", "work.list"])
def test_a_first_visit_costs_little_with_everything_it_loads(world: World, route: str) -> None:
    client = world.sign_in("hoidong1" if route == "sheets.show" else "canboxa")
    address = next(address for name, address, _ in crawled(client) if name == route)
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
