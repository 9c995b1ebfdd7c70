"""From a browser's request to a Page: who it is, the session, the time, and how to answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.core import clock
from app.core.codes import new_secret
from app.core.db import Database, WriteSession, transaction
from app.core.errors import Refusal
from app.core.paging import LARGEST_KEY
from app.core.settings import Settings
from app.domain.accounts.actions import touch
from app.domain.accounts.enums import SignInStep
from app.domain.accounts.queries import StartedLogin, find_started_login
from app.domain.accounts.rules import Actor
from app.http.idempotency import check_key, claim, fingerprint
from app.http.sessions import (
    RecentRoute,
    TransactionRoute,
    Unit,
    VerdictRoute,
    unit_of,
)
from app.http.visitors import SESSION_COOKIES
from app.web.forms import empty_form
from app.web.navigation import entries_for
from app.web.render import LANGUAGES, rendered, translated

LANGUAGE_COOKIE = "ocop_lang"
SAID_COOKIE = "ocop_said"
TOUCH_AFTER = timedelta(minutes=10)
ONE_YEAR = 365 * 24 * 3600


def page_router(
    *, route_class: type[TransactionRoute] = TransactionRoute, **options: Any
) -> APIRouter:
    """Return a router whose requests are transactions; its routes stay out of the API's document."""
    return APIRouter(route_class=route_class, include_in_schema=False, **options)


def public_router() -> APIRouter:
    """Return a router of pages for anybody, which may show what was true a few seconds ago."""
    return page_router(route_class=RecentRoute)


def verdict_router() -> APIRouter:
    """Return a router of verdicts, which the standby of the database gives when the first is gone."""
    return page_router(route_class=VerdictRoute)


def session_cookie(settings: Settings) -> str:
    """Return the cookie's name; the __Host- prefix binds it to this host where https allows."""
    return SESSION_COOKIES[0] if settings.secure_cookies else SESSION_COOKIES[1]


