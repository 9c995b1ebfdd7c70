"""Products of ninety points and more: how they were judged, what went to the ministry, its answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, select
from sqlmodel.sql.expression import Select

from app.core.clock import local_day
from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.domain.accounts.rules import Actor
from app.domain.councils.models import Result
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.domain.recognition.enums import DecisionKind, DecisionState, SubmissionState
from app.domain.recognition.models import CentreSubmission, DecisionItem, RecognitionDecision
from app.domain.recognition.rules import DECIDED_FROM, LOWEST_RECOGNISED, decided_by_kind
from app.domain.recognition.schemas import MOST_DOSSIERS, SubmissionOut
from app.rulebooks.loader import regime

Submitted = Select[CentreSubmission, Dossier, Product, Producer]


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a product was judged: by the council, and by the ministry when it gave it back."""

    result: Result
    submission: CentreSubmission | None

    @property
    def given_back(self) -> CentreSubmission | None:
        """The ministry's answer below ninety points (art. 7.4.g)."""
        submission = self.submission
        if submission is None or submission.state is not SubmissionState.NOT_REACHED:
            return None
        return submission

    @property
    def star(self) -> int:
        """The star the province decides on."""
        answer = self.given_back
        return self.result.star if answer is None else answer.star or 0

    @property
    def known_on(self) -> date:
        """The day from which a decision may rest on it."""
        locked, answer = local_day(self.result.locked_at), self.given_back
        if answer is None or answer.answered_on is None:
            return locked
        return max(locked, answer.answered_on)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product with a locked result that stands in no recognition yet."""

    dossier: Dossier
    product: Product
    producer: Producer
    judgement: Judgement
    approval: RecognitionDecision | None

    @property
    def star(self) -> int:
        """The star a decision would give or approve."""
        return self.judgement.star

    @property
    def result(self) -> Result:
        """The council's locked result."""
        return self.judgement.result

    @property
    def kind(self) -> DecisionKind | None:
        """The decision that is still to be drafted about it, if one is (art. 7.3.e, 7.4.g)."""
        if self.star < LOWEST_RECOGNISED:
            return None
        kind = decided_by_kind(self.star, regime(self.dossier.regime_code))
        return None if kind is DecisionKind.APPROVAL and self.approval else kind

    @property
    def approved(self) -> RecognitionDecision | None:
        """The signed approval with which the agency hands it to the ministry (art. 6.3)."""
        signed = self.approval is not None and self.approval.state is DecisionState.SIGNED
        return self.approval if signed and self.dossier.state is DossierState.LOCKED else None


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """A product before the ministry with what it is about."""

    submission: CentreSubmission
    dossier: Dossier
    product: Product
    producer: Producer
    decision: RecognitionDecision
    result: Result | None

    @property
    def average(self) -> Fraction | None:
        """The ministry's average, exactly."""
        numerator, denominator = (
            self.submission.average_numerator,
            self.submission.average_denominator,
        )
        return None if numerator is None else Fraction(numerator, denominator or 1)

    def out(self) -> SubmissionOut:
        """Return it as the JSON door tells it."""
        average = self.average
        return SubmissionOut(
            **self.submission.model_dump(include=_TOLD),
            dossier=self.dossier.code,
            product=self.product.name,
            producer=self.producer.name,
            provincial_average=self.result.average_text if self.result else "",
            approval=self.decision.number,
            average=None if average is None else f"{average.numerator}/{average.denominator}",
            has_scan=self.submission.scan_sha256 is not None,
        )


_TOLD = set(SubmissionOut.model_fields) - {
    "dossier",
    "product",
    "producer",
    "provincial_average",
    "approval",
    "average",
    "has_scan",
}


def of_this_result() -> ColumnElement[bool]:
    """Return the condition that a submission carried this result, not an earlier one."""
    return and_(
        col(CentreSubmission.dossier_id) == col(Result.dossier_id),
        col(CentreSubmission.sent_at) >= col(Result.locked_at),
    )


def judgements_of(session: ReadSession, dossier_ids: Sequence[int]) -> dict[int, Judgement]:
    """Return how each of these dossiers was judged; those without a locked result are left out."""
    if not dossier_ids:
        return {}
    return {
        result.dossier_id: Judgement(result, submission)
        for result, submission in session.exec(
            select(Result, CentreSubmission)
            .join(CentreSubmission, of_this_result(), isouter=True)
            .where(col(Result.dossier_id).in_(dossier_ids))
        )
    }


def decided_by(
    session: ReadSession,
    dossier_ids: Sequence[int],
    *,
    kind: DecisionKind,
    but: RecognitionDecision | None = None,
) -> dict[int, RecognitionDecision]:
    """Return the newest decision of a kind each dossier stands in, one decision left out."""
    query = (
        select(DecisionItem.dossier_id, RecognitionDecision)
        .join(RecognitionDecision, col(RecognitionDecision.id) == col(DecisionItem.decision_id))
        .where(col(DecisionItem.dossier_id).in_(dossier_ids), col(RecognitionDecision.kind) == kind)
        .order_by(col(RecognitionDecision.created_at), col(RecognitionDecision.id))
    )
    if but is not None:
        query = query.where(col(RecognitionDecision.id) != but.id)
    return dict(session.exec(query).all())


