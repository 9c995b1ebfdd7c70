"""Steps that later packages take: they lock the row and know the seats; here the state moves.

Who may is decided by the caller's own policy (a seat on the council, the signer's office).
"""

from datetime import datetime

from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.dossiers.actions.moving import move
from app.domain.dossiers.enums import DossierState, Step
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import CLOSING_STEPS


def schedule_dossier(
    session: WriteSession, dossier: Dossier, *, actor: Actor, at: datetime, meeting: str = ""
) -> Dossier:
    """Put an accepted dossier on a meeting's agenda; records dossier.scheduled."""
    return move(session, dossier, Step.SCHEDULE, actor=actor, at=at, meeting=meeting)


def open_scoring(
    session: WriteSession, dossier: Dossier, *, actor: Actor, at: datetime, meeting: str = ""
) -> Dossier:
    """Let the members score; records dossier.scoring_opened."""
    return move(session, dossier, Step.OPEN_SCORING, actor=actor, at=at, meeting=meeting)


def lock_dossier(session: WriteSession, dossier: Dossier, *, actor: Actor, at: datetime) -> Dossier:
    """Fix the council's result; records dossier.locked."""
    return move(session, dossier, Step.LOCK, actor=actor, at=at)


def recognise_dossier(
    session: WriteSession, dossier: Dossier, *, actor: Actor, at: datetime
) -> Dossier:
    """End with recognition by the signed decision; records dossier.recognised."""
    return move(session, dossier, Step.RECOGNISE, actor=actor, at=at)


def close_without_recognition(
    session: WriteSession, dossier: Dossier, outcome: DossierState, *, actor: Actor, at: datetime
) -> Dossier:
    """End below three stars, excluded, or waiting for the ministry; records the step's event."""
    return move(session, dossier, CLOSING_STEPS[outcome], actor=actor, at=at)
