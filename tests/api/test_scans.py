"""Flags and scratch codes over JSON."""

from uuid import uuid4

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.clock import now
from app.core.db import transaction
from app.core.settings import Settings
from app.core.signing import create_pepper
from app.domain.accounts.enums import Scope
from app.domain.scans.actions import examine
from app.domain.stamps.enums import BatchState
from app.domain.stamps.rules import pin_of
from tests.api.test_producers import assert_problem
from tests.conftest import AT
from tests.factories.people import People, token_for
from tests.factories.scans import many_devices
from tests.factories.stamps import make_batch, serial_text, stamps_of


def headers(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}


def test_a_program_reads_flags_and_decides_one(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    at = now()
    with transaction(engine) as session:
        people = People(session, AT)
        people.inspector()
        people.officer()
        batch = make_batch(session, people, settings.private_key_dir, state=BatchState.IN_USE)
        for stamp in stamps_of(session, batch)[:2]:
            many_devices(session, stamp.index, until=at)
        examine(session, at=at)
    agency = token_for(engine, "canbotinh", Scope.STAMPS_READ, Scope.STAMPS_WRITE)
    first = client.get("/api/v1/clone-flags?state=open&limit=1", headers=headers(agency)).json()
    rest = client.get(
        f"/api/v1/clone-flags?after={first['next_after']}", headers=headers(agency)
    ).json()
    (flag,), (other,) = first["items"], rest["items"]
    assert (flag["kind"], flag["count"], flag["product"]) == (
        "many_devices",
        6,
        other["product"],
    )
    path = f"/api/v1/clone-flags/{flag['code']}"
    told = client.get(path, headers=headers(agency)).json()
    assert len(told["evidence"]["devices"]) == 6
    assert [scan["device"] for scan in told["scans"]] == [6, 5, 4, 3, 2, 1]
    decision = {"version": 1, "decision": "dismissed", "reason": "Tem trưng bày ở hội chợ"}
    inspector = token_for(engine, "quanlythitruong")
    assert_problem(
        client.post(f"{path}/decide", json=decision, headers=headers(inspector)),
        403,
        "flag.not_decider",
    )
    done = client.post(f"{path}/decide", json=decision, headers=headers(agency)).json()
    assert (done["state"], done["note"]) == ("dismissed", "Tem trưng bày ở hội chợ")
    assert_problem(
        client.post(f"{path}/decide", json=decision, headers=headers(agency)), 409, "flag.decided"
    )
    officer = token_for(engine, "canbo03390")
    assert_problem(client.get(path, headers=headers(officer)), 403, "flag.not_reader")
    missing = client.get("/api/v1/clone-flags/DH-0000000", headers=headers(agency))
    assert_problem(missing, 404, "not_found")


def test_anybodys_program_tries_a_scratch_code(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        batch = make_batch(
            session,
            People(session, AT),
            settings.private_key_dir,
            state=BatchState.IN_USE,
            with_pin=True,
        )
        stamp = stamps_of(session, batch)[0]
    path = f"/api/v1/verify/{serial_text(stamp)}/pin"
    assert_problem(client.post(path, json={"pin": "0"}), 503, "pin.no_pepper")
    pin = pin_of(create_pepper(settings.answer_key_dir), stamp.header)
    assert client.post(path, json={"pin": "0"}).json()["result"] == "wrong"
    right = client.post(path, json={"pin": pin})
    assert right.headers["cache-control"] == "no-store"
    assert right.json()["result"] == "right"
    again = client.post(path, json={"pin": pin}).json()
    assert again["result"] == "right_again"
    assert again["first_right_at"] is not None
    assert_problem(
        client.post("/api/v1/verify/0000000000000001/pin", json={"pin": pin}),
        422,
        "stamp.serial_typo",
    )
