"""What waits, in numbers and without names: so that whoever watches sees a commune wait before it calls.

A few statements over indexes, asked at most every quarter of a minute however often machines look, on a
connection of its own: also while every place behind the gate is taken.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from app.core.clock import local_day, now
from app.core.db import ReadSession, make_engine, reading
from app.core.settings import Settings
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import AT_COMMUNE
from app.domain.jobs.enums import JobState
from app.domain.jobs.models import Job
from app.domain.notices.enums import DeliveryState
from app.domain.notices.models import Delivery, Notice
from app.domain.scans.models import ScanJournal
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import StampBatch
from app.domain.status.models import PublishedList

KEPT_FOR = timedelta(seconds=15)
MOST_COMMUNES = 200  # Lai Châu has 38; a number nobody reaches keeps the labels bounded
# Where a dossier waits for an office, and since when at the latest.
_SINCE = {
    DossierState.FILED: Dossier.filed_at,
    DossierState.ASSESSED: Dossier.assessed_at,
    DossierState.PROPOSED: Dossier.proposed_at,
    DossierState.COMPLETION_REQUESTED: Dossier.proposed_at,
    DossierState.ACCEPTED: Dossier.accepted_at,
    DossierState.ADVISED: Dossier.accepted_at,
    DossierState.SCHEDULED: Dossier.accepted_at,
    DossierState.SCORING: Dossier.accepted_at,
    DossierState.LOCKED: Dossier.accepted_at,
    DossierState.AWAITING_CENTRE: Dossier.accepted_at,
    DossierState.RETURNED_BY_CENTRE: Dossier.accepted_at,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """Dossiers of one commune in one state: how many, the longest wait in seconds, how many late."""

    commune: str
    state: DossierState
    count: int
    oldest_seconds: float
    overdue: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything that waits at one moment; ages in seconds, 0 where nothing waits."""

    dossiers: list[Stage] = field(default_factory=list)
    jobs: dict[str, int] = field(default_factory=dict)
    jobs_late_seconds: float = 0.0
    notices_unplanned: int = 0
    notices_oldest_seconds: float = 0.0
    deliveries: dict[str, int] = field(default_factory=dict)
    deliveries_late_seconds: float = 0.0
    troubles: dict[str, int] = field(default_factory=dict)
    batches: dict[str, int] = field(default_factory=dict)
    batches_oldest_seconds: float = 0.0
    list_expires_in_seconds: float | None = None
    journal_files: int = 0
    journal_bytes: int = 0


class Lookout:
    """Counts what waits, on a connection of its own; remembers for KEPT_FOR."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine: Engine | None = None
        self._counting = Lock()
        self._seen: Waiting | None = None
        self._seen_at: datetime | None = None

    def look(self) -> Waiting | None:
        """Return what waits, None while the database does not answer."""
        with self._counting:
            at = now()
            if self._seen_at is None or not timedelta() <= at - self._seen_at < KEPT_FOR:
                self._seen_at = at
                try:
                    self._seen = self._counted(at)
                except SQLAlchemyError:
                    self._seen = None
            return self._seen

    def close(self) -> None:
        """Let the connection go."""
        if self._engine is not None:
            self._engine.dispose()

    def _counted(self, at: datetime) -> Waiting:
        if self._engine is None:
            self._engine = make_engine(self._settings.model_copy(update={"pool_size": 1}))
        with reading(self._engine) as session:
            return count_waiting(session, at=at, scans_dir=self._settings.scans_dir)


def count_waiting(session: ReadSession, *, at: datetime, scans_dir: Path) -> Waiting:
    """Count what waits at a moment, in eight statements, and what lies unread in this machine's journals."""
    files, size = _unread(session, scans_dir)
    jobs, jobs_due = _jobs(session, at)
    unplanned, planned_late = _notices(session, at)
    deliveries, deliveries_late, troubles = _deliveries(session, at)
    batches, batches_oldest = _batches(session, at)
    expires = session.exec(select(sa.func.min(col(PublishedList.expires_at)))).one()
    return Waiting(
        dossiers=_stages(session, at),
        jobs=jobs,
        jobs_late_seconds=jobs_due,
        notices_unplanned=unplanned,
        notices_oldest_seconds=planned_late,
        deliveries=deliveries,
        deliveries_late_seconds=deliveries_late,
        troubles=troubles,
        batches=batches,
        batches_oldest_seconds=batches_oldest,
        list_expires_in_seconds=(expires - at).total_seconds() if expires else None,
        journal_files=files,
        journal_bytes=size,
    )


