"""Decisions on certificates that were issued: drafted over many, written anew until they are signed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.recognition.actions.certificate_checks import (
    Chosen,
    Frame,
    chosen_certificates,
)
from app.domain.recognition.actions.drafting import begin_draft, rewrite_draft
from app.domain.recognition.models import CertificateItem, RecognitionDecision
from app.domain.recognition.policy import why_not_draft, why_not_revise
from app.domain.recognition.queries import decision_for_update
from app.domain.recognition.schemas import DraftOnCertificates, ReviseOnCertificates


def draft_on_certificates(
    session: WriteSession, data: DraftOnCertificates, *, actor: Actor, at: datetime
) -> RecognitionDecision:
    """Prepare a decision that revokes, extends, corrects or hands over; records decision.drafted.

    Nothing happens to a certificate before the signature. Basis: 26/2026/QĐ-TTg art. 8, 12.3.
    """
    if refusal := why_not_draft(actor):
        raise refusal
    frame = Frame(data.kind, data.decider, data.decided_on, local_day(at))
    chosen = chosen_certificates(session, frame, data.items)
    decision = begin_draft(session, data, at=at)
    _fill(session, decision, chosen)
    record(
        session,
        "decision.drafted",
        subject=decision,
        actor=actor,
        at=at,
        number=decision.number,
        about=decision.kind,
        certificates=[one.certificate.code for one in chosen],
    )
    return decision


def revise_on_certificates(
    session: WriteSession, code: str, data: ReviseOnCertificates, *, actor: Actor, at: datetime
) -> RecognitionDecision:
    """Write a draft anew; refused once signed; records decision.revised with before and after."""
    decision = decision_for_update(session, code, actor=actor)
    if refusal := why_not_revise(actor, decision):
        raise refusal
    check_version(data.version, decision.version)
    before = rewrite_draft(session, decision, data)
    frame = Frame(data.kind, data.decider, data.decided_on, local_day(at), decision.id)
    chosen = chosen_certificates(session, frame, data.items)
    session.exec(delete(CertificateItem).where(col(CertificateItem.decision_id) == decision.id))
    _fill(session, decision, chosen)
    record(
        session,
        "decision.revised",
        subject=decision,
        actor=actor,
        at=at,
        before=before,
        after={"number": decision.number, "decided_on": decision.decided_on},
        certificates=[one.certificate.code for one in chosen],
    )
    return decision


def _fill(session: WriteSession, decision: RecognitionDecision, chosen: Sequence[Chosen]) -> None:
    session.add_all(
        CertificateItem(
            decision_id=decision.id or 0,
            certificate_id=one.certificate.id or 0,
            position=position,
            reason=one.asked.reason,
            case_id=one.case.id if one.case else None,
            until=one.asked.until,
            new_producer_id=one.successor.id if one.successor else None,
            changes=one.changes,
        )
        for position, one in enumerate(chosen, start=1)
    )
    session.flush()
