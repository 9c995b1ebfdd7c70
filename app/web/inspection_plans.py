"""Pages of inspection plans: drafted, filled with products by what makes them stand out, approved."""

from typing import Any

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Refusal
from app.domain.inspections.actions import approve_plan, change_choice, draft_plan, revise_plan
from app.domain.inspections.enums import PlanState, Risk
from app.domain.inspections.models import InspectionPlan
from app.domain.inspections.policy import (
    why_not_approve_plan,
    why_not_plan,
    why_not_revise_plan,
)
from app.domain.inspections.queries import (
    PlanRow,
    agencies_on,
    amendments_of,
    candidates_page,
    categories_on,
    get_plan,
    planned_of,
    plans_page,
)
from app.domain.inspections.rules import (
    AGENCY_LEADS,
    FAIRNESS,
    PLAN_LABELS,
    RISK_LABELS,
    STATE_LABELS,
)
from app.domain.inspections.schemas import ApprovePlan, ChangeChoice, DraftPlan, RevisePlan
from app.domain.misuse.queries import certificates_under_report
from app.domain.places.queries import communes_on
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.steps import answer_status, tried
from app.web.tones import INSPECTION_TONES, PLAN_TONES, RISK_TONES

router = page_router()

CANDIDATES_A_PAGE = 30
_ASKED = ("q", "commune", "category", "risk")


@router.get("/inspection-plans", name="inspection_plans.list")
def index(page: Page, after: After = 0) -> Response:
    """List the plans, newest first."""
    return page.render(
        "inspections/_plans.html" if page.is_fragment else "inspections/plans.html",
        found=plans_page(page.session, actor=page.actor, after=after),
        after=after,
        labels=PLAN_LABELS,
        tones=PLAN_TONES,
        basis=FAIRNESS,
        why_not_plan=why_not_plan(page.actor),
    )


@router.get("/inspection-plans/new", name="inspection_plans.new")
def new(page: Page) -> Response:
    """Ask what a plan says."""
    if refusal := why_not_plan(page.actor):
        raise refusal
    today = local_day(page.at)
    return _form(
        page, empty_form({"year": str(today.year), "decided_on": today.isoformat()}), None, None
    )


@router.post("/inspection-plans", name="inspection_plans.create")
def create(form: PostedForm, page: Page) -> Response:
    """Draft a plan."""
    made: list[InspectionPlan] = []
    return tried(
        page,
        form,
        lambda: made.append(
            draft_plan(page.session, form.read(DraftPlan), actor=page.actor, at=page.at)
        ),
        shown_again=lambda shown, refusal: _form(page, shown, None, refusal),
        done=lambda: page.go(
            "inspection_plans.choose",
            code=made[0].code,
            said="Đã soạn kế hoạch. Hãy chọn sản phẩm để kiểm tra.",
        ),
    )


@router.get("/inspection-plans/{code}", name="inspection_plans.show")
def show(page: Page, code: str) -> Response:
    """Show a plan, its products with their checks, and its amendments."""
    return _show(page, code, empty_form(), None)


@router.get("/inspection-plans/{code}/edit", name="inspection_plans.edit")
def edit(page: Page, code: str) -> Response:
    """Ask for changes of a draft."""
    row = get_plan(page.session, code, actor=page.actor)
    if refusal := why_not_revise_plan(page.actor, row.plan):
        raise refusal
    plan = row.plan
    values = {
        name: str(getattr(plan, name))
        for name in (
            "year",
            "title",
            "number",
            "decided_on",
            "period_from",
            "period_to",
            "reasons",
            "version",
        )
    }
    return _form(page, empty_form(values), plan, None)


@router.post("/inspection-plans/{code}", name="inspection_plans.revise")
def revise(form: PostedForm, page: Page, code: str) -> Response:
    """Store a draft anew."""
    return tried(
        page,
        form,
        lambda: revise_plan(
            page.session, code, form.read(RevisePlan), actor=page.actor, at=page.at
        ),
        shown_again=lambda shown, refusal: _form(
            page, shown, get_plan(page.session, code, actor=page.actor).plan, refusal
        ),
        done=lambda: page.go("inspection_plans.show", code=code, said="Đã lưu kế hoạch."),
    )


@router.post("/inspection-plans/{code}/approve", name="inspection_plans.approve")
def approve(form: PostedForm, page: Page, code: str) -> Response:
    """Let the head's word make a draft stand."""
    return tried(
        page,
        form,
        lambda: approve_plan(
            page.session, code, form.read(ApprovePlan), actor=page.actor, at=page.at
        ),
        shown_again=lambda shown, refusal: _show(page, code, shown, refusal),
        done=lambda: page.go("inspection_plans.show", code=code, said="Đã duyệt kế hoạch."),
    )


