"""Passes of the publisher: what is due is signed, what is not is left alone, two take turns."""

import json
import zlib
from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine

from app.core import jws
from app.core.clock import local_day
from app.core.db import WriteSession, transaction
from app.core.settings import Settings
from app.domain.recognition.enums import Replacement
from app.domain.stamps.actions import create_stamp_key, retire_stamp_key
from app.domain.stamps.actions.moving import tell_status
from app.domain.stamps.enums import KeyPurpose, StampStatus
from app.domain.status.actions import Published, Publisher, publish_due
from app.domain.status.models import PublishedList
from app.domain.status.queries import Line, NoAnswersKey, known_changes, last_change, signed_delta
from app.domain.status.rules import (
    BUNDLE_EVERY,
    CERTIFICATES,
    MOST_CHANGES,
    RENEWED_AFTER,
    SHARD_SIZE,
    certificate_rows,
    day_number,
    shard_name,
)
from app.rulebooks.loader import in_force
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product

TODAY = date(2026, 9, 14)


@pytest.fixture
def publisher(settings: Settings) -> Publisher:
    return Publisher("https://ocop.example", settings.answer_key_dir, settings.private_key_dir)


def make_keys(session: WriteSession, publisher: Publisher, *purposes: KeyPurpose) -> None:
    for purpose in purposes:
        where = publisher.key_dir if purpose is KeyPurpose.ROOT else publisher.answer_key_dir
        create_stamp_key(session, where, at=AT, purpose=purpose)
        session.flush()


def tell(session: WriteSession, first: int, size: int, status: StampStatus) -> None:
    tell_status(session, first, size, status, at=AT)
    session.flush()


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(jws.read(token, longest=10**7).payload)
    return claims


def table(claims: dict[str, Any]) -> list[list[Any]]:
    rows: list[list[Any]] = json.loads(
        zlib.decompress(urlsafe_b64decode(claims["lst"] + "=" * (-len(claims["lst"]) % 4)))
    )
    return rows


def test_only_shards_that_changed_are_signed_and_all_of_them_once_they_are_old(
    session: WriteSession, publisher: Publisher
) -> None:
    make_keys(session, publisher, KeyPurpose.ANSWERS, KeyPurpose.ROOT)
    tell(session, 1, 10, StampStatus.NOT_ACTIVATED)
    tell(session, SHARD_SIZE - 5, 10, StampStatus.VALID)

    def run(after: timedelta) -> Published:
        done = publish_due(session, at=AT + after, publisher=publisher)
        session.flush()
        return done

    assert run(timedelta()) == Published(2, certificates=True, bundle=True)
    assert run(timedelta(seconds=1)) == Published()
    first, second = (session.get_one(PublishedList, shard_name(shard)) for shard in (0, 1))
    assert first.version == second.version == 2
    kept = second.token
    tell(session, 3, 1, StampStatus.VOID)
    assert run(timedelta(seconds=2)) == Published(1)
    assert (first.version, second.version, second.token) == (3, 2, kept)
    assert run(BUNDLE_EVERY) == Published(bundle=True)
    later = RENEWED_AFTER + BUNDLE_EVERY
    done = run(later + timedelta(minutes=1))
    assert (done.shards, done.certificates, done.bundle) == (2, True, True)
    assert second.version == 3, "an old list is signed with all that is known"
    assert claims_of(second.token)["iat"] == int((AT + later + timedelta(minutes=1)).timestamp())


def test_a_key_that_ends_has_its_lists_signed_again(
    session: WriteSession, publisher: Publisher
) -> None:
    make_keys(session, publisher, KeyPurpose.ANSWERS)
    tell(session, 1, 10, StampStatus.VALID)
    publish_due(session, at=AT, publisher=publisher)
    new = create_stamp_key(
        session, publisher.answer_key_dir, at=AT, purpose=KeyPurpose.ANSWERS, signs_from=AT
    )
    session.flush()
    retire_stamp_key(session, new.kid - 1, at=AT + timedelta(minutes=1))
    done = publish_due(session, at=AT + timedelta(minutes=2), publisher=publisher)
    assert (done.shards, done.certificates) == (1, True)
    session.flush()
    token = session.get_one(PublishedList, shard_name(0)).token
    assert jws.read(token, longest=10**6).kid == new.kid


def test_without_a_key_nothing_is_signed_and_it_is_said(
    session: WriteSession, publisher: Publisher
) -> None:
    with pytest.raises(NoAnswersKey):
        publish_due(session, at=AT, publisher=publisher)


def test_much_at_once_is_done_in_several_passes(
    session: WriteSession, publisher: Publisher
) -> None:
    make_keys(session, publisher, KeyPurpose.ANSWERS)
    tell(session, 1, 40 * SHARD_SIZE, StampStatus.NOT_ACTIVATED)
    tell(session, 41 * SHARD_SIZE + 1, 40 * SHARD_SIZE, StampStatus.VALID)
    done = [publish_due(session, at=AT, publisher=publisher) for _ in range(7)]
    assert [(one.shards, one.more) for one in done] == [
        *[(16, True)] * 5,
        (2, False),
        (0, False),
    ]
    assert known_changes(session) == last_change(session) == 2


