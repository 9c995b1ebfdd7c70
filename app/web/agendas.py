"""The page of an agenda before its meeting opens: order and days, what is added, what is taken off."""

from collections.abc import Callable
from datetime import timedelta

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Invalid, Refusal
from app.domain.councils.actions import add_to_agenda, arrange_agenda, take_off
from app.domain.councils.policy import why_not_change_agenda
from app.domain.councils.queries import MeetingRow, get_item, get_meeting, schedulable
from app.domain.councils.rules import MANY_PRODUCTS, MEETING_BASIS, MINUTES_A_PRODUCT
from app.domain.councils.schemas import AddToAgenda, ArrangeAgenda, TakeOffAgenda
from app.web.deps import Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form, validated
from app.web.steps import answer_status, tried

router = page_router()

FIELD_MESSAGES: dict[str, str] = {"number": "Thứ tự là một số."}


@router.get("/meetings/{code}/agenda", name="agendas.edit")
def edit(page: Page, code: str) -> Response:
    """Show the agenda to be arranged."""
    return _shown(page, _meeting(page, code), "", empty_form())


@router.post("/meetings/{code}/agenda", name="agendas.arrange")
def arrange(form: PostedForm, page: Page, code: str) -> Response:
    """Give the agenda the order of its numbers and each product its day."""
    return _step(
        page,
        code,
        form,
        "arrange",
        lambda: arrange_agenda(
            page.session,
            code,
            _arranged(form, _meeting(page, code)),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã sắp xếp chương trình.",
    )


@router.post("/meetings/{code}/agenda/add", name="agendas.add")
def add(form: PostedForm, page: Page, code: str) -> Response:
    """Put further dossiers on the agenda."""
    return _step(
        page,
        code,
        form,
        "add",
        lambda: add_to_agenda(
            page.session,
            code,
            form.read(AddToAgenda),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã thêm vào chương trình.",
    )


@router.post("/items/{code}/take-off", name="agendas.take_off")
def remove(form: PostedForm, page: Page, code: str) -> Response:
    """Take a product off the agenda, with the reason."""
    rules_dir = page.settings.council_rules_dir
    meeting = get_item(page.session, code, actor=page.actor, rules_dir=rules_dir).meeting.meeting
    return _step(
        page,
        meeting.code,
        form,
        f"off-{code}",
        lambda: take_off(
            page.session,
            code,
            form.read(TakeOffAgenda),
            actor=page.actor,
            at=page.at,
            council_rules_dir=rules_dir,
        ),
        said="Đã rút khỏi chương trình.",
    )


def _step(
    page: SignedInPage,
    code: str,
    form: Form,
    step: str,
    do: Callable[[], object],
    *,
    said: str,
) -> Response:
    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _shown(page, _meeting(page, code), step, shown, why),
        done=lambda: page.go("agendas.edit", code=code, said=said),
    )


def _meeting(page: SignedInPage, code: str) -> MeetingRow:
    return get_meeting(
        page.session, code, actor=page.actor, rules_dir=page.settings.council_rules_dir
    )


def _arranged(form: Form, row: MeetingRow) -> ArrangeAgenda:
    """Return the agenda in the order of the numbers typed; of equal ones the old order stays."""
    typed = {one.item.code: form.text(f"position.{one.item.code}") for one in row.items}
    wrong = {
        f"position.{code}": FIELD_MESSAGES["number"]
        for code, text in typed.items()
        if not (text.isascii() and text.isdigit())
    }
    if wrong:
        raise Invalid(wrong)
    order = sorted(row.items, key=lambda one: (int(typed[one.item.code]), one.item.position))
    try:
        return validated(
            ArrangeAgenda,
            {
                "version": form.text("version"),
                "items": [
                    {"item": one.item.code, "day": form.text(f"day.{one.item.code}")}
                    for one in order
                ],
            },
        )
    except Invalid as problem:
        raise _by_item(problem, [one.item.code for one in order]) from problem


def _by_item(problem: Invalid, codes: list[str]) -> Invalid:
    """Return the refusal with its sentences beside the page's own fields."""
    fields = {}
    for place, said in problem.fields.items():
        parts = place.split(".")
        named = parts[0] == "items" and parts[-1] == "day"
        fields[f"day.{codes[int(parts[1])]}" if named else place] = said
    return Invalid(fields, code=problem.reason_code)


def _shown(
    page: SignedInPage, row: MeetingRow, step: str, form: Form, refused: Refusal | None = None
) -> Response:
    """Show the agenda; what was typed belongs to the one form named by `step`."""
    blank = empty_form()
    meeting = row.meeting
    first = local_day(meeting.starts_at)
    last = max((load.day for load in row.loads), default=first)
    end = row.round.results_before - timedelta(days=1) if row.round else None
    return page.render(
        "councils/agenda.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        form_of=lambda name: form if name == step else blank,
        row=row,
        meeting=meeting,
        first=first,
        last=last,
        end=end,
        many=MANY_PRODUCTS,
        minutes=MINUTES_A_PRODUCT,
        waiting=schedulable(page.session, row.round.id if row.round else None, actor=page.actor),
        on=local_day(page.at),
        basis=MEETING_BASIS,
        why_not=why_not_change_agenda(page.actor, meeting),
    )
