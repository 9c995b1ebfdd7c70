"""The commune's part of a dossier: receipt, check of the parts, returns, report, working days."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from pydantic import ValidationError
from pypdf import PdfReader
from sqlalchemy.exc import IntegrityError

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, StaleVersion
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import waiting_kinds
from app.domain.dossiers.actions import (
    check_components,
    file_dossier,
    receive_dossier,
    return_dossier,
    save_commune_report,
    sign_commune_report,
)
from app.domain.dossiers.enums import DossierPart, DossierState
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.papers import NotFiledYet, receipt_paper
from app.domain.dossiers.policy import why_not_check, why_not_receive, why_not_sign
from app.domain.dossiers.queries import dossiers_page, find_report, get_dossier, work_for
from app.domain.dossiers.rules import COMMUNE, COMMUNE_CHECK
from app.domain.dossiers.schemas import (
    CheckComponents,
    CommuneReportOut,
    ComponentCheck,
    FileDossier,
    ReceiveDossier,
    ReturnDossier,
    ReturnItem,
    SaveCommuneReport,
    SignCommuneReport,
)
from app.domain.places.models import Holiday
from tests.factories.dossiers import (
    file,
    fill_dossier,
    filled_report,
    give_back,
    make_dossier,
    report_on,
    take_to,
)
from tests.factories.people import ELSEWHERE, People

TOURISM = 26


def check(dossier: Dossier, *lacking: DossierPart, without: DossierPart | None = None) -> Any:
    return CheckComponents(
        items=[
            ComponentCheck(part=part, complete=part not in lacking, note="Thiếu trang 2.")
            for part in DossierPart
            if part is not without
        ],
        version=dossier.version,
    )


def checked(session: WriteSession, people: People, dossier: Dossier, *lacking: DossierPart) -> None:
    officer = people.officer(dossier.commune_code)
    check_components(session, dossier.code, check(dossier, *lacking), actor=officer, at=people.at)


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(p.extract_text() for p in PdfReader(BytesIO(pdf)).pages).split())


# --- receipt ------------------------------------------------------------------------------------


def test_receiving_says_who_when_and_how_many_samples_and_does_not_move_the_limit(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    filed, due = dossier.filed_at, dossier.commune_due_on
    assert (dossier.received_at, dossier.received_by) == (None, "")
    people.at += timedelta(days=2)
    wanted = ReceiveDossier(samples_received=4, version=dossier.version)
    receive_dossier(session, dossier.code, wanted, actor=people.officer(), at=people.at)
    assert (dossier.received_at, dossier.received_by) == (people.at, people.officer().name)
    assert dossier.received_samples == 4
    assert (dossier.filed_at, dossier.commune_due_on) == (filed, due)
    assert waiting_kinds(session)[-1] == "dossier.received"


def test_a_dossier_is_received_once_by_its_own_officer_while_it_is_filed(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    wanted = ReceiveDossier(samples_received=5, version=dossier.version)
    for actor, refusal in (
        (people.leader(), NotPermitted),
        (people.agency(), NotPermitted),
        (people.producer(dossier.producer_id), NotPermitted),
        (people.officer(ELSEWHERE), NotFound),
    ):
        with pytest.raises(refusal):
            receive_dossier(session, dossier.code, wanted, actor=actor, at=people.at)
    stale = ReceiveDossier(version=dossier.version + 1)
    with pytest.raises(StaleVersion):
        receive_dossier(session, dossier.code, stale, actor=people.officer(), at=people.at)
    receive_dossier(session, dossier.code, wanted, actor=people.officer(), at=people.at)
    again = why_not_receive(people.officer(), dossier)
    assert again is not None
    assert (again.reason_code, again.legal_basis) == ("dossier.received_already", COMMUNE)
    give_back(session, people, dossier)
    later = why_not_receive(people.officer(), dossier)
    assert later is not None
    assert later.reason_code == "dossier.wrong_state"


def test_an_officer_who_hands_in_for_a_producer_has_received(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    fill_dossier(session, people, dossier)
    handing_in = FileDossier(version=dossier.version)
    file_dossier(session, dossier.code, handing_in, actor=people.officer(), at=people.at)
    assert (dossier.received_by, dossier.received_at) == (people.officer().name, people.at)
    assert dossier.received_samples == 5


def test_tourism_is_received_without_samples(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED, set_number=TOURISM)
    officer = people.officer()
    counted = ReceiveDossier(samples_received=1, version=dossier.version)
    with pytest.raises(Invalid) as wrong:
        receive_dossier(session, dossier.code, counted, actor=officer, at=people.at)
    assert set(wrong.value.fields) == {"samples_received"}
    none = ReceiveDossier(version=dossier.version)
    receive_dossier(session, dossier.code, none, actor=officer, at=people.at)
    assert dossier.received_samples is None


def test_what_is_handed_in_again_is_received_again_under_the_same_slip(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    slip, officer = dossier.slip_number, people.officer()
    wanted = ReceiveDossier(samples_received=5, version=dossier.version)
    receive_dossier(session, dossier.code, wanted, actor=officer, at=people.at)
    give_back(session, people, dossier)
    assert dossier.received_by == officer.name
    file(session, people, dossier)
    assert (dossier.slip_number, dossier.received_by, dossier.received_at) == (slip, "", None)
    assert why_not_receive(officer, dossier) is None


def test_the_slip_tells_parts_samples_limit_and_who_received(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    owner = people.producer(dossier.producer_id)

    def printed(actor: Actor) -> str:
        return text_of(
            receipt_paper(session, dossier.code, actor=actor, at=people.at, demonstration=False)
        )

    with pytest.raises(NotFiledYet):
        printed(owner)
    take_to(session, people, dossier, DossierState.FILED)
    said = printed(owner)
    assert dossier.slip_number
    assert dossier.slip_number in said
    assert "05/10/2026" in said
    assert "khai 05, chưa đếm" in said
    assert "1 giấy tờ" in said
    assert people.officer().name not in said
    wanted = ReceiveDossier(samples_received=4, version=dossier.version)
    receive_dossier(session, dossier.code, wanted, actor=people.officer(), at=people.at)
    checked(session, people, dossier, DossierPart.EVIDENCE)
    said = printed(people.officer())
    assert "đếm được 04" in said
    assert "Thiếu trang 2." in said
    assert people.officer().name in said
    with pytest.raises(NotFound):
        printed(people.officer(ELSEWHERE))


def test_the_slip_of_tourism_asks_for_no_samples_and_says_who_handed_in(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, set_number=TOURISM)
    fill_dossier(session, people, dossier)
    handing_in = FileDossier(version=dossier.version)
    officer = people.officer()
    file_dossier(session, dossier.code, handing_in, actor=officer, at=people.at)
    said = text_of(
        receipt_paper(session, dossier.code, actor=officer, at=people.at, demonstration=True)
    )
    assert "không yêu cầu" in said
    assert "Cán bộ xã nộp hồ sơ thay chủ thể." in said
    assert "BẢN MINH HỌA" in said


# --- check of the parts ---------------------------------------------------------------------------


def test_the_leader_signs_only_when_every_part_is_there(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    officer, leader = people.officer(), people.leader()
    save_commune_report(session, dossier.code, filled_report(), actor=officer, at=people.at)
    report = find_report(session, dossier)
    unchecked = why_not_sign(leader, dossier, report)
    assert unchecked is not None
    assert (unchecked.reason_code, unchecked.legal_basis) == (
        "dossier.components_unchecked",
        COMMUNE_CHECK,
    )
    part = check(dossier, without=DossierPart.EVIDENCE)
    check_components(session, dossier.code, part, actor=officer, at=people.at)
    still = why_not_sign(leader, dossier, report)
    assert still is not None
    assert still.text.endswith("Minh chứng.")
    checked(session, people, dossier, DossierPart.EVIDENCE)
    assert (dossier.components_complete, len(dossier.component_checks)) == (False, 6)
    lacking = why_not_sign(leader, dossier, report)
    assert lacking is not None
    assert lacking.reason_code == "dossier.components_lacking"
    signing = SignCommuneReport(
        report_number="1/BC", signed_title="Chủ tịch", version=report.version if report else 1
    )
    with pytest.raises(Conflict):
        sign_commune_report(session, dossier.code, signing, actor=leader, at=people.at)
    checked(session, people, dossier)
    assert dossier.components_complete
    assert (dossier.checked_by, dossier.checked_at) == (officer.name, people.at)
    sign_commune_report(session, dossier.code, signing, actor=leader, at=people.at)
    assert dossier.state is DossierState.ASSESSED


def test_what_lacks_is_said_in_words_and_no_part_twice() -> None:
    with pytest.raises(ValidationError, match="thiếu gì"):
        ComponentCheck(part=DossierPart.EVIDENCE, complete=False, note=" \u200b")
    twice = ComponentCheck(part=DossierPart.EVIDENCE, complete=True)
    with pytest.raises(ValidationError, match="một lần"):
        CheckComponents(items=[twice, twice], version=1)


def test_the_same_check_again_is_no_event_and_others_do_not_check(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    checked(session, people, dossier)
    version, said = dossier.version, waiting_kinds(session)
    assert said[-1] == "dossier.components_checked"
    checked(session, people, dossier)
    assert (dossier.version, waiting_kinds(session)) == (version, said)
    for actor in (people.leader(), people.agency(), people.producer(dossier.producer_id)):
        with pytest.raises(NotPermitted):
            check_components(session, dossier.code, check(dossier), actor=actor, at=people.at)
    stale = check(dossier).model_copy(update={"version": version - 1})
    with pytest.raises(StaleVersion):
        check_components(session, dossier.code, stale, actor=people.officer(), at=people.at)
    take_to(session, people, dossier, DossierState.ASSESSED)
    late = why_not_check(people.officer(), dossier)
    assert late is not None
    assert late.reason_code == "dossier.wrong_state"


def test_tourism_is_complete_without_its_samples(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED, set_number=TOURISM)
    five = check(dossier, without=DossierPart.SAMPLES)
    check_components(session, dossier.code, five, actor=people.officer(), at=people.at)
    assert dossier.components_complete


# --- giving back, again and again -----------------------------------------------------------------


def test_every_return_is_kept_with_its_items_and_days(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    officer, times = people.officer(), []
    for reason in ("Phiếu kiểm nghiệm mờ.", "Phiếu đã quá 12 tháng."):
        checked(session, people, dossier, DossierPart.EVIDENCE)
        returned = people.at
        items = [ReturnItem(part=DossierPart.EVIDENCE, reason=reason)]
        giving = ReturnDossier(items=items, version=dossier.version)
        return_dossier(session, dossier.code, giving, actor=officer, at=returned)
        assert dossier.component_checks == []
        assert not dossier.components_complete
        people.at += timedelta(days=3)
        file(session, people, dossier)
        times.append((returned, people.at, reason))
    session.expire(dossier)
    row = get_dossier(session, dossier.code, actor=officer)
    assert [
        (one.returned_at, one.filed_again_at, one.items[0].reason) for one in row.returns
    ] == times
    assert {one.returned_by for one in row.returns} == {officer.name}
    told = row.out(local_day(people.at))
    assert told.returns == row.returns
    assert told.return_items == []


def test_a_return_that_was_not_answered_says_so(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=DossierState.RETURNED)
    row = get_dossier(session, dossier.code, actor=people.officer())
    assert [one.filed_again_at for one in row.returns] == [None]
    assert row.days_left(local_day(people.at)) is None


# --- the report -----------------------------------------------------------------------------------


def report_with(**more: Any) -> SaveCommuneReport:
    return SaveCommuneReport.model_validate(filled_report().model_dump() | more)


@pytest.mark.parametrize(
    ("local", "total", "percent", "share"),
    [(4600, 5000, 92, "92"), (2, 3, 66, "200/3"), (0, 7, 0, "0"), (999, 1000, 99, "999/10")],
)
def test_the_share_follows_from_the_weights_exactly_and_never_looks_larger(
    session: WriteSession, people: People, local: int, total: int, percent: int, share: str
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    weighed = report_with(
        material_local_kg=local, material_total_kg=total, material_local_percent=11
    )
    report = save_commune_report(
        session, dossier.code, weighed, actor=people.officer(), at=people.at
    )
    assert report.material_local_percent == percent
    told = CommuneReportOut.of(report, dossier_code=dossier.code)
    assert told.material_local_share == share
    unweighed = report_with(material_local_percent=50, version=report.version)
    report = save_commune_report(
        session, dossier.code, unweighed, actor=people.officer(), at=people.at
    )
    told = CommuneReportOut.of(report, dossier_code=dossier.code)
    assert (told.material_local_percent, told.material_local_kg) == (50, None)
    assert told.material_local_share is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"material_local_kg": 5}, "cả khối lượng"),
        ({"material_total_kg": 5}, "cả khối lượng"),
        ({"material_local_kg": 6, "material_total_kg": 5}, "nhiều hơn"),
        ({"material_local_kg": 0, "material_total_kg": 0}, "greater than or equal to 1"),
        ({"material_local_kg": -1, "material_total_kg": 5}, "greater than or equal to 0"),
        ({"material_local_kg": 1, "material_total_kg": 10**9 + 1}, "less than or equal"),
        ({"meeting_number": "05/BB-UBND"}, "đủ số, ngày họp"),
        ({"meeting_on": "2026-09-10"}, "đủ số, ngày họp"),
        ({"meeting_number": "05/BB", "meeting_conclusion": "Thống nhất."}, "đủ số, ngày họp"),
    ],
)
def test_weights_and_meetings_are_whole_or_absent(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        report_with(**wrong)


def test_a_meeting_note_goes_with_the_report_and_is_not_of_tomorrow(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    officer, today = people.officer(), local_day(people.at)
    meeting = {"meeting_number": "05/BB-UBND", "meeting_conclusion": "Thống nhất xác nhận."}
    tomorrow = report_with(**meeting, meeting_on=today + timedelta(days=1))
    with pytest.raises(Invalid) as wrong:
        save_commune_report(session, dossier.code, tomorrow, actor=officer, at=people.at)
    assert set(wrong.value.fields) == {"meeting_on"}
    held = report_with(**meeting, meeting_on=today)
    report = save_commune_report(session, dossier.code, held, actor=officer, at=people.at)
    told = CommuneReportOut.of(report, dossier_code=dossier.code)
    assert (told.meeting_number, told.meeting_on) == ("05/BB-UBND", today)


@pytest.mark.parametrize(
    "wrong",
    [
        {"material_local_kg": 6, "material_total_kg": 5},
        {"material_local_kg": 6, "material_total_kg": None},
        {"material_local_kg": -1, "material_total_kg": 5},
    ],
)
def test_the_database_holds_the_weights_too(
    session: WriteSession, people: People, wrong: dict[str, int | None]
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    report_on(session, people, dossier)
    report = find_report(session, dossier)
    assert report is not None
    report.sqlmodel_update(wrong)
    with pytest.raises(IntegrityError):
        session.flush()


# --- fifteen working days -------------------------------------------------------------------------


def test_working_days_are_counted_without_weekends_and_holidays(
    session: WriteSession, people: People
) -> None:
    people.at = datetime(2026, 8, 28, 2, 0, tzinfo=UTC)  # a Friday before the national holiday
    dossier = make_dossier(session, people, state=DossierState.FILED)
    assert dossier.commune_due_on == date(2026, 9, 22)
    row = get_dossier(session, dossier.code, actor=people.agency())
    left = {
        date(2026, 8, 28): 15,
        date(2026, 8, 31): 14,
        date(2026, 9, 2): 14,
        date(2026, 9, 3): 13,
        date(2026, 9, 21): 1,
        date(2026, 9, 22): 0,
        date(2026, 9, 23): -1,
        date(2026, 9, 27): -3,
    }
    assert {day: row.days_left(day) for day in left} == left
    assert row.out(date(2026, 9, 21)).commune_days_left == 1


def test_a_holiday_declared_later_shortens_what_is_left(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    on = local_day(people.at)
    assert get_dossier(session, dossier.code, actor=people.agency()).days_left(on) == 15
    session.add(Holiday(day=date(2026, 9, 18), name="Nghỉ thêm", source="thử nghiệm"))
    session.flush()
    assert get_dossier(session, dossier.code, actor=people.agency()).days_left(on) == 14


@pytest.mark.parametrize(
    ("state", "runs"),
    [
        (DossierState.DRAFT, False),
        (DossierState.FILED, True),
        (DossierState.ASSESSED, True),
        (DossierState.PROPOSED, False),
        (DossierState.WITHDRAWN, False),
    ],
)
def test_the_limit_runs_while_the_dossier_lies_at_the_commune(
    session: WriteSession, people: People, state: DossierState, *, runs: bool
) -> None:
    dossier = make_dossier(session, people, state=state)
    row = get_dossier(session, dossier.code, actor=people.agency())
    assert (row.days_left(local_day(people.at)) is not None) is runs


def test_the_province_sees_which_commune_is_late_the_day_after_the_last(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    proposed = make_dossier(session, people, state=DossierState.PROPOSED)
    agency, due = people.agency(), dossier.commune_due_on
    assert due is not None

    def late(actor: Actor, on: date) -> list[str]:
        return [item.code for item in work_for(session, actor, on) if item.overdue]

    def listed(on: date) -> list[str]:
        found = dossiers_page(session, actor=agency, late_on=on).items
        return [row.dossier.code for row in found]

    assert (late(agency, due), listed(due)) == ([], [])
    day_after = due + timedelta(days=1)
    assert (late(agency, day_after), listed(day_after)) == ([dossier.code], [dossier.code])
    item = next(one for one in work_for(session, agency, day_after) if one.code == dossier.code)
    assert (item.kind, item.route_name) == ("dossier.commune_late", "dossiers.show")
    assert item.title == "Xã quá hạn: Mật ong thử nghiệm"
    assert proposed.code not in listed(day_after)
    assert late(people.officer(), day_after) == [dossier.code]
    assert late(people.officer(ELSEWHERE), day_after) == []
    assert late(people.producer(dossier.producer_id), day_after) == []


def test_what_waits_for_the_officer_leads_to_the_check_first_then_to_the_report(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    on = local_day(people.at)

    def pages(actor: Actor) -> list[str]:
        return [item.route_name for item in work_for(session, actor, on)]

    assert pages(people.officer()) == ["dossiers.check"]
    checked(session, people, dossier)
    assert pages(people.officer()) == ["dossiers.report"]
    assert pages(people.leader()) == []
    report_on(session, people, dossier)
    assert (pages(people.officer()), pages(people.leader())) == ([], ["dossiers.sign"])
