"""Reads about dossiers: always with product, producer and commune, in few statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, false, func, not_, or_, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Refused, Worded
from app.core.paging import Page, page_of
from app.core.text import fold
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierKind, DossierState, Finding
from app.domain.dossiers.models import (
    AdvisoryReport,
    Attachment,
    ChangeReport,
    CommuneReport,
    CompletionRequest,
    Dossier,
    Evidence,
    EvidenceUse,
    ExtraTest,
    GateAnswer,
    ProvinceCheck,
    SelfAssessmentAnswer,
    SiteSurvey,
)
from app.domain.dossiers.policy import sees_advice, sees_all_evidence
from app.domain.dossiers.rules import (
    ADVICE,
    ADVISABLE,
    AT_COMMUNE,
    COMMUNE,
    COMMUNE_REPORT,
    EDITABLE,
    PREPARED,
    PROVINCE_INTAKE,
    Change,
    Claim,
    GateQuestion,
    Lost,
    Missing,
    UnfitPaper,
    carried_answers,
    compared,
    gate_questions,
    has_expired,
    missing_changes,
    missing_for_filing,
    needs_registration,
)
from app.domain.dossiers.schemas import (
    AdvisoryReportOut,
    AgencyFileOut,
    ChangedCriterionOut,
    ComparisonOut,
    CompletionRequestOut,
    CriterionAnswerOut,
    DossierOut,
    EvidenceOut,
    ExtraTestOut,
    NearestOut,
    ProvinceCheckOut,
    ReturnOut,
    SelfAssessmentOut,
    SiteSurveyOut,
)
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit, Holiday
from app.domain.places.rules import working_days_between
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.model import Regime, Rubric
from app.rulebooks.scoring import Nearest, SheetScore, nearest_points, sheet_score

MOST_EVIDENCE_SHOWN = 1000
MOST_WORK = 50
STARS = (3, 4, 5)
# What waits, in words, by kind of work.
_WORK_LABELS: dict[str, str] = {
    "dossier.commune_late": "Xã quá hạn: {product}",
    "dossier.draft": "Hoàn thành và nộp hồ sơ: {product}",
    "dossier.returned": "Bổ sung hồ sơ xã trả lại: {product}",
    "dossier.propose": "Đề nghị tỉnh: {product}",
    "dossier.completion_late": "Chưa hoàn thiện theo yêu cầu: {product}",
    "dossier.complete": "Hoàn thiện theo yêu cầu của tỉnh: {product}",
    "dossier.advise": "Viết báo cáo của Tổ tư vấn: {product}",
    "dossier.accept": "Tiếp nhận hồ sơ: {product}",
    "dossier.sign": "Ký báo cáo đánh giá: {product}",
    "dossier.report": "Kiểm tra, viết báo cáo: {product}",
}

Dossiers = Select[Dossier, Product, Producer, Any, Any]


class RulebookChanged(Refused):
    """The file a dossier is pinned to no longer has the content it had."""

    code = "dossier.rulebook_changed"
    message = "Bộ tiêu chí {rubric} khác bản đã gắn với hồ sơ. Hãy báo quản trị hệ thống."


class EvidenceUnknown(NotFound):
    """No such paper in this dossier."""

    code = "evidence.unknown"
    message = "Không có minh chứng này trong hồ sơ."


class ReportUnknown(NotFound):
    """The commune has not begun its report."""

    code = "commune_report.unknown"
    message = "Xã chưa viết báo cáo đánh giá của hồ sơ này."
    basis = COMMUNE_REPORT


@dataclass(frozen=True, slots=True)
class DossierRow:
    """A dossier with what it is about and the name of its commune."""

    dossier: Dossier
    product: Product
    producer: Producer
    commune: str
    # The public holidays as the row's statement brought them, while the commune's limit runs.
    days_off: str | None = None

    @property
    def regime(self) -> Regime:
        """The regime the dossier is pinned to."""
        return loader.regime(self.dossier.regime_code)

    @property
    def rubric(self) -> Rubric:
        """The rubric the dossier is pinned to, by code and by content."""
        rubric = loader.rubric(self.dossier.rubric_code)
        if rubric.sha256 != self.dossier.rubric_hash:
            raise RulebookChanged(rubric=rubric.code)
        return rubric

    @property
    def samples_needed(self) -> int:
        """How many samples come with this dossier (26/2026/QĐ-TTg art. 6.2.d)."""
        return self.regime.procedure.samples_for(self.product.set_number)

    @property
    def returns(self) -> list[ReturnOut]:
        """Every time the commune gave the dossier back, the first one first."""
        return [ReturnOut.model_validate(one) for one in self.dossier.returns]

    def days_left(self, on: date) -> int | None:
        """Return how many working days the commune has left (negative when late), None unlimited.

        Basis: 26/2026/QĐ-TTg art. 7.2.
        """
        due = self.dossier.commune_due_on
        if due is None or self.dossier.state not in AT_COMMUNE:
            return None
        holidays = {date.fromisoformat(day) for day in (self.days_off or "").split(",") if day}
        return working_days_between(on, due, holidays)

    def out(self, on: date) -> DossierOut:
        """Return what the API answers on a day."""
        return DossierOut.of(
            self.dossier,
            commune_days_left=self.days_left(on),
            product_code=self.product.code,
            product_name=self.product.name,
            set_number=self.product.set_number,
            producer_code=self.producer.code,
            producer_name=self.producer.name,
            commune_name=self.commune,
        )


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


def dossiers_visible_to(actor: Actor, *, extra_ids: Collection[int] = ()) -> Dossiers:
    """Return the only base for lists and lookups of dossiers.

    A producer sees its own, commune roles those of their commune, provincial roles all; `extra_ids`
    adds those somebody sees for another reason (a council member: the agenda).
    """
    commune = (
        select(AdministrativeUnit.full_name)
        .where(
            col(AdministrativeUnit.code) == col(Dossier.commune_code),
            col(AdministrativeUnit.level) == UnitLevel.COMMUNE,
        )
        .order_by(col(AdministrativeUnit.valid_from).desc())
        .limit(1)
        .correlate(Dossier)
        .scalar_subquery()
    )
    # Beside each row, not in a statement of its own: pages have few statements to spend.
    days_off = (
        select(func.aggregate_strings(sa.cast(col(Holiday.day), sa.String), ","))
        .where(col(Dossier.state).in_(AT_COMMUNE))
        .correlate(Dossier)
        .scalar_subquery()
    )
    query = cast(
        "Dossiers",
        select(Dossier, Product, Producer, commune)
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .add_columns(days_off),
    )
    condition = visible(
        actor, producer_id=col(Dossier.producer_id), commune_code=col(Dossier.commune_code)
    )
    if condition is None:
        return query
    if actor.has(Role.ADVISORY_MEMBER):
        # The advisory team's part begins with the acceptance, and ends never: it reads what it wrote.
        condition = or_(condition, col(Dossier.accepted_at).is_not(None))
    if extra_ids:
        condition = or_(condition, col(Dossier.id).in_(extra_ids))
    return query.where(condition)


def get_dossier(
    session: ReadSession, code: str, *, actor: Actor, extra_ids: Collection[int] = ()
) -> DossierRow:
    """Return a dossier this actor may see."""
    found = session.exec(
        dossiers_visible_to(actor, extra_ids=extra_ids).where(col(Dossier.code) == code)
    ).one_or_none()
    return _row(found)


def dossier_for_update(session: WriteSession, code: str, *, actor: Actor) -> DossierRow:
    """Return a dossier this actor may see, locked until the transaction ends."""
    found = session.exec(
        dossiers_visible_to(actor).where(col(Dossier.code) == code).with_for_update(of=Dossier)
    ).one_or_none()
    return _row(found)


def dossiers_page(
    session: ReadSession,
    *,
    actor: Actor,
    search: str = "",
    state: DossierState | None = None,
    commune_code: str = "",
    late_on: date | None = None,
    extra_ids: Collection[int] = (),
    after: int = 0,
    limit: int = 20,
) -> Page[DossierRow]:
    """Return dossiers this actor may see, newest first; the search ignores accents and case.

    With `late_on` only those whose commune is past its limit on that day.
    """
    query = dossiers_visible_to(actor, extra_ids=extra_ids)
    if after:
        query = query.where(col(Dossier.id) < after)
    for word in fold(search).split():
        query = query.where(
            or_(
                col(Product.name_folded).contains(word, autoescape=True),
                col(Producer.name_folded).contains(word, autoescape=True),
            )
        )
    if state is not None:
        query = query.where(col(Dossier.state) == state)
    if commune_code:
        query = query.where(col(Dossier.commune_code) == commune_code)
    if late_on is not None:
        query = query.where(_is_late(late_on))
    rows = session.exec(query.order_by(col(Dossier.id).desc()).limit(limit + 1)).all()
    return page_of(
        [DossierRow(*row) for row in rows], limit=limit, key=lambda row: row.dossier.id or 0
    )


def dossiers_of_product(
    session: ReadSession, product_id: int, *, actor: Actor
) -> Sequence[Dossier]:
    """Return the dossiers of a product this actor may see, newest first (at most 20)."""
    rows = session.exec(
        dossiers_visible_to(actor)
        .where(col(Dossier.product_id) == product_id)
        .order_by(col(Dossier.id).desc())
        .limit(20)
    ).all()
    return [row[0] for row in rows]


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


def gates_before(product: Product, producer: Producer, *, on: date) -> tuple[GateQuestion, ...]:
    """Return the conditions before a dossier of this product is opened on a day."""
    rubric = loader.rubric_in_force(product.set_number, on)
    return gate_questions(
        loader.in_force(on),
        rubric,
        producer.kind,
        has_registration=bool(producer.registration_number),
    )


def gate_answers_of(session: ReadSession, dossier: Dossier) -> Sequence[GateAnswer]:
    """Return the conditions answered before the dossier was opened, in their order."""
    return session.exec(
        select(GateAnswer)
        .where(col(GateAnswer.dossier_id) == dossier.id)
        .order_by(col(GateAnswer.position))
    ).all()


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


def find_report(session: ReadSession, dossier: Dossier) -> CommuneReport | None:
    """Return the commune's report on a dossier, if one was begun."""
    return session.exec(
        select(CommuneReport).where(col(CommuneReport.dossier_id) == dossier.id)
    ).one_or_none()


