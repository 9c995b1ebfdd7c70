"""What a product was recognised by, taken over into the dossier of its upgrade or renewal."""

from datetime import date

from sqlmodel import col, select

from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.dossiers.models import Dossier, EvidenceUse, SelfAssessmentAnswer
from app.domain.dossiers.queries import get_dossier, self_assessment
from app.domain.dossiers.rules import carried_answers
from app.rulebooks import loader


def carry_over(session: WriteSession, dossier: Dossier, *, actor: Actor, on: date) -> None:
    """Copy the answers that still mean the same, and cite the papers that are still good.

    A paper is carried as the same row, so by the same hash and with its own expiry; one that has
    expired or was replaced stays behind. Records nothing of its own: the dossier was just opened.
    """
    row = get_dossier(session, dossier.code, actor=actor)
    earlier = self_assessment(session, row, actor=actor).earlier
    if earlier is None:
        return
    kept, _ = carried_answers(earlier.rubric, loader.rubric(dossier.rubric_code), earlier.claims)
    session.add_all(
        SelfAssessmentAnswer(
            dossier_id=dossier.id or 0,
            criterion_code=code,
            option_code=claim.option_code,
            description=claim.description,
        )
        for code, claim in kept.items()
        if claim.option_code or claim.description
    )
    session.add_all(
        EvidenceUse(dossier_id=dossier.id or 0, criterion_code=code, evidence_id=paper.id or 0)
        for code, papers in earlier.papers.items()
        if code in kept
        for paper in papers
        if not earlier.is_to_replace(paper, on)
    )
    before = session.exec(
        select(Dossier).where(col(Dossier.id) == dossier.previous_dossier_id)
    ).one()
    dossier.business_plan = before.business_plan
    session.flush()
