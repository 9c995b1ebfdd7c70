"""What agency and advisory team leave before the council: checks, requests, advice, surveys, tests."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select as sa_select
from sqlmodel import and_, col, func, select

from app.core.db import ReadSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import (
    AdvisoryReport,
    Attachment,
    CommuneReport,
    CompletionRequest,
    Dossier,
    ExtraTest,
    ProvinceCheck,
    SiteSurvey,
)
from app.domain.dossiers.policy import sees_advice
from app.domain.dossiers.queries.rows import DossierRow
from app.domain.dossiers.rules import ADVICE, PROVINCE_INTAKE
from app.domain.dossiers.schemas import (
    AdvisoryReportOut,
    AgencyFileOut,
    CompletionRequestOut,
    ExtraTestOut,
    ProvinceCheckOut,
    SiteSurveyOut,
)


class RequestUnknown(NotFound):
    """No such request for completion of this dossier."""

    code = "completion_request.unknown"
    message = "Không có yêu cầu hoàn thiện này."
    basis = PROVINCE_INTAKE


class AdviceUnknown(NotFound):
    """There is no advisory report, or it is not for this reader."""

    code = "advisory_report.unknown"
    message = "Chưa có báo cáo của Tổ tư vấn về hồ sơ này, hoặc bạn không được xem."
    basis = ADVICE


class SubjectUnknown(NotFound):
    """No such survey or test of this dossier."""

    code = "attachment.unknown"
    message = "Hồ sơ không có biên bản khảo sát, kiểm nghiệm hay tệp này."
    basis = ADVICE


@dataclass(frozen=True, slots=True)
class OfficialPapers:
    """What officials wrote about a dossier, as its page and the score sheets show it."""

    report: CommuneReport | None
    advice: AdvisoryReport | None
    request: CompletionRequest | None
    surveys: tuple[SiteSurvey, ...]
    tests: tuple[ExtraTest, ...]


@dataclass(frozen=True, slots=True)
class AgencyFile:
    """All that the agency and the advisory team did about a dossier."""

    row: DossierRow
    checks: tuple[ProvinceCheck, ...]
    requests: tuple[CompletionRequest, ...]
    advice: AdvisoryReport | None
    surveys: tuple[SiteSurvey, ...]
    tests: tuple[ExtraTest, ...]
    attachments: dict[str, tuple[Attachment, ...]]

    @property
    def check(self) -> ProvinceCheck | None:
        """The check of the dossier as it is now; what was checked before a completion is past."""
        return next((one for one in self.checks if one.ordinal == len(self.requests)), None)

    def out(self) -> AgencyFileOut:
        """Return what the API answers."""
        code = self.row.dossier.code
        return AgencyFileOut(
            dossier_code=code,
            checks=[ProvinceCheckOut.of(one) for one in self.checks],
            requests=[CompletionRequestOut.of(one) for one in self.requests],
            advice=AdvisoryReportOut.of(self.advice, dossier_code=code) if self.advice else None,
            surveys=[
                SiteSurveyOut.of(one, self.attachments.get(one.code, ())) for one in self.surveys
            ],
            tests=[ExtraTestOut.of(one, self.attachments.get(one.code, ())) for one in self.tests],
        )


def official_papers(session: ReadSession, dossier: Dossier, *, actor: Actor) -> OfficialPapers:
    """Return what officials wrote about a dossier in one statement; advice only for its readers.

    A dossier has few surveys and tests, so that one statement may pair them. Officials write
    nothing about a draft: it is not even asked.
    """
    if dossier.state is DossierState.DRAFT:
        return OfficialPapers(None, None, None, (), ())
    pending = and_(
        col(CompletionRequest.dossier_id) == col(Dossier.id),
        col(CompletionRequest.answered_at).is_(None),
        col(CompletionRequest.recalled_at).is_(None),
    )
    rows = session.execute(
        sa_select(CommuneReport, AdvisoryReport, CompletionRequest, SiteSurvey, ExtraTest)
        .select_from(Dossier)
        .join(CommuneReport, col(CommuneReport.dossier_id) == col(Dossier.id), isouter=True)
        .join(AdvisoryReport, col(AdvisoryReport.dossier_id) == col(Dossier.id), isouter=True)
        .join(CompletionRequest, pending, isouter=True)
        .join(SiteSurvey, col(SiteSurvey.dossier_id) == col(Dossier.id), isouter=True)
        .join(ExtraTest, col(ExtraTest.dossier_id) == col(Dossier.id), isouter=True)
        .where(col(Dossier.id) == dossier.id)
        .order_by(col(SiteSurvey.id), col(ExtraTest.id))
    ).all()
    report, advice, request = rows[0][:3] if rows else (None, None, None)
    return OfficialPapers(
        report=report,
        advice=advice if sees_advice(actor, advice) else None,
        request=request,
        surveys=tuple({one.id: one for *_, one, _ in rows if one}.values()),
        tests=tuple({one.id: one for *_, one in rows if one}.values()),
    )


def agency_file(session: ReadSession, row: DossierRow, *, actor: Actor) -> AgencyFile:
    """Return all that the agency and the advisory team did about a dossier, in three statements."""
    dossier_id = row.dossier.id
    rows = session.execute(
        sa_select(ProvinceCheck, CompletionRequest)
        .select_from(Dossier)
        .join(ProvinceCheck, col(ProvinceCheck.dossier_id) == col(Dossier.id), isouter=True)
        .join(CompletionRequest, col(CompletionRequest.dossier_id) == col(Dossier.id), isouter=True)
        .where(col(Dossier.id) == dossier_id)
        .order_by(col(ProvinceCheck.ordinal), col(CompletionRequest.ordinal))
    ).all()
    papers = official_papers(session, row.dossier, actor=actor)
    attachments: dict[str, list[Attachment]] = {}
    for one in session.exec(
        select(Attachment)
        .where(col(Attachment.dossier_id) == dossier_id)
        .order_by(col(Attachment.id))
    ):
        attachments.setdefault(one.subject_code, []).append(one)
    return AgencyFile(
        row=row,
        checks=tuple({check.ordinal: check for check, _ in rows if check}.values()),
        requests=tuple({request.id: request for _, request in rows if request}.values()),
        advice=papers.advice,
        surveys=papers.surveys,
        tests=papers.tests,
        attachments={code: tuple(found) for code, found in attachments.items()},
    )


def completion_requests_of(session: ReadSession, dossier: Dossier) -> Sequence[CompletionRequest]:
    """Return the requests for completion of a dossier, the first one first."""
    return session.exec(
        select(CompletionRequest)
        .where(col(CompletionRequest.dossier_id) == dossier.id)
        .order_by(col(CompletionRequest.ordinal))
    ).all()


def get_completion_request(session: ReadSession, dossier: Dossier, code: str) -> CompletionRequest:
    """Return a request for completion of a dossier that the actor may see."""
    for request in completion_requests_of(session, dossier):
        if request.code == code:
            return request
    raise RequestUnknown


def pending_request(session: ReadSession, dossier: Dossier) -> CompletionRequest:
    """Return the request that a dossier now waits for."""
    for request in completion_requests_of(session, dossier):
        if request.answered_at is None and request.recalled_at is None:
            return request
    raise RequestUnknown


def find_check(session: ReadSession, dossier: Dossier) -> ProvinceCheck | None:
    """Return the agency's check of the dossier as it is now, if there is one."""
    asked = select(func.count()).where(col(CompletionRequest.dossier_id) == dossier.id)
    return session.exec(
        select(ProvinceCheck).where(
            col(ProvinceCheck.dossier_id) == dossier.id,
            col(ProvinceCheck.ordinal) == asked.scalar_subquery(),
        )
    ).one_or_none()


