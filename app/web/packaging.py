"""Pages of permissions to print the mark: from a draft with its artwork to the agency's number."""

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Query, Request, Response

from app.core.artwork_reading import StoredArtwork, store_artwork
from app.core.clock import local_day, today
from app.core.errors import Invalid, Refusal
from app.core.settings import Settings
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
from app.domain.packaging.enums import (
    ArtworkItem,
    CheckDecision,
    CheckOutcome,
    PermissionStanding,
    PermissionState,
)
from app.domain.packaging.papers import (
    LARGEST_SYMBOL_MM,
    LEAST_SYMBOL_MM,
    designer_symbol,
    instructions_pdf,
    permission_paper,
    symbol_pdf,
    symbol_svg,
)
from app.domain.packaging.policy import (
    why_not_add,
    why_not_ask,
    why_not_cancel,
    why_not_check,
    why_not_design,
    why_not_grant,
    why_not_print_paper,
    why_not_revise,
    why_not_send,
    why_not_withdraw,
)
from app.domain.packaging.queries import (
    artworks_of,
    checks_of,
    findings_of,
    get_artwork,
    get_permission,
    permissions_page,
    thumbnail_of,
    why_no_symbol,
)
from app.domain.packaging.rules import (
    CHECK_LABELS,
    DECISION_LABELS,
    FINAL,
    ITEM_BASIS,
    ITEM_LABELS,
    MARK,
    MOST_ARTWORKS,
    OPEN,
    OUTCOME_LABELS,
    STANDING_LABELS,
    STATE_LABELS,
    SYMBOL_SIZES_MM,
)
from app.domain.packaging.schemas import (
    LONGEST_REASON,
    MOST_PRINTED,
    AddArtwork,
    CancelPermission,
    CheckPermission,
    DraftPermission,
    RemoveArtwork,
    RevisePermission,
    SendPermission,
    WithdrawPermission,
)
from app.domain.recognition.queries import get_certificate
from app.http.attachments import file_answer
from app.http.papers import pdf_answer, svg_answer
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.evidence import UploadOf, kept_or_told, let_in
from app.web.forms import Form, PostedForm, empty_form, validated
from app.web.steps import answer_status, tried

router = page_router()

STATE_TONES: dict[PermissionState, str] = {
    PermissionState.DRAFT: "",
    PermissionState.SENT: "info",
    PermissionState.RETURNED: "warn",
    PermissionState.GRANTED: "good",
    PermissionState.DECLINED: "bad",
    PermissionState.WITHDRAWN: "bad",
    PermissionState.CANCELLED: "",
}
STANDING_TONES: dict[PermissionStanding, str] = {
    PermissionStanding.NOT_GRANTED: "",
    PermissionStanding.IN_FORCE: "good",
    PermissionStanding.CERTIFICATE_ENDED: "bad",
    PermissionStanding.WITHDRAWN: "bad",
}
OUTCOME_TONES: dict[CheckOutcome, str] = {
    CheckOutcome.PASSED: "good",
    CheckOutcome.WARNING: "warn",
    CheckOutcome.FAILED: "bad",
    CheckOutcome.UNKNOWN: "info",
}
STAR_LABELS = {"3": "3 sao", "4": "4 sao", "5": "5 sao"}
_ANSWERS = {"yes": True, "no": False}
_EDITED = ("package_name", "net_content", "size", "star", "planned_quantity", "printer")

Side = Annotated[int, Query(ge=LEAST_SYMBOL_MM, le=LARGEST_SYMBOL_MM)]


ArtworkUpload: TypeAlias = UploadOf[StoredArtwork]


def kept_artwork(request: Request, form: PostedForm, code: str) -> ArtworkUpload:
    """Keep and read the file of somebody who may add it, before the request's transaction begins."""
    settings: Settings = request.app.state.settings

    def why_not(session: Any, actor: Any) -> Refusal | None:
        row = get_permission(session, code, actor=actor, on=today())
        files = artworks_of(session, row.permission)
        return why_not_add(actor, row.permission, row.product, len(files))

    let_in(request, why_not)
    sent = form.file("file")
    if sent is None:
        return ArtworkUpload(problem=Invalid({"file": "Hãy chọn tệp."}, code="file.missing"))
    kept = kept_or_told(lambda: store_artwork(settings.files, sent.file.read()))
    if isinstance(kept, Invalid):
        return ArtworkUpload(problem=kept)
    return ArtworkUpload(sent.filename or "", kept)


