"""Goals G1, G3, G4, G5: what a scan costs beside a bare hello, and beside what must be done in any case.

The hello is Starlette answering as many bytes of JSON and nothing else. The bound is an application
without any framework that reads the digits, checks ES256, reads one row by its key, appends a line to a
file and sends bytes. All are served by the same uvicorn in processes of their own, asked in turn, and
the processor time of the server is compared (from /proc), which neighbours on the machine disturb
least; of several rounds the least counts. Latencies are compared inside a round, the best of all.

OCOP_BENCH_STAMPS says how many stamps there are (a million for the figures in the report). G2, the
policy «stored», is not offered: the public key is used for every scan.
"""

import asyncio
import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import perf_counter, process_time
from typing import Annotated, Any

import psycopg
import pytest
from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.clock import now
from app.core.db import WriteSession, insert_many, make_engine, transaction
from app.core.settings import Settings
from app.core.signing import KeyRing, VerifyingKey
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.scans.enums import Caller
from app.domain.scans.models import ScanEvent
from app.domain.stamps.enums import BatchState, RollState, Verdict
from app.domain.stamps.models import Stamp, StampBatch, StampKey, StampRoll
from app.domain.stamps.rules import SIGNED_PREFIX, is_signed, parse_digits, serial_of
from app.main import create_app, settle
from tests.architecture.source import ROOT
from tests.benchmarks.council import told
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.stamps import KID, digits_of, make_batch, stamps_of

STAMPS = int(os.environ.get("OCOP_BENCH_STAMPS", "100000"))
PRODUCTS, SIGNED_EACH = 4, 500
ROUNDS, REQUESTS = 5, {1: 200, 16: 1_000, 64: 3_000, 256: 2_000}
KINDS = ("hello", "bound", "json", "html")
SIZE = 890  # bytes of an answer

# What is wished for.
HELLO_GOAL, BOUND_GOAL, PAGE_GOAL, IN_PROCESS_GOAL = 0.20, 0.75, 0.85, 20.0
USUAL_GOAL = 7.0
P50_GOAL, P99_16_GOAL, P99_64_GOAL, CROWD_GOAL = 4.0, 4.0, 10.0, 0.8
# What is held on to: a little less than was reached on a machine that others used as well, which makes
# every line of Python dearer than the signature beside it. A server's rows (PostgreSQL) are asked for
# together, which the bound does not do; its own processor time is not counted.
HELLO_REACHED = {"SQLite": 0.12, "PostgreSQL": 0.12}
BOUND_REACHED = {"SQLite": 0.45, "PostgreSQL": 0.75}
PAGE_REACHED = 0.80

_POINT = (
    "SELECT s.header, r.state, b.certificate_id FROM stamps s JOIN stamp_rolls r ON r.id = s.roll_id "
    'JOIN stamp_batches b ON b.id = r.batch_id WHERE s."index" = {}'
)


@dataclass
class Market:
    """A register full of stamps, some of them signed, and where it is."""

    settings: Settings
    digits: list[str]


def _more_stamps(session: WriteSession, batch_id: int, count: int) -> None:
    """Fill the table with rows that nobody will scan."""
    last = session.exec(select(func.max(col(Stamp.index)))).one() or 0
    roll = StampRoll(
        batch_id=batch_id,
        number=999_999,
        size=count,
        state=RollState.ACTIVATED,
        first_index=last + 1,
    )
    session.add(roll)
    session.flush()
    header, signature = secrets.token_bytes(16), secrets.token_bytes(64)
    insert_many(
        session,
        "stamps",
        ("index", "roll_id", "place", "header", "signature"),
        ("int8", "int4", "int4", "bytea", "bytea"),
        [(last + 1 + place, roll.id, place + 1, header, signature) for place in range(count)],
    )


