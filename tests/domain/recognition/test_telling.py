"""Producers and communes are told of certificates and, in time, of their renewal."""

from datetime import datetime, timedelta

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.recognition.actions import remind_of_renewal
from app.domain.recognition.models import Certificate
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


def test_the_window_is_told_when_it_opens_and_thirty_days_before_it_closes(
    session: WriteSession, people: People
) -> None:
    officer, at = people.officer(), people.at
    assert officer
    certificate = import_certificate(session, people)
    owner = f"chuthe{certificate.producer_id}"
    people.producer(certificate.producer_id)
    counts = {
        days: remind_of_renewal(session, at=before(certificate, days, at))
        for days in (181, 180, 179, 151, 150, 149, 120, 119)
    }
    assert counts == {181: 0, 180: 2, 179: 0, 151: 0, 150: 2, 149: 0, 120: 0, 119: 0}
    opens, closes = (
        told(session, f"certificate.renewal_{step}")[owner] for step in ("opens", "closes")
    )
    last = certificate.expires_on - timedelta(days=120)
    assert (opens.due_on, closes.due_on) == (last, last)
    assert f"đến hết {last:%d/%m/%Y}" in title_of(opens)
    assert f"giấy hết hạn ngày {certificate.expires_on:%d/%m/%Y}" in todo_of(closes)
    assert set(told(session, "certificate.renewal_opens")) == {owner, OFFICER}


def test_a_job_that_missed_the_day_tells_late_and_only_what_still_matters(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    people.producer(certificate.producer_id)
    people.officer()
    assert remind_of_renewal(session, at=before(certificate, 130, people.at)) == 2
    assert not told(session, "certificate.renewal_opens")
    assert told(session, "certificate.renewal_closes")
