"""The door for files that come over a line that breaks: tus 1.0, and going on from another device.

Its requests are no transactions: bytes come while no connection to the database is held, and what
must be asked or told is one short transaction each, behind the same gate as everything else.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from anyio.to_thread import run_sync
from fastapi import Request
from fastapi.responses import JSONResponse, Response

from app.core import clock, parts
from app.core.db import Database, ReadSession, WriteSession, reading, transaction
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refusal, Unreachable
from app.core.files import store
from app.core.parts import Part, PartBusy
from app.core.settings import Settings
from app.domain.accounts.actions import touch
from app.domain.accounts.enums import Scope
from app.domain.accounts.queries import actor_of, find_login, find_token
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import EvidenceKind
from app.domain.uploads.actions import (
    end_upload,
    finish_upload,
    note_progress,
    refuse_upload,
    start_upload,
)
from app.domain.uploads.enums import UploadPurpose, UploadState
from app.domain.uploads.models import Upload
from app.domain.uploads.policy import (
    ContentRefused,
    TooMuchUnfinished,
    UploadGone,
    why_not_continue,
)
from app.domain.uploads.queries import get_upload, upload_to_continue
from app.domain.uploads.rules import PURPOSE_LABELS, spoken
from app.domain.uploads.schemas import DESCRIBED, StartUpload
from app.http import tus
from app.http.arrivals import Arrivals
from app.http.gate import Gate
from app.http.problems import status_of
from app.web.deps import (
    TOUCH_AFTER,
    Page,
    SignedInPage,
    language_of,
    page_router,
    say,
    session_cookie,
)
from app.web.forms import empty_form, validated
from app.web.render import translated

router = page_router()

WRITTEN_AT_ONCE = 256 * 1024
SENT = "[paper]"  # the script puts the code of the paper here that the file became
# The word in Upload-Metadata whose value is the code of what the file is for.
_PURPOSES = {
    "dossier": UploadPurpose.EVIDENCE,
    "producer": UploadPurpose.PAPER,
    "paper": UploadPurpose.RENEWAL,
}
_WORDS = {purpose: word for word, purpose in _PURPOSES.items()}
_DONE = {
    UploadPurpose.EVIDENCE: "Đã thêm minh chứng.",
    UploadPurpose.PAPER: "Đã thêm giấy tờ.",
    UploadPurpose.RENEWAL: "Đã thay bằng giấy tờ mới.",
}
Answer = TypeVar("Answer")


class NotSignedIn(tus.TusRefusal):
    """Neither a session in force nor a token."""

    code = "upload.not_signed_in"
    status = 401
    message = "Phiên đăng nhập đã hết. Hãy đăng nhập lại rồi gửi tiếp; phần đã gửi vẫn còn."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file belongs: its word in the metadata, the form without script, the page afterwards."""

    word: str
    action: str
    after: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, and the browser session to keep alive meanwhile."""

    actor: Actor
    at: datetime
    stale_login: int | None = None
    by_browser: bool = False


# --- the page ---------------------------------------------------------------------------------


@router.get("/uploads/continue", name="uploads.continue")
def continue_elsewhere(page: Page, code: str = "") -> Response:
    """Ask for the eight characters; with them, offer to go on with that file from here."""
    form = empty_form({"code": code})
    upload, received, status = None, 0, 200
    if code.strip():
        try:
            upload = upload_to_continue(page.session, code, actor=page.actor)
            received = parts.size_of(page.settings.parts_dir, upload.code)
        except NotFound as unknown:
            form, status = form.showing(Invalid({"code": unknown.text})), 404
    return page.render(
        "uploads/continue.html",
        status=status,
        form=form,
        upload=upload,
        received=received,
        labels=PURPOSE_LABELS,
        place=_place(page, upload) if upload else None,
    )


def _place(page: SignedInPage, upload: Upload) -> Place:
    code, word = upload.subject_code, _WORDS[upload.purpose]
    match upload.purpose:
        case UploadPurpose.EVIDENCE:
            action = page.url("dossiers.add_evidence", code=code)
            return Place(word, action, page.url("dossiers.evidence", code=code))
        case UploadPurpose.PAPER:
            action = page.url("papers.add", code=code)
            return Place(word, action, page.url("papers.list", code=code))
        case UploadPurpose.RENEWAL:
            action = page.url("papers.replaced", code=code)
            return Place(word, action, page.url("papers.show", code=SENT))


# --- tus --------------------------------------------------------------------------------------


async def creation(request: Request) -> Response:
    """POST: open a place for a file, and take its first bytes. OPTIONS: say what is offered."""
    return await _answered(request, {"POST": _create, "OPTIONS": _options})


async def one_upload(request: Request) -> Response:
    """HEAD: where to go on. PATCH: more bytes. DELETE: forget it."""
    return await _answered(
        request, {"HEAD": _head, "PATCH": _patch, "DELETE": _delete, "OPTIONS": _options}
    )


router.add_route(
    "/uploads", creation, ["POST", "OPTIONS"], name="uploads.create", include_in_schema=False
)
router.add_route(
    "/uploads/{code}",
    one_upload,
    ["HEAD", "PATCH", "DELETE", "POST", "OPTIONS"],
    name="uploads.one",
    include_in_schema=False,
)

Step = Callable[[Request], Awaitable[Response]]


async def _answered(request: Request, steps: dict[str, Step]) -> Response:
    # The header wins over the method: some networks let only POST through.
    method = request.headers.get("x-http-method-override", request.method).upper()
    step = steps.get(method)
    try:
        if step is _options:
            answer = await _options(request)
        elif step is None:
            await _look(request, partial(_sender, request))
            answer = Response(status_code=405, headers={"allow": ", ".join(steps)})
        else:
            await _check_version(request)
            answer = await step(request)
    except Refusal as refusal:
        answer = _refused(request, refusal)
    answer.headers["tus-resumable"] = tus.VERSION
    answer.headers["cache-control"] = "no-store"
    return answer


async def _check_version(request: Request) -> None:
    try:
        tus.check_version(request.headers)
    except tus.VersionNotSpoken:
        await _look(request, partial(_sender, request))  # strangers are told to sign in first
        raise


async def _options(request: Request) -> Response:
    settings: Settings = request.app.state.settings
    return Response(
        status_code=204,
        headers={
            "tus-version": tus.VERSION,
            "tus-extension": tus.EXTENSIONS,
            "tus-max-size": str(settings.largest_upload_bytes),
            "tus-checksum-algorithm": ",".join(tus.ALGORITHMS),
        },
    )


async def _create(request: Request) -> Response:
    settings: Settings = request.app.state.settings
    sender = await _look(request, partial(_sender, request))
    length = tus.length_of(request.headers, most_bytes=settings.largest_upload_bytes)
    has_body = tus.has_body(request.headers)
    checksum = tus.checksum_of(request.headers)
    if has_body:
        tus.check_content_type(request.headers)
        tus.check_room(request.headers, room=length)
    data = _described(request, length)
    upload = await _change(
        request, lambda session: start_upload(session, data, actor=sender.actor, at=sender.at)
    )
    answer = Response(status_code=201)
    if has_body:
        answer = await _receive(request, upload, sender, start=0, checksum=checksum)
        answer.status_code = 201
    # A path, without a host: no header that names another host is believed.
    answer.headers["location"] = request.app.url_path_for("uploads.one", code=upload.code)
    answer.headers["upload-resume-code"] = spoken(upload.resume_code)
    answer.headers.setdefault("upload-expires", tus.http_date(upload.expires_at))
    return answer


def _described(request: Request, length: int) -> StartUpload:
    """Return what the sender says; a client that knows only file names may leave out the rest."""
    told = tus.metadata_of(request.headers)
    subjects = [word for word in _PURPOSES if told.get(word)] or ["dossier"]
    if len(subjects) > 1:
        raise tus.MetadataUnreadable
    purpose = _PURPOSES[subjects[0]]
    schema = DESCRIBED[purpose]
    file_name = told.get("filename") or told.get("name") or ""
    said = {key: value for key, value in told.items() if key in schema.model_fields and value}
    said.setdefault("kind", EvidenceKind.OTHER.value)
    said.setdefault("title", file_name.rpartition(".")[0] or file_name)
    return validated(
        StartUpload,
        {
            "purpose": purpose,
            "subject_code": told.get(subjects[0], ""),
            "file_name": file_name,
            "length": length,
            "sha256": told.get("sha256", ""),
            "start_key": request.headers.get("idempotency-key"),
            "described": validated(schema, said),
        },
    )


async def _head(request: Request) -> Response:
    code = request.path_params["code"]
    sender, upload = await _look(request, partial(_sent_by, request, code))
    if refusal := why_not_continue(upload, at=sender.at):
        return _refused(request, refusal)
    received = await _received(request, upload)
    if received == upload.length and upload.state is UploadState.RECEIVING:
        # All bytes came, and then something stopped before they became a paper.
        with await _taken(request, upload) as part:
            answer = await _finish(request, part, upload, sender)
    else:
        answer = _progress(upload, received)
    answer.status_code = 200
    answer.headers["upload-length"] = str(upload.length)
    answer.headers["upload-resume-code"] = spoken(upload.resume_code)
    answer.headers["upload-metadata"] = _metadata(upload)
    return answer


def _metadata(upload: Upload) -> str:
    return tus.metadata_header(
        {
            "filename": upload.file_name,
            _WORDS[upload.purpose]: upload.subject_code,
            "sha256": upload.sha256,
        }
        | upload.described
    )


async def _patch(request: Request) -> Response:
    code = request.path_params["code"]
    sender, upload = await _look(request, partial(_sent_by, request, code))
    tus.check_content_type(request.headers)
    start = tus.offset_of(request.headers)
    checksum = tus.checksum_of(request.headers)
    if refusal := why_not_continue(upload, at=sender.at):
        raise refusal
    if start > upload.length:
        raise tus.OffsetDiffers
    tus.check_room(request.headers, room=upload.length - start)
    if upload.state is UploadState.FINISHED:
        if start != upload.length:
            raise tus.OffsetDiffers
        return _progress(upload, upload.length)
    return await _receive(request, upload, sender, start=start, checksum=checksum)


async def _delete(request: Request) -> Response:
    code = request.path_params["code"]
    sender, upload = await _look(request, partial(_sent_by, request, code))
    with await _taken(request, upload) as part:
        await _change(request, lambda session: end_upload(session, upload.code, actor=sender.actor))
        await run_sync(part.remove)
    return Response(status_code=204)


# --- bytes ------------------------------------------------------------------------------------


async def _receive(
    request: Request, upload: Upload, sender: Sender, *, start: int, checksum: tus.Checksum | None
) -> Response:
    with await _taken(request, upload) as part:
        if part.size != start:
            raise tus.OffsetDiffers
        await _append(request, part, upload, checksum)
        received = part.size
        try:
            upload = await _change(request, partial(_note, sender, upload.code, received))
        except NotFound:
            await run_sync(part.remove)  # ended by its sender while these bytes came
            raise
        if received == upload.length and upload.state is UploadState.RECEIVING:
            return await _finish(request, part, upload, sender)
    return _progress(upload, received)


async def _append(
    request: Request, part: Part, upload: Upload, checksum: tus.Checksum | None
) -> None:
    """Add what comes to the file; what came before a break stays, unless a checksum was promised."""
    arrivals: Arrivals = request.app.state.arrivals
    start, room = part.size, upload.length - part.size
    total = checksum.new() if checksum else None
    if checksum:
        await run_sync(part.expect_checksum)
    kept = bytearray()
    async for piece in arrivals.pieces(request, upload.code):
        room -= len(piece)
        if room < 0:
            await run_sync(part.cut_back, start)
            raise tus.MoreThanTold
        if total is not None:
            total.update(piece)
        kept += piece
        if len(kept) >= WRITTEN_AT_ONCE:
            await run_sync(part.append, bytes(kept))
            kept.clear()
    if kept:
        await run_sync(part.append, bytes(kept))
    if checksum and total is not None:
        if total.digest() != checksum.expected:
            await run_sync(part.cut_back, start)
            await run_sync(part.verified)
            raise tus.ChecksumDiffers
        await run_sync(part.verified)
    else:
        await run_sync(part.sync)


async def _finish(request: Request, part: Part, upload: Upload, sender: Sender) -> Response:
    """Look at the whole file, make it a paper, and only then let go of the part."""
    settings: Settings = request.app.state.settings
    arrivals: Arrivals = request.app.state.arrivals
    try:
        async with arrivals.inspecting:
            stored = await run_sync(lambda: store(settings.files, part.read()))
        upload = await _change(
            request,
            lambda session: finish_upload(
                session, upload.code, stored, actor=sender.actor, at=sender.at
            ),
        )
    except Invalid as problem:
        why = problem
        upload = await _change(
            request,
            lambda session: refuse_upload(
                session, upload.code, why, actor=sender.actor, at=sender.at
            ),
        )
        await run_sync(part.remove)
        raise ContentRefused(upload.refusal) from problem
    await run_sync(part.remove)
    answer = _progress(upload, upload.length)
    if sender.by_browser:
        say(answer, _DONE[upload.purpose], settings)
    return answer


async def _taken(request: Request, upload: Upload) -> Part:
    settings: Settings = request.app.state.settings
    arrivals: Arrivals = request.app.state.arrivals
    try:
        return await run_sync(Part, settings.parts_dir, upload.code)
    except PartBusy:
        arrivals.ask_to_end(upload.code)
        raise


async def _received(request: Request, upload: Upload) -> int:
    if upload.state is UploadState.FINISHED:
        return upload.length
    settings: Settings = request.app.state.settings
    return await run_sync(parts.size_of, settings.parts_dir, upload.code)


# --- the database, in short looks ---------------------------------------------------------------


async def _look(request: Request, question: Callable[[ReadSession], Answer]) -> Answer:
    gate: Gate = request.app.state.gate

    def asked(engine: Database) -> Answer:
        with reading(engine) as session:
            return question(session)

    async with gate.entered():
        return await run_sync(asked, request.app.state.engine)


async def _change(request: Request, change: Callable[[WriteSession], Answer]) -> Answer:
    gate: Gate = request.app.state.gate

    def changed(engine: Database) -> Answer:
        with transaction(engine) as session:
            return change(session)

    async with gate.entered():
        return await run_sync(changed, request.app.state.engine)


def _note(sender: Sender, code: str, received: int, session: WriteSession) -> Upload:
    if sender.stale_login is not None:
        touch(session, sender.stale_login, at=sender.at)
    return note_progress(session, code, received, actor=sender.actor, at=sender.at)


def _sent_by(request: Request, code: str, session: ReadSession) -> tuple[Sender, Upload]:
    sender = _sender(request, session)
    upload = get_upload(session, code, actor=sender.actor)
    session.expunge(upload)  # it is read after this look is over, which would empty it
    return sender, upload


def _sender(request: Request, session: ReadSession) -> Sender:
    """Return who sends: the owner of a bearer token that may write dossiers, or of a session."""
    settings: Settings = request.app.state.settings
    at, roles = clock.now(), request.app.state.second_factor_roles
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        held = find_token(session, secret.strip(), at=at, roles=roles)
        scopes = frozenset(Scope(word) for word in held[0].scopes) if held else frozenset()
        if held is None or Scope.DOSSIERS_WRITE not in scopes:
            raise NotSignedIn
        return Sender(actor_of(session, held[1], at=at, scopes=scopes), at)
    cookie = request.cookies.get(session_cookie(settings), "")
    idle = settings.session_idle_time
    found = find_login(session, cookie, at=at, idle=idle, roles=roles) if cookie else None
    if found is None:
        raise NotSignedIn
    login, actor = found
    stale = login.id if at - login.last_seen_at > TOUCH_AFTER else None
    return Sender(actor, at, stale, by_browser=True)


# --- answers ------------------------------------------------------------------------------------


def _progress(upload: Upload, received: int) -> Response:
    headers = {"upload-offset": str(received)}
    if upload.evidence_code:
        headers["upload-evidence"] = upload.evidence_code
    else:
        headers["upload-expires"] = tus.http_date(upload.expires_at)
    return Response(status_code=204, headers=headers)


def _status(refusal: Refusal) -> int:
    match refusal:
        case tus.TusRefusal():
            return refusal.status
        case PartBusy():
            return 423
        case UploadGone():
            return 410
        case TooMuchUnfinished():
            return 429
        case Unreachable():
            return 503
        case NotPermitted() | Conflict():
            return 403  # 409 would say: another offset, ask and go on
        case _:
            return status_of(refusal)


def _refused(request: Request, refusal: Refusal) -> Response:
    language, status = language_of(request), _status(refusal)
    problem: dict[str, Any] = {
        "type": f"urn:ocop:problem:{refusal.reason_code}",
        "status": status,
        "code": refusal.reason_code,
        "detail": translated(language, refusal.template, refusal.params),
    }
    if refusal.legal_basis:
        problem["basis"] = refusal.legal_basis
    if isinstance(refusal, Invalid):
        problem["errors"] = {
            name: translated(language, said) for name, said in refusal.fields.items()
        }
    answer = JSONResponse(problem, status, media_type="application/problem+json")
    # An answer to HEAD has no body to read the sentence from.
    answer.headers["upload-refusal"] = quote(problem["detail"])
    if isinstance(refusal, Unreachable):
        answer.headers["retry-after"] = str(refusal.retry_after_seconds)
    if isinstance(refusal, NotSignedIn):
        answer.headers["www-authenticate"] = 'Bearer realm="ocop"'
    if isinstance(refusal, tus.VersionNotSpoken):
        answer.headers["tus-version"] = tus.VERSION
    return answer
