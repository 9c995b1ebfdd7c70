"""What agency, commune, producer and advisory team do between proposal and council."""

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from pydantic import ValidationError
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, StaleVersion
from app.core.files import path_of, store
from app.core.settings import Settings
from app.domain.audit.actions import waiting_kinds
from app.domain.dossiers.actions import (
    CompletionUnanswered,
    DossierIncomplete,
    FoundLacking,
    accept_dossier,
    answer_completion,
    attach,
    recall_request,
    record_site_survey,
    record_test_result,
    request_completion,
    save_advice,
    save_report_parts,
    sign_advice,
    stop_using_evidence,
)
from app.domain.dossiers.enums import (
    Addressee,
    CheckedPart,
    DossierState,
    LabOutcome,
    Recommendation,
)
from app.domain.dossiers.models import Dossier, EvidenceUse, ProvinceCheck
from app.domain.dossiers.papers import advisory_report_data, completion_request_data
from app.domain.dossiers.queries import (
    AdviceUnknown,
    agency_file,
    completion_requests_of,
    dossiers_page,
    find_advice,
    find_check,
    get_advice,
    get_dossier,
    official_papers,
    self_assessment,
    work_for,
)
from app.domain.dossiers.schemas import (
    AcceptDossier,
    AdvicePart,
    AnswerCompletion,
    AskedItem,
    Attach,
    CheckAtProvince,
    CheckedItem,
    CiteEvidence,
    CompletionAnswer,
    RecallRequest,
    RecordSiteSurvey,
    RecordTestResult,
    RequestCompletion,
    SaveAdvisoryReport,
    SaveReportParts,
    SignAdvisoryReport,
)
from tests.factories.agency import (
    ANSWER,
    REASON,
    advise,
    ask_completion,
    check,
    complete,
    extra_test,
    report_to_council,
    survey,
)
from tests.factories.dossiers import accept, make_dossier, make_evidence, make_round
from tests.factories.people import ELSEWHERE, People

PROPOSED, ASKED = DossierState.PROPOSED, DossierState.COMPLETION_REQUESTED
ACCEPTED = DossierState.ACCEPTED


def answers(*given: tuple[CheckedPart, str], version: int, send: bool = False) -> AnswerCompletion:
    return AnswerCompletion(
        answers=[CompletionAnswer(part=part, answer=text) for part, text in given],
        send=send,
        version=version,
    )


def parts_of_report(dossier: Dossier, **changes: object) -> SaveReportParts:
    stored = {
        "business_results": dossier.business_results,
        "stated_revenue": dossier.stated_revenue,
        "stated_revenue_year": dossier.stated_revenue_year,
        "business_plan": dossier.business_plan,
        "sample_count": dossier.sample_count,
        "version": dossier.version,
    }
    return SaveReportParts.model_validate(stored | changes)


def photo() -> bytes:
    """Return a photo that tells where and when it was taken."""
    image, kept = Image.new("RGB", (40, 30), "green"), BytesIO()
    exif = image.getexif()
    exif[0x0132] = "2026:09:13 08:00:00"
    image.save(kept, "JPEG", exif=exif)
    return kept.getvalue()


# --- check ------------------------------------------------------------------------------------


def test_the_agency_checks_every_part_with_a_note_on_what_is_lacking(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=PROPOSED)
    check(session, people, dossier, CheckedPart.EVIDENCE)
    known = find_check(session, dossier)
    assert known is not None
    assert {item["part"]: item["lacks"] for item in known.items if item["lacks"]} == {
        "evidence": REASON
    }
    assert known.checked_by == people.agency().name
    assert "dossier.checked_at_province" in waiting_kinds(session)
    check(session, people, dossier)
    assert not any(item["lacks"] for item in known.items)
    assert known.version == 2


def test_a_check_leaves_no_part_out_and_tells_what_is_lacking() -> None:
    with pytest.raises(ValidationError):
        CheckAtProvince(items=[], version=1)
    with pytest.raises(ValidationError):
        CheckedItem(part=CheckedPart.EVIDENCE, is_complete=False)


def test_a_dossier_found_lacking_is_not_accepted_until_it_is_checked_anew(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=PROPOSED)
    check(session, people, dossier, CheckedPart.SAMPLES)
    with pytest.raises(FoundLacking, match="Sản phẩm mẫu"):
        accept(session, people, dossier)
    check(session, people, dossier)
    assert accept(session, people, dossier).state is ACCEPTED


# --- completion -------------------------------------------------------------------------------