# --- lists ------------------------------------------------------------------------------------


@router.get("/packaging", name="packaging.list")
def index(page: Page, after: After = 0) -> Response:
    """List the requests this person may see."""
    found = permissions_page(page.session, actor=page.actor, on=local_day(page.at), after=after)
    return page.render(
        "packaging/_permissions.html" if page.is_fragment else "packaging/permissions.html",
        found=found,
        after=after,
        certificate=None,
        **_words(),
    )


@router.get("/certificates/{code}/packaging", name="packaging.of_certificate")
def of_certificate(page: Page, code: str, after: After = 0) -> Response:
    """Show what was asked for one certificate, and give its code to designers."""
    day = local_day(page.at)
    found = get_certificate(page.session, code, actor=page.actor, on=day)
    certificate = found.certificate
    return page.render(
        "packaging/certificate.html",
        one=found,
        certificate=certificate,
        after=after,
        found=permissions_page(
            page.session, actor=page.actor, on=day, certificate_id=certificate.id, after=after
        ),
        sizes=SYMBOL_SIZES_MM,
        basis=MARK,
        why_not_ask=why_not_ask(page.actor, certificate, found.product, day),
        why_not_design=why_not_design(page.actor, certificate, found.product, day)
        or why_no_symbol(page.session, certificate),
        **_words(),
    )


# --- for designers ----------------------------------------------------------------------------


@router.get("/certificates/{code}/packaging/symbol.svg", name="packaging.symbol_svg")
def symbol_as_svg(page: Page, code: str, mm: Side = SYMBOL_SIZES_MM[0]) -> Response:
    """Give the code of a certificate as SVG in true millimetres."""
    symbol = _symbol(page, code)
    return svg_answer(symbol_svg(symbol, mm), f"ma-tra-cuu-{code}-{mm}mm.svg")


@router.get("/certificates/{code}/packaging/symbol.pdf", name="packaging.symbol_pdf")
def symbol_as_pdf(page: Page, code: str, mm: Side = SYMBOL_SIZES_MM[0]) -> Response:
    """Give the code of a certificate as a PDF in true millimetres."""
    symbol = _symbol(page, code)
    return pdf_answer(symbol_pdf(symbol, mm, at=page.at), f"ma-tra-cuu-{code}-{mm}mm.pdf")


@router.get("/certificates/{code}/packaging/instructions.pdf", name="packaging.instructions")
def instructions(page: Page, code: str) -> Response:
    """Tell a designer how to print the code."""
    content = instructions_pdf(
        _symbol(page, code), at=page.at, demonstration=page.settings.demonstration
    )
    return pdf_answer(content, f"huong-dan-in-{code}.pdf")


def _symbol(page: SignedInPage, code: str) -> Any:
    return designer_symbol(
        page.session,
        code,
        actor=page.actor,
        on=local_day(page.at),
        host=page.settings.stamp_host,
    )


# --- the request ------------------------------------------------------------------------------


@router.get("/certificates/{code}/packaging/new", name="packaging.new")
def new(page: Page, code: str) -> Response:
    """Ask what package it is."""
    return _new(page, code, empty_form())


@router.post("/certificates/{code}/packaging", name="packaging.draft")
def draft(form: PostedForm, page: Page, code: str) -> Response:
    """Begin a request."""
    try:
        made = draft_permission(
            page.session, code, form.read(DraftPermission), actor=page.actor, at=page.at
        )
    except Invalid as problem:
        return _new(page, code, form.showing(problem), status=422)
    return page.go("packaging.show", code=made.code, said="Đã lưu. Hãy thêm tệp mẫu bao bì.")


@router.get("/packaging/{code}", name="packaging.show")
def show(page: Page, code: str) -> Response:
    """Show a request: its files, what the program finds, what is next and whose turn it is."""
    return _show(page, code, empty_form())


@router.get("/packaging/{code}/edit", name="packaging.edit")
def edit(page: Page, code: str) -> Response:
    """Ask for changes of the package."""
    return _edit(page, code, None)


@router.post("/packaging/{code}", name="packaging.revise")
def revise(form: PostedForm, page: Page, code: str) -> Response:
    """Store the package anew."""
    try:
        revise_permission(
            page.session, code, form.read(RevisePermission), actor=page.actor, at=page.at
        )
    except Invalid as problem:
        return _edit(page, code, form.showing(problem), status=422)
    return page.go("packaging.show", code=code, said="Đã lưu thông tin bao bì.")


