"""Reads of reports: for officials, for a reporter with a code, and counts for anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, false, func, or_, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from app.core.clock import local_day
from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Worded
from app.core.paging import Page, newest_first
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.inspections.models import Inspection
from app.domain.misuse.enums import Concern, ReportState
from app.domain.misuse.models import MisuseContact, MisusePhoto, MisuseReport, MisuseStep
from app.domain.misuse.policy import SEE_ALL, WORKERS, sees_position
from app.domain.misuse.rules import (
    CONCERN_LABELS,
    MANY_REPORTS,
    MANY_WITHIN,
    STATE_LABELS,
    WATCHING,
)
from app.domain.misuse.schemas import (
    OpenStateOut,
    ReportDetailOut,
    ReportOut,
    ReportPhotoOut,
    ReportStepOut,
)
from app.domain.recognition.models import Certificate, RevocationCase

MOST_WORK = 20
MOST_OTHERS = 10
MOST_STEPS = 100
MOST_CODES = 5
MOST_CERTIFICATES = 1000

Reports = Select[MisuseReport, Certificate | None]
Counted = Select[MisuseReport, Certificate | None, int]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report, the certificate it is about, and how many were sent about that one of late."""

    report: MisuseReport
    certificate: Certificate | None
    repeats: int = 0

    @property
    def is_repeated(self) -> bool:
        """Whether so many came about one certificate that they are worth looking at together."""
        return self.repeats >= MANY_REPORTS


@dataclass(frozen=True, slots=True)
class SeenReport:
    """A report with everything that stands beside it for officials."""

    row: ReportRow
    photos: Sequence[MisusePhoto]
    steps: Sequence[MisuseStep]
    joined_to: str | None
    others: Sequence[MisuseReport]

    @property
    def report(self) -> MisuseReport:
        """The report itself."""
        return self.row.report


def reports_visible_to(actor: Actor) -> Reports:
    """Return the only base for reports: all, or those seen or made in one's own commune."""
    query: Reports = select(MisuseReport, Certificate).join(
        Certificate, col(Certificate.id) == col(MisuseReport.certificate_id), isouter=True
    )
    if actor.has(*SEE_ALL):
        return query
    here = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER and g.unit_code]
    if not here:
        return query.where(false())
    return query.where(
        or_(
            col(MisuseReport.commune_code).in_(here),
            col(MisuseReport.product_commune_code).in_(here),
        )
    )


def _counted(actor: Actor, *, at: datetime) -> Counted:
    """Add to each report how many came of late about its certificate.

    What was joined to another tells of one matter, and is counted once.
    """
    other = aliased(MisuseReport)
    repeats = (
        select(func.count())
        .where(
            col(other.certificate_id) == col(MisuseReport.certificate_id),
            col(other.received_at) >= at - MANY_WITHIN,
            col(other.state) != ReportState.JOINED,
        )
        .correlate(MisuseReport)
        .scalar_subquery()
    )
    return cast("Counted", reports_visible_to(actor).add_columns(repeats))


def get_report(session: ReadSession, code: str, *, actor: Actor, at: datetime) -> ReportRow:
    """Return a report this actor may see."""
    found = session.exec(_counted(actor, at=at).where(col(MisuseReport.code) == code)).one_or_none()
    if found is None:
        raise NotFound
    return ReportRow(*found)


def report_for_update(session: WriteSession, code: str, *, actor: Actor) -> MisuseReport:
    """Return a report this actor may see, locked until the transaction ends."""
    found = session.exec(
        reports_visible_to(actor)
        .where(col(MisuseReport.code) == code)
        .with_for_update(of=MisuseReport)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0]


