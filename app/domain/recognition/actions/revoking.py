"""Revocation cases: opened by a conclusion, verified, submitted, dropped; decided by a signature."""

from datetime import date, datetime

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Refused, check_version
from app.core.files import StoredFile
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.recognition.actions.telling import tell_case
from app.domain.recognition.enums import RevocationState, RevocationStep
from app.domain.recognition.letters import CASE_DROPPED, CASE_OPENED
from app.domain.recognition.models import RevocationCase
from app.domain.recognition.policy import (
    why_not_attach_conclusion,
    why_not_move_case,
    why_not_open_case,
)
from app.domain.recognition.queries import (
    CaseRow,
    CertifiedProduct,
    case_for_update,
    certificate_for_update,
    running_case,
)
from app.domain.recognition.rules import (
    REVOCATION_CLOCK,
    REVOCATION_STEPS,
    revocation_due_on,
)
from app.domain.recognition.schemas import (
    AttachConclusion,
    DropCase,
    OpenCase,
    SubmitCase,
    VerifyCase,
)
from app.rulebooks.loader import in_force

LONGEST_FILE_NAME = 120


class CaseDayInFuture(Refused):
    """Nothing of a case is written down ahead of its day."""

    code = "revocation.day_in_future"
    message = "Ngày {day} chưa đến."
    basis = REVOCATION_STEPS


class ConcludedBeforeIssue(Refused):
    """A conclusion that is older than the certificate was known when it was issued."""

    code = "revocation.concluded_before_issue"
    message = "Kết luận ngày {day} có trước ngày cấp giấy chứng nhận ({issued})."
    basis = REVOCATION_CLOCK


class StepBeforeStep(Refused):
    """Each step of a revocation is dated on the day of the one before, or later."""

    code = "revocation.step_before_step"
    message = "Ngày {day} sớm hơn ngày của bước trước ({before})."
    basis = REVOCATION_STEPS


def open_case(
    session: WriteSession,
    certificate_code: str,
    data: OpenCase,
    *,
    actor: Actor,
    at: datetime,
    inspection_code: str = "",
    scan: StoredFile | None = None,
    file_name: str = "",
) -> RevocationCase:
    """Begin the revocation of one certificate with a conclusion; records revocation.opened.

    The commune itself opens it by confirming that nothing is produced any more. Fifteen days run
    from the conclusion (art. 8.4). Refused while another case of the certificate is open.
    """
    on = local_day(at)
    found = certificate_for_update(session, certificate_code, actor=actor, on=on)
    running = running_case(session, found.certificate.id or 0)
    if refusal := why_not_open_case(actor, found, running, data.ground):
        raise refusal
    if data.concluded_on < found.certificate.issued_on:
        raise ConcludedBeforeIssue(
            day=f"{data.concluded_on:%d/%m/%Y}", issued=f"{found.certificate.issued_on:%d/%m/%Y}"
        )
    _check_not_ahead(data.concluded_on, on)
    return enter_case(
        session,
        found,
        data,
        actor=actor,
        at=at,
        inspection_code=inspection_code,
        scan=scan,
        file_name=file_name,
    )


def enter_case(
    session: WriteSession,
    found: CertifiedProduct,
    data: OpenCase,
    *,
    actor: Actor,
    at: datetime,
    inspection_code: str = "",
    scan: StoredFile | None = None,
    file_name: str = "",
) -> RevocationCase:
    """Write a case whose conditions were checked, and tell who is concerned of it."""
    case = RevocationCase(
        code=new_code("TH"),
        certificate_id=found.certificate.id or 0,
        state=RevocationState.OPENED,
        ground=data.ground,
        description=data.description,
        conclusion_number=data.conclusion_number,
        conclusion_authority=data.conclusion_authority,
        concluded_on=data.concluded_on,
        inspection_code=inspection_code,
        due_on=revocation_due_on(data.concluded_on, in_force(found.on)),
        opened_at=at,
        opened_by=actor.name,
    )
    _keep(case, scan, file_name)
    session.add(case)
    session.flush()
    record(
        session,
        "revocation.opened",
        subject=case,
        actor=actor,
        at=at,
        certificate=found.certificate.code,
        ground=data.ground,
        conclusion=data.conclusion_number,
        concluded_on=data.concluded_on,
        due_on=case.due_on,
        inspection=inspection_code,
    )
    row = CaseRow(case, found.certificate, found.product, found.producer, on=found.on)
    tell_case(session, CASE_OPENED, row, actor=actor, at=at)
    return case


