"""An installation as compose.yaml describes it, without containers: the proxy we ship, two applications.

Real HAProxy with our own configuration and TLS, PostgreSQL, an S3 service, two processes with folders of
their own, of one release or of two. Not tried here: the standby (tests of its own), and images.
"""

import os
import re
import shutil
import signal
import ssl
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from urllib.parse import urljoin
from uuid import uuid4

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine, text
from sqlmodel import select

from app.core.clock import now
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.dossiers.models import Evidence
from tests.architecture.source import ROOT
from tests.factories.dossiers import make_dossier
from tests.factories.people import HOME, PASSWORD, People, token_for
from tests.factories.register import producer_data
from tests.factories.releases import SLOGAN, lay_next_release, ordered
from tests.factories.served import PATIENCE, Served, free_port, wait_for
from tests.factories.uploads import metadata, photo
from tests.plugins.bucket import Bucket
from tests.plugins.loud import not_run

METRICS = "chi-may-theo-doi-biet"
PIECE = 1_000_000

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def self_signed(place: Path) -> tuple[Path, Path]:
    """Make a certificate of this machine; return it alone, and with its key as the proxy wants it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    alone, both = place / "ca.pem", place / "tls.pem"
    alone.write_bytes(public)
    both.write_bytes(public + private)
    return alone, both


@dataclass
class Installation:
    """The door people come to, and how to begin each of the two applications behind it."""

    address: str
    plain: str
    trust: ssl.SSLContext
    log: Path
    begin: list[Callable[[Path], Served]]
    running: list[Served]

    def client(self, **headers: str) -> httpx.Client:
        """Return a client that trusts the door's certificate and follows nothing by itself."""
        return httpx.Client(
            base_url=self.address, verify=self.trust, headers=headers, timeout=60, http2=False
        )

    def is_asked(self, number: int) -> bool:
        """Tell whether the door deals out to an application: what its log said of it last."""
        said = re.findall(
            rf"Server applications/app{number + 1} is (UP|DOWN)",
            self.log.read_text(encoding="utf-8"),
        )
        return not said or said[-1] == "UP"

    def end(self, number: int) -> None:
        """End one as a service manager does; return when it has finished what was open."""
        self.running[number].tell_to_end()
        ended = self.running[number].process.wait(PATIENCE)
        assert ended == 0, self.running[number].log.read_text(encoding="utf-8")[-2000:]

    def replace(self, number: int, release: Path = ROOT) -> None:
        """Put a fresh process in the place of one, as a deploy does: ended, begun, ready, asked again."""
        self.end(number)
        self.running[number] = self.begin[number](release)
        fresh = self.running[number]
        wait_for(fresh.is_up)
        wait_for(lambda: httpx.get(f"{fresh.address}/readyz", timeout=60).status_code == 200)
        wait_for(lambda: self.is_asked(number))


