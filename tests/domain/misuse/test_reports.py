"""A report from its sending to its end: what the stamp said, who works on it, who is remembered."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from app.core.db import WriteSession, transaction
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted
from app.core.pictures import store_witness_picture
from app.core.settings import Settings
from app.core.stocktaking import sweep
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import waiting_kinds
from app.domain.audit.models import AuditEvent
from app.domain.misuse.actions import (
    HasJoined,
    close_report,
    forget_ended,
    forget_reporter,
    give_back_report,
    join_report,
    name_certificate,
    read_contact,
    send_report,
    take_report,
)
from app.domain.misuse.enums import ReportOutcome, ReportState
from app.domain.misuse.models import MisuseContact, MisusePhoto, MisuseReport
from app.domain.misuse.policy import NoContact, NotTakenByYou, NotWorker
from app.domain.misuse.queries import (
    get_report,
    open_counts,
    open_state,
    reports_page,
    seen_report,
    work_for,
)
from app.domain.misuse.schemas import (
    CloseReport,
    ForgetReporter,
    GiveBackReport,
    JoinReport,
    NameCertificate,
    SendReport,
    TakeReport,
)
from app.domain.recognition.enums import RevocationGround, RevocationState
from app.domain.recognition.models import RevocationCase
from app.domain.stamps.enums import BatchState, Verdict
from tests.conftest import AT, commit
from tests.factories.files import photo
from tests.factories.misuse import REPORTER, make_report, report_texts
from tests.factories.notices import notices_of, title_of, told
from tests.factories.people import ELSEWHERE, HOME, People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.stamps import make_batch, serial_text, stamps_of

NOTE = "Đến nơi ngày 15/9: còn 12 túi in 4 sao."


def closing(report: MisuseReport, outcome: ReportOutcome, **typed: Any) -> CloseReport:
    return CloseReport(outcome=outcome, note=NOTE, version=report.version, **typed)


def taken(session: WriteSession, report: MisuseReport, actor: Actor) -> MisuseReport:
    return take_report(session, report.code, TakeReport(version=report.version), actor=actor, at=AT)


def test_a_report_keeps_what_the_stamp_said_and_tells_the_agency_without_the_reporter(
    session: WriteSession, people: People, settings: Settings
) -> None:
    agency = people.agency()
    batch = make_batch(session, people, settings.private_key_dir, state=BatchState.IN_USE)
    serial = serial_text(stamps_of(session, batch)[0])
    report = make_report(session, people, stamp=serial, **REPORTER)
    assert (report.certificate_id, report.verdict) == (batch.certificate_id, Verdict.VALID)
    assert "4 sao" in report.stamp_said
    assert set(told(session, "misuse.came")) == {"canbotinh", "truongcoquan"}
    unreadable = make_report(session, people, stamp="không rõ")
    assert (unreadable.verdict, unreadable.certificate_id) == (None, None)
    assert unreadable.stamp == "không rõ"
    commit(session)
    events = session.exec(select(AuditEvent).where(AuditEvent.kind == "report.received")).all()
    said = " ".join(str(event.model_dump()) for event in events) + " ".join(
        title_of(notice) for _, notice in notices_of(session, "misuse.came")
    )
    assert not any(words in said for words in REPORTER.values())
    assert [item.route_name for item in work_for(session, agency, on=date(2026, 9, 14))] == [
        "misuse.show",
        "misuse.show",
    ]


def test_a_day_to_come_a_foreign_certificate_and_a_foreign_commune_are_refused(
    session: WriteSession, people: People
) -> None:
    wrong_ones: tuple[tuple[str, dict[str, Any]], ...] = (
        ("seen_on", {"seen_on": "2026-09-15"}),
        ("certificate", {"certificate": "CN-0000000"}),
        ("commune_code", {"commune_code": "00000"}),
    )
    for field, typed in wrong_ones:
        with pytest.raises(Invalid) as wrong:
            make_report(session, people, **typed)
        assert set(wrong.value.fields) == {field}


def test_a_report_is_taken_given_back_and_ended_with_the_letter_that_hands_it_over(
    session: WriteSession, people: People
) -> None:
    report = make_report(session, people)
    inspector, agency = people.inspector(), people.agency()
    for stranger in (people.officer(), people.auditor()):
        with pytest.raises((NotFound, NotWorker)):
            taken(session, report, stranger)
    taken(session, report, inspector)
    with pytest.raises(NotTakenByYou):
        close_report(
            session, report.code, closing(report, ReportOutcome.NO_BREACH), actor=agency, at=AT
        )
    give_back_report(
        session,
        report.code,
        GiveBackReport(note="Đi học.", version=report.version),
        actor=inspector,
        at=AT,
    )
    assert (report.state, report.taken_by_id) == (ReportState.RECEIVED, None)
    taken(session, report, inspector)
    taken(session, report, agency)
    with pytest.raises(Invalid) as wrong:
        close_report(
            session, report.code, closing(report, ReportOutcome.HANDED_OVER), actor=agency, at=AT
        )
    assert set(wrong.value.fields) == {"reference", "authority", "letter_on"}
    letter = {
        "reference": "145/SNNMT-OCOP",
        "authority": "Chi cục Quản lý thị trường",
        "letter_on": date(2026, 9, 14),
    }
    close_report(
        session,
        report.code,
        closing(report, ReportOutcome.HANDED_OVER, **letter),
        actor=agency,
        at=AT + timedelta(days=1),
    )
    assert waiting_kinds(session)[-1] == "report.closed"
    state = open_state(session, report.code.lower())
    assert (state.state, state.since) == (ReportState.CLOSED, date(2026, 9, 15))
    assert open_counts(session, since=AT - timedelta(days=1)) == (1, 1)
    seen = seen_report(session, report.code, actor=agency, at=AT)
    assert [step.step.value for step in seen.steps] == [
        "take",
        "give_back",
        "take",
        "take",
        "close",
    ]
    with pytest.raises(Conflict):
        taken(session, report, inspector)


def test_a_check_or_a_case_must_be_there_and_be_of_the_certificate(
    session: WriteSession, people: People
) -> None:
    agency = people.agency()
    producer = make_producer(session, people)
    mine, other = (
        import_certificate(session, people, make_product(session, people, producer, name=name))
        for name in ("Miến dong", "Miến đao")
    )
    report = make_report(session, people, state=ReportState.CHECKING)
    name_certificate(
        session,
        report.code,
        NameCertificate(certificate=mine.code, version=report.version),
        actor=agency,
        at=AT,
    )
    case = RevocationCase(
        code="TH-0000001",
        certificate_id=other.id or 0,
        state=RevocationState.OPENED,
        ground=RevocationGround.MARK_MISUSED,
        conclusion_number="12/KL",
        conclusion_authority="Chi cục Quản lý thị trường",
        concluded_on=date(2026, 9, 10),
        due_on=date(2026, 9, 25),
        opened_at=AT,
        opened_by="Thử Nghiệm",
    )
    session.add(case)
    session.flush()
    for outcome, reference in (
        (ReportOutcome.INSPECTION, "KT-0000000"),
        (ReportOutcome.REVOCATION, "TH-0000000"),
        (ReportOutcome.REVOCATION, case.code),
    ):
        with pytest.raises(Invalid) as wrong:
            close_report(
                session,
                report.code,
                closing(report, outcome, reference=reference),
                actor=agency,
                at=AT,
            )
        assert set(wrong.value.fields) == {"reference"}
    case.certificate_id = mine.id or 0
    close_report(
        session,
        report.code,
        closing(report, ReportOutcome.REVOCATION, reference=case.code),
        actor=agency,
        at=AT,
    )
    assert (report.state, report.outcome_reference) == (ReportState.CLOSED, case.code)


def test_reports_of_one_matter_are_joined_without_chains(
    session: WriteSession, people: People
) -> None:
    agency = people.agency()
    first, second, third = (make_report(session, people) for _ in range(3))

    def join(one: MisuseReport, to: MisuseReport) -> MisuseReport:
        return join_report(
            session,
            one.code,
            JoinReport(report=to.code, version=one.version),
            actor=agency,
            at=AT,
        )

    join(second, first)
    taken(session, first, agency)
    assert open_state(session, second.code).state is ReportState.CHECKING
    with pytest.raises(Invalid):
        join(third, second)
    with pytest.raises(Invalid):
        join(third, third)
    with pytest.raises(HasJoined):
        join(first, third)
    others = seen_report(session, first.code, actor=agency, at=AT).others
    assert [other.code for other in others] == [second.code]


def test_only_whoever_took_a_report_reads_the_contact_and_each_reading_is_recorded(
    session: WriteSession, people: People
) -> None:
    report = make_report(session, people, commune_code=HOME, **REPORTER)
    inspector = people.inspector()
    for refused, why in (
        (people.officer(), NotWorker),
        (people.auditor(), NotWorker),
        (inspector, NotTakenByYou),
    ):
        with pytest.raises(why):
            read_contact(session, report.code, actor=refused, at=AT)
    taken(session, report, inspector)
    for _ in range(2):
        contact = read_contact(session, report.code, actor=inspector, at=AT)
        assert contact.phone == REPORTER["reporter_phone"]
    assert waiting_kinds(session).count("report.contact_read") == 2
    with pytest.raises(NotPermitted):
        forget_reporter(
            session,
            report.code,
            ForgetReporter(reason="Họ đề nghị.", version=report.version),
            actor=inspector,
            at=AT,
        )
    forget_reporter(
        session,
        report.code,
        ForgetReporter(reason="Họ đề nghị.", version=report.version),
        actor=people.agency(),
        at=AT,
    )
    with pytest.raises(NoContact):
        read_contact(session, report.code, actor=inspector, at=AT)


def test_a_commune_sees_what_was_seen_or_made_there_and_nobody_else_sees_anything(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    seen_here = make_report(session, people, commune_code=HOME)
    made_here = make_report(session, people, certificate=certificate.code)
    nowhere = make_report(session, people)

    def visible(actor: Actor) -> set[str]:
        return {row.report.code for row in reports_page(session, actor=actor, at=AT).items}

    assert visible(people.officer()) == {seen_here.code, made_here.code}
    assert visible(people.officer(ELSEWHERE)) == set()
    assert visible(people.signer()) == set()
    everything = {seen_here.code, made_here.code, nowhere.code}
    assert visible(people.auditor()) == visible(people.inspector()) == everything
    with pytest.raises(NotFound):
        get_report(session, nowhere.code, actor=people.officer(), at=AT)


def test_three_reports_of_one_certificate_in_thirty_days_are_shown_together(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    agency = people.agency()
    for days in (40, 20, 10, 0):
        send_report(
            session,
            SendReport.model_validate(
                report_texts(certificate=certificate.code, seen_on="2026-08-01")
            ),
            at=AT - timedelta(days=days),
        )
    make_report(session, people)
    session.flush()
    rows = reports_page(session, actor=agency, at=AT).items
    assert [(row.repeats, row.is_repeated) for row in rows] == [(0, False), *[(3, True)] * 4]


def test_a_reporter_is_forgotten_with_the_photos_a_year_after_the_end(
    engine: Engine, settings: Settings
) -> None:
    picture = store_witness_picture(settings.files, photo(), gives_position=True)
    with transaction(engine) as session:
        people = People(session, AT)
        report = send_report(
            session,
            SendReport.model_validate(report_texts(**REPORTER)),
            [picture],
            gives_position=True,
            at=AT,
        )
        session.flush()
        taken(session, report, people.agency())
        close_report(
            session,
            report.code,
            closing(report, ReportOutcome.CANNOT_TELL),
            actor=people.agency(),
            at=AT,
        )
        waiting = make_report(session, people, **REPORTER)
        code, kept = report.code, waiting.id
    with transaction(engine) as session:
        assert forget_ended(session, days=365, at=AT + timedelta(days=365)) == 0
        (stored,) = session.exec(select(MisusePhoto)).all()
        assert stored.position == "22.39556, 103.45833"
    later = AT + timedelta(days=366)
    with transaction(engine) as session:
        assert forget_ended(session, days=365, at=later) == 1
        assert waiting_kinds(session) == ["report.outlived"]
        assert [one.report_id for one in session.exec(select(MisuseContact)).all()] == [kept]
        (stored,) = session.exec(select(MisusePhoto)).all()
        assert {stored.sha256, stored.copy_sha256, stored.thumbnail_sha256} == {None}
        assert stored.position == ""
    with transaction(engine) as session:
        assert forget_ended(session, days=365, at=later) == 0
        seen = seen_report(session, code, actor=People(session, AT).inspector(), at=later)
        assert (seen.photos, seen.report.has_contact) == ([], False)
    assert sweep(engine, settings.files, before=AT + timedelta(days=9999)).files == 3
