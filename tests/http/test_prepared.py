"""What visitors are given again: never what a commit has changed, never another's, at next to no cost."""

import random
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine
from sqlmodel import col, update

from app.core.clock import VIET_NAM
from app.core.db import WriteSession, finish, open_write, transaction
from app.core.settings import Settings
from app.domain.recognition.models import Certificate
from app.http.prepared import PreparedAnswers
from app.main import create_app
from tests.conftest import AT
from tests.factories.people import People, signed_in
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.statements import counted

LIST = "/api/v1/register"
PAGES = (LIST, f"{LIST}?limit=2", "/register", "/register?star=4", "/register/changes")
ANEW = {"range": "bytes=0-"}  # what asks for a part is never given what was kept
# PostgreSQL clears up behind writers when it likes, and that is a commit like any other.
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
_MOST_ASKED = 100


@pytest.fixture
def codes(engine: Engine) -> list[str]:
    """Lay a small register; return the codes of its certificates."""
    with transaction(engine) as session:
        people = People(session, AT)
        producer = make_producer(session, people)
        return [
            import_certificate(
                session, people, make_product(session, people, producer, name=name), star=4
            ).code
            for name in ("Miến dong", "Trà Shan tuyết", "Mật ong")
        ]


def cost(client: TestClient, path: str, **headers: str) -> int:
    """Return how many statements an answer takes."""
    with counted(client) as said:
        assert client.get(path, headers=headers).status_code == 200
    return len(said)


def given_again(client: TestClient, path: str, **headers: str) -> Response:
    """Return an answer for which nothing was read: the next one, unless something was committed."""
    for _ in range(_MOST_ASKED):
        with counted(client) as said:
            answer = client.get(path, headers=headers)
        if not said:
            return answer
    raise AssertionError(f"{path} was read anew each time")


@pytest.mark.parametrize("path", [*PAGES, f"{LIST}/{{code}}", "/register/{code}", "/sitemap.xml"])
def test_what_was_asked_a_moment_ago_is_given_again_without_reading(
    client: TestClient, codes: list[str], path: str
) -> None:
    asked = path.format(code=codes[0])
    first = client.get(asked)
    assert first.headers["cache-control"].startswith("public"), "it is for everybody"
    again = given_again(client, asked)
    assert again.content == first.content
    of_the_moment = {
        "x-request-id",
        "cache-control",
    }  # one ends at midnight, the other is each one's own
    assert {name: again.headers[name] for name in again.headers.keys() - of_the_moment} == {
        name: first.headers[name] for name in first.headers.keys() - of_the_moment
    }


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_it_is_packed_for_who_takes_it_and_known_by_its_mark(
    client: TestClient, codes: list[str], coding: str
) -> None:
    assert codes
    plain = client.get("/register", headers={"accept-encoding": "identity"})
    again = given_again(client, "/register", **{"accept-encoding": coding})
    assert again.headers.get("content-encoding", "identity") == coding
    assert "Accept-Encoding" in again.headers["vary"]
    assert again.text == plain.text
    mark = {"if-none-match": again.headers["etag"], "accept-encoding": coding}
    held = given_again(client, "/register", **mark)
    assert (held.status_code, held.content) == (304, b"")
    assert held.headers["etag"] == again.headers["etag"]
    head = client.head("/register", headers={"accept-encoding": coding})
    assert (head.status_code, head.content) == (200, b"")


def test_whatever_is_committed_by_anybody_is_seen_by_the_next_question(
    client: TestClient, engine: Engine, codes: list[str]
) -> None:
    """Writers begin, change, commit and give up in any order; each answer is what is true then."""
    order = random.Random(20261127)  # noqa: S311 -- nothing is kept secret
    most = 1 if engine.dialect.name == "sqlite" else 3  # SQLite has one writer at a time
    writers: dict[str, WriteSession] = {}  # each changes a certificate of its own
    given_again = 0
    for step in range(120):
        what = order.choice(["begin", "change", "commit", "give up", "ask", "ask", "ask"])
        if what == "begin" and len(writers) < most:
            writers[order.choice([one for one in codes if one not in writers])] = open_write(engine)
        elif what == "change" and writers:
            code = order.choice(list(writers))
            change(writers[code], code, f"Tên thứ {step}")
        elif what in {"commit", "give up"} and writers:
            session = writers.pop(order.choice(list(writers)))
            finish(session) if what == "commit" else session.rollback()
            session.close()
        elif what == "ask":
            path = order.choice(PAGES)
            with counted(client) as said:
                told = client.get(path)
            given_again += not said
            assert told.content == client.get(path, headers=ANEW).content, f"step {step}: {path}"
    for session in writers.values():
        session.rollback()
        session.close()
    assert given_again > 5, "nothing was ever given again"


