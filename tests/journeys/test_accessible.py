"""What a machine can judge of WCAG 2.2 AA and of a phone's width, on pages of every kind."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, Route, expect

from app.commands.schema import migrate_database
from app.core.clock import now
from app.core.db import make_engine
from app.core.settings import Settings
from app.demonstration.world import accounts, build_world
from tests.factories.dossiers import pdf_bytes
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
        ("/stamp-withdrawals", ""),
        ("/clone-flags", ""),
        ("/reports", ""),
        ("/dossiers?state=recognised", "/dossiers/HS-"),
    ],
    "hoidong1": [("/work", "/score-sheets/PD-")],
    "chutich": [("/rounds", "/meetings/PH-")],
    "kiemtoan": [("/audit", "/audit/verify")],
    "kiemtra": [("/misuse", "/misuse/BC-")],
    "quantri": [("/accounts", "/accounts/new")],
}
PUBLIC = [
    ("/sign-in", ""),
    ("/register", "/register/CN-"),
    ("/register/data", ""),
    ("/verify", ""),
    ("/report", ""),
]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Judge pages on one kind of database: they are the same on the other."""
    return f"sqlite:///{tmp_path / 'ocop.db'}"


_IN_SIGHT = "one => { const at = one.getBoundingClientRect(); return at.left >= 0 && at.right <= innerWidth }"


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
    return _faults(page, address)


def _faults(page: Page, address: str) -> list[str]:
    """Return what is wrong with a page as it stands; the address names it."""
    found = Axe().run(page, options=RULES).response["violations"]
    faults = [
        f"{address}: {one['id']}: {one['nodes'][0]['html'][:160]} ({len(one['nodes'])} times)"
        for one in found
    ]
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > page.evaluate("innerWidth"):
        faults.append(f"{address}: {width} px wide")
    here = page.locator("nav.nav [aria-current]")
    if here.count() and not page.evaluate(_IN_SIGHT, here.element_handle()):
        faults.append(f"{address}: where one is in the menu is out of sight")
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


def _some(page: Page, listed: str, prefix: str) -> str:
    """Return the address of the first thing on a list."""
    page.goto(listed)
    link = page.locator(f'main a[href^="{prefix}"]').first.get_attribute("href")
    assert link is not None
    return link


def _choose(page: Page, name: str, content: bytes) -> None:
    form = page.locator("form[data-ready]")
    form.get_by_label("Tên giấy tờ").fill("Giấy chứng nhận")
    file = FilePayload(name=name, mimeType="application/pdf", buffer=content)
    form.locator("input[type=file]").set_input_files(file)
    form.locator("button:not([type])").click()


def _files_on_their_way(page: Page) -> list[str]:
    """Send files that wait, stop and are refused; return what is wrong with the page meanwhile."""
    evidence = _some(page, "/dossiers?state=draft", "/dossiers/HS-") + "/evidence"
    wallet = _some(page, "/producers", "/producers/CT-") + "/papers/new"
    faults = []
    for address in (evidence, wallet):
        page.goto(address)
        # Chosen, then no line: sending, waiting, paused by hand.
        page.route("**/uploads/*", _drop_pieces)
        _choose(page, "giay.pdf", pdf_bytes("Giấy"))
        expect(page.get_by_text("Mất kết nối. Phần đã gửi vẫn còn")).to_be_visible()
        faults += _faults(page, f"{address} waiting")
        code = page.locator("[data-code]").text_content() or ""
        page.get_by_role("button", name="Tạm dừng").click()
        expect(page.get_by_text("Đã tạm dừng.")).to_be_visible()
        faults += _faults(page, f"{address} paused")
        faults += _judged(page, f"/uploads/continue?code={code}")
        faults += _judged(page, "/uploads/continue?code=7K2M-9Q4T")
        page.unroute("**/uploads/*")
        # Half of it is there: the page says so. Then a file that is none.
        page.goto(address)
        expect(page.get_by_text("còn gửi dở")).to_be_visible()
        faults += _faults(page, f"{address} half sent")
        _choose(page, "giay.pdf", b"MZ" + bytes(500))
        expect(page.locator("[data-progress].bad")).to_contain_text("Chỉ nhận tệp PDF")
        faults += _faults(page, f"{address} refused on the way")
        # No file at all: the form answers as without script.
        page.goto(address)
        page.locator("form[data-ready] button:not([type])").click()
        expect(page.get_by_role("alert")).to_be_visible()
        faults += _faults(page, f"{address} refused")
    return faults


def _drop_pieces(route: Route) -> None:
    if route.request.method == "PATCH":
        route.abort()
    else:
        route.continue_()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_are_readable_for_everybody_on_a_small_phone(
    server: str, new_page: OpenPage, dark: bool
) -> None:
    faults = _walk(give_htmx(new_page(base_url=server, dark=dark)), PUBLIC)
    for username, walks in WALKS.items():
        page = _signed_in(give_htmx(new_page(base_url=server, dark=dark)), username)
        faults += _walk(page, walks)
        if username == "canboxa":
            faults += _files_on_their_way(page)
    assert not faults, "\n".join(faults)