def get_report(session: ReadSession, dossier: Dossier) -> CommuneReport:
    """Return the commune's report on a dossier that the actor may see."""
    report = find_report(session, dossier)
    if report is None:
        raise ReportUnknown
    return report


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


# --- the agency and the advisory team before the council --------------------------------------


class RequestUnknown(NotFound):
    """No such request for completion of this dossier."""

    code = "completion_request.unknown"
    message = "Không có yêu cầu hoàn thiện này."
    basis = PROVINCE_INTAKE


class AdviceUnknown(NotFound):
    """There is no advisory report, or it is not for this reader."""

    code = "advisory_report.unknown"
    message = "Chưa có báo cáo của Tổ tư vấn về hồ sơ này, hoặc bạn không được xem."
    basis = ADVICE


class SubjectUnknown(NotFound):
    """No such survey or test of this dossier."""

    code = "attachment.unknown"
    message = "Hồ sơ không có biên bản khảo sát, kiểm nghiệm hay tệp này."
    basis = ADVICE


@dataclass(frozen=True, slots=True)
class OfficialPapers:
    """What officials wrote about a dossier, as its page and the score sheets show it."""

    report: CommuneReport | None
    advice: AdvisoryReport | None
    request: CompletionRequest | None
    surveys: tuple[SiteSurvey, ...]
    tests: tuple[ExtraTest, ...]


