"""A long time of scans: the memory of a worker must be flat, and no answer may be a fault.

Asks in every form a stamp is asked about: signed symbols as JSON and as pages, typed serials, serials
with a slip of the finger, symbols with a changed digit, conditional requests, languages. Memory is read
off /proc when the first tenth is over (until then caches fill) and from then on; what is compared is the
highest of the first half of the rest with the highest of the second.

OCOP_BENCH_SECONDS says how long (ten minutes for the figures in the report).
"""

import asyncio
import os
import random
from collections import Counter
from pathlib import Path
from time import monotonic

from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import reading
from app.domain.stamps.models import Stamp
from tests.benchmarks.council import told
from tests.benchmarks.verify import SIGNED_EACH, Market, Served, market, served
from tests.factories.stamps import serial_text

__all__ = ["market"]

SECONDS = float(os.environ.get("OCOP_BENCH_SECONDS", "60"))
CLIENTS = 16
FLAT = 1.02  # of what was held before: an allocator breathes
PAGE = os.sysconf("SC_PAGE_SIZE")


def memory(server: Served) -> int:
    """Return the bytes of memory that a server's process holds."""
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * PAGE


def _serials(engine: Engine) -> list[str]:
    with reading(engine) as session:
        signed = (
            select(Stamp).where(col(Stamp.place) > 0).order_by(col(Stamp.index)).limit(SIGNED_EACH)
        )
        return [serial_text(stamp) for stamp in session.exec(signed)]


def question(
    chance: random.Random, digits: list[str], serials: list[str]
) -> tuple[str, str, set[int]]:
    """Return something a phone, a shop or a curious person asks, and how it may be answered."""
    text, serial = chance.choice(digits), chance.choice(serials)
    place = chance.randrange(len(text))
    changed = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
    slip = serial[:-1] + ("7" if serial[-1] != "7" else "8")
    language = chance.choice(("", "?lang=en"))
    header = chance.choice(("", "Accept-Encoding: br\r\n", "Accept-Encoding: gzip\r\n"))
    return chance.choice(
        (
            (f"/api/v1/verify/{text}", header, {200}),
            (f"/{text}{language}", header, {200}),
            (f"/api/v1/verify/{changed}", header, {200, 422}),
            (f"/{changed}{language}", header, {200, 422}),
            (f"/api/v1/verify/{serial}", header, {200}),
            (f"/{serial}{language}", header, {200}),
            (f"/api/v1/verify/{slip}", header, {200, 422}),
            (f"/api/v1/verify/{serial}?lat=22.4&lon=103.5", header, {200}),
        )
    )


async def _ask_until(
    port: int, ends: float, seed: int, digits: list[str], serials: list[str], seen: Counter[int]
) -> None:
    chance = random.Random(seed)  # noqa: S311 -- which stamp is asked about is no secret
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while monotonic() < ends:
        path, header, may = question(chance, digits, serials)
        agent = f"phone/{chance.randrange(500)}"
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {agent}\r\n{header}\r\n".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        assert status in may, (path, head)
        seen[status] += 1
    writer.close()
    await writer.wait_closed()


async def _watch(server: Served, ends: float, held: list[int]) -> None:
    while monotonic() < ends:
        await asyncio.sleep(1)
        held.append(memory(server))


def test_a_worker_that_answers_scans_for_long_holds_no_more_memory(
    market: Market, engine: Engine
) -> None:
    serials, held, seen = _serials(engine), list[int](), Counter[int]()
    with served("json", market.settings) as server:

        async def long() -> None:
            ends = monotonic() + SECONDS
            await asyncio.gather(
                _watch(server, ends, held),
                *(
                    _ask_until(server.port, ends, one, market.digits, serials, seen)
                    for one in range(CLIENTS)
                ),
            )

        asyncio.run(long())
    settled = held[len(held) // 10 :]
    early, late = max(settled[: len(settled) // 2]), max(settled[len(settled) // 2 :])
    kind = "SQLite" if market.settings.database_url.startswith("sqlite") else "PostgreSQL"
    told(
        f"Soak {kind}: {sum(seen.values())} questions in {SECONDS:.0f} s ({dict(seen)}), memory "
        f"{settled[0] >> 20} MB after a tenth, at most {early >> 20} MB in the first half, "
        f"{late >> 20} MB in the second"
    )
    assert late <= early * FLAT
