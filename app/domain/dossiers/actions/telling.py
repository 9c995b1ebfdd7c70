"""Telling producer, commune and agency what happened to a dossier, and reminding of late communes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import CheckedPart, Step
from app.domain.dossiers.letters import OVERDUE, TELLINGS, Party
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import overdue_dossiers
from app.domain.dossiers.rules import CHECKED_LABELS
from app.domain.notices.actions import notify_each
from app.domain.notices.rules import (
    Draft,
    Recipients,
    agency,
    commune_leaders,
    commune_officers,
    producer_account,
)
from app.domain.products.models import Product


def tell(
    session: WriteSession,
    dossier: Dossier,
    step: Step,
    *,
    actor: Actor,
    at: datetime,
    said: Mapping[str, Any],
) -> None:
    """Write the notices of a step; `said` is what its event says (numbers, reasons, parts)."""
    tellings = [telling for telling in TELLINGS.get(step, ()) if telling.fits(said)]
    if not tellings:
        return
    product = session.exec(select(Product.name).where(col(Product.id) == dossier.product_id)).one()
    data = _data(dossier, product, said)
    drafts = [
        Draft(
            letter=telling.letter,
            to=_parties(dossier, telling.to),
            subject_code=dossier.code,
            occasion=at.isoformat(),
            due_on=getattr(dossier, telling.until) if telling.until else None,
            said=data,
        )
        for telling in tellings
    ]
    notify_each(session, drafts, actor=actor, at=at)


def remind_of_overdue(session: WriteSession, *, at: datetime) -> int:
    """Tell the agency of every commune past its limit, once for each limit; return how many are new.

    Basis: 26/2026/QĐ-TTg art. 7.2.
    """
    drafts = [
        Draft(
            letter=OVERDUE,
            to=agency(),
            subject_code=dossier.code,
            occasion=f"{dossier.commune_due_on}",
            said=_data(dossier, product, {}) | {"commune": commune},
        )
        for dossier, product, commune in overdue_dossiers(session, on=local_day(at))
    ]
    return notify_each(session, drafts, at=at)


def _data(dossier: Dossier, product: str, said: Mapping[str, Any]) -> dict[str, object]:
    """Return what the letters of a dossier may say: no file, no number of a person."""
    parts = [CHECKED_LABELS[CheckedPart(item["part"])] for item in said.get("items", [])]
    return {
        "dossier": dossier.code,
        "product": product,
        "slip_number": said.get("slip_number") or "",
        "proposal_number": dossier.proposal_number,
        "parts": ", ".join(parts),
        "reason": said.get("reason") or "",
        "meeting_on": said.get("meeting_on") or "",
        "commune_until": dossier.commune_due_on or "",
    }


def _parties(dossier: Dossier, parties: frozenset[Party]) -> Recipients:
    """Return the accounts behind the parties; nobody is told of a dossier that never came to them."""
    found = Recipients()
    if Party.PRODUCER in parties:
        found |= producer_account(dossier.producer_id)
    if dossier.slip_number is not None:
        if Party.OFFICERS in parties:
            found |= commune_officers(dossier.commune_code)
        if Party.LEADERS in parties:
            found |= commune_leaders(dossier.commune_code)
    if Party.AGENCY in parties and dossier.proposed_at is not None:
        found |= agency()
    return found
