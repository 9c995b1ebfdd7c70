"""The quick way of scans and the ordinary one: one answer, one short life, one line in the journal.

An unknown word in the query sends a request the ordinary way.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]  # -- brings no types
import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import VIET_NAM
from app.core.db import WriteSession, transaction
from app.core.journal import Tail, pending
from app.core.settings import Settings
from app.core.signing import load_key
from app.domain.recognition.enums import Replacement, RevocationGround
from app.domain.recognition.models import Certificate
from app.domain.scans.enums import Caller
from app.domain.scans.models import ScanTotal
from app.domain.scans.queries import Glance, Glances
from app.domain.scans.rules import Event, decode_event
from app.domain.stamps.enums import BatchState, RollState, StampLevel, Verdict
from app.domain.stamps.models import StampRoll
from app.domain.stamps.rules import DIGITS, Serial, StampHeader, sign_token, token_digits
from app.http.scan_desk import ScanDesk
from app.main import Program, create_app
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.scanning import label_of, photo_of, withdraw
from tests.factories.stamps import KID, digits_of, make_batch, serial_text, stamps_of
from tests.factories.statements import counted

API = "/api/v1/verify"
NEXT_MOMENT = timedelta(seconds=6)  # what a desk remembers is over then


@dataclass
class Shelf:
    """Two stamps of a product, one of them withdrawn, the label of their roll, and the day's clock."""

    engine: Engine
    key_dir: Path
    certificate: str = ""
    newer: str = ""
    batch: str = ""
    index: int = 0
    record: int = 0
    digits: list[str] = field(default_factory=list)
    serials: list[str] = field(default_factory=list)
    now: datetime = AT

    def fill(self) -> None:
        """Make the goods."""
        with transaction(self.engine) as session:
            people = People(session, AT)
            producer = make_producer(session, people)
            product = make_product(
                session, people, producer, name='Mật ong <b>"Lai Châu"</b> & bạn'
            )
            certificate = import_certificate(session, people, product)
            session.add(photo_of(product.id or 0, 1, at=AT))
            batch = make_batch(
                session,
                people,
                self.key_dir,
                state=BatchState.IN_USE,
                certificate=certificate,
                with_pin=True,
            )
            first, second, *_ = stamps_of(session, batch)
            withdraw(
                session, people, batch, serials=[serial_text(second)], reason="Tem <i>hỏng</i>"
            )
            label = label_of(session, batch)
            self.digits = [digits_of(one) for one in (first, second, label)]
            self.serials = [serial_text(one) for one in (first, second, label)]
            self.certificate, self.batch, self.index = certificate.code, batch.code, first.index
            self.record = certificate.record_number
            sister = make_product(session, people, producer, name="Mật ong rừng")
            other = import_certificate(session, people, sister)
            self.newer = other.code

    def change(self, what: Callable[[WriteSession, Certificate, Certificate], None]) -> None:
        """Change what is behind the stamps, a moment later."""
        with transaction(self.engine) as session:
            found = {
                one.code: one
                for one in session.exec(
                    select(Certificate).where(
                        col(Certificate.code).in_([self.certificate, self.newer])
                    )
                )
            }
            what(session, found[self.certificate], found[self.newer])
        self.now += NEXT_MOMENT

    def signed(self, **changes: Any) -> str:
        """Return digits that carry a valid signature, whatever they say."""
        fields: dict[str, Any] = {
            "specimen": False,
            "pin": False,
            "level": StampLevel.ITEM,
            "kid": KID,
            "last_valid_day": date(2029, 1, 1),
            "stars": 4,
            "certificate": 1,
            "index": 4_000_000_000,
            "random": b"abcde",
        }
        return token_digits(
            sign_token(StampHeader(**(fields | changes)), load_key(self.key_dir, KID).sign)
        )


@pytest.fixture
def shelf(engine: Engine, settings: Settings) -> Shelf:
    shelf = Shelf(engine, settings.private_key_dir)
    shelf.fill()
    return shelf


