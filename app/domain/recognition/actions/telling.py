"""Telling producers, communes and the agency of certificates and of what may end them."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.notices.actions import notify, notify_each
from app.domain.notices.rules import (
    Draft,
    Letter,
    agency,
    commune,
    producer_account,
)
from app.domain.products.models import Product
from app.domain.recognition.letters import RECOGNISED
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import CaseRow


def tell_recognised(
    session: WriteSession, certificates: Sequence[Certificate], *, actor: Actor, at: datetime
) -> None:
    """Tell producer and commune of each certificate a decision issued (art. 7.3.g)."""
    if not certificates:
        return
    products = {
        product.id: product
        for product in session.exec(
            select(Product).where(col(Product.id).in_([one.product_id for one in certificates]))
        )
    }
    drafts = []
    for certificate in certificates:
        product = products[certificate.product_id]
        drafts.append(
            Draft(
                letter=RECOGNISED,
                to=producer_account(certificate.producer_id) | commune(product.commune_code),
                subject_code=certificate.code,
                said={
                    "product": product.name,
                    "star": certificate.star,
                    "decision": certificate.decision_number,
                    "day": certificate.issued_on,
                    "last_day": certificate.expires_on,
                },
            )
        )
    notify_each(session, drafts, actor=actor, at=at)


def tell_case(
    session: WriteSession, letter: Letter, row: CaseRow, *, actor: Actor, at: datetime
) -> None:
    """Tell producer, commune and agency how a revocation case stands (art. 8.3.c in spirit)."""
    notify(
        session,
        letter,
        to=producer_account(row.certificate.producer_id)
        | commune(row.product.commune_code)
        | agency(),
        subject=row.case,
        actor=actor,
        at=at,
        due_on=row.case.due_on if row.is_open else None,
        product=row.certificate.product_name,
        conclusion=row.case.conclusion_number,
        day=row.case.concluded_on,
        due=row.case.due_on,
        reason=row.case.drop_reason,
    )