@pytest.fixture
def market(engine: Engine, settings: Settings) -> Market:
    """Issue stamps of several products, and fill the register up."""
    digits: list[str] = []
    with transaction(engine) as session:
        people = People(session, AT)
        producer = make_producer(session, people)
        for number in range(PRODUCTS):
            product = make_product(session, people, producer, name=f"Mật ong {number}")
            batch = make_batch(
                session,
                people,
                settings.private_key_dir,
                state=BatchState.IN_USE,
                quantity=SIGNED_EACH,
                certificate=import_certificate(session, people, product),
            )
            digits += [digits_of(stamp) for stamp in stamps_of(session, batch)]
        _more_stamps(session, batch.id or 0, STAMPS - len(digits))
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE stamps")
    return Market(settings.model_copy(update={"scans_of_network": "100000000/minute"}), digits)


# --- what is compared ------------------------------------------------------------------------------


def hello() -> Any:
    """Return a bare Starlette that answers as many bytes."""
    body = json.dumps({"x": "y" * (SIZE - 9)}).encode()

    async def answered(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/{anything:path}", answered)])


def bound(settings: Settings) -> Any:
    """Return what must be done in any case, without a framework."""
    key, row = _driver(settings)
    handle = os.open(
        settings.data_dir / "bound.journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600
    )
    body = json.dumps({"x": "y" * (SIZE - 9)}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]

    async def answered(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        raw = int(scope["path"].rpartition("/")[2]).to_bytes(80, "big")
        header = raw[:16]
        good = key.verifies(SIGNED_PREFIX + header, raw[16:])
        found = row(int.from_bytes(header[7:11], "big"))
        if not good or bytes(found[0]) != header:
            raise AssertionError(found)
        os.write(handle, b"%d\t%b\tvalid\n" % (found[2], header[7:11].hex().encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answered


class Told(BaseModel):
    """What the usual way says of a stamp."""

    verdict: str
    product: str
    producer: str
    star: int
    expires_on: date
    serial: str


def usual(settings: Settings) -> Any:
    """Return the same question answered as templates of FastAPI do: session, entities, model, a row."""
    engine = make_engine(settings)
    app = FastAPI()

    def a_session() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    @app.get("/{digits}")
    def verified(digits: str, session: Annotated[Session, Depends(a_session)]) -> Told:
        token = parse_digits(digits)
        header = token.header
        published = session.get_one(StampKey, header.kid)
        ring = KeyRing([VerifyingKey.from_jwk(published.jwk)])
        if not is_signed(token, ring.verifies):
            raise AssertionError(digits)
        stamp = session.get_one(Stamp, header.index)
        roll = session.get_one(StampRoll, stamp.roll_id)
        batch = session.get_one(StampBatch, roll.batch_id)
        certificate = session.get_one(Certificate, batch.certificate_id)
        product = session.get_one(Product, certificate.product_id)
        session.add(
            ScanEvent(
                at=now(), stamp_index=stamp.index, verdict=Verdict.VALID, caller=Caller.PROGRAM
            )
        )
        session.commit()
        return Told(
            verdict=roll.state.value,
            product=product.name,
            producer=certificate.producer_name,
            star=certificate.star,
            expires_on=certificate.expires_on,
            serial=serial_of(header),
        )

    app.state.engine = engine
    return app


def _driver(settings: Settings) -> tuple[VerifyingKey, Callable[[int], Any]]:
    """Return the key and the quickest way to a row that the driver knows."""
    wanted = "SELECT jwk FROM stamp_keys WHERE kid = {}"
    if settings.database_url.startswith("sqlite"):
        path = settings.database_url.removeprefix("sqlite:///")
        lite = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        jwk = json.loads(lite.execute(wanted.format("?"), (KID,)).fetchone()[0])
        statement = _POINT.format("?")
        return VerifyingKey.from_jwk(jwk), lambda index: lite.execute(
            statement, (index,)
        ).fetchone()
    address = settings.database_url.replace("postgresql+psycopg://", "postgresql://")
    far: psycopg.Connection[Any] = psycopg.connect(address, autocommit=True)
    found = far.execute(wanted.format("%s"), (KID,)).fetchone()
    assert found is not None
    statement = _POINT.format("%s")
    return VerifyingKey.from_jwk(found[0]), lambda index: far.execute(
        statement, (index,), prepare=True
    ).fetchone()


def path_of(kind: str, digits: str) -> str:
    """Return what a kind is asked."""
    return f"/api/v1/verify/{digits}" if kind == "json" else f"/{digits}"


# --- over HTTP -------------------------------------------------------------------------------------


def serve() -> None:
    """Serve one kind in a process of its own; its address is the first line it prints."""
    import uvicorn

    kind, place, url = sys.argv[1:4]
    settings = Settings(
        data_dir=Path(place), database_url=url, scans_of_network="100000000/minute", pool_size=4
    )
    makers: dict[str, Callable[[], Any]] = {"hello": hello, "bound": lambda: bound(settings)}
    app = makers.get(kind, lambda: create_app(settings))()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1024)
        settle()
        print(listening.getsockname()[1], flush=True)  # noqa: T201 -- read by who started it
        config = uvicorn.Config(app, log_level="error", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listening])


@dataclass
class Served:
    """A server, its process, and what was measured of it."""

    kind: str
    port: int
    process: "subprocess.Popen[str]"
    cpu: dict[int, list[float]] = field(default_factory=dict)
    took: dict[int, list[list[float]]] = field(default_factory=dict)
    pace: dict[int, list[float]] = field(default_factory=dict)

    def seconds(self) -> float:
        """Return the processor time its process has taken."""
        after = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(after[11]) + int(after[12])) / os.sysconf("SC_CLK_TCK")

    def best(self, connections: int, part: float) -> float:
        """Return the least of all rounds' quantiles of seconds."""
        return min(
            sorted(round_)[min(len(round_) - 1, int(part * len(round_)))]
            for round_ in self.took[connections]
        )


@contextmanager
def served(kind: str, settings: Settings) -> Iterator[Served]:
    """Start a server and end it."""
    run = "from tests.benchmarks.verify import serve; serve()"
    process = subprocess.Popen(
        [sys.executable, "-c", run, kind, str(settings.data_dir), settings.database_url],
        cwd=ROOT,
        env=os.environ | {"OCOP_KEY_DIR": str(settings.private_key_dir)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Served(kind, int(process.stdout.readline()), process)
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


async def _ask(port: int, paths: list[str], took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for path in paths:
        began = perf_counter()
        writer.write(b"GET %b HTTP/1.1\r\nHost: x\r\nUser-Agent: b\r\n\r\n" % path.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        took.append(perf_counter() - began)
    writer.close()
    await writer.wait_closed()


def ask(server: Served, digits: list[str], connections: int, requests: int) -> None:
    """Ask a server so many times over so many connections; keep what it took."""
    paths = [path_of(server.kind, digits[number % len(digits)]) for number in range(requests)]
    took: list[float] = []

    async def together() -> None:
        await asyncio.gather(
            *(_ask(server.port, paths[first::connections], took) for first in range(connections))
        )

    before, began = server.seconds(), perf_counter()
    asyncio.run(together())
    server.pace.setdefault(connections, []).append(requests / (perf_counter() - began))
    server.cpu.setdefault(connections, []).append((server.seconds() - before) / requests)
    server.took.setdefault(connections, []).append(took)
    assert len(took) == requests  # without an error


def test_a_scan_is_answered_as_quickly_as_its_signature_allows(market: Market) -> None:
    with ExitStack() as stack:
        servers = {kind: stack.enter_context(served(kind, market.settings)) for kind in KINDS}
        for server in servers.values():
            ask(server, market.digits, 4, 200)  # warm
            server.cpu.clear()
        for _ in range(ROUNDS):
            for connections, requests in REQUESTS.items():
                for server in servers.values():
                    ask(server, market.digits, connections, requests)
    cpu = {kind: min(server.cpu[64]) for kind, server in servers.items()}
    base, page = servers["hello"], servers["json"]
    of_hello, of_bound = cpu["hello"] / cpu["json"], cpu["bound"] / cpu["json"]
    of_json = cpu["json"] / cpu["html"]
    p50 = page.best(1, 0.5) / base.best(1, 0.5)
    least = servers["bound"].best(1, 0.5) / base.best(1, 0.5)
    p99 = {many: page.best(many, 0.99) / base.best(many, 0.99) for many in (16, 64)}
    crowd = max(page.pace[256]) / max(page.pace[64])
    kind = "SQLite" if market.settings.database_url.startswith("sqlite") else "PostgreSQL"
    told(
        f"G1 {kind}, {STAMPS} stamps: verify JSON {of_hello:.2f} of a bare hello (goal {HELLO_GOAL}), "
        f"{of_bound:.2f} of the bound (goal {BOUND_GOAL}); processor µs: "
        + ", ".join(f"{name} {seconds * 1e6:.0f}" for name, seconds in cpu.items())
    )
    told(f"G3 {kind}: page {of_json:.2f} of JSON (goal {PAGE_GOAL})")
    told(
        f"G5 {kind}: p50 at 1 connection {p50:.1f} × hello (goal {P50_GOAL}, the bound "
        f"{least:.1f}), p99 at 16 "
        f"{p99[16]:.1f} × (goal {P99_16_GOAL}), at 64 {p99[64]:.1f} × (goal {P99_64_GOAL}), pace at "
        f"256 {crowd:.2f} of that at 64 (goal {CROWD_GOAL}), no error"
    )
    assert of_hello >= HELLO_REACHED[kind]
    assert of_bound >= BOUND_REACHED[kind]
    assert of_json >= PAGE_REACHED


# --- in process ------------------------------------------------------------------------------------


def _in_process(app: Any, kind: str, digits: list[str]) -> Callable[[], float]:
    """Return the job that asks an application a few hundred times, in seconds of processor each."""
    headers = [(b"host", b"x"), (b"user-agent", b"b")]

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        assert message.get("status", 200) == 200

    async def many() -> float:
        began = process_time()
        for text in digits[:400]:
            path = path_of(kind, text)
            scope = {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": "GET",
                "scheme": "http",
                "path": path,
                "raw_path": path.encode(),
                "query_string": b"",
                "root_path": "",
                "headers": list(headers),
                "client": ("127.0.0.1", 1),
                "server": ("x", 80),
            }
            await app(scope, receive, send)
        return (process_time() - began) / 400

    return lambda: asyncio.run(many())


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # no server's time is spent here
def test_in_process_a_scan_costs_no_more_than_a_few_hellos(market: Market) -> None:
    program = create_app(market.settings)
    peer = usual(market.settings)
    jobs = {
        "usual": _in_process(peer, "usual", market.digits),
        "hello": _in_process(hello(), "hello", market.digits),
        "bound": _in_process(bound(market.settings), "bound", market.digits),
        "json": _in_process(program, "json", market.digits),
        "html": _in_process(program, "html", market.digits),
    }
    best = dict.fromkeys(jobs, 1.0)
    for _ in range(9):
        for name, job in jobs.items():
            best[name] = min(best[name], job())
    program.state.desk.close()
    program.state.engine.dispose()
    peer.state.engine.dispose()
    usually = best["usual"] / best["json"]
    times, of_bound = best["json"] / best["hello"], best["bound"] / best["json"]
    told(
        f"G1 in process: verify JSON {times:.1f} × a bare hello (goal {IN_PROCESS_GOAL}), "
        f"{of_bound:.2f} of the bound (goal {BOUND_GOAL}), page {best['json'] / best['html']:.2f} of JSON"
        "; µs: " + ", ".join(f"{name} {seconds * 1e6:.0f}" for name, seconds in best.items())
    )
    told(
        f"G4 in process: {usually:.1f} × as quick as the usual way of FastAPI with the same rows and "
        f"a row a scan (goal {USUAL_GOAL}; no Django is compared)"
    )
    assert times <= IN_PROCESS_GOAL
    assert usually >= USUAL_GOAL