@pytest.fixture
def till(settings: Settings, shelf: Shelf) -> Iterator[TestClient]:
    """Return a client of a program whose scans are answered by the clock of the shelf."""
    yield from at_the_clock_of(shelf, settings)


def at_the_clock_of(shelf: Shelf, settings: Settings) -> Iterator[TestClient]:
    app = create_app(settings)
    app.state.desk = ScanDesk(settings, app.state.engine, now=lambda: shelf.now)
    with TestClient(app, follow_redirects=False) as client:
        yield client


def events_in(settings: Settings) -> list[Event]:
    """Return what the journals of scans hold."""
    events = []
    for path in pending(settings.data_dir / "scans"):
        with Tail(path) as tail:
            events += [decode_event(line) for line in tail.read(0).lines]
    return events


def _as_it_is(_session: WriteSession, _own: Certificate, _other: Certificate) -> None:
    pass


def _late(_session: WriteSession, own: Certificate, _other: Certificate) -> None:
    own.expires_on = date(2026, 10, 1)


def _extended(_session: WriteSession, own: Certificate, _other: Certificate) -> None:
    own.expires_on = date(2026, 9, 1)
    own.extended_from, own.extended_until = date(2026, 9, 2), date(2026, 12, 1)


def _expired(_session: WriteSession, own: Certificate, _other: Certificate) -> None:
    own.expires_on = date(2026, 9, 1)


def _revoked(_session: WriteSession, own: Certificate, _other: Certificate) -> None:
    own.revoked_on, own.revocation_ground = date(2026, 9, 2), RevocationGround.MARK_MISUSED


def _superseded(_session: WriteSession, own: Certificate, other: Certificate) -> None:
    own.superseded_by_id, own.superseded_on = other.id, date(2026, 9, 2)


def _holder_changed(session: WriteSession, own: Certificate, other: Certificate) -> None:
    _superseded(session, own, other)
    own.superseded_how = Replacement.HOLDER_CHANGE


def _dissolved(_session: WriteSession, own: Certificate, _other: Certificate) -> None:
    own.holder_ended_on = date(2026, 9, 2)


def _suspended(session: WriteSession, _own: Certificate, _other: Certificate) -> None:
    roll = session.exec(select(StampRoll)).one()
    roll.state, roll.suspended_at = RollState.SUSPENDED, AT


def _in_store(session: WriteSession, _own: Certificate, _other: Certificate) -> None:
    session.exec(select(StampRoll)).one().state = RollState.DELIVERED


def _put_right(session: WriteSession, own: Certificate, _other: Certificate) -> None:
    own.expires_on = date(2028, 8, 1)
    own.extended_from = own.extended_until = own.revoked_on = own.revocation_ground = None
    own.superseded_by_id = own.superseded_on = own.superseded_how = own.holder_ended_on = None
    roll = session.exec(select(StampRoll)).one()
    roll.state, roll.suspended_at = RollState.ACTIVATED, None


CHANGES: dict[Verdict, Callable[[WriteSession, Certificate, Certificate], None]] = {
    Verdict.VALID: _as_it_is,
    Verdict.LATE: _late,
    Verdict.EXTENDED: _extended,
    Verdict.EXPIRED: _expired,
    Verdict.REVOKED: _revoked,
    Verdict.SUPERSEDED: _superseded,
    Verdict.HOLDER_CHANGED: _holder_changed,
    Verdict.PRODUCER_DISSOLVED: _dissolved,
    Verdict.SUSPENDED: _suspended,
    Verdict.NOT_ACTIVATED: _in_store,
}
OF_THE_WAY = {"age", "content-length", "content-encoding", "vary"}


def told(client: TestClient, path: str, *, ordinary: bool) -> tuple[bytes, dict[str, str]]:
    """Ask for an address one way or the other; return content and headers that must be the same."""
    further = ("&" if "?" in path else "?") + "further=1" if ordinary else ""
    answer = client.get(path + further, headers={"accept-encoding": "br"})
    assert answer.status_code == 200, (path, answer.text)
    headers = {name: value for name, value in answer.headers.items() if name not in OF_THE_WAY}
    return answer.content, headers


