"""ClamAV, where an installation has one: nothing is kept before it was looked through for viruses.

The client is our own: the ready-made one speaks no local socket, hops to another thread for every
kilobyte, and takes a file that is too long for a broken line. A scanner that does not answer is no
reason to keep a file unseen: the sender is asked to come back.
"""

import logging
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from app.core.errors import Invalid, Unreachable
from app.core.storage import Content, KeptFile, Storage

PIECE_BYTES: Final = 128 * 1024
LONGEST_ANSWER: Final = 4096
_ANSWER: Final = re.compile(r"stream: (?P<virus>.+) FOUND")
_TOO_LONG: Final = "INSTREAM size limit exceeded. ERROR"
_LIMITS: Final = "Heuristics.Limits.Exceeded"  # told where clamd has AlertExceedsMax
_log = logging.getLogger("ocop.files")

SENTENCES: Final = {
    "file.virus": "Tệp có vi-rút hoặc mã độc nên không được nhận. Hãy quét vi-rút trên máy rồi gửi tệp sạch.",
    "file.too_large_to_scan": "Tệp lớn hơn mức chương trình quét vi-rút xem được. Hãy giảm dung lượng hoặc tách nhỏ.",
}


class ScannerUnreachable(Unreachable):
    """The scanner does not answer, or not as one."""

    code = "files.scanner_unreachable"
    message = (
        "Chương trình quét vi-rút tạm thời không trả lời nên tệp chưa được nhận. "
        "Hãy thử lại sau ít phút."
    )


@dataclass(frozen=True, slots=True)
class Scanner:
    """A clamd at `tcp://host:port` or `unix:/path`, waited for so many seconds at each step."""

    url: str
    patience: float

    def check(self, sha256: str, content: Content) -> None:
        """Refuse what carries a virus, and what the scanner would not look through whole."""
        said = self._answer(content)
        if said == "stream: OK":
            return
        found = _ANSWER.fullmatch(said)
        if said == _TOO_LONG or (found and found["virus"].startswith(_LIMITS)):
            code = "file.too_large_to_scan"
        elif found:
            code = "file.virus"
        else:
            _log.error("clamd gave no verdict: %r", said)
            raise ScannerUnreachable
        # Hash, size and verdict find the file again; who sent it is not the log's business.
        _log.warning("refused %s: sha256=%s size=%d said=%r", code, sha256, len(content), said)
        raise Invalid({"file": SENTENCES[code]}, code=code)

    def _answer(self, content: Content) -> str:
        try:
            with closing(self._connected()) as line:
                # clamd stops listening where a stream gets too long, and has answered by then.
                with suppress(BrokenPipeError, ConnectionResetError):
                    for piece in _pieces(content):
                        line.sendall(piece)
                return _read(line).decode(errors="replace")
        except OSError as broken:
            _log.error("clamd at %s does not answer: %s", self.url, broken)
            raise ScannerUnreachable from broken

    def _connected(self) -> socket.socket:
        place = urlsplit(self.url)
        if place.scheme == "tcp":
            return socket.create_connection((str(place.hostname), place.port or 0), self.patience)
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(self.patience)
        try:
            line.connect(place.path)
        except OSError:
            line.close()
            raise
        return line


def check_address(url: str) -> None:
    """Refuse (ValueError) what names no clamd."""
    place = urlsplit(url)
    tcp = place.scheme == "tcp" and place.hostname and place.port
    if not tcp and not (place.scheme == "unix" and place.path.startswith("/")):
        raise ValueError("OCOP_CLAMAV_URL must look like tcp://host:port or unix:/path")


def _pieces(content: Content) -> Iterator[bytes]:
    yield b"zINSTREAM\0"
    for start in range(0, len(content), PIECE_BYTES):
        piece = content[start : start + PIECE_BYTES]
        yield struct.pack("!L", len(piece)) + piece
    yield struct.pack("!L", 0)


def _read(line: socket.socket) -> bytes:
    answer = b""
    while b"\0" not in answer and len(answer) < LONGEST_ANSWER:
        more = line.recv(LONGEST_ANSWER)
        if not more:
            break
        answer += more
    return answer.partition(b"\0")[0]


@dataclass(frozen=True, slots=True)
class ScannedStorage:
    """A storage that keeps only what the scanner let pass, whoever asks: there is no way around."""

    storage: Storage
    scanner: Scanner

    def keep(self, sha256: str, content: Content) -> None:
        """Look through, then keep; a file that is there is looked through again: scanners learn."""
        self.scanner.check(sha256, content)
        self.storage.keep(sha256, content)

    def find(self, sha256: str) -> KeptFile | None:
        """As the storage."""
        return self.storage.find(sha256)

    def size_of(self, sha256: str) -> int | None:
        """As the storage."""
        return self.storage.size_of(sha256)

    def chunks(self, sha256: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """As the storage."""
        return self.storage.chunks(sha256, first, last)

    def kept(self) -> Iterator[KeptFile]:
        """As the storage."""
        return self.storage.kept()

    def remove(self, sha256: str) -> None:
        """As the storage."""
        self.storage.remove(sha256)

    def drop_drafts(self, *, before: datetime) -> int:
        """As the storage."""
        return self.storage.drop_drafts(before=before)
