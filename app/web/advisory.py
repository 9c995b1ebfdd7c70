"""Pages of the advisory teams: who serves, by which decision, for how long."""

from collections.abc import Mapping

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.queries import users_with_role
from app.domain.advisory.actions import amend_team, set_up_team
from app.domain.advisory.enums import Duty
from app.domain.advisory.policy import why_not_set_up
from app.domain.advisory.queries import get_team, teams_list
from app.domain.advisory.rules import DUTY_LABELS, TEAM_BASIS
from app.domain.advisory.schemas import AmendTeam, SetUpTeam
from app.web.deps import Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.steps import answer_status, tried

router = page_router()

_PLACES: Mapping[str, str] = {"": "Không tham gia"} | {
    duty.value: DUTY_LABELS[duty] for duty in Duty
}


@router.get("/advisory-teams", name="advisory.list")
def index(page: Page) -> Response:
    """List the newest teams."""
    return page.render(
        "advisory/list.html",
        teams=teams_list(page.session, actor=page.actor),
        on=local_day(page.at),
        why_not=why_not_set_up(page.actor),
        basis=TEAM_BASIS,
    )


@router.get("/advisory-teams/new", name="advisory.new")
def new(page: Page) -> Response:
    """Ask who serves."""
    if refusal := why_not_set_up(page.actor):
        raise refusal
    return _new(page, empty_form())


@router.post("/advisory-teams", name="advisory.create")
def create(form: PostedForm, page: Page) -> Response:
    """Set a team up."""
    made: list[str] = []

    def do() -> None:
        data = form.read(SetUpTeam, places=_places(form))
        made.append(set_up_team(page.session, data, actor=page.actor, at=page.at).code)

    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _new(page, shown, why),
        done=lambda: page.go("advisory.show", code=made[0], said="Đã ghi Tổ tư vấn."),
    )


@router.get("/advisory-teams/{code}", name="advisory.show")
def show(page: Page, code: str) -> Response:
    """Show a team, what changed it, and the form for the next change."""
    return _show(page, code, empty_form())


@router.post("/advisory-teams/{code}/amendments", name="advisory.amend")
def amend(form: PostedForm, page: Page, code: str) -> Response:
    """Change who serves."""
    return tried(
        page,
        form,
        lambda: amend_team(
            page.session,
            code,
            form.read(AmendTeam, joins=_places(form)),
            actor=page.actor,
            at=page.at,
        ),
        shown_again=lambda shown, why: _show(page, code, shown, why),
        done=lambda: page.go("advisory.show", code=code, said="Đã ghi thay đổi thành viên."),
    )


def _places(form: Form) -> list[Mapping[str, object]]:
    names = [name.removeprefix("seat.") for name in form.raw if name.startswith("seat.")]
    return [
        {"username": name, "duty": duty, "title": form.text(f"title.{name}")}
        for name in names
        if (duty := form.text(f"seat.{name}"))
    ]


def _new(page: SignedInPage, form: Form, refused: Refusal | None = None) -> Response:
    return page.render(
        "advisory/new.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        accounts=users_with_role(page.session, Role.ADVISORY_MEMBER, at=page.at),
        seats=_PLACES,
        basis=TEAM_BASIS,
    )


def _show(page: SignedInPage, code: str, form: Form, refused: Refusal | None = None) -> Response:
    row = get_team(page.session, code, actor=page.actor)
    why_not = why_not_set_up(page.actor)
    return page.render(
        "advisory/team.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=row,
        team=row.team,
        on=local_day(page.at),
        duty_labels=DUTY_LABELS,
        leaving=set(form.many("leaves")),
        accounts=() if why_not else users_with_role(page.session, Role.ADVISORY_MEMBER, at=page.at),
        seats=_PLACES,
        why_not=why_not,
        basis=TEAM_BASIS,
    )
