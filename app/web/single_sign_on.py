"""Signing in at the province's own account system, and linking one's account to it.

The network is talked to before any transaction is open and outside the gate: a provider that hangs
keeps nobody else waiting. Coming back is a GET, as the protocol has it; what it changes is guarded by
the attempt that this browser began, and done in a transaction of its own.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core import clock
from app.core.db import WriteSession, transaction
from app.core.errors import NotFound, NotPermitted, Refusal, Refused, Unreachable
from app.core.settings import Settings
from app.domain.accounts.queries import find_login, find_started_login, get_user
from app.domain.identities.actions import link_identity, sign_in_by_provider, unlink_identity
from app.domain.identities.policy import UnknownIdentity
from app.domain.identities.queries import identities_of
from app.domain.identities.rules import Subject
from app.domain.notices.actions import tell_of_new_device
from app.domain.posts.actions import open_invitation
from app.domain.posts.policy import InvitationOver
from app.domain.posts.queries import username_of
from app.http.gate import Gate
from app.web import sealed_cookies as cookies
from app.web.deps import (
    STEP_ROUTES,
    Page,
    keep_signed_in,
    language_of,
    page_router,
    say,
    session_cookie,
    shell_context,
    url_for,
)
from app.web.forms import PostedForm
from app.web.refusals import refusal_page
from app.web.render import rendered
from app.web.sign_in import own_path

if TYPE_CHECKING:
    from app.core.openid import Provider, Shown

router = APIRouter(include_in_schema=False)
pages = page_router()
_log = logging.getLogger("ocop")
_LINK = "link"
Made = TypeVar("Made")


class ProviderAway(Unreachable):
    """The provider does not answer; a password still opens the door."""

    code = "provider.away"
    message = (
        "{provider} hiện không trả lời. Hãy đăng nhập bằng tên và mật khẩu ở đây, hoặc thử lại sau "
        "ít phút."
    )


class ProviderNotBelieved(Refused):
    """What came back does not hold: nobody is signed in by it."""

    code = "provider.not_believed"
    message = (
        "Câu trả lời của {provider} không hợp lệ nên chưa đăng nhập được. Hãy báo quản trị hệ thống; "
        "trong khi chờ, hãy đăng nhập bằng tên và mật khẩu."
    )


class AttemptOver(Refused):
    """It began in another browser, too long ago, or was used already."""

    code = "provider.attempt_over"
    message = "Lần đăng nhập này đã quá lâu hoặc đã dùng. Hãy bấm đăng nhập lại từ đầu."


class StoppedThere(Refused):
    """Somebody pressed «no» at the provider."""

    code = "provider.stopped"
    message = "Bạn đã dừng lại ở {provider}. Chưa có gì thay đổi; hãy đăng nhập lại khi cần."


class LinkNotYours(NotPermitted):
    """Linking goes from one's own page, in the same browser."""

    code = "provider.link_not_yours"
    message = "Hãy đăng nhập rồi bấm nối lại từ trang tài khoản của bạn."


@dataclass(frozen=True, slots=True)
class Began:
    """What a browser went to the provider for."""

    state: str
    nonce: str
    verifier: str
    goal: str
    invitation: str
    user_id: str


@router.get("/sign-in/provider", name="single_sign_on.start")
async def start(
    request: Request,
    next: str = "/",  # noqa: A002 -- the word in the address
    join: str = "",
    link: str = "",
) -> Response:
    """Go to the provider to sign in, to accept an invitation (`join`) or to link one's account."""
    from app.core.openid import ProviderSilent, ProviderWrong, new_attempt

    at, settings = clock.now(), _settings(request)
    provider = _provider(request)
    if provider is None:
        return refusal_page(request, NotFound())
    asked = cookies.open_shut(link, settings, about=_LINK, at=at) if link else {}
    if link and not asked:
        return refusal_page(request, LinkNotYours())
    attempt = new_attempt()
    try:
        address = await provider.address(attempt, at=at)
    except (ProviderSilent, ProviderWrong) as trouble:
        return _trouble(request, trouble)
    content = {
        "state": attempt.state,
        "nonce": attempt.nonce,
        "verifier": attempt.verifier,
        "goal": own_path(next)[:500],
        "invitation": join[:100],
        "user_id": asked.get("user_id", ""),
    }
    answer = RedirectResponse(address, status_code=303)
    answer.headers["cache-control"] = "no-store"
    shut = cookies.shut(content, settings, about=cookies.ATTEMPT, at=at)
    cookies.keep(answer, cookies.ATTEMPT, shut, settings)
    return answer


