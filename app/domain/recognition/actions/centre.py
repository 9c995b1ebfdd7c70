"""Products of ninety points and more: sent to the ministry, its answer written down, what follows."""

from datetime import date, datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, Refused, check_version
from app.core.files import StoredFile
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.actions import return_by_centre, send_to_centre
from app.domain.dossiers.models import Dossier
from app.domain.recognition.actions.certifying import Ground, certify
from app.domain.recognition.actions.publishing import keep_scan
from app.domain.recognition.actions.telling import tell_recognised
from app.domain.recognition.enums import SubmissionState
from app.domain.recognition.models import CentreSubmission, RecognitionDecision
from app.domain.recognition.policy import (
    why_not_attach_answer,
    why_not_forward,
    why_not_record_answer,
)
from app.domain.recognition.queries import (
    Candidate,
    SubmissionRow,
    approved_candidate,
    submission_for_update,
)
from app.domain.recognition.rules import (
    CENTRE,
    CENTRE_ANSWER,
    FORWARDING,
    HIGHEST_STAR,
    star_after_centre,
)
from app.domain.recognition.schemas import (
    MINISTRY,
    AttachAnswerScan,
    ForwardToCentre,
    RecordAnswer,
)
from app.rulebooks.loader import regime


class NotApproved(Conflict):
    """The province approves a result before it hands the product to the ministry."""

    code = "centre.not_approved"
    message = (
        "Hồ sơ {dossier} chưa có quyết định phê duyệt kết quả đã ký, hoặc đã gửi Trung ương rồi."
    )
    basis = FORWARDING


class SamplesMissing(Refused):
    """The ministry gets samples as well, except of tourism."""

    code = "centre.samples_missing"
    message = "Hồ sơ gửi Bộ kèm {needed} sản phẩm mẫu; đang ghi {count}."
    basis = "26/2026/QĐ-TTg, Điều 6.3"


class SentBeforeApproval(Refused):
    """A product cannot be sent before its result is approved."""

    code = "centre.sent_before_approval"
    message = "Ngày gửi {day} sớm hơn ngày quyết định phê duyệt ({decided})."
    basis = FORWARDING


class AnsweredBeforeSent(Refused):
    """An answer is not older than the question."""

    code = "centre.answered_before_sent"
    message = "Ngày văn bản của Bộ ({day}) sớm hơn ngày gửi hồ sơ ({sent})."
    basis = CENTRE


class NotYet(Refused):
    """Nothing is written down ahead of its day."""

    code = "centre.in_future"
    message = "Ngày {day} chưa đến."
    basis = CENTRE


class PointsContradict(Refused):
    """Five stars begin at ninety points, on either side."""

    code = "centre.points_contradict"
    message = (
        "Điểm {points} không khớp với kết luận: từ 90 điểm là sản phẩm 5 sao, dưới 90 điểm thì "
        "tỉnh xem xét."
    )
    basis = CENTRE_ANSWER


class StarAbovePoints(Refused):
    """The province gives no more than the ministry's points hold."""

    code = "centre.star_above_points"
    message = "Điểm của Trung ương ứng với nhiều nhất {most} sao; không ghi {star} sao được."
    basis = CENTRE_ANSWER


def forward_to_centre(
    session: WriteSession, dossier_code: str, data: ForwardToCentre, *, actor: Actor, at: datetime
) -> CentreSubmission:
    """Hand a product with an approved result to the ministry (art. 6.3.a, 7.3.e).

    Refused without a signed approval and without samples. Records dossier.sent_to_centre and
    centre.sent.
    """
    if refusal := why_not_forward(actor):
        raise refusal
    dossier = session.exec(
        select(Dossier).where(col(Dossier.code) == dossier_code).with_for_update()
    ).one_or_none()
    if dossier is None:
        raise NotFound
    check_version(data.version, dossier.version)
    found = approved_candidate(session, dossier_code, actor=actor)
    approval = found.approved if found else None
    if found is None or approval is None:
        raise NotApproved(dossier=dossier_code)
    _check_sending(found, approval, data, local_day(at))
    submission = CentreSubmission(
        code=new_code("TW"),
        dossier_id=dossier.id or 0,
        decision_id=approval.id or 0,
        state=SubmissionState.SENT,
        letter_number=data.letter_number,
        sent_on=data.sent_on,
        samples=data.samples,
        sent_by=actor.name,
        sent_at=at,
    )
    session.add(submission)
    send_to_centre(session, dossier, actor=actor, at=at, letter=data.letter_number)
    session.flush()
    record(
        session,
        "centre.sent",
        subject=submission,
        actor=actor,
        at=at,
        dossier=dossier.code,
        letter=data.letter_number,
        samples=data.samples,
    )
    return submission


