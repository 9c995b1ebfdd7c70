"""Archives of strangers (zip, xlsx, docx): looked through before anybody unpacks them."""

import re
import zlib
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from app.core.errors import Invalid

_ENCRYPTED: Final = 0x1
_LINK: Final = 0o120000
_KIND_OF_FILE: Final = 0o170000
_LOCAL_HEADER: Final = 30
_STEP: Final = 1024 * 1024
_BAD_NAME: Final = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|[\x00-\x1f]|\\")

SENTENCES: Final = {
    "archive.broken": "Tệp nén hỏng hoặc tải chưa trọn. Hãy chọn lại tệp gốc.",
    "archive.encrypted": "Tệp nén có mật khẩu. Hãy bỏ mật khẩu rồi tải lên.",
    "archive.bad_name": "Tệp nén chứa tên tệp không an toàn.",
    "archive.too_many_files": "Tệp nén chứa quá nhiều tệp.",
    "archive.too_large": "Tệp nén bung ra quá lớn.",
}


def check_archive(content: bytes, *, most_bytes: int, most_files: int, field: str = "file") -> None:
    """Refuse (Invalid) an archive that is no sound zip, or would unpack to too much.

    First the told numbers are summed: files, sizes, names that leave the folder, links, passwords.
    Then every member is unpacked piece by piece, kept nowhere, up to the size it told: a member that
    lies about its size is refused, however another reader would count. Never more than `most_bytes`
    are unpacked; after this the content may be given to any reader of zip, xlsx or docx.
    """
    code = _wrong(content, most_bytes, most_files)
    if code:
        raise Invalid({field: SENTENCES[code]}, code=code)


def _wrong(content: bytes, most_bytes: int, most_files: int) -> str:
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            return _wrong_as_told(members, most_bytes, most_files) or _wrong_inside(
                content, members, archive.start_dir
            )
    except (BadZipFile, zlib.error, ValueError, LookupError, OSError, NotImplementedError):
        return "archive.broken"


def _wrong_as_told(members: list[ZipInfo], most_bytes: int, most_files: int) -> str:
    if len(members) > most_files:
        return "archive.too_many_files"
    if sum(one.file_size for one in members) > most_bytes:
        return "archive.too_large"
    # `orig_filename` is the name as it stands there: `filename` is cut at a zero byte.
    if any(_BAD_NAME.search(one.orig_filename) or _is_link(one) for one in members):
        return "archive.bad_name"
    if len({one.orig_filename for one in members}) < len(members):
        return "archive.bad_name"
    if any(one.flag_bits & _ENCRYPTED for one in members):
        return "archive.encrypted"
    return ""


def _is_link(one: ZipInfo) -> bool:
    return (one.external_attr >> 16) & _KIND_OF_FILE == _LINK


def _wrong_inside(content: bytes, members: list[ZipInfo], directory_at: int) -> str:
    end_of_last = 0
    for one in sorted(members, key=lambda member: member.header_offset):
        at = one.header_offset
        head = content[at : at + _LOCAL_HEADER]
        if at < end_of_last or len(head) < _LOCAL_HEADER or not head.startswith(b"PK\x03\x04"):
            return "archive.broken"  # members that share their bytes unpack many times over
        names = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        start = at + _LOCAL_HEADER + names
        end_of_last = start + one.compress_size
        if end_of_last > directory_at or not _tells_the_truth(content[start:end_of_last], one):
            return "archive.broken"
    return ""


def _tells_the_truth(packed: bytes, one: ZipInfo) -> bool:
    if one.compress_type == ZIP_STORED:
        return len(packed) == one.file_size and zlib.crc32(packed) == one.CRC
    if one.compress_type != ZIP_DEFLATED:
        return False
    unpacker, size, checksum = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
    while not unpacker.eof:
        piece = unpacker.decompress(packed, _STEP)
        packed = unpacker.unconsumed_tail
        size, checksum = size + len(piece), zlib.crc32(piece, checksum)
        if size > one.file_size or not (piece or packed or unpacker.eof):
            return False
    return size == one.file_size and checksum == one.CRC and not packed and not unpacker.unused_data
