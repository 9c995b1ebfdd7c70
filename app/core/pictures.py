"""Copies of a photo that may be shown to anybody: upright, small, and without what a camera adds.

The copy is painted anew from the pixels, so position, camera, owner, comments and colour profile of
the original cannot be in it. The same original gives the same copy.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import filetype
from PIL import Image, ImageOps

from app.core.errors import Invalid
from app.core.files import IMAGES, StoredFile, inspected_type
from app.core.inspection import BROKEN, UNPACKING
from app.core.storage import Storage

LONGEST_COPY: Final = 1200
LONGEST_THUMBNAIL: Final = 640
# What stands in small print on a label must still be read.
LONGEST_WITNESS: Final = 2000
MOST_WITNESS_BYTES: Final = 10 * 1024 * 1024
MOST_THUMBNAIL_BYTES: Final = 30 * 1024
COPY_MEDIA_TYPE: Final = "image/webp"
_QUALITIES: Final = (75, 60, 45, 30)
_COPY_QUALITY: Final = 78
_SMALLEST: Final = 80
_FROM_IPHONES: Final = frozenset({"image/heic", "image/heif", "image/avif"})
_GPS_NOTES: Final = 0x8825
_NORTH_OR_SOUTH, _LATITUDE, _EAST_OR_WEST, _LONGITUDE = 1, 2, 3, 4
_POLE: Final = 90
_DATE_LINE: Final = 180


@dataclass(frozen=True, slots=True)
class PublicCopy:
    """A picture to be shown: WebP, with the size a page must leave room for."""

    content: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class KeptCopy:
    """A kept public copy: its hash, and the size a page must leave room for."""

    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """An original that stays inside, its public copy, and the thumbnail for slow lines."""

    original: StoredFile
    copy: KeptCopy
    thumbnail: KeptCopy


def store_picture(storage: Storage, content: bytes, *, field: str = "file") -> StoredPicture:
    """Check a photo, make its public copies, and keep all three; refuse what is no photo."""
    kind = inspected_type(content, field=field)
    if kind not in IMAGES:
        raise Invalid(
            {field: "Hãy chọn ảnh JPEG, PNG hoặc WebP, không phải tệp PDF."},
            code="file.not_a_picture",
        )
    copy, small = public_copy(content), thumbnail(content)
    # The original first: where it is refused, by a scanner for one, nothing of it is kept.
    return StoredPicture(
        StoredFile(_keep(storage, content), len(content), kind),
        KeptCopy(_keep(storage, copy.content), copy.width, copy.height),
        KeptCopy(_keep(storage, small.content), small.width, small.height),
    )


def keep_thumbnail(storage: Storage, content: bytes) -> KeptCopy:
    """Keep the thumbnail of a picture that was looked at before."""
    small = thumbnail(content)
    return KeptCopy(_keep(storage, small.content), small.width, small.height)


@dataclass(frozen=True, slots=True)
class WitnessPicture:
    """A photo of somebody who reports: copies without a camera's notes.

    The original and the position in it only where the sender gives them: «22.39556, 103.45833».
    """

    media_type: str
    copy: KeptCopy
    thumbnail: KeptCopy
    original_sha256: str | None
    position: str


def store_witness_picture(
    storage: Storage, content: bytes, *, gives_position: bool, field: str = "file"
) -> WitnessPicture:
    """Check a photo and keep copies of it; the original stays only with what its sender gives."""
    if len(content) > MOST_WITNESS_BYTES:
        raise Invalid({field: "Ảnh lớn hơn 10 MB. Hãy chọn ảnh nhỏ hơn."}, code="file.too_large")
    if filetype.guess_mime(content) in _FROM_IPHONES:  # type: ignore[no-untyped-call]  # -- the library has no types
        raise Invalid(
            {
                field: "Chưa đọc được ảnh HEIC của điện thoại này. Hãy chụp màn hình bức ảnh rồi gửi "
                "ảnh chụp màn hình, hoặc gửi ảnh JPEG, PNG."
            },
            code="file.heic",
        )
    kind = inspected_type(content, field=field)
    if kind not in IMAGES:
        raise Invalid(
            {field: "Hãy chọn ảnh JPEG, PNG hoặc WebP, không phải tệp PDF."},
            code="file.not_a_picture",
        )
    painted = _painted(content, LONGEST_WITNESS)
    whole = _packed(painted, _COPY_QUALITY)
    small = thumbnail(content)
    original = _keep(storage, content) if gives_position else None
    return WitnessPicture(
        kind,
        KeptCopy(_keep(storage, whole), *painted.size),
        KeptCopy(_keep(storage, small.content), small.width, small.height),
        original,
        position_in(content) if gives_position else "",
    )


def position_in(content: bytes) -> str:
    """Return where a photo was taken as its camera noted, in degrees; empty where it did not."""
    try:
        with Image.open(BytesIO(content)) as image:
            notes = image.getexif().get_ifd(_GPS_NOTES)
        north, east = _degrees(notes[_LATITUDE]), _degrees(notes[_LONGITUDE])
        south, west = notes[_NORTH_OR_SOUTH] == "S", notes[_EAST_OR_WEST] == "W"
    except BROKEN:
        return ""
    if not (0 <= north <= _POLE and 0 <= east <= _DATE_LINE):  # also what is no number
        return ""
    return f"{-north if south else north:.5f}, {-east if west else east:.5f}"


def _degrees(parts: tuple[float, float, float]) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600


def public_copy(content: bytes) -> PublicCopy:
    """Return the copy for looking at closely: at most 1200 pixels on the longer side."""
    painted = _painted(content, LONGEST_COPY)
    return PublicCopy(_packed(painted, _COPY_QUALITY), *painted.size)


def thumbnail(content: bytes) -> PublicCopy:
    """Return the copy for lists and slow lines: at most 640 pixels and 30 KB."""
    painted = _painted(content, LONGEST_THUMBNAIL)
    while True:
        for quality in _QUALITIES:
            packed = _packed(painted, quality)
            if len(packed) <= MOST_THUMBNAIL_BYTES or max(painted.size) <= _SMALLEST:
                return PublicCopy(packed, *painted.size)
        painted.thumbnail((max(painted.size) * 3 // 4,) * 2, Image.Resampling.LANCZOS)


def _painted(content: bytes, longest: int) -> Image.Image:
    with UNPACKING, Image.open(BytesIO(content)) as image:
        image.draft(None, (longest, longest))
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        upright: Image.Image = image
        with suppress(
            *BROKEN
        ):  # a camera's notes that cannot be read say nothing about the side up
            upright = ImageOps.exif_transpose(image)
        clear = upright.convert("RGBA")
    painted = Image.new("RGB", clear.size, "white")
    painted.paste(clear, mask=clear.getchannel("A"))
    return painted


def _packed(painted: Image.Image, quality: int) -> bytes:
    kept = BytesIO()
    painted.save(kept, "WEBP", quality=quality, method=4)
    return kept.getvalue()


def _keep(storage: Storage, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    storage.keep(digest, content)
    return digest
