"""Cases of revocation: who opens them, the order of steps, the clock, who is told."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import NotFound, Refusal, StaleVersion
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierKind, DossierState
from app.domain.products.models import Product
from app.domain.recognition.actions import (
    CaseDayInFuture,
    ConcludedBeforeIssue,
    StepBeforeStep,
    attach_conclusion,
    drop_case,
    open_case,
    submit_case,
    verify_case,
)
from app.domain.recognition.enums import RevocationGround, RevocationState
from app.domain.recognition.models import Certificate, RevocationCase
from app.domain.recognition.policy import (
    CaseRuns,
    CasesByAgency,
    NothingToRevoke,
    NotThisStep,
    OnlyStoppedByCommune,
)
from app.domain.recognition.queries import cases_page, conclusion_of, get_case, work_for
from app.domain.recognition.schemas import (
    AttachConclusion,
    DropCase,
    OpenCase,
    SubmitCase,
    VerifyCase,
)
from tests.factories.dossiers import make_dossier, stored_file
from tests.factories.notices import told
from tests.factories.people import ELSEWHERE, HOME, People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.statements import counted

CONCLUDED = date(2026, 9, 10)


def conclusion(**changes: Any) -> OpenCase:
    """Return what the form of a new case holds."""
    return OpenCase(
        **{
            "ground": RevocationGround.MARK_MISUSED,
            "conclusion_number": "45/KL-SNNMT",
            "conclusion_authority": "Sở Nông nghiệp và Môi trường",
            "concluded_on": CONCLUDED,
        }
        | changes
    )


def opened(
    session: WriteSession, people: People, certificate: Certificate, **changes: Any
) -> RevocationCase:
    return open_case(
        session, certificate.code, conclusion(**changes), actor=people.agency(), at=people.at
    )


def verified(session: WriteSession, people: People, case: RevocationCase) -> None:
    data = VerifyCase(
        verified_on=local_day(people.at), verification="Đúng như kết luận.", version=case.version
    )
    verify_case(session, case.code, data, actor=people.agency(), at=people.at)


def test_a_case_goes_from_conclusion_to_submission_with_fifteen_days_to_decide(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    owner = people.producer(certificate.producer_id)
    people.officer(), people.leader(), people.head()
    case = opened(session, people, certificate)
    today = local_day(people.at)
    assert (case.state, case.due_on) == (RevocationState.OPENED, date(2026, 9, 25))
    names = {f"chuthe{certificate.producer_id}", f"canbo{HOME}", f"lanhdao{HOME}", "truongcoquan"}
    assert set(told(session, "revocation.opened")) == names
    with pytest.raises(NotThisStep):
        submit_case(
            session,
            case.code,
            SubmitCase(submission_number="112/TTr", submitted_on=today, version=case.version),
            actor=people.agency(),
            at=people.at,
        )
    verified(session, people, case)
    early = SubmitCase(
        submission_number="112/TTr",
        submitted_on=today - timedelta(days=1),
        version=case.version,
    )
    with pytest.raises(StepBeforeStep):
        submit_case(session, case.code, early, actor=people.agency(), at=people.at)
    session.refresh(case)
    row = submit_case(
        session,
        case.code,
        early.model_copy(update={"submitted_on": today, "version": case.version}),
        actor=people.agency(),
        at=people.at,
    )
    assert (row.case.state, row.to_ministry) == (RevocationState.SUBMITTED, False)
    assert row.ground.basis.article == "Điều 8.1.d"
    seen = get_case(session, case.code, actor=owner, on=case.due_on + timedelta(days=1))
    assert (seen.is_overdue, seen.days_left) == (True, -1)


def test_the_ministry_decides_about_five_stars(session: WriteSession, people: People) -> None:
    certificate = import_certificate(session, people, star=5)
    case = opened(session, people, certificate)
    assert get_case(session, case.code, actor=people.agency(), on=CONCLUDED).to_ministry


def test_a_commune_confirms_only_that_production_ended(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)

    def by(actor: Actor, **changes: Any) -> RevocationCase:
        return open_case(
            session, certificate.code, conclusion(**changes), actor=actor, at=people.at
        )

    stopped = {"ground": RevocationGround.PRODUCTION_STOPPED}
    refused: list[tuple[Actor, dict[str, Any], type[Refusal]]] = [
        (people.leader(), {}, OnlyStoppedByCommune),
        (people.producer(certificate.producer_id), stopped, CasesByAgency),
        (people.head(), stopped, CasesByAgency),
        (people.officer(ELSEWHERE), stopped, NotFound),
    ]
    for actor, changes, why in refused:
        with pytest.raises(why):
            by(actor, **changes)
    case = by(people.leader(), **stopped)
    with pytest.raises(CasesByAgency):
        drop_case(
            session,
            case.code,
            DropCase(reason="Không phải", version=1),
            actor=people.leader(),
            at=people.at,
        )
    attach_conclusion(
        session,
        case.code,
        AttachConclusion(version=case.version),
        stored_file(),
        file_name="xac-nhan.pdf",
        actor=people.officer(),
        at=people.at,
    )
    kept = conclusion_of(session, case.code, actor=people.agency(), on=CONCLUDED)
    assert kept.file_name == "xac-nhan.pdf"


def test_a_case_is_refused_where_nothing_is_left_to_revoke_or_the_day_is_wrong(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    with pytest.raises(CaseDayInFuture):
        opened(session, people, certificate, concluded_on=local_day(people.at) + timedelta(days=1))
    with pytest.raises(ConcludedBeforeIssue):
        opened(session, people, certificate, concluded_on=date(2025, 7, 31))
    case = opened(session, people, certificate)
    with pytest.raises(CaseRuns):
        opened(session, people, certificate)
    with pytest.raises(StaleVersion):
        drop_case(
            session,
            case.code,
            DropCase(reason="Kết luận bị hủy", version=9),
            actor=people.agency(),
            at=people.at,
        )
    drop_case(
        session,
        case.code,
        DropCase(reason="Kết luận bị hủy", version=case.version),
        actor=people.agency(),
        at=people.at,
    )
    assert case.state is RevocationState.DROPPED
    assert opened(session, people, certificate).id != case.id
    certificate.revoked_on = local_day(people.at)
    with pytest.raises(NothingToRevoke):
        opened(session, people, certificate)


def test_open_cases_wait_for_the_agency_the_oldest_first_and_overdue_ones_marked(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    days = (CONCLUDED, date(2026, 8, 25))
    for number, day in enumerate(days):
        product = make_product(session, people, producer, name=f"Chè {number}")
        certificate = import_certificate(session, people, product)
        opened(session, people, certificate, concluded_on=day)
    items = work_for(session, people.agency(), on=local_day(people.at))
    assert [(one.kind, one.overdue) for one in items] == [
        ("revocation.opened", True),
        ("revocation.opened", False),
    ]
    owner, stranger = people.producer(producer.id or 0), people.officer(ELSEWHERE)
    assert [
        len(cases_page(session, actor=actor, on=CONCLUDED).items) for actor in (owner, stranger)
    ] == [2, 0]


def test_an_extension_whose_renewal_failed_waits_for_the_agency_to_end_it(
    session: WriteSession, people: People, engine: Engine
) -> None:
    today, agency = local_day(people.at), people.agency()
    certificate = import_certificate(
        session, people, issued_on=date(2023, 9, 1), expires_on=date(2026, 9, 1)
    )
    certificate.extended_from = date(2026, 8, 20)
    certificate.extended_until = date(2026, 12, 1)
    product = session.get(Product, certificate.product_id)
    dossier = make_dossier(session, people, product=product)
    dossier.kind, dossier.certificate_code = DossierKind.RENEWAL, certificate.code
    assert work_for(session, agency, on=today) == []
    dossier.state = DossierState.BELOW_THREE
    session.flush()
    with counted(engine) as sent:
        (item,) = work_for(session, agency, on=today)
    assert (item.kind, item.code, item.due_on) == (
        "certificate.end_extension",
        certificate.code,
        date(2026, 12, 1),
    )
    assert len(sent) == 3  # results to decide on, decisions, certificates to end
    certificate.extended_until = today - timedelta(days=1)
    assert work_for(session, agency, on=today) == []
