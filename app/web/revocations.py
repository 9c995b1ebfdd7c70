"""Pages of revocation: cases from conclusion to decision, and producers that ended (art. 8)."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Response

from app.core.clock import local_day, today
from app.core.db import ReadSession
from app.core.errors import Refusal
from app.domain.accounts.rules import Actor
from app.domain.places.queries import commune_names
from app.domain.producers.queries import get_producer
from app.domain.recognition.actions import (
    attach_conclusion,
    drop_case,
    open_case,
    record_dissolution,
    submit_case,
    undo_dissolution,
    verify_case,
)
from app.domain.recognition.enums import (
    DecisionKind,
    RevocationGround,
    RevocationState,
    RevocationStep,
)
from app.domain.recognition.policy import (
    why_not_attach_conclusion,
    why_not_dissolve,
    why_not_move_case,
    why_not_open_case,
    why_not_undo_dissolution,
)
from app.domain.recognition.queries import (
    cases_page,
    conclusion_of,
    decision_of,
    get_case,
    get_certificate,
    running_case,
)
from app.domain.recognition.rules import (
    PRODUCTION_STOPPED,
    REVOCATION_CLOCK,
    REVOCATION_LABELS,
    REVOCATION_STEP_LABELS,
    REVOCATION_STEPS,
)
from app.domain.recognition.schemas import (
    AttachConclusion,
    DropCase,
    OpenCase,
    RecordDissolution,
    SubmitCase,
    UndoDissolution,
    VerifyCase,
)
from app.http.attachments import file_answer
from app.rulebooks.loader import in_force
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.evidence import Upload, kept_file, let_in
from app.web.forms import Form, PostedForm, empty_form
from app.web.steps import answer_status, tried
from app.web.tones import REVOCATION_TONES

router = page_router()

# What is done from each state, in the order of art. 8.3; the decision is drafted elsewhere.
NEXT_STEP: dict[RevocationState, RevocationStep] = {
    RevocationState.OPENED: RevocationStep.VERIFY,
    RevocationState.VERIFIED: RevocationStep.SUBMIT,
    RevocationState.SUBMITTED: RevocationStep.REVOKE,
}
_STEP_WORDS: dict[RevocationState, str] = {
    RevocationState.OPENED: "Có kết luận",
    RevocationState.VERIFIED: "Kiểm tra, xác minh",
    RevocationState.SUBMITTED: "Trình cấp có thẩm quyền",
    RevocationState.REVOKED: "Quyết định thu hồi",
}


@router.get("/revocations", name="revocations.list")
def index(page: Page, after: After = 0) -> Response:
    """List the revocation cases this person may see, with the clock of each."""
    return page.render(
        "recognition/_revocations.html" if page.is_fragment else "recognition/revocations.html",
        found=cases_page(page.session, actor=page.actor, on=local_day(page.at), after=after),
        after=after,
        labels=REVOCATION_LABELS,
        tones=REVOCATION_TONES,
        basis=REVOCATION_CLOCK,
    )


@router.get("/certificates/{code}/revocation", name="revocations.new")
def new(page: Page, code: str) -> Response:
    """Ask for the conclusion, or for the commune's confirmation."""
    return _new(page, code, empty_form())


def kept_conclusion(request: Request, form: PostedForm, code: str) -> Upload:
    """Keep the scan that came with a new case, if one did, of somebody who may open it."""

    def why_not(session: ReadSession, actor: Actor) -> Refusal | None:
        found = get_certificate(session, code, actor=actor, on=today())
        return why_not_open_case(actor, found, None)

    if form.file("file") is not None:
        return kept_file(request, form, why_not)
    let_in(request, why_not)
    return Upload()


# `upload` stands before `page`: dependencies run in this order, see evidence.kept_file.
@router.post("/certificates/{code}/revocation", name="revocations.create")
def create(
    form: PostedForm, upload: Annotated[Upload, Depends(kept_conclusion)], page: Page, code: str
) -> Response:
    """Open a case."""
    opened: list[str] = []

    def do() -> None:
        if upload.problem:
            raise upload.problem
        case = open_case(
            page.session,
            code,
            form.read(OpenCase),
            actor=page.actor,
            at=page.at,
            scan=upload.stored,
            file_name=upload.name,
        )
        opened.append(case.code)

    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _new(page, code, shown, why),
        done=lambda: page.go("revocations.show", code=opened[0], said="Đã mở hồ sơ thu hồi."),
    )


@router.get("/revocations/{code}", name="revocations.show")
def show(page: Page, code: str) -> Response:
    """Show a case: its ground and clock, what was done, and the next step."""
    return _show(page, code, empty_form())


@router.post("/revocations/{code}/verify", name="revocations.verify")
def verify(form: PostedForm, page: Page, code: str) -> Response:
    """Write down what the check found."""

    def do() -> None:
        verify_case(page.session, code, form.read(VerifyCase), actor=page.actor, at=page.at)

    return _step(page, code, form, do, said="Đã ghi kết quả kiểm tra, xác minh.")


@router.post("/revocations/{code}/submit", name="revocations.submit")
def submit(form: PostedForm, page: Page, code: str) -> Response:
    """Write down the letter that puts the case before who decides."""

    def do() -> None:
        submit_case(page.session, code, form.read(SubmitCase), actor=page.actor, at=page.at)

    return _step(page, code, form, do, said="Đã ghi tờ trình.")


@router.post("/revocations/{code}/drop", name="revocations.drop")
def drop(form: PostedForm, page: Page, code: str) -> Response:
    """End a case without a revocation."""

    def do() -> None:
        drop_case(page.session, code, form.read(DropCase), actor=page.actor, at=page.at)

    return _step(page, code, form, do, said="Đã dừng hồ sơ thu hồi.")


