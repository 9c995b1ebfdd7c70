"""Status lists of ten million stamps, built, signed and served; sizes of lists, deltas and bundles.

What is printed: bytes as the design measured them, seconds, and how much the process grew. The
changes are invented, as a province would have made them: rolls of a thousand laid down, seven of ten
activated, one stamp of a hundred withdrawn by itself.
"""

import json
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core import jws
from app.core.clock import now
from app.core.db import transaction
from app.core.settings import Settings
from app.domain.stamps.actions import create_stamp_key
from app.domain.stamps.enums import KeyPurpose, StampStatus
from app.domain.stamps.models import StampChange
from app.domain.status.actions import Publisher, publish_due
from app.domain.status.rules import SHARD_SIZE, Change, fold, packed, written_delta
from app.main import create_app
from tests.benchmarks.council import told
from tests.conftest import AT
from tests.factories.large_register import fill_register

AT_ONCE = 5_000
ROLL = 1_001  # a thousand stamps and the label
FEW, MANY = 1_000_000, 10_000_000
GOALS = {FEW: 17_000, MANY: 172_000}  # bytes, as the design has them
DELTA_GOALS = {FEW: 231, MANY: 310}  # bytes in base64url; the design has the first
GROWTH_MB = 150  # of the process, while ten million are folded and signed
SECONDS = 60.0  # a pass that begins with nothing: every day's are a thousandth of it


def life(stamps: int) -> Iterator[Change]:
    """Yield what happened to so many stamps, in order."""
    chance = Random(7)  # noqa: S311 -- the same lists in every run
    rolls = range(1, stamps, ROLL)
    yield from (Change(first, ROLL, StampStatus.NOT_ACTIVATED) for first in rolls)
    active = [first for first in rolls if chance.random() < 0.7]
    yield from (Change(first, ROLL, StampStatus.VALID) for first in active)
    for index in chance.sample(range(1, stamps), stamps // 100):
        yield Change(index, 1, StampStatus.VOID)


def unpacked(text: str) -> bytes:
    return zlib.decompress(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def raw_bytes(text: str) -> int:
    """Return how many bytes a base64url text stands for."""
    return len(text) * 3 // 4


def forget_peak() -> None:
    """Let the kernel count the most memory of this process anew (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def most_memory() -> int:
    """Return the most memory this process had since then, in megabytes."""
    said = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line for line in said.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) // 1024


@pytest.mark.parametrize("stamps", [FEW, MANY])
def test_lists_are_as_small_as_the_design_measured(stamps: int) -> None:
    shards: dict[int, bytearray] = {}
    begun = perf_counter()
    fold(shards, life(stamps))
    folded = perf_counter()
    size = sum(raw_bytes(packed(bytes(bits))) for bits in shards.values())
    done = perf_counter()
    told(
        f"\n{stamps:,} stamps: {size:,} bytes (goal {GOALS[stamps]:,}); folded in "
        f"{folded - begun:.2f} s, packed in {done - folded:.2f} s"
    )
    assert size <= GOALS[stamps]


def test_a_delta_of_a_hundred_is_a_few_hundred_bytes() -> None:
    chance = Random(11)  # noqa: S311 -- the same delta in every run
    for stamps in (FEW, MANY):
        hundred = [
            Change(index, 1, StampStatus.VOID) for index in chance.sample(range(stamps), 100)
        ]
        size = raw_bytes(written_delta(hundred))
        told(f"\ndelta of 100 among {stamps:,}: {size} bytes")
        assert size <= DELTA_GOALS[stamps]


def enter(engine: Engine, settings: Settings, changes: Iterable[Change]) -> None:
    """Write the changes as if the actions had, and make the keys."""
    with transaction(engine) as session:
        for directory, purpose in (
            (settings.answer_key_dir, KeyPurpose.ANSWERS),
            (settings.private_key_dir, KeyPurpose.ROOT),
        ):
            create_stamp_key(session, directory, at=AT, purpose=purpose)
            session.flush()
        rows = [
            {
                "id": number,
                "first_index": one.first,
                "count": one.size,
                "status": int(one.status),
                "changed_at": AT,
            }
            for number, one in enumerate(changes, start=1)
        ]
        table: Any = StampChange
        for start in range(0, len(rows), AT_ONCE):
            session.connection().execute(sa.insert(table.__table__), rows[start : start + AT_ONCE])


def publish(engine: Engine, settings: Settings) -> tuple[int, float]:
    """Publish until nothing waits; return how many passes that were and the longest one."""
    publisher = Publisher(settings.public_url, settings.answer_key_dir, settings.private_key_dir)
    passes, longest, more = 0, 0.0, True
    while more:
        begun = perf_counter()
        with transaction(engine) as session:
            more = publish_due(session, at=now(), publisher=publisher).more
        passes, longest = passes + 1, max(longest, perf_counter() - begun)
    return passes, longest


def test_ten_million_are_built_signed_and_served(engine: Engine, settings: Settings) -> None:
    changes = list(life(MANY))
    count = len(changes)
    expected: dict[int, bytearray] = {}
    fold(expected, changes)
    enter(engine, settings, changes)
    del changes
    forget_peak()
    before, begun = most_memory(), perf_counter()
    passes, longest = publish(engine, settings)
    seconds, more = perf_counter() - begun, most_memory() - before
    with TestClient(create_app(settings)) as client:
        begun, sent, plain = perf_counter(), 0, 0
        for shard, bits in expected.items():
            answer = client.get(f"/status/{shard}", headers={"accept-encoding": "gzip"})
            sent += int(answer.headers["content-length"])
            plain += len(answer.text)
            claims: dict[str, Any] = json.loads(jws.read(answer.text, longest=10**6).payload)
            assert unpacked(claims["status_list"]["lst"]) == bytes(bits)
        served = perf_counter() - begun
        begun = perf_counter()
        etag = answer.headers["etag"]
        again = [
            client.get(f"/status/{shard}", headers={"if-none-match": etag}).status_code
            for _ in range(100)
        ]
        unchanged = (perf_counter() - begun) / 100
    told(
        f"\n{engine.dialect.name}: {count:,} changes of {MANY:,} stamps folded and signed in "
        f"{seconds:.1f} s, {passes} passes, the longest {longest:.2f} s, {more} MB more; "
        f"{len(expected)} lists of {SHARD_SIZE:,} served in {served:.2f} s: {plain:,} bytes, "
        f"{sent:,} on their way; unchanged: {unchanged * 1000:.1f} ms"
    )
    assert again == [304] * 100
    assert more <= GROWTH_MB
    assert seconds <= SECONDS


@pytest.mark.parametrize("certificates", [200, 20_000])
def test_a_bundle_of_a_small_and_of_a_large_register(
    engine: Engine, settings: Settings, certificates: int
) -> None:
    enter(engine, settings, life(FEW))
    with transaction(engine) as session:
        fill_register(session, certificates)
    begun = perf_counter()
    publish(engine, settings)
    seconds = perf_counter() - begun
    sizes = {}
    with TestClient(create_app(settings)) as client:
        for name in ("bundle", "certificates"):
            answer = client.get(f"/api/v1/status/{name}", headers={"accept-encoding": "gzip"})
            sizes[name] = (len(answer.text), int(answer.headers["content-length"]))
    told(
        f"\n{engine.dialect.name}, {certificates:,} certificates, published in {seconds:.2f} s: "
        + "; ".join(f"{name} {full:,} bytes, {sent:,} sent" for name, (full, sent) in sizes.items())
    )
    assert sizes["bundle"][1] <= 20_000 + 100 * certificates
