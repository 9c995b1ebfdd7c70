"""Reads about dossiers: always with product, producer and commune, in few statements."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import and_, col, false, func, not_, or_, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Refused, Worded
from app.core.paging import Page, page_of
from app.core.text import fold
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierState, Finding
from app.domain.dossiers.models import (
    CommuneReport,
    Dossier,
    Evidence,
    EvidenceUse,
    SelfAssessmentAnswer,
)
from app.domain.dossiers.policy import sees_all_evidence
from app.domain.dossiers.rules import (
    COMMUNE,
    COMMUNE_REPORT,
    EDITABLE,
    PREPARED,
    PROVINCE_INTAKE,
    Missing,
    missing_for_filing,
    needs_registration,
)
from app.domain.dossiers.schemas import (
    CriterionAnswerOut,
    DossierOut,
    EvidenceOut,
    NearestOut,
    SelfAssessmentOut,
    WorkItem,
)
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.model import Regime, Rubric
from app.rulebooks.scoring import Nearest, SheetScore, nearest_points, sheet_score

MOST_EVIDENCE_SHOWN = 1000
MOST_WORK = 50
STARS = (3, 4, 5)

Dossiers = Select[Dossier, Product, Producer, Any]


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

    def out(self) -> DossierOut:
        """Return what the API answers."""
        return DossierOut.of(
            self.dossier,
            product_code=self.product.code,
            product_name=self.product.name,
            set_number=self.product.set_number,
            producer_code=self.producer.code,
            producer_name=self.producer.name,
            commune_name=self.commune,
        )


@dataclass(frozen=True, slots=True)
class SelfAssessment:
    """Part III of Mẫu số 02 of one dossier: answers, papers, points, and what is lacking."""

    row: DossierRow
    answers: dict[str, SelfAssessmentAnswer]
    papers: tuple[Evidence, ...]
    uses: dict[str, tuple[Evidence, ...]]
    score: SheetScore
    nearest: tuple[Nearest, ...]

    @property
    def chosen(self) -> dict[str, str]:
        """The answers as the arithmetic reads them: criterion to option, blanks left out."""
        return _chosen(self.answers)

    @property
    def cited(self) -> tuple[Evidence, ...]:
        """The papers that support some criterion of this dossier."""
        used = {paper.id for papers in self.uses.values() for paper in papers}
        return tuple(paper for paper in self.papers if paper.id in used)

    @property
    def missing_for_filing(self) -> tuple[Missing, ...]:
        """What must be added before the dossier can be filed."""
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
        )

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
    query = (
        select(Dossier, Product, Producer, commune)
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
    )
    condition = visible(
        actor, producer_id=col(Dossier.producer_id), commune_code=col(Dossier.commune_code)
    )
    if condition is None:
        return query
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
    extra_ids: Collection[int] = (),
    after: int = 0,
    limit: int = 20,
) -> Page[DossierRow]:
    """Return dossiers this actor may see, newest first; the search ignores accents and case."""
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
    """Return the self-assessment with its points, in two statements.

    Who does not see the producer's papers (a council member) sees those the dossier cites.
    """
    dossier = row.dossier
    answers = answers_of(session, dossier)
    pairs = session.exec(
        select(Evidence, EvidenceUse.criterion_code)
        .join(
            EvidenceUse,
            and_(
                col(EvidenceUse.evidence_id) == col(Evidence.id),
                col(EvidenceUse.dossier_id) == dossier.id,
            ),
            isouter=True,
        )
        .where(col(Evidence.producer_id) == dossier.producer_id)
        .order_by(col(EvidenceUse.criterion_code).is_(None), col(Evidence.id))
        .limit(MOST_EVIDENCE_SHOWN)
    ).all()
    if not sees_all_evidence(actor, dossier):
        pairs = [pair for pair in pairs if pair[1] is not None]
    rubric, chosen = row.rubric, _chosen(answers)
    used: dict[str, list[Evidence]] = {}
    for paper, criterion_code in pairs:
        if criterion_code is not None:
            used.setdefault(criterion_code, []).append(paper)
    return SelfAssessment(
        row=row,
        answers=answers,
        papers=tuple(
            sorted({paper.id: paper for paper, _ in pairs}.values(), key=lambda p: p.id or 0)
        ),
        uses={
            criterion.code: tuple(used[criterion.code])
            for criterion in rubric.criteria
            if criterion.code in used
        },
        score=sheet_score(rubric, chosen),
        nearest=tuple(nearest_points(rubric, row.regime, chosen, star) for star in STARS),
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


def work_for(session: ReadSession, actor: Actor, on: date) -> list[WorkItem]:
    """Return what waits for this person, oldest deadline first, in one statement.

    Producers finish their drafts; the commune checks, signs and proposes within 15 working days
    (26/2026/QĐ-TTg art. 7.2); the agency accepts what was proposed.
    """
    waits = _waiting_for(actor)
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


def _waiting_for(actor: Actor) -> list[Any]:
    state, unit = col(Dossier.state), col(Dossier.commune_code)
    # No report yet reads as not confirmed: NULL would hide the dossier from its officer.
    ready = and_(
        *(
            func.coalesce(col(getattr(CommuneReport, f"{finding}_confirmed")), false())
            for finding in Finding
        )
    )
    waits = []
    if actor.producer_ids:
        waits.append(and_(col(Dossier.producer_id).in_(actor.producer_ids), state.in_(EDITABLE)))
    officer_of = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER]
    if officer_of:
        waits.append(and_(unit.in_(officer_of), state == DossierState.FILED, not_(ready)))
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
        waits.append(state == DossierState.PROPOSED)
    return waits


def _work_item(
    said: tuple[str, str, str, str, bool],
    dossier: Dossier,
    product: str,
    producer: str,
    *,
    on: date,
) -> WorkItem:
    kind, sentence, basis, route_name, has_limit = said
    due_on = dossier.commune_due_on if has_limit else None
    return WorkItem(
        kind=kind,
        code=dossier.code,
        title=Worded(sentence, product=product),
        subtitle=f"{producer} · {dossier.slip_number or dossier.code}",
        due_on=due_on,
        overdue=due_on is not None and on > due_on,
        basis=basis,
        route_name=route_name,
    )


def _work_said(
    actor: Actor, dossier: Dossier, report: CommuneReport | None
) -> tuple[str, str, str, str, bool] | None:
    """Return kind, sentence, basis, page, and whether the commune's limit runs."""
    match dossier.state:
        case DossierState.DRAFT:
            return (
                "dossier.draft",
                "Hoàn thành và nộp hồ sơ: {product}",
                PREPARED,
                "dossiers.show",
                False,
            )
        case DossierState.RETURNED:
            return (
                "dossier.returned",
                "Bổ sung hồ sơ xã trả lại: {product}",
                PREPARED,
                "dossiers.show",
                False,
            )
        case DossierState.ASSESSED:
            return (
                "dossier.propose",
                "Đề nghị tỉnh: {product}",
                COMMUNE_REPORT,
                "dossiers.propose",
                True,
            )
        case DossierState.PROPOSED:
            return (
                "dossier.accept",
                "Tiếp nhận hồ sơ: {product}",
                PROVINCE_INTAKE,
                "dossiers.accept",
                False,
            )
        case DossierState.FILED:
            ready = report is not None and all(
                getattr(report, f"{finding}_confirmed") for finding in Finding
            )
            if ready:
                is_leader = actor.has_in_unit(dossier.commune_code, Role.COMMUNE_LEADER)
                sign = (
                    "dossier.sign",
                    "Ký báo cáo đánh giá: {product}",
                    COMMUNE_REPORT,
                    "dossiers.sign",
                    True,
                )
                return sign if is_leader else None
            return (
                "dossier.report",
                "Kiểm tra, viết báo cáo: {product}",
                COMMUNE,
                "dossiers.report",
                True,
            )
    return None


def _row(found: Any) -> DossierRow:
    if found is None:
        raise NotFound
    return DossierRow(*found)


def _chosen(answers: dict[str, SelfAssessmentAnswer]) -> dict[str, str]:
    return {code: answer.option_code for code, answer in answers.items() if answer.option_code}
