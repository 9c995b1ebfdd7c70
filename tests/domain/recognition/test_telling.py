"""Producers and communes are told of certificates and, in time, of their renewal."""

from datetime import date, datetime, timedelta

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.dossiers.enums import DossierState
from app.domain.products.models import Product
from app.domain.recognition.actions import remind_of_renewal
from app.domain.recognition.enums import ChangeKind
from app.domain.recognition.models import Certificate, RegisterChange
from tests.factories.dossiers import make_dossier
from tests.factories.notices import notices_of, title_of, todo_of, told
from tests.factories.people import HOME, People
from tests.factories.recognition import (
    certificates_of,
    import_certificate,
    locked_dossier,
    make_decision,
    sign,
)

OFFICER, LEADER = f"canbo{HOME}", f"lanhdao{HOME}"


def test_a_signed_decision_tells_producer_and_commune_of_each_certificate(
    session: WriteSession, people: People
) -> None:
    people.leader()
    dossiers = [locked_dossier(session, people) for _ in range(2)]
    decision = sign(session, people, make_decision(session, people, *dossiers))
    certificates = certificates_of(session, decision)
    rows = notices_of(session, "certificate.issued")
    owners = [f"chuthe{one.producer_id}" for one in certificates]
    assert sorted(name for name, _ in rows) == sorted([*owners, OFFICER, LEADER, OFFICER, LEADER])
    assert {one.subject_code for _, one in rows} == {one.code for one in certificates}
    notice = told(session, "certificate.issued")[owners[0]]
    assert "OCOP 4 sao theo quyết định 1268/QĐ-UBND ngày 14/09/2026" in title_of(notice)
    assert "đến hết ngày 14/09/2029" in todo_of(notice)
    # One letter for recognition, not a second one for the dossier's step.
    assert not told(session, "dossier.recognised")


def test_recognitions_of_the_past_are_told_to_nobody(session: WriteSession, people: People) -> None:
    people.officer()
    import_certificate(session, people)
    assert not told(session, "certificate.issued")


def before(certificate: Certificate, days: int, at: datetime) -> datetime:
    """Return the same hour so many days before the end of a certificate."""
    return at + (certificate.expires_on - local_day(at)) - timedelta(days=days)


def test_each_milestone_is_told_once_to_producer_commune_and_agency(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    owner = f"chuthe{certificate.producer_id}"
    people.producer(certificate.producer_id)
    people.officer(), people.leader(), people.agency()
    days = (211, 210, 209, 180, 179, 150, 149, 120, 119, 31, 30, 29, 1, 0, -1)
    counts = {
        left: remind_of_renewal(session, at=before(certificate, left, people.at)) for left in days
    }
    told_on = {left: count for left, count in counts.items() if count}
    assert told_on == {210: 4, 180: 4, 150: 2, 120: 4, 30: 4, 0: 4}
    opens, closes, ends = (
        told(session, f"certificate.{kind}")[owner]
        for kind in ("renewal_opens", "renewal_closes", "ends")
    )
    last = certificate.expires_on - timedelta(days=120)
    assert (opens.due_on, closes.due_on, ends.due_on) == (last, last, certificate.expires_on)
    assert f"đến hết {last:%d/%m/%Y}" in title_of(opens)
    assert f"giấy hết hạn ngày {certificate.expires_on:%d/%m/%Y}" in todo_of(closes)
    first = certificate.expires_on - timedelta(days=180)
    for kind in ("renewal_soon", "renewal_closed", "ends_soon", "ends"):
        notice = told(session, f"certificate.{kind}")["canbotinh"]
        said = title_of(notice) + todo_of(notice)
        assert f"{first:%d/%m/%Y}" in said
        assert f"{last:%d/%m/%Y}" in said


def test_a_job_that_missed_the_day_tells_late_and_only_what_still_matters(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    people.producer(certificate.producer_id)
    people.officer()
    assert remind_of_renewal(session, at=before(certificate, 130, people.at)) == 2
    assert not told(session, "certificate.renewal_opens")
    assert told(session, "certificate.renewal_closes")
    assert remind_of_renewal(session, at=before(certificate, -31, people.at)) == 0


def test_a_dossier_under_way_leaves_only_the_last_two_reminders_and_a_draft_none_the_less_all(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    people.producer(certificate.producer_id)
    product = session.get(Product, certificate.product_id)
    dossier = make_dossier(session, people, product=product)
    assert remind_of_renewal(session, at=before(certificate, 180, people.at)) == 2
    dossier.state = DossierState.PROPOSED
    counts = [
        remind_of_renewal(session, at=before(certificate, left, people.at)) for left in (120, 30, 0)
    ]
    assert counts == [0, 2, 2]


def expiries(session: WriteSession) -> list[date]:
    return list(
        session.exec(
            select(col(RegisterChange.since))
            .where(col(RegisterChange.kind) == ChangeKind.EXPIRED)
            .order_by(col(RegisterChange.id))
        ).all()
    )


def test_the_register_tells_an_end_once_and_the_end_of_an_extension_when_it_comes(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    people.producer(certificate.producer_id)
    product = session.get(Product, certificate.product_id)
    replaced = import_certificate(session, people, product, issued_on=date(2020, 1, 1))
    assert replaced.superseded_by_id == certificate.id
    end = certificate.expires_on
    certificate.extended_from = end - timedelta(days=5)
    certificate.extended_until = end + timedelta(days=60)
    for left in (0, -1):
        assert remind_of_renewal(session, at=before(certificate, left, people.at)) == 0
    assert expiries(session) == []
    counts = [
        remind_of_renewal(session, at=before(certificate, left, people.at))
        for left in (-30, -60, -61, -62)
    ]
    assert counts == [2, 2, 0, 0]
    assert expiries(session) == [end + timedelta(days=61)]