@dataclass(frozen=True, slots=True)
class AgencyFile:
    """All that the agency and the advisory team did about a dossier."""

    row: DossierRow
    checks: tuple[ProvinceCheck, ...]
    requests: tuple[CompletionRequest, ...]
    advice: AdvisoryReport | None
    surveys: tuple[SiteSurvey, ...]
    tests: tuple[ExtraTest, ...]
    attachments: dict[str, tuple[Attachment, ...]]

    @property
    def check(self) -> ProvinceCheck | None:
        """The check of the dossier as it is now; what was checked before a completion is past."""
        return next((one for one in self.checks if one.ordinal == len(self.requests)), None)

    def out(self) -> AgencyFileOut:
        """Return what the API answers."""
        code = self.row.dossier.code
        return AgencyFileOut(
            dossier_code=code,
            checks=[ProvinceCheckOut.of(one) for one in self.checks],
            requests=[CompletionRequestOut.of(one) for one in self.requests],
            advice=AdvisoryReportOut.of(self.advice, dossier_code=code) if self.advice else None,
            surveys=[
                SiteSurveyOut.of(one, self.attachments.get(one.code, ())) for one in self.surveys
            ],
            tests=[ExtraTestOut.of(one, self.attachments.get(one.code, ())) for one in self.tests],
        )


