"""The same request twice has one effect and one answer: keys are kept with the first good answer."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel, col, select

from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid

SHORTEST_KEY, LONGEST_KEY = 8, 80
KEPT_FOR = timedelta(days=3)
LARGEST_KEPT_ANSWER = 256 * 1024


class IdempotentRequest(SQLModel, table=True):
    """One unsafe request of one caller and the answer it got."""

    __tablename__ = "idempotent_requests"

    owner: str = Field(primary_key=True, max_length=60)
    key: str = Field(primary_key=True, max_length=LONGEST_KEY)
    fingerprint: str = Field(max_length=64)
    status: int | None = None
    location: str | None = None
    media_type: str | None = None
    answer: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    made_at: datetime = Field(index=True)


class KeyUsedOtherwise(Conflict):
    """The key came before with another request."""

    code = "idempotency.key_used_otherwise"
    message = "Mã chống trùng này đã dùng cho một yêu cầu khác. Hãy gửi với mã mới."


@dataclass(frozen=True, slots=True)
class Answer:
    """A kept answer, to be given again."""

    status: int
    location: str | None
    media_type: str | None
    body: bytes


class Replay(Exception):  # noqa: N818 -- the way out of a handler that need not run again
    """The request was answered before; here is that answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__()


def fingerprint(method: str, path: str, body: bytes = b"", content_type: str = "") -> str:
    """Return what two requests must share to count as the same.

    A client that sends a file again draws a new boundary for its parts: that is no other request.
    """
    kind, _, boundary = content_type.partition("boundary=")
    if kind.startswith("multipart/") and boundary:
        body = body.replace(boundary.split(";")[0].strip(' "').encode(), b"")
    return hashlib.sha256(b"\0".join([method.encode(), path.encode(), body])).hexdigest()


def check_key(key: str | None, *, field: str) -> str:
    """Return the key, or say what a key looks like."""
    if key is None or not SHORTEST_KEY <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid(
            {field: "Cần mã chống trùng dài 8–80 ký tự, mỗi thao tác một mã (ví dụ một UUID)."},
            code="idempotency.key_needed",
        )
    return key


def claim(
    session: WriteSession, *, owner: str, key: str, request_fingerprint: str, at: datetime
) -> IdempotentRequest:
    """Take the key for this request, or raise Replay with the answer it got before.

    A second request with the same key waits until the first one is finished; when the first one
    failed, its row is gone with its transaction and the second one runs.
    """
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    taken = session.connection().execute(
        dialect.insert(IdempotentRequest)
        .values(owner=owner, key=key, fingerprint=request_fingerprint, made_at=at)
        .on_conflict_do_nothing()
        .returning(col(IdempotentRequest.key))
    )
    # A row comes back only when it was put in; the driver's count of rows is not kept for inserts.
    is_new = taken.first() is not None
    row = session.exec(
        select(IdempotentRequest)
        .where(col(IdempotentRequest.owner) == owner, col(IdempotentRequest.key) == key)
        .with_for_update()
    ).one()
    if is_new:
        return row
    if row.fingerprint != request_fingerprint:
        raise KeyUsedOtherwise
    if row.status is None:
        raise Conflict(code="idempotency.in_progress")
    raise Replay(Answer(row.status, row.location, row.media_type, row.answer or b""))


def remember(
    row: IdempotentRequest,
    *,
    status: int,
    location: str | None,
    media_type: str | None,
    body: bytes,
) -> None:
    """Keep the answer with the key, in the same transaction as the effect."""
    row.status = status
    row.location = location
    row.media_type = media_type
    row.answer = body[:LARGEST_KEPT_ANSWER]


def forget_old(session: WriteSession, *, at: datetime) -> int:
    """Delete keys older than three days and return how many there were."""
    gone = session.exec(
        sa.delete(IdempotentRequest).where(col(IdempotentRequest.made_at) < at - KEPT_FOR)
    )
    return int(gone.rowcount)