def reports_page(
    session: ReadSession,
    *,
    actor: Actor,
    at: datetime,
    state: ReportState | None = None,
    concern: Concern | None = None,
    certificate: str = "",
    after: int = 0,
    limit: int = 20,
) -> Page[ReportRow]:
    """Return reports this actor may see, newest first, each with how often its certificate was named."""
    query = _counted(actor, at=at)
    if state is not None:
        query = query.where(col(MisuseReport.state) == state)
    if concern is not None:
        query = query.where(col(MisuseReport.concern) == concern)
    if certificate:
        query = query.where(col(Certificate.code) == certificate)
    return newest_first(session, query, MisuseReport, after=after, limit=limit).map(
        lambda row: ReportRow(*row)
    )


def seen_report(session: ReadSession, code: str, *, actor: Actor, at: datetime) -> SeenReport:
    """Return a report with its photos, its steps and the others about the same certificate."""
    row = get_report(session, code, actor=actor, at=at)
    report = row.report
    steps = session.exec(
        select(MisuseStep)
        .where(col(MisuseStep.report_id) == report.id)
        .order_by(col(MisuseStep.id))
        .limit(MOST_STEPS)
    ).all()
    return SeenReport(
        row,
        photos_of(session, report),
        steps,
        _code_of(session, report.joined_to_id),
        _others(session, report, actor=actor),
    )


def photos_of(session: ReadSession, report: MisuseReport) -> Sequence[MisusePhoto]:
    """Return the photos of a report that are still kept."""
    return session.exec(
        select(MisusePhoto)
        .where(col(MisusePhoto.report_id) == report.id, col(MisusePhoto.copy_sha256).is_not(None))
        .order_by(col(MisusePhoto.id))
    ).all()