def official_papers(session: ReadSession, dossier: Dossier, *, actor: Actor) -> OfficialPapers:
    """Return what officials wrote about a dossier in one statement; advice only for its readers.

    A dossier has few surveys and tests, so that one statement may pair them. Officials write
    nothing about a draft: it is not even asked.
    """
    if dossier.state is DossierState.DRAFT:
        return OfficialPapers(None, None, None, (), ())
    pending = and_(
        col(CompletionRequest.dossier_id) == col(Dossier.id),
        col(CompletionRequest.answered_at).is_(None),
        col(CompletionRequest.recalled_at).is_(None),
    )
    rows = session.execute(
        sa_select(CommuneReport, AdvisoryReport, CompletionRequest, SiteSurvey, ExtraTest)
        .select_from(Dossier)
        .join(CommuneReport, col(CommuneReport.dossier_id) == col(Dossier.id), isouter=True)
        .join(AdvisoryReport, col(AdvisoryReport.dossier_id) == col(Dossier.id), isouter=True)
        .join(CompletionRequest, pending, isouter=True)
        .join(SiteSurvey, col(SiteSurvey.dossier_id) == col(Dossier.id), isouter=True)
        .join(ExtraTest, col(ExtraTest.dossier_id) == col(Dossier.id), isouter=True)
        .where(col(Dossier.id) == dossier.id)
        .order_by(col(SiteSurvey.id), col(ExtraTest.id))
    ).all()
    report, advice, request = rows[0][:3] if rows else (None, None, None)
    return OfficialPapers(
        report=report,
        advice=advice if sees_advice(actor, advice) else None,
        request=request,
        surveys=tuple({one.id: one for *_, one, _ in rows if one}.values()),
        tests=tuple({one.id: one for *_, one in rows if one}.values()),
    )


def agency_file(session: ReadSession, row: DossierRow, *, actor: Actor) -> AgencyFile:
    """Return all that the agency and the advisory team did about a dossier, in three statements."""
    dossier_id = row.dossier.id
    rows = session.execute(
        sa_select(ProvinceCheck, CompletionRequest)
        .select_from(Dossier)
        .join(ProvinceCheck, col(ProvinceCheck.dossier_id) == col(Dossier.id), isouter=True)
        .join(CompletionRequest, col(CompletionRequest.dossier_id) == col(Dossier.id), isouter=True)
        .where(col(Dossier.id) == dossier_id)
        .order_by(col(ProvinceCheck.ordinal), col(CompletionRequest.ordinal))
    ).all()
    papers = official_papers(session, row.dossier, actor=actor)
    attachments: dict[str, list[Attachment]] = {}
    for one in session.exec(
        select(Attachment)
        .where(col(Attachment.dossier_id) == dossier_id)
        .order_by(col(Attachment.id))
    ):
        attachments.setdefault(one.subject_code, []).append(one)
    return AgencyFile(
        row=row,
        checks=tuple({check.ordinal: check for check, _ in rows if check}.values()),
        requests=tuple({request.id: request for _, request in rows if request}.values()),
        advice=papers.advice,
        surveys=papers.surveys,
        tests=papers.tests,
        attachments={code: tuple(found) for code, found in attachments.items()},
    )


def completion_requests_of(session: ReadSession, dossier: Dossier) -> Sequence[CompletionRequest]:
    """Return the requests for completion of a dossier, the first one first."""
    return session.exec(
        select(CompletionRequest)
        .where(col(CompletionRequest.dossier_id) == dossier.id)
        .order_by(col(CompletionRequest.ordinal))
    ).all()


def get_completion_request(session: ReadSession, dossier: Dossier, code: str) -> CompletionRequest:
    """Return a request for completion of a dossier that the actor may see."""
    for request in completion_requests_of(session, dossier):
        if request.code == code:
            return request
    raise RequestUnknown


def pending_request(session: ReadSession, dossier: Dossier) -> CompletionRequest:
    """Return the request that a dossier now waits for."""
    for request in completion_requests_of(session, dossier):
        if request.answered_at is None and request.recalled_at is None:
            return request
    raise RequestUnknown


def find_check(session: ReadSession, dossier: Dossier) -> ProvinceCheck | None:
    """Return the agency's check of the dossier as it is now, if there is one."""
    asked = select(func.count()).where(col(CompletionRequest.dossier_id) == dossier.id)
    return session.exec(
        select(ProvinceCheck).where(
            col(ProvinceCheck.dossier_id) == dossier.id,
            col(ProvinceCheck.ordinal) == asked.scalar_subquery(),
        )
    ).one_or_none()


