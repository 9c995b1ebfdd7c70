"""Pages of dossiers: list, opening, one dossier with what is next and by whom, filing, papers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Invalid, Refusal, StaleVersion
from app.domain.advisory.queries import standing_of
from app.domain.audit.queries import events_of
from app.domain.councils.queries import dossier_ids_on_agenda, filing_windows
from app.domain.dossiers.actions import PART_OF, file_dossier, withdraw_dossier
from app.domain.dossiers.enums import DossierPart, DossierState
from app.domain.dossiers.forms.printing import FORM_LABELS
from app.domain.dossiers.models import CommuneReport
from app.domain.dossiers.policy import (
    why_not_accept,
    why_not_advise,
    why_not_check,
    why_not_check_at_province,
    why_not_complete,
    why_not_edit,
    why_not_file,
    why_not_propose,
    why_not_receive,
    why_not_report,
    why_not_request_completion,
    why_not_return,
    why_not_sign,
    why_not_withdraw,
)
from app.domain.dossiers.queries import (
    DossierRow,
    SelfAssessment,
    comparison,
    dossiers_page,
    get_dossier,
    official_papers,
    self_assessment,
)
from app.domain.dossiers.rules import (
    ADDRESSEE_LABELS,
    CHECKED_LABELS,
    EDITABLE,
    EVIDENCE_LABELS,
    FILING_WINDOWS,
    FINDING_LABELS,
    KIND_LABELS,
    PART_LABELS,
    RENEWAL_LIMIT,
    STATE_LABELS,
    Progress,
    own_parts_of,
    runs_in_rounds,
    stepper,
)
from app.domain.dossiers.schemas import FileDossier, WithdrawDossier
from app.rulebooks.model import Rubric, Section
from app.rulebooks.scoring import SheetScore
from app.web.audit_text import event_sentence
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.paper_marks import mark_of

router = page_router()

TONES: dict[DossierState, str] = {
    DossierState.DRAFT: "",
    DossierState.RETURNED: "warn",
    DossierState.COMPLETION_REQUESTED: "warn",
    DossierState.RECOGNISED: "good",
    DossierState.LOCKED: "good",
    DossierState.BELOW_THREE: "bad",
    DossierState.EXCLUDED: "bad",
    DossierState.WITHDRAWN: "bad",
}
# Where each part of a dossier is completed.
PART_ROUTES: dict[DossierPart, str] = {
    DossierPart.BUSINESS_RESULTS: "dossiers.parts",
    DossierPart.BUSINESS_PLAN: "dossiers.parts",
    DossierPart.SAMPLES: "dossiers.parts",
    DossierPart.EVIDENCE: "dossiers.evidence",
    DossierPart.CHANGES: "dossiers.changes",
}
WAITS_FOR_SENTENCES: dict[DossierState, str] = {
    DossierState.DRAFT: "Chủ thể soạn hồ sơ và nộp tại Ủy ban nhân dân xã.",
    DossierState.RETURNED: "Chủ thể bổ sung các phần xã đã nêu rồi nộp lại.",
    DossierState.FILED: "Cán bộ xã kiểm tra, viết báo cáo; lãnh đạo xã ký.",
    DossierState.ASSESSED: "Lãnh đạo xã gửi công văn đề nghị tỉnh đánh giá, phân hạng.",
    DossierState.PROPOSED: "Cơ quan tham mưu OCOP cấp tỉnh tiếp nhận vào một đợt.",
    DossierState.COMPLETION_REQUESTED: "Chủ thể, xã hoàn thiện các phần tỉnh đã nêu rồi gửi lại.",
    DossierState.ACCEPTED: "Tổ tư vấn đánh giá; cơ quan tham mưu xếp hồ sơ vào phiên họp.",
    DossierState.ADVISED: "Cơ quan tham mưu xếp hồ sơ vào phiên họp của Hội đồng.",
    DossierState.SCHEDULED: "Hội đồng mở phiên họp.",
    DossierState.SCORING: "Thành viên Hội đồng chấm điểm, Chủ tịch chốt kết quả.",
    DossierState.LOCKED: "Ủy ban nhân dân tỉnh ký quyết định về kết quả.",
    DossierState.AWAITING_CENTRE: "Bộ Nông nghiệp và Môi trường đánh giá, phân hạng 5 sao.",
    DossierState.RETURNED_BY_CENTRE: "Tỉnh xem xét công nhận 3 sao, 4 sao hoặc đánh giá lại theo thẩm quyền.",
}
_JUDGED = frozenset(
    {
        DossierState.LOCKED,
        DossierState.RECOGNISED,
        DossierState.BELOW_THREE,
        DossierState.EXCLUDED,
        DossierState.AWAITING_CENTRE,
        DossierState.RETURNED_BY_CENTRE,
    }
)
# Every change saves itself: told one by one these would hide the steps.
WRITING = ("dossier.advice_saved", "dossier.section_saved", "dossier.report_parts_saved")
MOST_EVENTS = 15
MOST_PAPERS = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """One button of a dossier: what it says, where it leads, why it cannot be pressed."""

    label: str
    route: str
    why_not: Refusal | None
    is_quiet: bool = False


def agenda_ids(page: SignedInPage) -> frozenset[int]:
    """Return the dossiers this person sees because a council they sit on judges them."""
    if page.actor.sees_province:
        return frozenset()
    return dossier_ids_on_agenda(page.session, page.actor, on=local_day(page.at))


def seen_dossier(page: SignedInPage, code: str) -> DossierRow:
    """Return a dossier this person may read, agendas included."""
    return get_dossier(page.session, code, actor=page.actor, extra_ids=agenda_ids(page))


def taken_step(
    form: Form,
    do: Callable[[], object],
    shown_again: Callable[[Form, int, StaleVersion | None], Response],
    done: Callable[[], Response],
) -> Response:
    """Take a step; when the form is wrong or stale show it again with everything that was typed."""
    try:
        do()
    except Invalid as problem:
        return shown_again(form.showing(problem), 422, None)
    except StaleVersion as stale:
        return shown_again(form, 409, stale)
    return done()


@router.get("/dossiers", name="dossiers.list")
def index(
    page: Page, q: str = "", state: str = "", overdue: str = "", after: After = 0
) -> Response:
    """List the dossiers this person may see."""
    wanted = DossierState(state) if state in set(DossierState) else None
    found = dossiers_page(
        page.session,
        actor=page.actor,
        search=q[:80],
        state=wanted,
        late_on=local_day(page.at) if overdue == "1" else None,
        extra_ids=agenda_ids(page),
        after=after,
    )
    template = "dossiers/_table.html" if page.is_fragment else "dossiers/list.html"
    return page.render(
        template,
        found=found,
        labels=STATE_LABELS,
        tones=TONES,
        q=q,
        state=wanted,
        overdue="1" if overdue == "1" else "",
        after=after,
        on=local_day(page.at),
    )


@router.get("/dossiers/{code}", name="dossiers.show")
def show(page: Page, code: str) -> Response:
    """Show a dossier: where it stands, what is next and by whom, what is missing."""
    return _show(page, code, empty_form())


@router.get("/dossiers/{code}/file", name="dossiers.file")
def confirm(page: Page, code: str) -> Response:
    """Ask once more before the dossier is handed in, with all that is still missing."""
    row = get_dossier(page.session, code, actor=page.actor)
    if refusal := why_not_file(page.actor, row.dossier):
        raise refusal
    return _confirm(page, row, 200, None)


@router.post("/dossiers/{code}/file", name="dossiers.submit")
def submit(form: PostedForm, page: Page, code: str) -> Response:
    """Hand the dossier in at the commune."""
    return taken_step(
        form,
        lambda: file_dossier(
            page.session, code, form.read(FileDossier), actor=page.actor, at=page.at
        ),
        lambda _form, status, stale: _confirm(
            page, get_dossier(page.session, code, actor=page.actor), status, stale
        ),
        lambda: page.go("dossiers.show", code=code, said="Đã nộp hồ sơ tại xã."),
    )


@router.post("/dossiers/{code}/withdraw", name="dossiers.withdraw")
def withdraw(form: PostedForm, page: Page, code: str) -> Response:
    """Take the dossier back for good."""
    return taken_step(
        form,
        lambda: withdraw_dossier(
            page.session, code, form.read(WithdrawDossier), actor=page.actor, at=page.at
        ),
        lambda shown, status, stale: _show(page, code, shown, status=status, stale=stale),
        lambda: page.go("dossiers.show", code=code, said="Đã rút hồ sơ."),
    )


def _confirm(
    page: SignedInPage, row: DossierRow, status: int, stale: StaleVersion | None
) -> Response:
    missing = self_assessment(page.session, row, actor=page.actor).missing_on(local_day(page.at))
    return page.render(
        "dossiers/file.html",
        status=status,
        row=row,
        dossier=row.dossier,
        missing=missing,
        lacking={one.part for one in missing},
        parts={part: PART_LABELS[part] for part in own_parts_of(row.dossier.kind)},
        part_url=lambda part: part_url(page, row, part),
        limit=row.regime.procedure.commune_assessment,
        stale=stale,
    )


def part_url(page: SignedInPage, row: DossierRow, part: DossierPart) -> str:
    """Return where a part of the dossier is completed."""
    code = row.dossier.code
    if part is DossierPart.REGISTRATION:
        return page.url("producers.edit", code=row.producer.code)
    if part is DossierPart.SELF_ASSESSMENT:
        first = row.rubric.parts[0].sections[0]
        return page.url("dossiers.section", code=code, section=first.code)
    return page.url(PART_ROUTES[part], code=code)


def _show(
    page: SignedInPage,
    code: str,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
) -> Response:
    row = seen_dossier(page, code)
    dossier, actor = row.dossier, page.actor
    assessment = self_assessment(page.session, row, actor=actor)
    papers = official_papers(page.session, dossier, actor=actor)
    report = papers.report
    compared = comparison(assessment, on=local_day(page.at))
    windows = (
        filing_windows(page.session, row.regime, on=local_day(page.at))
        if dossier.state is DossierState.DRAFT and runs_in_rounds(row.regime, dossier.kind)
        else ()
    )
    editable = dossier.state in EDITABLE
    return page.render(
        "dossiers/show.html",
        status=status,
        form=form,
        stale=stale,
        row=row,
        dossier=dossier,
        labels=STATE_LABELS,
        tones=TONES,
        kinds=KIND_LABELS,
        evidence_kinds=EVIDENCE_LABELS,
        findings=FINDING_LABELS,
        part_labels=PART_LABELS,
        steps=_steps(dossier.state),
        waits_for=WAITS_FOR_SENTENCES.get(dossier.state, ""),
        choices=_choices(page, row, report),
        why_not_edit=why_not_edit(actor, dossier, *DossierPart),
        why_not_write_parts=why_not_edit(actor, dossier, *PART_OF.values()),
        papers=papers,
        checked=CHECKED_LABELS,
        addressees=ADDRESSEE_LABELS,
        why_not_withdraw=why_not_withdraw(actor, dossier),
        editable=editable,
        missing=assessment.missing_on(local_day(page.at)) if editable else (),
        part_url=lambda part: part_url(page, row, part),
        assessment=assessment,
        sections=_sections(row.rubric, assessment),
        most_papers=MOST_PAPERS,
        forms=FORM_LABELS,
        mark_of=partial(mark_of, on=local_day(page.at)),
        report=report,
        compared=compared,
        windows=windows,
        windows_basis=FILING_WINDOWS,
        renewal_limit=RENEWAL_LIMIT,
        days_left=row.days_left(local_day(page.at)),
        limit=row.regime.procedure.commune_assessment.working_days,
        judged=dossier.state in _JUDGED,
        events=events_of(page.session, dossier, limit=MOST_EVENTS, leaving_out=WRITING),
        event_sentence=event_sentence,
    )


def _steps(state: DossierState) -> list[tuple[str, str]]:
    words = {
        Progress.DONE: "done",
        Progress.CURRENT: "now",
        Progress.STOPPED: "now",
        Progress.TODO: "",
    }
    return [(stop.label, words[stop.progress]) for stop in stepper(state)]


def _choices(page: SignedInPage, row: DossierRow, report: CommuneReport | None) -> Sequence[Choice]:
    """Return the buttons of this state, for everybody: who may not press one reads why."""
    actor, dossier = page.actor, row.dossier
    match dossier.state:
        case DossierState.DRAFT | DossierState.RETURNED:
            return (Choice("Kiểm tra và nộp", "dossiers.file", why_not_file(actor, dossier)),)
        case DossierState.FILED:
            receiving = (
                ()
                if dossier.received_at
                else (Choice("Tiếp nhận", "dossiers.receive", why_not_receive(actor, dossier)),)
            )
            return (
                *receiving,
                Choice("Kiểm tra thành phần", "dossiers.check", why_not_check(actor, dossier)),
                Choice(
                    "Viết báo cáo đánh giá",
                    "dossiers.report",
                    why_not_report(actor, dossier, report),
                ),
                Choice("Ký báo cáo", "dossiers.sign", why_not_sign(actor, dossier, report)),
                Choice(
                    "Trả lại để hoàn thiện",
                    "dossiers.return",
                    why_not_return(actor, dossier),
                    is_quiet=True,
                ),
            )
        case DossierState.ASSESSED:
            return (Choice("Đề nghị tỉnh", "dossiers.propose", why_not_propose(actor, dossier)),)
        case DossierState.PROPOSED:
            return (
                Choice(
                    "Kiểm tra hồ sơ",
                    "dossiers.province_check",
                    why_not_check_at_province(actor, dossier),
                    is_quiet=True,
                ),
                Choice("Tiếp nhận vào đợt", "dossiers.accept", why_not_accept(actor, dossier)),
                Choice(
                    "Yêu cầu hoàn thiện",
                    "dossiers.request_completion",
                    why_not_request_completion(actor, dossier),
                    is_quiet=True,
                ),
            )
        case DossierState.COMPLETION_REQUESTED:
            return (
                Choice("Trả lời, gửi lại", "dossiers.completion", why_not_complete(actor, dossier)),
            )
        case DossierState.ACCEPTED:
            return (
                Choice(
                    "Báo cáo của Tổ tư vấn",
                    "dossiers.advice",
                    why_not_advise(
                        actor,
                        dossier,
                        team=standing_of(page.session, actor, on=local_day(page.at)),
                    ),
                ),
            )
    return ()


def _sections(
    rubric: Rubric, assessment: SelfAssessment
) -> list[tuple[str, list[tuple[Section, int, int]]]]:
    """Return each part's name with its sections, their points and how many criteria are open."""
    return [
        (
            f"{part.code}. {part.name}",
            [_section_line(section, assessment.score) for section in part.sections],
        )
        for part in rubric.parts
    ]


def _section_line(section: Section, score: SheetScore) -> tuple[Section, int, int]:
    still_open = sum(criterion.code in score.missing for criterion in section.criteria)
    return section, score.by_section[section.code], still_open
