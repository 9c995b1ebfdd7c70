"""Flags through the pages of those who watch over stamps; scratch codes on a buyer's telephone."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.core.clock import now
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.core.signing import create_pepper
from app.domain.scans.actions import MOST_FAILURES, examine
from app.domain.scans.enums import FlagKind, FlagState
from app.domain.scans.models import CloneFlag
from app.domain.stamps.enums import BatchState, RollState
from app.domain.stamps.models import Stamp, StampRoll
from app.domain.stamps.rules import pin_of
from app.http.limits import FloodLimit
from tests.conftest import AT
from tests.factories.people import People, signed_in
from tests.factories.scans import add_scan, many_devices
from tests.factories.stamps import make_batch, serial_text, stamps_of
from tests.factories.statements import counted
from tests.web.page_checks import check_page, vietnamese_left
from tests.web.typing import form_on, press

MOST_STATEMENTS = 8


def stamps_in_use(engine: Engine, settings: Settings) -> list[Stamp]:
    with transaction(engine) as session:
        people = People(session, AT)
        people.inspector()
        people.officer()
        batch = make_batch(
            session,
            people,
            settings.private_key_dir,
            state=BatchState.IN_USE,
            with_pin=True,
            markets=["12"],
        )
        return stamps_of(session, batch)


@pytest.fixture
def flagged(engine: Engine, settings: Settings) -> dict[FlagKind, str]:
    """Return a flag of each kind, by its code."""
    stamps = stamps_in_use(engine, settings)
    at = now()
    with transaction(engine) as session:
        many_devices(session, stamps[0].index, until=at)
        hour = timedelta(hours=1)
        add_scan(session, stamps[1].index, at=at - hour, device="a", place=(224, 1035))
        add_scan(session, stamps[1].index, at=at, device="b", place=(210, 1058))
        add_scan(session, stamps[2].index, at=at, device="a", province="01")
        examine(session, at=at)
        session.add(
            CloneFlag(
                code="DH-NEVER00",
                kind=FlagKind.NEVER_ISSUED,
                stamp_index=4_000_000_000,
                evidence={"count": 1, "first": at.isoformat(), "last": at.isoformat()},
                raised_at=at,
                seen_until=at,
            )
        )
    with reading(engine) as session:
        return {flag.kind: flag.code for flag in session.exec(select(CloneFlag))}


def test_an_inspector_reads_every_kind_of_flag_in_both_languages_and_decides_none(
    client: TestClient, engine: Engine, flagged: dict[FlagKind, str]
) -> None:
    assert set(flagged) == set(FlagKind)
    signed_in(client, "quanlythitruong")
    listed = client.get("/clone-flags").text
    check_page(listed)
    assert all(code in listed for code in flagged.values())
    assert flagged[FlagKind.ROLL] not in client.get("/work").text
    for kind, code in flagged.items():
        with counted(engine) as said:
            shown = client.get(f"/clone-flags/{code}").text
        assert len(said) <= MOST_STATEMENTS, kind
        check_page(shown)
        assert "/decide" not in shown
        english = client.get(f"/clone-flags/{code}", params={"lang": "en"}).text
        assert not vietnamese_left(re.sub("Lý do|Mật ong[^<]*", "", english)), kind
    client.get("/language/vi")
    decided = client.post(
        f"/clone-flags/{flagged[FlagKind.ROLL]}/decide",
        data={"_key": "kiem-soat-1", "version": 1, "decision": "dismissed", "reason": "Thử xem"},
    )
    assert decided.status_code == 403
    signed_in(client, "canbo03390")
    assert client.get("/clone-flags").status_code == 403
    assert "/clone-flags" not in client.get("/work").text


def test_the_agency_finds_a_flag_among_its_work_and_suspends_the_roll_with_the_decision(
    client: TestClient, engine: Engine, flagged: dict[FlagKind, str]
) -> None:
    signed_in(client, "canbotinh")
    code = flagged[FlagKind.ROLL]
    assert code in client.get("/work").text
    page = f"/clone-flags/{code}"
    shown = client.get(page).text
    empty = press(client, shown, f"{page}/decide")
    assert empty.status_code == 422
    check_page(empty.text)
    odd = press(
        client, shown, f"{page}/decide", decision="dismissed", reason="Tem bị chụp", suspend="on"
    )
    assert odd.status_code == 422
    assert "checked" in odd.text
    done = press(
        client, shown, f"{page}/decide", decision="confirmed", reason="Tem bị chụp", suspend="on"
    )
    assert done.status_code == 303, done.text
    told = client.get(page).text
    check_page(told)
    assert "Có sao chép" in told
    assert "Tem bị chụp" in told
    with reading(engine) as session:
        assert session.exec(select(StampRoll.state)).all() == [RollState.SUSPENDED]
        assert session.exec(select(CloneFlag.state).where(CloneFlag.code == code)).one() is (
            FlagState.CONFIRMED
        )
    late = client.post(
        f"{page}/decide",
        data=form_on(shown, f"{page}/decide")
        | {"_key": "mot-khoa-khac", "decision": "dismissed", "reason": "Đổi ý"},
    )
    assert late.status_code == 409


def test_a_buyer_scratches_and_is_told_when_somebody_did_before(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    pepper = create_pepper(settings.answer_key_dir)
    stamp = stamps_in_use(engine, settings)[0]
    serial = serial_text(stamp)
    link = re.search(r'action="([^"]+/pin)"', client.get(f"/{serial}").text)
    assert link is not None
    page = client.get(link[1])
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    assert page.headers["cache-control"] == "no-store"
    assert "script" not in page.text
    wrong = client.post(link[1], data={"pin": "0000-0000"})
    assert wrong.status_code == 200
    assert "Mã cào không đúng" in wrong.text
    assert "<form" in wrong.text
    pin = pin_of(pepper, stamp.header)
    right = client.post(link[1], data={"pin": f"{pin[:4]}-{pin[4:]}".lower()})
    assert "lần đầu tiên mã này được kiểm tra" in right.text
    again = client.post(f"{link[1]}?lang=en", data={"pin": pin})
    assert not vietnamese_left(again.text)
    assert re.search(r"first checked at \d\d:\d\d \d\d/\d\d/\d{4}", again.text)
    for _ in range(MOST_FAILURES):
        assert "Mã cào không đúng" in client.post(link[1], data={"pin": "0"}).text
    assert "nhập sai 5 lần" in client.post(link[1], data={"pin": pin}).text
    for told in (page, wrong, right, again):
        check_page(told.text)
        assert "hàng thật" not in told.text.lower()
    assert client.post(link[1]).status_code == 422
    assert client.get("/0000000000000001/pin").status_code == 422


def test_scratch_codes_are_asked_for_neither_in_a_flood_nor_without_their_secret(
    client: TestClient, settings: Settings
) -> None:
    path = "/0000000000000000/pin"
    missing = client.post(path, data={"pin": "0"})
    assert missing.status_code == 503
    assert "chưa kiểm tra được mã cào" in missing.text
    create_pepper(settings.answer_key_dir)
    assert isinstance(client.app, FastAPI)
    client.app.state.pin_tries = FloodLimit("2/hour")
    for _ in range(2):
        assert client.post(path, data={"pin": "0"}).status_code == 200
    flood = client.post(path, data={"pin": "0"})
    assert flood.status_code == 429
    assert int(flood.headers["retry-after"]) > 0
