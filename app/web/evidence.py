"""Pages of a dossier's papers: add, cite under a criterion, take away, download."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Generic, TypeAlias, TypeVar

from fastapi import Depends, Request, Response

from app.core import clock
from app.core.clock import local_day
from app.core.db import ReadSession, reading
from app.core.errors import Invalid, Refusal, Unreachable
from app.core.files import StoredFile, store
from app.core.settings import Settings
from app.domain.accounts.queries import find_login
from app.domain.accounts.rules import Actor
from app.domain.dossiers.actions import add_evidence, stop_using_evidence, use_evidence
from app.domain.dossiers.enums import DossierPart
from app.domain.dossiers.policy import sees_all_evidence, why_not_edit
from app.domain.dossiers.queries import get_dossier, get_evidence, self_assessment
from app.domain.dossiers.rules import EVIDENCE_LABELS
from app.domain.dossiers.schemas import AddEvidence, CiteEvidence
from app.http.attachments import file_answer
from app.web.deps import After, Page, SignedInPage, SignInNeeded, page_router, session_cookie
from app.web.dossiers import seen_dossier
from app.web.forms import Form, PostedForm, empty_form
from app.web.paper_marks import mark_of
from app.web.privacy import note_paper_of

router = page_router()
PAPERS_A_PAGE = 40
Kept = TypeVar("Kept")


@dataclass(frozen=True)  # no slots: what a generic class makes is marked with its parameter
class UploadOf(Generic[Kept]):
    """A file that was checked and kept, or what is wrong with it."""

    name: str = ""
    stored: Kept | None = None
    problem: Invalid | None = None

    def file(self) -> Kept:
        """Return what was kept; refuse with what is wrong, or with the field that was left empty."""
        if self.stored is None:
            raise self.problem or Invalid({"file": "Hãy chọn tệp."}, code="file.missing")
        return self.stored


Upload: TypeAlias = UploadOf[StoredFile]


def kept_upload(request: Request, form: PostedForm, code: str) -> Upload:
    """Check and keep the file of somebody who may write this dossier, see kept_file."""
    return kept_file(
        request,
        form,
        lambda session, actor: why_not_edit(
            actor, get_dossier(session, code, actor=actor).dossier, DossierPart.EVIDENCE
        ),
    )


def let_in(request: Request, why_not: Callable[[ReadSession, Actor], Refusal | None]) -> None:
    """Turn away who may not write there, in a short look that is over before a file is kept."""
    settings: Settings = request.app.state.settings
    at = clock.now()
    with reading(request.app.state.engine) as session:
        secret = request.cookies.get(session_cookie(settings), "")
        idle = settings.session_idle_time
        roles = request.app.state.second_factor_roles
        found = find_login(session, secret, at=at, idle=idle, roles=roles)
        if found is None:
            raise SignInNeeded
        if refusal := why_not(session, found[1]):
            raise refusal


def kept_file(
    request: Request,
    form: PostedForm,
    why_not: Callable[[ReadSession, Actor], Refusal | None],
) -> Upload:
    """Check and keep the file before the request's transaction begins: writers would queue.

    A short look of its own makes sure that only somebody who may write there leaves a file.
    """
    settings: Settings = request.app.state.settings
    let_in(request, why_not)
    sent = form.file("file")
    if sent is None:
        return Upload(problem=Invalid({"file": "Hãy chọn tệp."}, code="file.missing"))
    kept = kept_or_told(lambda: store(settings.files, sent.file.read()))
    if isinstance(kept, Invalid):
        return Upload(problem=kept)
    return Upload(sent.filename or "", kept)


def kept_or_told(keep: Callable[[], Kept]) -> Kept | Invalid:
    """Keep a file, or return what to tell beside its field: the form stays as it was filled in."""
    try:
        return keep()
    except Invalid as problem:
        return problem
    except Unreachable as later:
        return Invalid({"file": later.template}, code=later.reason_code)


KeptUpload = Annotated[Upload, Depends(kept_upload)]


@router.get("/dossiers/{code}/evidence", name="dossiers.evidence")
def evidence(page: Page, code: str, criterion: str = "", after: After = 0) -> Response:
    """Show the papers and where each is cited, with the form to add one."""
    return _evidence(page, code, empty_form({"criterion_code": criterion}), after=after)


# `upload` stands before `page`: dependencies run in this order, see kept_upload.
@router.post("/dossiers/{code}/evidence", name="dossiers.add_evidence")
def add(form: PostedForm, upload: KeptUpload, page: Page, code: str) -> Response:
    """Add a paper to the producer's, and cite it where asked."""
    try:
        data = form.read(AddEvidence)
        add_evidence(
            page.session,
            code,
            data,
            upload.file(),
            file_name=upload.name,
            actor=page.actor,
            at=page.at,
        )
    except Invalid as problem:
        if upload.problem:
            problem.fields |= upload.problem.fields
        return _evidence(page, code, form.showing(problem), status=422)
    return page.go("dossiers.evidence", code=code, said="Đã thêm minh chứng.")


