"""What officials say about each criterion, to stand beside it on a score sheet; none of it scores.

The commune's findings belong where the rubric itself prints them (26/2026/QĐ-TTg, Phụ lục II); field
notes, photos, the advisory report's remarks and tests where their authors put them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from app.core.db import ReadSession
from app.core.errors import Worded
from app.domain.dossiers.enums import Finding
from app.domain.dossiers.forms.commune_report import CLAIMED_AT
from app.domain.dossiers.models import (
    AdvisoryReport,
    Attachment,
    CommuneReport,
    Dossier,
    ExtraTest,
    SiteSurvey,
)
from app.domain.dossiers.queries import OfficialPapers
from app.domain.dossiers.rules import FINDING_LABELS
from app.rulebooks.model import Rubric


@dataclass(frozen=True, slots=True)
class FindingNote:
    """What the commune found, with its figure; it gives no points."""

    label: str
    text: str
    figure: Worded | None
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class SurveyNote:
    """What a survey saw for one criterion, with the photos that show it."""

    survey: SiteSurvey
    text: str
    photos: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """All that stands beside one criterion."""

    findings: tuple[FindingNote, ...] = ()
    surveys: tuple[SurveyNote, ...] = ()
    remark: str = ""
    tests: tuple[ExtraTest, ...] = ()
    papers: tuple[Attachment, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.findings or self.surveys or self.remark or self.tests or self.papers)


@dataclass(frozen=True, slots=True)
class Margin:
    """The notes by criterion, and the findings that this rubric prints at no criterion."""

    by_criterion: dict[str, Beside]
    unplaced: tuple[FindingNote, ...]


def margin(
    session: ReadSession, dossier: Dossier, rubric: Rubric, papers: OfficialPapers
) -> Margin:
    """Return what stands beside each criterion of a sheet; photos and papers in one statement."""
    pictures = (
        session.exec(
            select(Attachment)
            .where(col(Attachment.dossier_id) == dossier.id)
            .order_by(col(Attachment.id))
        ).all()
        if papers.surveys or papers.tests
        else ()
    )
    found = {
        finding: _finding(finding, papers.report) for finding in (Finding if papers.report else ())
    }
    placed = {
        CLAIMED_AT[finding]: note for finding, note in found.items() if is_placed(rubric, finding)
    }
    notes = {}
    for criterion in rubric.criteria:
        beside = Beside(
            findings=(placed[criterion.code],) if criterion.code in placed else (),
            surveys=_surveys(criterion.code, papers.surveys, pictures),
            remark=_remark(criterion.code, papers.advice),
            tests=tuple(one for one in papers.tests if one.criterion_code == criterion.code),
            papers=_papers_of_tests(criterion.code, papers.tests, pictures),
        )
        if beside:
            notes[criterion.code] = beside
    return Margin(
        by_criterion=notes,
        unplaced=tuple(
            note for finding, note in found.items() if not is_placed(rubric, finding) and note.text
        ),
    )


def is_placed(rubric: Rubric, finding: Finding) -> bool:
    """Tell whether a rubric prints the commune's assessment of this at a criterion.

    All but set 26 print the four; tourism prints idea and labour only (Phụ lục II).
    """
    criterion = rubric.find_criterion(CLAIMED_AT[finding])
    return criterion is not None and criterion.commune_assessed


def _finding(finding: Finding, report: CommuneReport | None) -> FindingNote:
    if report is None:
        message = "a finding is read from a report"
        raise ValueError(message)
    return FindingNote(
        label=FINDING_LABELS[finding],
        text=getattr(report, f"{finding}_finding"),
        figure=_figure(finding, report),
        is_confirmed=getattr(report, f"{finding}_confirmed"),
    )


def _figure(finding: Finding, report: CommuneReport) -> Worded | None:
    """Return the number a finding rests on, where the commune gave one."""
    if finding is Finding.LABOUR and report.workers_total:
        return Worded(
            "{local}/{total} lao động là người địa phương",
            local=report.workers_local,
            total=report.workers_total,
        )
    if finding is Finding.MATERIAL and report.material_total_kg:
        return Worded(
            "{local}/{total} kg nguyên liệu một năm ở địa phương",
            local=report.material_local_kg,
            total=report.material_total_kg,
        )
    if finding is Finding.MATERIAL and report.material_local_percent:
        return Worded("{percent} % nguyên liệu địa phương", percent=report.material_local_percent)
    return None


def _surveys(
    criterion_code: str, surveys: Sequence[SiteSurvey], pictures: Sequence[Attachment]
) -> tuple[SurveyNote, ...]:
    found = (
        SurveyNote(
            survey,
            survey.notes.get(criterion_code, ""),
            tuple(
                one
                for one in pictures
                if one.subject_code == survey.code and one.criterion_code == criterion_code
            ),
        )
        for survey in surveys
    )
    return tuple(note for note in found if note.text or note.photos)


def _papers_of_tests(
    criterion_code: str, tests: Sequence[ExtraTest], pictures: Sequence[Attachment]
) -> tuple[Attachment, ...]:
    codes = {test.code for test in tests}
    own = {test.code for test in tests if test.criterion_code == criterion_code}
    return tuple(
        one
        for one in pictures
        if one.subject_code in own
        or (one.subject_code in codes and one.criterion_code == criterion_code)
    )


def _remark(criterion_code: str, report: AdvisoryReport | None) -> str:
    """Return what the advisory team says about a criterion, once the report is signed."""
    if report is None or report.signed_at is None:
        return ""
    return report.remarks.get(criterion_code, "")