def find_advice(session: ReadSession, dossier: Dossier) -> AdvisoryReport | None:
    """Return the advisory report on a dossier, if one was begun; who may read it is asked before."""
    return session.exec(
        select(AdvisoryReport).where(col(AdvisoryReport.dossier_id) == dossier.id)
    ).one_or_none()


def get_advice(session: ReadSession, dossier: Dossier, *, actor: Actor) -> AdvisoryReport:
    """Return the advisory report for its readers."""
    report = find_advice(session, dossier)
    if report is None or not sees_advice(actor, report):
        raise AdviceUnknown
    return report


def surveys_of(session: ReadSession, dossier_ids: Collection[int]) -> dict[int, SiteSurvey]:
    """Return the newest survey of each of these dossiers that has one."""
    return {
        one.dossier_id: one
        for one in session.exec(
            select(SiteSurvey)
            .where(col(SiteSurvey.dossier_id).in_(dossier_ids))
            .order_by(col(SiteSurvey.id))
        )
    }


def get_test(session: ReadSession, dossier: Dossier, code: str) -> ExtraTest:
    """Return an extra test of a dossier that the actor may see."""
    found = session.exec(
        select(ExtraTest).where(
            col(ExtraTest.code) == code, col(ExtraTest.dossier_id) == dossier.id
        )
    ).one_or_none()
    if found is None:
        raise SubjectUnknown
    return found


def get_attachment(session: ReadSession, dossier: Dossier, code: str) -> Attachment:
    """Return a photo of a survey or the paper of a test of a dossier that the actor may see."""
    found = session.exec(
        select(Attachment).where(
            col(Attachment.code) == code, col(Attachment.dossier_id) == dossier.id
        )
    ).one_or_none()
    if found is None:
        raise SubjectUnknown
    return found


def knows_subject(session: ReadSession, dossier: Dossier, code: str) -> bool:
    """Whether a survey or test of this dossier has this code."""
    return any(
        session.exec(
            select(model.id).where(col(model.code) == code, col(model.dossier_id) == dossier.id)
        ).first()
        is not None
        for model in (SiteSurvey, ExtraTest)
    )


def work_for(session: ReadSession, actor: Actor, on: date) -> list[WorkItem]:
    """Return what waits for this person, oldest deadline first, in one statement.

    Producers finish their drafts; the commune checks, signs and proposes within 15 working days
    (26/2026/QĐ-TTg art. 7.2); the agency accepts what was proposed and sees which commune is late;
    what the province asked for waits for producer and commune; the advisory team reports (art. 7.3).
    """
    waits = _waiting_for(actor, on)
    if not waits:
        return []
    rows = session.exec(
        select(Dossier, Product, Producer, CommuneReport)
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .join(CommuneReport, col(CommuneReport.dossier_id) == col(Dossier.id), isouter=True)
        .where(or_(*waits))
        .order_by(
            col(Dossier.commune_due_on).is_(None), col(Dossier.commune_due_on), col(Dossier.id)
        )
        .limit(MOST_WORK)
    ).all()
    found = []
    for dossier, product, producer, report in rows:
        said = _work_said(actor, dossier, report)
        if said is not None:
            found.append(_work_item(said, dossier, product.name, producer.name, on=on))
    return sorted(found, key=lambda item: (item.due_on is None, item.due_on or on))


def _is_late(on: date) -> Any:
    return and_(col(Dossier.state).in_(AT_COMMUNE), col(Dossier.commune_due_on) < on)


def overdue_dossiers(session: ReadSession, *, on: date) -> Sequence[tuple[Dossier, str, str]]:
    """Return every dossier whose commune is past its limit, with the product's and commune's name."""
    return session.exec(
        select(Dossier, Product.name, AdministrativeUnit.full_name)
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(
            AdministrativeUnit,
            and_(
                col(AdministrativeUnit.code) == col(Dossier.commune_code),
                col(AdministrativeUnit.valid_from) <= on,
                or_(
                    col(AdministrativeUnit.valid_to).is_(None),
                    col(AdministrativeUnit.valid_to) >= on,
                ),
            ),
        )
        .where(_is_late(on))
        .order_by(col(Dossier.id))
    ).all()


