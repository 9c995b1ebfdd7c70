"""Forgetting in time: each period of the inventory that a job ends, a bounded part at each run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.core.db import WriteSession
from app.core.rates import forget_counters
from app.domain.accounts.models import LoginSession, RecoveryCode, User
from app.domain.accounts.rules import SYSTEM
from app.domain.audit.actions import record
from app.domain.jobs.actions import forget_old_jobs
from app.domain.misuse.actions import forget_ended
from app.domain.notices.actions import forget_read_notices
from app.domain.posts.models import Invitation
from app.domain.privacy.models import PersonalDataRequest
from app.domain.privacy.rules.periods import (
    CLOSED,
    INVITATIONS,
    JOBS,
    LOGINS,
    NOTICES,
    RATES,
    RECOVERY,
    REPORTERS,
    REQUESTS,
    SCANS,
    UPLOADS,
    Period,
)
from app.domain.scans.actions import forget_scans
from app.domain.uploads.actions import forget_expired_uploads

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Retention:
    """What the log calls a run: it is about no row that stays."""

    id: int | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its moment, and the days that a setting decides."""

    session: WriteSession
    at: datetime
    reporters_days: int

    def before(self, period: Period) -> datetime:
        """Return the moment before which something of this period is forgotten."""
        return self.at - timedelta(days=period.days or 0)


def apply_retention(
    session: WriteSession, *, reporters_days: int, at: datetime
) -> Mapping[str, int]:
    """Delete or empty what has been kept long enough; return how much of each period.

    At most five hundred rows of each at a run: whoever calls runs it again while something was
    found. Run twice, it finds nothing. Records personal_data.outlived when something went. Basis:
    Luật 91/2025/QH15, Điều 14.
    """
    run = Run(session, at, reporters_days)
    gone = {period.key: sweep(run) for period, sweep in SWEEPS.items()}
    found = {key: count for key, count in gone.items() if count}
    if found:
        record(
            session,
            "personal_data.outlived",
            subject=Retention(),
            actor=SYSTEM,
            at=at,
            rows=sum(found.values()),
            gone=found,
        )
    return found


def _delete(run: Run, table: Any, key: Any, *conditions: sa.ColumnElement[bool]) -> int:
    old = sa.select(key).where(*conditions).order_by(key).limit(MOST_AT_ONCE)
    return _count(run, sa.delete(table).where(key.in_(old)))


def _empty(run: Run, table: Any, key: Any, *conditions: sa.ColumnElement[bool], **to: Any) -> int:
    old = sa.select(key).where(*conditions).order_by(key).limit(MOST_AT_ONCE)
    return _count(run, sa.update(table).where(key.in_(old)).values(**to))


def _count(run: Run, statement: Any) -> int:
    done = run.session.execute(statement, execution_options={"synchronize_session": False})
    return int(done.rowcount)  # type: ignore[attr-defined]  # -- of a change of rows


def _logins(run: Run) -> int:
    over = sa.func.coalesce(col(LoginSession.ended_at), col(LoginSession.expires_at))
    return _delete(run, LoginSession, col(LoginSession.id), over < run.before(LOGINS))


def _invitations(run: Run) -> int:
    over = sa.func.coalesce(
        col(Invitation.accepted_at), col(Invitation.revoked_at), col(Invitation.expires_at)
    )
    return _empty(
        run,
        Invitation,
        col(Invitation.id),
        over < run.before(INVITATIONS),
        col(Invitation.name) != "",
        name="",
        organisation="",
        email="",
    )


def _recovery(run: Run) -> int:
    return _delete(
        run, RecoveryCode, col(RecoveryCode.id), col(RecoveryCode.used_at) < run.before(RECOVERY)
    )


def _closed(run: Run) -> int:
    return _empty(
        run,
        User,
        col(User.id),
        col(User.disabled_at) < run.before(CLOSED),
        sa.or_(col(User.email) != "", col(User.phone) != ""),
        email="",
        phone="",
        wants_email=False,
        wants_sms=False,
    )


def _requests(run: Run) -> int:
    return _empty(
        run,
        PersonalDataRequest,
        col(PersonalDataRequest.id),
        col(PersonalDataRequest.decided_at) < run.before(REQUESTS),
        col(PersonalDataRequest.subject_name) != "",
        subject_name="",
        words_of_request="",
        answer="",
        outcome={},
        user_id=None,
        producer_id=None,
    )


# Answers kept for repeating belong to the doors: `ocop privacy forget` forgets them beside these.
SWEEPS: Mapping[Period, Callable[[Run], int]] = {
    LOGINS: _logins,
    INVITATIONS: _invitations,
    RECOVERY: _recovery,
    CLOSED: _closed,
    NOTICES: lambda run: forget_read_notices(run.session, at=run.at),
    RATES: lambda run: forget_counters(run.session, at=run.at),
    JOBS: lambda run: forget_old_jobs(run.session, at=run.at),
    REQUESTS: _requests,
    UPLOADS: lambda run: forget_expired_uploads(run.session, at=run.at),
    SCANS: lambda run: forget_scans(run.session, at=run.at, most=MOST_AT_ONCE),
    REPORTERS: lambda run: forget_ended(run.session, days=run.reporters_days, at=run.at),
}