def check_both_ways(client: TestClient, text: str) -> str:
    """Compare both ways in every form; return the verdict."""
    for path in (f"{API}/{text}", f"/{text}", f"/{text}?lang=en"):
        quick = told(client, path, ordinary=False)
        assert quick == told(client, path, ordinary=True), path
        assert told(client, path, ordinary=False) == quick  # filled in, not made anew
    verdict: str = client.get(f"{API}/{text}").json()["verdict"]
    return verdict


CARRYING = {Verdict.VALID, Verdict.LATE, Verdict.EXTENDED}


def test_both_ways_say_the_same_byte_for_byte(till: TestClient, shelf: Shelf) -> None:
    for said, change in CHANGES.items():
        shelf.change(change)
        assert check_both_ways(till, shelf.digits[0]) == said
        assert check_both_ways(till, shelf.serials[0]) == said
        of_roll = said in CARRYING or said is Verdict.NOT_ACTIVATED
        assert check_both_ways(till, shelf.digits[2]) == (Verdict.ROLL if of_roll else said)
        shelf.change(_put_right)
    assert check_both_ways(till, shelf.digits[1]) == "void"


def test_both_ways_say_the_same_of_what_is_no_stamp_of_ours(till: TestClient, shelf: Shelf) -> None:
    artwork = {"level": StampLevel.PRODUCT, "index": 0, "random": bytes(5)}
    for text, said in (
        (str(int(shelf.digits[0]) ^ 1).zfill(DIGITS), "tampered"),
        ("9" * DIGITS, "tampered"),
        (shelf.signed(), "unknown"),
        (shelf.signed(index=shelf.index), "unknown"),
        (shelf.signed(specimen=True), "specimen"),
        (shelf.signed(certificate=shelf.record, **artwork), "valid"),
        (shelf.signed(certificate=shelf.record + 9, **artwork), "unknown"),
        (shelf.signed(certificate=shelf.record, specimen=True, **artwork), "specimen"),
        (Serial(99_999, b"abcde").text, "unknown"),
        (Serial(shelf.index, b"abcde").text, "unknown"),
    ):
        assert check_both_ways(till, text) == said


def test_both_ways_tell_earlier_scans_from_the_second_on(till: TestClient, shelf: Shelf) -> None:
    first_at = datetime(2026, 9, 1, 1, 2, 3, 4, tzinfo=UTC)
    for scans, times in ((1, None), (2, 2), (12_345, 12_345)):
        shelf.change(
            lambda session, _own, _other, scans=scans: session.merge(  # type: ignore[misc]  # -- a row
                ScanTotal(stamp_index=shelf.index, scans=scans, first_at=first_at, last_at=AT)
            )
        )
        assert check_both_ways(till, shelf.digits[0]) == "valid"
        asked = till.get(f"{API}/{shelf.digits[0]}").json()["asked"]
        assert (asked and asked["times"]) == times
    page = till.get(f"/{shelf.serials[0]}").text
    assert "đã được hỏi trước đây: 12.345. Lần đầu: 08:02 01/09/2026." in page


def test_a_picture_never_stands_before_the_verdict_and_a_scratch_code_may_be_asked_about(
    till: TestClient, shelf: Shelf
) -> None:
    page = till.get(f"/{shelf.digits[0]}")
    html = page.text
    (picture,) = re.findall(r"<img[^>]*>", html)
    assert f'src="/photos/{"1" * 64}.webp"' in picture
    assert 'loading="lazy"' in picture
    assert re.search(r'width="320" height="240" alt="Ảnh 1"', picture)
    assert html.index("</h1>") < html.index("<h2>") < html.index("<img")
    assert "img-src 'self'" in page.headers["content-security-policy"]
    assert f'<form method="post" action="/{shelf.serials[0]}/pin">' in html
    label = till.get(f"/{shelf.digits[2]}").text
    assert "/pin" not in label


