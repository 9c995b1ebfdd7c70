"""The self-assessment with its papers and totals, and how it differs from what was recognised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, or_, select

from app.core.db import ReadSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.models import (
    ChangeReport,
    Dossier,
    Evidence,
    EvidenceUse,
    SelfAssessmentAnswer,
)
from app.domain.dossiers.policy import sees_all_evidence
from app.domain.dossiers.queries.rows import DossierRow
from app.domain.dossiers.rules import (
    Change,
    Claim,
    Lost,
    Missing,
    UnfitPaper,
    carried_answers,
    compared,
    has_expired,
    missing_changes,
    missing_for_filing,
    needs_registration,
)
from app.domain.dossiers.schemas import (
    ChangedCriterionOut,
    ComparisonOut,
    CriterionAnswerOut,
    EvidenceOut,
    NearestOut,
    SelfAssessmentOut,
)
from app.rulebooks import loader
from app.rulebooks.model import Rubric
from app.rulebooks.scoring import Nearest, SheetScore, nearest_points, sheet_score

MOST_EVIDENCE_SHOWN = 1000
STARS = (3, 4, 5)


class EvidenceUnknown(NotFound):
    """No such paper in this dossier."""

    code = "evidence.unknown"
    message = "Không có minh chứng này trong hồ sơ."


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the dossier said by which the product was recognised; its sheet when still held."""

    code: str
    rubric: Rubric | None
    claims: dict[str, Claim]
    papers: dict[str, tuple[Evidence, ...]]

    @staticmethod
    def is_to_replace(paper: Evidence, on: date) -> bool:
        """Tell whether a paper is no longer good: replaced, put away, or run out."""
        return not paper.is_offered or has_expired(paper.expires_on, on)

    def to_replace(self, on: date) -> tuple[Evidence, ...]:
        """Return the papers that stay behind, each once."""
        cited = {paper.id: paper for papers in self.papers.values() for paper in papers}
        return tuple(paper for paper in cited.values() if self.is_to_replace(paper, on))


@dataclass(frozen=True, slots=True)
class SelfAssessment:
    """Part III of Mẫu số 02 of one dossier: answers, papers, points, and what is lacking."""

    row: DossierRow
    answers: dict[str, SelfAssessmentAnswer]
    papers: tuple[Evidence, ...]
    uses: dict[str, tuple[Evidence, ...]]
    score: SheetScore
    nearest: tuple[Nearest, ...]
    changes: ChangeReport | None = None
    earlier: Earlier | None = None

    @property
    def claims(self) -> dict[str, Claim]:
        """What is claimed for each criterion, papers by their hash."""
        return _claims(self.answers, self.uses)

    @property
    def chosen(self) -> dict[str, str]:
        """The answers as the arithmetic reads them: criterion to option, blanks left out."""
        return _chosen(self.answers)

    @property
    def cited(self) -> tuple[Evidence, ...]:
        """The papers that support some criterion of this dossier."""
        used = {paper.id for papers in self.uses.values() for paper in papers}
        return tuple(paper for paper in self.papers if paper.id in used)

    def missing_on(self, day: date) -> tuple[Missing, ...]:
        """Return what must be added before the dossier can be filed on a day."""
        dossier, producer = self.row.dossier, self.row.producer
        return missing_for_filing(
            unanswered=self.score.missing,
            evidence_count=len(self.cited),
            business_results=dossier.business_results,
            business_plan=dossier.business_plan,
            sample_count=dossier.sample_count,
            samples_needed=self.row.samples_needed,
            lacks_registration=not producer.registration_number
            and needs_registration(self.row.regime, producer.kind),
            unfit_papers=[
                UnfitPaper(
                    paper.title,
                    tuple(self.criteria_of(paper)),
                    paper.expires_on if paper.is_offered else None,
                )
                for paper in self.cited
                if not paper.is_offered or has_expired(paper.expires_on, day)
            ],
        ) + missing_changes(dossier.kind, self.changes)

    def criteria_of(self, paper: Evidence) -> list[str]:
        """Return the criteria a paper supports, in the order of the rubric."""
        return [code for code, papers in self.uses.items() if paper in papers]

    def out(self) -> SelfAssessmentOut:
        """Return what the API answers."""
        criteria = []
        for _, section, criterion in self.row.rubric.walk():
            answer = self.answers.get(criterion.code)
            criteria.append(
                CriterionAnswerOut(
                    criterion_code=criterion.code,
                    name=criterion.name,
                    section_code=section.code,
                    max=criterion.max,
                    points=self.score.by_criterion[criterion.code],
                    applies=criterion.code not in self.score.not_applicable,
                    option_code=answer.option_code if answer else None,
                    description=answer.description if answer else "",
                    evidence=[paper.code for paper in self.uses.get(criterion.code, ())],
                )
            )
        return SelfAssessmentOut(
            dossier_code=self.row.dossier.code,
            version=self.row.dossier.version,
            rubric_code=self.row.dossier.rubric_code,
            total=self.score.total,
            by_part=self.score.by_part,
            by_section=self.score.by_section,
            missing=list(self.score.missing),
            criteria=criteria,
            nearest=[NearestOut.of(one) for one in self.nearest],
        )

    def papers_out(self) -> list[EvidenceOut]:
        """Return the papers as the API answers them."""
        return [EvidenceOut.of(paper, criteria=self.criteria_of(paper)) for paper in self.papers]


