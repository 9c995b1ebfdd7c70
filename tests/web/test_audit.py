"""The log's pages: who may read them, one sentence for every kind of event, and nothing unescaped."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import reading, transaction
from app.domain.accounts.enums import Role
from app.domain.audit.actions import record
from app.domain.audit.queries import events_page
from app.domain.dossiers.rules import EVENTS
from app.domain.ideas.rules import EVENTS as IDEA_EVENTS
from app.domain.misuse.rules import EVENTS as MISUSE_EVENTS
from app.domain.privacy.rules import EVENTS as PRIVACY_EVENTS
from app.web.audit_text import OF_EARLIER_RELEASES, SENTENCES, told
from app.web.render import LANGUAGES, translated
from tests.architecture.source import Source, python_files
from tests.conftest import AT
from tests.factories.people import People, signed_in
from tests.factories.register import make_producer

KIND = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")


@dataclass
class Event:
    """An event as the sentences read it."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)


def kinds_in(source: Source) -> Iterator[str]:
    """Yield every kind that a call hands on, `record(session, "a.b")`, or a table of steps names."""
    for node in ast.walk(source.tree):
        said: list[ast.expr] = []
        if isinstance(node, ast.Call):
            said = node.args
        elif isinstance(node, ast.Dict):
            said = node.values
        for part in (part for one in said for part in ast.walk(one)):
            if (
                isinstance(part, ast.Constant)
                and isinstance(part.value, str)
                and KIND.fullmatch(part.value)
            ):
                yield part.value


def recorded_kinds() -> set[str]:
    """Return the kinds of event the actions of the domain record."""
    actions = [
        source
        for source in python_files("app/domain")
        if source.place.endswith("actions.py") or "/actions/" in source.place
    ]
    named = {kind for source in actions for kind in kinds_in(source)}
    return {kind for kind in named if not kind.endswith(".csv")} | {
        *EVENTS.values(),
        *IDEA_EVENTS.values(),
        *MISUSE_EVENTS.values(),
        *PRIVACY_EVENTS.values(),
    }


def test_every_kind_of_event_has_its_sentence() -> None:
    wordless = recorded_kinds() - set(SENTENCES)
    assert not wordless, f"no sentence in app/web/audit_text.py for: {sorted(wordless)}"


def test_no_sentence_waits_for_an_event_that_nobody_records() -> None:
    unused = set(SENTENCES) - recorded_kinds() - OF_EARLIER_RELEASES
    assert not unused, f"recorded nowhere: {sorted(unused)}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_an_older_event_did_not_say_becomes_a_dash(language: str) -> None:
    for kind in SENTENCES:
        assert "{" not in told(Event(kind), language)
    assert told(Event("batch.refused")) == "Từ chối đơn đặt tem: —"
    assert told(Event("batch.refused", {"reason": None})) == "Từ chối đơn đặt tem: —"


def test_a_sentence_says_what_the_event_says_in_the_readers_language() -> None:
    event = Event("producer.created", {"name": "HTX {x} 100%", "on_behalf": True})
    assert told(event) == "Đăng ký chủ thể «HTX {x} 100%» (làm thay chủ thể)"
    english = told(event, "en")
    assert "HTX {x} 100%" in english
    assert "làm thay" not in english


def test_an_event_of_a_kind_without_words_is_still_told() -> None:
    assert told(Event("thing.done_{x}")) == "thing.done_{x}"


@pytest.fixture
def log(engine: Engine) -> None:
    """Open one account per role, and let somebody type markup into a name."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.auditor()
        people.administrator()
        people.agency()
        make_producer(session, people, "<script>alert(1)</script> 100% & «Nậm»")


@pytest.mark.usefixtures("log")
def test_auditors_and_administrators_read_the_log(client: TestClient) -> None:
    for username in ("kiemtoan", "quantri"):
        page = signed_in(client, username).get("/audit")
        assert page.status_code == 200
        assert "Đăng ký chủ thể" in page.text


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("address", ["/audit", "/audit/verify"])
def test_others_may_not_read_the_log(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 303
    answer = signed_in(client, "canbotinh").get(address)
    assert answer.status_code == 403
    assert "Nhật ký dành cho kiểm toán" in answer.text


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_typed_is_escaped_in_the_log(client: TestClient, language: str) -> None:
    page = signed_in(client, "kiemtoan").get("/audit", params={"lang": language}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 100% &amp; «Nậm»" in page


@pytest.mark.usefixtures("log")
def test_the_log_is_read_in_english_too(client: TestClient) -> None:
    page = signed_in(client, "kiemtoan").get("/audit", params={"lang": "en"}).text
    said = translated("en", SENTENCES["account.created"])
    assert said != SENTENCES["account.created"]
    assert said in page


@pytest.mark.usefixtures("log")
def test_the_log_is_shown_a_page_at_a_time_newest_first(client: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        actor = people._person("nhieuviec", Role.AUDITOR)
        for _ in range(40):
            record(session, "session.opened", subject=_Row(), actor=actor, at=AT)
    page = signed_in(client, "kiemtoan").get("/audit").text
    rows = [int(found) for found in re.findall(r'data-l="Số">(\d+)', page)]
    assert len(rows) == 30
    assert rows == sorted(rows, reverse=True)
    following = re.search(r'href="(/audit\?before=\d+)"', page)
    assert following is not None
    older = client.get(following.group(1)).text
    assert int(re.findall(r'data-l="Số">(\d+)', older)[0]) == rows[-1] - 1


class _Row:
    """Something an event may be about."""

    id: int | None = 1
    code: str | None = "X-1"


@pytest.mark.usefixtures("log")
def test_a_whole_chain_is_told_so_and_a_broken_one_too(client: TestClient, engine: Engine) -> None:
    signed_in(client, "kiemtoan")
    assert "Nhật ký nguyên vẹn" in client.get("/audit/verify").text
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE audit_head SET sequence = sequence + 1"))
    assert "Nhật ký hỏng tại số" in client.get("/audit/verify").text


@pytest.mark.usefixtures("log")
def test_the_newest_event_is_the_first_of_the_page(engine: Engine) -> None:
    with reading(engine) as session:
        found = events_page(session, limit=2)
        kinds = [seen.kind for seen in found.items]
        assert found.next_after == found.items[-1].sequence
    assert kinds[0] == "producer.created"
