"""Lists as a stranger reads them: over HTTP, with a decoder that knows the specification and not us."""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from joserfc import jws as other_library
from joserfc.jwk import KeySet
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now
from app.core.db import WriteSession, reading, transaction
from app.core.settings import Settings
from app.domain.stamps.actions import (
    activate_rolls,
    create_stamp_key,
    release_rolls,
    suspend_rolls,
    withdraw_stamps,
)
from app.domain.stamps.enums import BatchState, KeyPurpose, StampState
from app.domain.stamps.models import Stamp, StampBatch, StampKey, StampRoll
from app.domain.stamps.rules import state_of
from app.domain.stamps.schemas import ActivateRolls, ReleaseRolls, SuspendRolls, WithdrawStamps
from app.domain.status.actions import Published, Publisher, publish_due
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.factories.stamps import make_batch, serial_text, stamps_of

WORTH = {
    StampState.ACTIVATED: 0,
    StampState.VOID: 1,
    StampState.SUSPENDED: 2,
    StampState.ISSUED: 3,
}
SHARD = "/status/0"
CHANGES = "/api/v1/status/changes"
CERTIFICATES = "/api/v1/status/certificates"
BUNDLE = "/api/v1/status/bundle"
_STANDARD = {"kty", "crv", "x", "y", "kid", "alg", "use"}


# --- a reader of its own: draft-ietf-oauth-status-list-21, sections 4.1, 4.2, 5.1, 8.2, 8.3 ---------


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def leb128(raw: bytes) -> list[int]:
    """Return numbers of seven bits a byte, the lowest first."""
    numbers, value, shift = [], 0, 0
    for byte in raw:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    return numbers


@dataclass
class Reader:
    """Somebody with an HTTP client, a JOSE library and the text of the specification."""

    client: TestClient
    root: dict[str, Any] = field(default_factory=dict)

    def keys(self, purpose: str) -> KeySet:
        """Return the published keys of a purpose; the root is brought along, never fetched."""
        if purpose == "root":
            return KeySet.import_key_set({"keys": [self.root]})
        published = self.client.get("/.well-known/jwks.json").json()["keys"]
        chosen = [key for key in published if key["purpose"] == purpose]
        bare = [{k: v for k, v in key.items() if k in _STANDARD} for key in chosen]
        return KeySet.import_key_set({"keys": bare})

    def token(self, address: str, *, typ: str, media_type: str, purpose: str = "answers") -> Any:
        answer = self.client.get(address)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == media_type
        assert answer.headers["access-control-allow-origin"] == "*"
        read = other_library.deserialize_compact(
            answer.text, self.keys(purpose), algorithms=["ES256"]
        )
        assert read.protected["typ"] == typ
        claims = json.loads(read.payload)
        assert claims["exp"] > claims["iat"]
        assert claims["ttl"] > 0
        return claims

    def statuses(self, address: str = SHARD) -> "Statuses":
        claims = self.token(address, typ="statuslist+jwt", media_type="application/statuslist+jwt")
        assert claims["sub"].endswith(address)
        told = claims["status_list"]
        return Statuses(
            bytearray(zlib.decompress(from_base64url(told["lst"]))),
            told["bits"],
            claims["version"],
        )

    def delta(self, since: int) -> dict[str, Any]:
        claims: dict[str, Any] = self.token(
            f"{CHANGES}?since={since}",
            typ="ocop-status-changes+jwt",
            media_type="application/jwt",
        )
        return claims


