"""Whatever anybody may read holds products, producers and decisions, and nothing else about people."""

import logging
import re
from collections import Counter, deque
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlmodel import SQLModel

from app.core.clock import now
from app.core.db import reading, transaction
from app.domain.exports.actions import House, take_snapshot
from app.domain.producers.models import Producer
from tests.journeys.world import World

MARK = "danh-dau-rieng"
MEASURES = "doc-so-do-thu-nghiem-0123456789abcdef"
# Planted in every row: whatever page reads one of these columns would show it.
PLANTED: dict[str, tuple[str, ...]] = {
    "users": ("name", "email", "phone", "organisation"),
    "producers": (
        "phone",
        "email",
        "representative",
        "representative_title",
        "representative_ethnicity",
        "representative_address",
        "history",
        "structure",
    ),
    "product_ideas": ("proposer", "contact", "village"),
    "misuse_contacts": ("name", "phone", "email"),
    "misuse_reports": ("description", "place"),
    "misuse_photos": ("position",),
    "scan_events": ("device",),
    "login_sessions": ("device", "device_name"),
    "council_members": ("name", "organisation"),
    "advisory_members": ("name", "organisation"),
    "inspection_members": ("name",),
    "inspections": ("present",),
    "score_sheets": ("opinion",),
    "site_surveys": ("people",),
    "stamp_deliveries": ("delivered_to",),
}
# A name typed by hand stands beside each step; who signed a decision is told with it, by law.
STEPS = {
    "dossiers": ("received_by",),
    "misuse_reports": ("taken_by",),
    "commune_reports": ("prepared_by",),
}
OPEN_LISTS = ("/api/v1/register", "/api/v1/register/changes", "/api/v1/register/snapshots")
STARTS = (
    "/",
    "/register",
    "/register/changes",
    "/register/changes.atom",
    "/register/decisions",
    "/register/data",
    "/sitemap.xml",
    "/verify",
    "/report",
    "/report/state",
    "/privacy",
    "/recompute",
    "/credentials/check",
    "/metrics",
    "/healthz",
    "/readyz",
    "/api/v1/openapi.json",
    "/api/v1/status/certificates",
    "/api/v1/status/changes",
    "/api/v1/claims",
    "/api/v1/communes",
    "/api/v1/privacy",
    "/api/v1/register/decisions",
    *OPEN_LISTS,
)
MOST_OF_A_KIND = 6
MOST_PAGES = 160
CODE = re.compile(r"\b(?:CN|QD)-[0-9A-Z]{7}\b")


def plant(world: World) -> None:
    """Write the mark into everything private, and into the names beside steps."""
    with transaction(world.engine) as session:
        for name, table in SQLModel.metadata.tables.items():
            steps = STEPS.get(name, ())
            marked = [*PLANTED.get(name, ()), *steps]
            for column in marked:
                length = getattr(table.c[column].type, "length", None) or len(MARK)
                text = MARK[:length]
                change = sa.update(table)
                if column in steps:  # a step that nobody took has no name, and the database insists
                    change = change.where(table.c[column].not_in(["", text]))
                session.execute(change.values({column: text}))
        session.execute(sa.update(Producer).values(tax_code="014085001234"))


def links_in(text: str) -> Iterator[str]:
    """Yield the addresses of our own site a page or an answer names."""
    for found in re.findall(r'(?:href|src)="([^"#]+)', text):
        address = unescape(found).removeprefix("http://testserver")
        if address.startswith("/") and not address.startswith(("/static", "//", "/language")):
            yield address
    for code in CODE.findall(text):
        place = "register" if code.startswith("CN") else "register/decisions"
        yield f"/{place}/{code}"
        yield f"/api/v1/{place}/{code}"


def walked(client: TestClient) -> Iterator[tuple[str, str]]:
    """Go through the site as nobody: yield each address and the text of its answer."""
    waiting, seen, kinds = deque(STARTS), set(STARTS), Counter[str]()
    while waiting and len(seen) < MOST_PAGES * 10:
        address = waiting.popleft()
        kind = re.sub(r"[A-Z]{2}-[0-9A-Z]{7}|\d+|\?.*|[0-9a-f]{64}", "*", address)
        kinds[kind] += 1
        if kinds[kind] > MOST_OF_A_KIND:
            continue
        bearer = {"authorization": f"Bearer {MEASURES}"} if address == "/metrics" else {}
        answer = client.get(address, headers=bearer)
        if answer.status_code != 200:
            continue
        text = answer.content.decode("utf-8", errors="replace")
        yield address, text
        for link in links_in(text):
            if link not in seen:
                seen.add(link)
                waiting.append(link)


def test_no_open_page_call_or_file_tells_of_people(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(world)
    monkeypatch.setattr(world.settings, "metrics_token", SecretStr(MEASURES))
    next_month = now() + timedelta(days=32)
    take_snapshot(world.engine, world.settings.files, house=House.of(world.settings), at=next_month)
    marks = (MARK, "014085001234", "01408500")
    told: list[str] = []
    visited: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for address, text in walked(world.client):
            visited.append(address)
            told += [f"{address} tells {mark}" for mark in marks if mark in text]
            statistics = "" if address.endswith("/privacy") else text
            told += [
                f"{address} speaks of {word}"
                for word in ("Dân tộc:", "Giới tính:", "representative_gender")
                if word in statistics and "openapi" not in address
            ]
    assert not told, "\n".join(told)
    assert len(visited) > 40, visited
    for wanted in (
        "/register/data/",
        "/api/v1/register/CN-",
        "/register/decisions/QD-",
        "/privacy",
    ):
        assert any(wanted in address for address in visited), wanted
    assert MARK not in caplog.text


def test_what_an_office_is_shown_stands_in_no_log_of_the_program(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    plant(world)
    client = world.sign_in("canbotinh")
    with reading(world.engine) as session:
        code = session.execute(sa.select(Producer.code).limit(1)).scalar_one()  # type: ignore[call-overload]  # -- SQLModel types a column as its value
    with caplog.at_level(logging.DEBUG):
        shown = client.post(f"/producers/{code}/personal", data={"_key": "khoa-nhat-ky-1"})
    assert MARK in shown.text
    assert MARK not in caplog.text
