"""The worker: does the jobs that wait, some at a time, and puts down what is done by itself each day.

It runs beside the server as a process of its own, or alone (`ocop work`), on this machine or another
that reaches the database and the files. Any number of them may run at once: the table of jobs is the
truth, whoever holds a lease does the job, and what a dead worker held is begun again by another.
"""

import logging
import os
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread
from typing import Any

from sqlalchemy import Engine

import app.tables  # noqa: F401 -- the sweep of files looks at every table
from app.children import Say, kept_beside
from app.core import parts
from app.core.clock import now
from app.core.db import ReadSession, WriteSession, reading, steady_reading, transaction
from app.core.errors import Refusal, Unreachable
from app.core.settings import Settings
from app.core.stocktaking import UNNAMED_FOR, Swept, sweep
from app.core.storage import keep_made
from app.domain.accounts.models import User
from app.domain.accounts.queries import actor_of
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.councils.actions import tell_of_the_day
from app.domain.dossiers.actions import remind_of_overdue
from app.domain.exports.actions import (
    House,
    enter_export,
    take_snapshot,
    write_master_table,
    write_province_report,
)
from app.domain.exports.schemas import MakeMasterTable, MakeProvinceReport
from app.domain.imports.actions import apply_import
from app.domain.imports.schemas import ApplyImport
from app.domain.inspections.actions import remind_of_corrections
from app.domain.jobs.actions import (
    Claim,
    claim_next,
    fail_job,
    finish_job,
    give_back,
    hold_on,
    put_down_scheduled,
    tell_progress,
)
from app.domain.jobs.enums import JobKind
from app.domain.jobs.policy import OwnerGone
from app.domain.jobs.queries import is_anything_due
from app.domain.jobs.rules import HEAVY, LEASE, LONGEST_SILENCE, PROBLEM_MESSAGES, is_known
from app.domain.jobs.schemas import MadeFile
from app.domain.misuse.actions import forget_ended
from app.domain.notices.actions import warn_of_expiring_tokens
from app.domain.privacy.actions import apply_retention
from app.domain.recognition.actions import remind_of_renewal
from app.domain.scans.actions import forget_scans, prepare_months
from app.domain.stamps.actions import forget_print_files
from app.domain.stamps.papers import imprint_of, print_archive
from app.domain.stamps.policy import BalanceDiffers, is_open, why_not_fetch
from app.domain.stamps.queries import Proof, get_batch, get_printing, prove_balance
from app.domain.uploads.actions import forget_expired_uploads
from app.domain.uploads.queries import known_codes
from app.domain.wallet.actions import remind_of_expiry
from app.http.idempotency import forget_old

TELL_EVERY = timedelta(seconds=1)
SCHEDULE_EVERY = timedelta(minutes=1)
_LOOK_SECONDS = 1.0
_log = logging.getLogger("ocop.jobs")

Result = Mapping[str, Any]


class LeaseLost(Exception):  # noqa: N818 -- no fault: somebody else does the job by now
    """The job is not ours any more: nothing of what was done for it may stay."""


class ToldToEnd(Exception):  # noqa: N818 -- no fault: the job is given back
    """This worker was told to end in the middle of a job."""


