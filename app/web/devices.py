"""Browsers from which an account was signed in to before: counted by themselves when a code is wrong."""

import hashlib
import secrets

from fastapi import Response

from app.core.sealing import make_sealing_key, sealing_key
from app.core.settings import Settings
from app.core.signing import KeyFileError, is_sealed, seal
from app.web.deps import ONE_YEAR, VisitorPage

_PURPOSE = "known device"
_MARK_BYTES = 12
_NAME_DIGITS = 12


def known_device(page: VisitorPage, username: str) -> str:
    """Return the mark of a browser that this account was fully signed in to from; empty for strangers."""
    said = page.request.cookies.get(_cookie(page.settings, username), "")
    mark, _, sealed = said.partition(".")
    if not sealed:
        return ""
    try:
        key = sealing_key(page.settings.answer_key_dir).hex()
    except KeyFileError:
        return ""
    return mark if is_sealed(key, _PURPOSE, _message(username, mark), sealed) else ""


def remember_device(answer: Response, page: VisitorPage, username: str) -> None:
    """Let a browser prove next time that its owner was here; without a key there is no proof."""
    try:
        key = make_sealing_key(page.settings.answer_key_dir).hex()
    except (KeyFileError, OSError):
        return
    mark = secrets.token_urlsafe(_MARK_BYTES)
    answer.set_cookie(
        _cookie(page.settings, username),
        f"{mark}.{seal(key, _PURPOSE, _message(username, mark))}",
        max_age=ONE_YEAR,
        path="/",
        httponly=True,
        samesite="lax",
        secure=page.settings.secure_cookies,
    )


def _cookie(settings: Settings, username: str) -> str:
    name = hashlib.sha256(_plain(username).encode()).hexdigest()[:_NAME_DIGITS]
    return f"{'__Host-' if settings.secure_cookies else ''}ocop_known_{name}"


def _message(username: str, mark: str) -> bytes:
    return f"{_plain(username)}\0{mark}".encode()


def _plain(username: str) -> str:
    return username.strip().lower()
