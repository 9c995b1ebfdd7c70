"""From a plan to a revocation: two agencies check, a photo shows it, nothing is mended."""

from datetime import date, timedelta
from pathlib import Path

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.pictures import store_picture
from app.core.storage import DiskStorage
from app.domain.inspections.actions import (
    add_photo,
    answer_correction,
    ask_correction,
    close_record,
    conclude,
    judge_correction,
    remind_of_corrections,
    save_section,
)
from app.domain.inspections.enums import Finding, InspectionState, Outcome
from app.domain.inspections.queries import (
    checked_part,
    inspected,
    inspection_detail_out,
    inspections_page,
    work_for,
)
from app.domain.inspections.rules import MARK_SECTION
from app.domain.inspections.schemas import (
    AddPhoto,
    AnswerCorrection,
    AskCorrection,
    CloseRecord,
    Conclude,
    JudgeCorrection,
)
from app.domain.notices.models import Notice
from app.domain.recognition.enums import RevocationGround
from app.domain.recognition.models import RevocationCase
from tests.factories.files import photo
from tests.factories.inspections import findings, inspector, make_check, make_plan
from tests.factories.people import People
from tests.factories.recognition import certificates_of, locked_dossier, make_decision, sign


def told(session: WriteSession, kind: str) -> list[int]:
    """Return who was told of this kind of thing."""
    return sorted(session.exec(select(Notice.user_id).where(col(Notice.kind) == kind)).all())


def test_a_product_is_planned_checked_not_mended_and_brought_before_revocation(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    decision = sign(
        session, people, make_decision(session, people, locked_dossier(session, people))
    )
    certificate = certificates_of(session, decision)[0]
    producer = people.producer(certificate.producer_id)
    guest = inspector(session, people)
    today = local_day(people.at)

    # Planned and announced: the producer's side knows before, the guest has work.
    plan = make_plan(session, people, certificate)
    row = make_check(session, people, certificate, plan=plan)
    code = row.inspection.code
    officer = people.officer()
    assert told(session, "inspection.announced") == sorted([producer.user_id, officer.user_id])  # type: ignore[type-var]  # -- both signed in
    assert [one.kind for one in work_for(session, guest, on=today)] == ["inspection.to_make"]

    # Two agencies write, each a section; the rubric's items say what must still hold.
    section = "1"
    part = checked_part(session, row, section, on=today)
    assert any(one.expected for one in part.items)
    save_section(
        session, code, section, findings(row, section), actor=people.agency(), at=people.at
    )
    save_section(
        session,
        code,
        MARK_SECTION,
        findings(row, said={"star": Finding.NOT_KEPT}),
        actor=guest,
        at=people.at,
    )
    stored = store_picture(DiskStorage(tmp_path), photo())
    add_photo(
        session,
        code,
        AddPhoto(caption="Hộp in năm sao", item="star"),
        stored,
        actor=guest,
        at=people.at,
    )

    # Until something is asked of them the producer's side reads nothing of the findings.
    seen = inspection_detail_out(session, row, actor=producer)
    assert (seen.not_kept, seen.corrections, seen.present) == (None, [], "")

    close_record(
        session,
        code,
        CloseRecord(
            record_number="07/BB-KT",
            held_on=today,
            present="Đoàn kiểm tra; chủ thể",
            version=row.inspection.version,
        ),
        actor=people.agency(),
        at=people.at,
    )
    due = today + timedelta(days=20)
    ask_correction(
        session,
        code,
        AskCorrection(
            items=["star"], demand="In lại đúng hạng.", due_on=due, version=row.inspection.version
        ),
        actor=people.agency(),
        at=people.at,
    )
    assert [one.kind for one in work_for(session, producer, on=today)] == ["inspection.to_mend"]
    assert remind_of_corrections(session, at=people.at) == 0
    week_before = people.at + timedelta(days=13)
    assert remind_of_corrections(session, at=week_before) == 2
    assert remind_of_corrections(session, at=week_before) == 0

    # Answered, refused with a new day, and overdue.
    answer_correction(
        session,
        code,
        AnswerCorrection(item="star", text="Đã dán đè.", version=row.inspection.version),
        actor=producer,
        at=people.at,
    )
    judge_correction(
        session,
        code,
        JudgeCorrection(
            item="star",
            accepted=False,
            judgement="Vẫn đọc được năm sao.",
            due_on=due,
            version=row.inspection.version,
        ),
        actor=people.agency(),
        at=people.at,
    )
    late = due + timedelta(days=1)
    assert [(one.kind, one.overdue) for one in work_for(session, people.agency(), on=late)] == [
        ("inspection.overdue", True)
    ]

    concluded_on: date = today
    conclude(
        session,
        code,
        Conclude(
            outcome=Outcome.BREACH,
            conclusion_number="31/KL-SNNMT",
            conclusion_authority="Sở Nông nghiệp và Môi trường",
            concluded_on=concluded_on,
            conclusion="In năm sao trên sản phẩm bốn sao, không khắc phục.",
            ground=RevocationGround.MARK_MISUSED,
            version=row.inspection.version,
        ),
        actor=people.agency(),
        at=people.at,
    )
    case = session.exec(select(RevocationCase)).one()
    assert (case.inspection_code, case.conclusion_number) == (code, "31/KL-SNNMT")
    assert case.due_on == concluded_on + timedelta(days=15)
    assert row.inspection.case_code == case.code
    assert row.inspection.state is InspectionState.CONCLUDED
    assert producer.user_id in told(session, "inspection.concluded")
    seen = inspection_detail_out(session, row, actor=producer)
    assert (seen.not_kept, seen.revocation_case) == (1, "")
    counts = inspected(session, today.year)
    assert (counts.concluded, counts.breach, counts.kept, counts.periodic) == (1, 1, 0, 1)
    stranger = inspector(session, people, "qltt2")
    assert not inspections_page(session, actor=stranger, on=today).items
