"""Pages for a buyer's telephone: whole in themselves, one style, no script, no other file but a picture."""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache

from fastapi import Response

from app.core.settings import Settings
from app.http.ready import Written
from app.web.render import LANGUAGES, rendered

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def slim_text(
    template: str,
    language: str,
    context: Mapping[str, object],
    *,
    settings: Settings,
    path: str,
    pictures: bool = False,
) -> Written:
    """Return a page that is whole in itself, with only the headers it needs."""
    other = next(known for known in LANGUAGES if known != language)
    shell = {
        "demo": settings.demonstration,
        "other_language": other,
        "other_url": f"{path}?lang={other}",
    }
    html = rendered(template, language, shell | dict(context))
    headers = {
        "content-type": "text/html; charset=utf-8",
        "x-slim-answer": "1",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "content-security-policy": _policy(html, pictures=pictures),
    }
    if settings.secure_cookies:
        headers["strict-transport-security"] = "max-age=63072000"
    return Written(html, [(name.encode(), value.encode()) for name, value in headers.items()])


def slim_page(page: Written, *, status: int = 200) -> Response:
    """Answer with such a page; it is kept nowhere until somebody says how long it may be."""
    answer = Response(page.text, status_code=status)
    for name, value in page.headers:
        answer.headers[name.decode()] = value.decode()
    answer.headers.setdefault("cache-control", "no-store")
    return answer


def _policy(html: str, *, pictures: bool) -> str:
    """Allow the page's own style by its hash, the form to ourselves, the one picture, nothing else."""
    styles = " ".join(f"'sha256-{_hash(style)}'" for style in _STYLE.findall(html)) or "'none'"
    image = "img-src 'self'; " if pictures else ""
    return (
        f"default-src 'none'; style-src {styles}; {image}form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


@lru_cache(maxsize=32)
def _hash(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
