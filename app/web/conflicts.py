"""The page on which a member declares the own interests for a whole agenda, quick on a phone."""

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Invalid, Refusal
from app.domain.councils.actions import declare_conflicts
from app.domain.councils.enums import MeetingState
from app.domain.councils.policy import why_not_declare
from app.domain.councils.queries import conflict_board, get_meeting
from app.domain.councils.rules import CONFLICT_BASIS, HINT_LABELS
from app.domain.councils.schemas import DeclareConflicts
from app.web.deps import Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form, validated
from app.web.steps import answer_status, tried

router = page_router()

NO, YES = "no", "yes"
FIELD_MESSAGES = {"unsaid": "Hãy chọn có hoặc không cho ít nhất một sản phẩm."}


@router.get("/meetings/{code}/conflicts", name="conflicts.show")
def show(page: Page, code: str) -> Response:
    """Show the own declarations beside the hints; everybody's to whoever conducts the meeting."""
    return _show(page, code, empty_form())


@router.post("/meetings/{code}/conflicts", name="conflicts.declare")
def declare(form: PostedForm, page: Page, code: str) -> Response:
    """Declare for every product that was answered."""
    named = [
        name.removeprefix("conflict.")
        for name in form.raw
        if name.startswith("conflict.") and form.text(name) in {NO, YES}
    ]

    def do() -> None:
        if not named:
            raise Invalid({"declarations": FIELD_MESSAGES["unsaid"]})
        said = [
            {
                "item": item,
                "has_conflict": form.text(f"conflict.{item}") == YES,
                "reason": form.text(f"reason.{item}"),
            }
            for item in named
        ]
        try:
            declare_conflicts(
                page.session,
                code,
                validated(DeclareConflicts, {"declarations": said}),
                actor=page.actor,
                at=page.at,
                council_rules_dir=page.settings.council_rules_dir,
            )
        except Invalid as problem:
            raise Invalid(_by_item(problem, named), code=problem.reason_code) from problem

    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _show(page, code, shown, why),
        done=lambda: page.go("conflicts.show", code=code, said="Đã ghi khai báo của bạn."),
    )


def _by_item(problem: Invalid, named: list[str]) -> dict[str, str]:
    """Return the sentences of a refusal under the names of this form's fields."""
    told = {}
    for place, sentence in problem.fields.items():
        parts = place.split(".")
        is_line = parts[0] == "declarations" and len(parts) > 1 and parts[1].isdigit()
        told[f"reason.{named[int(parts[1])]}" if is_line else place] = sentence
    return told


def _show(page: SignedInPage, code: str, form: Form, refused: Refusal | None = None) -> Response:
    row = get_meeting(
        page.session, code, actor=page.actor, rules_dir=page.settings.council_rules_dir
    )
    board = conflict_board(page.session, row, on=local_day(page.at))
    return page.render(
        "councils/conflicts.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=row,
        meeting=row.meeting,
        own=board.own,
        told=board.told,
        is_over=row.meeting.state is MeetingState.CLOSED,
        hint_labels=HINT_LABELS,
        why_not=why_not_declare(row.meeting, row.seat),
        basis=CONFLICT_BASIS,
    )
