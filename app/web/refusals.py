"""Refusals as pages or fragments: what happened, why, on which basis, and what to do next."""

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.core.errors import Invalid, Refusal
from app.domain.accounts.enums import SignInStep
from app.http.problems import status_of
from app.web.deps import STEP_ROUTES, language_of, shell_context, url_for
from app.web.render import rendered, translated

_BUSY = 503


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
        "again": _once_more(request, status),
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


def _once_more(request: Request, status: int) -> str:
    """Return the same address where the server was busy; what was sent is sent again by whoever sent it."""
    if status != _BUSY or request.method != "GET":
        return ""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def sign_in_first(request: Request) -> Response:
    """Send a visitor to sign in and back afterwards; htmx is told to go there by itself."""
    return _first(request, "/sign-in")


def step_first(request: Request, step: SignInStep) -> Response:
    """Send somebody who is half signed in to what is left, and back afterwards."""
    return _first(request, url_for(request, STEP_ROUTES[step]))


def _first(request: Request, path: str) -> Response:
    wanted = "/"
    if request.method == "GET":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = f"{path}?next={quote(wanted, safe='/')}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"hx-redirect": address})
    return RedirectResponse(address, status_code=303)
