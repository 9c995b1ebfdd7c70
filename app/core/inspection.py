"""What an upload really is, told by its content: a sound, whole PDF or photo and nothing besides.

Everything here is bounded: dimensions are read before a picture is unpacked, packed parts of a PDF
are unpacked under a common limit, and at most two pictures are unpacked at a time. A file that is
two kinds at once, that carries a program, or that hides other files is refused with a sentence.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore
from typing import Final
from zipfile import BadZipFile, ZipFile

import filetype
from PIL import Image
from pypdf.errors import PyPdfError

from app.core.errors import Invalid
from app.core.pdf_inspection import PdfProblem, check_pdf
from app.core.picture_inspection import (
    PictureProblem,
    check_jpeg,
    check_png,
    check_webp,
)

IMAGES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
ACCEPTED: Final = IMAGES | {"application/pdf"}
# One wide picture unpacked needs some 240 MB.
UNPACKING: Final = BoundedSemaphore(2)
# Parsers meet hostile bytes in every way that Python knows; each of them means: not sound.
BROKEN: Final = (
    PyPdfError,
    Image.DecompressionBombError,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    MemoryError,
)
# What a browser or an interpreter would take for its own, were the file ever read as another kind.
_PROGRAM = re.compile(rb"<script|<\?php|<html|<!doctype html|<iframe|<svg[\s>]", re.IGNORECASE)
_FORMATS = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",), "image/webp": ("WEBP",)}
_WALKS = {"image/jpeg": check_jpeg, "image/png": check_png, "image/webp": check_webp}

SENTENCES: Final = {
    "file.empty": "Tệp rỗng. Hãy chọn lại tệp.",
    "file.type_not_accepted": "Chỉ nhận tệp PDF hoặc ảnh JPEG, PNG, WebP.",
    "file.broken": "Tệp hỏng hoặc tải chưa trọn. Hãy chọn lại tệp gốc.",
    "file.two_kinds": "Tệp có kèm nội dung lạ (tệp khác hoặc mã lệnh). Hãy chụp hoặc in ra PDF lại rồi tải lên.",
    "file.too_many_pixels": "Ảnh quá lớn (hơn 60 triệu điểm ảnh). Hãy giảm kích thước ảnh.",
    "file.animated": "Không nhận ảnh động. Hãy chọn ảnh tĩnh.",
    "file.too_many_pages": "Tệp PDF quá 500 trang. Hãy tách nhỏ.",
    "file.too_complex": "Tệp PDF quá phức tạp. Hãy in ra PDF lại hoặc quét lại rồi tải lên.",
    "file.encrypted": "Tệp PDF có mật khẩu hoặc bị khóa. Hãy bỏ khóa rồi tải lên.",
    "file.active": "Tệp PDF có mã lệnh chạy được. Hãy in ra PDF lại rồi tải lên.",
    "file.carries_files": "Tệp PDF có tệp khác đính kèm bên trong. Hãy in ra PDF lại và tải từng tệp riêng.",
}


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a sound file is: its media type, and of a PDF how many pages it has."""

    media_type: str
    pages: int | None = None


def inspected_type(content: bytes, *, field: str = "file") -> str:
    """Return the media type told by the content itself; refuse all that is not a sound PDF or photo."""
    return inspected(content, field=field).media_type


def inspected(content: bytes, *, field: str = "file") -> Inspected:
    """Return what the content itself tells; refuse all that is not a sound PDF or photo."""
    code, kind, pages = _looked_at(content)
    if code:
        raise Invalid({field: SENTENCES[code]}, code=code)
    return Inspected(kind, pages)


def _looked_at(content: bytes) -> tuple[str, str, int | None]:
    pages = None
    if not content:
        return "file.empty", "", pages
    kind: str | None = filetype.guess_mime(content)  # type: ignore[no-untyped-call]  # -- the library has no types
    if kind == "image/apng":
        return "file.animated", "", pages
    if kind not in ACCEPTED:
        return "file.type_not_accepted", "", pages
    try:
        if kind in IMAGES:
            check_picture(content, kind)
        else:
            pages = check_pdf(content)
    except (PdfProblem, PictureProblem) as problem:
        return problem.code, kind, pages
    except BROKEN:
        return "file.broken", kind, pages
    if _PROGRAM.search(content) or _opens_as_zip(content):
        return "file.two_kinds", kind, pages
    return "", kind, pages


def check_picture(content: bytes, kind: str) -> None:
    """Walk the picture's own structure to its end, then unpack it once with the decoder of its kind."""
    _WALKS[kind](content)
    with UNPACKING, Image.open(BytesIO(content), formats=_FORMATS[kind]) as image:
        # A photo is unpacked at an eighth of its size: every byte is read all the same.
        image.draft(None, (image.width // 8, image.height // 8))
        image.load()


def _opens_as_zip(content: bytes) -> bool:
    if b"PK\x05\x06" not in content[-(65535 + 22) - 1024 :]:
        return False
    try:
        with ZipFile(BytesIO(content)) as archive:
            return bool(archive.infolist())
    except (BadZipFile, *BROKEN):
        return False
