"""Pages on which the commune's officer receives a dossier and goes through its parts; the slip."""

from typing import Any

from fastapi import Response

from app.core.errors import Invalid, StaleVersion
from app.domain.dossiers.actions import check_components, receive_dossier
from app.domain.dossiers.enums import DossierPart
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.papers import receipt_paper
from app.domain.dossiers.policy import why_not_check, why_not_receive
from app.domain.dossiers.queries import get_dossier
from app.domain.dossiers.rules import COMMUNE, COMMUNE_CHECK, PART_LABELS, own_parts_of
from app.domain.dossiers.schemas import CheckComponents, ReceiveDossier
from app.http.papers import pdf_answer
from app.web.deps import Page, SignedInPage, page_router
from app.web.dossiers import agenda_ids, taken_step
from app.web.forms import Form, PostedForm, empty_form, validated

router = page_router()

THERE, LACKING = "there", "lacking"


@router.get("/dossiers/{code}/receive", name="dossiers.receive")
def receive(page: Page, code: str) -> Response:
    """Ask how many samples came."""
    return _receive(page, code, empty_form(), 200, None)


@router.post("/dossiers/{code}/receive", name="dossiers.take_receipt")
def take_receipt(form: PostedForm, page: Page, code: str) -> Response:
    """Record who received the dossier."""
    return taken_step(
        form,
        lambda: receive_dossier(
            page.session, code, form.read(ReceiveDossier), actor=page.actor, at=page.at
        ),
        lambda shown, status, stale: _receive(page, code, shown, status, stale),
        lambda: page.go("dossiers.show", code=code, said="Đã tiếp nhận hồ sơ tại xã."),
    )


@router.get("/dossiers/{code}/check", name="dossiers.check")
def check(page: Page, code: str) -> Response:
    """Ask for each part whether it is there."""
    return _check(page, code, None, 200, None)


@router.post("/dossiers/{code}/check", name="dossiers.save_check")
def save_check(form: PostedForm, page: Page, code: str) -> Response:
    """Note what is there and what lacks."""
    answered = [part for part in DossierPart if form.text(f"found.{part}") in {THERE, LACKING}]

    def do() -> None:
        items = [
            {
                "part": part,
                "complete": form.text(f"found.{part}") == THERE,
                "note": form.text(f"note.{part}"),
            }
            for part in answered
        ]
        try:
            data = validated(CheckComponents, {"version": form.text("version"), "items": items})
        except Invalid as problem:
            raise _check_problem(problem, answered) from problem
        check_components(page.session, code, data, actor=page.actor, at=page.at)

    return taken_step(
        form,
        do,
        lambda shown, status, stale: _check(page, code, shown, status, stale),
        lambda: page.go("dossiers.show", code=code, said="Đã ghi kết quả kiểm tra thành phần."),
    )


@router.get("/dossiers/{code}/receipt.pdf", name="dossiers.receipt")
def receipt(page: Page, code: str) -> Response:
    """Print the slip."""
    paper = receipt_paper(
        page.session,
        code,
        actor=page.actor,
        at=page.at,
        demonstration=page.settings.demonstration,
        extra_ids=agenda_ids(page),
    )
    return pdf_answer(paper, f"bien-nhan-{code}.pdf")


def _receive(
    page: SignedInPage, code: str, form: Form, status: int, stale: StaleVersion | None
) -> Response:
    row = get_dossier(page.session, code, actor=page.actor)
    if refusal := why_not_receive(page.actor, row.dossier):
        raise refusal
    return page.render(
        "dossiers/receive.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        samples=row.samples_needed,
        limit=row.regime.procedure.commune_assessment.working_days,
        basis=COMMUNE,
        stale=stale,
    )


def _check(
    page: SignedInPage, code: str, form: Form | None, status: int, stale: StaleVersion | None
) -> Response:
    row = get_dossier(page.session, code, actor=page.actor)
    if refusal := why_not_check(page.actor, row.dossier):
        raise refusal
    known = _check_values(row.dossier)
    return page.render(
        "dossiers/check.html",
        status=status,
        form=form or empty_form(known),
        row=row,
        dossier=row.dossier,
        parts={
            part: PART_LABELS[part]
            for part in own_parts_of(row.dossier.kind)
            if part is not DossierPart.SAMPLES or row.samples_needed
        },
        there=THERE,
        lacking=LACKING,
        basis=COMMUNE_CHECK,
        stale=stale,
        stored_now=_check_differences(known, form) if stale and form else [],
    )


def _check_values(dossier: Dossier) -> dict[str, str]:
    values = {}
    for known in dossier.component_checks:
        values[f"found.{known['part']}"] = THERE if known["complete"] else LACKING
        values[f"note.{known['part']}"] = known["note"]
    return values


def _check_differences(known: dict[str, str], form: Form) -> list[tuple[str, Any]]:
    """Return what is stored now wherever it is not what was typed."""
    words = {THERE: "Đủ", LACKING: "Thiếu", "": "chưa kiểm tra"}
    found = []
    for part, name in PART_LABELS.items():
        now = (known.get(f"found.{part}", ""), known.get(f"note.{part}", ""))
        if now != (form.text(f"found.{part}"), form.text(f"note.{part}").strip()):
            found.append((name, ": ".join(said for said in (words[now[0]], now[1]) if said)))
    return found


def _check_problem(problem: Invalid, answered: list[DossierPart]) -> Invalid:
    """Return the refusal with its sentences beside the parts they are about."""
    fields = {}
    for place, said in problem.fields.items():
        kind, _, rest = place.partition(".")
        if kind == "items" and rest:
            fields[f"note.{answered[int(rest.partition('.')[0])]}"] = said
        else:
            fields[place] = said
    return Invalid(fields, code=problem.reason_code)