@pytest.fixture
def installation(settings: Settings, bucket: Bucket, tmp_path: Path) -> Iterator[Installation]:
    proxy = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    if proxy is None:
        not_run("proxy", "haproxy chưa cài")
    alone, both = self_signed(tmp_path)
    https, http, ports = free_port(), free_port(), [free_port(), free_port()]
    address = f"https://127.0.0.1:{https}"
    given = {
        "OCOP_PUBLIC_URL": address,
        "OCOP_TRUSTED_PROXIES": "127.0.0.1/32",
        "OCOP_METRICS_TOKEN": METRICS,
        "OCOP_PINS_OF_NETWORK": "2/hour",
        "OCOP_DRAIN_SECONDS": "3",
        "OCOP_POOL_SIZE": "6",
        "OCOP_JOBS_BESIDE": "false",
        "OCOP_ANSWER_KEY_DIR": str(tmp_path / "answer-keys"),
    } | {f"OCOP_{name.upper()}": str(value) for name, value in bucket.settings().items()}

    def beginning(number: int) -> Callable[[Path], Served]:
        own = settings.model_copy(update={"data_dir": tmp_path / f"app{number}"})
        log = tmp_path / f"app{number}.log"
        return lambda release: Served(own, log, ports[number], release, **given)

    begin = [beginning(0), beginning(1)]
    environment = os.environ | {
        "OCOP_PROXY_HTTPS": f"127.0.0.1:{https}",
        "OCOP_PROXY_HTTP": f"127.0.0.1:{http}",
        "OCOP_PROXY_CERT": str(both),
        "OCOP_APP_1": f"127.0.0.1:{ports[0]}",
        "OCOP_APP_2": f"127.0.0.1:{ports[1]}",
    }
    said = tmp_path / "proxy.log"
    with ExitStack() as ending, said.open("ab") as log:
        running = [one(ROOT) for one in begin]
        there = Installation(
            address,
            f"http://127.0.0.1:{http}",
            ssl.create_default_context(cafile=str(alone)),
            said,
            begin,
            running,
        )
        ending.callback(lambda: [one.end() for one in there.running])
        for one in running:
            wait_for(one.is_up)
        door = subprocess.Popen(
            [proxy, "-db", "-f", str(ROOT / "app/deploy/haproxy.cfg")],
            env=environment,
            stdout=log,
            stderr=log,
        )
        ending.callback(door.wait)
        ending.callback(door.terminate)
        with there.client() as client:

            def is_open() -> bool:
                try:
                    return client.get("/readyz").status_code == 200
                except httpx.HTTPError:
                    assert door.poll() is None, said.read_text(encoding="utf-8")
                    return False

            wait_for(is_open)
        yield there


@pytest.fixture
def officer(engine: Engine) -> str:
    """Return a token of a commune's officer."""
    with transaction(engine) as session:
        People(session, now()).officer(HOME)
    return token_for(engine, f"canbo{HOME}", Scope.REGISTER_READ, Scope.REGISTER_WRITE)


def registering(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}


def test_people_come_through_the_door_and_both_applications_are_one(
    installation: Installation, engine: Engine, settings: Settings, bucket: Bucket
) -> None:
    with transaction(engine) as session:
        people = People(session, now())
        dossier = make_dossier(session, people)
        people.officer(HOME)
        code, owner = dossier.code, f"chuthe{dossier.producer_id}"
    officer = token_for(engine, f"canbo{HOME}", Scope.REGISTER_READ, Scope.REGISTER_WRITE)
    forged = {"x-forwarded-for": "203.0.113.9", "x-request-id": "forged-by-a-caller"}
    with installation.client(**forged) as client:
        answer = client.post("/sign-in", data={"username": f"canbo{HOME}", "password": PASSWORD})
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-ocop=")
        assert "Secure" in cookie
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert [client.get("/work").status_code for _ in range(4)] == [200] * 4
        assert answer.headers["x-request-id"] != forged["x-request-id"]
        assert len(answer.headers["x-request-id"]) == 36

        packed = client.get("/register", headers={"accept-encoding": "br"})
        assert packed.headers["content-encoding"] == "br"
        assert "</footer>" in packed.text

        body = producer_data().model_dump(mode="json") | {"tax_code": "", "name": "HTX Mường So"}
        made = client.post("/api/v1/producers", json=body, headers=registering(officer))
        assert made.status_code == 201, made.text
        for one in installation.running:
            seen = httpx.get(
                f"{one.address}/api/v1/producers/{made.json()['code']}",
                headers=registering(officer),
                timeout=60,
            )
            assert seen.json()["name"] == body["name"]

        assert (
            client.get("/metrics", headers={"authorization": f"Bearer {METRICS}"}).status_code
            == 404
        )
        # Whose word counts: three tries from one machine are three, whatever it says it is.
        tries = [
            client.post(
                "/0000000000000000/pin",
                data={"pin": "ABCD1234"},
                headers={"x-forwarded-for": f"203.0.113.{number}"},
            ).status_code
            for number in range(3)
        ]
        assert tries[2] == 429, tries
    with httpx.Client(follow_redirects=False, timeout=60) as plain:
        moved = plain.get(f"{installation.plain}/register")
        assert (moved.status_code, moved.headers["location"][:8]) == (308, "https://")
    a_large_file_arrives(installation, code, token_for(engine, owner, Scope.DOSSIERS_WRITE))
    with reading(engine) as session:
        [paper] = session.exec(select(Evidence)).all()
        sha256 = paper.sha256
    kept = Settings(data_dir=settings.data_dir, **bucket.settings())
    assert b"".join(kept.files.chunks(sha256)) == photo(5, side=2600)
    numbers = {
        line["request"] for one in installation.running for line in one.lines() if "request" in line
    }
    assert forged["x-request-id"] not in numbers
    assert any(len(number) == 36 for number in numbers), "the log names requests as the proxy did"
    for one in installation.running:
        text = one.log.read_text(encoding="utf-8")
        assert "203.0.113" not in text
        assert one.lines()


