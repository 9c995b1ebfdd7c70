"""Over HTTP alone: stamps from their order to their destruction, and what everybody can check of them."""

import base64
import csv
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import Engine

from app.core.clock import now
from app.core.db import transaction
from app.core.settings import Settings
from app.core.signing import create_pepper
from app.domain.stamps.actions import create_stamp_key
from app.domain.stamps.enums import KeyPurpose
from tests.factories.people import HOME, People
from tests.factories.stamps import ensure_key
from tests.journeys.certified import CertifiedProduct, recognised_product
from tests.journeys.program import Program, sign_once

OFFICER, HEAD, AGENCY = f"canbo{HOME}", "truongcoquan", "canbotinh"
VALID, VOID, SUSPENDED, NOT_ACTIVATED = range(4)


@pytest.fixture
def certified(engine: Engine, settings: Settings) -> CertifiedProduct:
    """Return a recognised product, keys of every purpose, and the people who take part."""
    product = recognised_product(engine)
    at = now()
    with transaction(engine) as session:
        People(session, at).head()
        ensure_key(session, settings.private_key_dir, at=at)
        session.flush()
        for purpose, place in (
            (KeyPurpose.ROOT, settings.private_key_dir),
            (KeyPurpose.ANSWERS, settings.answer_key_dir),
        ):
            create_stamp_key(session, place, at=at, purpose=purpose)
            session.flush()
    create_pepper(settings.answer_key_dir)
    return product


@pytest.fixture
def anybody(server: str) -> Iterator[httpx.Client]:
    """Return a program without a token."""
    with httpx.Client(base_url=server, timeout=60) as client:
        yield client


class Custody:
    """One batch, moved by whoever moves it, each time from the version that is there."""

    def __init__(self, program: Program, order: dict[str, Any]) -> None:
        self.program = program
        self.path = f"/batches/{program.post(OFFICER, '/batches', order)['code']}"

    def now(self) -> dict[str, Any]:
        """Return the batch as it is."""
        found: dict[str, Any] = self.program.get(AGENCY, self.path).json()
        return found

    def step(self, who: str, name: str, **more: object) -> dict[str, Any]:
        """Take a step."""
        told: dict[str, Any] = self.program.post(
            who, f"{self.path}/{name}", {"version": self.now()["version"], **more}
        )
        return told

    def refused(self, who: str, name: str, **more: object) -> str:
        """Try a step and return the code of its refusal."""
        problem = self.program.refused(
            who, f"{self.path}/{name}", {"version": self.now()["version"], **more}
        )
        return str(problem["code"])


def signed(anybody: httpx.Client, token: str) -> dict[str, Any]:
    """Return what a signed text says, its signature checked by a library that is not ours."""
    keys = KeySet.import_key_set(anybody.get("/.well-known/jwks.json").json())
    payload: dict[str, Any] = json.loads(jws.deserialize_compact(token, keys).payload)
    return payload


def statuses(anybody: httpx.Client) -> list[int]:
    """Return the first shard as the specification of status lists reads it."""
    said = signed(anybody, anybody.get("/status/0").text)["status_list"]
    assert said["bits"] == 2
    packed = zlib.decompress(base64.urlsafe_b64decode(said["lst"] + "=" * (-len(said["lst"]) % 4)))
    return [byte >> shift & 3 for byte in packed for shift in (0, 2, 4, 6)]


def index_of(serial: str) -> int:
    """Return the index of a serial: its first 32 bits, in Crockford's base 32."""
    number = 0
    for character in serial.replace("-", ""):
        number = number << 5 | "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(character)
    return number >> 48


