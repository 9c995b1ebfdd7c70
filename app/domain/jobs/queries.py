"""Reads about jobs: one's own, all of them, what is due, how full the queue is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, func, or_, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.domain.accounts.rules import Actor
from app.domain.jobs.enums import JobKind, JobState
from app.domain.jobs.models import Job
from app.domain.jobs.policy import is_caretaker, sees

MOST_DEAD = 20  # shown on top of the list; the rest by their own list


@dataclass(frozen=True, slots=True)
class QueueState:
    """How full the queue is; `oldest_seconds` is how long the one that is due longest has waited."""

    waiting: int
    due: int
    running: int
    lost: int
    dead: int
    oldest_seconds: float


def get_job(session: ReadSession, code: str, *, actor: Actor) -> Job:
    """Return a job this actor may see."""
    found = find_job(session, code)
    if found is None or not sees(actor, found):
        raise NotFound
    return found


def find_job(session: ReadSession, code: str) -> Job | None:
    """Return a job, whoever asks."""
    return session.exec(select(Job).where(col(Job.code) == code)).one_or_none()


def job_for_update(session: WriteSession, code: str, *, actor: Actor) -> Job:
    """Return a job this actor may see, locked until the transaction ends."""
    found = session.exec(select(Job).where(col(Job.code) == code).with_for_update()).one_or_none()
    if found is None or not sees(actor, found):
        raise NotFound
    return found


def jobs_page(
    session: ReadSession,
    *,
    actor: Actor,
    states: Collection[JobState] = (),
    after: int = 0,
    limit: int = 20,
) -> Page[Job]:
    """Return the jobs this actor may see, newest first; all of them for a caretaker."""
    query = select(Job)
    if not is_caretaker(actor):
        query = query.where(col(Job.user_id) == actor.user_id)
    if states:
        query = query.where(col(Job.state).in_(states))
    return newest_first(session, query, Job, after=after, limit=limit)


def state_counts(session: ReadSession, *, actor: Actor) -> Mapping[JobState, int]:
    """Count the jobs this actor may see by state."""
    query = select(Job.state, func.count()).group_by(col(Job.state))
    if not is_caretaker(actor):
        query = query.where(col(Job.user_id) == actor.user_id)
    return {JobState(state): count for state, count in session.exec(query)}


def jobs_about(
    session: ReadSession, subject_codes: Collection[str], *, kinds: Collection[JobKind]
) -> Mapping[str, Job]:
    """Return the newest job of these kinds about each subject that has one."""
    if not subject_codes:
        return {}
    rows = session.exec(
        select(Job)
        .where(col(Job.subject_code).in_(subject_codes), col(Job.kind).in_(kinds))
        .order_by(col(Job.id))
    )
    return {job.subject_code: job for job in rows}


def unfinished_of(
    session: ReadSession, actor: Actor, *, kinds: Collection[JobKind], limit: int = 5
) -> Sequence[Job]:
    """Return this person's own jobs of these kinds that are not done, newest first."""
    return session.exec(
        select(Job)
        .where(
            col(Job.user_id) == actor.user_id,
            col(Job.kind).in_(kinds),
            col(Job.state).in_(OPEN),
        )
        .order_by(col(Job.id).desc())
        .limit(limit)
    ).all()


OPEN = (JobState.DEAD, JobState.RUNNING, JobState.WAITING)


def open_jobs(
    session: ReadSession, *, states: Collection[JobState] = OPEN, limit: int
) -> Sequence[Job]:
    """Return what is not over, or given up, newest first: for whoever sits at the machine."""
    query = select(Job).where(col(Job.state).in_(states))
    return session.exec(query.order_by(col(Job.id).desc()).limit(limit)).all()


def queue_state(session: ReadSession, at: datetime) -> QueueState:
    """Count what waits, what is due and for how long, what runs, and what was given up."""
    counts = dict(session.exec(select(Job.state, func.count()).group_by(col(Job.state))).all())
    is_late = and_(col(Job.state) == JobState.WAITING, col(Job.due_at) <= at)
    due, oldest = session.exec(select(func.count(), func.min(Job.due_at)).where(is_late)).one()
    is_lost = and_(col(Job.state) == JobState.RUNNING, col(Job.leased_until) <= at)
    lost = session.exec(select(func.count()).select_from(Job).where(is_lost)).one()
    return QueueState(
        waiting=counts.get(JobState.WAITING, 0),
        due=due,
        running=counts.get(JobState.RUNNING, 0),
        lost=lost,
        dead=counts.get(JobState.DEAD, 0),
        oldest_seconds=(at - oldest).total_seconds() if oldest else 0.0,
    )


def is_anything_due(session: ReadSession, *, at: datetime, besides: Collection[str] = ()) -> bool:
    """Tell whether a worker would find something: looking takes no writer's place."""
    query = select(Job.id).where(_is_due(at))
    if besides:
        query = query.where(col(Job.kind).not_in(besides))
    return session.exec(query.limit(1)).first() is not None


def next_due(session: WriteSession, *, at: datetime, besides: Collection[str] = ()) -> Job | None:
    """Return the job that is due longest and nobody's, locked; other workers skip it."""
    query = select(Job).where(_is_due(at))
    if besides:
        query = query.where(col(Job.kind).not_in(besides))
    return session.exec(
        query.order_by(col(Job.due_at), col(Job.id)).limit(1).with_for_update(skip_locked=True)
    ).first()


def _is_due(at: datetime) -> ColumnElement[bool]:
    return or_(
        and_(col(Job.state) == JobState.WAITING, col(Job.due_at) <= at),
        and_(col(Job.state) == JobState.RUNNING, col(Job.leased_until) <= at),
    )
