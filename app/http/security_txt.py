"""Where somebody who found a weakness writes (RFC 9116), as far as the installation has said it."""

from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.core.clock import now
from app.core.settings import Settings

_GOOD_FOR = timedelta(days=180)


async def security_txt(request: Request) -> Response:
    """Answer the address of OCOP_SECURITY_CONTACT; 404 while none is set."""
    settings: Settings = request.app.state.settings
    if not settings.security_contact:
        raise HTTPException(404)
    text = (
        f"Contact: {settings.security_contact}\n"
        f"Expires: {now() + _GOOD_FOR:%Y-%m-%dT00:00:00Z}\n"
        "Preferred-Languages: vi, en\n"
        f"Canonical: {settings.public_url.rstrip('/')}/.well-known/security.txt\n"
    )
    return PlainTextResponse(text, headers={"cache-control": "public, max-age=86400"})
