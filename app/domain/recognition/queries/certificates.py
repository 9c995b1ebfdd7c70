"""Certificates: what each is worth on a day, and who may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, func, or_, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.domain.accounts.rules import Actor
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.domain.recognition.enums import Standing
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import (
    STANDING_BASIS,
    renewal_window,
    standing,
)
from app.domain.recognition.schemas import (
    CertificateOut,
)
from app.rulebooks.loader import in_force

Certified = Select[Certificate, Product, Producer, str]


@dataclass(frozen=True, slots=True)
class CertifiedProduct:
    """A certificate with what it is about, and what it is worth on a day."""

    certificate: Certificate
    product: Product
    producer: Producer
    commune: str
    on: date

    @property
    def standing(self) -> Standing:
        """What the certificate is worth on the day asked for."""
        return standing(self.certificate, self.on, in_force(self.on))

    @property
    def basis(self) -> str:
        """The citation behind the standing."""
        return STANDING_BASIS[self.standing]

    @property
    def days_left(self) -> int:
        """Days until the term ends; negative afterwards."""
        return (self.certificate.expires_on - self.on).days

    @property
    def renewal_from(self) -> date | None:
        """First day a renewal may be filed."""
        window = renewal_window(self.certificate.expires_on, in_force(self.on))
        return window.first if window else None

    @property
    def days_to_file(self) -> int | None:
        """Days left to file a renewal while its window is open, None otherwise."""
        until = self.renewal_until
        is_open = self.standing is Standing.RENEWAL_WINDOW and until is not None
        return (until - self.on).days if is_open and until else None

    @property
    def transition_note(self) -> tuple[str, str] | None:
        """The clause that keeps a certificate of an older decision, with its basis (art. 12.1)."""
        law = in_force(self.on)
        if law.stated_procedure is None or self.certificate.issued_on >= law.in_force.first:
            return None
        clause = next(
            (one for one in law.procedure.transition if one.code == "certificates_kept"), None
        )
        return (clause.text, clause.basis.citation) if clause else None

    @property
    def renewal_until(self) -> date | None:
        """Last day a renewal may be filed."""
        window = renewal_window(self.certificate.expires_on, in_force(self.on))
        return window.last if window else None


def certified_products(on: date) -> Certified:
    """Return the join every reading of certificates starts from; communes as of a day."""
    return (
        select(
            Certificate,
            Product,
            Producer,
            func.coalesce(col(AdministrativeUnit.full_name), "").label("commune"),
        )
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(Certificate.producer_id))
        .join(
            AdministrativeUnit,
            (col(AdministrativeUnit.code) == col(Product.commune_code))
            & (col(AdministrativeUnit.level) == UnitLevel.COMMUNE)
            & (col(AdministrativeUnit.valid_from) <= on)
            & or_(
                col(AdministrativeUnit.valid_to).is_(None), col(AdministrativeUnit.valid_to) >= on
            ),
            isouter=True,
        )
    )


def certificates_visible_to(actor: Actor, *, on: date) -> Certified:
    """Return the only base for certificates at work: one's own, one's commune's, or all."""
    query = certified_products(on)
    condition = visible(
        actor, producer_id=col(Certificate.producer_id), commune_code=col(Product.commune_code)
    )
    return query if condition is None else query.where(condition)


def get_certificate(session: ReadSession, code: str, *, actor: Actor, on: date) -> CertifiedProduct:
    """Return a certificate this actor may see, with its product, as known on a day."""
    found = session.exec(
        certificates_visible_to(actor, on=on).where(col(Certificate.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return CertifiedProduct(*found, on=on)


def certificate_for_update(
    session: WriteSession, code: str, *, actor: Actor, on: date
) -> CertifiedProduct:
    """Return a certificate with its product, the certificate locked until the transaction ends."""
    found = session.exec(
        certificates_visible_to(actor, on=on)
        .where(col(Certificate.code) == code)
        .with_for_update(of=Certificate)
    ).one_or_none()
    if found is None:
        raise NotFound
    return CertifiedProduct(*found, on=on)


def certificates_page(
    session: ReadSession, *, actor: Actor, on: date, after: int = 0, limit: int = 20
) -> Page[CertifiedProduct]:
    """Return certificates this actor may see, newest first."""
    query = certificates_visible_to(actor, on=on)
    return newest_first(session, query, Certificate, after=after, limit=limit).map(
        lambda row: CertifiedProduct(*row, on=on)
    )


def running_certificate(session: ReadSession, product_id: int, *, on: date) -> Certificate | None:
    """Return the certificate in force on a day, from which a product goes on; none: it begins."""
    return session.exec(
        select(Certificate)
        .where(col(Certificate.product_id) == product_id, *in_force_on(on))
        .order_by(col(Certificate.issued_on).desc(), col(Certificate.id).desc())
        .limit(1)
    ).one_or_none()


def in_force_on(on: date) -> Sequence[ColumnElement[bool]]:
    """Return the conditions under which a certificate lets its product carry the star on a day."""
    return (
        col(Certificate.issued_on) <= on,
        or_(
            col(Certificate.expires_on) >= on,
            and_(col(Certificate.extended_from) <= on, col(Certificate.extended_until) >= on),
        ),
        or_(col(Certificate.holder_ended_on).is_(None), col(Certificate.holder_ended_on) > on),
        or_(col(Certificate.revoked_on).is_(None), col(Certificate.revoked_on) > on),
        or_(col(Certificate.superseded_on).is_(None), col(Certificate.superseded_on) > on),
    )


def certificate_out(one: CertifiedProduct) -> CertificateOut:
    """Return a certificate as the JSON door tells it."""
    return CertificateOut(
        **one.certificate.model_dump(
            include={
                "code",
                "product_code",
                "star",
                "issued_on",
                "expires_on",
                "decision_number",
                "authority",
                "source_note",
            }
        ),
        product=one.certificate.product_name,
        producer=one.certificate.producer_name,
        commune=one.commune,
        standing=one.standing,
        standing_basis=one.basis,
        renewal_from=one.renewal_from,
        renewal_until=one.renewal_until,
        days_to_file=one.days_to_file,
    )