@router.get("/inspection-plans/{code}/choose", name="inspection_plans.choose")
def choose(page: Page, code: str, after: After = 0) -> Response:
    """Offer certificates in force, by place, category and what makes them stand out."""
    if refusal := why_not_plan(page.actor):
        raise refusal
    asked = {name: page.request.query_params.get(name, "")[:80] for name in _ASKED}
    return _choose(page, code, empty_form(), asked=asked, after=after)


@router.post("/inspection-plans/{code}/choose", name="inspection_plans.add")
def add(form: PostedForm, page: Page, code: str) -> Response:
    """Put certificates into a plan; an approved one is amended."""
    asked = {name: form.text(f"asked.{name}")[:80] for name in _ASKED}
    return tried(
        page,
        form,
        lambda: change_choice(
            page.session, code, form.read(ChangeChoice), actor=page.actor, at=page.at
        ),
        shown_again=lambda shown, refusal: _choose(page, code, shown, refused=refusal, asked=asked),
        done=lambda: page.go("inspection_plans.show", code=code, said="Đã ghi sản phẩm được chọn."),
    )


@router.post("/inspection-plans/{code}/drop", name="inspection_plans.drop")
def drop(form: PostedForm, page: Page, code: str) -> Response:
    """Take certificates that were not checked out of a plan."""
    return tried(
        page,
        form,
        lambda: change_choice(
            page.session, code, form.read(ChangeChoice), actor=page.actor, at=page.at
        ),
        shown_again=lambda shown, refusal: _show(page, code, shown, refusal),
        done=lambda: page.go(
            "inspection_plans.show", code=code, said="Đã đưa sản phẩm ra khỏi kế hoạch."
        ),
    )


def _show(page: SignedInPage, code: str, form: Form, refused: Refusal | None) -> Response:
    row = get_plan(page.session, code, actor=page.actor)
    plan, on = row.plan, local_day(page.at)
    return page.render(
        "inspections/plan.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=row,
        plan=plan,
        planned=planned_of(page.session, plan, on=on),
        amendments=amendments_of(page.session, plan),
        agencies=_agency_names(page),
        labels=PLAN_LABELS,
        tones=PLAN_TONES,
        check_labels=STATE_LABELS,
        check_tones=INSPECTION_TONES,
        basis=AGENCY_LEADS,
        is_approved=plan.state is PlanState.APPROVED,
        why_not_plan=why_not_plan(page.actor),
        why_not_revise=why_not_revise_plan(page.actor, plan),
        why_not_approve=why_not_approve_plan(page.actor, plan, row.chosen),
    )


def _agency_names(page: SignedInPage) -> dict[str, str]:
    return {one.code: one.name for one in agencies_on(page.session, local_day(page.at))}


def _form(
    page: SignedInPage, form: Form, plan: InspectionPlan | None, refused: Refusal | None
) -> Response:
    ticked = set(form.many("agencies")) or set(plan.agencies if plan else ())
    return page.render(
        "inspections/plan_form.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        plan=plan,
        agencies=_agency_names(page),
        ticked=ticked,
        basis=AGENCY_LEADS,
    )


def _choose(
    page: SignedInPage,
    code: str,
    form: Form,
    *,
    asked: dict[str, str],
    refused: Refusal | None = None,
    after: int = 0,
) -> Response:
    on = local_day(page.at)
    row: PlanRow = get_plan(page.session, code, actor=page.actor)
    wanted = asked["risk"]
    found = candidates_page(
        page.session,
        row.plan,
        on=on,
        search=asked["q"],
        commune_code=asked["commune"],
        category=asked["category"],
        risk=Risk(wanted) if wanted in set(Risk) else None,
        complained=_complained(page),
        after=after,
        limit=CANDIDATES_A_PAGE,
    )
    context: dict[str, Any] = {
        "found": found,
        "after": after,
        "asked": asked,
        "plan": row.plan,
        "risks": RISK_LABELS,
        "risk_tones": RISK_TONES,
    }
    if page.is_fragment:
        return page.render("inspections/_candidates.html", form=form, **context)
    return page.render(
        "inspections/choose.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=row,
        is_approved=row.plan.state is PlanState.APPROVED,
        communes={one.code: one.full_name for one in communes_on(page.session, on)},
        categories=categories_on(on),
        **context,
    )


def _complained(page: SignedInPage) -> frozenset[int]:
    return certificates_under_report(page.session)
