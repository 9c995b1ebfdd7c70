"""Archives of strangers are looked through before anybody unpacks them."""

import struct
import zlib
from io import BytesIO
from time import process_time
from zipfile import ZIP_BZIP2, ZIP_STORED, ZipFile, ZipInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.archive_inspection import SENTENCES, check_archive
from app.core.errors import Invalid
from tests.factories.files import archive

MB = 1024 * 1024
SOUND = archive(
    {"xl/workbook.xml": b"<x/>" * 500, "[Content_Types].xml": b"<t/>", "trống.xml": b""}
)


def code_of(content: bytes, *, most_bytes: int = 4 * MB, most_files: int = 50) -> str:
    """Return why an archive is refused, «» when it is not."""
    refused = None
    try:
        check_archive(content, most_bytes=most_bytes, most_files=most_files, field="tep")
    except Invalid as refusal:
        refused = refusal
    if refused is None:
        return ""
    assert refused.fields == {"tep": SENTENCES[refused.reason_code]}
    return refused.reason_code


def zip_of(info: ZipInfo | str, content: bytes = b"x", kind: int = ZIP_STORED) -> bytes:
    kept = BytesIO()
    with ZipFile(kept, "w", kind) as zipped:
        zipped.writestr(info, content)
    return kept.getvalue()


def test_a_sound_archive_is_let_pass() -> None:
    assert code_of(SOUND) == ""
    assert code_of(zip_of("a.txt")) == ""


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"chi la chu", SOUND[:-8], SOUND[: len(SOUND) // 2]]
)
def test_what_is_no_whole_archive_is_broken(content: bytes) -> None:
    assert code_of(content) == "archive.broken"


@pytest.mark.parametrize(
    "name",
    [
        "../a.txt",
        "a/../../b.txt",
        "/etc/passwd",
        "C:\\a.txt",
        "c:a.txt",
        "a\\..\\b.txt",
        "..",
        "a\nb.txt",
        "\\\\may\\a.txt",
    ],
)
def test_names_that_leave_the_folder_are_refused(name: str) -> None:
    info = ZipInfo("x")
    info.filename = info.orig_filename = name
    assert code_of(zip_of(info)) == "archive.bad_name"


def test_a_link_is_refused() -> None:
    info = ZipInfo("duong-dan")
    info.external_attr = 0o120777 << 16
    assert code_of(zip_of(info, b"/etc/passwd")) == "archive.bad_name"


def test_too_many_files_and_too_many_bytes_are_refused_by_what_is_told() -> None:
    assert code_of(archive({f"{n}": b"" for n in range(51)})) == "archive.too_many_files"
    start = process_time()
    bomb = archive({f"{n}.xml": bytes(20 * MB) for n in range(5)})
    packed = process_time() - start
    start = process_time()
    assert code_of(bomb) == "archive.too_large"
    assert process_time() - start < packed
    assert code_of(archive({"a": bytes(4 * MB)})) == ""
    assert code_of(archive({"a": bytes(4 * MB + 1)})) == "archive.too_large"


def test_a_member_that_lies_about_its_size_is_refused() -> None:
    told = 100
    bomb = bytearray(archive({"a.xml": bytes(50 * MB)}))
    directory = bomb.index(b"PK\x01\x02")
    checksum = struct.pack("<I", zlib.crc32(bytes(told)))
    bomb[14:18], bomb[22:26] = checksum, struct.pack("<I", told)
    bomb[directory + 16 : directory + 20] = checksum
    bomb[directory + 24 : directory + 28] = struct.pack("<I", told)
    # Python's own reader stops at the told size and is content; others would unpack all of it.
    with ZipFile(BytesIO(bytes(bomb))) as zipped:
        assert zipped.read("a.xml") == bytes(told)
    assert code_of(bytes(bomb)) == "archive.broken"


def test_members_that_share_their_bytes_are_refused() -> None:
    content = bytearray(archive({"a": bytes(MB), "b": bytes(MB)}))
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = struct.pack("<I", 0)
    assert code_of(bytes(content)) == "archive.broken"


def test_a_password_and_unusual_packing_are_refused() -> None:
    content = bytearray(SOUND)
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert code_of(bytes(content)) == "archive.encrypted"
    assert code_of(zip_of("a", b"x" * 900, ZIP_BZIP2)) == "archive.broken"


@settings(max_examples=300)
@given(
    cut=st.integers(0, len(SOUND)),
    flips=st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(1, 255)), max_size=5),
)
def test_no_damage_makes_the_look_fail_in_another_way(
    cut: int, flips: list[tuple[int, int]]
) -> None:
    content = bytearray(SOUND)
    for at, change in flips:
        content[at] ^= change
    code_of(bytes(content))
    code_of(bytes(content[:cut]))
