"""Pages of imports: the template, a file checked, its report with the errors marked, bringing it in."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response

from app.core.clock import local_day
from app.core.errors import Invalid
from app.core.settings import Settings
from app.domain.imports.actions import (
    SentWorkbook,
    check_import,
    have_import_applied,
    read_again,
    read_sent,
)
from app.domain.imports.enums import ImportState
from app.domain.imports.papers import marked_workbook, template_workbook
from app.domain.imports.policy import why_not_apply, why_not_check, why_not_see
from app.domain.imports.queries import get_run, runs_page
from app.domain.imports.rules import KIND_LABELS, STATE_LABELS
from app.domain.imports.schemas import ApplyImport, report_of
from app.domain.jobs.enums import JobKind
from app.domain.jobs.models import Job
from app.domain.jobs.queries import jobs_about
from app.http.papers import workbook_answer
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.evidence import kept_or_told, let_in
from app.web.forms import Form, PostedForm, empty_form
from app.web.jobs import view_of
from app.web.tones import IMPORT_TONES

router = page_router()

MOST_SHOWN = 60  # findings on the page; the marked file tells more


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was read and kept, or what is wrong with it."""

    workbook: SentWorkbook | None = None
    problem: Invalid | None = None


def sent_workbook(request: Request, form: PostedForm) -> Upload:
    """Read and keep the file before the request's transaction begins, for those who may import."""
    settings: Settings = request.app.state.settings
    let_in(request, lambda _session, actor: why_not_check(actor))
    sent = form.file("file")
    if sent is None:
        return Upload(problem=Invalid({"file": "Hãy chọn tệp."}, code="file.missing"))
    read = kept_or_told(
        lambda: read_sent(settings.files, sent.file.read(), file_name=sent.filename or "")
    )
    return Upload(problem=read) if isinstance(read, Invalid) else Upload(read)


@router.get("/imports", name="imports.list")
def index(page: Page, after: After = 0) -> Response:
    """List the files that were checked or brought in, with the form to send one."""
    return _list(page, empty_form(), after=after)


@router.get("/imports/template.xlsx", name="imports.template")
def template(page: Page) -> Response:
    """Give the workbook to fill in."""
    if refusal := why_not_see(page.actor):
        raise refusal
    content = template_workbook(page.session, on=local_day(page.at), at=page.at)
    return workbook_answer(content, "mau-nhap-du-lieu-ocop.xlsx")


# `upload` stands before `page`: dependencies run in this order, see sent_workbook.
@router.post("/imports", name="imports.check")
def check(
    form: PostedForm, upload: Annotated[Upload, Depends(sent_workbook)], page: Page
) -> Response:
    """Check a file; nothing of what it holds is written."""
    if upload.problem or upload.workbook is None:
        problem = upload.problem or Invalid({"file": "Hãy chọn tệp."})
        return _list(page, form.showing(problem), status=422)
    run = check_import(page.session, upload.workbook, actor=page.actor, at=page.at)
    return page.go("imports.show", code=run.code, said="Đã kiểm tra tệp. Chưa nhập gì.")


@router.get("/imports/{code}", name="imports.show")
def show(page: Page, code: str) -> Response:
    """Show what a file would do or did, and what is wrong with it, cell by cell."""
    run = get_run(page.session, code, actor=page.actor)
    report = report_of(run)
    job = jobs_about(page.session, [code], kinds=[JobKind.IMPORT]).get(code)
    return page.render(
        "imports/show.html",
        job=view_of(page, job) if job else None,
        run=run,
        report=report,
        labels=STATE_LABELS,
        tones=IMPORT_TONES,
        kinds=KIND_LABELS,
        most=MOST_SHOWN,
        why_not_apply=why_not_apply(page.actor, run),
    )


@router.post("/imports/{code}/apply", name="imports.apply")
def apply(form: PostedForm, page: Page, code: str) -> Response:
    """Bring a checked file in, whole or not at all."""
    run = have_import_applied(
        page.session,
        code,
        form.read(ApplyImport),
        files=page.settings.files,
        actor=page.actor,
        at=page.at,
    )
    if isinstance(run, Job):
        return page.go(
            "imports.show", code=code, said="Máy đang nhập tệp; trang này cho biết đến đâu."
        )
    if run.state is ImportState.FAILED:
        return page.go(
            "imports.show", code=code, said="Không nhập gì: dữ liệu đã đổi từ lúc kiểm tra."
        )
    return page.go("imports.show", code=code, said="Đã nhập trọn tệp.")


@router.get("/imports/{code}/errors.xlsx", name="imports.errors")
def errors(page: Page, code: str) -> Response:
    """Give the file again with its wrong cells marked."""
    run = get_run(page.session, code, actor=page.actor)
    sheets = read_again(page.settings.files, run)
    content = marked_workbook(sheets, report_of(run).errors, at=run.checked_at)
    return workbook_answer(content, f"loi-{code}.xlsx")


def _list(page: SignedInPage, form: Form, *, after: int = 0, status: int = 200) -> Response:
    template = "imports/_runs.html" if page.is_fragment else "imports/list.html"
    return page.render(
        template,
        status=status,
        form=form,
        found=runs_page(page.session, actor=page.actor, after=after),
        after=after,
        labels=STATE_LABELS,
        tones=IMPORT_TONES,
        why_not_check=why_not_check(page.actor),
    )