def _age(at: datetime, since: datetime | None) -> float:
    return max(0.0, (at - since).total_seconds()) if since else 0.0


def _stages(session: ReadSession, at: datetime) -> list[Stage]:
    since: Any = sa.case(
        *((col(Dossier.state) == state, column) for state, column in _SINCE.items()),
        else_=col(Dossier.opened_at),
    )
    oldest = sa.func.min(sa.type_coerce(since, Dossier.__table__.c.opened_at.type))  # type: ignore[attr-defined]  # -- SQLModel's table
    late = sa.func.sum(
        sa.case((col(Dossier.commune_due_on) < local_day(at), 1), else_=0),
    )
    rows = session.execute(
        sa.select(col(Dossier.commune_code), col(Dossier.state), sa.func.count(), oldest, late)
        .where(col(Dossier.state).in_(_SINCE))
        .group_by(col(Dossier.commune_code), col(Dossier.state))
        .order_by(col(Dossier.commune_code), col(Dossier.state))
        .limit(MOST_COMMUNES * len(_SINCE))
    ).all()
    return [
        Stage(commune, state, count, _age(at, first), int(overdue) if state in AT_COMMUNE else 0)
        for commune, state, count, first, overdue in rows
    ]


def _jobs(session: ReadSession, at: datetime) -> tuple[dict[str, int], float]:
    rows = session.execute(
        sa.select(col(Job.state), sa.func.count(), sa.func.min(col(Job.due_at)))
        .where(col(Job.state).in_([JobState.WAITING, JobState.RUNNING, JobState.DEAD]))
        .group_by(col(Job.state))
    ).all()
    counts = {state.value: 0 for state in (JobState.WAITING, JobState.RUNNING, JobState.DEAD)}
    counts |= {state.value: count for state, count, _ in rows}
    due = {state: first for state, _, first in rows}.get(JobState.WAITING)
    return counts, _age(at, due)


def _notices(session: ReadSession, at: datetime) -> tuple[int, float]:
    count, first = session.execute(
        sa.select(sa.func.count(), sa.func.min(col(Notice.created_at))).where(
            col(Notice.planned_at).is_(None)
        )
    ).one()
    return count, _age(at, first)


def _deliveries(session: ReadSession, at: datetime) -> tuple[dict[str, int], float, dict[str, int]]:
    counts, troubles, late = {}, dict[str, int](), 0.0
    for state in (DeliveryState.WAITING, DeliveryState.GIVEN_UP):
        rows = session.execute(
            sa.select(col(Delivery.problem), sa.func.count(), sa.func.min(col(Delivery.due_at)))
            .where(col(Delivery.state) == state)
            .group_by(col(Delivery.problem))
        ).all()
        counts[state.value] = sum(count for _, count, _ in rows)
        for problem, count, first in rows:
            if problem is not None:
                troubles[problem.value] = troubles.get(problem.value, 0) + count
            if state is DeliveryState.WAITING:
                late = max(late, _age(at, first))
    return counts, late, troubles


def _batches(session: ReadSession, at: datetime) -> tuple[dict[str, int], float]:
    waiting = {
        BatchState.ORDERED: StampBatch.ordered_at,
        BatchState.APPROVED: StampBatch.approved_at,
        BatchState.ISSUING: StampBatch.approved_at,
    }
    rows = session.execute(
        sa.select(
            col(StampBatch.state),
            sa.func.count(),
            sa.func.min(col(StampBatch.ordered_at)),
            sa.func.min(col(StampBatch.approved_at)),
        )
        .where(col(StampBatch.state).in_(waiting))
        .group_by(col(StampBatch.state))
    ).all()
    counts = {state.value: 0 for state in waiting} | {row[0].value: row[1] for row in rows}
    signed_late = [_age(at, row[3]) for row in rows if row[0] is not BatchState.ORDERED]
    return counts, max(signed_late, default=0.0)


def _unread(session: ReadSession, scans_dir: Path) -> tuple[int, int]:
    """Return how many journals of this machine lie there, and how many bytes of them wait."""
    sizes = {}
    if scans_dir.is_dir():
        for path in scans_dir.glob("*.journal"):
            try:
                sizes[path.name] = path.stat().st_size
            except FileNotFoundError:
                continue  # read to its end this very moment
    if not sizes:
        return 0, 0
    read = dict(
        session.execute(
            sa.select(col(ScanJournal.name), col(ScanJournal.offset)).limit(10_000)
        ).all()
    )
    return len(sizes), sum(max(0, size - read.get(name, 0)) for name, size in sizes.items())
