"""Claims answered out of real rows, by every way in which a product can be named."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from app.core import jws
from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.settings import Settings
from app.core.signing import EcdsaKey, create_key, load_key
from app.domain.claims.enums import Finding, Reason
from app.domain.claims.queries import Answering, answered
from app.domain.claims.rules import MOST_CLAIMS, PROOF_TYP
from app.domain.claims.schemas import Claim, ClaimAnswer
from app.domain.products.models import ProductCodeAlias
from app.domain.recognition.enums import Replacement
from app.domain.recognition.models import Certificate
from app.domain.stamps.actions import suspend_rolls, withdraw_stamps
from app.domain.stamps.enums import BatchState, StampLevel
from app.domain.stamps.models import Stamp
from app.domain.stamps.rules import StampHeader, sign_token, token_digits
from app.domain.stamps.schemas import SuspendRolls, WithdrawStamps
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.stamps import (
    KID,
    digits_of,
    make_batch,
    rolls_in,
    serial_text,
    stamps_of,
)
from tests.factories.statements import counted

GTIN = "8938505974194"


@dataclass
class Market:
    """What there is to claim about."""

    honey: Certificate  # four stars, in force, bears a GTIN
    noodles: Certificate  # three stars, replaced by four
    better_noodles: Certificate
    tea: Certificate  # ended
    moved: Certificate  # of a former holder
    stamps: dict[str, Stamp]
    label: Stamp


@pytest.fixture
def market(session: WriteSession, people: People, settings: Settings) -> Market:
    house = make_producer(session, people, "Hợp tác xã Bình Lư")
    honey = import_certificate(
        session, people, make_product(session, people, house, "Mật ong rừng", gtin=GTIN)
    )
    honey.product_code = "12-03390-01-2025"
    session.add(
        ProductCodeAlias(
            code="OCOP/07",
            code_folded="ocop 07",
            product_id=honey.product_id,
            source="Danh sách cũ",
            created_at=AT,
        )
    )
    noodle = make_product(session, people, house, "Miến dong")
    old = import_certificate(session, people, noodle, star=3, issued_on=date(2024, 1, 10))
    new = import_certificate(session, people, noodle, star=4, issued_on=date(2025, 8, 1))
    tea = import_certificate(
        session,
        people,
        make_product(session, people, house, "Trà Shan tuyết"),
        issued_on=date(2023, 8, 1),
        expires_on=date(2026, 8, 1),
    )
    rice = make_product(session, people, house, "Gạo séng cù")
    moved = import_certificate(session, people, rice, issued_on=date(2024, 1, 10))
    heir = make_producer(session, people, "Công ty Tà Mít")
    later = import_certificate(session, people, rice, issued_on=date(2025, 8, 1))
    later.producer_id, later.producer_name = heir.id or 0, heir.name
    moved.superseded_how = Replacement.HOLDER_CHANGE
    make_product(session, people, house, "Măng khô")  # never recognised
    session.flush()
    batch = make_batch(
        session,
        people,
        settings.private_key_dir,
        state=BatchState.IN_USE,
        quantity=150,
        roll_size=50,
        certificate=honey,
    )
    waiting = make_batch(
        session,
        people,
        settings.private_key_dir,
        state=BatchState.ISSUED,
        quantity=60,
        certificate=honey,
    )
    good, void, halted = (stamps_of(session, batch)[place] for place in (0, 60, 120))
    withdrawal = WithdrawStamps(
        version=batch.version, serials=[serial_text(void)], reason="Tem in hỏng"
    )
    withdraw_stamps(session, batch.code, withdrawal, actor=people.agency(), at=AT)
    halt = SuspendRolls(version=batch.version, rolls=[3], reason="Nghi bị chép")
    suspend_rolls(session, batch.code, halt, actor=people.agency(), at=AT)
    session.flush()
    label = session.get_one(Stamp, rolls_in(session, batch)[0].label_index)
    stamps = {
        "good": good,
        "void": void,
        "halted": halted,
        "waiting": stamps_of(session, waiting)[0],
    }
    return Market(honey, old, new, tea, moved, stamps, label)


@pytest.fixture
def answering(settings: Settings) -> Answering:
    key: EcdsaKey = create_key(settings.answer_key_dir, 3)
    return Answering("https://ocop.example/", key, english=True)


def claim(stars: int = 4, **named: str) -> Claim:
    return Claim(seller="Gian hàng A", claimed_stars=stars, **named)


def test_each_way_of_naming_a_product_finds_it(
    session: WriteSession, market: Market, answering: Answering
) -> None:
    good = market.stamps["good"]
    ways: list[dict[str, Any]] = [
        {"certificate": market.honey.code.lower()},
        {"product_code": "12-03390-01-2025"},
        {"product_code": "ocop 07"},
        {"gtin": GTIN},
        {"gtin": f"0{GTIN}"},
        {"product": "MẬT ONG  RỪNG", "producer": "hợp tác xã Bình Lư"},
        {"stamp": serial_text(good).lower()},
        {"stamp": digits_of(good)},
    ]
    for way, answer in zip(
        ways,
        answered(session, [claim(**way) for way in ways], answering, at=AT),
        strict=True,
    ):
        assert (answer.finding, answer.certificate) == (Finding.MATCH, market.honey.code), way
        assert answer.stars == 4
        assert answer.valid_until == market.honey.expires_on
        assert answer.register_url == f"https://ocop.example/register/{market.honey.code}"
    [wrong] = answered(session, [claim(5, gtin=GTIN)], answering, at=AT)
    assert (wrong.finding, wrong.stars) == (Finding.MISMATCH, 4)
    assert "5 sao" in wrong.message
    assert "5 stars" in wrong.message_en


def test_the_code_on_packaging_speaks_for_its_certificate_if_a_key_of_stamps_signed_it(
    session: WriteSession, market: Market, answering: Answering, settings: Settings
) -> None:
    header = StampHeader(
        specimen=False,
        pin=False,
        level=StampLevel.PRODUCT,
        kid=KID,
        last_valid_day=market.honey.expires_on,
        stars=4,
        certificate=market.honey.record_number,
        index=0,
        random=bytes(5),
    )
    good = sign_token(header, load_key(settings.private_key_dir, KID).sign)
    forged = sign_token(header, answering.key.sign)
    asked = [claim(stamp=token_digits(one)) for one in (good, forged)]
    first, second = answered(session, asked, answering, at=AT)
    assert (first.finding, first.certificate) == (Finding.MATCH, market.honey.code)
    assert second.reason is Reason.STAMP_ALTERED


def test_what_ended_was_replaced_moved_or_is_not_there_is_told(
    session: WriteSession, market: Market, answering: Answering
) -> None:
    house = "Hợp tác xã Bình Lư"
    altered = digits_of(market.stamps["good"])
    altered = str((int(altered[0]) + 1) % 4) + altered[1:]
    expected: list[tuple[Claim, Reason, int | None]] = [
        (claim(certificate=market.noodles.code), Reason.AS_REGISTERED, 4),
        (claim(3, certificate=market.noodles.code), Reason.OTHER_STAR, 4),
        (claim(certificate=market.tea.code), Reason.ENDED, None),
        (claim(product="Trà Shan tuyết", producer=house), Reason.ENDED, None),
        (claim(certificate=market.moved.code), Reason.HOLDER_CHANGED, None),
        (claim(product="Gạo séng cù", producer=house), Reason.HOLDER_CHANGED, None),
        (claim(product="Gạo séng cù", producer="Công ty Tà Mít"), Reason.AS_REGISTERED, 4),
        (claim(product="Măng khô", producer=house), Reason.NOT_REGISTERED, None),
        (claim(product="Mật ong", producer=house), Reason.NOT_REGISTERED, None),
        (claim(certificate="CN-0000000"), Reason.NOT_REGISTERED, None),
        (claim(gtin="8938505974195"), Reason.UNREADABLE, None),
        (claim(gtin="9521234543213"), Reason.NOT_REGISTERED, None),
        (claim(stamp=serial_text(market.stamps["void"])), Reason.STAMP_VOID, 4),
        (claim(stamp=serial_text(market.stamps["halted"])), Reason.STAMP_SUSPENDED, 4),
        (claim(stamp=serial_text(market.stamps["waiting"])), Reason.STAMP_NOT_ACTIVATED, 4),
        (claim(stamp=serial_text(market.label)), Reason.ROLL_LABEL, None),
        (claim(stamp=altered), Reason.STAMP_ALTERED, None),
        (claim(stamp="0000-0000-0000-0001"), Reason.UNREADABLE, None),
        (claim(stamp="0000-0000-0000-0000"), Reason.STAMP_UNKNOWN, None),
    ]
    answers = answered(session, [one for one, *_ in expected], answering, at=AT)
    for (asked, reason, stars), answer in zip(expected, answers, strict=True):
        assert (answer.reason, answer.stars) == (reason, stars), asked
        assert "{" not in answer.message


def test_a_certificate_that_is_revoked_today_has_lapsed_today(
    session: WriteSession, market: Market, answering: Answering
) -> None:
    market.honey.revoked_on = local_day(AT)
    session.flush()
    [answer] = answered(session, [claim(gtin=GTIN)], answering, at=AT)
    assert (answer.finding, answer.since) == (Finding.LAPSED, local_day(AT))


def test_the_proof_repeats_question_and_answer_and_is_signed(
    session: WriteSession, market: Market, answering: Answering
) -> None:
    asked = claim(reference="SKU-1", certificate=market.honey.code)
    first, second = (answered(session, [asked], answering, at=AT)[0] for _ in range(2))
    read = jws.read(first.proof)
    assert read.is_of(PROOF_TYP)
    assert answering.key.verifying_key.verifies(read.signed, read.signature)
    said: dict[str, Any] = json.loads(read.payload)
    assert said["claim"] == {
        "seller": "Gian hàng A",
        "claimed_stars": 4,
        "reference": "SKU-1",
        "certificate": market.honey.code,
    }
    assert said["answer"]["finding"] == "match"
    assert said["answer"]["stars"] == 4
    assert said["iss"] == "https://ocop.example"
    assert said["iat"] == int(AT.timestamp()) == said["exp"] - 24 * 3600
    assert said["jti"] != json.loads(jws.read(second.proof).payload)["jti"]


def test_five_hundred_claims_take_as_many_statements_as_one_of_each_kind(
    session: WriteSession, market: Market, answering: Answering
) -> None:
    good = market.stamps["good"]
    kinds = [
        claim(certificate=market.honey.code),
        claim(product_code="12-03390-01-2025"),
        claim(gtin=GTIN),
        claim(product="Miến dong", producer="Hợp tác xã Bình Lư"),
        claim(stamp=serial_text(good)),
        claim(stamp=digits_of(good)),
    ]
    many = [kinds[number % len(kinds)] for number in range(MOST_CLAIMS)]
    with counted(session.connection()) as sent:
        answers: list[ClaimAnswer] = answered(session, many, answering, at=AT)
    assert all(one.startswith("SELECT") for one in sent), sent
    assert 0 < len(sent) <= 5
    assert {one.finding for one in answers} == {Finding.MATCH}
