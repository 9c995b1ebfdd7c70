"""Answers that may be asked for again cheaply: an ETag, a short life, and 304 when nothing changed.

What the register says of a star moves at midnight in Viet Nam, and whenever a decision takes effect:
nothing is kept for longer than a minute, and never over midnight.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b

from fastapi import Request, Response

from app.core.clock import VIET_NAM, local_day

NOT_MODIFIED = 304
OF_ROWS_ALONE = "ocop.of_rows_alone"  # in the scope of a request
LONGEST_LIFE = 60
# The answer to a scan is kept by whoever asked, never by anybody between, for thirty seconds from the
# moment its facts were read: what the server itself still remembers (ScanDesk, five seconds at most) is
# told as Age. A browser that overlooks Age keeps it for 5 + 30 s. Either way nothing shown sixty seconds
# after a revocation is older than it; a 304 is made from what is known at its own moment.
LIVE_LIFE = 30


def seconds_to_keep(at: datetime) -> int:
    """Return for how many seconds an answer of this moment may be shown again."""
    left = _midnight_after(local_day(at)) - at
    return min(LONGEST_LIFE, int(left.total_seconds()))


@lru_cache(maxsize=2)
def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), VIET_NAM)


def mark_of(content: bytes | str) -> str:
    """Return the ETag of a content; a weak one, because it may be compressed on its way."""
    raw = content.encode() if isinstance(content, str) else content
    return f'W/"{blake2b(raw, digest_size=12).hexdigest()}"'


def is_known(request: Request, etag: str) -> bool:
    """Tell whether the asker holds this very content already."""
    return is_held(request.headers.get("if-none-match", ""), etag)


def is_held(held: str, etag: str) -> bool:
    """Tell whether an If-None-Match names this ETag (RFC 9110, 13.1.2: compared weakly)."""
    opaque = etag.removeprefix("W/")
    return held.strip() == "*" or opaque in (
        one.strip().removeprefix("W/") for one in held.split(",")
    )


def shared(
    request: Request,
    answer: Response,
    *,
    at: datetime,
    etag: str = "",
    of_rows_alone: bool = True,
) -> Response:
    """Let anybody keep an answer for a moment; say 304 to whoever holds it (RFC 9110, 13.1.2).

    An answer that depends on more than rows, day and question – on the moment, on files that may change
    – is not `of_rows_alone`: the server makes it anew each time (prepared.py).
    """
    request.scope[OF_ROWS_ALONE] = of_rows_alone
    mark = etag or mark_of(bytes(answer.body))
    answer.headers["etag"] = mark
    answer.headers["cache-control"] = f"public, max-age={seconds_to_keep(at)}"
    if not is_known(request, mark):
        return answer
    kept = {
        name: answer.headers[name]
        for name in ("etag", "cache-control", "vary", "access-control-allow-origin")
        if name in answer.headers
    }
    return Response(status_code=NOT_MODIFIED, headers=kept)


def live(*, at: datetime, age: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers of an answer that may be shown again for moments only, never over midnight.

    `age` are the whole seconds, rounded up, since what it tells was read.
    """
    return _live(min(LIVE_LIFE, seconds_to_keep(at)), age)


@lru_cache(maxsize=256)
def _live(life: int, age: int) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"cache-control", b"private, max-age=%d, must-revalidate" % life),
        (b"age", b"%d" % age),
    )


def shown_live(request: Request, answer: Response, *, at: datetime, age: int = 0) -> Response:
    """Give an answer its short life; say 304 to whoever holds it."""
    kept = {name.decode(): value.decode() for name, value in live(at=at, age=age)}
    headers = {"etag": mark_of(bytes(answer.body))} | kept
    answer.headers.update(headers)
    if not is_known(request, headers["etag"]):
        return answer
    slim = {"x-slim-answer": "1"} if "x-slim-answer" in answer.headers else {}
    return Response(status_code=NOT_MODIFIED, headers=headers | slim)
