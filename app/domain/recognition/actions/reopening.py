"""What dossier is next: a first one, or from a certificate an upgrade or a renewal (art. 7.5, 7.6)."""

from datetime import datetime
from pathlib import Path

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.dossiers.actions import open_dossier, open_from_certificate
from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.schemas import OpenDossier, OpenFromCertificate, Origin
from app.domain.products.queries import product_for_update
from app.domain.recognition.policy import why_not_open_first, why_not_renew, why_not_upgrade
from app.domain.recognition.queries import (
    CertifiedProduct,
    certificate_for_update,
    running_certificate,
)


def open_first(
    session: WriteSession,
    data: OpenDossier,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Dossier:
    """Open a first dossier, of a product whose recognition ended too; records dossier.opened.

    Refused while a certificate of the product runs or may be renewed, and like any dossier.
    """
    product, producer = product_for_update(session, data.product_code, actor=actor)
    running = running_certificate(session, product.id or 0, on=local_day(at))
    if refusal := why_not_open_first(actor, producer, running):
        raise refusal
    return open_dossier(
        session,
        data,
        actor=actor,
        at=at,
        recognition_ended=True,
        council_rules_dir=council_rules_dir,
    )


def open_upgrade(
    session: WriteSession,
    code: str,
    data: OpenFromCertificate,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Dossier:
    """Open the dossier of an upgrade with what the recognised one said; records dossier.opened.

    Refused unless the certificate is in force and its star can rise, and like any dossier.
    """
    found = certificate_for_update(session, code, actor=actor, on=local_day(at))
    if refusal := why_not_upgrade(actor, found):
        raise refusal
    return open_from_certificate(
        session,
        _origin(found, DossierKind.UPGRADE),
        data.gate_answers,
        actor=actor,
        at=at,
        council_rules_dir=council_rules_dir,
    )


def open_renewal(
    session: WriteSession,
    code: str,
    data: OpenFromCertificate,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Dossier:
    """Open the dossier of a renewal with what the recognised one said; records dossier.opened.

    Refused outside the 180th to the 120th day before the end, with both days, and like any dossier.
    """
    found = certificate_for_update(session, code, actor=actor, on=local_day(at))
    if refusal := why_not_renew(actor, found):
        raise refusal
    return open_from_certificate(
        session,
        _origin(found, DossierKind.RENEWAL),
        data.gate_answers,
        actor=actor,
        at=at,
        council_rules_dir=council_rules_dir,
    )


def _origin(found: CertifiedProduct, kind: DossierKind) -> Origin:
    return Origin(
        kind=kind,
        product_code=found.product.code,
        certificate_code=found.certificate.code,
        star=found.certificate.star,
        previous_dossier_id=found.certificate.dossier_id,
    )
