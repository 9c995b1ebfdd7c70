"""Pages of checks: planned, written on the spot, closed, mended, concluded; on a phone as at a desk."""

from dataclasses import dataclass

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import NotFound, Refusal
from app.domain.inspections.actions import (
    cancel_inspection,
    plan_inspection,
    rearrange,
)
from app.domain.inspections.enums import (
    Finding,
    InspectionKind,
    InspectionState,
)
from app.domain.inspections.models import InspectionMember
from app.domain.inspections.papers import record_paper
from app.domain.inspections.policy import (
    on_team,
    sees_corrections,
    sees_findings,
    why_not_answer,
    why_not_arrange,
    why_not_ask_correction,
    why_not_close,
    why_not_conclude,
    why_not_plan,
    why_not_scan,
    why_not_write,
)
from app.domain.inspections.queries import (
    InspectionRow,
    get_inspection,
    get_plan,
    inspections_page,
    items_of,
    people_for_teams,
    photos_of,
    planned_of,
    progress,
    team_of,
)
from app.domain.inspections.rules import (
    CHECKING,
    CONTENT,
    FAIRNESS,
    KIND_LABELS,
    LEADERS,
    OUTCOME_LABELS,
    STATE_LABELS,
)
from app.domain.inspections.schemas import (
    CancelInspection,
    PlanInspection,
    Rearrange,
)
from app.domain.recognition.queries import get_certificate
from app.http.papers import pdf_answer
from app.rulebooks.loader import in_force
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.steps import answer_status, tried
from app.web.tones import (
    INSPECTION_TONES,
    OUTCOME_TONES,
)

router = page_router()

