"""The gates of a dossier: those to ask, and as they were answered."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import col, select

from app.core.db import ReadSession
from app.domain.dossiers.models import Dossier, GateAnswer
from app.domain.dossiers.rules import GateQuestion, gate_questions
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.rulebooks import loader


def gates_before(product: Product, producer: Producer, *, on: date) -> tuple[GateQuestion, ...]:
    """Return the conditions before a dossier of this product is opened on a day."""
    rubric = loader.rubric_in_force(product.set_number, on)
    return gate_questions(
        loader.in_force(on),
        rubric,
        producer.kind,
        has_registration=bool(producer.registration_number),
    )


def gate_answers_of(session: ReadSession, dossier: Dossier) -> Sequence[GateAnswer]:
    """Return the conditions answered before the dossier was opened, in their order."""
    return session.exec(
        select(GateAnswer)
        .where(col(GateAnswer.dossier_id) == dossier.id)
        .order_by(col(GateAnswer.position))
    ).all()