def balance_of_the_books(settings: Settings) -> str:
    """Run the command that proves the counts, and return what it says."""
    done = subprocess.run(
        [Path(sys.executable).with_name("ocop"), "stamps", "balance"],
        env=os.environ
        | {"OCOP_DATA_DIR": str(settings.data_dir), "OCOP_DATABASE_URL": settings.database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_stamps_live_from_their_order_to_their_destruction(
    anybody: httpx.Client,
    engine: Engine,
    certified: CertifiedProduct,
    settings: Settings,
    server: str,
) -> None:
    with httpx.Client(base_url=f"{server}/api/v1", timeout=60) as client:
        program = Program(client, engine)
        _live(program, anybody, certified, settings)


def _live(
    program: Program, anybody: httpx.Client, certified: CertifiedProduct, settings: Settings
) -> None:
    order = {
        "certificate": certified.certificate,
        "quantity": 120,
        "packs_a_year": 120,
        "with_pin": True,
        "roll_size": 50,
        "markets": ["12", "01"],
    }
    batch = Custody(program, order)
    # All of a year's output is ordered: nothing is left for another order.
    assert program.refused(OFFICER, "/batches", order)["code"] == "batch.over_balance"
    batch.step(HEAD, "approve", count=110)
    batch.step(AGENCY, "issue")
    sign_once(settings)
    assert (batch.now()["state"], batch.now()["issued_count"]) == ("issued", 110)

    printing = batch.step(
        AGENCY, "printings", form="print_house", printer="Nhà in Thử Nghiệm, hợp đồng 12/2026"
    )
    archive = program.get(AGENCY, f"{batch.path}/printings/{printing['code']}/files.zip").content
    rows = printed(archive)
    labels = {int(row["roll"]): row["serial"] for row in rows if row["place"] == "0"}
    stamps = {
        number: [row for row in rows if row["roll"] == str(number) and row["place"] != "0"]
        for number in labels
    }
    assert [len(stamps[number]) for number in (1, 2, 3)] == [50, 50, 10]
    again = batch.refused(
        AGENCY, "printings", form="sheets_25", printer="Nhà in Khác", first_roll=1, last_roll=1
    )
    assert again == "roll.printed"

    first, second = stamps[1][0], stamps[2][0]
    batch.step(AGENCY, "deliver", delivered_to="Bà Lò Thị Mẫu", rolls=[1, 2])
    batch.step(OFFICER, "activate", labels=[labels[1]])
    assert verdict(anybody, first) == "valid"
    assert verdict(anybody, second) == "not_activated"
    _scratched(anybody, first)
    claim = claimed(anybody, first["serial"])
    assert (claim["finding"], claim["stars"]) == ("match", 3)
    assert signed(anybody, claim["proof"])["claim"]["seller"] == "Gian hàng Thử Nghiệm"

    spoilt = stamps[1][1]
    batch.step(
        OFFICER, "withdraw", kind="spoilt", serials=[spoilt["serial"]], reason="Rách khi dán"
    )
    batch.step(
        OFFICER, "withdraw", kind="returned", rolls=[2], reason="Đổi bao gói, không dùng nữa"
    )
    returned, _spoilt = program.get(AGENCY, f"{batch.path}/withdrawals").json()["items"]
    assert (returned["kind"], returned["stamps"]) == ("returned", 50)
    assert verdict(anybody, spoilt) == verdict(anybody, second) == "void"
    assert claimed(anybody, second["serial"])["finding"] == "mismatch"
    program.post(
        AGENCY,
        "/stamp-destructions",
        {
            "withdrawals": [returned["code"]],
            "place": "Kho Sở",
            "method": "Cắt vụn, đốt",
            "witnesses": "Ông Mẫu, Chi cục; bà Mẫu, Công an xã",
        },
    )
    batch.step(AGENCY, "suspend", rolls=[1], reason="Có người bán tem ngoài chợ")
    assert verdict(anybody, first) == "suspended"
    batch.step(AGENCY, "release", rolls=[1], reason="Đã kiểm tra, không sao chép")
    assert verdict(anybody, first) == "valid"

    counts = batch.now()["counts"]
    assert (counts["issued"], counts["in_hand"], counts["activated"], counts["void"]) == (
        110,
        10,
        49,
        51,
    )
    assert counts["destroyed"] == 50
    assert "cân" in balance_of_the_books(settings).casefold()
    sign_once(settings)
    _listed(anybody, stamps, labels, spoilt)


def printed(archive: bytes) -> list[dict[str, str]]:
    """Return the table that a print house reads."""
    with ZipFile(BytesIO(archive)) as opened:
        assert opened.testzip() is None
        (table,) = [name for name in opened.namelist() if name.endswith("/tem.csv")]
        text = opened.read(table).decode("utf-8-sig")
        rows = list(csv.DictReader(StringIO(text)))
        assert sum(name.endswith(".svg") for name in opened.namelist()) == len(rows)
    return rows


def verdict(anybody: httpx.Client, row: dict[str, str]) -> str:
    """Return what a scan of a printed code says at this moment, and its serial, which say the same."""
    digits = row["url"].rpartition("/")[2]
    said = {
        anybody.get(f"/api/v1/verify/{text}", headers={"cache-control": "no-cache"}).json()[
            "verdict"
        ]
        for text in (digits, row["serial"])
    }
    (one,) = said
    return str(one)


def claimed(anybody: httpx.Client, serial: str) -> dict[str, Any]:
    """Ask what a shop would ask."""
    answer = anybody.post(
        "/api/v1/claims",
        json={"seller": "Gian hàng Thử Nghiệm", "claimed_stars": 3, "stamp": serial},
    )
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _scratched(anybody: httpx.Client, row: dict[str, str]) -> None:
    def tried(pin: str) -> str:
        answer = anybody.post(f"/api/v1/verify/{row['serial']}/pin", json={"pin": pin})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["result"])

    wrong = "0000-0000" if row["pin"] != "0000-0000" else "1111-1111"
    assert [tried(wrong), tried(row["pin"]), tried(row["pin"].lower())] == [
        "wrong",
        "right",
        "right_again",
    ]


def _listed(
    anybody: httpx.Client,
    stamps: dict[int, list[dict[str, str]]],
    labels: dict[int, str],
    spoilt: dict[str, str],
) -> None:
    bits = statuses(anybody)
    expected = {index_of(row["serial"]): VALID for row in stamps[1]}
    expected |= {index_of(row["serial"]): VOID for row in (*stamps[2], spoilt)}
    expected |= {index_of(row["serial"]): NOT_ACTIVATED for row in stamps[3]}
    expected |= {
        index_of(labels[1]): VALID,
        index_of(labels[2]): VOID,
        index_of(labels[3]): NOT_ACTIVATED,
    }
    assert {index: bits[index] for index in expected} == expected
    assert {bits[index] for index in range(1_000) if index not in expected} == {VOID}
    bundle = signed(anybody, anybody.get("/api/v1/status/bundle").text)
    assert bundle["catalogue"]["count"] == 1
    assert bundle["stamps"]["lists"][0]["shard"] == 0