def candidates(
    session: ReadSession, *, actor: Actor, but: RecognitionDecision | None = None
) -> Sequence[Candidate]:
    """Return the products the province has still to decide on or to send, in one statement.

    A decision counts for the result it was drafted on; `but` is left out, as when it is revised.
    """
    if not actor.sees_province:
        return []
    query = (
        sa_select(Dossier, Product, Producer, Result, CentreSubmission, RecognitionDecision)
        .join(Result, col(Result.dossier_id) == col(Dossier.id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .join(CentreSubmission, of_this_result(), isouter=True)
        .join(
            RecognitionDecision,
            col(RecognitionDecision.id) == _newest(DecisionKind.APPROVAL, but),
            isouter=True,
        )
        .where(
            col(Dossier.state).in_(DECIDED_FROM[DecisionKind.RECOGNITION]),
            col(Result.star) >= LOWEST_RECOGNISED,
            _newest(DecisionKind.RECOGNITION, but).is_(None),
        )
        .order_by(col(Product.name_folded), col(Dossier.id))
        .limit(MOST_DOSSIERS)
    )
    return [
        Candidate(dossier, product, producer, Judgement(result, submission), approval)
        for dossier, product, producer, result, submission, approval in session.execute(query)
    ]


def _newest(kind: DecisionKind, but: RecognitionDecision | None) -> sa.ScalarSelect[int]:
    """Return the newest decision of a kind on a result, drafted since it was locked."""
    decision = aliased(RecognitionDecision)
    query = (
        sa_select(func.max(col(decision.id)))
        .join(DecisionItem, col(decision.id) == col(DecisionItem.decision_id))
        .where(
            col(DecisionItem.dossier_id) == col(Result.dossier_id),
            col(decision.kind) == kind,
            col(decision.created_at) >= col(Result.locked_at),
        )
        .correlate(Result)
    )
    if but is not None:
        query = query.where(col(decision.id) != but.id)
    return query.scalar_subquery()


def approved_to_send(session: ReadSession, *, actor: Actor) -> Sequence[Candidate]:
    """Return the products with a signed approval that were not sent yet."""
    return [one for one in candidates(session, actor=actor) if one.approved]


def approved_candidate(session: ReadSession, code: str, *, actor: Actor) -> Candidate | None:
    """Return the product of a dossier if its result is approved and it was not sent yet."""
    found = approved_to_send(session, actor=actor)
    return next((one for one in found if one.dossier.code == code), None)


def submissions_visible_to(actor: Actor) -> Submitted:
    """Return the only base for products before the ministry: one's own, one's commune's, or all."""
    query = (
        select(CentreSubmission, Dossier, Product, Producer)
        .join(Dossier, col(Dossier.id) == col(CentreSubmission.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
    )
    condition = visible(
        actor, producer_id=col(Dossier.producer_id), commune_code=col(Dossier.commune_code)
    )
    return query if condition is None else query.where(condition)


def submissions_page(
    session: ReadSession, *, actor: Actor, after: int = 0, limit: int = 20
) -> Page[SubmissionRow]:
    """Return products before the ministry, newest first."""
    query = submissions_visible_to(actor)
    page = newest_first(session, query, CentreSubmission, after=after, limit=limit)
    return Page(_with_decisions(session, page.items), page.next_after)


def get_submission(session: ReadSession, code: str, *, actor: Actor) -> SubmissionRow:
    """Return a product before the ministry this actor may see."""
    return _one(session, submissions_visible_to(actor).where(col(CentreSubmission.code) == code))


def submission_for_update(session: WriteSession, code: str, *, actor: Actor) -> SubmissionRow:
    """Return a product before the ministry, its dossier and itself locked."""
    return _one(
        session,
        submissions_visible_to(actor)
        .where(col(CentreSubmission.code) == code)
        .with_for_update(of=(Dossier, CentreSubmission)),
    )


def _one(session: ReadSession, query: Submitted) -> SubmissionRow:
    found = session.exec(query).all()
    if not found:
        raise NotFound
    return _with_decisions(session, found)[0]


def _with_decisions(
    session: ReadSession, rows: Sequence[tuple[CentreSubmission, Dossier, Product, Producer]]
) -> Sequence[SubmissionRow]:
    """Return the rows with the approval each rests on and the result it carried, if still in force."""
    known = {
        submission_id: (decision, result)
        for submission_id, decision, result in session.exec(
            select(CentreSubmission.id, RecognitionDecision, Result)
            .join(
                RecognitionDecision,
                col(RecognitionDecision.id) == col(CentreSubmission.decision_id),
            )
            .join(Result, of_this_result(), isouter=True)
            .where(col(CentreSubmission.id).in_([row[0].id for row in rows]))
        )
    }
    return [SubmissionRow(*row, *known[row[0].id]) for row in rows]
