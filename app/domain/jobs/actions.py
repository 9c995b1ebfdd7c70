"""What happens with jobs: put down, begun, told on, ended; mended by people. Only people's acts are audited.

A claim names the attempt it began: once another worker has begun the job again, whatever the first one
still says is not heard.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import and_, col, or_, select, update

from app.core.clock import VIET_NAM
from app.core.codes import new_code
from app.core.db import WriteSession
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.audit.actions import record
from app.domain.jobs.enums import JobKind, JobState
from app.domain.jobs.models import Job
from app.domain.jobs.policy import why_not_cancel, why_not_try_again
from app.domain.jobs.queries import job_for_update, next_due
from app.domain.jobs.rules import (
    DEAD_KEPT_DAYS,
    FINAL,
    KEPT_DAYS,
    LEASE,
    PROBLEM_MESSAGES,
    label_of,
    most_attempts,
    occasions,
    wait_after,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is ours until its lease ends."""

    job_id: int
    code: str
    attempt: int
    kind: str
    params: Mapping[str, Any]
    subject_code: str
    user_id: int | None


def put_down(
    session: WriteSession,
    kind: JobKind,
    params: Mapping[str, Any],
    *,
    subject_code: str = "",
    actor: Actor,
    at: datetime,
    occasion: str | None = None,
) -> Job:
    """Put a job down, to be begun when this transaction has become true; records job.asked for a person.

    With an `occasion` it is one of its kind: asked for again, the one that is there is returned, and
    only one that was cancelled waits anew.
    """
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if is_sqlite else postgresql.insert
    code = new_code("VN")
    values = {
        "code": code,
        "version": 1,
        "kind": kind.value,
        "occasion": occasion,
        "state": JobState.WAITING,
        "params": dict(params),
        "subject_code": subject_code,
        "user_id": actor.user_id,
        "attempts": 0,
        "due_at": at,
        "worker": "",
        "steps_done": 0,
        "steps_of": 0,
        "result": {},
        "problem": "",
        "created_at": at,
    }
    statement = insert(Job).values(values).on_conflict_do_nothing().returning(col(Job.id))
    is_new = session.exec(statement).first() is not None
    is_it = (
        col(Job.code) == code
        if occasion is None
        else and_(col(Job.kind) == kind.value, col(Job.occasion) == occasion)
    )
    job = session.exec(select(Job).where(is_it)).one()
    if job.state is JobState.CANCELLED:
        _wait_anew(job, at=at)
        is_new = True
    if is_new and actor.user_id is not None:
        record(
            session,
            "job.asked",
            subject=job,
            actor=actor,
            at=at,
            what=label_of(kind),
            about=subject_code,
        )
    return job


def put_down_scheduled(session: WriteSession, *, at: datetime, all_day: bool = False) -> int:
    """Put down what is done by itself about now, each once whoever looks; return how many are new."""
    wanted = {
        (one.kind.value, occasion)
        for one, occasion in occasions(at.astimezone(VIET_NAM), all_day=all_day)
    }
    there = set(
        session.exec(
            select(Job.kind, Job.occasion).where(
                col(Job.occasion).in_({occasion for _kind, occasion in wanted})
            )
        )
    )
    missing = sorted(wanted - there)
    for kind, occasion in missing:
        put_down(session, JobKind(kind), {}, actor=SYSTEM, at=at, occasion=occasion)
    return len(missing)


def claim_next(
    session: WriteSession, *, worker: str, at: datetime, besides: Collection[str] = ()
) -> Claim | None:
    """Take the job that is due longest and lease it; None when there is none.

    One whose worker died as often as it may be tried is given up on the way.
    """
    while (job := next_due(session, at=at, besides=besides)) is not None:
        if job.attempts >= most_attempts(job.kind):
            _end(job, JobState.DEAD, at=at, problem=job.problem or PROBLEM_MESSAGES["died"])
            session.flush()
            continue
        job.state = JobState.RUNNING
        job.attempts += 1
        job.version += 1
        job.leased_until = at + LEASE
        job.worker = worker
        job.started_at = job.started_at or at
        job.steps_done = job.steps_of = 0
        session.flush()
        return Claim(
            job_id=job.id or 0,
            code=job.code,
            attempt=job.attempts,
            kind=job.kind,
            params=dict(job.params),
            subject_code=job.subject_code,
            user_id=job.user_id,
        )
    return None


def tell_progress(session: WriteSession, claim: Claim, done: int, of: int, *, at: datetime) -> bool:
    """Note how far a job is and hold it on; False when it is not ours any more."""
    return _while_ours(session, claim, steps_done=done, steps_of=of, leased_until=at + LEASE)


