"""Imports over JSON: the template, checking a file, its report, bringing it in."""

from typing import Annotated, Any

from fastapi import Depends, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.api.deps import Call, PageOut, Pages, api_router, code_path, needs, only_with, page_out
from app.core.clock import local_day
from app.domain.accounts.enums import Scope
from app.domain.imports.actions import (
    SentWorkbook,
    check_import,
    have_import_applied,
    read_again,
    read_sent,
)
from app.domain.imports.papers import marked_workbook, template_workbook
from app.domain.imports.policy import why_not_see
from app.domain.imports.queries import get_run, runs_page
from app.domain.imports.schemas import ApplyImport, ImportReportOut, ImportRunOut, report_of
from app.domain.jobs.models import Job
from app.domain.jobs.schemas import JobOut
from app.http.papers import WORKBOOK_ANSWER, workbook_answer

router = api_router(tags=["imports"])
Reading = Annotated[Call, needs(Scope.REGISTER_READ)]
Writing = Annotated[Call, needs(Scope.REGISTER_WRITE)]
Code = Annotated[str, code_path("NH-7K2M9Q4")]
LATER: dict[int | str, dict[str, Any]] = {
    202: {"model": JobOut, "description": "Tệp dài: máy nhập sau, hỏi `/jobs/{code}`."}
}


class WorkbookForm(BaseModel):
    """A file, as a multipart form sends it."""

    file: UploadFile


def sent_workbook(
    request: Request, form: Annotated[WorkbookForm, Form(media_type="multipart/form-data")]
) -> SentWorkbook:
    """Read and keep the file of a multipart form, before anything is asked of the database."""
    return read_sent(
        request.app.state.settings.files,
        form.file.file.read(),
        file_name=form.file.filename or "",
    )


@router.get("/imports", summary="Danh sách tệp nhập")
def index(call: Reading, pages: Pages) -> PageOut[ImportRunOut]:
    """List the files that were checked or brought in, newest first."""
    found = runs_page(call.session, actor=call.actor, after=pages.after, limit=pages.limit)
    return page_out(found, ImportRunOut.of)


@router.get(
    "/imports/template.xlsx",
    summary="Tệp mẫu để nhập",
    response_class=Response,
    responses=WORKBOOK_ANSWER,
)
def template(call: Reading) -> Response:
    """Give the workbook to fill in."""
    if refusal := why_not_see(call.actor):
        raise refusal
    content = template_workbook(call.session, on=local_day(call.at), at=call.at)
    return workbook_answer(content, "mau-nhap-du-lieu-ocop.xlsx")


@router.post(
    "/imports",
    status_code=201,
    summary="Kiểm tra tệp nhập",
    dependencies=[only_with(Scope.REGISTER_WRITE)],
)
def check(
    workbook: Annotated[SentWorkbook, Depends(sent_workbook)], call: Writing
) -> ImportReportOut:
    """Check a file of the template; nothing of what it holds is written."""
    return ImportReportOut.of(check_import(call.session, workbook, actor=call.actor, at=call.at))


@router.get("/imports/{code}", summary="Một tệp nhập")
def show(call: Reading, code: Code) -> ImportReportOut:
    """Show what a file would do or did, and what is wrong with it, cell by cell."""
    return ImportReportOut.of(get_run(call.session, code, actor=call.actor))


@router.post(
    "/imports/{code}/apply",
    summary="Nhập trọn tệp",
    response_model=ImportReportOut,
    responses=LATER,
)
def apply(call: Writing, code: Code, data: ApplyImport) -> ImportReportOut | JSONResponse:
    """Bring a checked file in; `state` is `failed`, and nothing written, when it no longer fits."""
    run = have_import_applied(
        call.session, code, data, files=call.settings.files, actor=call.actor, at=call.at
    )
    if isinstance(run, Job):
        return JSONResponse(JobOut.of(run).model_dump(mode="json"), status_code=202)
    return ImportReportOut.of(run)


@router.get(
    "/imports/{code}/errors.xlsx",
    summary="Tệp có đánh dấu ô lỗi",
    response_class=Response,
    responses=WORKBOOK_ANSWER,
)
def errors(call: Reading, code: Code) -> Response:
    """Give the file again with its wrong cells marked."""
    run = get_run(call.session, code, actor=call.actor)
    sheets = read_again(call.settings.files, run)
    content = marked_workbook(sheets, report_of(run).errors, at=run.checked_at)
    return workbook_answer(content, f"loi-{code}.xlsx")
