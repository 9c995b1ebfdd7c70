"""Many people press the program at once, and afterwards everything it acknowledged is looked for.

`gather` opens the people, `Press` lets each of them write over HTTP as a browser and as a program until it
is told to stop, and `missing` compares what was answered with rows, audit events and files. Whoever gets
no answer sends the same again under the same key, as a program with a bad line does: so nothing may be
there twice either. What was never answered may be there or not.

What a run proves is only as wide as what it wrote: ask `kinds_of(press.acknowledged)`.
"""

import hashlib
import ssl
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from random import Random
from threading import Event, Lock
from time import monotonic
from typing import Any, TypeAlias
from uuid import UUID

import httpx2
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now
from app.core.db import ReadSession, WriteSession, reading
from app.core.journal import Durability
from app.core.settings import Settings
from app.core.storage import NotKept, hash_of
from app.domain.accounts.actions import create_token
from app.domain.accounts.enums import Role, Scope
from app.domain.accounts.schemas import CreateToken
from app.domain.audit.models import AuditEvent
from app.domain.audit.queries import verified_chain
from app.domain.dossiers.models import Evidence
from app.domain.ideas.models import ProductIdea
from app.domain.misuse.models import MisuseReport
from app.domain.photos.models import ProductPhoto
from app.domain.products.models import Product
from app.domain.scans.actions import ingest_journals
from app.domain.scans.models import ScanEvent
from app.domain.stamps.actions import create_stamp_key
from app.domain.stamps.enums import BatchState, KeyPurpose
from app.http.scan_log import ScanLog
from tests.factories.dossiers import pdf_bytes
from tests.factories.files import painted, photo
from tests.factories.people import PASSWORD, People, make_person
from tests.factories.register import make_producer, make_product
from tests.factories.stamps import make_batch, serial_text, stamps_of

PATIENCE_SECONDS = 60.0
PHOTOS_OF_PRODUCT = 6
STAMPS = 10
_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0
# What an installation that is pressed must allow: all these people share one address.
ROOM_FOR_A_CROWD = {
    "OCOP_SCANS_OF_NETWORK": "1000000/minute",
    "OCOP_REPORTS_OF_NETWORK": "1000000/minute",
    "OCOP_REPORTS_OF_PROGRAM": "1000000/minute",
    "OCOP_CLAIMS_OF_NETWORK": "1000000/minute",
    "OCOP_LOGIN_ATTEMPTS": "1000000/minute",
}


