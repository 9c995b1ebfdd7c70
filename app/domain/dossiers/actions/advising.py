"""What the advisory team and the agency find out for the council: report, surveys, extra tests."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Invalid, Refusal, check_version
from app.core.files import StoredFile
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.advisory.queries import standing_of
from app.domain.audit.actions import record
from app.domain.dossiers.actions.evidence import plain_file_name
from app.domain.dossiers.actions.moving import move
from app.domain.dossiers.enums import Step
from app.domain.dossiers.models import AdvisoryReport, Attachment, Dossier, ExtraTest, SiteSurvey
from app.domain.dossiers.policy import (
    AdviceNotReady,
    why_not_advise,
    why_not_attach,
    why_not_order_test,
    why_not_record_test,
    why_not_sign_advice,
    why_not_survey,
)
from app.domain.dossiers.queries import (
    DossierRow,
    SubjectUnknown,
    dossier_for_update,
    find_advice,
    get_test,
    knows_subject,
)
from app.domain.dossiers.schemas import (
    Attach,
    CriterionNote,
    OrderTest,
    RecordSiteSurvey,
    RecordTestResult,
    SaveAdvisoryReport,
    SignAdvisoryReport,
)

ADVICE_MESSAGES = {
    "unknown_part": "Bộ tiêu chí không có phần này.",
    "too_much": "Gợi ý cao hơn điểm tối đa của phần.",
}


def save_advice(
    session: WriteSession, code: str, data: SaveAdvisoryReport, *, actor: Actor, at: datetime
) -> AdvisoryReport:
    """Write the advisory report; records dossier.advice_saved. Suggestions are kept, not scored.

    Refused: a part or criterion the rubric does not have, a suggestion above the part's points.
    """
    row = dossier_for_update(session, code, actor=actor)
    report = find_advice(session, row.dossier)
    team = standing_of(session, actor, on=local_day(at))
    if refusal := why_not_advise(actor, row.dossier, report, team=team):
        raise refusal
    check_version(data.version, report.version if report else 0)
    _check_parts(row, data)
    if report is None:
        report = AdvisoryReport(
            dossier_id=row.dossier.id or 0,
            version=0,
            recommendation=data.recommendation,
            written_by=actor.name,
            written_at=at,
        )
    values = {
        "parts": {part.part: normal(part.text) for part in data.parts},
        "suggested": {
            part.part: part.suggested for part in data.parts if part.suggested is not None
        },
        "remarks": _notes(row, data.remarks, "remark"),
        "legal_papers": normal(data.legal_papers),
        "legal_papers_in_order": data.legal_papers_in_order,
        "recommendation": data.recommendation,
        "conclusion": normal(data.conclusion),
    }
    for name, value in values.items():
        setattr(report, name, value)
    report.written_by_id, report.written_by, report.written_at = actor.user_id, actor.name, at
    report.version += 1
    session.add(report)
    record(
        session,
        "dossier.advice_saved",
        subject=row.dossier,
        actor=actor,
        at=at,
        recommendation=data.recommendation,
    )
    return report


def sign_advice(
    session: WriteSession, code: str, data: SignAdvisoryReport, *, actor: Actor, at: datetime
) -> AdvisoryReport:
    """Sign the advisory report as its author; records dossier.advised (art. 7.3.c)."""
    row = dossier_for_update(session, code, actor=actor)
    report = find_advice(session, row.dossier)
    parts = [part.code for part in row.rubric.parts]
    team = standing_of(session, actor, on=local_day(at))
    if refusal := why_not_sign_advice(actor, row.dossier, report, parts, team=team):
        raise refusal
    if report is None:
        raise AdviceNotReady
    check_version(data.version, report.version)
    report.signed_by, report.signed_at = actor.name, at
    report.version += 1
    move(
        session,
        row.dossier,
        Step.ADVISE,
        actor=actor,
        at=at,
        recommendation=report.recommendation,
    )
    return report


def record_site_survey(
    session: WriteSession, code: str, data: RecordSiteSurvey, *, actor: Actor, at: datetime
) -> SiteSurvey:
    """Keep the record of a survey on the spot; records dossier.surveyed (art. 7.3.c)."""
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    if refusal := why_not_survey(
        actor, dossier, team=standing_of(session, actor, on=local_day(at))
    ):
        raise refusal
    if data.surveyed_on > local_day(at):
        raise Invalid({"surveyed_on": "Ngày khảo sát không được sau hôm nay."})
    survey = SiteSurvey(
        code=new_code("KS"),
        dossier_id=dossier.id or 0,
        record_number=normal(data.record_number),
        surveyed_on=data.surveyed_on,
        people=normal(data.people),
        findings=normal(data.findings),
        notes=_notes(row, data.notes, "note"),
        recorded_by=actor.name,
        recorded_at=at,
    )
    session.add(survey)
    dossier.version += 1
    record(
        session,
        "dossier.surveyed",
        subject=dossier,
        actor=actor,
        at=at,
        survey=survey.code,
        record_number=survey.record_number,
        surveyed_on=survey.surveyed_on,
    )
    return survey


def order_test(
    session: WriteSession, code: str, data: OrderTest, *, actor: Actor, at: datetime
) -> ExtraTest:
    """Order a test beside those of the dossier; records dossier.test_ordered (art. 7.3.c)."""
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    if refusal := why_not_order_test(actor, dossier):
        raise refusal
    if data.criterion_code and row.rubric.find_criterion(data.criterion_code) is None:
        raise Invalid(
            {"criterion_code": "Không có tiêu chí này."}, code="dossier.unknown_criterion"
        )
    test = ExtraTest(
        code=new_code("KN"),
        dossier_id=dossier.id or 0,
        criterion_code=data.criterion_code,
        subject=normal(data.subject),
        laboratory=normal(data.laboratory),
        sample_codes=normal(data.sample_codes),
        ordered_by=actor.name,
        ordered_at=at,
    )
    session.add(test)
    dossier.version += 1
    record(
        session,
        "dossier.test_ordered",
        subject=dossier,
        actor=actor,
        at=at,
        test=test.code,
        subject_tested=test.subject,
        laboratory=test.laboratory,
    )
    return test


def record_test_result(
    session: WriteSession,
    code: str,
    test_code: str,
    data: RecordTestResult,
    *,
    actor: Actor,
    at: datetime,
) -> ExtraTest:
    """Enter what the laboratory found, once; records dossier.test_result_recorded."""
    dossier = dossier_for_update(session, code, actor=actor).dossier
    test = get_test(session, dossier, test_code)
    if refusal := why_not_record_test(actor, dossier, test):
        raise refusal
    check_version(data.version, test.version)
    if data.result_on > local_day(at):
        raise Invalid({"result_on": "Ngày của phiếu kết quả không được sau hôm nay."})
    test.outcome, test.result_on = data.outcome, data.result_on
    test.result, test.result_number = normal(data.result), normal(data.result_number)
    test.recorded_by, test.recorded_at = actor.name, at
    test.version += 1
    dossier.version += 1
    record(
        session,
        "dossier.test_result_recorded",
        subject=dossier,
        actor=actor,
        at=at,
        test=test.code,
        outcome=test.outcome,
        result_number=test.result_number,
    )
    return test


def attach(
    session: WriteSession,
    code: str,
    subject_code: str,
    data: Attach,
    stored: StoredFile,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
) -> Attachment:
    """Keep a photo of a survey or the paper of a test as it was sent; records dossier.attached.

    The file was stored before the first query. The same content again is the same attachment.
    """
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    if refusal := why_not_attach_to(session, dossier, subject_code, actor=actor, at=at):
        raise refusal
    known = session.exec(
        select(Attachment).where(
            col(Attachment.subject_code) == subject_code, col(Attachment.sha256) == stored.sha256
        )
    ).one_or_none()
    if known is not None:
        return known
    if data.criterion_code and row.rubric.find_criterion(data.criterion_code) is None:
        raise Invalid(
            {"criterion_code": "Không có tiêu chí này."}, code="dossier.unknown_criterion"
        )
    name = plain_file_name(file_name)
    attachment = Attachment(
        code=new_code("TL"),
        dossier_id=dossier.id or 0,
        subject_code=subject_code,
        criterion_code=data.criterion_code,
        title=normal(data.title) or name,
        file_name=name,
        media_type=stored.media_type,
        size=stored.size,
        sha256=stored.sha256,
        added_by=actor.name,
        added_at=at,
    )
    session.add(attachment)
    record(
        session,
        "dossier.attached",
        subject=dossier,
        actor=actor,
        at=at,
        attachment=attachment.code,
        to=subject_code,
        title=attachment.title,
        sha256=stored.sha256,
        size=stored.size,
    )
    return attachment


def why_not_attach_to(
    session: WriteSession, dossier: Dossier, subject_code: str, *, actor: Actor, at: datetime
) -> Refusal | None:
    """Say why nothing may be attached: the actor or the state, or no such survey or test."""
    team = standing_of(session, actor, on=local_day(at))
    if refusal := why_not_attach(actor, dossier, team=team):
        return refusal
    return None if knows_subject(session, dossier, subject_code) else SubjectUnknown()


def _check_parts(row: DossierRow, data: SaveAdvisoryReport) -> None:
    most = {part.code: part.max for part in row.rubric.parts}
    wrong: dict[str, str] = {}
    for part in data.parts:
        if part.part not in most:
            wrong[f"text.{part.part}"] = ADVICE_MESSAGES["unknown_part"]
        elif part.suggested is not None and part.suggested > most[part.part]:
            wrong[f"suggested.{part.part}"] = ADVICE_MESSAGES["too_much"]
    if wrong:
        raise Invalid(wrong, code="dossier.advice_part")


def _notes(row: DossierRow, notes: Sequence[CriterionNote], field: str) -> dict[str, str]:
    """Return what is said about criteria, by code; refuse one that the rubric does not have."""
    unknown = {
        f"{field}.{note.criterion_code}": "Không có tiêu chí này."
        for note in notes
        if row.rubric.find_criterion(note.criterion_code) is None
    }
    if unknown:
        raise Invalid(unknown, code="dossier.unknown_criterion")
    said = {note.criterion_code: normal(note.text) for note in notes}
    return {code: text for code, text in said.items() if text}
