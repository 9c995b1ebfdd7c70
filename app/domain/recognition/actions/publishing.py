"""After the signature: the scan of the signed paper is kept beside its decision, then all may read it."""

from datetime import datetime
from typing import Protocol

from app.core.db import WriteSession
from app.core.errors import Invalid, check_version
from app.core.files import StoredFile
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.recognition.models import RecognitionDecision
from app.domain.recognition.policy import why_not_attach_scan, why_not_publish
from app.domain.recognition.queries import decision_for_update
from app.domain.recognition.schemas import AttachDecisionScan, PublishDecision

SCANS = frozenset({"application/pdf", "image/jpeg", "image/png"})
_LONGEST_NAME = 120


class Scanned(Protocol):
    """A row that names the scan of one signed paper."""

    scan_sha256: str | None
    scan_media_type: str
    scan_name: str
    version: int


def attach_decision_scan(
    session: WriteSession,
    code: str,
    data: AttachDecisionScan,
    stored: StoredFile,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
) -> RecognitionDecision:
    """Keep the scan of a signed decision; a later one replaces it until all may read it.

    PDF, JPEG or PNG. Records decision.scanned with the scan before.
    """
    decision = decision_for_update(session, code, actor=actor)
    if refusal := why_not_attach_scan(actor, decision):
        raise refusal
    check_version(data.version, decision.version)
    before = decision.scan_sha256 or ""
    keep_scan(decision, stored, file_name)
    record(
        session,
        "decision.scanned",
        subject=decision,
        actor=actor,
        at=at,
        number=decision.number,
        sha256=stored.sha256,
        before=before,
    )
    return decision


def publish_decision(
    session: WriteSession, code: str, data: PublishDecision, *, actor: Actor, at: datetime
) -> RecognitionDecision:
    """Let anybody read a signed decision with its scan, for good; records decision.published.

    Basis: 26/2026/QĐ-TTg art. 7.3.g, 8.3.c.
    """
    decision = decision_for_update(session, code, actor=actor)
    if refusal := why_not_publish(actor, decision):
        raise refusal
    check_version(data.version, decision.version)
    decision.published_at = at
    decision.published_by = actor.name
    decision.version += 1
    record(
        session,
        "decision.published",
        subject=decision,
        actor=actor,
        at=at,
        number=decision.number,
        sha256=decision.scan_sha256,
    )
    return decision


def keep_scan(row: Scanned, stored: StoredFile, file_name: str) -> None:
    """Name a kept file as the scan of a row; refuse what no office prints."""
    if stored.media_type not in SCANS:
        raise Invalid(
            {"file": "Bản chụp là tệp PDF, JPEG hoặc PNG."}, code="scan.type_not_accepted"
        )
    row.scan_sha256 = stored.sha256
    row.scan_media_type = stored.media_type
    row.scan_name = normal(file_name)[:_LONGEST_NAME] or "ban-chup"
    row.version += 1
