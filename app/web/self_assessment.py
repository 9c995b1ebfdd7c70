"""Pages on which a producer writes Mẫu số 02: a section of the criteria at a time, parts II and IV."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Invalid, Refusal, StaleVersion
from app.domain.dossiers.actions import PART_OF, save_report_parts, save_section
from app.domain.dossiers.actions.writing import section_of
from app.domain.dossiers.enums import DossierPart
from app.domain.dossiers.models import Evidence
from app.domain.dossiers.policy import why_not_edit
from app.domain.dossiers.queries import (
    DossierRow,
    SelfAssessment,
    get_dossier,
    self_assessment,
)
from app.domain.dossiers.schemas import (
    FIRST_REVENUE_YEAR,
    LONGEST_REPORT_PART,
    SaveReportParts,
    SaveSection,
)
from app.domain.wallet.rules import fitting_kinds
from app.rulebooks.model import Criterion, Option, Section
from app.rulebooks.scoring import NOT_MET
from app.web.deps import Page, SignedInPage, page_router
from app.web.dossiers import seen_dossier, taken_step
from app.web.forms import Form, PostedForm, empty_form, validated
from app.web.paper_marks import mark_of

router = page_router()

NOT_MET_WORDS = "Không đạt"
_ANSWER_FIELD = re.compile(r"answers\.(\d+)\.(option_code|description|evidence)\b")
_FIELD_NAMES = {"option_code": "option", "description": "description", "evidence": "evidence"}


@dataclass(frozen=True, slots=True)
class Question:
    """One criterion as the page shows it: what was typed before what is stored."""

    criterion: Criterion
    points: int
    applies: bool
    chosen: str
    description: str
    cited: frozenset[str]
    offered: tuple[Evidence, ...]
    stored_now: tuple[tuple[str, str], ...]

    @property
    def cases(self) -> list[tuple[str, tuple[Option, ...]]]:
        """The options by case; a criterion without cases has one without a name."""
        if not self.criterion.cases:
            return [("", self.criterion.options)]
        return [
            (case.name, self.criterion.options_of_case(case.code)) for case in self.criterion.cases
        ]


@router.get("/dossiers/{code}/sections/{section}", name="dossiers.section")
def section(page: Page, code: str, section: str) -> Response:
    """Show one section of the rubric: to be filled in, or to be read."""
    return _section(page, seen_dossier(page, code), section, empty_form())


@router.post("/dossiers/{code}/sections/{section}", name="dossiers.save_section")
def save(form: PostedForm, page: Page, code: str, section: str) -> Response:
    """Store the answers of one section; htmx sends every change by itself."""
    row = get_dossier(page.session, code, actor=page.actor)
    asked = section_of(row, section)
    try:
        save_section(
            page.session,
            code,
            section,
            _answers(form, asked),
            actor=page.actor,
            at=page.at,
        )
    except Invalid as problem:
        form.showing(_by_field(problem, asked))
        if page.is_fragment:
            return _total(page, row, form=form, version=form.text("version"), problem=problem)
        return _section(page, row, section, form, status=422)
    except StaleVersion as stale:
        if page.is_fragment:
            return _total(page, row, form=form, version=form.text("version"), problem=stale)
        return _section(page, row, section, form, status=409, stale=stale)
    if page.is_fragment:
        return _total(page, row, form=form, version=str(row.dossier.version))
    following = _neighbours(row, section)[1]
    if form.text("go") == "next" and following:
        return page.go(
            "dossiers.section", code=code, section=following.code, said="Đã lưu, sang mục sau."
        )
    return page.go("dossiers.show", code=code, said="Đã lưu tự đánh giá.")


@router.get("/dossiers/{code}/parts", name="dossiers.parts")
def parts(page: Page, code: str) -> Response:
    """Ask for parts II and IV of Mẫu số 02 and the number of samples."""
    row = get_dossier(page.session, code, actor=page.actor)
    if refusal := why_not_edit(page.actor, row.dossier, *PART_OF.values()):
        raise refusal
    stored = row.dossier.model_dump(include=set(PART_OF))
    told = {name: "" if value is None else str(value) for name, value in stored.items()}
    return _parts(page, row, empty_form(told), 200, None)


@router.post("/dossiers/{code}/parts", name="dossiers.save_parts")
def save_parts(form: PostedForm, page: Page, code: str) -> Response:
    """Store parts II and IV and the number of samples."""
    return taken_step(
        form,
        lambda: save_report_parts(
            page.session, code, form.read(SaveReportParts), actor=page.actor, at=page.at
        ),
        lambda shown, status, stale: _parts(
            page, get_dossier(page.session, code, actor=page.actor), shown, status, stale
        ),
        lambda: page.go("dossiers.show", code=code, said="Đã lưu phần II, phần IV và số mẫu."),
    )


def _answers(form: Form, section: Section) -> SaveSection:
    return validated(
        SaveSection,
        {
            "version": form.text("version"),
            "answers": [
                {
                    "criterion_code": criterion.code,
                    "option_code": form.text(f"option.{criterion.code}") or None,
                    "description": form.text(f"description.{criterion.code}"),
                    "evidence": form.many(f"evidence.{criterion.code}"),
                }
                for criterion in section.criteria
            ],
        },
    )


def _by_field(problem: Invalid, section: Section) -> Invalid:
    """Return the refusal with its sentences beside the page's own fields."""
    known = {criterion.code for criterion in section.criteria}
    fields = {}
    for place, said in problem.fields.items():
        found = _ANSWER_FIELD.match(place)
        if found:
            criterion = section.criteria[int(found[1])]
            fields[f"{_FIELD_NAMES[found[2]]}.{criterion.code}"] = said
        else:
            fields[f"option.{place}" if place in known else place] = said
    return Invalid(fields, code=problem.reason_code)


