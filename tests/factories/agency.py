"""Builders of what agency and advisory team do before the council, through the real actions."""

from datetime import timedelta

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.dossiers.actions import (
    answer_completion,
    check_at_province,
    order_test,
    record_site_survey,
    request_completion,
    save_advice,
    sign_advice,
)
from app.domain.dossiers.enums import Addressee, CheckedPart, Recommendation
from app.domain.dossiers.models import (
    AdvisoryReport,
    CompletionRequest,
    Dossier,
    ExtraTest,
    SiteSurvey,
)
from app.domain.dossiers.queries import find_advice
from app.domain.dossiers.rules import parts_of
from app.domain.dossiers.schemas import (
    AdvicePart,
    AnswerCompletion,
    AskedItem,
    CheckAtProvince,
    CheckedItem,
    CompletionAnswer,
    OrderTest,
    RecordSiteSurvey,
    RequestCompletion,
    SaveAdvisoryReport,
    SignAdvisoryReport,
)
from app.rulebooks import loader
from tests.factories.people import People

DAYS_TO_COMPLETE = 10
REASON = "Bổ sung phiếu kiểm nghiệm còn hạn."
ANSWER = "Đã bổ sung."


def check(
    session: WriteSession, people: People, dossier: Dossier, *lacking: CheckedPart
) -> Dossier:
    """Check every part at the province; the parts named are found lacking."""
    return check_at_province(
        session,
        dossier.code,
        CheckAtProvince(
            items=[
                CheckedItem(
                    part=part, is_complete=part not in lacking, note=REASON * (part in lacking)
                )
                for part in parts_of(dossier.kind)
            ],
            version=dossier.version,
        ),
        actor=people.agency(),
        at=people.at,
    )


def ask_completion(
    session: WriteSession,
    people: People,
    dossier: Dossier,
    *parts: CheckedPart,
    addressee: Addressee = Addressee.PRODUCER,
) -> CompletionRequest:
    """Ask for the parts named, or for evidence, within ten days."""
    return request_completion(
        session,
        dossier.code,
        RequestCompletion(
            letter_number="214/SNNMT-PTNT",
            due_on=local_day(people.at) + timedelta(days=DAYS_TO_COMPLETE),
            items=[
                AskedItem(part=part, reason=REASON, addressee=addressee)
                for part in parts or (CheckedPart.EVIDENCE,)
            ],
            version=dossier.version,
        ),
        actor=people.agency(),
        at=people.at,
    )


def complete(session: WriteSession, people: People, dossier: Dossier) -> Dossier:
    """Answer all that the producer's own account may answer, and send the dossier back."""
    return answer_completion(
        session,
        dossier.code,
        AnswerCompletion(
            answers=[
                CompletionAnswer(part=CheckedPart(part), answer=ANSWER)
                for part in dossier.asked_parts
            ],
            send=True,
            version=dossier.version,
        ),
        actor=people.producer(dossier.producer_id),
        at=people.at,
    )


def report_to_council(session: WriteSession, people: People, dossier: Dossier) -> AdvisoryReport:
    """Write the advisory team's report, unsigned."""
    known = find_advice(session, dossier)
    return save_advice(
        session,
        dossier.code,
        SaveAdvisoryReport(
            parts=[
                AdvicePart(part=part.code, text=f"Nhận xét phần {part.code}.", suggested=part.max)
                for part in loader.rubric(dossier.rubric_code).parts
            ],
            legal_papers="Giấy tờ còn hiệu lực.",
            legal_papers_in_order=True,
            recommendation=Recommendation.EVALUATE,
            conclusion="Đề nghị đưa ra Hội đồng.",
            version=known.version if known else 0,
        ),
        actor=people.advisor(),
        at=people.at,
    )


def advise(session: WriteSession, people: People, dossier: Dossier) -> Dossier:
    """Write and sign the advisory team's report."""
    report = report_to_council(session, people, dossier)
    sign_advice(
        session,
        dossier.code,
        SignAdvisoryReport(version=report.version),
        actor=people.advisor(),
        at=people.at,
    )
    return dossier


def survey(session: WriteSession, people: People, dossier: Dossier) -> SiteSurvey:
    """Keep the record of a survey."""
    return record_site_survey(
        session,
        dossier.code,
        RecordSiteSurvey(
            record_number="05/BB-KS",
            surveyed_on=local_day(people.at),
            people="Đoàn khảo sát; chủ thể.",
            findings="Cơ sở đúng như hồ sơ mô tả.",
        ),
        actor=people.advisor(),
        at=people.at,
    )


def extra_test(
    session: WriteSession, people: People, dossier: Dossier, criterion_code: str = ""
) -> ExtraTest:
    """Order a test."""
    return order_test(
        session,
        dossier.code,
        OrderTest(
            subject="Độ ẩm",
            laboratory="Trung tâm Kiểm nghiệm Mẫu",
            sample_codes="M1, M2",
            criterion_code=criterion_code,
        ),
        actor=people.agency(),
        at=people.at,
    )
