"""Every verdict out of real rows: real keys, real batches, real certificates, on both databases."""

import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.settings import Settings
from app.core.signing import load_key
from app.domain.recognition.enums import RevocationGround
from app.domain.recognition.models import Certificate
from app.domain.scans.models import ScanTotal
from app.domain.scans.queries import look_up_and_count
from app.domain.stamps.enums import BatchState, StampLevel, Verdict
from app.domain.stamps.models import Stamp, StampBatch, StampKey
from app.domain.stamps.rules import (
    DIGITS,
    HEADER_BYTES,
    SIGNATURE_BYTES,
    Serial,
    SerialTypo,
    StampHeader,
    format_serial,
    sign_token,
    token_digits,
)
from app.domain.verification.queries import NotAStampCode, verdict
from app.domain.verification.schemas import Answer, AskedTold, RollTold
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_product
from tests.factories.scanning import label_of, photo_of, suspend, withdraw
from tests.factories.stamps import KID, digits_of, make_batch, serial_text, stamps_of
from tests.factories.statements import counted


@pytest.fixture
def keys(settings: Settings) -> Path:
    return settings.private_key_dir


@pytest.fixture
def batch(session: WriteSession, people: People, keys: Path) -> StampBatch:
    return make_batch(session, people, keys, state=BatchState.IN_USE)


@pytest.fixture
def stamp(session: WriteSession, batch: StampBatch) -> Stamp:
    return stamps_of(session, batch)[0]


def certificate_of(session: WriteSession, batch: StampBatch) -> Certificate:
    return session.exec(select(Certificate).where(Certificate.id == batch.certificate_id)).one()


def asked(session: WriteSession, stamp: Stamp, at: datetime) -> Answer:
    """Ask by digits and by serial: the answer is the same."""
    session.flush()
    by_digits = verdict(session, digits_of(stamp), at=at)
    by_serial = verdict(session, format_serial(serial_text(stamp)).lower(), at=at)
    assert by_digits == by_serial
    assert "hàng thật" not in by_digits.message
    return by_digits


def signed_digits(keys: Path, **changes: Any) -> str:
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
    header = StampHeader(**(fields | changes))
    return token_digits(sign_token(header, load_key(keys, KID).sign))


def test_a_stamp_in_use_with_a_certificate_in_force_is_valid(
    session: WriteSession, batch: StampBatch, stamp: Stamp, at: datetime
) -> None:
    answer = asked(session, stamp, at)
    assert answer.verdict is Verdict.VALID
    assert answer.valid
    assert answer.known_at == at
    assert answer.serial == format_serial(serial_text(stamp))
    assert answer.product is not None
    assert answer.product.name == "Mật ong thử nghiệm"
    assert answer.producer is not None
    assert answer.producer.commune == "Xã Bình Lư"
    assert answer.certificate is not None
    assert answer.certificate.code == certificate_of(session, batch).code
    assert "4 sao" in answer.message
    assert "01/08/2028" in answer.message
    assert "Hãy so tên sản phẩm" in answer.message


@pytest.mark.parametrize("state", [BatchState.ISSUED, BatchState.DELIVERED])
def test_a_stamp_not_handed_over_yet_is_not_activated(
    session: WriteSession, people: People, keys: Path, at: datetime, state: BatchState
) -> None:
    batch = make_batch(session, people, keys, state=state)
    answer = asked(session, stamps_of(session, batch)[0], at)
    assert answer.verdict is Verdict.NOT_ACTIVATED
    assert not answer.valid


@pytest.mark.parametrize(
    ("days_before_end", "said", "valid"),
    [
        (181, Verdict.VALID, True),
        (180, Verdict.VALID, True),
        (120, Verdict.VALID, True),
        (119, Verdict.LATE, True),
        (0, Verdict.LATE, True),
        (-1, Verdict.EXPIRED, False),
    ],
)
def test_the_calendar_moves_the_verdict(
    session: WriteSession,
    batch: StampBatch,
    stamp: Stamp,
    at: datetime,
    days_before_end: int,
    said: Verdict,
    valid: bool,
) -> None:
    end = local_day(at) + timedelta(days=days_before_end)
    certificate_of(session, batch).expires_on = end
    answer = asked(session, stamp, at)
    assert (answer.verdict, answer.valid) == (said, valid)
    assert f"{end:%d/%m/%Y}" in answer.message


def test_the_last_day_ends_at_midnight_in_viet_nam(
    session: WriteSession, batch: StampBatch, stamp: Stamp
) -> None:
    certificate_of(session, batch).expires_on = date(2026, 9, 14)
    last = datetime.fromisoformat("2026-09-14T23:59:59+07:00")
    assert asked(session, stamp, last).valid
    assert not asked(session, stamp, last + timedelta(seconds=1)).valid