def test_the_page_is_light_and_its_verdict_comes_with_the_first_packet(
    till: TestClient, shelf: Shelf
) -> None:
    for text in (*shelf.digits, *shelf.serials, "9" * DIGITS):
        for language in ("vi", "en"):
            with till.stream(
                "GET", f"/{text}?lang={language}", headers={"accept-encoding": "br"}
            ) as page:
                packed = b"".join(page.iter_raw())
                assert "set-cookie" not in page.headers
            assert page.headers["content-encoding"] == "br"
            assert len(packed) <= 2048, (text, language)
            assert len(brotli.decompress(packed)) <= 4608
            begun = brotli.Decompressor().process(packed[:1400]).decode(errors="ignore")
            assert "</h1>" in begun
            assert "</p></div>" in begun, len(packed)  # the verdict's whole sentence


def test_what_cannot_be_packed_is_sent_as_it_is(till: TestClient, shelf: Shelf) -> None:
    texts = set()
    for accepted in ("br", "gzip", "identity", "br;q=0, gzip;q=0.5", "*;q=0", ""):
        answer = till.get(f"/{shelf.digits[0]}", headers={"accept-encoding": accepted})
        assert answer.headers["vary"] == "Accept-Encoding"
        expected = {"br": "br", "gzip": "gzip", "br;q=0, gzip;q=0.5": "gzip"}.get(accepted)
        assert answer.headers.get("content-encoding") == expected, accepted
        texts.add(answer.text)
    assert len(texts) == 1


# --- for how long an answer may be shown ----------------------------------------------------------


def shown_until(answer: httpx2.Response, at: datetime, *, minds_age: bool) -> datetime:
    """Return until when somebody may show an answer, minding its Age (RFC 9111, 4.2) or not."""
    found = re.fullmatch(
        r"private, max-age=(\d+), must-revalidate", answer.headers["cache-control"]
    )
    assert found
    age = int(answer.headers["age"]) if minds_age else 0
    return at + timedelta(seconds=int(found[1]) - age)


@pytest.mark.parametrize("form", [f"{API}/{{}}", "/{}", "/{}?lang=en", "/{}?further=1"])
def test_a_minute_after_a_revocation_nothing_says_valid_whoever_kept_what(
    till: TestClient, shelf: Shelf, form: str
) -> None:
    path = form.format(shelf.digits[0])
    start = shelf.now
    last = till.get(path)  # remembered from now on
    shelf.now += timedelta(milliseconds=1)
    revoked_at = shelf.now
    shelf.change(_revoked)
    held = last.headers["etag"]
    longest = max(shown_until(last, start, minds_age=minds) for minds in (True, False))
    for tenths in (*range(0, 60, 7), *range(60, 700, 63)):
        shelf.now = revoked_at + timedelta(seconds=tenths / 10)
        fresh = till.get(path)
        again = till.get(path, headers={"if-none-match": held})
        says_valid = "thu hồi" not in fresh.text and "revoked" not in fresh.text.lower()
        for answer in (fresh, again) if says_valid else (again,):
            assert (answer.status_code == 304) or says_valid or answer is again
            if answer.status_code == 304 or says_valid:
                ends = (shown_until(answer, shelf.now, minds_age=one) for one in (True, False))
                longest = max(longest, *ends)
    assert longest <= revoked_at + timedelta(seconds=60)
    assert longest > revoked_at  # it was kept at all