def _neighbours(row: DossierRow, code: str) -> tuple[Section | None, Section | None]:
    """Return the sections before and after one."""
    found = [section for part in row.rubric.parts for section in part.sections]
    here = next(place for place, section in enumerate(found) if section.code == code)
    return (
        found[here - 1] if here else None,
        found[here + 1] if here + 1 < len(found) else None,
    )


def _section(
    page: SignedInPage,
    row: DossierRow,
    code: str,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
) -> Response:
    asked = section_of(row, code)
    assessment = self_assessment(page.session, row, actor=page.actor)
    before, after = _neighbours(row, code)
    why_not = why_not_edit(page.actor, row.dossier, DossierPart.SELF_ASSESSMENT)
    groups = {group.code: group for group in asked.groups}
    return page.render(
        "dossiers/section.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        section=asked,
        groups=groups,
        questions=[
            _question(criterion, assessment, form, is_stale=stale is not None)
            for criterion in asked.criteria
        ],
        sections=[one for part in row.rubric.parts for one in part.sections],
        before=before,
        after=after,
        papers=assessment.papers,
        mark_of=partial(mark_of, on=local_day(page.at)),
        not_met=NOT_MET,
        not_met_words=NOT_MET_WORDS,
        why_not_edit=why_not,
        stale=stale,
        **_total_context(assessment, "" if why_not else str(row.dossier.version)),
    )


def _question(
    criterion: Criterion, assessment: SelfAssessment, form: Form, *, is_stale: bool
) -> Question:
    code = criterion.code
    answer = assessment.answers.get(code)
    stored_option = (answer.option_code if answer else None) or ""
    stored_text = answer.description if answer else ""
    stored_papers = assessment.uses.get(code, ())
    chosen, text = stored_option, stored_text
    cited = frozenset(paper.code for paper in stored_papers)
    stored_now: list[tuple[str, str]] = []
    if form.raw:
        chosen, text = form.text(f"option.{code}"), form.text(f"description.{code}")
        sent = frozenset(form.many(f"evidence.{code}"))
        if is_stale:
            stored_now = _differing(
                criterion,
                {"option": chosen, "description": text.strip().replace("\r\n", "\n")},
                {"option": stored_option, "description": stored_text},
            )
            if sent != cited:
                stored_now.append(("Minh chứng", _titles(stored_papers)))
        cited = sent
    return Question(
        criterion=criterion,
        points=assessment.score.by_criterion[code],
        applies=code not in assessment.score.not_applicable,
        chosen=chosen,
        description=text,
        cited=cited,
        offered=_by_fit(criterion, assessment),
        stored_now=tuple(stored_now),
    )


