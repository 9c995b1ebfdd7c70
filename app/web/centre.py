"""Pages of products before the ministry: what was approved, sent and answered (art. 7.3.e, 7.4)."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Response

from app.core.clock import local_day
from app.core.errors import Invalid, Refusal, Refused
from app.domain.recognition.actions import (
    NotApproved,
    attach_answer_scan,
    forward_to_centre,
    record_answer,
)
from app.domain.recognition.papers import why_not_set
from app.domain.recognition.policy import (
    why_not_attach_answer,
    why_not_draft,
    why_not_forward,
    why_not_record_answer,
)
from app.domain.recognition.queries import (
    answer_scan,
    approved_candidate,
    approved_to_send,
    get_submission,
    submissions_page,
)
from app.domain.recognition.rules import CENTRE, CENTRE_ANSWER, FORWARDING, SUBMISSION_LABELS
from app.domain.recognition.schemas import AttachAnswerScan, ForwardToCentre, RecordAnswer
from app.http.attachments import file_answer
from app.rulebooks.loader import regime
from app.rulebooks.scoring import decimal_text
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.evidence import Upload, kept_file
from app.web.forms import Form, PostedForm, empty_form
from app.web.recognition import SCAN_TYPES
from app.web.steps import answer_status, tried
from app.web.tones import SUBMISSION_TONES

router = page_router()

STAR_LABELS = {"4": "4 sao", "3": "3 sao", "0": "Dưới 3 sao"}


@router.get("/centre", name="centre.list")
def index(page: Page, after: After = 0) -> Response:
    """List what waits to be sent, and what was sent."""
    found = submissions_page(page.session, actor=page.actor, after=after)
    is_part = page.is_fragment
    return page.render(
        "recognition/_submissions.html" if is_part else "recognition/submissions.html",
        found=found,
        after=after,
        labels=SUBMISSION_LABELS,
        tones=SUBMISSION_TONES,
        to_send=[] if is_part else approved_to_send(page.session, actor=page.actor),
        why_not_draft=why_not_draft(page.actor),
    )


@router.get("/dossiers/{code}/centre", name="centre.forward")
def forward(page: Page, code: str) -> Response:
    """Ask for the letter with which an approved product goes to the ministry."""
    return _forward(page, code, empty_form())


@router.post("/dossiers/{code}/centre", name="centre.send")
def send(form: PostedForm, page: Page, code: str) -> Response:
    """Write down that a product went to the ministry."""
    try:
        sent = forward_to_centre(
            page.session, code, form.read(ForwardToCentre), actor=page.actor, at=page.at
        )
    except Invalid as problem:
        return _forward(page, code, form.showing(problem), status=422)
    except Refused as refusal:
        return _forward(page, code, form, status=422, why_not=refusal)
    return page.go("centre.show", code=sent.code, said="Đã ghi hồ sơ gửi Trung ương.")


@router.get("/centre/{code}", name="centre.show")
def show(page: Page, code: str) -> Response:
    """Show a product before the ministry, and ask for its answer."""
    return _show(page, code, empty_form())


def kept_answer(request: Request, form: PostedForm, code: str) -> Upload:
    """Check and keep the scan of the answer, if one came, see kept_file."""
    if form.file("file") is None:
        return Upload()
    return kept_file(
        request,
        form,
        lambda session, actor: why_not_record_answer(
            actor, get_submission(session, code, actor=actor).submission
        ),
    )


def kept_later(request: Request, form: PostedForm, code: str) -> Upload:
    """Check and keep the scan of an answer that is written down, see kept_file."""
    return kept_file(
        request,
        form,
        lambda session, actor: why_not_attach_answer(
            actor, get_submission(session, code, actor=actor).submission
        ),
    )


# `upload` stands before `page`: dependencies run in this order, see kept_file.
@router.post("/centre/{code}/answer", name="centre.answer")
def answer(
    form: PostedForm, upload: Annotated[Upload, Depends(kept_answer)], page: Page, code: str
) -> Response:
    """Write down what the ministry answered, with the scan of its paper if it is at hand."""

    def do() -> None:
        if upload.problem:
            raise upload.problem
        record_answer(
            page.session,
            code,
            form.read(RecordAnswer),
            actor=page.actor,
            at=page.at,
            stored=upload.stored,
            file_name=upload.name,
        )

    return _step(page, code, form, do, said="Đã ghi kết quả của Trung ương.")


@router.post("/centre/{code}/scan", name="centre.attach_scan")
def attach(
    form: PostedForm, upload: Annotated[Upload, Depends(kept_later)], page: Page, code: str
) -> Response:
    """Keep the scan of an answer that was written down before."""

    def do() -> None:
        attach_answer_scan(
            page.session,
            code,
            form.read(AttachAnswerScan),
            upload.file(),
            file_name=upload.name,
            actor=page.actor,
            at=page.at,
        )

    return _step(page, code, form, do, said="Đã lưu bản chụp văn bản của Bộ.")


@router.get("/centre/{code}/scan", name="centre.scan")
def scan(page: Page, code: str) -> Response:
    """Give the scan of the answer to everybody who sees the product before the ministry."""
    kept = answer_scan(get_submission(page.session, code, actor=page.actor).submission)
    return file_answer(page.request, page.settings.files, kept, to_read=True)


def _step(
    page: SignedInPage, code: str, form: Form, do: Callable[[], object], *, said: str
) -> Response:
    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, refused: _show(
            page,
            code,
            shown,
            status=answer_status(refused),
            why_not=None if isinstance(refused, Invalid) else refused,
        ),
        done=lambda: page.go("centre.show", code=code, said=said),
    )


def _forward(
    page: SignedInPage,
    code: str,
    form: Form,
    *,
    status: int = 200,
    why_not: Refused | None = None,
) -> Response:
    if refusal := why_not_forward(page.actor):
        raise refusal
    one = approved_candidate(page.session, code, actor=page.actor)
    if one is None:
        raise NotApproved(dossier=code)
    procedure = regime(one.dossier.regime_code).procedure
    return page.render(
        "recognition/forward.html",
        status=status,
        form=form,
        why_not=why_not,
        one=one,
        samples=procedure.samples_for(one.product.set_number),
        today=local_day(page.at).isoformat(),
        basis=FORWARDING,
        why_not_set=why_not_set(page.session, one.dossier.id or 0),
    )


def _show(
    page: SignedInPage,
    code: str,
    form: Form,
    *,
    status: int = 200,
    why_not: Refusal | None = None,
) -> Response:
    row = get_submission(page.session, code, actor=page.actor)
    return page.render(
        "recognition/submission.html",
        status=status,
        form=form,
        why_not=why_not,
        row=row,
        points="" if row.average is None else decimal_text(row.average),
        labels=SUBMISSION_LABELS,
        tones=SUBMISSION_TONES,
        star_choices=STAR_LABELS,
        scan_types=SCAN_TYPES,
        why_not_attach=why_not_attach_answer(page.actor, row.submission),
        why_not_record=why_not_record_answer(page.actor, row.submission),
        why_not_set=why_not_forward(page.actor) or why_not_set(page.session, row.dossier.id or 0),
        basis=f"{FORWARDING}; {CENTRE}",
        answer_basis=CENTRE_ANSWER,
        why_not_draft=why_not_draft(page.actor),
    )