def record_answer(
    session: WriteSession,
    code: str,
    data: RecordAnswer,
    *,
    actor: Actor,
    at: datetime,
    stored: StoredFile | None = None,
    file_name: str = "",
) -> CentreSubmission:
    """Write down what the ministry answered, with its scan if it is at hand; records centre.answered.

    Five stars: the product gets its certificate of the ministry (art. 7.4.e). Below ninety points
    the province may recognise three or four stars or have its own council judge anew (art. 7.4.g).
    """
    row = submission_for_update(session, code, actor=actor)
    submission = row.submission
    if refusal := why_not_record_answer(actor, submission):
        raise refusal
    check_version(data.version, submission.version)
    star = _answered_star(row, data, local_day(at))
    submission.state = (
        SubmissionState.RECOGNISED if data.recognised else SubmissionState.NOT_REACHED
    )
    if data.points is not None:
        submission.average_numerator = data.points.numerator
        submission.average_denominator = data.points.denominator
    submission.star = star
    submission.answer_number = data.answer_number
    submission.answered_on = data.answered_on
    submission.answer_note = data.note
    submission.answered_by = actor.name
    submission.answered_at = at
    submission.version += 1
    if stored is not None:
        keep_scan(submission, stored, file_name)
    record(
        session,
        "centre.answered",
        subject=submission,
        actor=actor,
        at=at,
        dossier=row.dossier.code,
        recognised=data.recognised,
        answer=data.answer_number,
        average=data.average or "",
        star=star,
        sha256=submission.scan_sha256 or "",
    )
    if data.recognised:
        ground = Ground(data.answer_number, MINISTRY, data.answered_on)
        issued = certify(session, row.dossier, HIGHEST_STAR, ground, actor=actor, at=at)
        tell_recognised(session, [issued], actor=actor, at=at)
    else:
        return_by_centre(session, row.dossier, actor=actor, at=at)
    return submission


def attach_answer_scan(
    session: WriteSession,
    code: str,
    data: AttachAnswerScan,
    stored: StoredFile,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
) -> CentreSubmission:
    """Keep the scan of the ministry's answer once it is written down; a later one replaces it.

    Records centre.scanned with the scan before.
    """
    submission = submission_for_update(session, code, actor=actor).submission
    if refusal := why_not_attach_answer(actor, submission):
        raise refusal
    check_version(data.version, submission.version)
    before = submission.scan_sha256 or ""
    keep_scan(submission, stored, file_name)
    record(
        session,
        "centre.scanned",
        subject=submission,
        actor=actor,
        at=at,
        answer=submission.answer_number,
        sha256=stored.sha256,
        before=before,
    )
    return submission


def _check_sending(
    approved: Candidate, approval: RecognitionDecision, data: ForwardToCentre, today: date
) -> None:
    if data.sent_on > today:
        raise NotYet(day=f"{data.sent_on:%d/%m/%Y}")
    if data.sent_on < approval.decided_on:
        raise SentBeforeApproval(
            day=f"{data.sent_on:%d/%m/%Y}", decided=f"{approval.decided_on:%d/%m/%Y}"
        )
    procedure = regime(approved.dossier.regime_code).procedure
    needed = procedure.samples_for(approved.product.set_number)
    if data.samples < needed:
        raise SamplesMissing(needed=needed, count=data.samples)


def _answered_star(row: SubmissionRow, data: RecordAnswer, today: date) -> int:
    if data.answered_on > today:
        raise NotYet(day=f"{data.answered_on:%d/%m/%Y}")
    if data.answered_on < row.submission.sent_on:
        raise AnsweredBeforeSent(
            day=f"{data.answered_on:%d/%m/%Y}", sent=f"{row.submission.sent_on:%d/%m/%Y}"
        )
    law = regime(row.dossier.regime_code)
    points = data.points
    if points is None and not data.recognised:
        raise Invalid({"average": "Hãy ghi điểm của Hội đồng cấp trung ương."})
    if data.recognised and data.star is not None:
        raise Invalid({"star": "Bộ công nhận 5 sao thì không chọn hạng khác."})
    if points is not None and (law.band_of(points).star == HIGHEST_STAR) is not data.recognised:
        raise PointsContradict(points=data.average)
    if points is None or data.recognised:
        return HIGHEST_STAR
    most = star_after_centre(points, law)
    if data.star is not None and data.star > most:
        raise StarAbovePoints(most=most, star=data.star)
    return most if data.star is None else data.star