@dataclass(slots=True)
class Task:
    """A claimed job in the making, as its function sees it."""

    engine: Engine
    settings: Settings
    claim: Claim
    stop: Event
    is_settled: bool = False
    heard_at: datetime = field(default_factory=now)
    _told_at: datetime | None = None

    @property
    def params(self) -> Mapping[str, Any]:
        """What the job is about, as it was put down."""
        return self.claim.params

    def tell(self, done: int, of: int) -> None:
        """Say how far it is, at most each second; ends the function when it should not go on."""
        if self.stop.is_set():
            raise ToldToEnd
        self.heard_at = at = now()
        if self._told_at and at - self._told_at < TELL_EVERY and done < of:
            return
        self._told_at = at
        with transaction(self.engine) as session:
            if not tell_progress(session, self.claim, done, of, at=at):
                raise LeaseLost

    def settle(self, session: WriteSession, result: Result) -> None:
        """End the job in the transaction of its effect: both become true, or neither."""
        if not finish_job(session, self.claim, result, at=now()):
            raise LeaseLost
        self.is_settled = True

    def actor(self, session: ReadSession) -> Actor:
        """Return who asked for it, with the posts of today; the system itself for what nobody asked for."""
        if self.claim.user_id is None:
            return SYSTEM
        user = session.get(User, self.claim.user_id)
        if user is None or user.disabled_at is not None:
            raise OwnerGone
        return actor_of(session, user, at=now())

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Lend a folder on the disk for files in the making; it goes with the block."""
        self.settings.scratch_dir.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.settings.scratch_dir) as name:
            yield Path(name)


# --- what each kind does ----------------------------------------------------------------------


def remind_all(session: WriteSession) -> dict[str, int]:
    """Tell people of dates that are near, each once; return how many notices of each sort are new."""
    at = now()
    told = {
        "papers": remind_of_expiry(session, at=at),
        "renewals": remind_of_renewal(session, at=at),
        "late": remind_of_overdue(session, at=at),
        "corrections": remind_of_corrections(session, at=at),
        "tokens": warn_of_expiring_tokens(session, at=at),
    }
    told["opened"], told["opinions"] = tell_of_the_day(session, at=at)
    return told


def expire_uploads(engine: Engine, settings: Settings) -> tuple[int, int]:
    """Forget uploads that are too old, and parts that nobody sends any more; return both counts.

    Parts lie on the disk of the machine that took them: each machine with a server needs its own pass.
    """
    # Listed before the database is asked: a file that begins meanwhile is not on the list.
    lying = parts.codes_in(settings.parts_dir)
    with transaction(engine) as session:
        gone = forget_expired_uploads(session, at=now())
        lying -= known_codes(session, lying)
    return gone, sum(parts.discard(settings.parts_dir, code) for code in sorted(lying))


def forget_old_scans(engine: Engine) -> int:
    """Replace scans that are too old by counts, a little in each transaction; return how many.

    Where scans lie in parts, those of the next months are made first.
    """
    prepare_months(engine, at=now())
    return _until_none(engine, lambda session: forget_scans(session, at=now()))


def forget_reporters(engine: Engine, settings: Settings) -> int:
    """Delete contacts and photos of reports that were kept long enough; return of how many reports."""
    days = settings.reporters_kept_days
    return _until_none(engine, lambda session: forget_ended(session, days=days, at=now()))


def forget_personal(engine: Engine, settings: Settings) -> int:
    """Delete what has been kept of people long enough, a little in each transaction; return how much."""
    days = settings.reporters_kept_days
    return _until_none(
        engine,
        lambda session: sum(apply_retention(session, reporters_days=days, at=now()).values()),
    )


def forget_files_of_printings(engine: Engine, settings: Settings) -> int:
    """Delete the files of printings that are over; return how many."""
    with transaction(engine) as session:
        gone = forget_print_files(session, at=now())
    for sha256 in gone:  # named by nobody now: should this fail, the next sweep takes them
        settings.files.remove(sha256)
    return len(gone)


def sweep_files(engine: Engine, settings: Settings, *, dry_run: bool = False) -> Swept:
    """Delete files that no row names and that are older than a day, and what a crash left half made."""
    before = now() - UNNAMED_FOR
    if not dry_run and settings.scratch_dir.is_dir():
        for left in settings.scratch_dir.iterdir():
            if left.is_dir() and left.stat().st_mtime < before.timestamp():
                shutil.rmtree(left, ignore_errors=True)
    return sweep(engine, settings.files, before=before, dry_run=dry_run)


def _until_none(engine: Engine, some: Callable[[WriteSession], int]) -> int:
    total, gone = 0, 1
    while gone:
        with transaction(engine) as session:
            gone = some(session)
        total += gone
    return total


def _print_files(task: Task) -> Result:
    at = now()
    batch, code = str(task.params["batch"]), str(task.params["printing"])
    with reading(task.engine) as session:
        actor = task.actor(session)
        row = get_batch(session, batch, actor=actor)
        printing = get_printing(session, row.batch, code)
        if not is_open(printing, at):
            return {}  # nobody may fetch it any more
        if refusal := why_not_fetch(actor, printing, at):
            raise refusal
        settings = task.settings
        imprint = imprint_of(row, settings)
        printing = printing.model_copy()
    rolls = printing.last_roll - printing.first_roll + 1

    def told(done: int) -> None:
        task.tell(done, rolls)

    told(0)
    pieces = print_archive(task.engine, printing, imprint, at=at, told=told)
    with task.folder() as folder:
        place = folder / "in-tem.zip"
        with place.open("wb") as file:
            file.writelines(pieces)
        kept = keep_made(settings.files, place)
    made = MadeFile(
        sha256=kept.sha256,
        size=kept.size,
        media_type="application/zip",
        file_name=f"in-tem-{code}.zip",
    )
    with transaction(task.engine) as session:
        row = get_batch(session, batch, actor=actor)
        is_wanted = is_open(get_printing(session, row.batch, code), now())
        task.settle(session, made.as_result() if is_wanted else {})
    if not is_wanted:
        settings.files.remove(kept.sha256)
    return {}


def _province_report(task: Task) -> Result:
    house, at = House.of(task.settings), now()
    with steady_reading(task.engine) as session:
        actor = task.actor(session)
        data = MakeProvinceReport.model_validate(task.params)
        written = write_province_report(
            session, task.settings.files, data, house=house, actor=actor, at=at
        )
    with transaction(task.engine) as session:
        made = enter_export(session, written, actor=actor, at=at)
        task.settle(session, {"export": made.code})
    return {}


def _master_table(task: Task) -> Result:
    house, at = House.of(task.settings), now()
    with steady_reading(task.engine) as session:
        actor = task.actor(session)
        data = MakeMasterTable.model_validate(task.params)
        written = write_master_table(
            session, task.settings.files, data, house=house, actor=actor, at=at
        )
    with transaction(task.engine) as session:
        made = enter_export(session, written, actor=actor, at=at)
        task.settle(session, {"export": made.code})
    return {}


def _import(task: Task) -> Result:
    with transaction(task.engine) as session:
        run = apply_import(
            session,
            str(task.params["run"]),
            ApplyImport(version=int(task.params["version"])),
            files=task.settings.files,
            actor=task.actor(session),
            at=now(),
        )
        task.settle(session, {"run": run.code, "state": run.state.value})
    return {}


def _snapshot(task: Task) -> Result:
    taken = take_snapshot(task.engine, task.settings.files, house=House.of(task.settings), at=now())
    return {"month": taken.snapshot.month}


def _balance(task: Task) -> Result:
    proof = Proof()
    with steady_reading(task.engine) as session:
        for found in prove_balance(session, proof):
            _log.error("stamps do not balance: %s: %s", found.of, found.said)
            task.tell(0, 0)
    if proof.differences:
        raise BalanceDiffers(count=proof.differences)
    return {"batches": proof.batches, "stamps": proof.stamps}


def _remind(task: Task) -> Result:
    with transaction(task.engine) as session:
        return remind_all(session)


def _forget_keys(task: Task) -> Result:
    with transaction(task.engine) as session:
        return {"gone": forget_old(session, at=now())}


def _sweep(task: Task) -> Result:
    swept = sweep_files(task.engine, task.settings)
    return {"files": swept.files, "left": swept.left}


# A new kind: its word in `domain/jobs/enums.py`, its name in `rules.py` there (and its hour in SCHEDULE
# when it is done by itself), its function here.
RUNS: dict[JobKind, Callable[[Task], Result]] = {
    JobKind.LABEL_SHEETS: _print_files,
    JobKind.PRINT_BUNDLE: _print_files,
    JobKind.FORGET_PRINT_FILES: lambda task: {
        "gone": forget_files_of_printings(task.engine, task.settings)
    },
    JobKind.STAMP_BALANCE: _balance,
    JobKind.PROVINCE_REPORT: _province_report,
    JobKind.MASTER_TABLE: _master_table,
    JobKind.SNAPSHOT: _snapshot,
    JobKind.IMPORT: _import,
    JobKind.REMIND: _remind,
    JobKind.EXPIRE_UPLOADS: lambda task: {"gone": expire_uploads(task.engine, task.settings)[0]},
    JobKind.FORGET_PERSONAL: lambda task: {"gone": forget_personal(task.engine, task.settings)},
    JobKind.FORGET_KEYS: _forget_keys,
    JobKind.SWEEP_FILES: _sweep,
}


# --- the engine -------------------------------------------------------------------------------


class Worker:
    """Does the jobs that are due, one at a time in each of its threads."""

    def __init__(self, engine: Engine, settings: Settings, say: Say) -> None:
        self._engine = engine
        self._settings = settings
        self._say = say
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._held: dict[str, Task] = {}
        self._lock = Lock()

    def work_through(self, stop: Event, *, besides: frozenset[str] = frozenset()) -> int:
        """Do what is due until nothing is; return how many jobs were begun."""
        begun = 0
        while not stop.is_set() and self._work_one(stop, besides):
            begun += 1
        return begun

    def put_down_what_is_due(self, *, all_day: bool = False) -> int:
        """Put down what is done by itself about now; return how many jobs are new."""
        with transaction(self._engine) as session:
            return put_down_scheduled(session, at=now(), all_day=all_day)

    def run(self, stop: Event, *, workers: int, seconds: float) -> None:
        """Work until told to stop: jobs in threads, the schedule and the leases here."""
        threads = [
            Thread(
                target=self._work_until,
                # One of several leaves heavy jobs to the others, so that short ones never wait for hours.
                args=(stop, seconds, HEAVY if workers > 1 and number == 0 else frozenset()),
                name=f"jobs-{number}",
            )
            for number in range(workers)
        ]
        for thread in threads:
            thread.start()
        scheduled_at = held_at = now() - SCHEDULE_EVERY
        while not stop.wait(_LOOK_SECONDS):
            at = now()
            if at - scheduled_at >= SCHEDULE_EVERY:
                scheduled_at = at
                self._guarded(self.put_down_what_is_due)
            if at - held_at >= LEASE / 5:
                held_at = at
                self._guarded(self._hold_on)
        while any(thread.is_alive() for thread in threads):
            self._guarded(self._hold_on)
            for thread in threads:
                thread.join(LEASE.total_seconds() / 5 / len(threads))

    def _work_until(self, stop: Event, seconds: float, besides: frozenset[str]) -> None:
        while not stop.is_set():
            self._guarded(lambda: self.work_through(stop, besides=besides))
            stop.wait(seconds)

    def _guarded(self, step: Callable[[], object]) -> None:
        """Take a step that leans on the database; one that fails is told and taken again later."""
        try:
            step()
        except Exception as fault:
            _log.error("the worker could not go on", exc_info=fault)
            self._say(f"Chưa làm được việc nền: {type(fault).__name__}")

    def _hold_on(self) -> None:
        """Lengthen the leases of what is done here, unless it has been silent for too long."""
        at = now()
        with self._lock:
            held = [
                task.claim for task in self._held.values() if at - task.heard_at < LONGEST_SILENCE
            ]
        if held:
            with transaction(self._engine) as session:
                for claim in held:
                    hold_on(session, claim, at=at)

    def _work_one(self, stop: Event, besides: frozenset[str]) -> bool:
        with reading(self._engine) as session:
            if not is_anything_due(session, at=now(), besides=besides):
                return False
        with transaction(self._engine) as session:
            claim = claim_next(session, worker=self._name, at=now(), besides=besides)
        if claim is None:
            return False
        task = Task(self._engine, self._settings, claim, stop)
        with self._lock:
            self._held[claim.code] = task
        try:
            self._do(task)
        finally:
            with self._lock:
                self._held.pop(claim.code, None)
        return True

    def _do(self, task: Task) -> None:
        claim = task.claim
        if not is_known(claim.kind) or JobKind(claim.kind) not in RUNS:
            self._fail(claim, PROBLEM_MESSAGES["unknown"], for_good=True)
            return
        try:
            result = RUNS[JobKind(claim.kind)](task)
            if not task.is_settled:
                with transaction(self._engine) as session:
                    finish_job(session, claim, result, at=now())
        except LeaseLost:
            return
        except ToldToEnd:
            with transaction(self._engine) as session:
                give_back(session, claim, at=now())
        except Refusal as refusal:
            # A rule says the same tomorrow; a service that did not answer may answer then.
            self._fail(claim, refusal.text, for_good=not isinstance(refusal, Unreachable))
        except Exception as fault:
            _log.error("job %s (%s) failed", claim.code, claim.kind, exc_info=fault)
            self._fail(claim, PROBLEM_MESSAGES["fault"])

    def _fail(self, claim: Claim, problem: str, *, for_good: bool = False) -> None:
        self._say(f"Việc nền {claim.code} ({claim.kind}) chưa xong.")  # why, its page tells
        with transaction(self._engine) as session:
            fail_job(session, claim, problem, at=now(), for_good=for_good)


@contextmanager
def worker_beside(settings: Settings, say: Say) -> Iterator[None]:
    """Run a working process beside the server that ends with it, however the server ends."""
    if not settings.jobs_beside:
        yield
        return
    ended = "Tiến trình làm việc nền đã dừng (mã {code}), đang chạy lại."
    with kept_beside("work", "--beside", name="worker", say=say, ended=ended):
        yield
