"""Pages on which the commune checks a dossier and sends it on, and the province takes it in."""

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Invalid, Refused, StaleVersion
from app.domain.councils.queries import open_round_choices, round_choice
from app.domain.councils.rules import RENEWAL_LIMIT_BASIS
from app.domain.dossiers.actions import (
    accept_dossier,
    propose_dossier,
    return_dossier,
    save_commune_report,
    sign_commune_report,
)
from app.domain.dossiers.enums import DossierPart, Finding
from app.domain.dossiers.models import CommuneReport
from app.domain.dossiers.policy import (
    why_not_accept,
    why_not_propose,
    why_not_report,
    why_not_return,
    why_not_sign,
)
from app.domain.dossiers.queries import DossierRow, find_check, find_report, get_dossier
from app.domain.dossiers.rules import (
    COMMUNE_CHECK,
    COMMUNE_REPORT,
    COMMUNE_REPORT_FORM,
    CUT_OFF,
    FINDING_LABELS,
    PART_LABELS,
    PROPOSAL_HOLDS,
    own_parts_of,
    province_due_on,
    runs_in_rounds,
)
from app.domain.dossiers.schemas import (
    LONGEST_FINDING,
    AcceptDossier,
    ProposeDossier,
    ReturnDossier,
    SaveCommuneReport,
    SignCommuneReport,
)
from app.web.deps import Page, SignedInPage, page_router
from app.web.dossiers import taken_step
from app.web.forms import Form, PostedForm, empty_form, validated

router = page_router()

_REPORT_WORDS: dict[str, str] = {
    "material_local_percent": "Tỷ lệ nguyên liệu địa phương (%)",
    "material_local_kg": "Nguyên liệu địa phương, kg một năm",
    "material_total_kg": "Toàn bộ nguyên liệu, kg một năm",
    "meeting_number": "Số biên bản",
    "meeting_on": "Ngày họp",
    "meeting_conclusion": "Kết luận",
    "workers_total": "Tổng số lao động",
    "workers_local": "Lao động địa phương",
}


@router.get("/dossiers/{code}/report", name="dossiers.report")
def report(page: Page, code: str) -> Response:
    """Ask for the four findings, each confirmed on its own."""
    row = get_dossier(page.session, code, actor=page.actor)
    known = find_report(page.session, row.dossier)
    if refusal := why_not_report(page.actor, row.dossier, known):
        raise refusal
    return _report(page, row, known, empty_form(_report_values(known)))


@router.post("/dossiers/{code}/report", name="dossiers.save_report")
def save_report(form: PostedForm, page: Page, code: str) -> Response:
    """Store the report."""

    def shown_again(shown: Form, status: int, stale: StaleVersion | None) -> Response:
        row = get_dossier(page.session, code, actor=page.actor)
        known = find_report(page.session, row.dossier)
        return _report(page, row, known, shown, status=status, stale=stale)

    return taken_step(
        form,
        lambda: save_commune_report(
            page.session, code, form.read(SaveCommuneReport), actor=page.actor, at=page.at
        ),
        shown_again,
        lambda: page.go("dossiers.show", code=code, said="Đã lưu báo cáo đánh giá."),
    )


@router.get("/dossiers/{code}/sign", name="dossiers.sign")
def sign(page: Page, code: str) -> Response:
    """Show the report to its signer."""
    return _sign(page, code, empty_form(), 200, None)


@router.post("/dossiers/{code}/sign", name="dossiers.sign_report")
def sign_report(form: PostedForm, page: Page, code: str) -> Response:
    """Sign the report."""
    return taken_step(
        form,
        lambda: sign_commune_report(
            page.session, code, form.read(SignCommuneReport), actor=page.actor, at=page.at
        ),
        lambda shown, status, stale: _sign(page, code, shown, status, stale),
        lambda: page.go("dossiers.show", code=code, said="Đã ký báo cáo đánh giá."),
    )


@router.get("/dossiers/{code}/return", name="dossiers.return")
def ask_return(page: Page, code: str) -> Response:
    """Ask which parts are to be completed, and why."""
    return _return(page, code, None, 200, None)


@router.post("/dossiers/{code}/return", name="dossiers.give_back")
def give_back(form: PostedForm, page: Page, code: str) -> Response:
    """Give the dossier back with a reason for each part."""
    named = [part for part in DossierPart if form.text(f"reason.{part}").strip()]

    def do() -> None:
        try:
            data = validated(
                ReturnDossier,
                {
                    "version": form.text("version"),
                    "items": [
                        {"part": part, "reason": form.text(f"reason.{part}")} for part in named
                    ],
                },
            )
        except Invalid as problem:
            raise _return_problem(problem, named) from problem
        return_dossier(page.session, code, data, actor=page.actor, at=page.at)

    return taken_step(
        form,
        do,
        lambda shown, status, stale: _return(page, code, shown, status, stale),
        lambda: page.go("dossiers.show", code=code, said="Đã trả hồ sơ để chủ thể hoàn thiện."),
    )


@router.get("/dossiers/{code}/propose", name="dossiers.propose")
def propose(page: Page, code: str) -> Response:
    """Ask for the number of the commune's letter."""
    return _propose(page, code, empty_form(), 200, None)


@router.post("/dossiers/{code}/propose", name="dossiers.send_proposal")
def send_proposal(form: PostedForm, page: Page, code: str) -> Response:
    """Propose the dossier to the province."""
    return taken_step(
        form,
        lambda: propose_dossier(
            page.session, code, form.read(ProposeDossier), actor=page.actor, at=page.at
        ),
        lambda shown, status, stale: _propose(page, code, shown, status, stale),
        lambda: page.go("dossiers.show", code=code, said="Đã đề nghị tỉnh đánh giá, phân hạng."),
    )