def test_a_withdrawn_stamp_says_since_when_and_why_and_its_neighbours_do_not(
    session: WriteSession, people: People, batch: StampBatch, stamp: Stamp, at: datetime
) -> None:
    withdraw(session, people, batch, serials=[serial_text(stamp)])
    answer = asked(session, stamp, at)
    assert answer.verdict is Verdict.VOID
    assert (answer.since, answer.reason) == (local_day(at), "Tem in hỏng")
    assert "Tem in hỏng" in answer.message
    assert asked(session, stamps_of(session, batch)[1], at).verdict is Verdict.VALID


def test_stamps_of_a_suspended_roll_say_so_since_when_and_nothing_of_the_reason(
    session: WriteSession, people: People, batch: StampBatch, stamp: Stamp, at: datetime
) -> None:
    suspend(session, people, batch)
    answer = asked(session, stamp, at)
    assert (answer.verdict, answer.since, answer.reason) == (Verdict.SUSPENDED, local_day(at), "")


@pytest.mark.parametrize("state", [BatchState.ISSUED, BatchState.IN_USE])
def test_the_label_of_a_roll_is_never_a_product(
    session: WriteSession, people: People, keys: Path, at: datetime, state: BatchState
) -> None:
    batch = make_batch(session, people, keys, state=state, quantity=60, roll_size=50)
    label = label_of(session, batch)
    answer = asked(session, label, at)
    assert (answer.verdict, answer.valid) == (Verdict.ROLL, False)
    assert answer.roll == RollTold(number=1, rolls=2, stamps=50)
    assert answer.product is not None
    assert "nhãn của cả cuộn số 1 trong 2 cuộn" in answer.message
    assert "không dán lên sản phẩm" in answer.message
    session.flush()
    certificate_of(session, batch).revoked_on = local_day(at)
    assert asked(session, label, at).verdict is Verdict.REVOKED


def test_the_newest_photo_and_the_scratch_code_are_told(
    session: WriteSession, people: People, keys: Path, at: datetime
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.IN_USE, with_pin=True)
    product_id = certificate_of(session, batch).product_id
    assert asked(session, stamps_of(session, batch)[0], at).picture is None
    for number in (1, 2):
        session.add(photo_of(product_id, number, at=at))
    answer = asked(session, stamps_of(session, batch)[0], at)
    assert answer.pin
    assert answer.picture is not None
    assert (answer.picture.caption, answer.picture.width) == ("Ảnh 2", 320)
    assert answer.picture.path == f"/photos/{'2' * 64}.webp"
    assert not asked(session, label_of(session, batch), at).pin


def test_earlier_scans_are_told_from_the_second_on(
    session: WriteSession, stamp: Stamp, at: datetime
) -> None:
    first_at = datetime(2026, 9, 1, 1, 2, 3, tzinfo=UTC)
    total = ScanTotal(stamp_index=stamp.index, scans=1, first_at=first_at, last_at=at)
    session.add(total)
    session.flush()
    assert look_up_and_count(session, digits_of(stamp), at=at).answer.asked is None
    total.scans = 2
    session.flush()
    told = look_up_and_count(session, digits_of(stamp), at=at).answer.asked
    assert told == AskedTold(times=2, first_at=first_at.replace(second=0))


def test_a_revoked_certificate_speaks_through_its_stamps_in_the_words_of_the_law(
    session: WriteSession, batch: StampBatch, stamp: Stamp, at: datetime
) -> None:
    certificate = certificate_of(session, batch)
    certificate.revoked_on = local_day(at)
    certificate.revocation_ground = RevocationGround.MARK_MISUSED
    certificate.revocation_reason = "Lò Thị Mẫu dán nhầm {0} %s."
    answer = asked(session, stamp, at)
    assert answer.verdict is Verdict.REVOKED
    assert "14/09/2026" in answer.message
    assert answer.reason == "Sử dụng nhãn hiệu OCOP không đúng quy định, gây nhầm lẫn."
    assert answer.reason in answer.message
    assert "Lò Thị Mẫu" not in answer.model_dump_json()
    assert answer.basis == "26/2026/QĐ-TTg, Điều 8"


def test_a_newer_certificate_is_told_with_its_stars(
    session: WriteSession, people: People, keys: Path, at: datetime
) -> None:
    product = make_product(session, people)
    older = import_certificate(session, people, product, star=3)
    batch = make_batch(session, people, keys, state=BatchState.IN_USE, certificate=older)
    newer = import_certificate(session, people, product, star=4, issued_on=date(2026, 9, 1))
    answer = asked(session, stamps_of(session, batch)[0], at)
    assert answer.verdict is Verdict.SUPERSEDED
    assert answer.newer is not None
    assert (answer.newer.code, answer.newer.star) == (newer.code, 4)
    assert answer.since == date(2026, 9, 1)
    assert "4 sao" in answer.message


def test_a_specimen_is_never_more_than_a_specimen(
    session: WriteSession, batch: StampBatch, keys: Path, at: datetime
) -> None:
    known = certificate_of(session, batch).record_number
    for index in (1, 4_000_000_000):
        answer = verdict(
            session, signed_digits(keys, specimen=True, index=index, certificate=known), at=at
        )
        assert answer.verdict is Verdict.SPECIMEN
        assert not answer.valid


