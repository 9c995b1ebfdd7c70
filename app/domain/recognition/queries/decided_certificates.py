"""Decisions on certificates: what each does with them, and which certificates may go into one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, exists, or_, select

from app.core.db import ReadSession
from app.core.paging import Page, page_of
from app.core.text import fold
from app.domain.accounts.rules import Actor
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.domain.recognition.enums import DecisionKind, DecisionState, RevocationState
from app.domain.recognition.models import (
    Certificate,
    CertificateItem,
    RecognitionDecision,
    RevocationCase,
)
from app.domain.recognition.queries.certificates import in_force_on
from app.domain.recognition.rules import last_extended_day
from app.domain.recognition.schemas import (
    MOST_CERTIFICATES,
    DecidableOut,
    DecidedCertificate,
    DecidedCertificateOut,
)
from app.rulebooks.loader import in_force


@dataclass(frozen=True, slots=True)
class DecidedOnCertificate:
    """One certificate of a decision, with what the decision rests on and what came of it."""

    item: CertificateItem
    certificate: Certificate
    product: Product
    case: RevocationCase | None
    successor: Producer | None
    new_certificate: Certificate | None

    @property
    def product_name(self) -> str:
        """The product's name as it was signed; of a draft, as the certificate bears it."""
        return self.item.product_name or self.certificate.product_name

    @property
    def producer_name(self) -> str:
        """The producer's name as it was signed; of a draft, as the certificate bears it."""
        return self.item.producer_name or self.certificate.producer_name

    @property
    def producer_address(self) -> str:
        """The producer's address as it was signed; of a draft, as the certificate bears it."""
        return self.item.producer_address or self.certificate.producer_address

    @property
    def corrections(self) -> list[tuple[str, str, str]]:
        """Field, what stood there, and what stands there instead; of a draft: what stands there now."""
        return [
            (
                name,
                str(self.item.before.get(name, getattr(self.certificate, name)) or ""),
                str(said),
            )
            for name, said in self.item.changes.items()
        ]

    @property
    def asked(self) -> DecidedCertificate:
        """Return the line as it was drafted, to be checked once more."""
        return DecidedCertificate(
            certificate=self.certificate.code if self.case is None else "",
            case=self.case.code if self.case else "",
            until=self.item.until,
            reason=self.item.reason,
            new_producer=self.successor.code if self.successor else "",
            **self.item.changes,
        )

    def out(self) -> DecidedCertificateOut:
        """Return it as the JSON door tells it."""
        return DecidedCertificateOut(
            certificate=self.certificate.code,
            product_code=self.certificate.product_code,
            product=self.product_name,
            producer=self.producer_name,
            star=self.certificate.star,
            reason=self.item.reason,
            case=self.case.code if self.case else None,
            ground=self.case.ground if self.case else None,
            until=self.item.until,
            new_producer=self.successor.name if self.successor else None,
            new_certificate=self.new_certificate.code if self.new_certificate else None,
            changes=self.item.changes,
            before=self.item.before,
        )


@dataclass(frozen=True, slots=True)
class Decidable:
    """A certificate that a decision of some kind may take."""

    certificate: Certificate
    product: Product
    case: RevocationCase | None
    last_day: date

    def out(self) -> DecidableOut:
        """Return it as the JSON door tells it."""
        return DecidableOut(
            certificate=self.certificate.code,
            product_code=self.certificate.product_code,
            product=self.certificate.product_name,
            producer=self.certificate.producer_name,
            star=self.certificate.star,
            expires_on=self.certificate.expires_on,
            case=self.case.code if self.case else None,
            last_day=self.last_day,
        )


def decided_certificates(
    session: ReadSession, decision: RecognitionDecision
) -> Sequence[DecidedOnCertificate]:
    """Return the certificates of a decision in its order; none for a decision over results."""
    successor, newer = aliased(Producer), aliased(Certificate)
    rows = session.execute(
        sa_select(CertificateItem, Certificate, Product, RevocationCase, successor, newer)
        .join(Certificate, col(Certificate.id) == col(CertificateItem.certificate_id))
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(RevocationCase, col(RevocationCase.id) == col(CertificateItem.case_id), isouter=True)
        .join(successor, col(successor.id) == col(CertificateItem.new_producer_id), isouter=True)
        .join(
            newer,
            and_(
                col(newer.decision_id) == col(CertificateItem.decision_id),
                col(newer.product_id) == col(Certificate.product_id),
            ),
            isouter=True,
        )
        .where(col(CertificateItem.decision_id) == decision.id)
        .order_by(col(CertificateItem.position))
        .limit(MOST_CERTIFICATES)
    )
    return [DecidedOnCertificate(*row) for row in rows]


