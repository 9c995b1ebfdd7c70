"""Uploads stored under the SHA-256 of their content, outside anything a web server shows by itself."""

import hashlib
import os
import tempfile
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import filetype
from PIL import Image, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from app.core.errors import Invalid

MOST_PIXELS = 60_000_000
MOST_PAGES = 500
IMAGES = {"image/jpeg", "image/png", "image/webp"}
ACCEPTED = IMAGES | {"application/pdf"}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known of a file after it was looked at: its hash, size in bytes, and real type."""

    sha256: str
    size: int
    media_type: str


def inspected_type(content: bytes, *, field: str = "file") -> str:
    """Return the media type told by the content itself; refuse all that is not a sound PDF or photo."""
    if not content:
        raise Invalid({field: "Tệp rỗng. Hãy chọn lại tệp."}, code="file.empty")
    kind: str | None = filetype.guess_mime(content)  # type: ignore[no-untyped-call]  # -- the library has no types
    if kind not in ACCEPTED:
        raise Invalid(
            {field: "Chỉ nhận tệp PDF hoặc ảnh JPEG, PNG, WebP."}, code="file.type_not_accepted"
        )
    try:
        if kind in IMAGES:
            _check_image(content)
        elif len(PdfReader(BytesIO(content)).pages) > MOST_PAGES:
            raise Invalid(
                {field: "Tệp PDF quá 500 trang. Hãy tách nhỏ."}, code="file.too_many_pages"
            )
    except (PyPdfError, UnidentifiedImageError, OSError, ValueError, SyntaxError) as broken:
        raise Invalid(
            {field: "Tệp hỏng hoặc tải chưa trọn. Hãy chọn lại tệp gốc."}, code="file.broken"
        ) from broken
    return kind


def _check_image(content: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(BytesIO(content)) as image:
                if image.width * image.height > MOST_PIXELS:
                    message = "too many pixels"
                    raise ValueError(message)
                image.load()
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
            message = "too many pixels"
            raise ValueError(message) from bomb


def store(directory: Path, content: bytes, *, field: str = "file") -> StoredFile:
    """Check and keep a file; the same content twice is one file. Safe against a crash in the middle."""
    media_type = inspected_type(content, field=field)
    digest = hashlib.sha256(content).hexdigest()
    place = path_of(directory, digest)
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(place)
    return StoredFile(digest, len(content), media_type)


def path_of(directory: Path, sha256: str) -> Path:
    """Return where a file with this hash lies."""
    return directory / sha256[:2] / sha256