def hold_on(session: WriteSession, claim: Claim, *, at: datetime) -> bool:
    """Lengthen the lease of a job that says nothing for long; False when it is not ours any more."""
    return _while_ours(session, claim, leased_until=at + LEASE)


def finish_job(
    session: WriteSession, claim: Claim, result: Mapping[str, Any], *, at: datetime
) -> bool:
    """End a job that was done; False when it is not ours any more, and its effect must not stay."""
    return _while_ours(
        session,
        claim,
        state=JobState.DONE,
        result=dict(result),
        problem="",
        leased_until=None,
        finished_at=at,
        version=Job.version + 1,
    )


def fail_job(
    session: WriteSession, claim: Claim, problem: str, *, at: datetime, for_good: bool = False
) -> bool:
    """Put a job off that failed, or give it up: after its last attempt, or when trying cannot help.

    `problem` is one sentence for people: no trace, nothing about a person.
    """
    if for_good or claim.attempt >= most_attempts(claim.kind):
        return _while_ours(
            session,
            claim,
            state=JobState.DEAD,
            problem=problem,
            leased_until=None,
            finished_at=at,
            version=Job.version + 1,
        )
    return _while_ours(
        session,
        claim,
        state=JobState.WAITING,
        problem=problem,
        leased_until=None,
        due_at=at + wait_after(claim.attempt),
        version=Job.version + 1,
    )


def give_back(session: WriteSession, claim: Claim, *, at: datetime) -> bool:
    """Let another worker begin a job at once: this one was told to end. The attempt does not count."""
    return _while_ours(
        session,
        claim,
        state=JobState.WAITING,
        attempts=claim.attempt - 1,
        leased_until=None,
        due_at=at,
        version=Job.version + 1,
    )


def try_again(session: WriteSession, code: str, *, actor: Actor, at: datetime) -> Job:
    """Let a job that was given up be begun anew, with all its attempts; records job.retried."""
    job = job_for_update(session, code, actor=actor)
    if refusal := why_not_try_again(actor, job):
        raise refusal
    _wait_anew(job, at=at)
    record(session, "job.retried", subject=job, actor=actor, at=at, what=label_of(job.kind))
    return job


def cancel_job(session: WriteSession, code: str, *, actor: Actor, at: datetime) -> Job:
    """Take a job back that waits; records job.cancelled."""
    job = job_for_update(session, code, actor=actor)
    if refusal := why_not_cancel(actor, job):
        raise refusal
    _end(job, JobState.CANCELLED, at=at, problem=job.problem)
    record(session, "job.cancelled", subject=job, actor=actor, at=at, what=label_of(job.kind))
    return job


def drop_waiting(
    session: WriteSession, subject_code: str, *, kinds: Collection[JobKind], at: datetime
) -> None:
    """Cancel what waits about a subject that needs it no more: part of a step that is recorded itself."""
    session.exec(
        update(Job)
        .where(
            col(Job.subject_code) == subject_code,
            col(Job.kind).in_(kinds),
            col(Job.state) == JobState.WAITING,
        )
        .values(state=JobState.CANCELLED, finished_at=at, version=Job.version + 1)
    )


def take_file_away(job: Job) -> str:
    """Let the file of a job be named by nobody; return its hash, so that it can be deleted."""
    sha256 = str(job.result.get("sha256", ""))
    job.result = {name: value for name, value in job.result.items() if name != "sha256"}
    return sha256


def forget_old_jobs(session: WriteSession, *, at: datetime) -> int:
    """Delete jobs that are long over; return how many. Their files are swept with those nobody names."""
    is_old = or_(
        and_(col(Job.state).in_(FINAL), col(Job.finished_at) < at - timedelta(days=KEPT_DAYS)),
        and_(
            col(Job.state) == JobState.DEAD,
            col(Job.finished_at) < at - timedelta(days=DEAD_KEPT_DAYS),
        ),
    )
    return int(session.exec(sa.delete(Job).where(is_old)).rowcount)


def _wait_anew(job: Job, *, at: datetime) -> None:
    job.state, job.attempts, job.due_at = JobState.WAITING, 0, at
    job.finished_at = job.leased_until = None
    job.steps_done = job.steps_of = 0
    job.problem = ""
    job.version += 1


def _end(job: Job, state: JobState, *, at: datetime, problem: str) -> None:
    job.state, job.finished_at, job.leased_until = state, at, None
    job.problem = problem
    job.version += 1


def _while_ours(session: WriteSession, claim: Claim, **changes: Any) -> bool:
    is_ours: ColumnElement[bool] = and_(
        col(Job.id) == claim.job_id,
        col(Job.state) == JobState.RUNNING,
        col(Job.attempts) == claim.attempt,
    )
    done = session.exec(update(Job).where(is_ours).values(**changes))
    return bool(done.rowcount)
