"""Pages of reports: the form for anybody, how far a report is, and the work on it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from app.core.clock import VIET_NAM, local_day
from app.core.errors import Conflict, Invalid, NotFound, Refusal, Unreachable
from app.core.pictures import COPY_MEDIA_TYPE, WitnessPicture, store_witness_picture
from app.core.settings import Settings
from app.domain.accounts.enums import Role
from app.domain.inspections.policy import why_not_plan
from app.domain.misuse.actions import (
    close_report,
    forget_reporter,
    give_back_report,
    join_report,
    name_certificate,
    read_contact,
    send_report,
    take_report,
)
from app.domain.misuse.enums import Concern, ReportState, ReportStep
from app.domain.misuse.models import MisuseContact
from app.domain.misuse.policy import (
    is_mine,
    sees_position,
    why_not_forget,
    why_not_name_certificate,
    why_not_read,
    why_not_read_contact,
    why_not_step,
)
from app.domain.misuse.queries import (
    get_photo,
    goes_on_at,
    open_counts,
    open_state,
    reports_page,
    seen_report,
    state_counts,
)
from app.domain.misuse.rules import (
    CONCERN_LABELS,
    MISUSE,
    MOST_PHOTOS,
    OUTCOME_LABELS,
    PERSONAL_DATA,
    STATE_LABELS,
    STEP_LABELS,
    WATCHING,
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
from app.domain.places.queries import commune_names, communes_on
from app.domain.recognition.queries import CertifiedProduct
from app.domain.register.queries import get_register_entry
from app.domain.verification.queries import told_params, verdict
from app.domain.verification.rules import MESSAGES
from app.http.attachments import FILE_POLICY, attachment
from app.http.limits import FloodLimit, network_of
from app.web.deps import (
    After,
    AnybodysPage,
    Page,
    PublicPage,
    SignedInPage,
    VisitorPage,
    page_router,
)
from app.web.forms import Form, PostedForm, empty_form
from app.web.render import translated
from app.web.tones import REPORT_TONES

router = page_router()
Step = TypeVar("Step", bound=BaseModel)

PHOTO_FIELDS = tuple(f"photo{number}" for number in range(1, MOST_PHOTOS + 1))
# No person sees this field; programs that fill in every form do.
TRAP = "website"


@dataclass(frozen=True, slots=True)
class About:
    """What a report is about as far as a link told it: a certificate, a stamp and what it says."""

    entry: CertifiedProduct | None = None
    stamp: str = ""
    said: str = ""
    is_readable: bool = False


@dataclass(frozen=True, slots=True)
class SentPhotos:
    """The photos of a report, checked and kept; or what is wrong with the form."""

    photos: tuple[WitnessPicture, ...] = ()
    problem: Invalid | None = None


# --- for anybody ------------------------------------------------------------------------------


@router.get("/report", name="misuse.report")
def report(page: PublicPage, certificate: str = "", code: str = "") -> Response:
    """Ask what somebody saw; a link from a verdict or the register says what it is about."""
    return _ask(page, empty_form({"certificate": certificate[:20], "stamp": code[:300]}))


def kept_photos(request: Request, form: PostedForm) -> SentPhotos:
    """Check and keep the photos of a form that is in order, before the request's transaction begins.

    Whatever comes is counted by network first: pictures cost more than anything else here.
    """
    limit: FloodLimit = request.app.state.network_reports
    limit.count(network_of(request.client.host if request.client else ""))
    settings: Settings = request.app.state.settings
    if form.text(TRAP):
        return SentPhotos(problem=Invalid({TRAP: "Hãy để trống ô này."}, code="misuse.trap"))
    try:
        form.read(SendReport)
        kept = tuple(
            store_witness_picture(
                settings.files,
                sent.file.read(),
                gives_position=form.text("gives_position") == "on",
                field=name,
            )
            for name in PHOTO_FIELDS
            if (sent := form.file(name))
        )
    except Invalid as problem:
        return SentPhotos(problem=problem)
    except Unreachable as later:
        return SentPhotos(problem=Invalid({PHOTO_FIELDS[0]: later.template}, code=later.code))
    return SentPhotos(kept)


KeptPhotos = Annotated[SentPhotos, Depends(kept_photos)]


# `kept` stands before `page`: dependencies run in this order, see kept_photos.
@router.post("/report", name="misuse.send")
def send(form: PostedForm, kept: KeptPhotos, page: AnybodysPage) -> Response:
    """Take a report in and show its code."""
    try:
        if kept.problem:
            raise kept.problem
        made = send_report(
            page.session,
            form.read(SendReport),
            kept.photos,
            gives_position=form.text("gives_position") == "on",
            at=page.at,
        )
    except Invalid as problem:
        return _ask(page, form.showing(problem), status=422)
    return page.go("misuse.state", code=made.code, said="Đã nhận phản ánh. Cảm ơn bạn.")


@router.get("/report/state", name="misuse.find")
def find(page: PublicPage, code: str = "") -> Response:
    """Ask for the code of a report; a known one leads to its state."""
    typed = code.strip()[:20]
    if not typed:
        return page.render("misuse/find.html", typed="", problem=None)
    try:
        found = open_state(page.session, typed)
    except NotFound:
        problem = Refusal("Không có phản ánh nào mang mã này.")
        return page.render("misuse/find.html", status=404, typed=typed, problem=problem)
    return page.go("misuse.state", code=found.code)


@router.get("/report/{code}", name="misuse.state")
def state(page: PublicPage, code: str) -> Response:
    """Show how far a report is and since when, nothing else."""
    return page.render(
        "misuse/state.html",
        found=open_state(page.session, code),
        tones=REPORT_TONES,
        steps=[ReportState.RECEIVED, ReportState.CHECKING, ReportState.CLOSED],
        labels=STATE_LABELS,
    )


def _ask(page: VisitorPage, form: Form, *, status: int = 200) -> Response:
    day = local_day(page.at)
    year = datetime(day.year, 1, 1, tzinfo=VIET_NAM).astimezone(UTC)
    received, ended = open_counts(page.session, since=year)
    return page.render(
        "misuse/report.html",
        status=status,
        form=form,
        about=_about(page, form.text("certificate"), form.text("stamp")),
        concerns=CONCERN_LABELS,
        communes={unit.code: unit.full_name for unit in communes_on(page.session, day)},
        on=day.isoformat(),
        photos=PHOTO_FIELDS,
        trap=TRAP,
        received=received,
        ended=ended,
        kept_days=page.settings.reporters_kept_days,
        agency=page.settings.agency_name,
        basis=MISUSE,
        data_basis=PERSONAL_DATA,
    )


def _about(page: VisitorPage, certificate: str, stamp: str) -> About:
    """Return what a link told; what cannot be read is left to the person."""
    said, readable = "", False
    if stamp:
        try:
            answer = verdict(page.session, stamp, at=page.at)
        except Refusal as unreadable:
            said = translated(page.language, unreadable.template, unreadable.params)
        else:
            readable = True
            said = translated(page.language, MESSAGES[answer.verdict], told_params(answer)).strip()
            certificate = answer.certificate.code if answer.certificate else certificate
    try:
        entry = (
            get_register_entry(page.session, certificate, on=local_day(page.at))
            if certificate
            else None
        )
    except NotFound:
        entry = None
    return About(entry, stamp, said, readable)


# --- at work ----------------------------------------------------------------------------------


@router.get("/misuse", name="misuse.list")
def index(
    page: Page, state: str = "", concern: str = "", certificate: str = "", after: After = 0
) -> Response:
    """List the reports this person may see, newest first."""
    if refusal := why_not_read(page.actor):
        raise refusal
    wanted = ReportState(state) if state in set(ReportState) else None
    seen = Concern(concern) if concern in set(Concern) else None
    found = reports_page(
        page.session,
        actor=page.actor,
        at=page.at,
        state=wanted,
        concern=seen,
        certificate=certificate[:20],
        after=after,
    )
    return page.render(
        "misuse/_table.html" if page.is_fragment else "misuse/list.html",
        found=found,
        counts={} if page.is_fragment else state_counts(page.session, actor=page.actor),
        labels=STATE_LABELS,
        concerns=CONCERN_LABELS,
        tones=REPORT_TONES,
        state=wanted,
        concern=seen,
        certificate=certificate[:20],
        after=after,
        basis=WATCHING,
    )


@router.get("/misuse/{code}", name="misuse.show")
def show(page: Page, code: str) -> Response:
    """Show a report, its steps, and what can be done next."""
    return _show(page, code)


@router.post("/misuse/{code}/take", name="misuse.take")
def take(form: PostedForm, page: Page, code: str) -> Response:
    """Take a report to check it."""
    return _step(page, code, form, TakeReport, take_report, said="Bạn đang kiểm tra phản ánh này.")


@router.post("/misuse/{code}/give-back", name="misuse.give_back")
def give_back(form: PostedForm, page: Page, code: str) -> Response:
    """Let somebody else take it."""
    return _step(page, code, form, GiveBackReport, give_back_report, said="Đã trả lại phản ánh.")


@router.post("/misuse/{code}/certificate", name="misuse.certificate")
def certificate(form: PostedForm, page: Page, code: str) -> Response:
    """Put down which certificate it is about."""
    return _step(
        page, code, form, NameCertificate, name_certificate, said="Đã ghi giấy chứng nhận."
    )


@router.post("/misuse/{code}/close", name="misuse.close")
def close(form: PostedForm, page: Page, code: str) -> Response:
    """End a report with what was found."""
    return _step(page, code, form, CloseReport, close_report, said="Đã kết thúc phản ánh.")


@router.post("/misuse/{code}/join", name="misuse.join")
def join(form: PostedForm, page: Page, code: str) -> Response:
    """Join it to another report about the same matter."""
    return _step(page, code, form, JoinReport, join_report, said="Đã gộp phản ánh.")


@router.post("/misuse/{code}/forget", name="misuse.forget")
def forget(form: PostedForm, page: Page, code: str) -> Response:
    """Delete the reporter's contact."""
    return _step(page, code, form, ForgetReporter, forget_reporter, said="Đã xóa liên hệ.")