def test_a_request_opens_the_named_parts_and_no_other(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=PROPOSED)
    proposed_at = dossier.proposed_at
    request = ask_completion(session, people, dossier, CheckedPart.BUSINESS_PLAN)
    assert (dossier.state, dossier.completion_due_on) == (ASKED, request.due_on)
    owner = people.producer(dossier.producer_id)
    save_report_parts(
        session,
        dossier.code,
        parts_of_report(dossier, business_plan="Mở thêm 80 đõ ong."),
        actor=owner,
        at=people.at,
    )
    with pytest.raises(Conflict) as refused:
        save_report_parts(
            session,
            dossier.code,
            parts_of_report(dossier, business_results="Khác."),
            actor=owner,
            at=people.at,
        )
    assert refused.value.reason_code == "dossier.part_not_asked"
    with pytest.raises(Conflict):
        make_evidence(session, people, dossier, "Phiếu mới")
    complete(session, people, dossier)
    assert dossier.state is PROPOSED
    assert dossier.proposed_at == proposed_at
    assert (dossier.asked_parts, dossier.completion_due_on) == ([], None)
    assert request.answered_at == people.at
    kinds = waiting_kinds(session)
    assert kinds[-2:] == ["dossier.completion_answered", "dossier.completed"]


def test_evidence_that_is_asked_for_can_be_added(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=ASKED)
    paper = make_evidence(session, people, dossier, "Phiếu mới", criterion_code="1.1")
    assert paper.code
    assert complete(session, people, dossier).state is PROPOSED


def test_requests_may_follow_one_another_and_are_all_told(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=PROPOSED)
    check(session, people, dossier, CheckedPart.EVIDENCE)
    ask_completion(session, people, dossier)
    complete(session, people, dossier)
    assert find_check(session, dossier) is None, "what was checked before is past"
    check(session, people, dossier)
    ask_completion(session, people, dossier, CheckedPart.SAMPLES)
    complete(session, people, dossier)
    known = agency_file(
        session, get_dossier(session, dossier.code, actor=people.agency()), actor=people.agency()
    )
    assert [one.ordinal for one in known.requests] == [1, 2]
    assert [one.ordinal for one in known.checks] == [0, 1]
    assert known.requests[0].items[0]["answer"] == ANSWER
    assert session.exec(select(ProvinceCheck)).all()


def test_the_commune_answers_for_its_papers_and_may_help_the_producer(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=PROPOSED)
    request_completion(
        session,
        dossier.code,
        RequestCompletion(
            due_on=local_day(people.at) + timedelta(days=5),
            items=[
                AskedItem(part=CheckedPart.EVIDENCE, reason=REASON),
                AskedItem(
                    part=CheckedPart.COMMUNE_REPORT, reason=REASON, addressee=Addressee.COMMUNE
                ),
            ],
            version=dossier.version,
        ),
        actor=people.agency(),
        at=people.at,
    )
    assert dossier.asked_parts == ["evidence"]
    owner, officer = people.producer(dossier.producer_id), people.officer()
    with pytest.raises(Invalid) as refused:
        answer_completion(
            session,
            dossier.code,
            answers((CheckedPart.COMMUNE_REPORT, ANSWER), version=dossier.version),
            actor=owner,
            at=people.at,
        )
    assert "commune_report" in refused.value.fields
    with pytest.raises(CompletionUnanswered, match="Báo cáo đánh giá của xã"):
        answer_completion(
            session,
            dossier.code,
            answers((CheckedPart.EVIDENCE, ANSWER), version=dossier.version, send=True),
            actor=owner,
            at=people.at,
        )
    answer_completion(
        session,
        dossier.code,
        answers((CheckedPart.COMMUNE_REPORT, ANSWER), version=dossier.version, send=True),
        actor=officer,
        at=people.at,
    )
    assert dossier.state is PROPOSED
    items = completion_requests_of(session, dossier)[0].items
    assert [item["answered_by"] for item in items] == [owner.name, officer.name]


def test_papers_of_the_commune_are_asked_of_the_commune() -> None:
    with pytest.raises(ValidationError):
        AskedItem(part=CheckedPart.PROPOSAL_LETTER, reason=REASON)


def test_what_was_not_asked_for_is_not_answered(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=ASKED)
    with pytest.raises(Invalid):
        answer_completion(
            session,
            dossier.code,
            answers((CheckedPart.SAMPLES, ANSWER), version=dossier.version),
            actor=people.producer(dossier.producer_id),
            at=people.at,
        )


def test_a_dossier_that_lost_something_is_not_sent_back(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=ASKED)
    owner = people.producer(dossier.producer_id)
    for use in session.exec(
        select(EvidenceUse).where(col(EvidenceUse.dossier_id) == dossier.id)
    ).all():
        row = get_dossier(session, dossier.code, actor=owner)
        paper = next(
            one
            for one in self_assessment(session, row, actor=owner).papers
            if one.id == use.evidence_id
        )
        stop_using_evidence(
            session,
            dossier.code,
            CiteEvidence(evidence_code=paper.code, criterion_code=use.criterion_code),
            actor=owner,
            at=people.at,
        )
    with pytest.raises(DossierIncomplete):
        complete(session, people, dossier)


