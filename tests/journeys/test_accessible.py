"""What a machine can judge of WCAG 2.2 AA and of a phone's width, on pages of every kind."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from app.cli import migrate_database
from app.core.clock import now
from app.core.db import make_engine
from app.core.settings import Settings
from app.demonstration.world import accounts, build_world
from tests.plugins.browser import OpenPage
from tests.plugins.server import give_htmx

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
# Who looks at which lists, and how the addresses of single things on them begin.
WALKS: dict[str, list[tuple[str, str]]] = {
    "canboxa": [
        ("/work", "/dossiers/"),
        ("/producers", "/producers/CT-"),
        ("/products", "/products/SP-"),
        ("/dossiers", "/dossiers/HS-"),
    ],
    "canbotinh": [
        ("/rounds", "/meetings/PH-"),
        ("/decisions", "/decisions/QD-"),
        ("/certificates", "/certificates/CN-"),
        ("/batches", "/batches/LT-"),
        ("/dossiers?state=recognised", "/dossiers/HS-"),
    ],
    "hoidong1": [("/work", "/score-sheets/PD-")],
    "chutich": [("/rounds", "/meetings/PH-")],
    "kiemtoan": [("/audit", "/audit/verify")],
    "quantri": [("/accounts", "/accounts/new")],
}
PUBLIC = [("/sign-in", ""), ("/register", "/register/CN-"), ("/verify", "")]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Judge pages on one kind of database: they are the same on the other."""
    return f"sqlite:///{tmp_path / 'ocop.db'}"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Build the demonstration world behind the server of these tests."""
    settings = Settings(
        data_dir=tmp_path,
        database_url=database_url,
        demonstration=True,
        stamp_host="minhhoa.example",
    )
    migrate_database(settings)
    engine = make_engine(settings)
    build_world(engine, settings, at=now())
    engine.dispose()
    return settings


def _signed_in(page: Page, username: str) -> Page:
    passwords = {name: password for name, password, _ in accounts()}
    page.goto("/sign-in")
    page.fill("#username", username)
    page.fill("#password", passwords[username])
    page.click("main button")
    page.wait_for_url("**/work")
    return page


def _judged(page: Page, address: str) -> list[str]:
    """Open a page and return what is wrong with it."""
    page.goto(address)
    found = Axe().run(page, options=RULES).response["violations"]
    faults = [
        f"{address}: {one['id']}: {one['nodes'][0]['html'][:160]} ({len(one['nodes'])} times)"
        for one in found
    ]
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > page.evaluate("innerWidth"):
        faults.append(f"{address}: {width} px wide")
    return faults


def _walk(page: Page, walks: list[tuple[str, str]]) -> list[str]:
    faults = []
    for listed, prefix in walks:
        faults += _judged(page, listed)
        if prefix:
            link = page.locator(f'main a[href^="{prefix}"]').first.get_attribute("href")
            assert link is not None
            faults += _judged(page, link)
    return faults


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_are_readable_for_everybody_on_a_small_phone(
    server: str, new_page: OpenPage, dark: bool
) -> None:
    faults = _walk(give_htmx(new_page(base_url=server, dark=dark)), PUBLIC)
    for username, walks in WALKS.items():
        page = _signed_in(give_htmx(new_page(base_url=server, dark=dark)), username)
        faults += _walk(page, walks)
    assert not faults, "\n".join(faults)