def a_large_file_arrives(installation: Installation, dossier: str, token: str) -> None:
    """Send a file in pieces, each a connection of its own: all reach the application that has begun it."""
    content = photo(5, side=2600)
    assert len(content) > 3 * PIECE
    sender = {"authorization": f"Bearer {token}", "tus-resumable": "1.0.0"}
    said = {"filename": "anh.jpg", "dossier": dossier, "title": "Ảnh lớn"}
    with installation.client(**sender) as client:
        begun = client.post(
            "/uploads",
            headers={"upload-length": str(len(content)), "upload-metadata": metadata(said)},
        )
        assert begun.status_code == 201, begun.text
    where = urljoin(installation.address, begun.headers["location"])
    for start in range(0, len(content), PIECE):
        with installation.client(**sender) as client:
            sent = client.patch(
                where,
                content=content[start : start + PIECE],
                headers={
                    "upload-offset": str(start),
                    "content-type": "application/offset+octet-stream",
                },
            )
            assert sent.status_code == 204, (start, sent.text)


@contextmanager
def people_go_on(installation: Installation, officer: str) -> Iterator[list[int]]:
    """Let two read and one write all the while; whoever meets a failure fails the test."""
    statuses: list[int] = []
    failures: list[str] = []
    over = Event()

    def goes_on(asking: Callable[[httpx.Client], httpx.Response]) -> None:
        while not over.is_set():
            try:
                with installation.client() as client:
                    for _ in range(5):
                        answer = asking(client)
                        statuses.append(answer.status_code)
                        if answer.status_code >= 400:
                            failures.append(f"{answer.status_code} {answer.text[:200]}")
            except httpx.HTTPError as lost:
                failures.append(repr(lost))

    def registers(client: httpx.Client) -> httpx.Response:
        body = producer_data().model_dump(mode="json") | {"tax_code": "", "name": f"HTX {uuid4()}"}
        return client.post("/api/v1/producers", json=body, headers=registering(officer))

    with ThreadPoolExecutor(3) as crowd:
        going = [
            crowd.submit(goes_on, asking)
            for asking in (
                lambda client: client.get("/register"),
                lambda client: client.get("/api/v1/register"),
                registers,
            )
        ]
        try:
            wait_for(lambda: statuses.count(200) > 5 and 201 in statuses)
            yield statuses
        finally:
            over.set()
        for one in going:
            one.result()
    assert failures == []
    assert {200, 201} == set(statuses)


def some_more(statuses: list[int]) -> None:
    """Wait until the people who go on have been answered a few times more."""
    before = len(statuses)
    wait_for(lambda: len(statuses) > before + 5)


def test_both_applications_are_replaced_while_people_go_on_and_nobody_notices(
    installation: Installation, officer: str
) -> None:
    """A deploy: one after the other; readers and a writer meet no failure."""
    with people_go_on(installation, officer) as statuses:
        for number in (0, 1):
            installation.replace(number)
            some_more(statuses)


