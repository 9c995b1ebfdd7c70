"""The score sheet: the rubric itself, one section at a time, saved with every change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Conflict, Invalid, Refusal, Refused, StaleVersion
from app.core.pdf_inspection import MOST_PAGES
from app.core.text import normal
from app.domain.councils.actions import (
    recuse_sheet,
    save_marks,
    submit_sheet,
    withdraw_sheet,
)
from app.domain.councils.enums import ItemState
from app.domain.councils.models import Mark
from app.domain.councils.policy import why_not_mark, why_not_withdraw
from app.domain.councils.queries import (
    SheetRow,
    earlier_rounds,
    get_sheet,
    margin,
    papers_shown,
    superseded_sheet,
)
from app.domain.councils.rules import ORIGIN_LABELS, SHEET_LABELS
from app.domain.councils.schemas import (
    LONGEST_OPINION,
    LONGEST_REMARK,
    RecuseSheet,
    SaveMarks,
    SubmitSheet,
    WithdrawSheet,
)
from app.domain.dossiers.models import AdvisoryReport, Evidence
from app.domain.dossiers.queries import (
    Comparison,
    OfficialPapers,
    SelfAssessment,
    comparison,
    official_papers,
    self_assessment,
)
from app.domain.dossiers.rules import TEST_LABELS, Change
from app.rulebooks.model import Criterion, Gate, Option, Part, Rubric, Section
from app.rulebooks.scoring import NOT_MET, SheetScore
from app.web.agenda_items import SHEET_TONES
from app.web.deps import Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form, validated
from app.web.steps import answer_status, tried

router = page_router()

CHOICE_LABELS: dict[str, str] = {"not_met": "Không đạt", "blank": "chưa chấm"}
SUBMITTING = "submit"
"""The last page of a sheet stands where a section's code would."""

NO_EVIDENCE = "none"
"""What the choice of a paper says where a criterion has none to show it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the producer claims for a criterion, and the papers that should show it."""

    option: Option | None
    is_not_met: bool
    description: str
    papers: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """What the advisory team says about a part of the rubric; what it suggests is no score."""

    part: Part
    text: str
    suggested: int | None
    report: AdvisoryReport


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about one criterion, as the fields of the page hold it."""

    option: str = ""
    remark: str = ""
    evidence: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One criterion as the sheet shows it: what was typed before what is stored."""

    criterion: Criterion
    applies: bool
    said: Said
    claim: Claim
    others: tuple[Evidence, ...]
    change: Change | None
    gates: tuple[Gate, ...]

    @property
    def cases(self) -> list[tuple[str, tuple[Option, ...]]]:
        """The options by case; a criterion without cases has one without a name."""
        if not self.criterion.cases:
            return [("", self.criterion.options)]
        return [
            (case.name, self.criterion.options_of_case(case.code)) for case in self.criterion.cases
        ]


@dataclass(frozen=True, slots=True)
class Difference:
    """A criterion whose stored mark is another than the one sent."""

    criterion: Criterion
    stored: Said
    sent: Said


@router.get("/score-sheets/{code}", name="sheets.show")
def show(page: Page, code: str, section: str = "") -> Response:
    """Show the own sheet to be filled in, or a sheet to be read."""
    row = get_sheet(page.session, code, actor=page.actor, in_order=True)
    return _show(page, row, section, empty_form())


@router.get("/score-sheets/{code}/rounds/{scoring_round}", name="sheets.superseded")
def show_superseded(page: Page, code: str, scoring_round: int) -> Response:
    """Show a sheet as it was before the product was scored anew, to whoever may read the sheet."""
    old = superseded_sheet(page.session, code, scoring_round, actor=page.actor)
    return page.render(
        "councils/sheet_superseded.html",
        old=old,
        row=old.now,
        sheet=old.now.sheet,
        dossier=old.now.dossier,
        rubric=old.now.dossier.rubric,
        score=old.score,
        papers=papers_shown(page.session, old.marks),
        words=CHOICE_LABELS,
        not_met=NOT_MET,
    )


