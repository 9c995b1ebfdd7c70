"""What an audit event says and how it is chained: pure computation."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

FIRST_PREVIOUS = "0" * 64


class Acting(Protocol):
    """Whoever does something: what the audit needs to know of them."""

    @property
    def user_id(self) -> int | None:
        """The account, None for a job of the system."""

    @property
    def name(self) -> str:
        """The name as it was on that day."""

    @property
    def office(self) -> str:
        """Role and unit in which they act, as one line."""


class Subject(Protocol):
    """The row an event is about."""

    @property
    def id(self) -> int | None:
        """The internal number."""

    @property
    def code(self) -> str | None:
        """The public name, when the row has one."""


def plain(value: Any) -> Any:
    """Return the value as JSON knows it, so that what is hashed is what is read back."""
    if value is None or isinstance(value, str | bool | int):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    return str(value)


def event_hash(
    *,
    sequence: int,
    at: datetime,
    actor_id: int | None,
    actor_name: str,
    office: str,
    kind: str,
    subject_type: str,
    subject_id: int | None,
    subject_code: str | None,
    data: Mapping[str, Any],
    previous_hash: str,
) -> str:
    """Return the SHA-256 over everything the event says and the hash before it."""
    said = [
        sequence,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        actor_id,
        actor_name,
        office,
        kind,
        subject_type,
        subject_id,
        subject_code,
        data,
        previous_hash,
    ]
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