def kept_scan(request: Request, form: PostedForm, code: str) -> Upload:
    """Check and keep the scan of somebody who may add it to this case."""

    def why_not(session: ReadSession, actor: Actor) -> Refusal | None:
        row = get_case(session, code, actor=actor, on=today())
        return why_not_attach_conclusion(actor, row.case, row.producer)

    return kept_file(request, form, why_not)


@router.post("/revocations/{code}/conclusion", name="revocations.attach")
def attach(
    form: PostedForm, upload: Annotated[Upload, Depends(kept_scan)], page: Page, code: str
) -> Response:
    """Keep the scan of the conclusion."""

    def do() -> None:
        attach_conclusion(
            page.session,
            code,
            form.read(AttachConclusion),
            upload.file(),
            file_name=upload.name,
            actor=page.actor,
            at=page.at,
        )

    return _step(page, code, form, do, said="Đã lưu bản quét kết luận.")


@router.get("/revocations/{code}/conclusion", name="revocations.conclusion")
def conclusion(page: Page, code: str) -> Response:
    """Give the scan of the conclusion to whoever sees the case."""
    scan = conclusion_of(page.session, code, actor=page.actor, on=local_day(page.at))
    return file_answer(page.request, page.settings.files, scan)


# --- producers that ended ---------------------------------------------------------------------


@router.get("/producers/{code}/dissolution", name="dissolutions.show")
def dissolution(page: Page, code: str) -> Response:
    """Show whether a producer ended, with the form to write it down or to take it back."""
    return _dissolution(page, code, empty_form())


@router.post("/producers/{code}/dissolution", name="dissolutions.record")
def dissolve(form: PostedForm, page: Page, code: str) -> Response:
    """Write down that a producer ended."""

    def do() -> None:
        record_dissolution(
            page.session, code, form.read(RecordDissolution), actor=page.actor, at=page.at
        )

    return _dissolved(page, code, form, do, said="Đã ghi nhận chủ thể ngừng hoạt động.")


@router.post("/producers/{code}/dissolution/undo", name="dissolutions.undo")
def undo(form: PostedForm, page: Page, code: str) -> Response:
    """Take back that a producer ended."""

    def do() -> None:
        undo_dissolution(
            page.session, code, form.read(UndoDissolution), actor=page.actor, at=page.at
        )

    return _dissolved(page, code, form, do, said="Đã hủy việc ghi nhận ngừng hoạt động.")


# --- answers ----------------------------------------------------------------------------------


def _step(
    page: SignedInPage, code: str, form: Form, do: Callable[[], object], *, said: str
) -> Response:
    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _show(page, code, shown, why),
        done=lambda: page.go("revocations.show", code=code, said=said),
    )


def _dissolved(
    page: SignedInPage, code: str, form: Form, do: Callable[[], object], *, said: str
) -> Response:
    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _dissolution(page, code, shown, why),
        done=lambda: page.go("dissolutions.show", code=code, said=said),
    )


def _new(page: SignedInPage, code: str, form: Form, refused: Refusal | None = None) -> Response:
    day = local_day(page.at)
    found = get_certificate(page.session, code, actor=page.actor, on=day)
    running = running_case(page.session, found.certificate.id or 0)
    refusal = why_not_open_case(page.actor, found, running)
    if refusal and refused is None:
        raise refusal
    grounds = [
        ground
        for ground in in_force(day).procedure.revocation.grounds
        if not why_not_open_case(page.actor, found, None, RevocationGround(ground.code))
    ]
    return page.render(
        "recognition/revocation_new.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        found=found,
        certificate=found.certificate,
        grounds=grounds,
        law=in_force(day).procedure.revocation,
        confirms=len(grounds) == 1,
        commune=found.commune,
    )


def _show(page: SignedInPage, code: str, form: Form, refused: Refusal | None = None) -> Response:
    row = get_case(page.session, code, actor=page.actor, on=local_day(page.at))
    step = NEXT_STEP.get(row.case.state)
    return page.render(
        "recognition/revocation.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=row,
        case=row.case,
        steps=_steps(row.case.state),
        step=step,
        step_labels=REVOCATION_STEP_LABELS,
        draft_url=page.url(
            "certificate_decisions.new",
            kind=DecisionKind.REVOCATION.value,
            q=row.certificate.product_name[:80],
        ),
        labels=REVOCATION_LABELS,
        tones=REVOCATION_TONES,
        why_not_step=why_not_move_case(page.actor, row.case, step) if step else None,
        why_not_drop=why_not_move_case(page.actor, row.case, RevocationStep.DROP),
        why_not_attach=why_not_attach_conclusion(page.actor, row.case, row.producer),
        decision=decision_of(page.session, row.case),
        clock_basis=REVOCATION_CLOCK,
        steps_basis=REVOCATION_STEPS,
    )


def _steps(state: RevocationState) -> list[tuple[str, str]]:
    """Return the steps of art. 8.3 with how far the case came."""
    order = list(_STEP_WORDS)
    if state is RevocationState.DROPPED:
        return []
    reached = order.index(state)
    return [
        (word, "done" if place <= reached else "now" if place == reached + 1 else "")
        for place, word in enumerate(_STEP_WORDS.values())
    ]


def _dissolution(
    page: SignedInPage, code: str, form: Form, refused: Refusal | None = None
) -> Response:
    producer = get_producer(page.session, code, actor=page.actor)
    names = commune_names(page.session, [producer.commune_code], on=local_day(page.at))
    return page.render(
        "recognition/revocation_dissolution.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        producer=producer,
        commune=names.get(producer.commune_code, producer.commune_code),
        why_not_dissolve=why_not_dissolve(page.actor, producer),
        why_not_undo=why_not_undo_dissolution(page.actor, producer),
        basis=PRODUCTION_STOPPED,
    )
