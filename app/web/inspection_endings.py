"""Pages of what follows the minutes: corrections asked, answered and judged; the conclusion."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Response

from app.core.clock import local_day, today
from app.core.db import ReadSession
from app.core.errors import NotFound, Refusal
from app.domain.accounts.rules import Actor
from app.domain.inspections.actions import (
    answer_correction,
    ask_correction,
    conclude,
    judge_correction,
)
from app.domain.inspections.enums import (
    CorrectionState,
    Finding,
    Outcome,
)
from app.domain.inspections.policy import (
    sees_corrections,
    why_not_answer,
    why_not_ask_correction,
    why_not_conclude,
    why_not_judge,
)
from app.domain.inspections.queries import (
    answer_file,
    corrections_of,
    get_inspection,
    items_of,
    progress,
)
from app.domain.inspections.rules import (
    AGENCY_LEADS,
    CHECKING,
    CORRECTION_LABELS,
    LEADS_TO_REVOCATION,
    OUTCOME_LABELS,
    possible_outcomes,
)
from app.domain.inspections.schemas import (
    AnswerCorrection,
    AskCorrection,
    Conclude,
    JudgeCorrection,
)
from app.http.attachments import file_answer
from app.web.deps import Page, SignedInPage, page_router
from app.web.evidence import Upload, kept_file, let_in
from app.web.forms import Form, PostedForm, empty_form
from app.web.inspection_checklists import with_file
from app.web.inspections import grounds_on, seen_check
from app.web.steps import answer_status, tried
from app.web.tones import (
    CORRECTION_TONES,
)

router = page_router()


# --- corrections ------------------------------------------------------------------------------


@router.get("/inspections/{code}/corrections", name="inspections.corrections")
def corrections(page: Page, code: str) -> Response:
    """Show what is to be mended: to be asked for, answered or judged, by whoever reads."""
    return _corrections(page, code, empty_form(), None)


@router.post("/inspections/{code}/corrections", name="inspections.ask")
def ask(form: PostedForm, page: Page, code: str) -> Response:
    """Set what is to be mended until a day."""
    return _mend(
        page,
        form,
        code,
        lambda: ask_correction(
            page.session, code, form.read(AskCorrection), actor=page.actor, at=page.at
        ),
        said="Đã gửi yêu cầu khắc phục cho chủ thể.",
    )


def kept_answer(request: Request, form: PostedForm, code: str) -> Upload:
    """Check and keep the paper beside an answer, when one was sent."""

    def why_not(session: ReadSession, actor: Actor) -> Refusal | None:
        row = get_inspection(session, code, actor=actor, on=today())
        return why_not_answer(actor, row.inspection, row.producer)

    if form.file("file") is None:
        let_in(request, why_not)
        return Upload()
    return kept_file(request, form, why_not)


# `upload` stands before `page`: dependencies run in this order, see evidence.kept_file.
@router.post("/inspections/{code}/corrections/answer", name="inspections.answer")
def answer(
    form: PostedForm, upload: Annotated[Upload, Depends(kept_answer)], page: Page, code: str
) -> Response:
    """Answer one finding, with a paper or photo."""

    def do() -> None:
        data = with_file(form, upload.problem, AnswerCorrection)
        if upload.problem:
            raise upload.problem
        answer_correction(
            page.session,
            code,
            data,
            upload.stored,
            file_name=upload.name,
            actor=page.actor,
            at=page.at,
        )

    return _mend(page, form, code, do, said="Đã gửi trả lời khắc phục.")


@router.post("/inspections/{code}/corrections/judge", name="inspections.judge")
def judge(form: PostedForm, page: Page, code: str) -> Response:
    """Accept an answer, or refuse it with another day."""
    return _mend(
        page,
        form,
        code,
        lambda: judge_correction(
            page.session, code, form.read(JudgeCorrection), actor=page.actor, at=page.at
        ),
        said="Đã ghi ý kiến về việc khắc phục.",
    )


@router.get("/inspections/{code}/corrections/{answer}/file", name="inspections.answer_file")
def answer_content(page: Page, code: str, answer: str) -> Response:
    """Give the paper beside an answer."""
    named = answer_file(page.session, code, answer, actor=page.actor, on=local_day(page.at))
    return file_answer(page.request, page.settings.files, named)


def _mend(
    page: SignedInPage, form: Form, code: str, do: Callable[[], object], *, said: str
) -> Response:
    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, refusal: _corrections(page, code, shown, refusal),
        done=lambda: page.go("inspections.corrections", code=code, said=said),
    )


def _corrections(page: SignedInPage, code: str, form: Form, refused: Refusal | None) -> Response:
    seen = seen_check(page, code)
    inspection, actor = seen.row.inspection, page.actor
    if not sees_corrections(actor, inspection, seen.team):
        raise NotFound
    items = items_of(page.session, inspection)
    may_ask = why_not_ask_correction(actor, inspection, seen.team) is None
    parts = progress(inspection, items) if may_ask else []
    return page.render(
        "inspections/corrections.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=seen.row,
        it=inspection,
        corrections=corrections_of(page.session, inspection, items=items),
        broken=[one for part in parts for one in part.items if one.finding is Finding.NOT_KEPT],
        may_ask=may_ask,
        ticked=set(form.many("items")),
        here=form.text("item"),
        labels=CORRECTION_LABELS,
        tones=CORRECTION_TONES,
        open_states={CorrectionState.ASKED, CorrectionState.REFUSED, CorrectionState.ANSWERED},
        on=local_day(page.at),
        may_answer=why_not_answer(actor, inspection, seen.row.producer) is None,
        may_judge=why_not_judge(actor, inspection) is None,
        largest_mb=page.settings.largest_upload_bytes // (1024 * 1024),
        basis=CHECKING,
    )


# --- the conclusion ---------------------------------------------------------------------------


@router.get("/inspections/{code}/conclude", name="inspections.conclude")
def conclude_page(page: Page, code: str) -> Response:
    """Ask for the conclusion of a check."""
    values = {
        "concluded_on": local_day(page.at).isoformat(),
        "conclusion_authority": page.settings.agency_name,
    }
    return _conclude(page, code, empty_form(values), None)


@router.post("/inspections/{code}/conclude", name="inspections.save_conclusion")
def save_conclusion(form: PostedForm, page: Page, code: str) -> Response:
    """Conclude a check, for good."""
    return tried(
        page,
        form,
        lambda: conclude(page.session, code, form.read(Conclude), actor=page.actor, at=page.at),
        shown_again=lambda shown, refusal: _conclude(page, code, shown, refusal),
        done=lambda: page.go("inspections.show", code=code, said="Đã ghi kết luận kiểm tra."),
    )


def _conclude(page: SignedInPage, code: str, form: Form, refused: Refusal | None) -> Response:
    seen = seen_check(page, code)
    inspection = seen.row.inspection
    if refusal := why_not_conclude(page.actor, inspection):
        raise refusal
    items = items_of(page.session, inspection)
    possible = possible_outcomes(
        {name: one.finding for name, one in items.items()},
        {name: one.correction for name, one in items.items() if one.correction},
    )
    return page.render(
        "inspections/conclude.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=seen.row,
        it=inspection,
        outcomes={one.value: OUTCOME_LABELS[one] for one in Outcome if one in possible},
        leads_to_revocation=Outcome.BREACH in possible,
        grounds=grounds_on(page),
        basis=AGENCY_LEADS,
        revocation_basis=LEADS_TO_REVOCATION,
        waiting=[
            one
            for one in items.values()
            if one.correction and one.correction is not CorrectionState.ACCEPTED
        ],
    )