@router.get("/sign-in/provider/back", name="single_sign_on.back")
async def back(
    request: Request,
    code: str = "",
    state: str = "",
    iss: str = "",
    error: str = "",
) -> Response:
    """Take what the provider said of a person, and do what the browser went there for."""
    answer = await _came_back(request, code=code, state=state, iss=iss, error=error)
    answer.headers["cache-control"] = "no-store"
    answer.headers["referrer-policy"] = "no-referrer"
    # Whatever became of it, the attempt is used up.
    cookies.forget(answer, cookies.ATTEMPT, _settings(request))
    return answer


async def _came_back(request: Request, *, code: str, state: str, iss: str, error: str) -> Response:
    from app.core.openid import Attempt, CodeRefused, ProviderSilent, ProviderWrong

    at, settings = clock.now(), _settings(request)
    provider = _provider(request)
    if provider is None:
        return refusal_page(request, NotFound())
    began = _begun(request, state, at=at)
    if began is None:
        return refusal_page(request, AttemptOver(), 400)
    if error:
        _log.info("the provider sent somebody back: %s", error[:60])
        return refusal_page(request, StoppedThere(provider=settings.oidc_name), 400)
    attempt = Attempt(began.state, began.nonce, began.verifier)
    try:
        shown = await provider.shown(code, attempt, said_issuer=iss, at=at)
    except CodeRefused:
        return refusal_page(request, AttemptOver(), 400)
    except (ProviderSilent, ProviderWrong) as trouble:
        return _trouble(request, trouble)
    return await _shown(request, began, shown, at=at)


def _begun(request: Request, state: str, *, at: datetime) -> Began | None:
    """Return the attempt of this browser that this state belongs to."""
    settings = _settings(request)
    text = cookies.kept(request, cookies.ATTEMPT, settings)
    content = cookies.open_shut(text, settings, about=cookies.ATTEMPT, at=at)
    began = Began(**content) if content else None
    is_its = began is not None and secrets.compare_digest(began.state.encode(), state.encode())
    return began if is_its else None


async def _shown(request: Request, began: Began, shown: "Shown", *, at: datetime) -> Response:
    subject = Subject(shown.issuer, shown.subject)
    settings = _settings(request)
    try:
        if began.invitation:
            proof = cookies.Proof(shown.issuer, shown.subject, shown.name)
            return await _invited(request, began, proof, at=at)
        if began.user_id:
            return await _linked(request, began, subject, at=at)
        showed = bool(shown.means & settings.second_factor_words)
        return await _signed_in(request, began, subject, showed=showed, at=at)
    except UnknownIdentity:
        return _unknown(request, subject)
    except InvitationOver as over:
        return refusal_page(request, over, 410)
    except Refusal as refused:
        return refusal_page(request, refused)


@router.get("/sign-in/provider/out", name="single_sign_on.out")
async def out(request: Request) -> Response:
    """Go where the session at the provider ends; ours ends at «Đăng xuất»."""
    from app.core.openid import ProviderSilent, ProviderWrong

    settings = _settings(request)
    provider = _provider(request)
    if provider is None:
        return refusal_page(request, NotFound())
    ours = f"{settings.public_url.rstrip('/')}/sign-in"
    try:
        address = await provider.way_out(ours, at=clock.now())
    except (ProviderSilent, ProviderWrong) as trouble:
        return _trouble(request, trouble)
    return RedirectResponse(address or "/sign-in", status_code=303)


@pages.get("/account/provider", name="account.provider")
def linked(page: Page) -> Response:
    """Show what one's account is linked to, and the way to link it."""
    if page.settings.provider is None:
        raise NotFound
    ticket = cookies.shut(
        {"user_id": str(page.actor.user_id)}, page.settings, about=_LINK, at=page.at
    )
    return page.render(
        "posts/provider.html",
        provider=page.settings.oidc_name,
        identities=identities_of(page.session, page.actor.user_id or 0),
        ticket=ticket,
    )


