"""Permissions to print the mark on packaging over JSON, artwork included."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import (
    Call,
    PageOut,
    Pages,
    Sent,
    WithFile,
    api_router,
    code_path,
    needs,
    only_with,
    page_out,
    sent,
)
from app.api.dossiers import FILE_ANSWER
from app.core.artwork_reading import StoredArtwork, store_artwork
from app.core.clock import local_day
from app.domain.accounts.enums import Scope
from app.domain.packaging.actions import (
    add_artwork,
    cancel_permission,
    check_permission,
    draft_permission,
    remove_artwork,
    revise_permission,
    send_permission,
    withdraw_permission,
)
from app.domain.packaging.models import PackagingPermission
from app.domain.packaging.papers import (
    LARGEST_SYMBOL_MM,
    LEAST_SYMBOL_MM,
    DesignerSymbol,
    designer_symbol,
    instructions_pdf,
    permission_paper,
    symbol_pdf,
    symbol_svg,
)
from app.domain.packaging.queries import (
    get_artwork,
    get_permission,
    permission_detail_out,
    permission_out,
    permissions_page,
)
from app.domain.packaging.rules import SYMBOL_SIZES_MM
from app.domain.packaging.schemas import (
    AddArtwork,
    CancelPermission,
    CheckPermission,
    DraftPermission,
    PermissionDetailOut,
    PermissionOut,
    RemoveArtwork,
    RevisePermission,
    SendPermission,
    WithdrawPermission,
)
from app.domain.recognition.queries import get_certificate
from app.http.attachments import file_answer
from app.http.papers import PDF_ANSWER, SVG_ANSWER, pdf_answer, svg_answer

router = api_router(tags=["packaging"])
Reading = Annotated[Call, needs(Scope.STAMPS_READ)]
Writing = Annotated[Call, needs(Scope.STAMPS_WRITE)]
CertificateCode = Annotated[str, code_path("CN-4M7P2Q8")]
Code = Annotated[str, code_path("BB-4T8N2K6")]
ArtworkCode = Annotated[str, code_path("MB-7K2M9Q4")]
Side = Annotated[
    int,
    Query(
        ge=LEAST_SYMBOL_MM, le=LARGEST_SYMBOL_MM, description="Cạnh của mã, mm, kể cả viền trắng."
    ),
]


class ArtworkForm(WithFile, AddArtwork):
    """A file of artwork, as a multipart form sends it."""


SentArtwork = Annotated[
    Sent[AddArtwork, StoredArtwork], sent(ArtworkForm, AddArtwork, store_artwork)
]


@router.get("/packaging", summary="Danh sách mẫu bao bì")
def index(call: Reading, pages: Pages) -> PageOut[PermissionOut]:
    """List the requests the token's owner may see, newest first, with what each is worth today."""
    found = permissions_page(
        call.session,
        actor=call.actor,
        on=local_day(call.at),
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, permission_out)


@router.get("/certificates/{code}/packaging", summary="Mẫu bao bì của một giấy chứng nhận")
def of_certificate(call: Reading, code: CertificateCode, pages: Pages) -> PageOut[PermissionOut]:
    """List what was asked for one certificate, newest first."""
    day = local_day(call.at)
    found = get_certificate(call.session, code, actor=call.actor, on=day)
    return page_out(
        permissions_page(
            call.session,
            actor=call.actor,
            on=day,
            certificate_id=found.certificate.id,
            after=pages.after,
            limit=pages.limit,
        ),
        permission_out,
    )


@router.post("/certificates/{code}/packaging", status_code=201, summary="Lập đề nghị in bao bì")
def draft(call: Writing, code: CertificateCode, data: DraftPermission) -> PermissionDetailOut:
    """Begin a request for a certificate in force; artwork is added afterwards."""
    return _told(call, draft_permission(call.session, code, data, actor=call.actor, at=call.at))


@router.get(
    "/certificates/{code}/packaging/symbol.svg",
    summary="Mã tra cứu để in, SVG đúng cỡ",
    response_class=Response,
    responses=SVG_ANSWER,
)
def symbol_as_svg(call: Reading, code: CertificateCode, mm: Side = SYMBOL_SIZES_MM[0]) -> Response:
    """Give the code of a certificate in true millimetres, while it is in force."""
    return svg_answer(symbol_svg(_symbol(call, code), mm), f"ma-tra-cuu-{code}-{mm}mm.svg")


@router.get(
    "/certificates/{code}/packaging/symbol.pdf",
    summary="Mã tra cứu để in, PDF đúng cỡ",
    response_class=Response,
    responses=PDF_ANSWER,
)
def symbol_as_pdf(call: Reading, code: CertificateCode, mm: Side = SYMBOL_SIZES_MM[0]) -> Response:
    """Give the code of a certificate as a PDF whose page is the symbol."""
    content = symbol_pdf(_symbol(call, code), mm, at=call.at)
    return pdf_answer(content, f"ma-tra-cuu-{code}-{mm}mm.pdf")


