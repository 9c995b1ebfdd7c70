"""What happens to a report, one function a step; by whom, see policy.py."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, Refusal, Worded, check_version
from app.core.pictures import WitnessPicture
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.audit.actions import record
from app.domain.inspections.models import Inspection
from app.domain.misuse.enums import ReportOutcome, ReportState, ReportStep
from app.domain.misuse.letters import REPORT_CAME
from app.domain.misuse.models import MisuseContact, MisusePhoto, MisuseReport, MisuseStep
from app.domain.misuse.policy import (
    NoContact,
    WrongReportState,
    why_not_forget,
    why_not_name_certificate,
    why_not_read_contact,
    why_not_step,
)
from app.domain.misuse.queries import contact_of, report_for_update
from app.domain.misuse.rules import (
    CONCERN_LABELS,
    EVENTS,
    INITIAL,
    MOST_PHOTOS,
    STATE_LABELS,
    STEP_LABELS,
    WATCHING,
    forgotten_before,
    state_after,
)
from app.domain.misuse.schemas import (
    CloseReport,
    ForgetReporter,
    GiveBackReport,
    JoinReport,
    NameCertificate,
    SendReport,
    TakeReport,
)
from app.domain.notices.actions import notify
from app.domain.notices.rules import agency
from app.domain.places.queries import check_commune
from app.domain.recognition.models import RevocationCase
from app.domain.recognition.queries import CertifiedProduct
from app.domain.register.queries import get_register_entry
from app.domain.stamps.enums import Verdict
from app.domain.verification.queries import verdict

# Nobody is named in the log for having reported something.
PUBLIC = Actor(user_id=None, name="Người phản ánh")
_FORGOTTEN_AT_ONCE = 500
# What each outcome that goes on elsewhere has to name.
REFERENCE_MESSAGES: dict[ReportOutcome, str] = {
    ReportOutcome.HANDED_OVER: "Hãy ghi số văn bản đã chuyển.",
    ReportOutcome.INSPECTION: "Hãy ghi mã cuộc kiểm tra.",
    ReportOutcome.REVOCATION: "Hãy ghi mã hồ sơ xem xét thu hồi.",
}
LETTER_MESSAGES = {
    "authority": "Hãy ghi cơ quan nhận văn bản.",
    "letter_on": "Hãy ghi ngày của văn bản, không ở tương lai.",
}


class HasJoined(Conflict):
    """Others were joined to it: chains would hide them."""

    code = "misuse.has_joined"
    message = "Đã có phản ánh khác gộp vào phản ánh này; hãy gộp theo chiều ngược lại."
    basis = WATCHING


def send_report(
    session: WriteSession,
    data: SendReport,
    photos: Sequence[WitnessPicture] = (),
    *,
    gives_position: bool = False,
    program: str = "",
    at: datetime,
) -> MisuseReport:
    """Take in what somebody saw, with what the stamp says now; records report.received.

    `photos` are kept already, at most three. The reporter's name and ways to reach them stand in a
    row of their own and neither in the audit nor in the notice.
    """
    if len(photos) > MOST_PHOTOS:
        raise Invalid({"photo1": Worded("Nhiều quá {most} ảnh.", most=MOST_PHOTOS)})
    today = local_day(at)
    if data.seen_on > today:
        raise Invalid({"seen_on": "Ngày nhìn thấy không thể ở tương lai."})
    if data.commune_code:
        check_commune(session, data.commune_code, on=today)
    said, stamp_said, certified = _told_by_stamp(session, data.stamp, at=at)
    if certified is None and data.certificate:
        certified = _certificate(session, data.certificate, at=at)
    contact = MisuseContact(
        report_id=0,
        name=data.reporter_name,
        phone=data.reporter_phone,
        email=data.reporter_email,
    )
    report = MisuseReport(
        code=new_code("BC"),
        state=INITIAL,
        **data.model_dump(
            include={"concern", "product_seen", "place", "commune_code", "seen_on", "description"}
        ),
        certificate_id=certified.certificate.id if certified else None,
        product_commune_code=certified.product.commune_code if certified else "",
        stamp=data.stamp,
        verdict=said,
        stamp_said=stamp_said,
        sent_by_program=program,
        gives_position=gives_position and bool(photos),
        has_contact=bool(contact.name or contact.phone or contact.email),
        received_at=at,
        last_step_at=at,
    )
    session.add(report)
    session.flush()
    if report.has_contact:
        contact.report_id = report.id or 0
        session.add(contact)
    _keep(session, report, photos)
    record(
        session,
        "report.received",
        subject=report,
        actor=PUBLIC,
        at=at,
        concern=CONCERN_LABELS[report.concern],
        product=report.product_seen,
        certificate=certified.certificate.code if certified else "",
        program=program,
        photos=len(photos),
        has_contact=report.has_contact,
    )
    notify(
        session,
        REPORT_CAME,
        to=agency(),
        subject=report,
        actor=PUBLIC,
        at=at,
        report=report.code,
        concern=CONCERN_LABELS[report.concern],
    )
    return report


def take_report(
    session: WriteSession, code: str, data: TakeReport, *, actor: Actor, at: datetime
) -> MisuseReport:
    """Take a report to check it, a colleague's too; records report.taken."""
    report = _for_step(session, code, ReportStep.TAKE, data.version, actor=actor)
    report.taken_by_id, report.taken_by, report.taken_at = actor.user_id, actor.name, at
    _move(session, report, ReportStep.TAKE, actor=actor, at=at)
    return report