def test_two_publishers_at_once_sign_each_list_once(engine: Engine, publisher: Publisher) -> None:
    with transaction(engine) as session:
        make_keys(session, publisher, KeyPurpose.ANSWERS)
        tell(session, 1, 3 * SHARD_SIZE, StampStatus.VALID)
    together = Barrier(2)

    def run(_number: int) -> Published:
        together.wait()
        with transaction(engine) as session:
            return publish_due(session, at=AT, publisher=publisher)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(run, range(2)))
    assert sorted(one.shards for one in done) == [0, 4]
    assert sorted(one.certificates for one in done) == [False, True]


def test_a_long_delta_is_told_in_pages(session: WriteSession, publisher: Publisher) -> None:
    make_keys(session, publisher, KeyPurpose.ANSWERS)
    for index in range(MOST_CHANGES + 1):
        tell_status(session, index, 1, StampStatus.VALID, at=AT)
    session.flush()

    def page(since: int) -> dict[str, Any]:
        delta = signed_delta(
            session,
            since,
            public_url=publisher.public_url,
            key_dir=publisher.answer_key_dir,
            invented=True,
            at=AT,
        )
        claims = claims_of(delta.token)
        assert claims["invented"] is True
        return {name: claims[name] for name in ("version", "more", "count")}

    assert page(0) == {"version": 1000, "more": True, "count": 1000}
    assert page(1000) == {"version": 1001, "more": False, "count": 1}


# --- certificates ----------------------------------------------------------------------------------

LINE = Line(
    id=1,
    record_number=77,
    code="CN-4M7P2Q8",
    product_code=None,
    star=4,
    issued_on=date(2024, 9, 20),
    expires_on=date(2027, 9, 20),
    extended_from=None,
    extended_until=None,
    holder_ended_on=None,
    revoked_on=None,
    superseded_on=None,
    superseded_how=None,
    product_name="Miến dong",
    producer_name="Hợp tác xã Bình Lư",
    newer=None,
    commune_code="03390",
)
ENDED = {"issued_on": date(2023, 9, 1), "expires_on": date(2026, 9, 1)}
REPLACED = {"superseded_on": date(2026, 9, 2), "newer": 99}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ["valid", 4, day_number(date(2027, 9, 20))]),
        (
            {"issued_on": date(2023, 11, 1), "expires_on": date(2026, 11, 1)},
            ["late", 4, day_number(date(2026, 11, 1))],
        ),
        (ENDED, ["expired", 4, day_number(date(2026, 9, 1)), day_number(date(2026, 9, 2))]),
        (
            ENDED | {"extended_from": date(2026, 8, 1), "extended_until": date(2026, 12, 1)},
            ["extended", 4, day_number(date(2026, 12, 1))],
        ),
        (
            {"revoked_on": date(2026, 9, 14)},
            ["revoked", 4, day_number(date(2027, 9, 20)), day_number(TODAY)],
        ),
        ({"revoked_on": date(2026, 9, 15)}, ["valid", 4, day_number(date(2027, 9, 20))]),
        (
            REPLACED | {"superseded_how": Replacement.UPGRADE},
            ["superseded", 4, day_number(date(2027, 9, 20)), day_number(date(2026, 9, 2)), 99],
        ),
        (
            REPLACED | {"superseded_how": Replacement.HOLDER_CHANGE},
            ["holder_changed", 4, day_number(date(2027, 9, 20)), day_number(date(2026, 9, 2)), 99],
        ),
        (
            {"holder_ended_on": date(2026, 9, 3)},
            ["producer_dissolved", 4, day_number(date(2027, 9, 20)), day_number(date(2026, 9, 3))],
        ),
    ],
)
def test_a_certificate_is_told_with_its_state_and_no_empty_end(
    changed: dict[str, Any], said: list[Any]
) -> None:
    rows = certificate_rows([replace(LINE, **changed)], on=TODAY, law=in_force(TODAY))
    assert rows.short == [[77, *said]]
    assert rows.full[0][6:] == [
        "CN-4M7P2Q8",
        day_number(changed.get("issued_on", LINE.issued_on)),
        "Miến dong",
        "Hợp tác xã Bình Lư",
        "",
        "",
    ]


def test_the_list_of_certificates_is_new_at_midnight_and_with_every_change_of_the_register(
    session: WriteSession, people: People, publisher: Publisher
) -> None:
    make_keys(session, publisher, KeyPurpose.ANSWERS)
    one = import_certificate(session, people)
    one.revoked_on = local_day(AT) + timedelta(days=1)
    session.flush()

    def publish(at: datetime) -> bool:
        done = publish_due(session, at=at, publisher=publisher)
        session.flush()
        return done.certificates

    def listed() -> tuple[str, list[list[Any]]]:
        claims = claims_of(session.get_one(PublishedList, CERTIFICATES).token)
        return claims["day"], [row[1:3] for row in table(claims)]

    evening = AT.replace(hour=16, minute=30)  # 23:30 in Viet Nam
    assert publish(evening)
    assert listed() == ("2026-09-14", [["valid", 4]])
    assert not publish(evening + timedelta(minutes=29))
    night = evening + timedelta(minutes=30)
    assert publish(night)
    assert listed() == ("2026-09-15", [["revoked", 4]])
    assert not publish(night)
    other = make_product(session, people, make_producer(session, people, "Tổ hợp tác Nậm Na"))
    import_certificate(session, people, other, star=3, issued_on=date(2026, 1, 5))
    session.flush()
    assert publish(night)
    assert listed() == ("2026-09-15", [["revoked", 4], ["valid", 3]])