def test_no_answer_lives_over_midnight(till: TestClient, shelf: Shelf) -> None:
    def last_day(_session: WriteSession, own: Certificate, _other: Certificate) -> None:
        own.expires_on = date(2026, 9, 14)

    shelf.change(last_day)
    midnight = datetime(2026, 9, 15, tzinfo=VIET_NAM)
    for before in (40.0, 29.5, 4.0, 0.4):
        shelf.now = midnight - timedelta(seconds=before)
        for path in (
            f"{API}/{shelf.digits[0]}",
            f"/{shelf.serials[0]}",
            f"/{shelf.serials[0]}?x=1",
        ):
            answer = till.get(path)
            assert "14/09/2026" in answer.text
            for minds_age in (True, False):
                assert shown_until(answer, shelf.now, minds_age=minds_age) <= midnight
    shelf.now = midnight
    assert till.get(f"{API}/{shelf.digits[0]}").json()["verdict"] == "expired"


def test_an_answer_is_dated_no_later_than_what_it_knows(till: TestClient, shelf: Shelf) -> None:
    shelf.now = AT.replace(minute=59, second=58)
    assert till.get(f"{API}/{shelf.digits[0]}").json()["known_at"] == "2026-09-14T02:59:00Z"
    shelf.now += timedelta(seconds=3)
    again = till.get(f"{API}/{shelf.digits[0]}")
    assert (again.headers["age"], again.json()["known_at"]) == ("3", "2026-09-14T02:59:00Z")
    shelf.now += timedelta(seconds=3)
    later = till.get(f"{API}/{shelf.digits[0]}")
    assert (later.headers["age"], later.json()["known_at"]) == ("0", "2026-09-14T03:00:00Z")


# --- what is counted ----------------------------------------------------------------------------


@pytest.mark.parametrize("further", ["", "?further=1"])
def test_an_answer_is_a_scan_a_head_and_a_304_are_not(
    till: TestClient, shelf: Shelf, settings: Settings, further: str
) -> None:
    for number, path in enumerate((f"{API}/{shelf.digits[0]}", f"/{shelf.serials[0]}"), 1):
        answer = till.get(path + further)
        head = till.head(path + further)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"] == answer.headers["etag"]
        same = till.get(path + further, headers={"if-none-match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["cache-control"] == answer.headers["cache-control"]
        assert len(events_in(settings)) == number
    program, buyer = sorted(events_in(settings), key=lambda one: one.caller, reverse=True)
    assert program == Event(AT, shelf.index, Verdict.VALID, Caller.PROGRAM, program.device)
    assert buyer == program._replace(caller=Caller.BUYER)
    assert re.fullmatch(r"[0-9a-f]{16}", buyer.device)


def test_a_place_is_kept_as_coarsely_as_it_may_be_told(
    till: TestClient, shelf: Shelf, settings: Settings
) -> None:
    place = {"lat": "22.3964", "lon": "103.4582", "province": "12"}
    assert till.get(f"{API}/{shelf.digits[0]}", params=place).status_code == 200
    (event,) = events_in(settings)
    assert (event.latitude, event.longitude, event.province) == (224, 1035, "12")
    for wrong in ({"lat": "91"}, {"lon": "nan"}, {"province": "1"}, {"province": "một"}):
        assert till.get(f"{API}/{shelf.digits[0]}", params=wrong).status_code == 422
    assert len(events_in(settings)) == 1


@pytest.mark.parametrize("further", ["", "?further=1"])
def test_an_alarm_stands_in_the_log_and_in_the_journal(
    till: TestClient,
    shelf: Shelf,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    further: str,
) -> None:
    with caplog.at_level(logging.CRITICAL, logger="ocop.verification"):
        till.get(f"/{shelf.signed()}{further}")
    assert ["ALARM" in message for message in caplog.messages] == [True]
    (event,) = events_in(settings)
    assert (event.alarm, event.stamp_index, event.verdict) == (True, 4_000_000_000, Verdict.UNKNOWN)


def test_a_full_disk_takes_no_answer_away_and_is_told_once_a_minute(
    till: TestClient, shelf: Shelf, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (settings.data_dir / "scans").write_text("in the way")
    for _ in range(3):
        assert till.get(f"/{shelf.digits[0]}").status_code == 200
        assert till.get(f"{API}/{shelf.digits[0]}?further=1").status_code == 200
    assert len([one for one in caplog.records if one.name == "ocop.scans"]) == 1
    shelf.now += timedelta(minutes=1)
    assert till.get(f"/{shelf.digits[0]}").status_code == 200
    assert "6 scans were answered but not kept" in caplog.text


def test_a_flood_is_refused_before_anything_is_looked_at_good_codes_and_bad_alike(
    settings: Settings, shelf: Shelf
) -> None:
    slow = settings.model_copy(update={"scans_of_network": "4/minute"})
    for client in at_the_clock_of(shelf, slow):
        bad = str(int(shelf.digits[0]) ^ 1).zfill(DIGITS)
        for path in (f"/{bad}", f"{API}/{bad}", f"/{shelf.digits[0]}", f"{API}/{bad}?further=1"):
            assert client.get(path).status_code == 200
        for path in (f"/{bad}", f"{API}/{shelf.serials[0]}", f"/{shelf.serials[0]}?further=1"):
            refused = client.get(path)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "15"), path
        assert client.get(f"{API}/{bad}").json()["code"] == "too_many_scans"
        shelf.now += timedelta(seconds=16)
        assert client.get(f"/{shelf.digits[0]}").status_code == 200
        assert client.get("/healthz").status_code == 200


def test_a_serial_with_a_typing_mistake_goes_the_ordinary_way(
    till: TestClient, shelf: Shelf, settings: Settings
) -> None:
    right = shelf.serials[0]
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    assert till.get(f"/{wrong}").status_code == 404
    assert till.get(f"{API}/{wrong}").json()["code"] == "stamp.serial_typo"
    assert events_in(settings) == []


# --- many at once -------------------------------------------------------------------------------


async def asked_at_once(app: Program, paths: list[str]) -> list[int]:
    """Ask for addresses together on one event loop; return the statuses in order."""

    async def one(path: str) -> int:
        said: list[int] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            said.append(message.get("status", 0))

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"x")],
            "client": ("203.0.113.9", 1),
            "server": ("x", 80),
        }
        await app(scope, receive, send)
        return said[0]

    return list(await asyncio.gather(*map(one, paths)))