@router.post("/dossiers/{code}/evidence/cite", name="dossiers.cite")
def cite(form: PostedForm, page: Page, code: str) -> Response:
    """Let a paper support a criterion."""
    try:
        use_evidence(
            page.session,
            code,
            form.read(CiteEvidence, criterion_code=form.text("cited_criterion")),
            actor=page.actor,
            at=page.at,
        )
    except Invalid as problem:
        if "criterion_code" in problem.fields:
            problem.fields["cited_criterion"] = problem.fields.pop("criterion_code")
        return _evidence(page, code, form.showing(problem), status=422)
    return page.go("dossiers.evidence", code=code, said="Đã gắn minh chứng vào tiêu chí.")


@router.post("/dossiers/{code}/evidence/uncite", name="dossiers.uncite")
def uncite(form: PostedForm, page: Page, code: str) -> Response:
    """Let a paper no longer support a criterion; the button pressed names both."""
    paper, _, criterion = form.text("use").partition(" ")
    stop_using_evidence(
        page.session,
        code,
        form.read(CiteEvidence, evidence_code=paper, criterion_code=criterion),
        actor=page.actor,
        at=page.at,
    )
    return page.go("dossiers.evidence", code=code, said="Đã gỡ minh chứng khỏi tiêu chí.")


@router.get("/dossiers/{code}/evidence/{evidence_code}/file", name="dossiers.evidence_file")
def download(page: Page, code: str, evidence_code: str) -> Response:
    """Give the file itself: to be saved, never shown as a page of ours."""
    row = seen_dossier(page, code)
    paper = get_evidence(page.session, row, evidence_code, actor=page.actor)
    note_paper_of(page, row.producer, paper)
    return file_answer(page.request, page.settings.files, paper)


@router.get("/dossiers/{code}/evidence/{evidence_code}/read", name="dossiers.evidence_read")
def read(page: Page, code: str, evidence_code: str) -> Response:
    """Show a PDF in place, so that a link may lead to one page of it; photos are saved as ever."""
    row = seen_dossier(page, code)
    paper = get_evidence(page.session, row, evidence_code, actor=page.actor)
    note_paper_of(page, row.producer, paper)
    return file_answer(page.request, page.settings.files, paper, to_read=True)


def _evidence(
    page: SignedInPage, code: str, form: Form, *, status: int = 200, after: int = 0
) -> Response:
    row = seen_dossier(page, code)
    assessment = self_assessment(page.session, row, actor=page.actor)
    return page.render(
        "dossiers/evidence.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        assessment=assessment,
        shown=assessment.papers[after : after + PAPERS_A_PAGE],
        after=after,
        next_after=after + PAPERS_A_PAGE if len(assessment.papers) > after + PAPERS_A_PAGE else 0,
        kinds=EVIDENCE_LABELS,
        mark_of=partial(mark_of, on=local_day(page.at)),
        sees_wallet=sees_all_evidence(page.actor, row.dossier),
        criteria={
            criterion.code: f"{criterion.code}. {criterion.name}"
            for criterion in row.rubric.criteria
        },
        largest_mb=page.settings.largest_upload_bytes // (1024 * 1024),
        why_not_edit=why_not_edit(page.actor, row.dossier, DossierPart.EVIDENCE),
    )