@pages.post("/account/provider/{number}/unlink", name="account.unlink")
def unlinked(_key: PostedForm, page: Page, number: int) -> Response:
    """Let a subject stand for one's own account no longer."""
    username = username_of(page.session, page.actor)
    unlink_identity(page.session, username, number, actor=page.actor, at=page.at)
    return page.go("account.provider", said="Đã gỡ tài khoản liên kết.")


router.routes += pages.routes


# --- what somebody came back for ------------------------------------------------------------------


async def _signed_in(
    request: Request, began: Began, subject: Subject, *, showed: bool, at: datetime
) -> Response:
    settings = _settings(request)

    def work(session: WriteSession) -> tuple[str, str]:
        secret, login = sign_in_by_provider(
            session,
            subject,
            showed_second_factor=showed,
            device=request.headers.get("user-agent", ""),
            hours=settings.session_hours,
            at=at,
        )
        tell_of_new_device(session, login, at=at)
        session.flush()
        started = find_started_login(
            session,
            secret,
            at=at,
            idle=settings.session_idle_time,
            roles=request.app.state.second_factor_roles,
        )
        step = started.step if started else None
        goal = own_path(began.goal)
        return secret, url_for(request, STEP_ROUTES[step], next=goal) if step else goal

    secret, goal = await _in_transaction(request, work)
    answer = RedirectResponse(goal, status_code=303)
    keep_signed_in(answer, secret, settings)
    return answer


async def _linked(request: Request, began: Began, subject: Subject, *, at: datetime) -> Response:
    settings = _settings(request)

    def work(session: WriteSession) -> None:
        found = find_login(
            session,
            request.cookies.get(session_cookie(settings), ""),
            at=at,
            idle=settings.session_idle_time,
            roles=request.app.state.second_factor_roles,
        )
        if found is None or str(found[1].user_id) != began.user_id:
            raise LinkNotYours
        actor = found[1]
        user = get_user(session, actor.user_id or 0)
        link_identity(session, user.username, subject, actor=actor, at=at)

    await _in_transaction(request, work)
    answer = RedirectResponse(url_for(request, "account.provider"), status_code=303)
    say(
        answer,
        said="Đã nối tài khoản. Từ nay bạn đăng nhập được bằng cả hai cách.",
        settings=settings,
    )
    return answer


async def _invited(
    request: Request, began: Began, proof: cookies.Proof, *, at: datetime
) -> Response:
    await _in_transaction(
        request, lambda session: open_invitation(session, began.invitation, at=at)
    )
    answer = RedirectResponse(f"/join/{quote(began.invitation, safe='')}", status_code=303)
    cookies.keep_proof(answer, proof, began.invitation, _settings(request), at=at)
    return answer


async def _in_transaction(request: Request, work: Callable[[WriteSession], Made]) -> Made:
    gate: Gate = request.app.state.gate

    def run() -> Made:
        with transaction(request.app.state.engine) as session:
            return work(session)

    async with gate.entered():
        return await run_sync(run)


# --- answers --------------------------------------------------------------------------------------


def _trouble(request: Request, trouble: Exception) -> Response:
    from app.core.openid import ProviderSilent

    settings = _settings(request)
    if isinstance(trouble, ProviderSilent):
        _log.warning("the provider of accounts does not answer")
        away = ProviderAway(provider=settings.oidc_name)
        answer = refusal_page(request, away)
        answer.headers["retry-after"] = str(away.retry_after_seconds)
        return answer
    _log.error("the provider of accounts is not believed: %s", trouble)
    return refusal_page(request, ProviderNotBelieved(provider=settings.oidc_name), 502)


def _unknown(request: Request, subject: Subject) -> Response:
    html = rendered(
        "posts/unknown_identity.html",
        language_of(request),
        shell_context(request)
        | {"provider": _settings(request).oidc_name, "subject": subject.subject},
    )
    return HTMLResponse(html, status_code=403)


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _provider(request: Request) -> "Provider | None":
    """Return the provider as this process knows it; made at the first need, None without one."""
    asked = _settings(request).provider
    if asked is None:
        return None
    known: Provider | None = getattr(request.app.state, "account_provider", None)
    if known is None or known.settings != asked:
        from app.core.openid import Provider as Known

        known = request.app.state.account_provider = Known(asked)
    return known