# `upload` stands before `page`: dependencies run in this order, see evidence.kept_file.
@router.post("/packaging/{code}/artworks", name="packaging.add_artwork")
def add(
    form: PostedForm,
    upload: Annotated[ArtworkUpload, Depends(kept_artwork)],
    page: Page,
    code: str,
) -> Response:
    """Add a file of artwork."""

    def do() -> None:
        add_artwork(
            page.session,
            code,
            form.read(AddArtwork),
            upload.file(),
            file_name=upload.name,
            actor=page.actor,
            at=page.at,
        )

    return _step(page, code, form, do, said="Đã thêm tệp mẫu; máy đã đọc xong.")


@router.post("/packaging/{code}/artworks/{artwork}/remove", name="packaging.remove_artwork")
def remove(form: PostedForm, page: Page, code: str, artwork: str) -> Response:
    """Take a file back."""

    def do() -> None:
        remove_artwork(
            page.session, code, artwork, form.read(RemoveArtwork), actor=page.actor, at=page.at
        )

    return _step(page, code, form, do, said="Đã bỏ tệp mẫu.")


@router.get("/packaging/{code}/artworks/{artwork}/file", name="packaging.artwork_file")
def artwork_file(page: Page, code: str, artwork: str) -> Response:
    """Give a file of artwork to whoever may see the request."""
    row = get_permission(page.session, code, actor=page.actor, on=local_day(page.at))
    named = get_artwork(page.session, row.permission, artwork)
    return file_answer(page.request, page.settings.files, named, to_read=True)


@router.get("/packaging/{code}/artworks/{artwork}/thumbnail.webp", name="packaging.thumbnail")
def thumbnail(page: Page, code: str, artwork: str) -> Response:
    """Give the small picture of a file."""
    row = get_permission(page.session, code, actor=page.actor, on=local_day(page.at))
    named = thumbnail_of(get_artwork(page.session, row.permission, artwork))
    return file_answer(page.request, page.settings.files, named)


@router.post("/packaging/{code}/send", name="packaging.send")
def send(form: PostedForm, page: Page, code: str) -> Response:
    """Send a request to the agency."""

    def do() -> None:
        send_permission(
            page.session,
            code,
            form.read(SendPermission),
            actor=page.actor,
            at=page.at,
            host=page.settings.stamp_host,
        )

    return _step(page, code, form, do, said="Đã gửi mẫu bao bì tới cơ quan OCOP cấp tỉnh.")


@router.post("/packaging/{code}/cancel", name="packaging.cancel")
def cancel(form: PostedForm, page: Page, code: str) -> Response:
    """Take a request back."""

    def do() -> None:
        cancel_permission(
            page.session, code, form.read(CancelPermission), actor=page.actor, at=page.at
        )

    return _step(page, code, form, do, said="Đã rút đề nghị.")


@router.post("/packaging/{code}/check", name="packaging.check")
def check(form: PostedForm, page: Page, code: str) -> Response:
    """Take what the agency found and decided."""

    def do() -> None:
        answers = [
            {
                "item": item.value,
                "ok": _ANSWERS[form.text(f"ok.{item}")],
                "reason": form.text(f"reason.{item}"),
            }
            for item in ArtworkItem
            if form.text(f"ok.{item}") in _ANSWERS
        ]
        said = {name: form.text(name) for name in ("decision", "reason", "version")}
        check_permission(
            page.session,
            code,
            validated(CheckPermission, said | {"answers": answers}),
            actor=page.actor,
            at=page.at,
            host=page.settings.stamp_host,
        )

    return _step(page, code, form, do, said="Đã ghi kết luận kiểm tra mẫu bao bì.")


@router.post("/packaging/{code}/withdraw", name="packaging.withdraw")
def withdraw(form: PostedForm, page: Page, code: str) -> Response:
    """Take a permission back."""

    def do() -> None:
        withdraw_permission(
            page.session, code, form.read(WithdrawPermission), actor=page.actor, at=page.at
        )

    return _step(page, code, form, do, said="Đã thu hồi chấp thuận.")


