"""Static files: addresses with a mark of their content, kept for ever only by whoever got that content."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).parents[2] / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_FIVE_MINUTES = "public, max-age=300"
# A page of another release asked for its own file and gets ours: while one is replaced by the next, both
# serve. What was kept under that mark would be the wrong one for as long as a browser likes.
_ASK_AGAIN = "no-cache"


@lru_cache(maxsize=512)
def _mark(path: str, _changed: int) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


def mark_of_asset(path: str) -> str:
    """Return the mark of a static file's content; it follows a file that is being worked on."""
    return _mark(path, (STATIC / path).stat().st_mtime_ns)


def asset(path: str) -> str:
    """Return the address of a static file, with a mark of its content so that it caches for ever."""
    return f"/static/{path}?v={mark_of_asset(path)}"


class FingerprintedFiles(StaticFiles):
    """Static files; an address that carries the mark of this very content may be kept for ever."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Any) -> Response:
        """Answer a file."""
        answer = await super().get_response(path, scope)
        query = scope.get("query_string", b"").decode("latin-1")
        asked = parse_qs(query, keep_blank_values=True).get("v")
        answer.headers["cache-control"] = _life(path, asked)
        return answer


def _life(path: str, asked: list[str] | None) -> str:
    if asked is None:
        return _FIVE_MINUTES
    return _FOR_EVER if asked == [mark_of_asset(path)] else _ASK_AGAIN
