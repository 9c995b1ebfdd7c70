"""Signing in and out: name and password, then whatever is left to do before anything else."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from fastapi import Response
from fastapi.responses import RedirectResponse

from app.core.db import Database, transaction
from app.core.errors import Invalid
from app.domain.accounts.actions import (
    WrongNameOrPassword,
    note_refused_sign_in,
    sign_in,
    sign_out,
)
from app.domain.accounts.enums import SignInStep
from app.domain.accounts.queries import find_started_login
from app.domain.accounts.schemas import SignIn
from app.domain.notices.actions import tell_of_failures, tell_of_new_device
from app.http.limits import LoginLimit
from app.web.deps import (
    LANGUAGE_COOKIE,
    ONE_YEAR,
    STEP_ROUTES,
    PublicPage,
    VisitorPage,
    keep_signed_in,
    page_router,
    session_cookie,
)
from app.web.devices import known_device, remember_device
from app.web.forms import Form, PostedForm, empty_form
from app.web.render import LANGUAGES

router = page_router()


def own_path(address: str) -> str:
    """Return a path of this site, never an address elsewhere."""
    parts = urlsplit(address)
    is_own = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if is_own and not parts.scheme and not parts.netloc else "/"


@router.get("/", name="home")
def home(page: PublicPage) -> Response:
    """Go to the work list, or to the public register."""
    return RedirectResponse("/work" if page.signed_in else "/register", status_code=303)


@router.get("/sign-in", name="sign_in.form")
def sign_in_form(page: PublicPage, next: str = "/") -> Response:  # noqa: A002 -- the word in the address
    """Ask for name and password."""
    return _ask(page, empty_form({"next": own_path(next)}))


@router.post("/sign-in", name="sign_in.submit")
def sign_in_submit(form: PostedForm, page: PublicPage) -> Response:
    """Open a session and go to what is left to do, or where the person wanted to."""
    limit: LoginLimit = page.request.app.state.login_limit
    username = form.text("username")
    tried = {
        "username": username,
        "network": network(page),
        "device": known_device(page, username),
    }
    limit.check(**tried)
    try:
        data = form.read(SignIn)
        secret, login = sign_in(
            page.session,
            data,
            device=page.request.headers.get("user-agent", ""),
            hours=page.settings.session_hours,
            at=page.at,
        )
    except Invalid as problem:
        return _ask(page, form.showing(problem), status=422)
    except WrongNameOrPassword as wrong:
        waits = limit.failed(**tried)
        page.unit.later.append(_noting(username, waits=waits, at=page.at))
        return _ask(page, form, status=422, refusal=wrong)
    tell_of_new_device(page.session, login, at=page.at)
    step = step_of(page, secret)
    answer = page.go_to(after_step(page, step, form.text("next")))
    keep_signed_in(answer, secret, page.settings)
    # Who still owes a code is no owner yet: each new mark would be a fresh count of wrong codes.
    if step is not SignInStep.SHOW_FACTOR:
        remember_device(answer, page, username)
    return answer


def network(page: VisitorPage) -> str:
    """Return the address a request came from."""
    return page.request.client.host if page.request.client else ""


def step_of(page: VisitorPage, secret: str) -> SignInStep | None:
    """Return what is left to do in a session that was just opened or moved on."""
    page.session.flush()
    started = find_started_login(
        page.session,
        secret,
        at=page.at,
        idle=page.settings.session_idle_time,
        roles=page.request.app.state.second_factor_roles,
    )
    return started.step if started else None


def after_step(page: VisitorPage, step: SignInStep | None, wanted: str) -> str:
    """Return the address of the step that is left, or of the page that was wanted."""
    goal = own_path(wanted or "/")
    return page.url(STEP_ROUTES[step], next=goal) if step else goal


def _noting(username: str, *, waits: bool, at: datetime) -> Callable[[Database], None]:
    def note(engine: Database) -> None:
        with transaction(engine) as session:
            user = note_refused_sign_in(session, username, at=at)
            if user is not None and waits:
                tell_of_failures(session, user, at=at)

    return note


def _ask(
    page: VisitorPage, form: Form, *, status: int = 200, refusal: WrongNameOrPassword | None = None
) -> Response:
    return page.render("sign_in/form.html", status=status, form=form, refusal=refusal)


@router.post("/sign-out", name="sign_in.end")
def end(page: PublicPage) -> Response:
    """End the session here and on the server."""
    name = session_cookie(page.settings)
    secret = page.request.cookies.get(name)
    if secret:
        sign_out(page.session, secret, at=page.at)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(name, path="/", secure=page.settings.secure_cookies, httponly=True)
    answer.headers["clear-site-data"] = '"cache"'
    return answer


@router.get("/language/{language}", name="language")
def language(page: PublicPage, language: str, back: str = "/") -> Response:
    """Remember a language and go back."""
    answer = RedirectResponse(own_path(back), status_code=303)
    if language in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=ONE_YEAR,
            path="/",
            samesite="lax",
            secure=page.settings.secure_cookies,
        )
    return answer