@router.get("/packaging/{code}/paper.pdf", name="packaging.paper")
def paper(page: Page, code: str) -> Response:
    """Print the agreement to the artwork."""
    content = permission_paper(
        page.session,
        code,
        actor=page.actor,
        at=page.at,
        files=page.settings.files,
        agency=page.settings.agency_name,
        public_url=page.settings.public_url,
        demonstration=page.settings.demonstration,
    )
    return pdf_answer(content, f"phieu-chap-thuan-{code}.pdf")


# --- answers ----------------------------------------------------------------------------------


def _words() -> dict[str, Any]:
    return {
        "labels": STATE_LABELS,
        "tones": STATE_TONES,
        "standing_labels": STANDING_LABELS,
        "standing_tones": STANDING_TONES,
    }


def _step(
    page: SignedInPage, code: str, form: Form, do: Callable[[], object], *, said: str
) -> Response:
    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _show(page, code, shown, why),
        done=lambda: page.go("packaging.show", code=code, said=said),
    )


def _show(page: SignedInPage, code: str, form: Form, refused: Refusal | None = None) -> Response:
    actor = page.actor
    row = get_permission(page.session, code, actor=actor, on=local_day(page.at))
    permission = row.permission
    artworks = artworks_of(page.session, permission)
    is_open = permission.state not in FINAL
    findings = (
        findings_of(page.session, row, artworks, actor=actor, host=page.settings.stamp_host)
        if is_open
        else ()
    )
    checks = checks_of(page.session, permission)
    return page.render(
        "packaging/permission.html",
        status=answer_status(refused),
        form=form,
        refused=None if isinstance(refused, Invalid) else refused,
        row=row,
        permission=permission,
        artworks=artworks,
        findings=findings,
        checks=checks,
        returned=checks[0] if checks and permission.state is PermissionState.RETURNED else None,
        declined=checks[0] if checks and permission.state is PermissionState.DECLINED else None,
        steps=_steps(permission.state),
        check_labels=CHECK_LABELS,
        outcome_labels=OUTCOME_LABELS,
        outcome_tones=OUTCOME_TONES,
        decision_labels=DECISION_LABELS,
        decisions=list(CheckDecision),
        items=ITEM_LABELS,
        item_basis=ITEM_BASIS,
        longest_reason=LONGEST_REASON,
        most_artworks=MOST_ARTWORKS,
        is_writable=permission.state in OPEN,
        basis=MARK,
        why_not={
            "revise": why_not_revise(actor, permission, row.product),
            "add": why_not_add(actor, permission, row.product, len(artworks)),
            "send": why_not_send(actor, permission, row.product, findings, len(artworks)),
            "cancel": why_not_cancel(actor, permission, row.product),
            "check": why_not_check(actor, permission),
            "grant": why_not_grant(actor, permission, findings),
            "withdraw": why_not_withdraw(actor, permission),
            "paper": why_not_print_paper(permission),
        },
        **_words(),
    )


def _steps(state: PermissionState) -> list[tuple[str, str]]:
    """Return the way of a request with where it stands; side ways stand in place of their step."""
    way = [PermissionState.DRAFT, PermissionState.SENT, PermissionState.GRANTED]
    if state is PermissionState.RETURNED:
        way[0] = state
    elif state in FINAL:
        way[2] = state
    here = way.index(state)
    return [
        (STATE_LABELS[one], "done" if place < here else "now" if place == here else "")
        for place, one in enumerate(way)
    ]


def _new(page: SignedInPage, code: str, form: Form, *, status: int = 200) -> Response:
    day = local_day(page.at)
    found = get_certificate(page.session, code, actor=page.actor, on=day)
    if refusal := why_not_ask(page.actor, found.certificate, found.product, day):
        raise refusal
    return page.render(
        "packaging/form.html",
        status=status,
        form=form,
        certificate=found.certificate,
        permission=None,
        stars=STAR_LABELS,
        most=MOST_PRINTED,
    )


def _edit(page: SignedInPage, code: str, form: Form | None, *, status: int = 200) -> Response:
    row = get_permission(page.session, code, actor=page.actor, on=local_day(page.at))
    if refusal := why_not_revise(page.actor, row.permission, row.product):
        raise refusal
    values = {name: str(getattr(row.permission, name)) for name in _EDITED}
    return page.render(
        "packaging/form.html",
        status=status,
        form=form or empty_form(values),
        certificate=row.certificate,
        permission=row.permission,
        stars=STAR_LABELS,
        most=MOST_PRINTED,
    )