def get_photo(session: ReadSession, code: str, photo: str, *, actor: Actor) -> MisusePhoto:
    """Return a photo that is still kept, of a report this actor may see."""
    seen = reports_visible_to(actor).where(col(MisuseReport.code) == code).subquery()
    found = session.exec(
        select(MisusePhoto).where(
            col(MisusePhoto.report_id).in_(select(seen.c.id)),
            col(MisusePhoto.code) == photo,
            col(MisusePhoto.copy_sha256).is_not(None),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def contact_of(session: ReadSession, report: MisuseReport) -> MisuseContact | None:
    """Return how to reach a reporter; whoever asks records that it was read."""
    return session.get(MisuseContact, report.id)


def open_state(session: ReadSession, code: str) -> OpenStateOut:
    """Return how far a report is and since when: all that its code tells.

    One that was joined to another stands where that one stands.
    """
    found = session.exec(
        select(MisuseReport).where(col(MisuseReport.code) == code.strip().upper()[:20])
    ).one_or_none()
    if found is None:
        raise NotFound
    report = found
    if report.joined_to_id is not None:
        report = session.exec(
            select(MisuseReport).where(col(MisuseReport.id) == report.joined_to_id)
        ).one()
    return OpenStateOut(
        code=found.code,
        state=report.state,
        state_label=STATE_LABELS[report.state],
        since=local_day(report.last_step_at),
    )


def open_counts(session: ReadSession, *, since: datetime) -> tuple[int, int]:
    """Return how many reports came since a moment, and how many of them have ended."""
    row = session.exec(
        select(func.count(), func.count(col(MisuseReport.ended_at))).where(
            col(MisuseReport.received_at) >= since
        )
    ).one()
    return int(row[0]), int(row[1])


def state_counts(session: ReadSession, *, actor: Actor) -> Mapping[ReportState, int]:
    """Return how many reports this actor may see stand in each state."""
    visible = reports_visible_to(actor).subquery()
    rows = session.exec(
        select(MisuseReport.state, func.count())
        .where(col(MisuseReport.id).in_(select(visible.c.id)))
        .group_by(col(MisuseReport.state))
    ).all()
    return {ReportState(state): count for state, count in rows}


def report_out(row: ReportRow, *, joined_to: str | None = None) -> ReportOut:
    """Return a report as the JSON door tells it."""
    return ReportOut.of(
        row.report, certificate=row.certificate, joined_to=joined_to, repeats=row.repeats
    )


def report_detail(
    session: ReadSession, code: str, *, actor: Actor, at: datetime
) -> ReportDetailOut:
    """Return a report with photos and steps, as the JSON door tells it."""
    seen = seen_report(session, code, actor=actor, at=at)
    shows = sees_position(actor)
    return ReportDetailOut(
        **report_out(seen.row, joined_to=seen.joined_to).model_dump(),
        photos=[ReportPhotoOut.of(photo, shows_position=shows) for photo in seen.photos],
        steps=[ReportStepOut.of(step) for step in seen.steps],
    )


def certificates_under_report(session: ReadSession) -> frozenset[int]:
    """Return the certificates about which reports wait or are checked, for the choice of a plan."""
    rows = session.exec(
        select(MisuseReport.certificate_id)
        .where(
            col(MisuseReport.certificate_id).is_not(None),
            col(MisuseReport.state).in_([ReportState.RECEIVED, ReportState.CHECKING]),
        )
        .distinct()
        .limit(MOST_CERTIFICATES)
    ).all()
    return frozenset(one for one in rows if one is not None)


def goes_on_at(session: ReadSession, certificate_id: int) -> Sequence[str]:
    """Return the codes of a certificate's newest checks and revocation cases."""
    checks = (
        select(Inspection.code)
        .where(col(Inspection.certificate_id) == certificate_id)
        .order_by(col(Inspection.id).desc())
        .limit(MOST_CODES)
        .subquery()
    )
    cases = (
        select(RevocationCase.code)
        .where(col(RevocationCase.certificate_id) == certificate_id)
        .order_by(col(RevocationCase.id).desc())
        .limit(MOST_CODES)
        .subquery()
    )
    return session.scalars(sa.union_all(sa.select(checks.c.code), sa.select(cases.c.code))).all()


def work_for(session: ReadSession, actor: Actor, *, on: date) -> list[WorkItem]:  # noqa: ARG001 -- no limit of days runs here; every part is asked the same way
    """Return what waits for this person, oldest first: new reports, and those being checked by them."""
    if not actor.has(*WORKERS):
        return []
    state = col(MisuseReport.state)
    reports = session.exec(
        select(MisuseReport)
        .where(
            or_(
                state == ReportState.RECEIVED,
                and_(
                    state == ReportState.CHECKING,
                    col(MisuseReport.taken_by_id) == actor.user_id,
                ),
            )
        )
        .order_by(col(MisuseReport.received_at), col(MisuseReport.id))
        .limit(MOST_WORK)
    ).all()
    return [_work_item(report) for report in reports]


def _work_item(report: MisuseReport) -> WorkItem:
    is_new = report.state is ReportState.RECEIVED
    return WorkItem(
        kind="misuse.new" if is_new else "misuse.checking",
        code=report.code,
        title=Worded(
            "Phản ánh mới: {concern}" if is_new else "Kết thúc kiểm tra phản ánh: {concern}",
            concern=CONCERN_LABELS[report.concern],
        ),
        subtitle=f"{report.product_seen} · {report.code}",
        due_on=None,
        overdue=False,
        basis=WATCHING,
        route_name="misuse.show",
    )


def _others(session: ReadSession, report: MisuseReport, *, actor: Actor) -> Sequence[MisuseReport]:
    """Return what else was sent about the certificate, and what was joined to this report."""
    about = col(MisuseReport.joined_to_id) == report.id
    if report.certificate_id is not None:
        about = or_(about, col(MisuseReport.certificate_id) == report.certificate_id)
    rows = session.exec(
        reports_visible_to(actor)
        .where(about, col(MisuseReport.id) != report.id)
        .order_by(col(MisuseReport.id).desc())
        .limit(MOST_OTHERS)
    ).all()
    return [other for other, _ in rows]


def _code_of(session: ReadSession, report_id: int | None) -> str | None:
    if report_id is None:
        return None
    query: SelectOfScalar[str] = select(MisuseReport.code).where(col(MisuseReport.id) == report_id)
    return session.exec(query).one_or_none()
