"""A product that was recognised through a dossier of this system, for journeys that go on from it."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now, today
from app.core.db import transaction
from app.domain.dossiers.models import Evidence
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import last_valid_day
from tests.factories.people import People
from tests.factories.recognition import certificates_of, locked_dossier, make_decision, sign


@dataclass(frozen=True, slots=True)
class CertifiedProduct:
    """A certificate of three stars, its product, and the account of its producer."""

    certificate: str
    product: str
    owner: str

    def ends_in(self, engine: Engine, days: int) -> None:
        """Let the certificate end in so many days; the paper it rested on ended yesterday."""
        with transaction(engine) as session:
            certificate = session.exec(
                select(Certificate).where(col(Certificate.code) == self.certificate)
            ).one()
            certificate.expires_on = today() + timedelta(days=days)
            certificate.issued_on = last_valid_day(certificate.expires_on, -36)
            paper = session.exec(select(Evidence)).one()
            paper.expires_on = today() - timedelta(days=1)


def recognised_product(engine: Engine) -> CertifiedProduct:
    """Let a product be recognised, with the accounts of everybody who takes part afterwards."""
    with transaction(engine) as session:
        people = People(session, now())
        dossier = locked_dossier(session, people, star=3)
        decision = sign(session, people, make_decision(session, people, dossier))
        (certificate,) = certificates_of(session, decision)
        for office in (people.officer, people.leader, people.agency):
            office()
        product = session.exec(select(Product).where(col(Product.id) == dossier.product_id)).one()
        return CertifiedProduct(certificate.code, product.code, f"chuthe{dossier.producer_id}")
