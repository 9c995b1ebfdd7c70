"""Signing in and out, one's own sessions and API tokens."""

from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import Response
from fastapi.responses import RedirectResponse

from app.core.errors import Invalid
from app.domain.accounts.actions import (
    WrongNameOrPassword,
    change_contact,
    create_token,
    revoke_token,
    sign_in,
    sign_out,
)
from app.domain.accounts.enums import Scope
from app.domain.accounts.queries import get_user, open_logins_of, tokens_of
from app.domain.accounts.schemas import ChangeContact, CreateToken, SignIn
from app.http.limits import LoginLimit
from app.web.deps import (
    LANGUAGE_COOKIE,
    ONE_YEAR,
    Page,
    PublicPage,
    VisitorPage,
    page_router,
    session_cookie,
)
from app.web.forms import Form, PostedForm, empty_form
from app.web.render import LANGUAGES

router = page_router()

SCOPE_LABELS: dict[Scope, str] = {
    Scope.REGISTER_READ: "Xem chủ thể, sản phẩm",
    Scope.REGISTER_WRITE: "Đăng ký, sửa chủ thể, sản phẩm",
    Scope.DOSSIERS_READ: "Xem hồ sơ",
    Scope.DOSSIERS_WRITE: "Lập, nộp, xử lý hồ sơ",
    Scope.COUNCILS_READ: "Xem đợt, phiên họp, kết quả",
    Scope.COUNCILS_WRITE: "Chấm điểm, điều hành phiên họp",
    Scope.RECOGNITION_READ: "Xem quyết định, giấy chứng nhận",
    Scope.RECOGNITION_WRITE: "Lập, ký quyết định",
    Scope.STAMPS_READ: "Xem lô tem",
    Scope.STAMPS_WRITE: "Đặt, duyệt, phát hành tem",
    Scope.AUDIT_READ: "Xem nhật ký",
    Scope.NOTICES_READ: "Xem thông báo của mình",
    Scope.NOTICES_WRITE: "Đánh dấu thông báo đã đọc",
}


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
    """Open a session and go where the person wanted to."""
    limit: LoginLimit = page.request.app.state.login_limit
    network = page.request.client.host if page.request.client else ""
    username = form.text("username")
    limit.check(username=username, network=network)
    try:
        data = form.read(SignIn)
        secret, _ = sign_in(
            page.session,
            data,
            device=page.request.headers.get("user-agent", ""),
            hours=page.settings.session_hours,
            at=page.at,
        )
    except Invalid as problem:
        return _ask(page, form.showing(problem), status=422)
    except WrongNameOrPassword as wrong:
        limit.failed(username=username, network=network)
        return _ask(page, form, status=422, refusal=wrong)
    answer = RedirectResponse(own_path(form.text("next") or "/"), status_code=303)
    answer.set_cookie(
        session_cookie(page.settings),
        secret,
        max_age=int(timedelta(hours=page.settings.session_hours).total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=page.settings.secure_cookies,
    )
    return answer


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


@router.get("/account", name="account.show")
def account(page: Page) -> Response:
    """Show one's own posts, browsers and tokens."""
    return _account(page, empty_form())


@router.post("/account/contact", name="account.change_contact")
def contact(form: PostedForm, page: Page) -> Response:
    """Keep how one wants to be told beside the work list."""
    try:
        change_contact(page.session, form.read(ChangeContact), actor=page.actor, at=page.at)
    except Invalid as problem:
        return _account(page, empty_form(), status=422, contact=form.showing(problem))
    return page.go("account.show", said="Đã lưu cách nhận thông báo.")


@router.post("/account/tokens", name="account.create_token")
def make_token(form: PostedForm, page: Page) -> Response:
    """Make a token and show its secret, this once."""
    try:
        secret, _ = create_token(page.session, form.read(CreateToken), actor=page.actor, at=page.at)
    except Invalid as problem:
        return _account(page, form.showing(problem), status=422)
    page.unit.claimed = None  # the secret is shown once and kept nowhere, not even for a replay
    page.session.flush()
    return _account(page, empty_form(), secret=secret)


@router.post("/account/tokens/{code}/revoke", name="account.revoke_token")
def end_token(_key: PostedForm, page: Page, code: str) -> Response:
    """End one of one's own tokens."""
    revoke_token(page.session, code, actor=page.actor, at=page.at)
    return page.go("account.show", said="Đã thu hồi khóa kết nối.")


def _account(
    page: Page, form: Form, *, status: int = 200, secret: str = "", contact: Form | None = None
) -> Response:
    user_id = page.actor.user_id or 0
    user = get_user(page.session, user_id)
    return page.render(
        "sign_in/account.html",
        status=status,
        form=form,
        contact=contact or empty_form({"email": user.email, "phone": user.phone}),
        wants={
            name: bool(contact.text(name)) if contact else getattr(user, name)
            for name in ("wants_email", "wants_sms")
        },
        sends_email=page.settings.mail_server is not None,
        sends_sms=page.settings.sms != "off",
        secret=secret,
        scopes=SCOPE_LABELS,
        tokens=tokens_of(page.session, user_id),
        logins=open_logins_of(page.session, user_id, at=page.at),
        now=page.at,
    )