def test_the_last_application_is_asked_though_it_was_slow_to_say_that_it_is_well(
    installation: Installation,
) -> None:
    """One is being replaced, the other stands still for longer than the door's step: slow is not gone."""
    installation.end(1)
    wait_for(lambda: not installation.is_asked(1))
    slow = installation.running[0].process
    slow.send_signal(signal.SIGSTOP)
    try:
        with installation.client() as client, pytest.raises(httpx.ReadTimeout):
            client.get("/register", timeout=httpx.Timeout(60, read=3))
    finally:
        slow.send_signal(signal.SIGCONT)
    with installation.client() as client:
        assert client.get("/register").status_code == 200
    assert installation.is_asked(0)


def test_two_releases_serve_side_by_side_and_the_way_back_is_open(
    installation: Installation,
    officer: str,
    settings: Settings,
    engine: Engine,
    tmp_path: Path,
) -> None:
    """The schema first, then one application; later the other; then back, and nobody notices."""
    later = lay_next_release(tmp_path / "later")
    with people_go_on(installation, officer) as statuses, installation.client() as person:
        signed_in = person.post("/sign-in", data={"username": f"canbo{HOME}", "password": PASSWORD})
        assert signed_in.status_code == 303
        ordered(later, settings, "migrate")
        some_more(statuses)
        installation.replace(0, later)
        some_more(statuses)
        new, old = installation.running
        for one in (new, old):
            own = {"cookie": f"__Host-ocop={person.cookies['__Host-ocop']}"}
            assert httpx.get(f"{one.address}/work", headers=own, timeout=60).status_code == 200
        what_one_made_the_other_goes_on_with(new, old, officer, engine)
        a_style_is_kept_only_where_it_is_its_own(new, old)
        installation.replace(1, later)
        some_more(statuses)
        assert "mới hơn chương trình này" in ordered(ROOT, settings, "migrate")
        for number in (0, 1):
            installation.replace(number)
            some_more(statuses)


def what_one_made_the_other_goes_on_with(
    new: Served, old: Served, officer: str, engine: Engine
) -> None:
    body = producer_data().model_dump(mode="json") | {"tax_code": "", "name": "HTX Hai Bản"}
    asking = registering(officer)
    made = httpx.post(f"{new.address}/api/v1/producers", json=body, headers=asking, timeout=60)
    assert made.status_code == 201, made.text
    replayed = httpx.post(f"{old.address}/api/v1/producers", json=body, headers=asking, timeout=60)
    assert replayed.json()["code"] == made.json()["code"], "one key, one producer, two releases"
    here = f"{old.address}/api/v1/producers/{made.json()['code']}"
    shown = httpx.get(here, headers=asking, timeout=60).json()
    changed = {name: shown[name] for name in ("name", "kind", "representative", "version")}
    edited = httpx.put(
        here, json=changed | {"address": "Bản Cũ"}, headers=registering(officer), timeout=60
    )
    assert edited.status_code == 200, edited.text
    with engine.connect() as look:
        row = look.execute(
            text("SELECT slogan, address FROM producers WHERE code = :code"),
            {"code": made.json()["code"]},
        ).one()
    assert tuple(row) == (SLOGAN, "Bản Cũ"), "the old one keeps what it does not know"


def a_style_is_kept_only_where_it_is_its_own(new: Served, old: Served) -> None:
    page = httpx.get(f"{new.address}/register", timeout=60).text
    [style] = re.findall(r'href="(/static/css/app\.css[^"]*)"', page)
    kept = {
        one: httpx.get(f"{one.address}{style}", timeout=60).headers["cache-control"]
        for one in (new, old)
    }
    assert "immutable" in kept[new]
    assert kept[old] == "no-cache", "a page of the new one, a style of the old one: not for a year"
