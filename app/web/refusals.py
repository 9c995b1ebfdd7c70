"""Refusals as pages or fragments: what happened, why, on which basis, and what to do next."""

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refusal, Refused, Unreachable
from app.web.deps import language_of, shell_context
from app.web.render import rendered, translated

STATUS: dict[type[Refusal], int] = {
    NotFound: 404,
    NotPermitted: 403,
    Unreachable: 503,  # before the kind that it is one of
    Conflict: 409,
    Invalid: 422,
    Refused: 422,
}


def status_of(refusal: Refusal) -> int:
    """Return the HTTP number of a refusal's kind."""
    return next((number for kind, number in STATUS.items() if isinstance(refusal, kind)), 422)


def refusal_page(request: Request, refusal: Refusal, status: int | None = None) -> Response:
    """Answer a refusal: a fragment for htmx, otherwise a page with a way back."""
    language = language_of(request)
    status = status or status_of(refusal)
    context = {
        "status": status,
        "message": translated(language, refusal.template, refusal.params),
        "basis": refusal.legal_basis,
        "code": refusal.reason_code,
        "fields": refusal.fields if isinstance(refusal, Invalid) else {},
        "back": _way_back(request),
        "request_id": request.scope.get("state", {}).get("request_id", ""),
    }
    is_fragment = request.headers.get("hx-request") == "true"
    template = "refusals/_refusal.html" if is_fragment else "refusals/refusal.html"
    html = rendered(template, language, shell_context(request) | context)
    return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})


def _way_back(request: Request) -> str:
    if request.method == "POST":
        return request.url.path.rsplit("/", 1)[0] or "/"
    return "/"


def sign_in_first(request: Request) -> Response:
    """Send a visitor to sign in and back afterwards; htmx is told to go there by itself."""
    wanted = "/"
    if request.method == "GET":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = f"/sign-in?next={quote(wanted, safe='/')}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"hx-redirect": address})
    return RedirectResponse(address, status_code=303)