@pytest.mark.parametrize("days", [0, -1])
def test_a_deadline_lies_ahead(session: WriteSession, people: People, days: int) -> None:
    dossier = make_dossier(session, people, state=PROPOSED)
    with pytest.raises(Invalid) as refused:
        request_completion(
            session,
            dossier.code,
            RequestCompletion(
                due_on=local_day(people.at) + timedelta(days=days),
                items=[AskedItem(part=CheckedPart.EVIDENCE, reason=REASON)],
                version=dossier.version,
            ),
            actor=people.agency(),
            at=people.at,
        )
    assert "due_on" in refused.value.fields


def test_the_agency_goes_on_without_an_answer_and_says_why(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=ASKED)
    with pytest.raises(NotPermitted):
        recall_request(
            session,
            dossier.code,
            RecallRequest(reason="Không cần nữa.", version=dossier.version),
            actor=people.officer(),
            at=people.at,
        )
    recall_request(
        session,
        dossier.code,
        RecallRequest(reason="Quá hạn, xét như đã nộp.", version=dossier.version),
        actor=people.agency(),
        at=people.at,
    )
    assert dossier.state is PROPOSED
    assert completion_requests_of(session, dossier)[0].recall_reason == "Quá hạn, xét như đã nộp."
    assert accept(session, people, dossier).state is ACCEPTED


def test_what_was_accepted_is_completed_and_accepted_under_its_old_number(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.ADVISED)
    number, proposed_at = dossier.province_slip_number, dossier.proposed_at
    ask_completion(session, people, dossier)
    report = find_advice(session, dossier)
    assert report is not None
    assert report.signed_at is None, "what it was about may change"
    complete(session, people, dossier)
    accept_dossier(
        session,
        dossier.code,
        AcceptDossier(version=dossier.version),
        make_round(session, people),
        actor=people.agency(),
        at=people.at,
    )
    assert (dossier.province_slip_number, dossier.proposed_at) == (number, proposed_at)
    advise(session, people, dossier)
    assert dossier.state is DossierState.ADVISED


def test_a_request_waits_for_producer_and_commune_and_when_late_for_the_agency(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=ASKED)
    day = local_day(people.at)
    late = (dossier.completion_due_on or day) + timedelta(days=1)
    for actor in (people.producer(dossier.producer_id), people.officer()):
        (item,) = work_for(session, actor, day)
        assert (item.kind, item.due_on) == ("dossier.complete", dossier.completion_due_on)
        assert not item.overdue
        assert work_for(session, actor, late)[0].overdue
    assert work_for(session, people.officer(ELSEWHERE), day) == []
    assert work_for(session, people.agency(), day) == []
    (item,) = work_for(session, people.agency(), late)
    assert (item.kind, item.overdue) == ("dossier.completion_late", True)


# --- the advisory team ------------------------------------------------------------------------


def test_the_advisory_team_sees_dossiers_from_their_acceptance_on(
    session: WriteSession, people: People
) -> None:
    member = people.advisor()
    dossier = make_dossier(session, people, state=PROPOSED)
    with pytest.raises(NotFound):
        get_dossier(session, dossier.code, actor=member)
    assert dossiers_page(session, actor=member).items == []
    accept(session, people, dossier)
    assert get_dossier(session, dossier.code, actor=member)
    (item,) = work_for(session, member, local_day(people.at))
    assert item.kind == "dossier.advise"
    advise(session, people, dossier)
    assert work_for(session, member, local_day(people.at)) == []


def test_a_report_is_written_signed_and_read_by_the_council_alone(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=ACCEPTED)
    report = report_to_council(session, people, dossier)
    assert dossier.state is ACCEPTED
    council = people.council_member(1)
    with pytest.raises(AdviceUnknown):
        get_advice(session, dossier, actor=council)
    sign_advice(
        session,
        dossier.code,
        SignAdvisoryReport(version=report.version),
        actor=people.advisor(),
        at=people.at,
    )
    assert (dossier.state, report.signed_by) == (DossierState.ADVISED, people.advisor().name)
    assert get_advice(session, dossier, actor=council) is report
    for applicant in (people.producer(dossier.producer_id), people.officer()):
        assert official_papers(session, dossier, actor=applicant).advice is None
        with pytest.raises(AdviceUnknown):
            get_advice(session, dossier, actor=applicant)
    with pytest.raises(Conflict):
        report_to_council(session, people, dossier)