def all_at_once(app: Program, paths: list[str]) -> list[int]:
    """Ask in a thread of its own: a browser of other tests may have left a loop running in this one."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        return beside.submit(asyncio.run, asked_at_once(app, paths)).result()


def test_hundreds_at_once_are_answered_over_two_connections_and_looked_up_once(
    settings: Settings, shelf: Shelf
) -> None:
    app = create_app(settings.model_copy(update={"pool_size": 2}))
    app.state.desk = ScanDesk(settings, app.state.engine, now=lambda: shelf.now)
    paths = [
        f"{API}/{shelf.digits[0]}",
        f"/{shelf.serials[0]}",
        "/healthz",
        f"/{'9' * DIGITS}",
    ] * 75
    with counted(app.state.engine) as sent:
        assert set(all_at_once(app, paths)) == {200}
    assert len([one for one in sent if "FROM stamps" in one]) == 1
    assert len(events_in(settings)) == 225
    app.state.desk.close()
    app.state.engine.dispose()


def test_what_changes_between_look_and_answer_is_looked_at_again(
    settings: Settings, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, first = Glances.of, True

    def look_and_then_lose(self: Glances, text: str, *read: Any) -> Glance:
        nonlocal first
        glance = look(self, text, *read)
        if first:
            first = False
            shelf.change(_suspended)
        return glance

    monkeypatch.setattr(Glances, "of", look_and_then_lose)
    app = create_app(settings)
    app.state.desk = ScanDesk(settings, app.state.engine, now=lambda: shelf.now)
    paths = [f"{API}/{shelf.digits[0]}", f"/{shelf.serials[0]}"]
    assert all_at_once(app, paths) == [200, 200]
    assert {one.verdict for one in events_in(settings)} == {Verdict.SUSPENDED}
    app.state.desk.close()
    app.state.engine.dispose()