def give_back_report(
    session: WriteSession, code: str, data: GiveBackReport, *, actor: Actor, at: datetime
) -> MisuseReport:
    """Let somebody else take a report; records report.given_back with its reason."""
    report = _for_step(session, code, ReportStep.GIVE_BACK, data.version, actor=actor)
    report.taken_by_id, report.taken_by, report.taken_at = None, "", None
    _move(session, report, ReportStep.GIVE_BACK, actor=actor, at=at, note=data.note)
    return report


def name_certificate(
    session: WriteSession, code: str, data: NameCertificate, *, actor: Actor, at: datetime
) -> MisuseReport:
    """Put down which certificate a report is about; records report.certificate_named."""
    report = report_for_update(session, code, actor=actor)
    _refuse(why_not_name_certificate(actor, report))
    check_version(data.version, report.version)
    certified = _certificate(session, data.certificate, at=at)
    if certified.certificate.id == report.certificate_id:
        return report
    report.certificate_id = certified.certificate.id
    report.product_commune_code = certified.product.commune_code
    report.version += 1
    record(
        session,
        "report.certificate_named",
        subject=report,
        actor=actor,
        at=at,
        certificate=certified.certificate.code,
        product=certified.certificate.product_name,
    )
    return report


def close_report(
    session: WriteSession, code: str, data: CloseReport, *, actor: Actor, at: datetime
) -> MisuseReport:
    """End a report with what was found; where it goes on is checked; records report.closed.

    A check or a case must be there already: it is opened by whoever may, this only points to it.
    """
    report = _for_step(session, code, ReportStep.CLOSE, data.version, actor=actor)
    _check_outcome(session, report, data, at=at)
    report.outcome = data.outcome
    if data.outcome in REFERENCE_MESSAGES:
        report.outcome_reference = data.reference
    if data.outcome is ReportOutcome.HANDED_OVER:
        report.outcome_authority, report.outcome_on = data.authority, data.letter_on
    report.ended_at = at
    _move(
        session,
        report,
        ReportStep.CLOSE,
        actor=actor,
        at=at,
        note=data.note,
        outcome=data.outcome,
        reference=report.outcome_reference,
    )
    return report


def join_report(
    session: WriteSession, code: str, data: JoinReport, *, actor: Actor, at: datetime
) -> MisuseReport:
    """Join a report to another one about the same matter; records report.joined."""
    report = _for_step(session, code, ReportStep.JOIN, data.version, actor=actor)
    if data.report.upper() == report.code:
        raise Invalid({"report": "Hãy ghi mã của phản ánh khác."})
    try:
        other = report_for_update(session, data.report.upper(), actor=actor)
    except NotFound as nowhere:
        raise Invalid({"report": "Không có phản ánh nào mang mã này."}) from nowhere
    if other.state is ReportState.JOINED:
        raise Invalid({"report": "Phản ánh ấy đã gộp vào phản ánh khác; hãy ghi mã gốc."})
    if session.exec(
        select(MisuseReport.id).where(col(MisuseReport.joined_to_id) == report.id).limit(1)
    ).first():
        raise HasJoined
    report.joined_to_id = other.id
    report.ended_at = at
    _move(session, report, ReportStep.JOIN, actor=actor, at=at, other=other.code)
    return report


def read_contact(session: WriteSession, code: str, *, actor: Actor, at: datetime) -> MisuseContact:
    """Return how to reach a reporter; records report.contact_read, each time anew.

    Basis: Luật 91/2025/QH15.
    """
    report = report_for_update(session, code, actor=actor)
    _refuse(why_not_read_contact(actor, report))
    contact = contact_of(session, report)
    if contact is None:
        raise NoContact
    record(session, "report.contact_read", subject=report, actor=actor, at=at)
    return contact


def forget_reporter(
    session: WriteSession, code: str, data: ForgetReporter, *, actor: Actor, at: datetime
) -> MisuseReport:
    """Delete a reporter's contact before its time, as a rule because they asked.

    Records report.forgotten. Basis: Luật 91/2025/QH15.
    """
    report = report_for_update(session, code, actor=actor)
    _refuse(why_not_forget(actor, report))
    check_version(data.version, report.version)
    _forget_contact(session, report)
    report.version += 1
    record(session, "report.forgotten", subject=report, actor=actor, at=at, reason=data.reason)
    return report


