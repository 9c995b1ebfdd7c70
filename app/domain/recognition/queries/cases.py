"""Revocation cases: who sees them, those still open, the scan of the conclusion they rest on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.domain.accounts.rules import Actor
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.domain.recognition.enums import RevocationState
from app.domain.recognition.models import Certificate, RecognitionDecision, RevocationCase
from app.domain.recognition.rules import (
    OPEN_CASES,
    is_recognised_by_province,
    revocation_ground,
)
from app.domain.recognition.schemas import CaseOut
from app.rulebooks.loader import in_force
from app.rulebooks.model import Ground

Cases = Select[RevocationCase, Certificate, Product, Producer]


@dataclass(frozen=True, slots=True)
class KeptConclusion:
    """The scan of a conclusion, as a door sends it."""

    sha256: str
    media_type: str
    file_name: str


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A revocation case with what it is about, as seen on a day."""

    case: RevocationCase
    certificate: Certificate
    product: Product
    producer: Producer
    on: date

    @property
    def ground(self) -> Ground:
        """The ground in the words of the decision, with its basis (art. 8.1)."""
        return revocation_ground(self.case.ground, in_force(self.on))

    @property
    def is_open(self) -> bool:
        """Whether the clock still runs."""
        return self.case.state in OPEN_CASES

    @property
    def days_left(self) -> int:
        """Days until the last day to decide; negative when it has passed (art. 8.4)."""
        return (self.case.due_on - self.on).days

    @property
    def is_overdue(self) -> bool:
        """Whether the fifteen days passed without a decision."""
        return self.is_open and self.days_left < 0

    @property
    def to_ministry(self) -> bool:
        """Whether the minister decides: five stars (art. 8.2.b)."""
        return not is_recognised_by_province(self.certificate.star, in_force(self.on))

    @property
    def scan(self) -> KeptConclusion | None:
        """The scan of the conclusion, where one was kept."""
        if self.case.conclusion_sha256 is None:
            return None
        return KeptConclusion(
            self.case.conclusion_sha256, self.case.conclusion_media_type, self.case.conclusion_name
        )

    def out(self) -> CaseOut:
        """Return the case as the JSON door tells it."""
        shared = set(CaseOut.model_fields) & set(RevocationCase.model_fields)
        return CaseOut(
            **self.case.model_dump(include=shared),
            certificate=self.certificate.code,
            product=self.certificate.product_name,
            producer=self.certificate.producer_name,
            commune=self.product.commune_code,
            star=self.certificate.star,
            ground_text=self.ground.text,
            ground_basis=self.ground.basis.citation,
            has_scan=self.scan is not None,
            is_overdue=self.is_overdue,
            to_ministry=self.to_ministry,
        )


def cases_visible_to(actor: Actor) -> Cases:
    """Return the only base for revocation cases: one's own, one's commune's, or all."""
    query = (
        select(RevocationCase, Certificate, Product, Producer)
        .join(Certificate, col(Certificate.id) == col(RevocationCase.certificate_id))
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(Certificate.producer_id))
    )
    condition = visible(
        actor, producer_id=col(Certificate.producer_id), commune_code=col(Product.commune_code)
    )
    return query if condition is None else query.where(condition)


def get_case(session: ReadSession, code: str, *, actor: Actor, on: date) -> CaseRow:
    """Return a revocation case this actor may see, as of a day."""
    found = session.exec(
        cases_visible_to(actor).where(col(RevocationCase.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return CaseRow(*found, on=on)


def case_for_update(session: WriteSession, code: str, *, actor: Actor, on: date) -> CaseRow:
    """Return a revocation case, locked until the transaction ends."""
    found = session.exec(
        cases_visible_to(actor)
        .where(col(RevocationCase.code) == code)
        .with_for_update(of=RevocationCase)
    ).one_or_none()
    if found is None:
        raise NotFound
    return CaseRow(*found, on=on)


def cases_page(
    session: ReadSession, *, actor: Actor, on: date, after: int = 0, limit: int = 20
) -> Page[CaseRow]:
    """Return the revocation cases this actor may see, newest first."""
    query = cases_visible_to(actor)
    return newest_first(session, query, RevocationCase, after=after, limit=limit).map(
        lambda row: CaseRow(*row, on=on)
    )


def open_cases(session: ReadSession, *, actor: Actor, on: date, limit: int) -> Sequence[CaseRow]:
    """Return the open cases this actor may see, the one to decide first at the head."""
    rows = session.exec(
        cases_visible_to(actor)
        .where(col(RevocationCase.state).in_(OPEN_CASES))
        .order_by(col(RevocationCase.due_on), col(RevocationCase.id))
        .limit(limit)
    ).all()
    return [CaseRow(*row, on=on) for row in rows]


def running_case(session: ReadSession, certificate_id: int) -> RevocationCase | None:
    """Return the open case of a certificate; there is one at most."""
    return session.exec(
        select(RevocationCase)
        .where(
            col(RevocationCase.certificate_id) == certificate_id,
            col(RevocationCase.state).in_(OPEN_CASES),
        )
        .limit(1)
    ).one_or_none()


def conclusion_of(session: ReadSession, code: str, *, actor: Actor, on: date) -> KeptConclusion:
    """Return the scan of a case's conclusion to whoever sees the case."""
    scan = get_case(session, code, actor=actor, on=on).scan
    if scan is None:
        raise NotFound
    return scan


def decision_of(session: ReadSession, case: RevocationCase) -> RecognitionDecision | None:
    """Return the signed decision that revoked by this case."""
    if case.state is not RevocationState.REVOKED or case.decision_id is None:
        return None
    return session.get(RecognitionDecision, case.decision_id)
