"""Short messages: into a file of our own unless a gateway is named."""

import fcntl
import json
import os
from pathlib import Path

import httpx

from app.core.carriers import NotCarried, Parcel, Trouble

_SECONDS = 20.0
_FOR_GOOD = frozenset({400, 422})  # the gateway cannot read this very message or number
_SETTINGS = frozenset({401, 403, 404, 405})


class SmsFile:
    """Writes each message as one line of JSON, for a modem or a gateway's own program to take."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def carry(self, parcel: Parcel) -> None:
        """Append a line that is on the disk before it counts as sent."""
        line = json.dumps(
            {
                "id": parcel.code,
                "to": parcel.address,
                "text": parcel.short_text,
                "at": parcel.at.isoformat(),
            },
            ensure_ascii=False,
        )
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            # Telephone numbers: for the account of the service alone.
            handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with open(handle, "ab") as out:  # noqa: PTH123 -- the handle carries the permissions
                fcntl.flock(out, fcntl.LOCK_EX)
                out.write(f"{line}\n".encode())
                out.flush()
                os.fsync(out.fileno())
        except OSError as broken:
            raise NotCarried(Trouble.UNREACHABLE, for_all=True) from broken

    def close(self) -> None:
        """Nothing stays open."""


class SmsGateway:
    """Posts each message as JSON to a gateway, named by its code so that it may drop repeats."""

    def __init__(self, address: str, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._address = address
        self._client = httpx.Client(headers=headers, timeout=_SECONDS, follow_redirects=False)

    def carry(self, parcel: Parcel) -> None:
        """Hand a message over; any answer of 2xx means that the gateway has it."""
        try:
            answer = self._client.post(
                self._address,
                json={"id": parcel.code, "to": parcel.address, "text": parcel.short_text},
                headers={"idempotency-key": parcel.code},
            )
        except httpx.HTTPError as broken:
            raise NotCarried(Trouble.UNREACHABLE, for_all=True) from broken
        status = answer.status_code
        if answer.is_success:
            return
        if status in _SETTINGS:
            raise NotCarried(Trouble.SETTINGS, answer=status, for_all=True)
        raise NotCarried(Trouble.REFUSED, answer=status, for_good=status in _FOR_GOOD)

    def close(self) -> None:
        """End the connection."""
        self._client.close()
