"""The signing process: what needs a private key of stamps or of the root is done here, nowhere else.

It issues stamps, seals certificates and signs the lists of their status. It runs beside the server as
a process of its own, or, where the keys must be out of the server's reach, as another user or on
another machine that reaches the database. Any number of them may run at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event

from sqlalchemy import Engine

from app.children import Say, kept_beside
from app.core.clock import now
from app.core.db import reading, transaction
from app.core.errors import Refusal
from app.core.settings import Settings
from app.domain.credentials.actions import seal_due
from app.domain.credentials.queries import sealing_mark
from app.domain.credentials.rules import Issuer
from app.domain.stamps.actions import issue_waiting
from app.domain.status.actions import Publisher, publish_due

# Nothing else waits longer than this while a large batch is issued.
ISSUE_AT_MOST = timedelta(seconds=10)
# What no decision told of, such as a product code or a commune that was renamed.
SEAL_AT_LEAST_EVERY = timedelta(minutes=1)


@dataclass(slots=True)
class Signed:
    """What a pass signed."""

    stamps: int = 0
    certificates: int = 0
    lists: int = 0


def seal_certificates(engine: Engine, settings: Settings) -> tuple[int, int]:
    """Seal what is due, some at a time so that nobody waits long; tell how many of how many."""
    return seal_due(engine, issuer=Issuer.of(settings), key_dir=settings.private_key_dir, clock=now)


def publish_status(engine: Engine, settings: Settings) -> tuple[int, int, int]:
    """Sign the lists that are due, some at a time; tell how many of stamps, certificates, bundles."""
    publisher = Publisher(
        settings.public_url,
        settings.answer_key_dir,
        settings.private_key_dir,
        invented=settings.demonstration,
    )
    shards, certificates, bundles, more = 0, 0, 0, True
    while more:
        with transaction(engine) as session:
            done = publish_due(session, at=now(), publisher=publisher)
        shards += done.shards
        certificates += done.certificates
        bundles += done.bundle
        more = done.more
    return shards, certificates, bundles


class Signer:
    """Signs whatever waits, pass by pass."""

    def __init__(self, engine: Engine, settings: Settings, say: Say) -> None:
        self._engine = engine
        self._settings = settings
        self._say = say
        self._said = ""
        self._mark: object = None
        self._sealed_at: datetime | None = None
        self._unsealed: Refusal | None = None

    def work_through(self, stop: Event) -> Signed:
        """Sign until nothing waits; a refusal is told once, and the rest is done all the same."""
        done = Signed()
        faults: list[str] = []
        more = True
        while more and not stop.is_set():
            until, faults = now() + ISSUE_AT_MOST, []
            with self._telling(faults):
                done.stamps += issue_waiting(
                    self._engine,
                    key_dir=self._settings.private_key_dir,
                    clock=now,
                    stop=partial(self._is_time, stop, until),
                )
            with self._telling(faults):
                done.certificates += self._seal()
            with self._telling(faults):
                done.lists += sum(publish_status(self._engine, self._settings))
            more = now() >= until and not faults
        self._tell(" ".join(faults))
        return done

    @staticmethod
    def _is_time(stop: Event, until: datetime) -> bool:
        return stop.is_set() or now() >= until

    def _seal(self) -> int:
        """Look for certificates to seal when something was decided, otherwise now and then."""
        at = now()
        with reading(self._engine) as session:
            mark = sealing_mark(session)
        recently = self._sealed_at is not None and at < self._sealed_at + SEAL_AT_LEAST_EVERY
        if recently and mark == self._mark:
            if self._unsealed:
                raise self._unsealed
            return 0
        self._mark, self._sealed_at, self._unsealed = mark, at, None
        try:
            sealed, _read = seal_certificates(self._engine, self._settings)
        except Refusal as refusal:  # without a key, not every second
            self._unsealed = refusal
            raise
        return sealed

    @contextmanager
    def _telling(self, faults: list[str]) -> Iterator[None]:
        try:
            yield
        except Refusal as refusal:
            faults.append(refusal.text)

    def _tell(self, text: str) -> None:
        if text and text != self._said:
            self._say(text)
        self._said = text


@contextmanager
def signer_beside(settings: Settings, say: Say) -> Iterator[None]:
    """Run a signing process beside the server that ends with it, however the server ends."""
    if not settings.signer_beside:
        yield
        return
    ended = "Tiến trình ký đã dừng (mã {code}), đang chạy lại."
    with kept_beside("sign", "--beside", name="signer", say=say, ended=ended):
        yield
