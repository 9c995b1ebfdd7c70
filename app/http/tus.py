"""The words of tus 1.0 (resumable uploads): what the headers of a request say, or what is wrong with them."""

import hashlib
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import ClassVar

from app.core.errors import Refused

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
ALGORITHMS = {"sha1": 20, "sha256": 32}  # with the length of what they give
PIECE_TYPE = "application/offset+octet-stream"
LARGEST_METADATA = 8 * 1024
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]+")  # printable ASCII without space and comma
_NUMBER = re.compile(r"\d{1,15}")


class TusRefusal(Refused):
    """The protocol itself says no; with the number that its clients go by."""

    status: ClassVar[int] = 400


class VersionNotSpoken(TusRefusal):
    """A client that speaks another version, or none."""

    code = "tus.version"
    status = 412
    message = "Cần tiêu đề Tus-Resumable: 1.0.0."


class LengthUnreadable(TusRefusal):
    """The length must be known before the first byte."""

    code = "tus.length"
    message = "Cần tiêu đề Upload-Length là độ dài của tệp, lớn hơn 0."


class FileTooLarge(TusRefusal):
    """Longer than anything that is kept here."""

    code = "tus.too_large"
    status = 413
    message = "Tệp quá lớn (tối đa {most_mb} MB). Hãy giảm dung lượng tệp."


class MoreThanTold(TusRefusal):
    """More bytes than the length that was told at the start."""

    code = "tus.more_than_told"
    status = 413
    message = "Nội dung gửi lên dài hơn độ dài đã khai."


class MetadataUnreadable(TusRefusal):
    """Not the comma-separated pairs of the protocol."""

    code = "tus.metadata"
    message = "Không đọc được tiêu đề Upload-Metadata."


class WrongContentType(TusRefusal):
    """Bytes come under one type only."""

    code = "tus.content_type"
    status = 415
    message = "Cần tiêu đề Content-Type: application/offset+octet-stream."


class OffsetUnreadable(TusRefusal):
    """A piece must say where it begins."""

    code = "tus.offset"
    message = "Cần tiêu đề Upload-Offset là số byte đã gửi."


class OffsetDiffers(TusRefusal):
    """The piece does not begin where the file ends."""

    code = "tus.offset_differs"
    status = 409
    message = "Vị trí gửi tiếp không khớp với phần đã nhận. Hãy hỏi lại vị trí rồi gửi tiếp."


class ChecksumUnreadable(TusRefusal):
    """An algorithm that is not offered, or no checksum at all."""

    code = "tus.checksum"
    message = "Tiêu đề Upload-Checksum chưa đúng; nhận sha1 và sha256."


class ChecksumDiffers(TusRefusal):
    """The piece came other than it was sent; nothing of it is kept."""

    code = "tus.checksum_differs"
    status = 460
    message = "Phần vừa gửi bị sai trên đường truyền. Hãy gửi lại phần này."


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a piece must add up to."""

    algorithm: str
    expected: bytes

    def new(self) -> "hashlib._Hash":
        """Return an empty sum of this kind."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


def check_version(headers: Mapping[str, str]) -> None:
    """Refuse whoever does not speak this version; nothing else of the request is looked at."""
    if headers.get("tus-resumable") != VERSION:
        raise VersionNotSpoken


def has_body(headers: Mapping[str, str]) -> bool:
    """Tell whether bytes come with a request."""
    return headers.get("content-length", "0").strip() != "0" or "transfer-encoding" in headers


def check_content_type(headers: Mapping[str, str]) -> None:
    """Refuse bytes that do not call themselves a piece of a file."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != PIECE_TYPE:
        raise WrongContentType


def length_of(headers: Mapping[str, str], *, most_bytes: int) -> int:
    """Return the length of the file that is to come."""
    told = headers.get("upload-length", "")
    if not _NUMBER.fullmatch(told) or int(told) == 0:
        raise LengthUnreadable
    if int(told) > most_bytes:
        raise FileTooLarge(most_mb=most_bytes // 1024**2)
    return int(told)


def offset_of(headers: Mapping[str, str]) -> int:
    """Return where a piece begins."""
    told = headers.get("upload-offset", "")
    if not _NUMBER.fullmatch(told):
        raise OffsetUnreadable
    return int(told)


def check_room(headers: Mapping[str, str], *, room: int) -> None:
    """Refuse a piece that says itself that it is longer than what is still missing."""
    told = headers.get("content-length", "")
    if told.isdigit() and int(told) > room:
        raise MoreThanTold


def metadata_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what the sender says of the file."""
    told = headers.get("upload-metadata", "")
    if len(told) > LARGEST_METADATA:
        raise MetadataUnreadable
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in told.split(","))):
        key, _, value = pair.partition(" ")
        if not _KEY.fullmatch(key) or key in found:
            raise MetadataUnreadable
        try:
            found[key] = b64decode(value.strip(), validate=True).decode()
        except (NotBase64, UnicodeDecodeError) as wrong:
            raise MetadataUnreadable from wrong
    return found


def metadata_header(said: Mapping[str, str]) -> str:
    """Return the same as a header; a key without a value stands alone."""
    return ",".join(
        f"{key} {b64encode(value.encode()).decode()}" for key, value in said.items() if value
    )


def checksum_of(headers: Mapping[str, str]) -> Checksum | None:
    """Return what the piece must add up to, when the sender says so."""
    told = headers.get("upload-checksum")
    if told is None:
        return None
    algorithm, _, value = told.partition(" ")
    try:
        expected = b64decode(value.strip(), validate=True)
    except NotBase64 as wrong:
        raise ChecksumUnreadable from wrong
    if ALGORITHMS.get(algorithm) != len(expected):
        raise ChecksumUnreadable
    return Checksum(algorithm, expected)


def http_date(moment: datetime) -> str:
    """Return a moment as headers write it."""
    return format_datetime(moment.replace(microsecond=0), usegmt=True)
