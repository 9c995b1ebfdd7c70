"""Builders of renewals and of written opinions on them, through the real actions."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.councils.actions import open_opinion
from app.domain.councils.models import AgendaItem, Council, Meeting
from app.domain.councils.schemas import OpenOpinion
from app.domain.dossiers.actions import accept_dossier, save_changes
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.schemas import AcceptDossier, OpenFromCertificate, SaveChanges
from app.domain.products.models import Product
from app.domain.recognition.actions import open_renewal
from tests.factories.councils import SCORING_MEMBERS, items_of, make_council
from tests.factories.dossiers import (
    another_producer,
    assess,
    file,
    fill_dossier,
    passing_gates,
    propose,
)
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_product

DAYS_TO_EXPIRY = 150  # within the window of art. 7.6.a
CHANGES = {
    "changes": "Bao bì thủy tinh mới.",
    "tests": "Kiểm nghiệm hằng năm, đều đạt.",
    "tests_done": 3,
    "market": "Hai cửa hàng ở Hà Nội.",
    "output_amount": 3600,
    "output_unit": "lít",
    "revenue": 1_440_000_000,
}


def make_renewal(
    session: WriteSession,
    people: People,
    *,
    product: Product | None = None,
    star: int = 4,
    answers: Mapping[str, str] | None = None,
) -> Dossier:
    """Return a renewal that the province accepted today, of a certificate that is about to end."""
    product = product or make_product(session, people, another_producer(session, people))
    today = local_day(people.at)
    certificate = import_certificate(
        session, people, product, star=star, expires_on=today + timedelta(days=DAYS_TO_EXPIRY)
    )
    owner = people.producer(product.producer_id)
    data = OpenFromCertificate(gate_answers=passing_gates(product.set_number))
    dossier = open_renewal(session, certificate.code, data, actor=owner, at=people.at)
    fill_dossier(session, people, dossier, answers=answers)
    changes = SaveChanges(**CHANGES, version=dossier.version)
    save_changes(session, dossier.code, changes, actor=owner, at=people.at)
    file(session, people, dossier)
    assess(session, people, dossier)
    propose(session, people, dossier)
    return accept_dossier(
        session,
        dossier.code,
        AcceptDossier(version=dossier.version),
        None,
        actor=people.agency(),
        at=people.at,
    )


def ask_in_writing(
    session: WriteSession,
    people: People,
    dossiers: Sequence[Dossier] = (),
    *,
    council: Council | None = None,
    due_on: date | None = None,
    members: int = SCORING_MEMBERS,
) -> Meeting:
    """Ask the tests' council in writing about renewals, for ten days unless told."""
    chosen = list(dossiers) or [make_renewal(session, people)]
    council = council or make_council(session, people, members=members)
    return open_opinion(
        session,
        OpenOpinion(
            council=council.code,
            dossiers=[one.code for one in chosen],
            due_on=due_on or local_day(people.at) + timedelta(days=10),
        ),
        actor=people.agency(),
        at=people.at,
    )


def asked(session: WriteSession, people: People) -> AgendaItem:
    """Return the only renewal of a written opinion that was opened just now."""
    (item,) = items_of(session, ask_in_writing(session, people))
    return item
