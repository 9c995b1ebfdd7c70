"""One's own account: how one is told, the password, browsers that are signed in, API tokens."""

from typing import Annotated

from fastapi import Path, Response

from app.core.errors import Invalid
from app.core.paging import LARGEST_KEY
from app.domain.accounts.actions import (
    OVERLAP,
    WrongPassword,
    change_contact,
    change_password,
    create_token,
    end_login,
    end_other_logins,
    name_login,
    revoke_token,
    rotate_token,
)
from app.domain.accounts.enums import Scope, SignInStep
from app.domain.accounts.queries import (
    find_second_factor,
    get_user,
    open_logins_of,
    tokens_of,
)
from app.domain.accounts.rules import device_label
from app.domain.accounts.schemas import ChangeContact, ChangePassword, CreateToken, NameLogin
from app.http.limits import LoginLimit
from app.web.deps import Page, SignedInPage, keep_signed_in, page_during, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.sign_in import after_step, network, own_path, step_of

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
    Scope.INSPECTIONS_READ: "Xem kế hoạch, cuộc kiểm tra",
    Scope.INSPECTIONS_WRITE: "Lập kế hoạch, ghi kết quả kiểm tra, khắc phục",
    Scope.REPORTS_READ: "Xem phản ánh",
    Scope.REPORTS_WRITE: "Gửi, kiểm tra phản ánh",
    Scope.AUDIT_READ: "Xem nhật ký",
    Scope.NOTICES_READ: "Xem thông báo của mình",
    Scope.NOTICES_WRITE: "Đánh dấu thông báo đã đọc",
    Scope.PERSONAL_DATA_READ: "Xem yêu cầu về dữ liệu cá nhân",
    Scope.PERSONAL_DATA_WRITE: "Gửi, trả lời yêu cầu; lấy, xem dữ liệu cá nhân",
    Scope.ACCOUNT_READ: "Xem nơi đăng nhập, khóa kết nối của mình",
    Scope.ACCOUNT_WRITE: "Đăng xuất nơi khác, đổi khóa kết nối của mình",
    Scope.POSTS_READ: "Xem người giữ vai, lời mời, bàn giao, nghỉ phép",
    Scope.POSTS_WRITE: "Giao vai, mời, bàn giao, ghi nghỉ phép",
}

Number = Annotated[int, Path(ge=1, le=LARGEST_KEY)]
Changing = Annotated[SignedInPage, page_during(SignInStep.CHANGE_PASSWORD)]


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


@router.get("/account/password", name="password.form")
def password_form(page: Changing, next: str = "/") -> Response:  # noqa: A002 -- the word in the address
    """Ask for the password so far and a new one."""
    return _password(page, empty_form({"next": own_path(next)}))


@router.post("/account/password", name="password.change")
def new_password(form: PostedForm, page: Changing) -> Response:
    """Change the password; every other browser is signed out."""
    limit: LoginLimit = page.request.app.state.login_limit
    tried = {"username": page.started.username, "network": network(page)}
    limit.check(**tried)
    try:
        secret = change_password(
            page.session,
            form.read(ChangePassword),
            login_id=page.login_id,
            actor=page.actor,
            at=page.at,
            breached=page.settings.breached_passwords_file,
        )
    except Invalid as problem:
        if isinstance(problem, WrongPassword):
            limit.failed(**tried)
        return _password(page, form.showing(problem), status=422)
    wanted = own_path(form.text("next") or "/")
    goal = wanted if wanted != "/" or page.started.step else page.url("account.show")
    answer = page.go_to(
        after_step(page, step_of(page, secret), goal),
        said="Đã đổi mật khẩu và đăng xuất các nơi khác.",
    )
    keep_signed_in(answer, secret, page.settings)
    return answer


@router.post("/account/sessions/{number}/name", name="account.name_session")
def call_session(form: PostedForm, page: Page, number: Number) -> Response:
    """Call one of one's own browsers by a name."""
    try:
        name_login(page.session, number, form.read(NameLogin), actor=page.actor)
    except Invalid as problem:
        return _account(page, empty_form(), status=422, refused=problem)
    return page.go("account.show", said="Đã lưu tên thiết bị.")


@router.post("/account/sessions/end-others", name="account.end_other_sessions")
def end_others(_key: PostedForm, page: Page) -> Response:
    """Sign every other browser out."""
    end_other_logins(page.session, besides=page.login_id, actor=page.actor, at=page.at)
    return page.go("account.show", said="Đã đăng xuất các nơi khác.")


@router.post("/account/sessions/{number}/end", name="account.end_session")
def end_session(_key: PostedForm, page: Page, number: Number) -> Response:
    """Sign one browser out."""
    end_login(page.session, number, actor=page.actor, at=page.at)
    return page.go("account.show", said="Đã đăng xuất nơi đó.")


@router.post("/account/tokens", name="account.create_token")
def make_token(form: PostedForm, page: Page) -> Response:
    """Make a token and show its secret, this once."""
    try:
        secret, _ = create_token(page.session, form.read(CreateToken), actor=page.actor, at=page.at)
    except Invalid as problem:
        return _account(page, form.showing(problem), status=422)
    page.unit.keep_no_answer()
    page.session.flush()
    return _account(page, empty_form(), secret=secret)


@router.post("/account/tokens/{code}/rotate", name="account.rotate_token")
def exchange_token(_key: PostedForm, page: Page, code: str) -> Response:
    """Exchange a token for a new one and show its secret, this once."""
    secret, _, _ = rotate_token(page.session, code, actor=page.actor, at=page.at)
    page.unit.keep_no_answer()
    page.session.flush()
    return _account(page, empty_form(), secret=secret, exchanged=True)


@router.post("/account/tokens/{code}/revoke", name="account.revoke_token")
def end_token(_key: PostedForm, page: Page, code: str) -> Response:
    """End one of one's own tokens."""
    revoke_token(page.session, code, actor=page.actor, at=page.at)
    return page.go("account.show", said="Đã thu hồi khóa kết nối.")


def _password(page: SignedInPage, form: Form, *, status: int = 200) -> Response:
    return page.render(
        "sign_in/password.html",
        status=status,
        form=form,
        username=page.started.username,
        forced=page.started.step is not None,
    )


def _account(
    page: Page,
    form: Form,
    *,
    status: int = 200,
    secret: str = "",
    exchanged: bool = False,
    contact: Form | None = None,
    refused: Invalid | None = None,
) -> Response:
    user_id = page.actor.user_id or 0
    user = get_user(page.session, user_id)
    factor = find_second_factor(page.session, user_id)
    return page.render(
        "sign_in/account.html",
        status=status,
        form=form,
        refused=refused,
        contact=contact or empty_form({"email": user.email, "phone": user.phone}),
        wants={
            name: bool(contact.text(name)) if contact else getattr(user, name)
            for name in ("wants_email", "wants_sms")
        },
        sends_email=page.settings.mail_server is not None,
        sends_sms=page.settings.sms != "off",
        user=user,
        has_factor=factor is not None and factor.confirmed_at is not None,
        secret=secret,
        exchanged=exchanged,
        overlap_hours=int(OVERLAP.total_seconds() // 3600),
        scopes=SCOPE_LABELS,
        tokens=tokens_of(page.session, user_id),
        logins=[
            (login, device_label(login.device))
            for login in open_logins_of(
                page.session, user_id, at=page.at, idle=page.settings.session_idle_time
            )
        ],
        this_login=page.login_id,
        now=page.at,
    )