def test_a_suggestion_stays_within_its_part_and_off_the_printed_report(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=ACCEPTED)
    with pytest.raises(Invalid) as refused:
        save_advice(
            session,
            dossier.code,
            SaveAdvisoryReport(
                parts=[
                    AdvicePart(part="A", text="Nhận xét.", suggested=99),
                    AdvicePart(part="Z", text="Nhận xét."),
                ],
                recommendation=Recommendation.EVALUATE,
                version=0,
            ),
            actor=people.advisor(),
            at=people.at,
        )
    assert set(refused.value.fields) == {"suggested.A", "text.Z"}
    report = report_to_council(session, people, dossier)
    row = get_dossier(session, dossier.code, actor=people.agency())
    papers = official_papers(session, dossier, actor=people.agency())
    assert "suggested" not in str(advisory_report_data(row, report, papers))


def test_a_report_on_an_older_version_is_not_written(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=ACCEPTED)
    report_to_council(session, people, dossier)
    with pytest.raises(StaleVersion):
        save_advice(
            session,
            dossier.code,
            SaveAdvisoryReport(parts=[], recommendation=Recommendation.EVALUATE, version=0),
            actor=people.advisor(),
            at=people.at,
        )


def test_the_letter_names_what_is_asked_of_whom(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=PROPOSED)
    request = ask_completion(session, people, dossier)
    row = get_dossier(session, dossier.code, actor=people.agency())
    data = completion_request_data(row, request, agency="Sở Mẫu")
    assert data["asked_of"] == [
        {"who": row.producer.name, "items": [{"part": "Minh chứng", "reason": REASON}]}
    ]
    assert data["due_on"] == f"{request.due_on:%d/%m/%Y}"


# --- surveys and tests ------------------------------------------------------------------------


def test_a_survey_keeps_its_photos_byte_for_byte(
    session: WriteSession, people: People, settings: Settings
) -> None:
    dossier = make_dossier(session, people, state=ACCEPTED)
    record = survey(session, people, dossier)
    sent = photo()
    stored = store(settings.files_dir, sent)
    for _ in range(2):
        kept = attach(
            session,
            dossier.code,
            record.code,
            Attach(title="Khu sơ chế"),
            stored,
            file_name="a/b/anh.jpg",
            actor=people.advisor(),
            at=people.at,
        )
    assert kept.file_name == "anh.jpg"
    assert path_of(settings.files_dir, kept.sha256).read_bytes() == sent
    row = get_dossier(session, dossier.code, actor=people.agency())
    known = agency_file(session, row, actor=people.agency())
    assert [one.title for one in known.attachments[record.code]] == ["Khu sơ chế"]
    with pytest.raises(NotFound):
        attach(
            session,
            dossier.code,
            "KS-0000000",
            Attach(),
            stored,
            file_name="anh.jpg",
            actor=people.advisor(),
            at=people.at,
        )
    assert waiting_kinds(session).count("dossier.attached") == 1


def test_a_survey_was_held_already(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=ACCEPTED)
    with pytest.raises(Invalid):
        record_site_survey(
            session,
            dossier.code,
            RecordSiteSurvey(
                record_number="05/BB-KS",
                surveyed_on=local_day(people.at) + timedelta(days=1),
                people="Đoàn khảo sát.",
                findings="Chưa đi.",
            ),
            actor=people.agency(),
            at=people.at,
        )


def test_a_test_is_ordered_and_its_result_entered_once(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=ACCEPTED)
    with pytest.raises(Invalid):
        extra_test(session, people, dossier, "99.9")
    test = extra_test(session, people, dossier, "1.1")
    data = RecordTestResult(
        outcome=LabOutcome.PASSED,
        result="Độ ẩm 19,2 %.",
        result_number="KN-77/2026",
        result_on=local_day(people.at),
        version=test.version,
    )
    record_test_result(session, dossier.code, test.code, data, actor=people.agency(), at=people.at)
    assert (test.outcome, test.recorded_by) == (LabOutcome.PASSED, people.agency().name)
    with pytest.raises(Conflict) as refused:
        record_test_result(
            session, dossier.code, test.code, data, actor=people.agency(), at=people.at
        )
    assert refused.value.reason_code == "dossier.test_result_known"
    assert official_papers(session, dossier, actor=people.officer()).tests == (test,)


def test_every_refusal_of_the_rules_names_its_basis(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=PROPOSED)
    check(session, people, dossier, CheckedPart.SAMPLES)
    with pytest.raises(Refused) as refused:
        accept(session, people, dossier)
    assert "7.3.a" in (refused.value.legal_basis or "")