@router.get(
    "/certificates/{code}/packaging/instructions.pdf",
    summary="Hướng dẫn in mã tra cứu",
    response_class=Response,
    responses=PDF_ANSWER,
)
def instructions(call: Reading, code: CertificateCode) -> Response:
    """Tell a designer how to print the code."""
    content = instructions_pdf(
        _symbol(call, code), at=call.at, demonstration=call.settings.demonstration
    )
    return pdf_answer(content, f"huong-dan-in-{code}.pdf")


@router.get("/packaging/{code}", summary="Một mẫu bao bì")
def show(call: Reading, code: Code) -> PermissionDetailOut:
    """Show a request with its files, what the program finds today, and what the agency found."""
    return _shown(call, code)


@router.put("/packaging/{code}", summary="Sửa thông tin bao bì")
def revise(call: Writing, code: Code, data: RevisePermission) -> PermissionDetailOut:
    """Write a package anew, before it is sent."""
    return _told(call, revise_permission(call.session, code, data, actor=call.actor, at=call.at))


@router.post(
    "/packaging/{code}/artworks",
    status_code=201,
    summary="Thêm tệp mẫu",
    dependencies=[only_with(Scope.STAMPS_WRITE)],
)
def add(artwork: SentArtwork, call: Writing, code: Code) -> PermissionDetailOut:
    """Add a file of artwork (PDF, PNG, JPEG): it is read at once."""
    changed = add_artwork(
        call.session,
        code,
        artwork.data,
        artwork.stored,
        file_name=artwork.file_name,
        actor=call.actor,
        at=call.at,
    )
    return _told(call, changed)


@router.post("/packaging/{code}/artworks/{artwork}/remove", summary="Bỏ tệp mẫu")
def remove(
    call: Writing, code: Code, artwork: ArtworkCode, data: RemoveArtwork
) -> PermissionDetailOut:
    """Take a file back, before the request is sent."""
    changed = remove_artwork(call.session, code, artwork, data, actor=call.actor, at=call.at)
    return _told(call, changed)


@router.get(
    "/packaging/{code}/artworks/{artwork}/file",
    summary="Tải tệp mẫu",
    response_class=Response,
    responses=FILE_ANSWER,
)
def artwork_file(call: Reading, code: Code, artwork: ArtworkCode) -> Response:
    """Send a file of artwork to whoever may see the request."""
    row = get_permission(call.session, code, actor=call.actor, on=local_day(call.at))
    named = get_artwork(call.session, row.permission, artwork)
    return file_answer(call.request, call.settings.files, named)


@router.post("/packaging/{code}/send", summary="Gửi mẫu bao bì")
def send(call: Writing, code: Code, data: SendPermission) -> PermissionDetailOut:
    """Send a request to the agency; refused with what must not be printed."""
    changed = send_permission(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        host=call.settings.stamp_host,
    )
    return _told(call, changed)


@router.post("/packaging/{code}/cancel", summary="Rút đề nghị")
def cancel(call: Writing, code: Code, data: CancelPermission) -> PermissionDetailOut:
    """Take a request back before it is decided."""
    return _told(call, cancel_permission(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/packaging/{code}/check", summary="Kiểm tra mẫu bao bì")
def check(call: Writing, code: Code, data: CheckPermission) -> PermissionDetailOut:
    """Answer the agency's list and grant, return or decline."""
    changed = check_permission(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        host=call.settings.stamp_host,
    )
    return _told(call, changed)


@router.post("/packaging/{code}/withdraw", summary="Thu hồi chấp thuận")
def withdraw(call: Writing, code: Code, data: WithdrawPermission) -> PermissionDetailOut:
    """Take a permission back from today on."""
    return _told(call, withdraw_permission(call.session, code, data, actor=call.actor, at=call.at))


@router.get(
    "/packaging/{code}/paper.pdf",
    summary="Phiếu chấp thuận mẫu bao bì",
    response_class=Response,
    responses=PDF_ANSWER,
)
def paper(call: Reading, code: Code) -> Response:
    """Print the agreement to the artwork."""
    content = permission_paper(
        call.session,
        code,
        actor=call.actor,
        at=call.at,
        files=call.settings.files,
        agency=call.settings.agency_name,
        public_url=call.settings.public_url,
        demonstration=call.settings.demonstration,
    )
    return pdf_answer(content, f"phieu-chap-thuan-{code}.pdf")


def _symbol(call: Call, code: str) -> DesignerSymbol:
    return designer_symbol(
        call.session,
        code,
        actor=call.actor,
        on=local_day(call.at),
        host=call.settings.stamp_host,
    )


def _told(call: Call, permission: PackagingPermission) -> PermissionDetailOut:
    return _shown(call, permission.code)


def _shown(call: Call, code: str) -> PermissionDetailOut:
    row = get_permission(call.session, code, actor=call.actor, on=local_day(call.at))
    return permission_detail_out(call.session, row, actor=call.actor, host=call.settings.stamp_host)