def self_assessment(session: ReadSession, row: DossierRow, *, actor: Actor) -> SelfAssessment:
    """Return the self-assessment with its points, in two statements; three where it is not a first.

    An upgrade or a renewal brings what the recognised dossier said with it. Who does not see the
    producer's papers (a council member) sees those the dossier cites; nobody is offered one that
    was replaced or put away.
    """
    dossier = row.dossier
    both = [dossier.id, dossier.previous_dossier_id]
    answers: dict[int, dict[str, SelfAssessmentAnswer]] = {}
    for answer in session.exec(
        select(SelfAssessmentAnswer).where(col(SelfAssessmentAnswer.dossier_id).in_(both))
    ):
        answers.setdefault(answer.dossier_id, {})[answer.criterion_code] = answer
    cited = session.exec(
        select(Evidence, EvidenceUse.dossier_id, EvidenceUse.criterion_code)
        .join(
            EvidenceUse,
            and_(
                col(EvidenceUse.evidence_id) == col(Evidence.id),
                col(EvidenceUse.dossier_id).in_(both),
            ),
            isouter=True,
        )
        .where(
            col(Evidence.producer_id) == dossier.producer_id,
            or_(
                col(EvidenceUse.criterion_code).is_not(None),
                and_(col(Evidence.replaced_by_id).is_(None), col(Evidence.withdrawn_at).is_(None)),
            ),
        )
        .order_by(col(EvidenceUse.criterion_code).is_(None), col(Evidence.id))
        .limit(MOST_EVIDENCE_SHOWN)
    ).all()
    uses: dict[int, dict[str, list[Evidence]]] = {}
    for paper, dossier_id, criterion_code in cited:
        if dossier_id is not None:
            uses.setdefault(dossier_id, {}).setdefault(criterion_code, []).append(paper)
    used, sees_all = uses.get(dossier.id or 0, {}), sees_all_evidence(actor, dossier)
    offered = {
        paper.id: paper
        for paper, dossier_id, _ in cited
        if dossier_id == dossier.id or (sees_all and paper.is_offered)
    }
    own = answers.get(dossier.id or 0, {})
    rubric, chosen = row.rubric, _chosen(own)
    changes, previous = _since_recognition(session, dossier)
    return SelfAssessment(
        row=row,
        answers=own,
        papers=tuple(sorted(offered.values(), key=lambda p: p.id or 0)),
        uses={
            criterion.code: tuple(used[criterion.code])
            for criterion in rubric.criteria
            if criterion.code in used
        },
        score=sheet_score(rubric, chosen),
        nearest=tuple(nearest_points(rubric, row.regime, chosen, star) for star in STARS),
        changes=changes,
        earlier=_earlier(previous, answers, uses) if previous else None,
    )


def _since_recognition(
    session: ReadSession, dossier: Dossier
) -> tuple[ChangeReport | None, Dossier | None]:
    """Return what is told of changes, and the dossier by which the product was recognised."""
    if dossier.kind is DossierKind.FIRST:
        return None, None
    previous = aliased(Dossier)
    found = session.execute(
        sa_select(ChangeReport, previous)
        .select_from(Dossier)
        .join(ChangeReport, col(ChangeReport.dossier_id) == col(Dossier.id), isouter=True)
        .join(previous, col(previous.id) == col(Dossier.previous_dossier_id), isouter=True)
        .where(col(Dossier.id) == dossier.id)
    ).one()
    return found[0], found[1]


def _earlier(
    previous: Dossier,
    answers: Mapping[int, dict[str, SelfAssessmentAnswer]],
    uses: Mapping[int, dict[str, list[Evidence]]],
) -> Earlier:
    rubric = loader.rubric(previous.rubric_code)
    papers = {code: tuple(found) for code, found in uses.get(previous.id or 0, {}).items()}
    return Earlier(
        code=previous.code,
        rubric=rubric if rubric.sha256 == previous.rubric_hash else None,
        claims=_claims(answers.get(previous.id or 0, {}), papers),
        papers=papers,
    )


