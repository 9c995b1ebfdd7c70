"""Kept files as answers: streamed in bounded pieces, to be saved and never shown as a page of ours.

A PDF alone may be shown in place, so that a link can lead to one page of it (`#page=4`): it was
looked into when it came, see core/pdf_inspection, and viewers do not open it inside a sandbox. A line
that breaks may ask for the rest: one range at a time, held together by the hash as the ETag.
"""

import re
import unicodedata
from typing import Protocol
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from app.core.errors import NotFound
from app.core.storage import NotKept, Storage

# Nothing inside may run, load or speak to anybody, even where a browser shows it all the same.
FILE_POLICY = "default-src 'none'; sandbox"
READING_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
READABLE = "application/pdf"
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def attachment(
    request: Request,
    storage: Storage,
    *,
    sha256: str,
    media_type: str,
    file_name: str,
    to_read: bool = False,
) -> Response:
    """Answer with a kept file or the part of it that was asked for; NotKept when it is gone.

    `to_read` shows a PDF in place; other kinds are saved all the same.
    """
    kept = storage.find(sha256)
    if kept is None:
        raise NotKept(sha256)
    size, etag = kept.size, f'"{sha256}"'
    in_place = to_read and media_type == READABLE
    headers = {
        "content-disposition": disposition(file_name, in_place=in_place),
        "content-security-policy": READING_POLICY if in_place else FILE_POLICY,
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
        "accept-ranges": "bytes",
        "etag": etag,
    }
    first, last, status = 0, size - 1, 200
    if wanted := _wanted(request, size, etag):
        first, last = wanted
        if first > last:
            return Response(status_code=416, headers=headers | {"content-range": f"bytes */{size}"})
        headers["content-range"] = f"bytes {first}-{last}/{size}"
        status = 206
    headers["content-length"] = str(last - first + 1)
    return StreamingResponse(
        storage.chunks(sha256, first, last),
        status_code=status,
        media_type=media_type,
        headers=headers,
    )


class NamedFile(Protocol):
    """A row that names a kept file."""

    @property
    def sha256(self) -> str:
        """The hash under which it is kept."""

    @property
    def media_type(self) -> str:
        """What it is."""

    @property
    def file_name(self) -> str:
        """What its sender called it."""


class FileGone(NotFound):
    """The row is there, the file is not: a restore that forgot the files."""

    code = "evidence.file_gone"
    message = "Tệp của minh chứng này không còn trên máy chủ. Hãy báo quản trị hệ thống."


def file_answer(
    request: Request, storage: Storage, named: NamedFile, *, to_read: bool = False
) -> Response:
    """Answer with the file that a row names: to be saved, or a PDF to be read in place."""
    try:
        return attachment(
            request,
            storage,
            sha256=named.sha256,
            media_type=named.media_type,
            file_name=named.file_name,
            to_read=to_read,
        )
    except NotKept as gone:
        raise FileGone from gone


def disposition(file_name: str, *, in_place: bool = False) -> str:
    """Return a header that saves under this name; a name of any letters stays harmless in it.

    RFC 6266: plain letters for old programs, RFC 5987 for the rest. Signs that turn the reading
    direction or cannot be seen are left out: they would let `gpj.exe` pass for a picture.
    """
    shown = "".join(sign for sign in file_name if unicodedata.category(sign)[0] != "C")
    shown = shown.replace("/", "_").replace("\\", "_").strip(". ") or "tep"
    plain = unicodedata.normalize("NFKD", shown.replace("đ", "d").replace("Đ", "D"))
    plain = re.sub(r"[^A-Za-z0-9._ -]", "", plain).strip(". ") or "tep"
    how = "inline" if in_place else "attachment"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"


def _wanted(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if asked is None or request.headers.get("if-range", etag) != etag:
        return None
    first, last = asked.groups()
    if not first:
        return (max(0, size - int(last)), size - 1) if last else None
    return int(first), min(int(last), size - 1) if last else size - 1
