"""A real Chromium for the tests, driven by Playwright; never a browser of its own download."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Protocol

import pytest
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.plugins.loud import not_run

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = ViewportSize(width=360, height=740)
DESKTOP = ViewportSize(width=1280, height=900)
# A busy machine takes its time; what a page costs is weighed by its bytes and statements, not waited for.
PATIENCE_MS = 60_000


class OpenPage(Protocol):
    """Opens a window of its own: phone or desktop, light or dark, with or without scripts."""

    def __call__(
        self,
        *,
        phone: bool = True,
        dark: bool = False,
        script: bool = True,
        base_url: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Page:
        """Return the empty page."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once a run."""
    path = os.environ.get("OCOP_CHROMIUM") or shutil.which("chromium")
    if path is None:
        not_run("Chromium", "không thấy lệnh chromium (apt-get install chromium)")
    driver = subprocess.run(
        [*compute_driver_executable(), "--version"], capture_output=True, check=False
    )
    if driver.returncode != 0:
        not_run("Chromium", "Playwright không khởi động được (apt-get install libatomic1)")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[OpenPage]:
    """Return a function that opens a window of its own: phone or desktop, light or dark."""
    contexts: list[BrowserContext] = []

    def open_page(
        *,
        phone: bool = True,
        dark: bool = False,
        script: bool = True,
        base_url: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Page:
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            has_touch=phone,
            is_mobile=phone,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",  # a colour is judged where it ends, not on its way there
            java_script_enabled=script,
            base_url=base_url,
            extra_http_headers=headers,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def phone_page(new_page: OpenPage) -> Page:
    """Return a page on a small phone, 360 by 740, with touch."""
    return new_page()


@pytest.fixture
def desktop_page(new_page: OpenPage) -> Page:
    """Return a page on a desk, 1280 by 900."""
    return new_page(phone=False)