@router.get("/dossiers/{code}/accept", name="dossiers.accept")
def accept(page: Page, code: str) -> Response:
    """Ask into which round the dossier is taken."""
    return _accept(page, code, empty_form())


@router.post("/dossiers/{code}/accept", name="dossiers.take_in")
def take_in(form: PostedForm, page: Page, code: str) -> Response:
    """Take the dossier into a round."""

    def do() -> None:
        chosen = form.text("round")
        accept_dossier(
            page.session,
            code,
            form.read(AcceptDossier),
            round_choice(page.session, chosen) if chosen else None,
            actor=page.actor,
            at=page.at,
        )

    try:
        return taken_step(
            form,
            do,
            lambda shown, status, stale: _accept(page, code, shown, status=status, stale=stale),
            lambda: page.go("dossiers.show", code=code, said="Đã tiếp nhận hồ sơ."),
        )
    except Refused as refusal:
        return _accept(page, code, form, status=422, why_not=refusal)


def _report_values(known: CommuneReport | None) -> dict[str, str]:
    if known is None:
        return {}
    stored = known.model_dump(include=set(SaveCommuneReport.model_fields) - {"version"})
    return {
        name: ("on" if value else "") if isinstance(value, bool) else str(value)
        for name, value in stored.items()
        if value is not None
    }


def _report(
    page: SignedInPage,
    row: DossierRow,
    known: CommuneReport | None,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
) -> Response:
    return page.render(
        "dossiers/report.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        version=known.version if known else 0,
        findings=FINDING_LABELS,
        longest=LONGEST_FINDING,
        basis=f"{COMMUNE_CHECK}; {COMMUNE_REPORT_FORM}",
        stale=stale,
        stored_now=_report_differences(known, form) if stale else [],
    )


def _report_differences(known: CommuneReport | None, form: Form) -> list[tuple[str, str]]:
    """Return what is stored now wherever it is not what was typed."""
    stored = _report_values(known)
    words = dict(_REPORT_WORDS)
    for finding in Finding:
        words[f"{finding}_finding"] = FINDING_LABELS[finding]
        words[f"{finding}_confirmed"] = f"Xác nhận «{FINDING_LABELS[finding]}»"
    found = []
    for name, label in words.items():
        now, typed = stored.get(name, ""), form.text(name).strip().replace("\r\n", "\n")
        if now != typed:
            if name.endswith("_confirmed"):
                now = "đã xác nhận" if now else "chưa xác nhận"
            found.append((label, now or "trống"))
    return found


def _sign(
    page: SignedInPage, code: str, form: Form, status: int, stale: StaleVersion | None
) -> Response:
    row = get_dossier(page.session, code, actor=page.actor)
    known = find_report(page.session, row.dossier)
    if refusal := why_not_sign(page.actor, row.dossier, known):
        raise refusal
    return page.render(
        "dossiers/sign.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        report=known,
        findings=FINDING_LABELS,
        basis=COMMUNE_REPORT,
        stale=stale,
    )


def _return(
    page: SignedInPage, code: str, form: Form | None, status: int, stale: StaleVersion | None
) -> Response:
    row = get_dossier(page.session, code, actor=page.actor)
    if refusal := why_not_return(page.actor, row.dossier):
        raise refusal
    lacking = {
        f"reason.{check['part']}": check["note"]
        for check in row.dossier.component_checks
        if not check["complete"]
    }
    return page.render(
        "dossiers/return.html",
        status=status,
        form=form or empty_form(lacking),
        row=row,
        dossier=row.dossier,
        part_labels={part: PART_LABELS[part] for part in own_parts_of(row.dossier.kind)},
        basis=COMMUNE_CHECK,
        stale=stale,
    )


def _return_problem(problem: Invalid, named: list[DossierPart]) -> Invalid:
    """Return the refusal with its sentences beside the parts they are about."""
    fields = {}
    for place, said in problem.fields.items():
        kind, _, rest = place.partition(".")
        if kind == "items" and not rest:
            fields[f"reason.{next(iter(DossierPart))}"] = "Hãy nêu lý do ở ít nhất một phần."
        elif kind == "items":
            fields[f"reason.{named[int(rest.partition('.')[0])]}"] = said
        else:
            fields[place] = said
    return Invalid(fields, code=problem.reason_code)


def _propose(
    page: SignedInPage, code: str, form: Form, status: int, stale: StaleVersion | None
) -> Response:
    row = get_dossier(page.session, code, actor=page.actor)
    if refusal := why_not_propose(page.actor, row.dossier):
        raise refusal
    return page.render(
        "dossiers/propose.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        samples=row.samples_needed,
        basis=f"{COMMUNE_REPORT}; {PROPOSAL_HOLDS}",
        stale=stale,
    )


def _accept(
    page: SignedInPage,
    code: str,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
    why_not: Refused | None = None,
) -> Response:
    row = get_dossier(page.session, code, actor=page.actor)
    if refusal := why_not_accept(page.actor, row.dossier):
        raise refusal
    return page.render(
        "dossiers/accept.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        check=find_check(page.session, row.dossier),
        renewal_basis=RENEWAL_LIMIT_BASIS,
        in_rounds=runs_in_rounds(row.regime, row.dossier.kind),
        rounds=open_round_choices(page.session, local_day(page.at)),
        due_on=province_due_on(row.regime, row.dossier.kind, local_day(page.at)),
        why_not=why_not,
        basis=CUT_OFF,
        stale=stale,
    )
