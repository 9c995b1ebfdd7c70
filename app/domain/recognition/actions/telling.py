"""Telling producers and communes of certificates, and reminding them of renewal in time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import FINAL
from app.domain.notices.actions import notify_each
from app.domain.notices.rules import Draft, commune, commune_officers, producer_account
from app.domain.products.models import Product
from app.domain.recognition.letters import RECOGNISED, RENEWAL_CLOSES, RENEWAL_OPENS
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import in_force_on
from app.domain.recognition.rules import ANNOUNCED_DAYS_BEFORE, renewal_window
from app.rulebooks.loader import in_force


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


def remind_of_renewal(session: WriteSession, *, at: datetime) -> int:
    """Tell producer and commune's officers when a renewal may be filed, and thirty days before the end.

    Once each, whatever day the job runs on; not where a dossier is under way. Returns how many
    notices are new. Basis: 26/2026/QĐ-TTg art. 7.6.a.
    """
    on = local_day(at)
    law = in_force(on)
    if law.stated_procedure is None:
        return 0
    renewal = law.stated_procedure.renewal
    under_way = select(col(Dossier.product_id)).where(col(Dossier.state).not_in(FINAL))
    rows = session.exec(
        select(Certificate, Product)
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .where(
            *in_force_on(on),
            col(Certificate.expires_on) <= on + timedelta(days=renewal.file_from_days_before),
            col(Certificate.expires_on) >= on + timedelta(days=renewal.file_until_days_before),
            col(Certificate.product_id).not_in(under_way),
        )
        .order_by(col(Certificate.id))
    ).all()
    drafts = []
    for certificate, product in rows:
        window = renewal_window(certificate.expires_on, law)
        if window is None:
            continue
        closes = on >= window.last - timedelta(days=ANNOUNCED_DAYS_BEFORE)
        drafts.append(
            Draft(
                letter=RENEWAL_CLOSES if closes else RENEWAL_OPENS,
                to=producer_account(certificate.producer_id)
                | commune_officers(product.commune_code),
                subject_code=certificate.code,
                due_on=window.last,
                said={
                    "product": product.name,
                    "first": window.first,
                    "last": window.last,
                    "last_day": certificate.expires_on,
                },
            )
        )
    return notify_each(session, drafts, at=at)
