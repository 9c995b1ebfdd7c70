"""Builders of papers in a producer's wallet, through the real actions."""

from datetime import date
from pathlib import Path

from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import EvidenceKind
from app.domain.dossiers.models import Evidence
from app.domain.producers.models import Producer
from app.domain.wallet.actions import add_paper, replace_paper
from app.domain.wallet.schemas import AddPaper, ReplacePaper
from tests.factories.dossiers import stored_file
from tests.factories.people import People


def make_paper(
    session: WriteSession,
    people: People,
    producer: Producer,
    title: str = "Phiếu kiểm nghiệm",
    *,
    kind: EvidenceKind = EvidenceKind.TEST_REPORT,
    number: str = "",
    expires_on: date | None = None,
    directory: Path | None = None,
) -> Evidence:
    """Add a paper through the producer's own account; another title is another file."""
    return add_paper(
        session,
        producer.code,
        AddPaper(kind=kind, title=title, number=number, expires_on=expires_on),
        stored_file(title, directory=directory),
        file_name=f"{title}.pdf",
        actor=people.producer(producer.id or 0),
        at=people.at,
    )


def renew(
    session: WriteSession,
    people: People,
    paper: Evidence,
    title: str,
    *,
    expires_on: date | None = None,
    actor: Actor | None = None,
) -> Evidence:
    """Replace a paper by a renewed one."""
    return replace_paper(
        session,
        paper.code,
        ReplacePaper(kind=paper.kind, title=title, expires_on=expires_on, version=paper.version),
        stored_file(title),
        file_name=f"{title}.pdf",
        actor=actor or people.producer(paper.producer_id),
        at=people.at,
    )