@dataclass
class Statuses:
    """A status list as the specification reads one: bits of an index, counted from the lowest."""

    raw: bytearray
    bits: int
    version: int

    def __getitem__(self, index: int) -> int:
        byte = self.raw[index * self.bits // 8]
        return byte >> (index * self.bits % 8) & ((1 << self.bits) - 1)

    def write(self, index: int, status: int) -> None:
        shift = index * self.bits % 8
        place = index * self.bits // 8
        self.raw[place] = self.raw[place] & ~(((1 << self.bits) - 1) << shift) | status << shift

    def apply(self, delta: dict[str, Any]) -> None:
        assert delta["since"] == self.version
        numbers = leb128(from_base64url(delta["lst"]))
        while numbers:
            status, size, many, *numbers = numbers
            first = 0
            for gap in numbers[:many]:
                first += gap
                for index in range(first, first + size):
                    self.write(index, status)
            del numbers[:many]
        self.version = delta["version"]


# --- what is read ----------------------------------------------------------------------------------


@pytest.fixture
def publish(engine: Engine, settings: Settings) -> Callable[[], Published]:
    publisher = Publisher(
        settings.public_url, settings.answer_key_dir, settings.private_key_dir, invented=False
    )

    def run() -> Published:
        with transaction(engine) as session:
            return publish_due(session, at=now(), publisher=publisher)

    return run


@pytest.fixture
def reader(client: TestClient, engine: Engine, settings: Settings) -> Reader:
    with transaction(engine) as session:
        create_stamp_key(session, settings.answer_key_dir, 1, at=AT, purpose=KeyPurpose.ANSWERS)
        root = create_stamp_key(
            session, settings.private_key_dir, 2, at=AT, purpose=KeyPurpose.ROOT
        )
    return Reader(client, {k: v for k, v in root.jwk.items() if k in _STANDARD})


def worth_of_all(engine: Engine) -> dict[int, int]:
    """Return what every stamp and every label is worth, by the rule that scans go by."""
    with reading(engine) as session:
        return {
            stamp.index: WORTH[state_of(roll.state, withdrawn=stamp.withdrawal_id is not None)]
            for stamp, roll in session.exec(
                select(Stamp, StampRoll).join(StampRoll, col(StampRoll.id) == col(Stamp.roll_id))
            )
        }


def what_happens(engine: Engine, keys: Path) -> Iterator[str]:
    """Take batches through everything that changes what stamps are worth, one step at a time."""

    def batch_in(session: WriteSession, code: str) -> StampBatch:
        return session.exec(select(StampBatch).where(StampBatch.code == code)).one()

    with transaction(engine) as session:
        people = People(session, AT)
        certificate = import_certificate(session, people)
        for state in (BatchState.ISSUED, BatchState.DELIVERED, BatchState.CLOSED):
            make_batch(
                session,
                people,
                keys,
                state=state,
                certificate=certificate,
                quantity=60,
                roll_size=50,
            )
        batch = make_batch(
            session,
            people,
            keys,
            state=BatchState.DELIVERED,
            certificate=certificate,
            quantity=170,
            roll_size=50,
        )
        code, version = batch.code, batch.version
        agency, owner = people.agency(), people.producer(batch.producer_id)
    yield "issued and delivered"

    with transaction(engine) as session:
        activated = ActivateRolls(version=version, rolls=[1, 2, 3])
        activate_rolls(session, code, activated, actor=owner, at=AT)
    yield "three rolls activated"

    with transaction(engine) as session:
        batch = batch_in(session, code)
        single = [serial_text(stamps_of(session, batch)[number]) for number in (3, 60, 160)]
        data = WithdrawStamps(version=batch.version, serials=single, reason="Tem in hỏng")
        withdraw_stamps(session, code, data, actor=agency, at=AT)
    yield "single stamps withdrawn"

    with transaction(engine) as session:
        batch = batch_in(session, code)
        halt = SuspendRolls(version=batch.version, rolls=[2, 4], reason="Nghi bị chép")
        suspend_rolls(session, code, halt, actor=agency, at=AT)
    yield "rolls suspended"

    with transaction(engine) as session:
        batch = batch_in(session, code)
        again = ReleaseRolls(version=batch.version, rolls=[2], reason="Đã kiểm tra")
        release_rolls(session, code, again, actor=agency, at=AT)
    yield "a roll released"

    with transaction(engine) as session:
        batch = batch_in(session, code)
        whole = WithdrawStamps(version=batch.version, rolls=[3], reason="Cuộn bị ướt")
        withdraw_stamps(session, code, whole, actor=agency, at=AT)
    yield "a roll withdrawn"

    with transaction(engine) as session:
        batch = batch_in(session, code)
        everything = WithdrawStamps(version=batch.version, whole_batch=True, reason="Thu hồi lô")
        withdraw_stamps(session, code, everything, actor=agency, at=AT)
    yield "the batch withdrawn"


def test_a_stranger_reads_of_every_stamp_what_a_scan_would_say_and_follows_with_deltas(
    reader: Reader, publish: Callable[[], Published], engine: Engine, settings: Settings
) -> None:
    followed: Statuses | None = None
    for step in what_happens(engine, settings.private_key_dir):
        assert publish().shards == 1, step
        read, worth = reader.statuses(), worth_of_all(engine)
        assert {index: read[index] for index in worth} == worth, step
        assert read[0] == read[max(worth) + 1] == 1, "never issued is void"
        if followed is None:
            followed = read
            assert set(worth.values()) == {0, 3}
        delta = reader.delta(followed.version)
        assert delta["more"] is False
        followed.apply(delta)
        assert followed == read, step
    assert publish() == Published()
    from_nothing = Statuses(bytearray(b"\x55" * 32_768), 2, 0)
    from_nothing.apply(reader.delta(0))
    assert from_nothing == followed


def test_a_delta_is_asked_for_sensibly_or_refused(
    reader: Reader, client: TestClient, settings: Settings
) -> None:
    nothing = reader.delta(0)
    assert (nothing["version"], nothing["count"], nothing["more"]) == (0, 0, False)
    beyond = client.get(f"{CHANGES}?since=5")
    assert (beyond.status_code, beyond.json()["code"]) == (404, "status.unknown_change")
    assert client.get(CHANGES).status_code == 422
    for file in settings.answer_key_dir.iterdir():
        file.unlink()
    without = client.get(f"{CHANGES}?since=0")
    assert (without.status_code, without.json()["code"]) == (503, "answers.no_key")
    assert int(without.headers["retry-after"]) > 0


def test_the_bundle_is_trusted_by_the_root_key_alone_and_leads_to_everything_else(
    reader: Reader, publish: Callable[[], Published], engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        batch = make_batch(
            session, people, settings.private_key_dir, state=BatchState.IN_USE, quantity=60
        )
        kid = batch.kid
    done = publish()
    assert (done.shards, done.certificates, done.bundle) == (1, True, True)
    bundle = reader.token(
        BUNDLE, typ="ocop-bundle+jwt", media_type="application/jwt", purpose="root"
    )
    assert {key["purpose"] for key in bundle["jwks"]["keys"]} == {"stamps", "answers", "root"}
    assert str(kid) in {key["kid"] for key in bundle["jwks"]["keys"]}
    [told] = bundle["stamps"]["lists"]
    address = told["uri"].removeprefix(settings.public_url)
    token = reader.client.get(address).text
    assert hashed(token) == told["sha256"]
    assert len(token) == told["bytes"]
    assert bundle["next_change"] == told["version"] == reader.statuses(address).version
    table = bundle["catalogue"]
    [row] = json.loads(zlib.decompress(from_base64url(table["lst"])))
    said = dict(zip(table["fields"], row, strict=True))
    assert (said["product"], said["producer"], said["commune"]) == (
        "Mật ong thử nghiệm",
        "Hợp tác xã Thử Nghiệm",
        "Xã Bình Lư",
    )
    assert (said["state"], said["star"], said["newer"]) == ("valid", 4, None)
    assert table["day_zero"] == "2025-01-01"
    listed = reader.token(CERTIFICATES, typ="ocop-certificates+jwt", media_type="application/jwt")
    [short] = json.loads(zlib.decompress(from_base64url(listed["lst"])))
    assert short == row[: len(short)]
    assert listed["fields"] == table["fields"][: len(listed["fields"])]


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_lists_are_kept_for_a_minute_and_asked_for_again_cheaply(
    reader: Reader, publish: Callable[[], Published], engine: Engine, settings: Settings
) -> None:
    client = reader.client
    for address in (SHARD, CERTIFICATES, BUNDLE):
        unknown = client.get(address)
        assert unknown.status_code == 404, address
    with transaction(engine) as session:
        make_batch(session, People(session, AT), settings.private_key_dir, state=BatchState.ISSUED)
    publish()
    for address in (SHARD, CERTIFICATES, BUNDLE, f"{CHANGES}?since=0", "/.well-known/jwks.json"):
        full = client.get(address)
        kept = full.headers["cache-control"].removeprefix("public, max-age=")
        assert 0 <= int(kept) <= 60, address
        assert client.head(address).headers["etag"] == full.headers["etag"]
        again = client.get(address, headers={"if-none-match": full.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), address
        assert again.headers["access-control-allow-origin"] == "*"
    assert client.post(BUNDLE).status_code == 405
    assert client.get("/status/32768").status_code == 404


def test_a_retired_root_leaves_no_new_bundle_but_all_lists(
    reader: Reader, publish: Callable[[], Published], engine: Engine
) -> None:
    with transaction(engine) as session:
        root = session.get_one(StampKey, 2)
        root.retired_at = AT
    done = publish()
    assert (done.certificates, done.bundle) == (True, False)
    assert publish() == Published()
    assert reader.client.get(BUNDLE).status_code == 404