_STEPS = (
    InspectionState.PLANNED,
    InspectionState.UNDER_WAY,
    InspectionState.RECORDED,
    InspectionState.CORRECTING,
    InspectionState.CONCLUDED,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A check with its team, as one reader sees it."""

    row: InspectionRow
    team: tuple[InspectionMember, ...]
    sees: bool


def seen_check(page: SignedInPage, code: str) -> Seen:
    """Return a check this person may see, with its team."""
    row = get_inspection(page.session, code, actor=page.actor, on=local_day(page.at))
    team = tuple(team_of(page.session, row.inspection))
    return Seen(row, team, sees_findings(page.actor, row.inspection, team))


# --- lists and planning -----------------------------------------------------------------------


@router.get("/inspections", name="inspections.list")
def index(page: Page, q: str = "", state: str = "", after: After = 0) -> Response:
    """List the checks this person may see."""
    wanted = InspectionState(state) if state in set(InspectionState) else None
    return page.render(
        "inspections/_table.html" if page.is_fragment else "inspections/list.html",
        found=inspections_page(
            page.session,
            actor=page.actor,
            on=local_day(page.at),
            state=wanted,
            search=q[:80],
            after=after,
        ),
        after=after,
        q=q[:80],
        state=wanted or "",
        labels=STATE_LABELS,
        tones=INSPECTION_TONES,
        kinds=KIND_LABELS,
        outcomes=OUTCOME_LABELS,
        outcome_tones=OUTCOME_TONES,
        basis=CHECKING,
        leads=why_not_plan(page.actor) is None,
    )


@router.get("/inspections/new", name="inspections.new")
def new(page: Page, certificate: str = "", plan: str = "", follows: str = "") -> Response:
    """Ask for day, place and team of a check: of a plan's product, or a surprise."""
    if refusal := why_not_plan(page.actor):
        raise refusal
    values = {
        "certificate": certificate[:20],
        "plan": plan[:20],
        "follows": follows[:20],
        "kind": InspectionKind.PERIODIC if plan else InspectionKind.SURPRISE,
        "planned_on": local_day(page.at).isoformat(),
    }
    return _new(page, empty_form(values), None)


@router.post("/inspections", name="inspections.create")
def create(form: PostedForm, page: Page) -> Response:
    """Plan a check."""
    made: list[InspectionRow] = []
    return tried(
        page,
        form,
        lambda: made.append(
            plan_inspection(page.session, form.read(PlanInspection), actor=page.actor, at=page.at)
        ),
        shown_again=lambda shown, refusal: _new(page, shown, refusal),
        done=lambda: page.go(
            "inspections.show", code=made[0].inspection.code, said="Đã lên lịch kiểm tra."
        ),
    )


def _new(page: SignedInPage, form: Form, refused: Refusal | None) -> Response:
    on = local_day(page.at)
    plan = form.text("plan")
    row = get_plan(page.session, plan, actor=page.actor) if plan else None
    offered = (
        {
            one.found.certificate.code: f"{one.found.certificate.product_name} · "
            f"{one.found.certificate.producer_name}"
            for one in planned_of(page.session, row.plan, on=on)
            if one.inspection is None
        }
        if row
        else {}
    )
    found = None
    if row is None and form.text("certificate"):
        try:
            found = get_certificate(page.session, form.text("certificate"), actor=page.actor, on=on)
        except NotFound:
            found = None
    return page.render(
        "inspections/form.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=None,
        plan=row.plan if row else None,
        offered=offered,
        found=found,
        people=_people(page),
        ticked=set(form.many("team")),
        leader=form.text("leader"),
        basis=FAIRNESS,
        why_not_cancel=None,
    )


def _people(page: SignedInPage) -> list[tuple[str, str, bool]]:
    """Return who may sit on a team: user name, name with agency, whether it may lead."""
    return [
        (
            username,
            f"{person.user.name} · {person.agency_name}"
            if person.agency_name
            else person.user.name,
            person.role in LEADERS,
        )
        for person, username in people_for_teams(page.session, on=local_day(page.at))
    ]


@router.get("/inspections/{code}/edit", name="inspections.edit")
def edit(page: Page, code: str) -> Response:
    """Ask for another day, place or team, or why the check is given up."""
    row = get_inspection(page.session, code, actor=page.actor, on=local_day(page.at))
    if refusal := why_not_arrange(page.actor, row.inspection):
        raise refusal
    values = {
        "planned_on": row.inspection.planned_on.isoformat(),
        "place": row.inspection.place,
        "version": str(row.inspection.version),
    }
    return _edit(page, code, empty_form(values), None)


@router.post("/inspections/{code}/edit", name="inspections.rearrange")
def save_edit(form: PostedForm, page: Page, code: str) -> Response:
    """Move a check or change its team."""
    return tried(
        page,
        form,
        lambda: rearrange(page.session, code, form.read(Rearrange), actor=page.actor, at=page.at),
        shown_again=lambda shown, refusal: _edit(page, code, shown, refusal),
        done=lambda: page.go("inspections.show", code=code, said="Đã đổi lịch kiểm tra."),
    )


@router.post("/inspections/{code}/cancel", name="inspections.cancel")
def cancel(form: PostedForm, page: Page, code: str) -> Response:
    """Give a planned check up."""
    return tried(
        page,
        form,
        lambda: cancel_inspection(
            page.session, code, form.read(CancelInspection), actor=page.actor, at=page.at
        ),
        shown_again=lambda shown, refusal: _edit(page, code, shown, refusal),
        done=lambda: page.go("inspections.show", code=code, said="Đã hủy cuộc kiểm tra."),
    )


def _edit(page: SignedInPage, code: str, form: Form, refused: Refusal | None) -> Response:
    seen = seen_check(page, code)
    seated = {one.user_id: one for one in seen.team}
    people = people_for_teams(page.session, on=local_day(page.at))
    named = {name: person.user.id for person, name in people}
    leads = {name for name, user in named.items() if user in seated and seated[user].is_leader}
    team = {name for name, user in named.items() if user in seated} - leads
    return page.render(
        "inspections/form.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=seen.row,
        plan=seen.row.plan,
        offered={},
        found=None,
        people=_people(page),
        ticked=set(form.many("team")) or team,
        leader=form.text("leader") or next(iter(leads), ""),
        basis=FAIRNESS,
    )


# --- one check --------------------------------------------------------------------------------


@router.get("/inspections/{code}", name="inspections.show")
def show(page: Page, code: str) -> Response:
    """Show a check: what is next, its checklist, photos, minutes, conclusion."""
    return show_again(page, code, empty_form(), None)


def show_again(page: SignedInPage, code: str, form: Form, refused: Refusal | None) -> Response:
    """Show a check, with the refusal of a step that was tried on its page."""
    seen = seen_check(page, code)
    row, inspection, actor = seen.row, seen.row.inspection, page.actor
    items = items_of(page.session, inspection) if seen.sees else {}
    parts = progress(inspection, items) if seen.sees else []
    return page.render(
        "inspections/show.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=row,
        it=inspection,
        team=seen.team,
        sees=seen.sees,
        sees_mending=sees_corrections(actor, inspection, seen.team)
        and (
            inspection.state is InspectionState.CORRECTING
            or any(i.correction for i in items.values())
        ),
        parts=parts,
        broken=[one for part in parts for one in part.items if one.finding is Finding.NOT_KEPT],
        photos=photos_of(page.session, inspection) if seen.sees else [],
        steps=_steps(inspection.state),
        labels=STATE_LABELS,
        tones=INSPECTION_TONES,
        kinds=KIND_LABELS,
        outcomes=OUTCOME_LABELS,
        outcome_tones=OUTCOME_TONES,
        grounds=grounds_on(page),
        basis=CHECKING,
        content_basis=CONTENT,
        on_team=on_team(actor, seen.team),
        leads=why_not_plan(actor) is None,
        why_not_write=why_not_write(actor, inspection, seen.team),
        why_not_close=why_not_close(actor, inspection, seen.team),
        why_not_scan=why_not_scan(actor, inspection, seen.team),
        why_not_arrange=why_not_arrange(actor, inspection),
        why_not_ask=why_not_ask_correction(actor, inspection, seen.team),
        why_not_answer=why_not_answer(actor, inspection, row.producer),
        why_not_conclude=why_not_conclude(actor, inspection),
    )


def _steps(state: InspectionState) -> list[tuple[str, str]]:
    if state is InspectionState.CANCELLED:
        return []
    here = _STEPS.index(state)
    is_over = state is InspectionState.CONCLUDED
    return [
        (STATE_LABELS[one], "done" if place < here or is_over else "now" if place == here else "")
        for place, one in enumerate(_STEPS)
    ]


def grounds_on(page: SignedInPage) -> dict[str, str]:
    """Return the grounds of revocation of art. 8.1 as the law of today words them, by code."""
    law = in_force(local_day(page.at))
    if law.stated_procedure is None:
        return {}
    return {one.code: one.text for one in law.procedure.revocation.grounds}


@router.get("/inspections/{code}/record.pdf", name="inspections.record")
def record_pdf(page: Page, code: str) -> Response:
    """Print the minutes, or the blank checklist before they are closed."""
    content = record_paper(
        page.session,
        code,
        actor=page.actor,
        at=page.at,
        agency=page.settings.agency_name,
        demonstration=page.settings.demonstration,
    )
    return pdf_answer(content, f"bien-ban-{code}.pdf")
