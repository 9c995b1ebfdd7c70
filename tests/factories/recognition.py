"""Builders of recognition: locked results, decisions drafted and signed, recognitions of the past."""

from datetime import date, datetime, timedelta

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.domain.accounts.rules import SYSTEM
from app.domain.councils.enums import ItemState, MeetingState
from app.domain.councils.models import AgendaItem, Council, Meeting, Result
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.products.models import Product
from app.domain.recognition.actions import (
    draft_decision,
    forward_to_centre,
    import_recognised,
    sign_decision,
)
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.models import CentreSubmission, Certificate, RecognitionDecision
from app.domain.recognition.schemas import (
    DraftDecision,
    ForwardToCentre,
    ImportRecognised,
    SignDecision,
)
from tests.factories.dossiers import make_dossier, make_round
from tests.factories.people import People
from tests.factories.register import make_product

# The council's part is not what these tests are about: only its outcome is put in place.
_COUNCIL_NUMBER = "812/QĐ-UBND"
SIGNATURE = {
    "signed_by": "Nguyễn Văn Mẫu",
    "signed_title": "Phó Chủ tịch",
    "on_behalf": "TM. ỦY BAN NHÂN DÂN, KT. CHỦ TỊCH",
}


def lock_result(
    session: WriteSession,
    people: People,
    dossier: Dossier,
    *,
    star: int = 4,
    locked_at: datetime | None = None,
) -> Result:
    """Let a dossier stand as if the council had locked its result, in one meeting for all."""
    at = locked_at or people.at
    meeting = _meeting(session, people)
    item = AgendaItem(
        code=new_code("MU"),
        meeting_id=meeting.id or 0,
        dossier_id=dossier.id or 0,
        position=dossier.id or 0,
        papers_open_on=local_day(at),
        state=ItemState.LOCKED,
        locked_at=at,
        locked_by="Chủ tịch Thử Nghiệm",
        certified_by="Thư ký Thử Nghiệm",
    )
    session.add(item)
    session.flush()
    result = Result(
        code=new_code("KQ"),
        item_id=item.id or 0,
        dossier_id=dossier.id or 0,
        average_numerator=223,
        average_denominator=3,
        average_text="74,33",
        median_numerator=74,
        median_denominator=1,
        spread=2,
        sheets_counted=3,
        band_star=star,
        star=star,
        outcome="starred",
        sealed={},
        document={},
        document_hash="0" * 64,
        locked_at=at,
    )
    dossier.state = DossierState.LOCKED
    session.add(result)
    session.flush()
    return result


def _meeting(session: WriteSession, people: People) -> Meeting:
    found = session.exec(select(Meeting).order_by(col(Meeting.id)).limit(1)).one_or_none()
    if found is not None:
        return found
    council = Council(
        code=new_code("HD"),
        decision_number=_COUNCIL_NUMBER,
        decided_on=date(2026, 7, 1),
        year=2026,
        term_from=date(2026, 7, 1),
        term_to=date(2026, 12, 31),
        council_rules_code="mac-dinh",
        council_rules_hash="0" * 64,
        created_at=people.at,
    )
    session.add(council)
    session.flush()
    meeting = Meeting(
        code=new_code("PH"),
        council_id=council.id or 0,
        round_id=make_round(session, people).id,
        state=MeetingState.CLOSED,
        place="Phòng họp số 2",
        starts_at=people.at - timedelta(hours=1),
        opened_at=people.at - timedelta(hours=1),
        closed_at=people.at,
        minutes_number="02/BB-HĐ",
    )
    session.add(meeting)
    session.flush()
    return meeting


def locked_dossier(
    session: WriteSession,
    people: People,
    *,
    star: int = 4,
    product: Product | None = None,
    locked_at: datetime | None = None,
) -> Dossier:
    """Return a dossier whose result is locked."""
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED, product=product)
    lock_result(session, people, dossier, star=star, locked_at=locked_at)
    return dossier


def decision_data(
    *dossiers: Dossier,
    number: str = "1268/QĐ-UBND",
    decided_on: date = date(2026, 9, 14),
    kind: DecisionKind = DecisionKind.RECOGNITION,
) -> DraftDecision:
    """Return what a form for a decision holds."""
    return DraftDecision(
        kind=kind, number=number, decided_on=decided_on, dossiers=[one.code for one in dossiers]
    )


def make_decision(
    session: WriteSession,
    people: People,
    *dossiers: Dossier,
    number: str = "1268/QĐ-UBND",
    kind: DecisionKind = DecisionKind.RECOGNITION,
) -> RecognitionDecision:
    """Draft a decision over these locked dossiers, dated today."""
    data = decision_data(*dossiers, number=number, decided_on=local_day(people.at), kind=kind)
    return draft_decision(session, data, actor=people.agency(), at=people.at)


def sign(
    session: WriteSession, people: People, decision: RecognitionDecision
) -> RecognitionDecision:
    """Sign a draft through the provincial signer."""
    return sign_decision(
        session,
        decision.code,
        SignDecision(version=decision.version, **SIGNATURE),
        actor=people.signer(),
        at=people.at,
    )


def approved_dossier(
    session: WriteSession, people: People, *, product: Product | None = None
) -> Dossier:
    """Return a dossier whose result of ninety points and more the province approved."""
    dossier = locked_dossier(session, people, star=5, product=product)
    number = f"{1300 + (dossier.id or 0)}/QĐ-UBND"
    sign(
        session,
        people,
        make_decision(session, people, dossier, number=number, kind=DecisionKind.APPROVAL),
    )
    return dossier


def sent_to_centre(
    session: WriteSession, people: People, *, product: Product | None = None
) -> CentreSubmission:
    """Return a product before the ministry, sent today."""
    dossier = approved_dossier(session, people, product=product)
    data = ForwardToCentre(
        letter_number="2104/UBND-KTN",
        sent_on=local_day(people.at),
        samples=5,
        version=dossier.version,
    )
    return forward_to_centre(session, dossier.code, data, actor=people.agency(), at=people.at)


def certificates_of(session: WriteSession, decision: RecognitionDecision) -> list[Certificate]:
    """Return the certificates of a signed decision in the order of its list."""
    return list(
        session.exec(
            select(Certificate)
            .where(col(Certificate.decision_id) == decision.id)
            .order_by(col(Certificate.id))
        )
    )


def import_certificate(
    session: WriteSession,
    people: People,
    product: Product | None = None,
    *,
    star: int = 4,
    issued_on: date = date(2025, 8, 1),
    expires_on: date | None = None,
) -> Certificate:
    """Enter a recognition of an earlier period: the shortest way to a certificate in force."""
    return import_recognised(
        session,
        product or make_product(session, people),
        ImportRecognised(
            star=star,
            regime_code="qd148-2023",
            decision_number="1268/QĐ-UBND",
            authority="Ủy ban nhân dân tỉnh Lai Châu",
            issued_on=issued_on,
            expires_on=expires_on,
            source_note="Dựng cho thử nghiệm",
        ),
        actor=SYSTEM,
        at=people.at,
    )
