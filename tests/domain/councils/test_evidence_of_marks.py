"""A mark points to a page of a paper that the dossier cites, or says that there is none."""

from typing import Any

import pytest
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Invalid
from app.domain.councils.actions import rescore_item, save_marks
from app.domain.councils.models import AgendaItem, Mark, ScoreSheet
from app.domain.councils.queries import get_sheet, superseded_sheets
from app.domain.councils.schemas import MarkIn, RescoreItem, SaveMarks
from app.domain.dossiers.models import Evidence, EvidenceUse
from tests.domain.councils.board import best, by, events, opened
from tests.factories.councils import CHAIR, score, sheets_of
from tests.factories.people import People


def cited(session: WriteSession, item: AgendaItem, *, pages: int | None = None) -> Evidence:
    """Return a paper that the dossier cites, with so many pages."""
    paper = session.exec(
        select(Evidence)
        .join(EvidenceUse, col(EvidenceUse.evidence_id) == col(Evidence.id))
        .where(col(EvidenceUse.dossier_id) == item.dossier_id)
    ).first()
    assert paper is not None
    paper.pages = pages
    session.flush()
    return paper


def mark(session: WriteSession, people: People, sheet: ScoreSheet, **said: Any) -> Mark:
    save_marks(
        session,
        sheet.code,
        SaveMarks(marks=[MarkIn(criterion_code="1.1", **said)], version=sheet.version),
        **by(people.council_member(CHAIR)),
    )
    kept = session.get(Mark, (sheet.id, "1.1"))
    assert kept is not None
    return kept


def test_the_paper_of_a_dossier_is_kept_with_its_number_of_pages(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    papers = session.exec(
        select(Evidence.pages)
        .join(EvidenceUse, col(EvidenceUse.evidence_id) == col(Evidence.id))
        .where(col(EvidenceUse.dossier_id) == item.dossier_id)
    ).all()
    assert set(papers) == {1}


def test_a_mark_points_to_a_page_and_is_told_so(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    sheet, paper = sheets_of(session, item)[0], cited(session, item, pages=9)
    mark(session, people, sheet, option_code="c", evidence_code=paper.code, evidence_page=9)
    (out,) = get_sheet(session, sheet.code, actor=people.council_member(CHAIR)).out().marks
    assert (out.evidence_code, out.evidence_page, out.without_evidence) == (paper.code, 9, False)
    kept = mark(session, people, sheet, option_code="c", without_evidence=True)
    assert (kept.evidence_code, kept.evidence_page, kept.without_evidence) == (None, None, True)


def test_that_there_is_no_evidence_may_be_said_before_an_option_is_chosen(
    session: WriteSession, people: People
) -> None:
    sheet = sheets_of(session, opened(session, people))[0]
    kept = mark(session, people, sheet, without_evidence=True)
    assert (kept.option_code, kept.without_evidence) == (None, True)
    row = get_sheet(session, sheet.code, actor=people.council_member(CHAIR))
    assert "1.1" in row.score.missing


def test_saying_the_same_page_again_changes_and_records_nothing(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    sheet, paper = sheets_of(session, item)[0], cited(session, item)
    for _ in range(2):
        mark(session, people, sheet, evidence_code=paper.code, evidence_page=3)
    assert sheet.version == 2
    assert len(events(session, "sheet.saved")) == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"evidence_code": "MC-0000000"}, "không viện dẫn"),
        ({"evidence_page": 2}, "chọn giấy tờ"),
        ({"evidence_code": "cited", "without_evidence": True}, "hoặc"),
        ({"evidence_code": "cited", "evidence_page": 4}, "chỉ có 3 trang"),
        ({"evidence_code": "uncited"}, "không viện dẫn"),
    ],
)
def test_what_a_mark_cannot_point_to_is_refused_beside_its_criterion(
    session: WriteSession, people: People, said: dict[str, Any], sentence: str
) -> None:
    item = opened(session, people)
    sheet, paper = sheets_of(session, item)[0], cited(session, item, pages=3)
    if said.get("evidence_code") == "uncited":
        other = Evidence(**{**paper.model_dump(exclude={"id"}), "code": "MC-9", "sha256": "0" * 64})
        session.add(other)
        session.flush()
        said = {"evidence_code": other.code}
    elif said.get("evidence_code") == "cited":
        said = {**said, "evidence_code": paper.code}
    with pytest.raises(Invalid) as caught:
        mark(session, people, sheet, option_code="c", **said)
    assert caught.value.reason_code == "sheet.evidence"
    assert sentence in caught.value.fields["1.1"]
    assert sheet.version == 1


def test_a_sheet_that_is_scored_anew_keeps_what_its_marks_pointed_to(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people, members=0)
    sheet, paper, chair = sheets_of(session, item)[0], cited(session, item), people.council_member
    mark(session, people, sheet, option_code="c", evidence_code=paper.code, evidence_page=2)
    others = {code: option for code, option in best().items() if code != "1.1"}
    score(session, people, sheet, chair(CHAIR), answers=others)
    total = sheet.total
    rescore_item(
        session,
        item.code,
        RescoreItem(reason="Xem lại sau thảo luận.", version=item.version),
        **by(chair(CHAIR)),
    )
    mark(session, people, sheet, option_code="a")
    (old,) = superseded_sheets(session, sheet.code, actor=chair(CHAIR))
    told = old.out()
    assert (told.scoring_round, told.total) == (1, total)
    first = next(one for one in told.marks if one.criterion_code == "1.1")
    assert (first.option_code, first.evidence_code, first.evidence_page) == ("c", paper.code, 2)
    assert sheet.total != total
