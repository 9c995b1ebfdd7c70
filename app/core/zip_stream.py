"""A ZIP archive of very many small files, given out while it is made: the same files, the same bytes.

Every file is there before its bytes are given out, so that its header tells hash and sizes. Writers for
streams put them behind the bytes, which some readers refuse (see archives.py), and keep an object of
half a kilobyte for each file until the end; here the list of files waits in a temporary file on the
disk. Layout: APPNOTE.TXT 6.3.10, §4.3.7, §4.3.12–4.3.16.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

PIECE_BYTES = 64 * 1024
IN_MEMORY_BYTES = 1024 * 1024
LARGEST_FILE = 0xFFFFFFFE  # its size is told in 32 bits; the archive itself may be larger

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END_64, _LOCATOR_64 = b"PK\x06\x06", b"PK\x06\x07"
_MANY_FILES, _FAR = 0xFFFF, 0xFFFFFFFF  # «look into the 64-bit record»
_DEFLATED, _UTF8 = 8, 0x0800
_NEEDS, _NEEDS_64, _BY_UNIX = 20, 45, 3 << 8
_MIDNIGHT, _FIRST_DAY = 0, (1 << 5) | 1  # 1980-01-01: no file tells when it was put there
_READABLE_BY_ALL = 0o100644 << 16


class PackedFile:
    """One file of any length, packed as it is written; waits on the disk once it is large."""

    def __init__(self) -> None:
        self.crc, self.size, self.packed_size = 0, 0, 0
        self._packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self._kept = SpooledTemporaryFile[bytes](max_size=IN_MEMORY_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._kept.close()

    def write(self, content: bytes) -> None:
        """Add bytes to the end."""
        self.crc = zlib.crc32(content, self.crc)
        self.size += len(content)
        self._keep(self._packer.compress(content))

    def finish(self) -> None:
        """Say that nothing more comes; before it, sizes are not known."""
        self._keep(self._packer.flush())
        if max(self.size, self.packed_size) > LARGEST_FILE:
            raise ValueError(f"one file of an archive holds no more than {LARGEST_FILE} bytes")

    def pieces(self) -> Iterator[bytes]:
        """Give the packed bytes."""
        self._kept.seek(0)
        while piece := self._kept.read(PIECE_BYTES):
            yield piece

    def _keep(self, packed: bytes) -> None:
        self.packed_size += len(packed)
        self._kept.write(packed)


class ZipStream:
    """Gives the parts of an archive in their order; whoever calls hands them on at once.

    `begins_at` is how many bytes stand before the archive in the same file.
    """

    def __init__(self, *, begins_at: int = 0) -> None:
        self._at = begins_at
        self._count = 0
        self._directory = SpooledTemporaryFile[bytes](max_size=IN_MEMORY_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._directory.close()

    def small(self, path: str, content: bytes) -> bytes:
        """Return the record of a file that is in memory."""
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        packed = packer.compress(content) + packer.flush()
        return self._header(path, zlib.crc32(content), len(content), len(packed)) + packed

    def large(self, path: str, file: PackedFile) -> Iterator[bytes]:
        """Give the record of a finished file that waits on the disk."""
        yield self._header(path, file.crc, file.size, file.packed_size)
        yield from file.pieces()

    def end(self) -> Iterator[bytes]:
        """Give the list of all files, which ends the archive."""
        size = self._directory.tell()
        self._directory.seek(0)
        while piece := self._directory.read(PIECE_BYTES):
            yield piece
        count, start = self._count, self._at
        if count >= _MANY_FILES or start >= _FAR or size >= _FAR:
            yield _END_64 + struct.pack(
                "<QHHLLQQQQ", 44, _BY_UNIX | _NEEDS_64, _NEEDS_64, 0, 0, count, count, size, start
            )
            yield _LOCATOR_64 + struct.pack("<LQL", 0, start + size, 1)
        few = min(count, _MANY_FILES)
        yield _END + struct.pack("<HHHHLLH", 0, 0, few, few, min(size, _FAR), min(start, _FAR), 0)

    def _header(self, path: str, crc: int, size: int, packed_size: int) -> bytes:
        name, at = path.encode(), self._at
        told = struct.pack(
            "<HHHHLLLH", _UTF8, _DEFLATED, _MIDNIGHT, _FIRST_DAY, crc, packed_size, size, len(name)
        )
        far = struct.pack("<HHQ", 1, 8, at) if at >= _FAR else b""
        needs = _NEEDS_64 if far else _NEEDS
        self._directory.write(
            _CENTRAL
            + struct.pack("<HH", _BY_UNIX | needs, needs)
            + told
            + struct.pack("<HHHHLL", len(far), 0, 0, 0, _READABLE_BY_ALL, min(at, _FAR))
            + name
            + far
        )
        header = _LOCAL + struct.pack("<H", _NEEDS) + told + struct.pack("<H", 0) + name
        self._at += len(header) + packed_size
        self._count += 1
        return header


def in_pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Give the first part at once, then parts gathered until they are worth an answer's piece."""
    waiting = iter(parts)
    yield next(waiting, b"")
    gathered = bytearray()
    for part in waiting:
        gathered += part
        if len(gathered) >= PIECE_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