@dataclass(frozen=True, slots=True)
class Presser:
    """One person: a producer's account with a token, its producer and product, and stamps to scan."""

    username: str
    password: str
    token: str
    producer: str
    product: str
    stamps: tuple[tuple[str, int], ...]  # serial and index


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One answer that said «done»: of which kind, the code it gave, the hash of what was sent."""

    kind: str
    code: str
    sha256: str
    said: str = ""  # a name no other write has; of a scan, the browser's


@dataclass(frozen=True, slots=True)
class Refused:
    """One answer that said «no»; a sound run has none."""

    kind: str
    status: int
    body: str


def gather(
    session: WriteSession, settings: Settings, number: int, *, at: datetime
) -> list[Presser]:
    """Open so many producers with account, token and product, and one batch of stamps for all."""
    people = People(session, at)
    batch = make_batch(
        session, people, settings.private_key_dir, state=BatchState.IN_USE, quantity=STAMPS
    )
    create_stamp_key(session, settings.answer_key_dir, None, at=at, purpose=KeyPurpose.ANSWERS)
    stamps = tuple(
        (serial_text(stamp), stamp.index)
        for stamp in stamps_of(ReadSession(session), batch)
        if stamp.index is not None
    )
    gathered = []
    for one in range(number):
        producer = make_producer(session, people, f"Hợp tác xã đông người số {one}")
        product = make_product(session, people, producer, f"Mật ong số {one}")
        username = f"dong{one}"
        actor = make_person(session, username, Role.PRODUCER, at=at, producer_id=producer.id)
        token, _row = create_token(
            session,
            CreateToken(name="Chương trình", scopes=list(Scope), days=30),
            actor=actor,
            at=at,
        )
        gathered.append(Presser(username, PASSWORD, token, producer.code, product.code, stamps))
    return gathered


class Press:
    """A crowd that writes until it is told to stop; `acknowledged` grows while it does."""

    def __init__(
        self, base_url: str, people: Sequence[Presser], *, seed: int, pause_seconds: float = 0.0
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._people = people
        self._seed = seed
        self._pause_seconds = pause_seconds  # between two writes of a person
        self._noting = Lock()
        self.acknowledged: list[Acknowledged] = []
        self.refused: list[Refused] = []
        self.faults: list[Refused] = []  # answers of 500: sent again, but never in order
        self.asked_again = 0
        self.seconds: list[float] = []  # how long each acknowledged write took, waits included

    def run(self, until: Event, *, settle_seconds: float = PATIENCE_SECONDS) -> None:
        """Press until the event is set and each person's last write is answered, or time is up.

        Blocks: call it in a thread of its own while something befalls the program.
        """
        with ThreadPoolExecutor(len(self._people), thread_name_prefix="press") as crowd:
            pressing = [
                crowd.submit(_Person(self, one, number, until, settle_seconds).press)
                for number, one in enumerate(self._people)
            ]
            for one in pressing:
                one.result()

    def note(self, done: Acknowledged, seconds: float) -> None:
        """Take down what was acknowledged."""
        with self._noting:
            self.acknowledged.append(done)
            self.seconds.append(seconds)

    def note_refused(self, refused: Refused) -> None:
        """Take down what was refused."""
        with self._noting:
            self.refused.append(refused)

    def note_fault(self, fault: Refused) -> None:
        """Take down a fault of the program, as often as it was met."""
        with self._noting:
            self.faults.append(fault)

    def note_again(self) -> None:
        """Count a write that was sent once more."""
        with self._noting:
            self.asked_again += 1

    @property
    def base_url(self) -> str:
        """The address that is pressed."""
        return self._base_url

    @property
    def seed(self) -> int:
        """What the run is repeated by, as far as threads allow."""
        return self._seed

    @property
    def pause_seconds(self) -> float:
        """How long a person rests between two writes."""
        return self._pause_seconds


_Way: TypeAlias = Callable[[], None]


@dataclass
class _Person:
    """One of the crowd: a browser with a cookie, a program with a token, and what was done so far."""

    press_: Press
    who: Presser
    number: int
    until: Event
    settle_seconds: float
    random: Random = field(init=False)
    client: httpx2.Client = field(init=False)
    writes: int = 0
    photos: int = 0
    product: str = ""
    signed_in: bool = False

    def press(self) -> None:
        """Write one thing after the other, of a kind drawn by lot."""
        self.random = Random(f"{self.press_.seed}/{self.number}")  # noqa: S311 -- which button next
        self.product = self.who.product
        ways: list[tuple[_Way, int]] = [
            (self._idea, 5),
            (self._idea_by_form, 2),
            (self._photo, 2),
            (self._paper, 2),
            (self._product, 1),
            (self._report, 2),
            (self._scan, 6),
            (self._claim, 1),
        ]
        with httpx2.Client(
            base_url=self.press_.base_url,
            timeout=PATIENCE_SECONDS,
            verify=_trust(),
            follow_redirects=False,
            trust_env=False,
        ) as self.client:
            while not self.until.is_set():
                [way] = self.random.choices([w for w, _ in ways], [n for _, n in ways])
                way()
                if self.press_.pause_seconds:
                    self.until.wait(self.press_.pause_seconds)

    # --- the kinds of writing ---------------------------------------------------------------------

    def _idea(self) -> None:
        said = self._next("ý tưởng")
        body = self._idea_fields(said) | {"producer_code": self.who.producer}
        self._write("idea", said, lambda key: self._as_program("/api/v1/ideas", key, json=body))

    def _idea_by_form(self) -> None:
        said = self._next("ý tưởng ghi trên trang")

        def send(key: str) -> httpx2.Response:
            if not self.signed_in:
                self._sign_in()
            fields = self._idea_fields(said) | {"whose": self.who.producer, "_key": key}
            answer = self.client.post("/ideas", data=fields)
            if answer.is_redirect and answer.headers["location"].startswith("/sign-in"):
                self.signed_in = False
                return httpx2.Response(503)  # come back signed in
            return answer

        def code_of(answer: httpx2.Response) -> str:
            return answer.headers["location"].partition("?")[0].rsplit("/", 1)[-1]

        self._write("idea", said, send, code_of=code_of, good=303)

    def _photo(self) -> None:
        if self.photos >= PHOTOS_OF_PRODUCT:
            self._product()
        said = self._next("ảnh")
        picture = photo(image=painted(64, 40, noise=self._grain()))
        path = f"/api/v1/products/{self.product}/photos"
        if self._write(
            "photo",
            said,
            lambda key: self._as_program(
                path,
                key,
                data={"caption": said},
                files={"file": ("anh.jpg", picture, "image/jpeg")},
            ),
            sha256=hashlib.sha256(picture).hexdigest(),
        ):
            self.photos += 1

    def _paper(self) -> None:
        said = self._next("phiếu kiểm nghiệm")
        paper = pdf_bytes(said)
        path = f"/api/v1/producers/{self.who.producer}/papers"
        self._write(
            "paper",
            said,
            lambda key: self._as_program(
                path,
                key,
                data={"kind": "test_report", "title": said},
                files={"file": ("phieu.pdf", paper, "application/pdf")},
            ),
            sha256=hashlib.sha256(paper).hexdigest(),
        )

    def _product(self) -> None:
        said = self._next("sản phẩm")
        body = {
            "producer_code": self.who.producer,
            "name": said,
            "set_number": 4,
            "description": "Mật ong khai thác thủ công.",
            "packaging": "Chai thủy tinh 500 ml",
        }
        code = self._write(
            "product", said, lambda key: self._as_program("/api/v1/products", key, json=body)
        )
        if code:
            self.product, self.photos = code, 0

    def _report(self) -> None:
        said = self._next("túi miến ghi sai số sao")
        body = {
            "concern": "star_ended",
            "product_seen": said,
            "place": "Chợ trung tâm",
            "seen_on": "2026-09-12",
        }

        def send(key: str) -> httpx2.Response:
            headers = {"idempotency-key": key}
            return self.client.post("/api/v1/report", json=body, headers=headers)

        self._write("report", said, send)

    def _scan(self) -> None:
        serial, index = self.random.choice(self.who.stamps)
        agent = f"press/{self.press_.seed}/{self.number}/{self._count()}"
        place = "?lat=22.4&lon=103.5" if self.random.random() < 0.5 else ""

        def ask(_key: str) -> httpx2.Response:
            path = f"/api/v1/verify/{serial}{place}"
            return self.client.get(path, headers={"user-agent": agent})

        self._write(
            "scan", agent, ask, code_of=lambda _answer: str(index), good=200, is_repeated=False
        )

    def _claim(self) -> None:
        """Ask about stars: nothing is kept of it, so only the answer itself is looked at."""
        body = {"seller": "Gian hàng", "stamp": self.random.choice(self.who.stamps)[0]}

        def ask(_key: str) -> httpx2.Response:
            return self.client.post("/api/v1/claims", json=body | {"claimed_stars": 4})

        said = self._next("điều nơi bán nói")
        self._write(
            "claim", said, ask, code_of=lambda answer: str(answer.json()["finding"]), good=200
        )

    # --- how a write is sent ----------------------------------------------------------------------

    def _write(
        self,
        kind: str,
        said: str,
        send: Callable[[str], httpx2.Response],
        *,
        sha256: str = "",
        code_of: Callable[[httpx2.Response], str] = lambda answer: str(answer.json()["code"]),
        good: int = 201,
        is_repeated: bool = True,
    ) -> str:
        """Send until there is an answer; return the code, empty when there was none or it said no."""
        key = str(UUID(int=self.random.getrandbits(128)))
        begun, ends, pause = monotonic(), None, _PAUSE_SECONDS
        while True:
            answer = self._tried(lambda: send(key))
            if answer is not None and answer.status_code == good:
                code = code_of(answer)
                done = Acknowledged(
                    kind, code, sha256 or hashlib.sha256(said.encode()).hexdigest(), said
                )
                self.press_.note(done, monotonic() - begun)
                return code
            if answer is not None and not _is_passing(answer):
                self.press_.note_refused(Refused(kind, answer.status_code, answer.text[:300]))
                return ""
            if answer is not None and answer.status_code == 500:
                self.press_.note_fault(Refused(kind, 500, answer.text[:300]))
            if not is_repeated:  # a second scan would be another scan
                return ""
            if self.until.is_set():
                ends = ends or monotonic() + self.settle_seconds
                if monotonic() > ends:
                    return ""
            self.press_.note_again()
            Event().wait(pause * (1 + self.random.random()))
            pause = min(
                2 * pause, _LONGEST_PAUSE_SECONDS
            )  # a crowd must not keep a start from ending

    def _tried(self, send: Callable[[], httpx2.Response]) -> httpx2.Response | None:
        try:
            return send()
        except httpx2.TransportError:
            return None

    def _as_program(self, path: str, key: str, **content: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.who.token}", "idempotency-key": key}
        return self.client.post(path, headers=headers, **content)

    def _sign_in(self) -> None:
        typed = {"username": self.who.username, "password": self.who.password}
        answer = self.client.post("/sign-in", data=typed)
        self.signed_in = answer.is_redirect
        if not self.signed_in and not _is_passing(answer):
            self.press_.note_refused(Refused("sign-in", answer.status_code, answer.text[:300]))

    def _idea_fields(self, said: str) -> dict[str, str]:
        return {
            "proposer": "Nhóm phụ nữ bản Nà Đon",
            "title": said,
            "description": "Trà túi lọc từ giảo cổ lam hái ở bản.",
            "material": "Giảo cổ lam mọc trong rừng",
            "local_identity": "Bài thuốc của bản",
        }

    def _count(self) -> int:
        self.writes += 1
        return self.writes

    def _next(self, what: str) -> str:
        return f"{what} {self.press_.seed}-{self.number}-{self._count()}"

    def _grain(self) -> int:
        """Return what no other picture of this run is painted with."""
        return 1 + (self.number * 1009 + self.writes) % 254


@cache
def _trust() -> ssl.SSLContext:
    """Return one context for the whole crowd: to make two hundred takes longer than to press."""
    return ssl.create_default_context()


def _is_passing(answer: httpx2.Response) -> bool:
    """Tell whether the same request may succeed a moment later: full, restarting, still at it."""
    if answer.status_code == 409:
        return "idempotency.in_progress" in answer.text
    return answer.status_code == 429 or answer.status_code >= 500


def kinds_of(acknowledged: Collection[Acknowledged]) -> Counter[str]:
    """Count what was acknowledged of each kind."""
    return Counter(one.kind for one in acknowledged)


# --- what must be there afterwards ------------------------------------------------------------------

_Row: TypeAlias = tuple[str, str]  # code, and the name or hash by which it is known
_AUDITED = {
    "idea": "idea.registered",
    "photo": "product.photo_added",
    "paper": "evidence.added",
    "product": "product.created",
    "report": "report.received",
}


def missing(
    engine: Engine, settings: Settings, acknowledged: Collection[Acknowledged]
) -> list[str]:
    """Return a line for each acknowledged thing that is not there, not once, or not as it was sent.

    Scans that wait in the journals of `settings.scans_dir` are read in first, as the server would.
    """
    found = list(_journals_unread(engine, settings))
    with reading(engine) as session:
        chain = verified_chain(session)
        found += [] if chain.is_whole else [f"audit chain: {chain.reason} at {chain.first_broken}"]
        found += _rows_missing(session, acknowledged)
        found += _events_missing(session, acknowledged)
        found += _scans_missing(session, settings, acknowledged)
        files = set(_files_of(session, acknowledged))
    found += _files_missing(settings, files)
    return found


def _journals_unread(engine: Engine, settings: Settings) -> Iterator[str]:
    """Read in what scans were written down, and tell what could not be read."""
    ends, pause, more = monotonic() + PATIENCE_SECONDS, Event(), True
    while more:
        done = ingest_journals(engine, settings.scans_dir, at=now())
        if done.broken or done.unread:
            yield f"journals: {done.broken} lines broken, unread {done.unread}"
        if done.is_busy and monotonic() > ends:
            yield "journals: somebody else reads them and does not end"
            return
        more = bool(done.kept) or done.is_busy
        if done.is_busy:
            pause.wait(_PAUSE_SECONDS)


def _rows_missing(session: ReadSession, acknowledged: Collection[Acknowledged]) -> Iterator[str]:
    stored: dict[str, Sequence[_Row]] = {
        "idea": session.exec(select(ProductIdea.code, ProductIdea.title)).all(),
        "photo": session.exec(select(ProductPhoto.code, ProductPhoto.caption)).all(),
        "paper": session.exec(select(Evidence.code, Evidence.title)).all(),
        "product": session.exec(select(Product.code, Product.name)).all(),
        "report": session.exec(select(MisuseReport.code, MisuseReport.product_seen)).all(),
    }
    times = {kind: Counter(said for _code, said in rows) for kind, rows in stored.items()}
    names = {kind: dict(rows) for kind, rows in stored.items()}
    for one in acknowledged:
        if one.kind not in stored:
            continue
        if names[one.kind].get(one.code) != one.said:
            yield f"{one.kind} {one.code}: no such row, or it says something else than «{one.said}»"
        elif times[one.kind][one.said] != 1:
            yield f"{one.kind} {one.code}: there {times[one.kind][one.said]} times"


def _events_missing(session: ReadSession, acknowledged: Collection[Acknowledged]) -> Iterator[str]:
    events = session.exec(
        select(AuditEvent.kind, AuditEvent.subject_code, AuditEvent.data).where(
            col(AuditEvent.kind).in_(_AUDITED.values())
        )
    ).all()
    told = Counter(
        (kind, data["photo"] if kind == _AUDITED["photo"] else code) for kind, code, data in events
    )
    for one in acknowledged:
        kind = _AUDITED.get(one.kind)
        if kind and told[kind, one.code] != 1:
            yield f"{one.kind} {one.code}: {told[kind, one.code]} audit events «{kind}»"


def _scans_missing(
    session: ReadSession, settings: Settings, acknowledged: Collection[Acknowledged]
) -> Iterator[str]:
    kept = Counter(session.exec(select(ScanEvent.device)))
    marks = ScanLog(settings.scans_dir, Durability.PROCESS)
    at = now()
    for one in acknowledged:
        if one.kind != "scan":
            continue
        mark = marks.device_mark(int(one.code), "127.0.0.1", one.said.encode(), at=at)
        if kept[mark] != 1:
            yield f"scan {one.said} of {one.code}: there {kept[mark]} times"


def _files_of(session: ReadSession, acknowledged: Collection[Acknowledged]) -> Iterator[str]:
    photos = {
        one.code: one
        for one in session.exec(select(ProductPhoto))  # three files of each photo
    }
    for one in acknowledged:
        if one.kind in {"photo", "paper"}:
            yield one.sha256
        if one.kind == "photo" and one.code in photos:
            yield from (photos[one.code].copy_sha256, photos[one.code].thumbnail_sha256)


def _files_missing(settings: Settings, files: Collection[str]) -> Iterator[str]:
    for sha256 in sorted(files):
        try:
            really = hash_of(settings.files, sha256)
        except NotKept:
            yield f"file {sha256}: not kept"
            continue
        if really != sha256:
            yield f"file {sha256}: its content is {really}"