@router.post("/misuse/{code}/contact", name="misuse.contact")
def contact(_key: PostedForm, page: Page, code: str) -> Response:
    """Show how to reach the reporter, this once; the reading is recorded."""
    found = read_contact(page.session, code, actor=page.actor, at=page.at)
    page.unit.keep_no_answer()
    page.session.flush()
    return _show(page, code, contact=found)


@router.get("/misuse/{code}/photos/{photo}", name="misuse.photo")
def photo(page: Page, code: str, photo: str) -> Response:
    """Send the copy of a photo, without what the camera noted."""
    return _picture(page, get_photo(page.session, code, photo, actor=page.actor).copy_sha256)


@router.get("/misuse/{code}/photos/{photo}/small", name="misuse.thumbnail")
def thumbnail(page: Page, code: str, photo: str) -> Response:
    """Send the small copy of a photo."""
    return _picture(page, get_photo(page.session, code, photo, actor=page.actor).thumbnail_sha256)


@router.get("/misuse/{code}/photos/{photo}/original", name="misuse.original")
def original(page: Page, code: str, photo: str) -> Response:
    """Send the file whose position its reporter gave, to be saved."""
    found = get_photo(page.session, code, photo, actor=page.actor)
    if found.sha256 is None or not sees_position(page.actor):
        raise NotFound
    return attachment(
        page.request,
        page.settings.files,
        sha256=found.sha256,
        media_type=found.media_type,
        file_name=f"{code}-{photo}.{found.media_type.rpartition('/')[2]}",
    )