def _by_fit(criterion: Criterion, assessment: SelfAssessment) -> tuple[Evidence, ...]:
    """Return the papers in the order to offer them: the kinds the guide names for the topic first."""
    guide = assessment.row.regime.procedure.evidence
    fitting = fitting_kinds(criterion.name, guide)
    return tuple(sorted(assessment.papers, key=lambda paper: paper.kind not in fitting))


def _differing(
    criterion: Criterion, typed: Mapping[str, str], stored: Mapping[str, str]
) -> list[tuple[str, str]]:
    found = []
    if typed["option"] != stored["option"]:
        option = criterion.find_option(stored["option"])
        words = NOT_MET_WORDS if stored["option"] == NOT_MET else "chưa chọn"
        found.append(("Phương án", f"{option.points} – {option.label}" if option else words))
    if typed["description"] != stored["description"]:
        found.append(("Mô tả", stored["description"] or "trống"))
    return found


def _titles(papers: tuple[Evidence, ...]) -> str:
    return "; ".join(paper.title for paper in papers) or "không có"


def _total(
    page: SignedInPage,
    row: DossierRow,
    *,
    form: Form,
    version: str,
    problem: Refusal | None = None,
) -> Response:
    """Answer an automatic save: the new total, and what the next save must carry.

    After a refusal the version stays the one that was sent: nothing is written over what somebody
    else stored before the person has seen it.
    """
    status = 200 if problem is None else 409 if isinstance(problem, StaleVersion) else 422
    assessment = self_assessment(page.session, row, actor=page.actor)
    return page.render(
        "dossiers/_total.html",
        status=status,
        form=form,
        problem=problem,
        **_total_context(assessment, version, saved_at=None if problem else page.at),
    )


def _total_context(
    assessment: SelfAssessment, version: str, *, saved_at: object = None
) -> dict[str, Any]:
    reached = [
        one.star for one in assessment.nearest if not one.points_short and not one.minima_missed
    ]
    return {
        "score": assessment.score,
        "rubric": assessment.row.rubric,
        "nearest": assessment.nearest,
        "star_now": max(reached, default=0),
        "version": version,
        "saved_at": saved_at,
    }


def _parts(
    page: SignedInPage, row: DossierRow, form: Form, status: int, stale: StaleVersion | None
) -> Response:
    dossier = row.dossier
    stored = (
        ("business_results", "Phần II", dossier.business_results),
        (
            "stated_revenue",
            "Doanh thu của sản phẩm trong năm (đồng)",
            _typed(dossier.stated_revenue),
        ),
        ("stated_revenue_year", "Năm của doanh thu", _typed(dossier.stated_revenue_year)),
        ("business_plan", "Phần IV", dossier.business_plan),
        ("sample_count", "Số sản phẩm mẫu", str(dossier.sample_count)),
    )
    return page.render(
        "dossiers/parts.html",
        status=status,
        form=form,
        row=row,
        dossier=dossier,
        longest=LONGEST_REPORT_PART,
        first_year=FIRST_REVENUE_YEAR,
        stale=stale,
        stored_now=[
            (label, value or "trống")
            for name, label, value in stored
            if stale and form.text(name).strip().replace("\r\n", "\n") != value
        ],
    )


def _typed(number: int | None) -> str:
    return "" if number is None else str(number)