def test_artwork_on_packaging_speaks_for_its_certificate(
    session: WriteSession, batch: StampBatch, keys: Path, at: datetime
) -> None:
    known = certificate_of(session, batch).record_number
    bare: dict[str, Any] = {"level": StampLevel.PRODUCT, "index": 0, "random": bytes(5)}
    answer = verdict(session, signed_digits(keys, certificate=known, **bare), at=at)
    assert answer.verdict is Verdict.VALID
    assert answer.serial is None
    stranger = verdict(session, signed_digits(keys, certificate=known + 1, **bare), at=at)
    assert stranger.verdict is Verdict.UNKNOWN


def test_a_valid_signature_on_a_stamp_never_issued_raises_the_alarm(
    session: WriteSession,
    stamp: Stamp,
    keys: Path,
    at: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.CRITICAL, logger="ocop.verification"):
        answer = verdict(session, signed_digits(keys), at=at)
    assert answer.verdict is Verdict.UNKNOWN
    (alarm,) = caplog.messages
    assert "ALARM" in alarm
    assert f"kid={KID} index=4000000000" in alarm
    caplog.clear()
    with caplog.at_level(logging.CRITICAL, logger="ocop.verification"):
        known_index = verdict(session, signed_digits(keys, index=stamp.index), at=at)
    assert known_index.verdict is Verdict.UNKNOWN
    assert len(caplog.messages) == 1


def test_a_serial_nobody_issued_is_unknown_and_raises_no_alarm(
    session: WriteSession, stamp: Stamp, at: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    assert verdict(session, Serial(99_999, b"abcde").text, at=at).verdict is Verdict.UNKNOWN
    guessed = Serial(stamp.index, b"abcde").text
    assert verdict(session, guessed, at=at).verdict is Verdict.UNKNOWN
    assert not caplog.messages


def test_a_retired_key_still_verifies_its_stamps(
    session: WriteSession, stamp: Stamp, at: datetime
) -> None:
    session.exec(select(StampKey)).one().retired_at = at - timedelta(days=1)
    assert asked(session, stamp, at).verdict is Verdict.VALID


@pytest.mark.usefixtures("stamp")
def test_a_key_nobody_published_makes_the_code_tampered(
    session: WriteSession, keys: Path, at: datetime
) -> None:
    digits = signed_digits(keys, kid=200)  # signed by key 7, which says it were key 200
    assert verdict(session, digits, at=at).verdict is Verdict.TAMPERED


def test_each_of_the_640_bits_flipped_is_tampered(
    session: WriteSession, stamp: Stamp, at: datetime
) -> None:
    number = int(digits_of(stamp))
    said = {
        verdict(session, str(number ^ (1 << bit)).zfill(DIGITS), at=at).verdict
        for bit in range(8 * (HEADER_BYTES + SIGNATURE_BYTES))
    }
    assert said == {Verdict.TAMPERED}


@pytest.mark.usefixtures("stamp")
@settings(max_examples=60)
@given(text=st.text(max_size=320))
def test_whatever_is_typed_is_answered_or_refused(
    session: WriteSession, at: datetime, text: str
) -> None:
    try:
        answer = verdict(session, text, at=at)
    except (NotAStampCode, SerialTypo):
        return
    assert not answer.valid


@pytest.mark.parametrize("text", ["", "   ", "1", "0" * 192, "0" * 194, "x" * 301])
def test_what_is_neither_digits_nor_serial_is_refused_with_a_sentence(
    session: WriteSession, at: datetime, text: str
) -> None:
    with pytest.raises(NotAStampCode, match="16 ký tự"):
        verdict(session, text, at=at)


def test_a_typing_mistake_is_asked_about_instead_of_being_called_a_fake(
    session: WriteSession, stamp: Stamp, at: datetime
) -> None:
    text = serial_text(stamp)
    wrong = text[:-1] + ("0" if text[-1] != "0" else "1")
    with pytest.raises(SerialTypo, match="Hãy so lại"):
        verdict(session, wrong, at=at)


def test_the_demonstration_is_marked_on_every_answer(
    session: WriteSession, stamp: Stamp, at: datetime
) -> None:
    assert verdict(session, digits_of(stamp), at=at, demonstration=True).demonstration
    assert verdict(session, "9" * 192 + "0", at=at, demonstration=True).demonstration


def test_a_verdict_takes_four_statements_at_most(
    session: WriteSession, people: People, keys: Path, at: datetime
) -> None:
    product = make_product(session, people)
    older = import_certificate(session, people, product, star=3)
    batch = make_batch(session, people, keys, state=BatchState.IN_USE, certificate=older)
    import_certificate(session, people, product, issued_on=date(2026, 9, 1))
    digits = digits_of(stamps_of(session, batch)[0])
    session.flush()
    session.expire_all()
    with counted(session.connection()) as sent:
        assert verdict(session, digits, at=at).verdict is Verdict.SUPERSEDED
    assert 0 < len(sent) <= 4, sent
