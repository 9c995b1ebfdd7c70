"""Archives made while they are given out: read by the standard reader and by one that trusts nothing."""

import io
import struct
import zlib
from collections.abc import Iterable
from zipfile import ZipFile

import pytest

from app.core.zip_stream import IN_MEMORY_BYTES, PIECE_BYTES, PackedFile, ZipStream, in_pieces

MANY = 70_000  # more files than the old end record can count


def archive_of(files: Iterable[tuple[str, bytes]], *, begins_at: int = 0) -> bytes:
    with ZipStream(begins_at=begins_at) as stream:
        records = [stream.small(path, content) for path, content in files]
        return b"".join((*records, *stream.end()))


def read_forwards(archive: bytes) -> dict[str, bytes]:
    """Read record after record from the first byte, as a reader does that cannot seek."""
    found: dict[str, bytes] = {}
    at = 0
    while archive[at : at + 4] == b"PK\x03\x04":
        needs, flags, way, _, _, crc, packed, size, name, extra = struct.unpack_from(
            "<HHHHHLLLHH", archive, at + 4
        )
        assert (needs, flags, way, extra) == (20, 0x0800, 8, 0)  # no sizes behind the bytes
        begin = at + 30 + name
        content = zlib.decompress(archive[begin : begin + packed], -zlib.MAX_WBITS)
        assert (len(content), zlib.crc32(content)) == (size, crc)
        path = archive[at + 30 : begin].decode()
        assert path not in found
        found[path] = content
        at = begin + packed
    assert archive[at : at + 4] == b"PK\x01\x02"
    return found


def test_two_ways_of_reading_find_the_same_files() -> None:
    files = {"a/đọc.txt": "Mật ong\n".encode(), "a/empty": b"", "b.svg": b"<svg/>" * 9000}
    made = archive_of(files.items())
    with ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        assert {path: archive.read(path) for path in archive.namelist()} == files
        assert {one.external_attr >> 16 for one in archive.infolist()} == {0o100644}
    assert read_forwards(made) == files
    assert made == archive_of(files.items())


def test_more_files_than_sixteen_bits_count_are_all_there() -> None:
    made = archive_of((f"svg/{number:07}", b"%d" % number) for number in range(MANY))
    with ZipFile(io.BytesIO(made)) as archive:
        assert len(archive.namelist()) == MANY
        assert archive.testzip() is None
        assert archive.read("svg/0069999") == b"69999"
    assert len(read_forwards(made)) == MANY


def test_a_file_beyond_four_gigabytes_of_archive_is_found() -> None:
    before = 2**32 - 20  # the second record begins behind what 32 bits tell
    made = archive_of([("first", b"1" * 500), ("second", b"2" * 500)], begins_at=before)

    class Behind(io.BytesIO):
        """The archive with nothing before it that anybody would have to keep."""

        def seek(self, to: int, whence: int = 0) -> int:
            return super().seek(to - before if whence == 0 else to, whence) + before

        def tell(self) -> int:
            return super().tell() + before

    with ZipFile(Behind(made)) as archive:
        first, second = archive.infolist()
        assert first.header_offset < 2**32 <= second.header_offset
        assert archive.testzip() is None


def test_a_file_that_waited_on_the_disk_is_whole() -> None:
    lines = [b"%032x\r\n" % (number * 7919**9) for number in range(150_000)]
    with ZipStream() as stream, PackedFile() as file:
        for line in lines:
            file.write(line)
        file.finish()
        assert file.packed_size > IN_MEMORY_BYTES
        made = b"".join((*stream.large("table", file), *stream.end()))
    assert read_forwards(made) == {"table": b"".join(lines)}
    with ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None


def test_a_file_larger_than_its_header_can_say_is_refused() -> None:
    with PackedFile() as file:
        file.size = 2**32 - 1
        with pytest.raises(ValueError, match="no more than"):
            file.finish()


def test_the_first_part_goes_out_at_once_and_others_in_worthwhile_pieces() -> None:
    taken = 0

    def parts() -> Iterable[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield b"x" * 1000

    pieces = iter(in_pieces(parts()))
    assert next(pieces) == b"x" * 1000
    assert taken == 1
    sizes = [len(piece) for piece in pieces]
    assert sum(sizes) == 999_000
    assert all(PIECE_BYTES <= size < PIECE_BYTES + 1000 for size in sizes[:-1])
    assert list(in_pieces([])) == [b""]