def forget_ended(session: WriteSession, *, days: int, at: datetime) -> int:
    """Delete contacts and photos of reports that ended so many days ago; return how many reports.

    At most five hundred at once; records report.outlived for each. The files themselves go with the
    next sweep. Basis: Luật 91/2025/QH15.
    """
    ended = session.exec(
        select(MisuseReport)
        .where(
            col(MisuseReport.ended_at) < forgotten_before(at, days),
            col(MisuseReport.forgotten_at).is_(None),
        )
        .order_by(col(MisuseReport.id))
        .limit(_FORGOTTEN_AT_ONCE)
        .with_for_update()
    ).all()
    for report in ended:
        _forget_contact(session, report)
        photos = session.exec(
            select(MisusePhoto).where(col(MisusePhoto.report_id) == report.id)
        ).all()
        for photo in photos:
            photo.sha256 = photo.copy_sha256 = photo.thumbnail_sha256 = None
            photo.position = ""
        report.forgotten_at = at
        report.version += 1
        record(
            session,
            "report.outlived",
            subject=report,
            actor=SYSTEM,
            at=at,
            photos=len(photos),
        )
    return len(ended)


def _told_by_stamp(
    session: WriteSession, stamp: str, *, at: datetime
) -> tuple[Verdict | None, str, CertifiedProduct | None]:
    """Return what a stamp says at this moment; a code that cannot be read says nothing."""
    if not stamp:
        return None, "", None
    try:
        answer = verdict(session, stamp, at=at)
    except Refusal as unreadable:
        return None, unreadable.text, None
    certified = (
        _certificate(session, answer.certificate.code, at=at) if answer.certificate else None
    )
    return answer.verdict, answer.message, certified


def _certificate(session: WriteSession, code: str, *, at: datetime) -> CertifiedProduct:
    try:
        return get_register_entry(session, code, on=local_day(at))
    except NotFound as nowhere:
        raise Invalid({"certificate": "Danh bạ không có giấy chứng nhận mang mã này."}) from nowhere


def _keep(session: WriteSession, report: MisuseReport, photos: Sequence[WitnessPicture]) -> None:
    for photo in photos:
        session.add(
            MisusePhoto(
                code=new_code("HA"),
                report_id=report.id or 0,
                media_type=photo.media_type,
                sha256=photo.original_sha256,
                position=photo.position,
                copy_sha256=photo.copy.sha256,
                thumbnail_sha256=photo.thumbnail.sha256,
                thumbnail_width=photo.thumbnail.width,
                thumbnail_height=photo.thumbnail.height,
            )
        )


def _forget_contact(session: WriteSession, report: MisuseReport) -> None:
    contact = contact_of(session, report)
    if contact is not None:
        session.delete(contact)
    report.has_contact = False


def _check_outcome(
    session: WriteSession, report: MisuseReport, data: CloseReport, *, at: datetime
) -> None:
    wrong: dict[str, str] = {}
    if data.outcome in REFERENCE_MESSAGES and not data.reference:
        wrong["reference"] = REFERENCE_MESSAGES[data.outcome]
    if data.outcome is ReportOutcome.HANDED_OVER:
        if not data.authority:
            wrong["authority"] = LETTER_MESSAGES["authority"]
        if data.letter_on is None or data.letter_on > local_day(at):
            wrong["letter_on"] = LETTER_MESSAGES["letter_on"]
    if wrong:
        raise Invalid(wrong)
    if data.outcome in {ReportOutcome.INSPECTION, ReportOutcome.REVOCATION}:
        about = _certificate_of(session, data.outcome, data.reference)
        if report.certificate_id is not None and about != report.certificate_id:
            raise Invalid({"reference": "Mã này là của giấy chứng nhận khác."})


def _certificate_of(session: WriteSession, outcome: ReportOutcome, code: str) -> int:
    """Return the certificate that a check or a case is about."""
    about = (
        select(Inspection.certificate_id).where(col(Inspection.code) == code)
        if outcome is ReportOutcome.INSPECTION
        else select(RevocationCase.certificate_id).where(col(RevocationCase.code) == code)
    )
    found = session.exec(about).one_or_none()
    if found is None:
        raise Invalid({"reference": "Không có cuộc kiểm tra hoặc hồ sơ nào mang mã này."})
    return found


def _for_step(
    session: WriteSession, code: str, step: ReportStep, version: int, *, actor: Actor
) -> MisuseReport:
    report = report_for_update(session, code, actor=actor)
    _refuse(why_not_step(actor, report, step))
    check_version(version, report.version)
    return report


def _refuse(refusal: Refusal | None) -> None:
    if refusal:
        raise refusal


def _move(
    session: WriteSession,
    report: MisuseReport,
    step: ReportStep,
    *,
    actor: Actor,
    at: datetime,
    note: str = "",
    **said: Any,
) -> None:
    before, after = report.state, state_after(report.state, step)
    if after is None:
        raise WrongReportState(state=STATE_LABELS[before], step=STEP_LABELS[step])
    report.state, report.last_step_at = after, at
    report.version += 1
    session.add(
        MisuseStep(
            report_id=report.id or 0, step=step, after=after, note=note, at=at, by=actor.name
        )
    )
    record(
        session,
        EVENTS[step],
        subject=report,
        actor=actor,
        at=at,
        before=before,
        after=after,
        **({"note": note} if note else {}),
        **said,
    )