def change(session: WriteSession, code: str, name: str) -> None:
    """Change what a certificate says."""
    session.execute(
        update(Certificate).where(col(Certificate.code) == code).values(product_name=name)
    )


def test_nobody_is_shown_a_page_with_anothers_name_or_language_or_part(
    client: TestClient, codes: list[str]
) -> None:
    assert codes
    visitor = client.get("/register").text
    part = client.get("/register", headers={"hx-request": "true"}).text
    english = client.get("/register", headers={"cookie": "ocop_lang=en"}).text
    assert len({visitor, part, english}) == 3
    member = signed_in(TestClient(client.app, follow_redirects=False), "canbo03390")
    own = member.get("/register").text
    assert own != visitor
    assert cost(member, "/register") > 0, "who signed in is never given what was kept"
    assert member.get("/register").text == own
    assert client.get("/register").text == visitor
    assert client.get("/register", headers={"hx-request": "true"}).text == part
    assert client.get("/register", headers={"cookie": "ocop_lang=en"}).text == english
    assert cost(client, LIST, authorization="Bearer khong-co") > 0


def test_what_is_refused_or_found_nowhere_is_not_kept(settings: Settings) -> None:
    app = create_app(settings)
    with TestClient(app) as client:
        for path in ("/register/CN-KHONGCO", f"{LIST}/CN-KHONGCO", f"{LIST}?star=9"):
            assert client.get(path).status_code in {404, 422}
        assert app.state.prepared.size == 0


@only_sqlite
@pytest.mark.parametrize("later", [timedelta(seconds=60), timedelta(seconds=29)])
def test_nothing_is_given_again_after_a_minute_or_on_another_day(
    settings: Settings, codes: list[str], later: timedelta
) -> None:
    assert codes
    shown = datetime(2026, 9, 14, 12, 0, tzinfo=VIET_NAM)
    if later < timedelta(seconds=30):
        shown = datetime(2026, 9, 14, 23, 59, 31, tzinfo=VIET_NAM)
    app = create_app(settings)
    app.state.prepared = PreparedAnswers(app.state.replica, now=lambda: shown)
    with TestClient(app) as client:
        assert cost(client, LIST) > 0
        shown += later - timedelta(seconds=1)
        assert cost(client, LIST) == 0
        shown += timedelta(seconds=1)
        assert cost(client, LIST) > 0


@only_sqlite
def test_what_took_until_after_midnight_is_of_the_day_before(
    settings: Settings, codes: list[str]
) -> None:
    """The look at the clock before reading names the day: here the next one is already another day's."""
    assert codes
    first, later = (
        datetime(2026, 9, 14, 23, 59, 59, tzinfo=VIET_NAM),
        datetime(2026, 9, 15, tzinfo=VIET_NAM),
    )
    looks = iter([first])
    app = create_app(settings)
    app.state.prepared = PreparedAnswers(app.state.replica, now=lambda: next(looks, later))
    with TestClient(app) as client:
        assert cost(client, LIST) > 0
        assert cost(client, LIST) > 0, "what is of yesterday was given again"
        assert cost(client, LIST) == 0


@only_sqlite
def test_what_is_kept_is_bounded_and_the_longest_unasked_goes_first(
    settings: Settings, codes: list[str]
) -> None:
    assert codes
    app = create_app(settings)
    app.state.prepared = kept = PreparedAnswers(app.state.replica, most_bytes=20_000)
    with TestClient(app) as client:
        for limit in range(1, 60):
            client.get(f"{LIST}?limit={limit}")
            assert cost(client, f"{LIST}?limit=1") == 0, "it was asked each time"
            assert kept.size <= 20_000
        assert cost(client, f"{LIST}?limit=2") > 0
        assert client.get(f"{LIST}?q={'a' * 60}&commune={'b' * 60}").status_code == 200
