"""What the administrator does for an account: a new password, a lost telephone, signing it out."""

from fastapi import Response

from app.core.errors import Invalid, NotFound
from app.domain.accounts.actions import end_sessions, reset_second_factor, set_password
from app.domain.accounts.queries import find_second_factor, find_user, open_logins_of
from app.domain.accounts.schemas import SetPassword
from app.web.accounts import administrator_only
from app.web.deps import Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form

router = page_router()


@router.get("/accounts/{username}/care", name="account_care.show")
def show(page: Page, username: str) -> Response:
    """Show how an account is signed in to, and what may be done about it."""
    return _care(page, username, empty_form())


@router.post("/accounts/{username}/password", name="account_care.set_password")
def new_password(form: PostedForm, page: Page, username: str) -> Response:
    """Give somebody a password that they must change at once."""
    try:
        set_password(
            page.session,
            username,
            form.read(SetPassword),
            actor=page.actor,
            at=page.at,
            breached=page.settings.breached_passwords_file,
        )
    except Invalid as problem:
        return _care(page, username, form.showing(problem), status=422)
    return page.go(
        "account_care.show", username=username, said="Đã đặt mật khẩu mới và đăng xuất mọi nơi."
    )


@router.post("/accounts/{username}/second-factor/reset", name="account_care.reset_second_factor")
def reset(_key: PostedForm, page: Page, username: str) -> Response:
    """Let somebody who lost telephone and codes set the second factor up anew."""
    reset_second_factor(page.session, username, actor=page.actor, at=page.at)
    return page.go(
        "account_care.show",
        username=username,
        said="Đã đặt lại bảo vệ hai lớp và đăng xuất mọi nơi.",
    )


@router.post("/accounts/{username}/sessions/end", name="account_care.end_sessions")
def end(_key: PostedForm, page: Page, username: str) -> Response:
    """Sign somebody out everywhere."""
    end_sessions(page.session, username, actor=page.actor, at=page.at)
    return page.go("account_care.show", username=username, said="Đã đăng xuất mọi nơi.")


def _care(page: SignedInPage, username: str, form: Form, *, status: int = 200) -> Response:
    administrator_only(page)
    user = find_user(page.session, username)
    if user is None:
        raise NotFound
    factor = find_second_factor(page.session, user.id or 0)
    return page.render(
        "accounts/care.html",
        status=status,
        form=form,
        user=user,
        factor=factor if factor and factor.confirmed_at else None,
        logins=open_logins_of(
            page.session, user.id or 0, at=page.at, idle=page.settings.session_idle_time
        ),
        own=user.id == page.actor.user_id,
    )