def _waiting_for(actor: Actor, on: date) -> list[Any]:
    state, unit = col(Dossier.state), col(Dossier.commune_code)
    # No report yet reads as not confirmed: NULL would hide the dossier from its officer.
    ready = and_(
        col(Dossier.components_complete),
        *(
            func.coalesce(col(getattr(CommuneReport, f"{finding}_confirmed")), false())
            for finding in Finding
        ),
    )
    waits = []
    if actor.producer_ids:
        own = col(Dossier.producer_id).in_(actor.producer_ids)
        waits.append(and_(own, state.in_(EDITABLE | {DossierState.COMPLETION_REQUESTED})))
    officer_of = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER]
    if officer_of:
        waits.append(and_(unit.in_(officer_of), state == DossierState.FILED, not_(ready)))
        waits.append(and_(unit.in_(officer_of), state == DossierState.COMPLETION_REQUESTED))
    leader_of = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_LEADER]
    if leader_of:
        waits.append(
            and_(
                unit.in_(leader_of),
                or_(
                    state == DossierState.ASSESSED,
                    and_(state == DossierState.FILED, ready),
                ),
            )
        )
    if actor.has(Role.AGENCY_OFFICER):
        waits.append(or_(state == DossierState.PROPOSED, _is_late(on)))
        unanswered = col(Dossier.completion_due_on) < on
        waits.append(and_(state == DossierState.COMPLETION_REQUESTED, unanswered))
    if actor.has(Role.ADVISORY_MEMBER):
        signed = select(AdvisoryReport.dossier_id).where(col(AdvisoryReport.signed_at).is_not(None))
        waits.append(and_(state.in_(ADVISABLE), col(Dossier.id).not_in(signed)))
    return waits


def _work_item(
    said: tuple[str, str, str, bool],
    dossier: Dossier,
    product: str,
    producer: str,
    *,
    on: date,
) -> WorkItem:
    kind, basis, route_name, has_limit = said
    due_on = dossier.commune_due_on if has_limit else None
    if dossier.state is DossierState.COMPLETION_REQUESTED:
        due_on = dossier.completion_due_on
    return WorkItem(
        kind=kind,
        code=dossier.code,
        title=Worded(_WORK_LABELS[kind], product=product),
        subtitle=f"{producer} · {dossier.slip_number or dossier.code}",
        due_on=due_on,
        overdue=due_on is not None and on > due_on,
        basis=basis,
        route_name=route_name,
    )


def _work_said(
    actor: Actor, dossier: Dossier, report: CommuneReport | None
) -> tuple[str, str, str, bool] | None:
    """Return kind, basis, page, and whether the commune's limit runs."""
    if dossier.state in AT_COMMUNE and dossier.commune_code not in actor.units:
        return ("dossier.commune_late", COMMUNE, "dossiers.show", True)
    match dossier.state:
        case DossierState.DRAFT:
            return (
                "dossier.draft",
                PREPARED,
                "dossiers.show",
                False,
            )
        case DossierState.RETURNED:
            return (
                "dossier.returned",
                PREPARED,
                "dossiers.show",
                False,
            )
        case DossierState.ASSESSED:
            return (
                "dossier.propose",
                COMMUNE_REPORT,
                "dossiers.propose",
                True,
            )
        case DossierState.COMPLETION_REQUESTED if actor.has(Role.AGENCY_OFFICER):
            return (
                "dossier.completion_late",
                PROVINCE_INTAKE,
                "dossiers.show",
                False,
            )
        case DossierState.COMPLETION_REQUESTED:
            return (
                "dossier.complete",
                PROVINCE_INTAKE,
                "dossiers.completion",
                False,
            )
        case DossierState.ACCEPTED | DossierState.SCHEDULED:
            return (
                "dossier.advise",
                ADVICE,
                "dossiers.advice",
                False,
            )
        case DossierState.PROPOSED:
            return (
                "dossier.accept",
                PROVINCE_INTAKE,
                "dossiers.accept",
                False,
            )
        case DossierState.FILED:
            return _filed_said(actor, dossier, report)
    return None


def _filed_said(
    actor: Actor, dossier: Dossier, report: CommuneReport | None
) -> tuple[str, str, str, bool] | None:
    ready = (
        report is not None
        and dossier.components_complete
        and all(getattr(report, f"{finding}_confirmed") for finding in Finding)
    )
    if ready:
        is_leader = actor.has_in_unit(dossier.commune_code, Role.COMMUNE_LEADER)
        sign = (
            "dossier.sign",
            COMMUNE_REPORT,
            "dossiers.sign",
            True,
        )
        return sign if is_leader else None
    return (
        "dossier.report",
        COMMUNE,
        "dossiers.report" if dossier.components_complete else "dossiers.check",
        True,
    )


def _row(found: Any) -> DossierRow:
    if found is None:
        raise NotFound
    return DossierRow(*found)


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
