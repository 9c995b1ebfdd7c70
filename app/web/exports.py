"""Open data of the register for anybody, and reports for those who see the province."""

from fastapi import Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from app.core.clock import local_day
from app.core.errors import Invalid
from app.core.settings import Settings
from app.domain.exports.actions import House, have_master_table, have_province_report
from app.domain.exports.enums import ExportFormat
from app.domain.exports.models import ExportFile
from app.domain.exports.papers import (
    FORMATS,
    GUARDED,
    LICENCE,
    datapackage,
    dictionary_csv,
    dictionary_document,
)
from app.domain.exports.policy import why_not_master_table, why_not_report
from app.domain.exports.queries import exports_page, get_export, get_snapshot, snapshots_page
from app.domain.exports.rules import (
    COLUMNS,
    DICTIONARY_VERSION,
    EXPORT_LABELS,
    FIRST_YEAR,
    FORMAT_LABELS,
    TYPE_LABELS,
)
from app.domain.exports.schemas import MakeMasterTable, MakeProvinceReport
from app.domain.jobs.enums import JobKind
from app.domain.jobs.models import Job
from app.domain.jobs.queries import unfinished_of
from app.http.attachments import FILE_POLICY, FileGone, disposition, file_answer
from app.http.conditional import is_known
from app.http.sessions import unit_of
from app.web.deps import After, Page, PublicPage, SignedInPage, public_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.jobs import view_of

router = public_router()

_READ = ["GET", "HEAD"]
_FOR_ANYBODY = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
_A_WHILE = _FOR_ANYBODY | {"cache-control": "public, max-age=3600"}
EXPORT_JOBS = (JobKind.PROVINCE_REPORT, JobKind.MASTER_TABLE)
_PACKAGED = 12  # snapshots in the package: a year


@router.get("/register/data", name="data.show")
def data(page: PublicPage, after: After = 0) -> Response:
    """List the snapshots of the register, how to cite them, and what each column means."""
    found = snapshots_page(page.session, after=after)
    return page.render(
        "exports/data.html",
        found=found,
        after=after,
        newest=found.items[0] if found.items and not after else None,
        columns=COLUMNS,
        types=TYPE_LABELS,
        version=DICTIONARY_VERSION,
        licence=LICENCE,
        formats=FORMATS,
        guarded=GUARDED,
        public_url=page.settings.public_url.rstrip("/"),
    )


@router.api_route("/register/data/dictionary.json", methods=_READ, name="data.dictionary")
def dictionary(_request: Request) -> Response:
    """Give the data dictionary as JSON."""
    return JSONResponse(dictionary_document(), headers=_A_WHILE)


@router.api_route("/register/data/dictionary.csv", methods=_READ, name="data.dictionary_csv")
def dictionary_table(_request: Request) -> Response:
    """Give the data dictionary as a table."""
    headers = {"content-disposition": disposition("ocop-lai-chau-tu-dien.csv")}
    return Response(dictionary_csv(), media_type="text/csv", headers=_A_WHILE | headers)


@router.api_route("/register/data/datapackage.json", methods=_READ, name="data.package")
def package(request: Request) -> Response:
    """Describe the newest snapshots as a Frictionless Data package."""
    settings: Settings = request.app.state.settings
    found = snapshots_page(unit_of(request).session, limit=_PACKAGED)
    told = datapackage(found.items, public_url=settings.public_url)
    return JSONResponse(told, headers=_A_WHILE)


@router.api_route("/register/data/{month}.csv", methods=_READ, name="data.csv")
def snapshot_csv(request: Request, month: str) -> Response:
    """Give a month's snapshot as CSV; it never changes."""
    found = get_snapshot(unit_of(request).session, month)
    return _for_ever(request, found.csv_sha256, "text/csv", f"{month}.csv")


@router.api_route("/register/data/{month}.json", methods=_READ, name="data.json")
def snapshot_json(request: Request, month: str) -> Response:
    """Give a month's snapshot as JSON; it never changes."""
    found = get_snapshot(unit_of(request).session, month)
    return _for_ever(request, found.json_sha256, "application/json", f"{month}.json")


@router.get("/reports", name="reports.list")
def index(page: Page, after: After = 0) -> Response:
    """Offer the reports this person may have made, and list those that were."""
    return _reports(page, empty_form(), after=after)


@router.post("/reports/province", name="reports.province")
def province(form: PostedForm, page: Page) -> Response:
    """Make the province's report for a day."""
    try:
        made = have_province_report(
            page.session,
            page.settings.files,
            form.read(MakeProvinceReport),
            house=House.of(page.settings),
            actor=page.actor,
            at=page.at,
        )
    except Invalid as problem:
        return _reports(page, form.showing(problem), status=422)
    return _having(page, made, said="Đã lập báo cáo. Tải ở danh sách bên dưới.")


@router.post("/reports/master-table", name="reports.master_table")
def master_table(form: PostedForm, page: Page) -> Response:
    """Make the ministry's table of a year."""
    try:
        made = have_master_table(
            page.session,
            page.settings.files,
            form.read(MakeMasterTable),
            house=House.of(page.settings),
            actor=page.actor,
            at=page.at,
        )
    except Invalid as problem:
        return _reports(page, form.showing(problem), status=422)
    return _having(page, made, said="Đã lập bảng dữ liệu. Tải ở danh sách bên dưới.")


@router.get("/reports/{code}/file", name="reports.file")
def download(page: Page, code: str) -> Response:
    """Give a file that was made to those who may have its kind."""
    made = get_export(page.session, code, actor=page.actor)
    return file_answer(page.request, page.settings.files, made)


def _having(page: SignedInPage, made: ExportFile | Job, *, said: str) -> Response:
    """Go back to the list: what is made stands there, or how far it is."""
    if isinstance(made, Job):
        return page.go("reports.list", said="Máy đang lập; trang này cho biết đến đâu.")
    return page.go("reports.list", said=said)


def _reports(page: SignedInPage, form: Form, *, after: int = 0, status: int = 200) -> Response:
    today = local_day(page.at)
    jobs = unfinished_of(page.session, page.actor, kinds=EXPORT_JOBS)
    return page.render(
        "exports/reports.html",
        status=status,
        form=form,
        found=exports_page(page.session, actor=page.actor, after=after),
        after=after,
        jobs=[view_of(page, job) for job in jobs],
        kinds=EXPORT_LABELS,
        formats=FORMAT_LABELS,
        why_not_report=why_not_report(page.actor),
        why_not_master_table=why_not_master_table(page.actor),
        first_year=FIRST_YEAR,
        year=today.year,
        xlsx=ExportFormat.XLSX.value,
    )


def _for_ever(request: Request, sha256: str, media_type: str, name: str) -> Response:
    """Answer with a kept file whose address names one content; whoever holds it is told so.

    The mark is weak, because the file may be compressed on its way.
    """
    settings: Settings = request.app.state.settings
    etag = f'W/"{sha256}"'
    headers = _FOR_ANYBODY | {"etag": etag, "cache-control": "public, max-age=31536000, immutable"}
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    kept = settings.files.find(sha256)
    if kept is None:
        raise FileGone
    prefix = "minh-hoa-" if settings.demonstration else ""
    headers |= {
        "content-disposition": disposition(f"{prefix}ocop-lai-chau-{name}"),
        "content-security-policy": FILE_POLICY,
        "content-length": str(kept.size),
    }
    if request.method == "HEAD":
        return Response(media_type=media_type, headers=headers)
    return StreamingResponse(settings.files.chunks(sha256), media_type=media_type, headers=headers)
