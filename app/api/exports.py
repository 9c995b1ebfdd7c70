"""Snapshots of the register for anybody, and reports for those who see the province, over JSON."""

from typing import Annotated, Any

from fastapi import Response
from fastapi.responses import JSONResponse

from app.api.deps import AnyCall, Call, PageOut, Pages, code_path, needs, page_out, public_router
from app.domain.accounts.enums import Scope
from app.domain.exports.actions import House, have_master_table, have_province_report
from app.domain.exports.models import ExportFile, RegisterSnapshot
from app.domain.exports.queries import exports_page, get_export, snapshots_page
from app.domain.exports.schemas import (
    ExportOut,
    MakeMasterTable,
    MakeProvinceReport,
    SnapshotOut,
)
from app.domain.jobs.models import Job
from app.domain.jobs.schemas import JobOut
from app.http.attachments import file_answer
from app.http.papers import WORKBOOK_ANSWER

router = public_router(tags=["exports"])
Reading = Annotated[Call, needs(Scope.RECOGNITION_READ)]
Code = Annotated[str, code_path("XB-7K2M9Q4")]
LATER: dict[int | str, dict[str, Any]] = {
    202: {"model": JobOut, "description": "Danh bạ lớn: máy lập sau, hỏi `/jobs/{code}`."}
}


@router.get("/register/snapshots", summary="Bản chụp danh bạ hằng tháng")
def snapshots(call: AnyCall, pages: Pages) -> PageOut[SnapshotOut]:
    """List the monthly snapshots of the register, newest first, each with its files and hashes."""
    found = snapshots_page(call.session, after=pages.after, limit=pages.limit)

    def told(one: RegisterSnapshot) -> SnapshotOut:
        return SnapshotOut.of(one, public_url=call.settings.public_url)

    return page_out(found, told)


@router.get("/reports", summary="Các báo cáo, bảng dữ liệu đã lập")
def index(call: Reading, pages: Pages) -> PageOut[ExportOut]:
    """List what was made, newest first, of the kinds the caller may have."""
    found = exports_page(call.session, actor=call.actor, after=pages.after, limit=pages.limit)
    return page_out(found, ExportOut.of)


def _having(made: ExportFile | Job) -> ExportOut | JSONResponse:
    """Answer with what was made (201), or with the job that makes it (202)."""
    if isinstance(made, Job):
        return JSONResponse(JobOut.of(made).model_dump(mode="json"), status_code=202)
    return ExportOut.of(made)


@router.post(
    "/reports/province",
    status_code=201,
    summary="Lập báo cáo của tỉnh",
    response_model=ExportOut,
    responses=LATER,
)
def province(call: Reading, data: MakeProvinceReport) -> ExportOut | JSONResponse:
    """Make the province's workbook for a day: overview, lists, communes, ends, renewals, revocations."""
    made = have_province_report(
        call.session,
        call.settings.files,
        data,
        house=House.of(call.settings),
        actor=call.actor,
        at=call.at,
    )
    return _having(made)


@router.post(
    "/reports/master-table",
    status_code=201,
    summary="Lập bảng PTNT_OCOP",
    response_model=ExportOut,
    responses=LATER,
)
def master_table(call: Reading, data: MakeMasterTable) -> ExportOut | JSONResponse:
    """Make the ministry's master table of a year, with revenue where it was stated for that year."""
    made = have_master_table(
        call.session,
        call.settings.files,
        data,
        house=House.of(call.settings),
        actor=call.actor,
        at=call.at,
    )
    return _having(made)


@router.get("/reports/{code}", summary="Một báo cáo, bảng dữ liệu đã lập")
def show(call: Reading, code: Code) -> ExportOut:
    """Tell of one file that was made."""
    return ExportOut.of(get_export(call.session, code, actor=call.actor))


@router.get(
    "/reports/{code}/file",
    summary="Tải tệp đã lập",
    response_class=Response,
    responses=WORKBOOK_ANSWER,
)
def download(call: Reading, code: Code) -> Response:
    """Send a file that was made, exactly as it was made."""
    made = get_export(call.session, code, actor=call.actor)
    return file_answer(call.request, call.settings.files, made)
