"""Pages of the administrator: accounts and posts. The administrator never scores."""

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Invalid, NotPermitted
from app.domain.accounts.actions import create_user, disable_user
from app.domain.accounts.enums import Role
from app.domain.accounts.queries import users_page
from app.domain.accounts.rules import ROLE_LABELS
from app.domain.accounts.schemas import CreateUser, NewGrant
from app.domain.places.queries import communes_on
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form

router = page_router()


def _administrator_only(page: SignedInPage) -> None:
    if not page.actor.has(Role.ADMINISTRATOR):
        raise NotPermitted("Trang này dành cho quản trị hệ thống.")


@router.get("/accounts", name="accounts.list")
def index(page: Page, after: After = 0) -> Response:
    """List accounts with their posts."""
    _administrator_only(page)
    return page.render(
        "accounts/list.html",
        found=users_page(page.session, after=after),
        roles=ROLE_LABELS,
        after=after,
        day=local_day(page.at),
    )


@router.get("/accounts/new", name="accounts.new")
def new(page: Page) -> Response:
    """Ask for a new account."""
    _administrator_only(page)
    return _form(page, empty_form())


@router.post("/accounts", name="accounts.create")
def create(form: PostedForm, page: Page) -> Response:
    """Open an account."""
    _administrator_only(page)
    try:
        grant = form.read(NewGrant, valid_from=local_day(page.at))
        create_user(
            page.session,
            form.read(CreateUser, grants=[grant]),
            actor=page.actor,
            at=page.at,
        )
    except Invalid as problem:
        return _form(page, form.showing(problem), status=422)
    return page.go("accounts.list", said="Đã mở tài khoản.")


@router.post("/accounts/{username}/disable", name="accounts.disable")
def disable(_key: PostedForm, page: Page, username: str) -> Response:
    """Close an account; its browsers are signed out at once."""
    disable_user(page.session, username, actor=page.actor, at=page.at)
    return page.go("accounts.list", said="Đã khóa tài khoản.")


def _form(page: SignedInPage, form: Form, *, status: int = 200) -> Response:
    return page.render(
        "accounts/form.html",
        status=status,
        form=form,
        roles=ROLE_LABELS,
        communes={
            unit.code: unit.full_name for unit in communes_on(page.session, local_day(page.at))
        },
    )