def find_advice(session: ReadSession, dossier: Dossier) -> AdvisoryReport | None:
    """Return the advisory report on a dossier, if one was begun; who may read it is asked before."""
    return session.exec(
        select(AdvisoryReport).where(col(AdvisoryReport.dossier_id) == dossier.id)
    ).one_or_none()


def get_advice(session: ReadSession, dossier: Dossier, *, actor: Actor) -> AdvisoryReport:
    """Return the advisory report for its readers."""
    report = find_advice(session, dossier)
    if report is None or not sees_advice(actor, report):
        raise AdviceUnknown
    return report


def surveys_of(session: ReadSession, dossier_ids: Collection[int]) -> dict[int, SiteSurvey]:
    """Return the newest survey of each of these dossiers that has one."""
    return {
        one.dossier_id: one
        for one in session.exec(
            select(SiteSurvey)
            .where(col(SiteSurvey.dossier_id).in_(dossier_ids))
            .order_by(col(SiteSurvey.id))
        )
    }


def get_test(session: ReadSession, dossier: Dossier, code: str) -> ExtraTest:
    """Return an extra test of a dossier that the actor may see."""
    found = session.exec(
        select(ExtraTest).where(
            col(ExtraTest.code) == code, col(ExtraTest.dossier_id) == dossier.id
        )
    ).one_or_none()
    if found is None:
        raise SubjectUnknown
    return found


def get_attachment(session: ReadSession, dossier: Dossier, code: str) -> Attachment:
    """Return a photo of a survey or the paper of a test of a dossier that the actor may see."""
    found = session.exec(
        select(Attachment).where(
            col(Attachment.code) == code, col(Attachment.dossier_id) == dossier.id
        )
    ).one_or_none()
    if found is None:
        raise SubjectUnknown
    return found


def knows_subject(session: ReadSession, dossier: Dossier, code: str) -> bool:
    """Whether a survey or test of this dossier has this code."""
    return any(
        session.exec(
            select(model.id).where(col(model.code) == code, col(model.dossier_id) == dossier.id)
        ).first()
        is not None
        for model in (SiteSurvey, ExtraTest)
    )
