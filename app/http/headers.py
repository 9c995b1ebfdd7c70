"""Security headers and a request id on every answer; a page that needs other rules sets its own."""

import re
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.settings import Settings
from app.http.proxies import FROM_PROXY

_PLAUSIBLE = re.compile(rb"[A-Za-z0-9._-]{8,64}")


def content_security_policy(settings: Settings) -> str:
    """Return the policy of ordinary pages: our own files, and htmx from its pinned address."""
    source = urlsplit(settings.htmx_source)
    scripts = f"'self' {source.scheme}://{source.netloc}" if source.netloc else "'self'"
    return (
        "default-src 'none'; "
        f"script-src {scripts}; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "manifest-src 'self'"
    )


def request_id_of(scope: Scope) -> str:
    """Return a request's number: the one a trusted proxy gave it, if it looks like one, or a new one."""
    if scope.get(FROM_PROXY):
        for name, value in scope["headers"]:
            if name == b"x-request-id" and _PLAUSIBLE.fullmatch(value):
                return str(value.decode())
    return secrets.token_hex(8)


class SecurityHeaders:
    """Adds the headers to every HTTP answer that does not carry its own."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._always = {
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "x-frame-options": "DENY",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
            "content-security-policy": content_security_policy(settings),
        }
        if settings.secure_cookies:
            self._always["strict-transport-security"] = "max-age=63072000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and dress its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope["state"]["request_id"]

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                slim = headers.get("x-slim-answer")
                if slim:
                    # A scan answers in one small packet: the page says which headers it needs.
                    del headers["x-slim-answer"]
                else:
                    for name, value in self._always.items():
                        if name not in headers:
                            headers[name] = value
                    headers["x-request-id"] = request_id
            await send(message)

        await self.app(scope, receive, dressed)