@router.post("/score-sheets/{code}", name="sheets.save")
def save(form: PostedForm, page: Page, code: str, section: str = "") -> Response:
    """Store the marks of a section; htmx sends every change by itself."""
    try:
        row = save_marks(page.session, code, _marks(form), actor=page.actor, at=page.at)
    except (Invalid, Conflict, Refused) as refusal:
        page.session.expire_all()
        row = get_sheet(page.session, code, actor=page.actor, in_order=not page.is_fragment)
        if isinstance(refusal, Invalid):
            form.showing(_by_field(refusal, form))
        if page.is_fragment:
            return _total(page, row, form=form, version=form.text("version"), refused=refusal)
        return _show(page, row, section, form, refusal)
    if page.is_fragment:
        return _total(page, row, form=form, version=str(row.sheet.version))
    following = _after(row.dossier.rubric, section)
    return page.go("sheets.show", code=code, section=following, said="Đã lưu điểm.")


@router.post("/score-sheets/{code}/submit", name="sheets.submit")
def submit(form: PostedForm, page: Page, code: str) -> Response:
    """Hand the own sheet in."""
    return _step(
        page,
        code,
        form,
        lambda: submit_sheet(
            page.session,
            code,
            form.read(SubmitSheet),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã nộp phiếu.",
    )


@router.post("/score-sheets/{code}/withdraw", name="sheets.withdraw")
def withdraw(form: PostedForm, page: Page, code: str) -> Response:
    """Take the own sheet back before the lock."""
    return _step(
        page,
        code,
        form,
        lambda: withdraw_sheet(
            page.session,
            code,
            form.read(WithdrawSheet),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã lấy phiếu về để sửa.",
    )


@router.post("/score-sheets/{code}/recuse", name="sheets.recuse")
def recuse(form: PostedForm, page: Page, code: str) -> Response:
    """Not take part in judging this product."""
    return _step(
        page,
        code,
        form,
        lambda: recuse_sheet(
            page.session,
            code,
            form.read(RecuseSheet),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã ghi nhận không tham gia chấm sản phẩm này.",
    )


def _step(
    page: SignedInPage, code: str, form: Form, do: Callable[[], object], *, said: str
) -> Response:
    def shown_again(shown: Form, why: Refusal) -> Response:
        row = get_sheet(page.session, code, actor=page.actor, in_order=True)
        return _show(page, row, SUBMITTING, shown, why)

    return tried(
        page,
        form,
        do,
        shown_again=shown_again,
        done=lambda: page.go("sheets.show", code=code, section=SUBMITTING, said=said),
    )


# --- reading what was sent --------------------------------------------------------------------

_FIELD_OF = {
    "criterion_code": "option",
    "option_code": "option",
    "remark": "remark",
    "evidence_code": "evidence",
    "evidence_page": "page",
}
"""The page's own field for each field of a mark, by the first part of its name."""


def _sent_criteria(form: Form) -> list[str]:
    """Return the criteria a form speaks of, in its order."""
    names = (name.partition(".") for name in form.raw)
    return list(dict.fromkeys(code for kind, _, code in names if kind in _FIELD_OF.values()))


def _marks(form: Form) -> SaveMarks:
    return validated(
        SaveMarks,
        {
            "version": form.text("version"),
            "marks": [
                {
                    "criterion_code": code,
                    "option_code": said.option or None,
                    "remark": said.remark,
                    "evidence_code": None
                    if said.evidence == NO_EVIDENCE
                    else said.evidence or None,
                    "evidence_page": said.page or None,
                    "without_evidence": said.evidence == NO_EVIDENCE,
                }
                for code in _sent_criteria(form)
                if (said := _typed(form, code))
            ],
        },
    )


def _typed(form: Form, code: str) -> Said:
    """Return what was typed about a criterion; a page says nothing without its paper."""
    evidence = form.text(f"evidence.{code}")
    return Said(
        form.text(f"option.{code}"),
        form.text(f"remark.{code}"),
        evidence,
        form.text(f"page.{code}").strip() if evidence not in {"", NO_EVIDENCE} else "",
    )


def _stored(mark: Mark | None) -> Said:
    if mark is None:
        return Said()
    return Said(
        mark.option_code or "",
        mark.remark,
        NO_EVIDENCE if mark.without_evidence else mark.evidence_code or "",
        str(mark.evidence_page or ""),
    )


def _by_field(problem: Invalid, form: Form) -> Invalid:
    """Return the refusal with its sentences beside the page's own fields."""
    ours = "evidence" if problem.reason_code == "sheet.evidence" else "option"
    sent = _sent_criteria(form)
    fields = {}
    for place, said in problem.fields.items():
        parts = place.split(".", 2)
        if parts[0] == "marks" and parts[-1] in _FIELD_OF:
            fields[f"{_FIELD_OF[parts[-1]]}.{sent[int(parts[1])]}"] = said
        else:
            fields[f"{ours}.{place}" if place in sent else place] = said
    return Invalid(fields, code=problem.reason_code)


def _differences(row: SheetRow, form: Form) -> list[Difference]:
    """Return where the stored sheet and what was just sent do not say the same."""
    found = []
    for criterion in row.dossier.rubric.criteria:
        code = criterion.code
        if code not in _sent_criteria(form):
            continue
        stored, typed = _stored(row.marks.get(code)), _typed(form, code)
        sent = replace(typed, remark=normal(typed.remark))
        if stored != sent:
            found.append(Difference(criterion, stored, sent))
    return found


# --- showing ----------------------------------------------------------------------------------


def _show(
    page: SignedInPage, row: SheetRow, section: str, form: Form, refused: Refusal | None = None
) -> Response:
    context: dict[str, Any] = {
        "status": answer_status(refused),
        "form": form,
        "refused": refused,
        "row": row,
        "sheet": row.sheet,
        "dossier": row.dossier,
        "rubric": row.dossier.rubric,
        "labels": SHEET_LABELS,
        "origins": ORIGIN_LABELS,
        "tones": SHEET_TONES,
        "words": CHOICE_LABELS,
        "not_met": NOT_MET,
        "own": row.own_order.at(row.sheet.code),
        "own_count": len(row.own_order.sheets),
        "own_before": row.own_order.before(row.sheet.code),
        "own_after": row.own_order.after(row.sheet.code),
        "own_next": row.own_order.next_to_score(row.sheet.code),
        "own_waiting": row.own_order.waiting,
    } | _total_context(row, str(row.sheet.version))
    if not row.is_own or why_not_mark(row.sheet, row.meeting, row.item):
        official = official_papers(page.session, row.dossier.dossier, actor=page.actor)
        return page.render(
            "councils/sheet_read.html",
            is_locked=row.item.state is ItemState.LOCKED,
            papers=papers_shown(page.session, row.marks),
            advised=[(part, _advice(official, part)) for part in row.dossier.rubric.parts],
            surveys=official.surveys,
            tests=official.tests,
            test_words=TEST_LABELS,
            earlier=earlier_rounds(page.session, row),
            why_not_withdraw=why_not_withdraw(row.sheet, row.meeting, row.item),
            **context,
        )
    asked = _asked(row, section)
    context |= {
        "parts": _lines(row.dossier.rubric, row.score),
        "here": asked.code if asked else SUBMITTING,
        "submitting": SUBMITTING,
    }
    if asked is None:
        return page.render(
            "councils/sheet_submit.html",
            longest_opinion=LONGEST_OPINION,
            by_code={criterion.code: criterion for criterion in row.dossier.rubric.criteria},
            earlier=earlier_rounds(page.session, row),
            **context,
        )
    is_stale = isinstance(refused, StaleVersion)
    assessment = self_assessment(page.session, row.dossier, actor=page.actor)
    papers = official_papers(page.session, row.dossier.dossier, actor=page.actor)
    compared = comparison(assessment, on=local_day(page.at))
    return page.render(
        "councils/sheet.html",
        section=asked,
        groups={group.code: group for group in asked.groups},
        questions=[
            _question(row, criterion, form, assessment, compared=compared)
            for criterion in asked.criteria
        ],
        advice=_advice(
            papers, next(part for part in row.dossier.rubric.parts if asked in part.sections)
        ),
        margin=margin(page.session, row.dossier.dossier, row.dossier.rubric, papers),
        surveys=papers.surveys,
        tests=[test for test in papers.tests if not test.criterion_code],
        test_words=TEST_LABELS,
        differences=_differences(row, form) if is_stale else [],
        after=_after(row.dossier.rubric, asked.code),
        longest_remark=LONGEST_REMARK,
        most_pages=MOST_PAGES,
        **context,
    )


def _asked(row: SheetRow, section: str) -> Section | None:
    """Return the section asked for, or the first with a blank; None is the last page of the sheet."""
    if section == SUBMITTING:
        return None
    sections = _sections(row.dossier.rubric)
    by_code = {one.code: one for one in sections}
    if section in by_code:
        return by_code[section]
    return next(
        (one for one in sections if any(c.code in row.score.missing for c in one.criteria)), None
    )


def _sections(rubric: Rubric) -> list[Section]:
    return [section for part in rubric.parts for section in part.sections]


def _after(rubric: Rubric, section: str) -> str:
    """Return the code of the section after this one; after the last comes handing in."""
    codes = [one.code for one in _sections(rubric)]
    if section not in codes[:-1]:
        return SUBMITTING
    return codes[codes.index(section) + 1]


def _lines(rubric: Rubric, score: SheetScore) -> list[tuple[Part, list[tuple[Section, int, int]]]]:
    """Return each part with its sections: how many of its criteria are done, and how many count."""
    return [(part, [_line(section, score) for section in part.sections]) for part in rubric.parts]


def _line(section: Section, score: SheetScore) -> tuple[Section, int, int]:
    counting = [c.code for c in section.criteria if c.code not in score.not_applicable]
    return section, sum(code not in score.missing for code in counting), len(counting)


def _question(
    row: SheetRow,
    criterion: Criterion,
    form: Form,
    assessment: SelfAssessment,
    *,
    compared: Comparison | None,
) -> Question:
    code = criterion.code
    claim = _claim(criterion, assessment)
    return Question(
        criterion=criterion,
        applies=code not in row.score.not_applicable,
        said=_typed(form, code) if form.raw else _stored(row.marks.get(code)),
        claim=claim,
        others=tuple(paper for paper in assessment.cited if paper not in claim.papers),
        change=compared.of(code) if compared else None,
        gates=tuple(gate for gate in row.dossier.rubric.gates if gate.criterion_code == code),
    )


def _advice(papers: OfficialPapers, part: Part) -> Advice | None:
    """Return what the advisory team signed about a part of the rubric."""
    report = papers.advice
    if report is None or report.signed_at is None:
        return None
    return Advice(part, report.parts.get(part.code, ""), report.suggested.get(part.code), report)


def _claim(criterion: Criterion, assessment: SelfAssessment) -> Claim:
    answer = assessment.answers.get(criterion.code)
    option = answer.option_code if answer else None
    return Claim(
        option=criterion.find_option(option) if option else None,
        is_not_met=option == NOT_MET,
        description=answer.description if answer else "",
        papers=assessment.uses.get(criterion.code, ()),
    )


def _total(
    page: SignedInPage,
    row: SheetRow,
    *,
    form: Form,
    version: str,
    refused: Refusal | None = None,
) -> Response:
    """Answer an automatic save: the new total, and what the next save must carry.

    After a refusal the version stays the one that was sent: nothing is written over what was stored
    elsewhere before the person has seen it.
    """
    return page.render(
        "councils/_total.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        differences=_differences(row, form) if isinstance(refused, StaleVersion) else [],
        words=CHOICE_LABELS,
        not_met=NOT_MET,
        **_total_context(row, version, saved_at=None if refused else page.at),
    )


def _total_context(row: SheetRow, version: str, *, saved_at: object = None) -> dict[str, Any]:
    missing: Sequence[str] = row.score.missing
    return {
        "score": row.score,
        "rubric": row.dossier.rubric,
        "missing": missing,
        "section_of": {one.code: section.code for _, section, one in row.dossier.rubric.walk()},
        "sheet_code": row.sheet.code,
        "no_evidence": NO_EVIDENCE,
        "star": row.star,
        "version": version,
        "saved_at": saved_at,
    }
