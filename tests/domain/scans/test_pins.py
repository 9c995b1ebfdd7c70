"""Scratch codes: five wrong tries a day, and whatever fails looks the same."""

import hmac
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from app.core.db import WriteSession, finish, open_write, reading, transaction
from app.core.settings import Settings
from app.domain.scans.actions import BLOCKED_FOR, MOST_FAILURES, scratching, try_pin
from app.domain.scans.enums import PinResult
from app.domain.scans.models import PinTry
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import Stamp
from app.domain.stamps.rules import SerialTypo, decode_header, pin_of, serial_of
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.stamps import make_batch, stamps_of
from tests.factories.statements import counted

PEPPER = bytes(range(32))
WRONG = "0000-0000"


def serial_of_stamp(stamp: Stamp) -> str:
    return serial_of(decode_header(stamp.header))


@pytest.fixture
def scratched(engine: Engine, settings: Settings) -> Stamp:
    """Return a stamp with a scratch code."""
    return made_stamp(engine, settings, with_pin=True)


def made_stamp(engine: Engine, settings: Settings, *, with_pin: bool) -> Stamp:
    with transaction(engine) as session:
        batch = make_batch(
            session,
            People(session, AT),
            settings.private_key_dir,
            state=BatchState.IN_USE,
            with_pin=with_pin,
        )
        return stamps_of(session, batch)[0]


def pin_typed(stamp: Stamp) -> str:
    return pin_of(PEPPER, stamp.header)


def tried(session: WriteSession, stamp: Stamp, typed: str, at: datetime) -> PinResult:
    return try_pin(session, serial_of_stamp(stamp), typed, at=at, pepper=PEPPER).result


def test_a_right_code_is_right_whatever_the_look_alikes_and_tells_when_it_was_first(
    session: WriteSession, scratched: Stamp, at: datetime
) -> None:
    pin = pin_typed(scratched)
    first = try_pin(
        session,
        serial_of_stamp(scratched),
        f" {pin[:4].lower()}–{pin[4:]} ".replace("0", "o").replace("1", "l"),
        at=at,
        pepper=PEPPER,
    )
    assert (first.result, first.first_right_at) == (PinResult.RIGHT, None)
    later = at + timedelta(days=3)
    again = try_pin(session, serial_of_stamp(scratched), pin, at=later, pepper=PEPPER)
    assert (again.result, again.first_right_at) == (PinResult.RIGHT_AGAIN, at)
    assert tried(session, scratched, pin + "0", later) is PinResult.WRONG
    with pytest.raises(SerialTypo):
        try_pin(session, "0000-0000-0000-0001", pin, at=at, pepper=PEPPER)


def test_five_wrong_codes_close_it_for_a_day_even_to_the_right_one(
    session: WriteSession, scratched: Stamp, at: datetime
) -> None:
    pin = pin_typed(scratched)
    for _ in range(MOST_FAILURES - 1):
        assert tried(session, scratched, WRONG, at) is PinResult.WRONG
    assert tried(session, scratched, pin, at) is PinResult.RIGHT  # and forgets the wrong ones
    for _ in range(MOST_FAILURES):
        assert tried(session, scratched, WRONG, at) is PinResult.WRONG
    closed = try_pin(session, serial_of_stamp(scratched), pin, at=at, pepper=PEPPER)
    assert (closed.result, closed.blocked_until) == (PinResult.BLOCKED, at + BLOCKED_FOR)
    assert tried(session, scratched, WRONG, at + BLOCKED_FOR) is PinResult.WRONG
    assert tried(session, scratched, pin, at + BLOCKED_FOR) is PinResult.RIGHT_AGAIN


def test_twenty_at_once_never_get_a_sixth_try(
    engine: Engine, scratched: Stamp, at: datetime
) -> None:
    def once(_number: int) -> PinResult:
        session = open_write(engine)
        try:
            result = tried(session, scratched, WRONG, at)
            finish(session)
            return result
        finally:
            session.close()

    with ThreadPoolExecutor(20) as people:
        results = list(people.map(once, range(20)))
    assert results.count(PinResult.WRONG) == MOST_FAILURES
    assert results.count(PinResult.BLOCKED) == 20 - MOST_FAILURES
    with reading(engine) as session:
        assert session.exec(select(PinTry.failures)).all() == [MOST_FAILURES]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the codes that are computed and compared, by the real functions."""
    counted = [0, 0]
    compare = hmac.compare_digest

    def computed(pepper: bytes, header: bytes) -> str:
        counted[0] += 1
        return pin_of(pepper, header)

    def compared(one: bytes, other: bytes) -> bool:
        counted[1] += 1
        return compare(one, other)

    monkeypatch.setattr(scratching, "pin_of", computed)
    monkeypatch.setattr(hmac, "compare_digest", compared)
    return counted


def test_whatever_fails_does_the_same_work_and_says_the_same(
    engine: Engine, scratched: Stamp, at: datetime, made: list[int]
) -> None:
    serial = serial_of_stamp(scratched)
    header = decode_header(scratched.header)
    other = replace(header, random=bytes(5))
    done = {}
    for name, asked in {
        "first": serial,
        "wrong": serial,
        "other": serial_of(other),
        "nowhere": "0000000000000000",
    }.items():
        made[:] = [0, 0]
        with counted(engine) as said, transaction(engine) as session:
            result = try_pin(session, asked, WRONG, at=at, pepper=PEPPER).result
        assert result is PinResult.WRONG
        done[name] = (said, list(made))
    for _ in range(MOST_FAILURES - 2):
        with transaction(engine) as session:
            try_pin(session, serial, WRONG, at=at, pepper=PEPPER)
    made[:] = [0, 0]
    with counted(engine) as said, transaction(engine) as session:
        closed = try_pin(session, serial, WRONG, at=at, pepper=PEPPER)
    done["closed"] = (said, list(made))
    assert closed.result is PinResult.BLOCKED
    assert all(work == done["first"] for work in done.values()), done
    assert done["first"][1] == [1, 1]
    assert len(done["first"][0]) == 3
    with reading(engine) as session:  # nobody can close a stamp without knowing its serial
        tries = {one.stamp_index: one.failures for one in session.exec(select(PinTry))}
        assert tries == {scratched.index: MOST_FAILURES, -1: 0}


def test_a_stamp_without_a_code_answers_like_a_wrong_one(
    engine: Engine, settings: Settings, at: datetime, made: list[int]
) -> None:
    plain = made_stamp(engine, settings, with_pin=False)
    with counted(engine) as said, transaction(engine) as session:
        assert tried(session, plain, pin_typed(plain), at) is PinResult.WRONG
    assert (len(said), made) == (3, [1, 1])