def decidable_page(
    session: ReadSession,
    *,
    actor: Actor,
    kind: DecisionKind,
    on: date,
    search: str = "",
    decision: RecognitionDecision | None = None,
    among: Sequence[str] | None = None,
    after: int = 0,
    limit: int = 20,
) -> Page[Decidable]:
    """Return the certificates a decision of this kind may take on a day, newest first.

    Those in another draft of the kind are left out; `decision` is the one that is written anew.
    The search takes words of product or producer, without accents, or a code; `among` asks for
    these codes only.
    """
    law = in_force(on)
    case = and_(
        col(RevocationCase.certificate_id) == col(Certificate.id),
        col(RevocationCase.state) == RevocationState.SUBMITTED,
    )
    query = (
        sa_select(Certificate, Product, RevocationCase)
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(RevocationCase, case, isouter=kind is not DecisionKind.REVOCATION)
        .where(~_in_draft(kind, decision), *_may_go_into(kind, on))
    )
    seen = visible(
        actor, producer_id=col(Certificate.producer_id), commune_code=col(Product.commune_code)
    )
    if seen is not None:
        query = query.where(seen)
    if among is not None:
        query = query.where(col(Certificate.code).in_(among))
    if words := fold(search).split():
        query = query.where(
            or_(
                and_(
                    *(
                        col(Certificate.search_folded).contains(word, autoescape=True)
                        for word in words
                    )
                ),
                col(Certificate.code) == search.strip().upper(),
            )
        )
    if after:
        query = query.where(col(Certificate.id) < after)
    rows = session.execute(query.order_by(col(Certificate.id).desc()).limit(limit + 1)).all()
    return page_of(
        [
            Decidable(
                certificate,
                product,
                case if kind is DecisionKind.REVOCATION else None,
                last_extended_day(certificate.expires_on, law),
            )
            for certificate, product, case in rows
        ],
        limit=limit,
        key=lambda one: one.certificate.id or 0,
    )


def drafted_in(
    session: ReadSession,
    certificate_ids: Sequence[int],
    *,
    kind: DecisionKind,
    but: int | None,
) -> dict[int, RecognitionDecision]:
    """Return the unsigned decision of a kind that each certificate stands in, one left out."""
    query = (
        select(CertificateItem.certificate_id, RecognitionDecision)
        .join(RecognitionDecision, col(RecognitionDecision.id) == col(CertificateItem.decision_id))
        .where(
            col(CertificateItem.certificate_id).in_(certificate_ids),
            col(RecognitionDecision.kind) == kind,
            col(RecognitionDecision.state) == DecisionState.DRAFT,
        )
    )
    if but is not None:
        query = query.where(col(RecognitionDecision.id) != but)
    return dict(session.exec(query).all())


def _in_draft(kind: DecisionKind, but: RecognitionDecision | None) -> ColumnElement[bool]:
    found = (
        sa_select(col(CertificateItem.id))
        .join(RecognitionDecision, col(RecognitionDecision.id) == col(CertificateItem.decision_id))
        .where(
            col(CertificateItem.certificate_id) == col(Certificate.id),
            col(RecognitionDecision.kind) == kind,
            col(RecognitionDecision.state) == DecisionState.DRAFT,
        )
        .correlate(Certificate)
    )
    if but is not None:
        found = found.where(col(RecognitionDecision.id) != but.id)
    return exists(found)


def _may_go_into(kind: DecisionKind, on: date) -> Sequence[ColumnElement[bool]]:
    """Return what a certificate must be on a day for a decision of this kind to be offered it."""
    running = (
        col(Certificate.revoked_on).is_(None),
        col(Certificate.superseded_on).is_(None),
        col(Certificate.holder_ended_on).is_(None),
    )
    extension = in_force(on).procedure.extension
    if kind is DecisionKind.CORRECTION:
        return (sa.true(),)
    if kind is DecisionKind.EXTENSION:
        days = timedelta(days=extension.max_days_after_expiry)
        return (
            *running,
            col(Certificate.expires_on) >= on - days,
            col(Certificate.expires_on) <= on + days,
        )
    if kind is DecisionKind.HOLDER_CHANGE:
        return (*running, *in_force_on(on), col(Certificate.expires_on) > on)
    return (col(Certificate.revoked_on).is_(None), col(Certificate.superseded_on).is_(None))