def language_of(request: Request) -> str:
    """Return the reader's language: asked for, remembered, or Vietnamese."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


def say(answer: Response, said: str, settings: Settings) -> None:
    """Let the next page begin with one sentence about what was done."""
    answer.set_cookie(
        SAID_COOKIE,
        quote(said),
        max_age=60,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


class SignInNeeded(Exception):  # noqa: N818 -- an answer (go and sign in), not a fault
    """The page is for people who signed in."""


class StepNeeded(Exception):  # noqa: N818 -- an answer (finish signing in), not a fault
    """Somebody signed in, and has something to do before any other page."""

    def __init__(self, step: SignInStep) -> None:
        super().__init__(step)
        self.step = step


STEP_ROUTES: dict[SignInStep, str] = {
    SignInStep.SHOW_FACTOR: "second_factor.ask",
    SignInStep.CHANGE_PASSWORD: "password.form",
    SignInStep.SET_UP_FACTOR: "second_factor.show",
}


def keep_signed_in(answer: Response, secret: str, settings: Settings) -> None:
    """Let the browser hold the secret of its session, hidden from scripts and other sites."""
    answer.set_cookie(
        session_cookie(settings),
        secret,
        max_age=int(timedelta(hours=settings.session_hours).total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


@dataclass
class VisitorPage:
    """A request for a page, by anybody."""

    request: Request
    unit: Unit
    at: datetime
    signed_in: Actor | None

    @property
    def session(self) -> WriteSession:
        """The session of this request; on a GET the database refuses to write through it."""
        return WriteSession(self.unit.session)

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        settings: Settings = self.request.app.state.settings
        return settings

    @property
    def language(self) -> str:
        """The language to answer in."""
        return language_of(self.request)

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks for a part of the page."""
        return self.request.headers.get("hx-request") == "true"

    def url(self, route: str, **params: Any) -> str:
        """Return the address of a route; unknown names become the query."""
        return url_for(self.request, route, **params)

    def html(self, template: str, **context: Any) -> str:
        """Return a template filled in with what every page knows."""
        return rendered(template, self.language, shell_context(self.request) | context)

    def render(
        self,
        template: str,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """Answer with a page or fragment."""
        answer = HTMLResponse(self.html(template, **context), status_code=status, headers=headers)
        answer.headers.setdefault("vary", "HX-Request, Cookie")
        answer.headers.setdefault("cache-control", "no-store" if self.signed_in else "no-cache")
        if self.request.cookies.get(SAID_COOKIE) and not self.is_fragment:
            answer.delete_cookie(SAID_COOKIE, path="/")
        return answer

    def go(self, route: str, *, said: str | None = None, **params: Any) -> Response:
        """Answer a done step: see the next page (303), with one sentence about what was done."""
        return self.go_to(self.url(route, **params), said=said)

    def go_to(self, address: str, *, said: str | None = None) -> Response:
        """Answer with an address of our own."""
        answer: Response = RedirectResponse(address, status_code=303)
        if said:
            say(answer, said, self.settings)
        return answer


@dataclass
class SignedInPage(VisitorPage):
    """A request for a page, by somebody who signed in."""

    @property
    def actor(self) -> Actor:
        """Who it is."""
        if self.signed_in is None:
            raise SignInNeeded
        return self.signed_in

    @property
    def started(self) -> StartedLogin:
        """The browser session behind the page."""
        started: StartedLogin = self.request.state.started
        return started

    @property
    def login_id(self) -> int:
        """The number of that session."""
        return self.started.login.id or 0


def shell_context(request: Request) -> dict[str, Any]:
    """Return what every page knows: who reads, the menu, addresses, and a waiting sentence."""
    settings: Settings = request.app.state.settings
    actor: Actor | None = getattr(request.state, "actor", None)
    said = request.cookies.get(SAID_COOKIE)
    here, language = request.url.path, language_of(request)
    return {
        "request_path": here,
        "actor": actor,
        "nav": [
            {
                "label": translated(language, entry.label),
                "url": entry.path,
                "current": entry.holds(here),
                "count": None,
            }
            for entry in entries_for(actor)
        ],
        "url_for": partial(url_for, request),
        "switch_language_url": partial(switch_language_url, request),
        "flash": ("success", translated(language, unquote(said))) if said else None,
        "demo": settings.demonstration,
        "htmx_src": settings.htmx_source,
        "htmx_integrity": settings.htmx_integrity,
        "new_key": new_secret,
        "sentence": partial(_sentence, language),
        "form": empty_form(),
        "today": clock.today(),
        "account_provider": settings.oidc_name if settings.oidc_issuer else "",
    }


def _sentence(language: str, refusal: Refusal) -> str:
    return translated(language, refusal.template, refusal.params)


def url_for(request: Request, route: str, **params: Any) -> str:
    """Return a path for a named route; parameters that are not in the path become the query."""
    wanted = request.app.state.pages.get(route)
    names = set(wanted.param_convertors) if wanted else set(params)
    # A page is asked for its own path: the application would ask all its routes one by one.
    find = (wanted or request.app).url_path_for
    path = find(route, **{k: v for k, v in params.items() if k in names})
    query = {k: v for k, v in params.items() if k not in names and v not in (None, "")}
    return f"{path}?{urlencode(query)}" if query else str(path)


def switch_language_url(request: Request, language: str) -> str:
    """Return this very page in another language."""
    query = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
    return f"{request.url.path}?{urlencode([*query, ('lang', language)])}"


def visitor_page(request: Request) -> VisitorPage:
    """Make the page of a request, signed in or not; who is half signed in is a visitor."""
    unit, at = unit_of(request), clock.now()
    started = _started(request, unit, at)
    whole = started is not None and started.step is None
    return VisitorPage(request, unit, at, _acting(request, started) if whole else None)


def signed_in_page(request: Request) -> SignedInPage:
    """Make the page of somebody who signed in; a posted form is taken once per key."""
    page = _page_of_step(request)
    _take_once(request, page.unit, owner=f"user:{page.actor.user_id}", at=page.at)
    return page


def page_during(*steps: SignInStep) -> Any:
    """Return the dependency of a page that may also be opened while one of these steps is left.

    What is posted there is not taken once per key: it changes the cookie, which no kept answer does.
    """

    def page(request: Request) -> SignedInPage:
        return _page_of_step(request, *steps)

    return Depends(page)


def _page_of_step(request: Request, *steps: SignInStep) -> SignedInPage:
    unit, at = unit_of(request), clock.now()
    started = _started(request, unit, at)
    if started is None:
        raise SignInNeeded
    if started.step is not None and started.step not in steps:
        raise StepNeeded(started.step)
    return SignedInPage(request, unit, at, _acting(request, started))


def anybodys_page(request: Request) -> VisitorPage:
    """Make the page of anybody; a posted form is taken once per key, whatever line it comes over."""
    page = visitor_page(request)
    _take_once(request, page.unit, owner="anybody", at=page.at)
    return page


def _take_once(request: Request, unit: Unit, *, owner: str, at: datetime) -> None:
    if unit.writes:
        form = getattr(request, "_form", None)
        key = form.get("_key") if form is not None else request.headers.get("idempotency-key")
        unit.claimed = claim(
            unit.write_session,
            owner=owner,
            key=check_key(key if isinstance(key, str) else None, field="_key"),
            request_fingerprint=fingerprint(request.method, request.url.path),
            at=at,
        )


def _started(request: Request, unit: Unit, at: datetime) -> StartedLogin | None:
    settings: Settings = request.app.state.settings
    secret = request.cookies.get(session_cookie(settings))
    if not secret:
        return None
    started = find_started_login(
        unit.session,
        secret,
        at=at,
        idle=settings.session_idle_time,
        roles=request.app.state.second_factor_roles,
    )
    if started is None:
        return None
    if at - started.login.last_seen_at > TOUCH_AFTER:
        unit.later.append(_touching(started.login.id or 0, at))
    request.state.started = started
    return started


def _acting(request: Request, started: StartedLogin | None) -> Actor | None:
    """Return who it is; until every step is done, the shell of the page shows nobody."""
    if started is None:
        return None
    if started.step is None:
        request.state.actor = started.actor
    return started.actor


def _touching(login_id: int, at: datetime) -> Callable[[Database], None]:
    def touch_later(engine: Database) -> None:
        with transaction(engine) as session:
            touch(session, login_id, at=at)

    return touch_later


# Where a list goes on: the row after which the next page starts.
After = Annotated[int, Query(ge=0, le=LARGEST_KEY)]  # where a list goes on

PublicPage = Annotated[VisitorPage, Depends(visitor_page)]
AnybodysPage = Annotated[VisitorPage, Depends(anybodys_page)]
Page = Annotated[SignedInPage, Depends(signed_in_page)]