def attach_conclusion(
    session: WriteSession,
    code: str,
    data: AttachConclusion,
    scan: StoredFile,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
) -> CaseRow:
    """Keep the scan of the conclusion with its open case; records revocation.scanned."""
    row = case_for_update(session, code, actor=actor, on=local_day(at))
    if refusal := why_not_attach_conclusion(actor, row.case, row.producer):
        raise refusal
    check_version(data.version, row.case.version)
    _keep(row.case, scan, file_name)
    row.case.version += 1
    record(session, "revocation.scanned", subject=row.case, actor=actor, at=at, sha256=scan.sha256)
    return row


def verify_case(
    session: WriteSession, code: str, data: VerifyCase, *, actor: Actor, at: datetime
) -> CaseRow:
    """Write down what the agency found when it checked (art. 8.3.a); records revocation.verified."""
    row = _moved(session, code, RevocationStep.VERIFY, data.version, actor=actor, at=at)
    _check_order(data.verified_on, row.case.concluded_on, row.on)
    row.case.verified_on = data.verified_on
    row.case.verification = data.verification
    row.case.state = RevocationState.VERIFIED
    record(
        session,
        "revocation.verified",
        subject=row.case,
        actor=actor,
        at=at,
        certificate=row.certificate.code,
        verified_on=data.verified_on,
    )
    return row


def submit_case(
    session: WriteSession, code: str, data: SubmitCase, *, actor: Actor, at: datetime
) -> CaseRow:
    """Put a verified case before the province, five stars before the ministry (art. 8.2, 8.3.a).

    Records revocation.submitted.
    """
    row = _moved(session, code, RevocationStep.SUBMIT, data.version, actor=actor, at=at)
    _check_order(data.submitted_on, row.case.verified_on or row.case.concluded_on, row.on)
    row.case.submission_number = data.submission_number
    row.case.submitted_on = data.submitted_on
    row.case.state = RevocationState.SUBMITTED
    record(
        session,
        "revocation.submitted",
        subject=row.case,
        actor=actor,
        at=at,
        certificate=row.certificate.code,
        number=data.submission_number,
        to_ministry=row.to_ministry,
    )
    return row


def drop_case(
    session: WriteSession, code: str, data: DropCase, *, actor: Actor, at: datetime
) -> CaseRow:
    """End a case without a revocation, with the reason; records revocation.dropped."""
    row = _moved(session, code, RevocationStep.DROP, data.version, actor=actor, at=at)
    close_case(session, row, data.reason, actor=actor, at=at)
    return row


def close_case(
    session: WriteSession, row: CaseRow, reason: str, *, actor: Actor, at: datetime
) -> None:
    """Drop an open case and tell who was told of it."""
    row.case.state = RevocationState.DROPPED
    row.case.drop_reason = reason
    row.case.closed_at = at
    record(
        session,
        "revocation.dropped",
        subject=row.case,
        actor=actor,
        at=at,
        certificate=row.certificate.code,
        reason=reason,
    )
    tell_case(session, CASE_DROPPED, row, actor=actor, at=at)


def _moved(
    session: WriteSession,
    code: str,
    step: RevocationStep,
    version: int,
    *,
    actor: Actor,
    at: datetime,
) -> CaseRow:
    row = case_for_update(session, code, actor=actor, on=local_day(at))
    if refusal := why_not_move_case(actor, row.case, step):
        raise refusal
    check_version(version, row.case.version)
    row.case.version += 1
    return row


def _keep(case: RevocationCase, scan: StoredFile | None, file_name: str) -> None:
    if scan is None:
        return
    case.conclusion_sha256 = scan.sha256
    case.conclusion_media_type = scan.media_type
    case.conclusion_name = normal(file_name)[:LONGEST_FILE_NAME] or "ket-luan"


def _check_not_ahead(day: date, today: date) -> None:
    if day > today:
        raise CaseDayInFuture(day=f"{day:%d/%m/%Y}")


def _check_order(day: date, before: date, today: date) -> None:
    _check_not_ahead(day, today)
    if day < before:
        raise StepBeforeStep(day=f"{day:%d/%m/%Y}", before=f"{before:%d/%m/%Y}")
