"""The journal of scans: what was answered is written down before it is sent, and nobody waits for it.

No address and no name of a browser is kept, only a mark of both that is different for each stamp and
made with a secret that is thrown away after thirty days: enough to count the devices that asked about
one stamp, not to follow one.

The answer matters more than the count: when the disk takes no line, the answer goes out all the same,
and the log tells so once a minute with how many lines were lost.
"""

import logging
import os
import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from pathlib import Path
from secrets import token_bytes

from app.core.clock import local_day
from app.core.journal import Durability, Journal, JournalError
from app.domain.scans.rules import period_of

_log = logging.getLogger("ocop.scans")
_MARK_BYTES = 8
_SECRET_BYTES = 32
_SILENCE = timedelta(minutes=1)
_PREFIXES = {4: 24, 6: 48}


class ScanLog:
    """The writing side of the journal and the marks of devices, for one process and all its threads."""

    def __init__(self, directory: Path, durability: Durability) -> None:
        self.waits = durability is Durability.POWER  # for a disk: never on the event loop
        self._journal = Journal(directory, durability)
        self._marks = directory.with_name(f"{directory.name}-marks")
        self._period = -1
        self._secret = b""
        self._lost = 0
        self._told_at: datetime | None = None

    def write(self, line: bytes, *, at: datetime) -> None:
        """Keep a line; a disk that does not take it is told of, and the scan is answered anyway."""
        try:
            self._journal.append(line)
        except JournalError as broken:
            self._lost += 1
            if self._told_at is None or not timedelta() <= at - self._told_at < _SILENCE:
                _log.error("%d scans were answered but not kept: %s", self._lost, broken)
                self._told_at, self._lost = at, 0

    def device_mark(self, index: int | None, host: str, agent: bytes, *, at: datetime) -> str:
        """Return the mark of who asks about a stamp, sixteen hexadecimal digits.

        A keyed BLAKE2 (RFC 7693) of index, network and the browser's name; of the address only the
        network counts: /24, or /48 with IPv6. Empty when no secret can be kept: then devices are not
        counted.
        """
        secret = self._secret_of(period_of(local_day(at)))
        if not secret:
            return ""
        message = b"%d\0%b\0%b" % (-1 if index is None else index, _network(host), agent)
        return blake2b(message, digest_size=_MARK_BYTES, key=secret).hexdigest()

    def close(self) -> None:
        """Let the journal go."""
        self._journal.close()

    def _secret_of(self, period: int) -> bytes:
        if period != self._period:
            try:
                self._secret = _kept_secret(self._marks, period)
            except OSError as broken:
                _log.error("no secret for the marks of devices: %s", broken)
                self._secret = b""
            self._period = period
        return self._secret


@lru_cache(maxsize=4096)
def _network(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        return b""
    return str(ip_network((address, _PREFIXES[address.version]), strict=False)).encode()


def _kept_secret(directory: Path, period: int) -> bytes:
    """Return the secret of a period, the same for all processes here; throw older ones away."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = directory / f"{period:06}.secret"
    if not place.exists():
        # Written whole under another name first: whoever comes second takes what is there.
        handle, draft = tempfile.mkstemp(dir=directory, prefix=".draft-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(token_bytes(_SECRET_BYTES))
            with suppress(FileExistsError):
                os.link(draft, place)
        finally:
            Path(draft).unlink()
        for old in directory.glob("*.secret"):
            if old.name < place.name:
                old.unlink(missing_ok=True)
    return place.read_bytes()
