"""Keys: who may sign from when to when, what a rotation and a theft mean, what the log shows."""

from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, func, select

from app.core.db import WriteSession, reading, steady_reading, transaction
from app.core.settings import Settings
from app.domain.stamps.actions import (
    KeyRetired,
    KeyWaits,
    LastKey,
    NoSigningKey,
    create_stamp_key,
    issue_waiting,
    keep_rolls,
    retire_stamp_key,
    rotate_stamp_key,
    sign_rolls,
    signing_key,
)
from app.domain.stamps.enums import BatchState, KeyPurpose
from app.domain.stamps.models import SigningRecord, Stamp, StampBatch, StampRoll
from app.domain.stamps.queries import LogRead, find_signing_key, read_signing_log
from app.domain.stamps.rules import decode_header
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.stamps import KID, make_batch, sign_all, stamps_of


@pytest.fixture
def keys(settings: Settings) -> Path:
    return settings.private_key_dir


def _kid(session: WriteSession, at: datetime) -> int | None:
    found = find_signing_key(session, at=at)
    return found.kid if found else None


def test_the_next_key_is_published_a_week_before_it_signs_and_takes_over_by_itself(
    session: WriteSession, people: People, keys: Path
) -> None:
    at, week = people.at, timedelta(days=7)
    first = create_stamp_key(session, keys, at=at)
    second = rotate_stamp_key(session, keys, at=at)
    assert second.signs_from == at + week
    assert (first.last_index, second.first_index) == (40_000_000, 40_000_001)
    with pytest.raises(KeyWaits, match=f"Khóa số {second.kid}"):
        rotate_stamp_key(session, keys, at=at)
    assert _kid(session, at + week - timedelta(seconds=1)) == first.kid
    assert _kid(session, at + week) == second.kid
    assert rotate_stamp_key(session, keys, at=at + week).first_index == 80_000_001
    answers = rotate_stamp_key(session, keys, at=at, purpose=KeyPurpose.ANSWERS)
    assert (answers.signs_from, answers.first_index) == (at, None)


def test_a_key_signs_only_what_it_is_for(session: WriteSession, people: People, keys: Path) -> None:
    answers = create_stamp_key(session, keys, at=people.at, purpose=KeyPurpose.ANSWERS)
    session.flush()
    for kid in (None, answers.kid):
        with pytest.raises(NoSigningKey):
            signing_key(session, keys, at=people.at, kid=kid)
    assert signing_key(session, keys, at=people.at, purpose=KeyPurpose.ANSWERS).kid == answers.kid


def test_the_last_key_is_retired_by_force_only_and_its_batches_halt_and_say_so(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.ISSUING, quantity=120, roll_size=60)
    signed = sign_rolls(session, at=people.at, key_dir=keys, stamps=1)
    assert keep_rolls(session, signed, at=people.at) == 60
    waiting = sign_rolls(session, at=people.at, key_dir=keys, stamps=1)
    with pytest.raises(LastKey), session.begin_nested():
        retire_stamp_key(session, KID, at=people.at)
    retire_stamp_key(session, KID, at=people.at, forced=True)
    with pytest.raises(KeyRetired):
        retire_stamp_key(session, KID, at=people.at, forced=True)
    session.flush()
    assert keep_rolls(session, waiting, at=people.at) == 0, "signed before, kept never"
    sign_all(session, keys, at=people.at)
    assert (batch.state, batch.issued_count) == (BatchState.ISSUING, 60)
    assert "khóa" in batch.halt_reason
    assert len(stamps_of(session, batch)) == 60, "what it signed stays signed"


def test_what_was_signed_twice_is_kept_once(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.ISSUING, quantity=90, roll_size=60)
    one, other = (sign_rolls(session, at=people.at, key_dir=keys) for _ in range(2))
    assert keep_rolls(session, one, at=people.at) == 90
    assert keep_rolls(session, other, at=people.at) == 0
    assert keep_rolls(session, one, at=people.at) == 0
    assert (batch.state, len(stamps_of(session, batch))) == (BatchState.ISSUED, 90)


def _batch(engine: Engine, keys: Path, state: BatchState, quantity: int) -> str:
    with transaction(engine) as session:
        people = People(session, AT)
        batch = make_batch(session, people, keys, state=state, quantity=quantity, roll_size=60)
        return batch.code


def test_signers_at_once_make_each_roll_once(engine: Engine, keys: Path) -> None:
    quantity, roll = 1_530, 60
    _batch(engine, keys, BatchState.ISSUING, quantity)
    made: list[int] = []

    def sign() -> None:
        made.append(issue_waiting(engine, key_dir=keys, clock=lambda: AT, stamps=roll))

    signers = [Thread(target=sign) for _ in range(3)]
    for one in signers:
        one.start()
    for one in signers:
        one.join()
    assert sum(made) == quantity
    with reading(engine) as seen:
        assert seen.exec(select(func.count()).select_from(Stamp)).one() == quantity + 26
        numbers = seen.exec(select(StampRoll.number).order_by(col(StampRoll.number))).all()
        assert list(numbers) == list(range(1, 27))
        assert seen.exec(select(StampBatch.state)).one() is BatchState.ISSUED


def test_the_log_agrees_with_every_stamp_and_tells_whatever_does_not(
    engine: Engine, keys: Path
) -> None:
    batch = _batch(engine, keys, BatchState.ISSUED, 130)

    def differences(*, verify: bool = False) -> list[str]:
        read = LogRead()
        with steady_reading(engine) as seen:
            said = [one.said for one in read_signing_log(seen, read, verify=verify)]
        assert read.differences == len(said)
        assert read.stamps == 133
        return said

    assert differences(verify=True) == []
    read = LogRead()
    with steady_reading(engine) as seen:
        assert not list(read_signing_log(seen, read))
    [((kid, code), summed)] = read.sums.items()
    assert (kid, code) == (KID, batch)
    assert (summed.records, summed.signed, summed.found) == (3, 133, 133)

    with transaction(engine) as other:
        first, second = other.exec(select(Stamp).order_by(col(Stamp.index)).limit(2)).all()
        first.signature = second.signature
    assert differences() == []
    assert differences(verify=True) == ["chữ ký của con tem không đúng"]
    with transaction(engine) as other:
        second = other.exec(select(Stamp).where(col(Stamp.index) == second.index)).one()
        header = bytearray(second.header)
        header[1] = KID + 1
        second.header = bytes(header)
    assert decode_header(bytes(header)).kid == KID + 1
    assert differences() == [f"con tem ghi khóa {KID + 1}, nhật ký ghi khóa {KID}"]


def test_the_log_is_neither_changed_nor_removed(
    session: WriteSession, people: People, keys: Path
) -> None:
    make_batch(session, people, keys, state=BatchState.ISSUED, quantity=5)
    session.flush()
    assert session.exec(select(SigningRecord.count)).one() == 6
    for statement in ("UPDATE signing_records SET count = 5", "DELETE FROM signing_records"):
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.connection().execute(text(statement))
