"""What stands beside a criterion: findings, field notes with photos, remarks, tests."""

import pytest

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Invalid
from app.domain.councils.queries import Margin, margin
from app.domain.dossiers.actions import attach, record_site_survey, save_advice, sign_advice
from app.domain.dossiers.enums import DossierState, Finding, Recommendation
from app.domain.dossiers.forms.commune_report import CLAIMED_AT
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import get_dossier, official_papers
from app.domain.dossiers.schemas import (
    AdvicePart,
    Attach,
    CriterionNote,
    RecordSiteSurvey,
    SaveAdvisoryReport,
    SignAdvisoryReport,
)
from app.rulebooks import loader
from tests.factories.agency import extra_test
from tests.factories.dossiers import make_dossier, stored_file
from tests.factories.people import People


def seen(session: WriteSession, people: People, dossier: Dossier) -> Margin:
    row = get_dossier(session, dossier.code, actor=people.agency())
    papers = official_papers(session, dossier, actor=people.agency())
    return margin(session, dossier, row.rubric, papers)


def survey_with(*notes: CriterionNote, people: People) -> RecordSiteSurvey:
    return RecordSiteSurvey(
        record_number="05/BB-KS",
        surveyed_on=local_day(people.at),
        people="Đoàn khảo sát; chủ thể.",
        findings="Cơ sở đúng như hồ sơ mô tả.",
        notes=list(notes),
    )


@pytest.mark.parametrize("set_number", range(1, 27))
def test_every_sheet_prints_a_finding_where_it_is_claimed_or_nowhere(set_number: int) -> None:
    rubric = loader.rubric(f"qd26-2026-{set_number:02d}")
    printed = {one.code for one in rubric.criteria if one.commune_assessed}
    claimed = set(CLAIMED_AT.values()) if set_number != 26 else {"2.1", "3.3"}
    assert printed == claimed


def test_findings_stand_beside_their_criteria_with_their_figures(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED)
    found = seen(session, people, dossier).by_criterion
    assert set(found) == {"1.1", "2.1", "3.3", "5.3"}
    (material,) = found["1.1"].findings
    assert str(material.figure) == "92 % nguyên liệu địa phương"
    (labour,) = found["3.3"].findings
    assert str(labour.figure) == "9/12 lao động là người địa phương"
    assert labour.is_confirmed
    assert found["2.1"].findings[0].figure is None


def test_what_a_sheet_prints_at_no_criterion_is_not_lost(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED, set_number=26)
    found = seen(session, people, dossier)
    assert set(found.by_criterion) == {"2.1", "3.3"}
    assert len(found.unplaced) == len(Finding) - 2


def test_field_notes_photos_remarks_and_tests_stand_where_their_authors_put_them(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED)
    advisor = people.advisor()
    survey = record_site_survey(
        session,
        dossier.code,
        survey_with(CriterionNote(criterion_code="1.2", text="Đã xem vùng."), people=people),
        actor=advisor,
        at=people.at,
    )
    for title, criterion in (("Tổ ong", "1.2"), ("Cổng", "")):
        attach(
            session,
            dossier.code,
            survey.code,
            Attach(title=title, criterion_code=criterion),
            stored_file(title),
            file_name="anh.pdf",
            actor=advisor,
            at=people.at,
        )
    extra_test(session, people, dossier, "6.1")
    report = save_advice(
        session,
        dossier.code,
        SaveAdvisoryReport(
            parts=[
                AdvicePart(part=one.code, text="Phù hợp.")
                for one in loader.rubric(dossier.rubric_code).parts
            ],
            remarks=[CriterionNote(criterion_code="1.3", text="Chuỗi liên kết rõ.")],
            recommendation=Recommendation.EVALUATE,
            version=0,
        ),
        actor=advisor,
        at=people.at,
    )
    before = seen(session, people, dossier).by_criterion
    assert "1.3" not in before  # a remark is the council's only once the report is signed
    sign_advice(
        session,
        dossier.code,
        SignAdvisoryReport(version=report.version),
        actor=advisor,
        at=people.at,
    )
    found = seen(session, people, dossier).by_criterion
    (note,) = found["1.2"].surveys
    assert (note.text, [one.title for one in note.photos]) == ("Đã xem vùng.", ["Tổ ong"])
    assert found["1.3"].remark == "Chuỗi liên kết rõ."
    assert [one.subject for one in found["6.1"].tests] == ["Độ ẩm"]


def test_a_note_about_no_criterion_of_the_sheet_is_refused(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED)
    data = survey_with(CriterionNote(criterion_code="99.9", text="Lạ."), people=people)
    with pytest.raises(Invalid) as problem:
        record_site_survey(session, dossier.code, data, actor=people.advisor(), at=people.at)
    assert set(problem.value.fields) == {"note.99.9"}