def _picture(page: SignedInPage, sha256: str | None) -> Response:
    kept = page.settings.files.find(sha256) if sha256 else None
    if sha256 is None or kept is None:
        raise NotFound
    return StreamingResponse(
        page.settings.files.chunks(sha256),
        media_type=COPY_MEDIA_TYPE,
        headers={
            "content-length": str(kept.size),
            "content-security-policy": FILE_POLICY,
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
        },
    )


def _step(
    page: SignedInPage,
    code: str,
    form: Form,
    schema: type[Step],
    do: Callable[..., object],
    *,
    said: str,
) -> Response:
    """Take a step; one that was refused shows the page again with what was typed."""
    name = schema.__name__
    try:
        do(page.session, code, form.read(schema), actor=page.actor, at=page.at)
    except Invalid as problem:
        return _show(page, code, status=422, forms={name: form.showing(problem)}, refused=problem)
    except Conflict as conflict:
        return _show(page, code, status=409, forms={name: form}, refused=conflict)
    return page.go("misuse.show", code=code, said=said)


def _show(
    page: SignedInPage,
    code: str,
    *,
    status: int = 200,
    forms: dict[str, Form] | None = None,
    refused: Refusal | None = None,
    contact: MisuseContact | None = None,
) -> Response:
    seen = seen_report(page.session, code, actor=page.actor, at=page.at)
    report, actor = seen.report, page.actor
    communes = commune_names(
        page.session,
        [report.commune_code, report.product_commune_code],
        on=local_day(page.at),
    )
    answered: dict[str, Any] = {
        schema.__name__: (forms or {}).get(schema.__name__, empty_form())
        for schema in (GiveBackReport, NameCertificate, CloseReport, JoinReport, ForgetReporter)
    }
    return page.render(
        "misuse/show.html",
        status=status,
        seen=seen,
        report=report,
        commune=communes.get(report.commune_code, ""),
        product_commune=communes.get(report.product_commune_code, ""),
        forms=answered,
        filled=next(iter(forms or {}), ""),
        refused=refused,
        contact=contact,
        shows_position=sees_position(actor),
        why_not={step.value: why_not_step(actor, report, step) for step in ReportStep},
        why_not_name=why_not_name_certificate(actor, report),
        why_not_contact=why_not_read_contact(actor, report),
        why_not_forget=why_not_forget(actor, report),
        why_not_plan=why_not_plan(actor),
        opens_cases=actor.has(Role.AGENCY_OFFICER),
        codes=goes_on_at(page.session, report.certificate_id)
        if report.certificate_id and is_mine(actor, report)
        else [],
        labels=STATE_LABELS,
        concerns=CONCERN_LABELS,
        steps=STEP_LABELS,
        outcomes=OUTCOME_LABELS,
        tones=REPORT_TONES,
        kept_days=page.settings.reporters_kept_days,
        basis=MISUSE,
        data_basis=PERSONAL_DATA,
    )