def find_changes(session: ReadSession, dossier: Dossier) -> ChangeReport | None:
    """Return what is told of changes since the recognition, if anything was written."""
    return session.exec(
        select(ChangeReport).where(col(ChangeReport.dossier_id) == dossier.id)
    ).one_or_none()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A dossier for upgrade or renewal beside the one its product was recognised by."""

    row: DossierRow
    earlier: Earlier | None
    changes: tuple[Change, ...]
    lost: tuple[Lost, ...]
    to_replace: tuple[Evidence, ...]

    @property
    def changed(self) -> tuple[Change, ...]:
        """The criteria in which anything differs."""
        return tuple(change for change in self.changes if not change.is_unchanged)

    @property
    def by_section(self) -> dict[str, bool]:
        """Each section, and whether anything in it differs."""
        found: dict[str, bool] = {}
        for change in self.changes:
            differs = not change.is_unchanged
            found[change.section_code] = found.get(change.section_code, False) or differs
        return found

    def of(self, criterion_code: str) -> Change | None:
        """Return one criterion then and now."""
        return next((one for one in self.changes if one.criterion.code == criterion_code), None)

    def out(self) -> ComparisonOut:
        """Return what the API answers."""
        dossier = self.row.dossier
        return ComparisonOut(
            dossier_code=dossier.code,
            kind=dossier.kind,
            certificate_code=dossier.certificate_code,
            previous_star=dossier.previous_star,
            previous_dossier=self.earlier.code if self.earlier else None,
            sections=self.by_section,
            changed=[
                ChangedCriterionOut(
                    criterion_code=one.criterion.code,
                    name=one.criterion.name,
                    section_code=one.section_code,
                    before=one.before_text,
                    after=one.after_text,
                    option_changed=one.option_changed,
                    description_changed=one.before.description != one.after.description,
                    papers_changed=one.before.papers != one.after.papers,
                )
                for one in self.changed
            ],
            not_carried=[one.criterion_code for one in self.lost],
            to_replace=[EvidenceOut.of(paper) for paper in self.to_replace],
        )


def comparison(assessment: SelfAssessment, *, on: date) -> Comparison | None:
    """Return an upgrade or a renewal beside the recognised dossier; None for a first dossier."""
    row, earlier = assessment.row, assessment.earlier
    if row.dossier.kind is DossierKind.FIRST:
        return None
    if earlier is None:
        return Comparison(row, None, (), (), ())
    _, lost = carried_answers(earlier.rubric, row.rubric, earlier.claims)
    return Comparison(
        row=row,
        earlier=earlier,
        changes=compared(earlier.rubric, row.rubric, earlier.claims, assessment.claims),
        lost=lost,
        to_replace=earlier.to_replace(on),
    )


def answers_of(session: ReadSession, dossier: Dossier) -> dict[str, SelfAssessmentAnswer]:
    """Return what the producer claims, by criterion."""
    return {
        answer.criterion_code: answer
        for answer in session.exec(
            select(SelfAssessmentAnswer).where(col(SelfAssessmentAnswer.dossier_id) == dossier.id)
        )
    }


def get_evidence(session: ReadSession, row: DossierRow, code: str, *, actor: Actor) -> Evidence:
    """Return a paper of the dossier's producer, if the dossier cites it or the actor sees all."""
    query = select(Evidence).where(
        col(Evidence.code) == code, col(Evidence.producer_id) == row.dossier.producer_id
    )
    if not sees_all_evidence(actor, row.dossier):
        query = query.where(
            col(Evidence.id).in_(
                select(EvidenceUse.evidence_id).where(col(EvidenceUse.dossier_id) == row.dossier.id)
            )
        )
    found = session.exec(query).one_or_none()
    if found is None:
        raise EvidenceUnknown
    return found


def _chosen(answers: dict[str, SelfAssessmentAnswer]) -> dict[str, str]:
    return {code: answer.option_code for code, answer in answers.items() if answer.option_code}


def _claims(
    answers: Mapping[str, SelfAssessmentAnswer], papers: Mapping[str, Sequence[Evidence]]
) -> dict[str, Claim]:
    found = {}
    for code in dict.fromkeys([*answers, *papers]):
        answer = answers.get(code)
        found[code] = Claim(
            option_code=answer.option_code if answer else None,
            description=answer.description if answer else "",
            papers=frozenset(paper.sha256 for paper in papers.get(code, ())),
        )
    return found
