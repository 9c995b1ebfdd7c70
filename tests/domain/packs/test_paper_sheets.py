"""Sheets on paper: printed for the pen, keyed in twice unseen, compared, then ordinary sheets."""

from collections.abc import Mapping
from contextlib import closing
from io import BytesIO
from types import MappingProxyType
from typing import cast

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, StaleVersion
from app.core.files import store
from app.core.settings import Settings
from app.domain.accounts.rules import Actor
from app.domain.audit.models import AuditEvent
from app.domain.councils.enums import SheetOrigin, SheetState
from app.domain.councils.papers import minutes_data
from app.domain.councils.policy import NotTheOffice
from app.domain.councils.queries import get_meeting, get_sheet
from app.domain.councils.schemas import MarkIn
from app.domain.packs.actions import (
    attach_scan,
    discard_paper,
    enter_paper,
    key_paper,
    resolve_paper,
)
from app.domain.packs.actions.paper_sheets import DifferencesOpen, FirstEntryThere, NoFirstEntry
from app.domain.packs.enums import PaperSheetState, Take
from app.domain.packs.papers import item_grids, sheet_grid
from app.domain.packs.queries import PaperRow, paper_lines, scan_of
from app.domain.packs.schemas import (
    AttachScan,
    DiscardPaper,
    EnterPaper,
    KeyPaper,
    ResolvePaper,
    TakeOne,
)
from app.rulebooks.scoring import NOT_MET, canonical_json
from tests.conftest import AT, commit
from tests.domain.councils.board import lock_with
from tests.factories.councils import (
    CHAIR,
    FIRST_MEMBER,
    SECRETARY,
    close,
    convene,
    items_of,
    make_meeting,
    score,
    sheets_of,
)
from tests.factories.dossiers import complete_answers
from tests.factories.files import photo
from tests.factories.people import People
from tests.print.reading import pdf_words


class Desk:
    """The secretary's desk: one open meeting, and a member's sheet on paper."""

    def __init__(self, session: WriteSession, people: People) -> None:
        self.session, self.people = session, people
        self.meeting = make_meeting(session, people, members=2)
        convene(session, people, self.meeting)
        self.item = items_of(session, self.meeting)[0]
        self.sheet = sheets_of(session, self.item)[1]
        self.member = people.council_member(FIRST_MEMBER)
        self.secretary = people.council_member(SECRETARY)
        self.officer = people.agency()
        self.rubric = get_sheet(session, self.sheet.code, actor=self.member).dossier.rubric
        self.best = complete_answers(self.rubric)

    def key(
        self,
        entry: int,
        changed: Mapping[str, str] = MappingProxyType({}),
        *,
        actor: Actor | None = None,
        remark: str = "",
        opinion: str = "",
    ) -> PaperRow:
        answers = self.best | dict(changed)
        return key_paper(
            self.session,
            self.sheet.code,
            KeyPaper.model_validate(
                {
                    "entry": entry,
                    "marks": [
                        MarkIn(
                            criterion_code=code,
                            option_code=option or None,
                            remark=remark if code == "1.1" else "",
                        ).model_dump()
                        for code, option in answers.items()
                    ],
                    "opinion": opinion,
                }
            ),
            actor=actor or self.secretary,
            at=AT,
        )

    def enter(self, version: int, actor: Actor | None = None) -> PaperRow:
        return enter_paper(
            self.session,
            self.sheet.code,
            EnterPaper(version=version),
            actor=actor or self.secretary,
            at=AT,
        )

    def events(self, kind: str) -> list[AuditEvent]:
        commit(self.session)
        return list(self.session.exec(select(AuditEvent).where(col(AuditEvent.kind) == kind)).all())


@pytest.fixture
def desk(session: WriteSession, people: People) -> Desk:
    return Desk(session, people)


def test_paper_keyed_twice_alike_becomes_the_sheet_and_is_handed_in(desk: Desk) -> None:
    first = desk.key(1, opinion="Đồng ý.")
    assert first.out().state is PaperSheetState.KEYED_ONCE
    second = desk.key(2, actor=desk.officer, opinion="Đồng ý.")
    told = second.out()
    assert (told.state, told.same_person, told.differences) == (
        PaperSheetState.AGREED,
        False,
        [],
    )
    done = desk.enter(told.version).out()
    assert done.state is PaperSheetState.ENTERED
    row = get_sheet(desk.session, desk.sheet.code, actor=desk.member)
    assert (row.sheet.state, row.sheet.origin, row.score.total, row.sheet.opinion) == (
        SheetState.SUBMITTED,
        SheetOrigin.PAPER,
        100,
        "Đồng ý.",
    )
    (event,) = desk.events("paper_sheet.entered")
    assert event.data["first_by"] == desk.secretary.name
    assert event.data["second_by"] == desk.officer.name
    assert desk.events("sheet.submitted")[0].data["origin"] == "paper"


def test_differences_are_settled_one_by_one_before_anything_is_stored(desk: Desk) -> None:
    desk.key(1, {"1.1": "a"}, remark="Xa chợ.")
    told = desk.key(2, {"1.2": "a"}).out()
    assert told.state is PaperSheetState.DIFFERS
    assert [one.criterion_code for one in told.differences] == ["1.1", "1.2"]
    assert told.differences[0].first.remark == "Xa chợ."
    with pytest.raises(Conflict):
        desk.enter(told.version)
    assert get_sheet(desk.session, desk.sheet.code, actor=desk.member).marks == {}

    def resolve(version: int, **takes: Take) -> PaperRow:
        return resolve_paper(
            desk.session,
            desk.sheet.code,
            ResolvePaper(
                choices=[
                    TakeOne(criterion_code=code.replace("_", "."), take=take)
                    for code, take in takes.items()
                ],
                version=version,
            ),
            actor=desk.secretary,
            at=AT,
        )

    with pytest.raises(DifferencesOpen, match=r"1\.2"):
        resolve(told.version, **{"1_1": Take.FIRST})
    with pytest.raises(StaleVersion):
        resolve(told.version - 1, **{"1_1": Take.FIRST, "1_2": Take.FIRST})
    agreed = resolve(told.version, **{"1_1": Take.FIRST, "1_2": Take.SECOND}).out()
    desk.enter(agreed.version)
    marks = get_sheet(desk.session, desk.sheet.code, actor=desk.member).marks
    assert (marks["1.1"].option_code, marks["1.1"].remark) == ("a", "Xa chợ.")
    assert marks["1.2"].option_code == "a"


def test_the_first_entry_is_nowhere_in_the_answer_while_the_second_is_keyed(desk: Desk) -> None:
    row = desk.key(1, remark="Chỉ người nhập lần một biết.")
    assert "Chỉ người" not in row.out().model_dump_json()


def test_entries_follow_one_another(desk: Desk) -> None:
    with pytest.raises(NoFirstEntry):
        desk.key(2)
    desk.key(1)
    with pytest.raises(FirstEntryThere, match=desk.secretary.name):
        desk.key(1, actor=desk.officer)
    told = desk.key(2).out()
    assert told.same_person
    with pytest.raises(Conflict):
        desk.key(2)
    desk.enter(told.version)
    with pytest.raises(Conflict):
        desk.enter(told.version + 1)


def test_marks_that_are_not_on_the_paper_go(desk: Desk) -> None:
    """The paper is what the member signed."""
    score(
        desk.session,
        desk.people,
        desk.sheet,
        desk.member,
        answers={"1.1": "a", "5.1": "a"},
        submit=False,
    )
    desk.key(1)
    desk.enter(desk.key(2).kept.version)
    marks = get_sheet(desk.session, desk.sheet.code, actor=desk.member).marks
    assert {code: mark.option_code for code, mark in marks.items()} == desk.best


def test_an_incomplete_paper_is_not_handed_in(desk: Desk) -> None:
    desk.key(1, {"1.1": ""})
    told = desk.key(2, {"1.1": ""}).out()
    with pytest.raises(Refused, match=r"chưa chấm: 1\.1"):
        desk.enter(told.version)


def test_paper_can_be_thrown_away_and_keyed_anew_until_it_is_handed_in(desk: Desk) -> None:
    told = desk.key(1).out()

    def discard(version: int) -> PaperRow:
        return discard_paper(
            desk.session,
            desk.sheet.code,
            DiscardPaper(reason="Nhập nhầm phiếu.", version=version),
            actor=desk.secretary,
            at=AT,
        )

    discard(told.version)
    assert desk.events("paper_sheet.discarded")[0].data["reason"] == "Nhập nhầm phiếu."
    desk.key(1)
    entered = desk.enter(desk.key(2).kept.version)
    with pytest.raises(Conflict):
        discard(entered.kept.version)


def test_what_the_rubric_does_not_have_is_refused(desk: Desk) -> None:
    for wrong in ({"1.1": "z"}, {"1.2": NOT_MET}, {"9.9": "a"}):
        with pytest.raises(Invalid):
            desk.key(1, wrong)


def test_only_the_office_keys_paper_in(desk: Desk) -> None:
    for actor in (desk.people.council_member(CHAIR), desk.member):
        with pytest.raises(NotTheOffice):
            desk.key(1, actor=actor)
    for actor in (desk.people.auditor(), desk.people.producer(1), desk.people.council_member(9)):
        with pytest.raises((NotPermitted, NotFound)):
            desk.key(1, actor=actor)


def test_the_scan_of_the_signed_paper_is_kept_for_office_and_member(
    desk: Desk, settings: Settings
) -> None:
    row = desk.key(1)
    stored = store(settings.files, photo())
    attach_scan(
        desk.session,
        desk.sheet.code,
        AttachScan(version=row.kept.version),
        stored,
        file_name="phiếu số 3.jpg",
        actor=desk.secretary,
        at=AT,
    )
    for actor in (desk.member, desk.secretary, desk.officer):
        assert scan_of(desk.session, row.kept.code, actor=actor).sha256 == stored.sha256
    for actor in (desk.people.council_member(CHAIR), desk.people.council_member(FIRST_MEMBER + 1)):
        with pytest.raises((NotPermitted, NotFound)):
            scan_of(desk.session, row.kept.code, actor=actor)


def test_the_office_sees_how_far_the_paper_of_a_meeting_is(desk: Desk) -> None:
    desk.key(1)
    lines = paper_lines(desk.session, desk.meeting)
    assert [line.paper.state if line.paper else None for line in lines] == [
        None,
        PaperSheetState.KEYED_ONCE,
        None,
    ]


def test_the_minutes_tell_how_many_sheets_came_on_paper_and_the_result_does_not_change(
    desk: Desk, session: WriteSession
) -> None:
    desk.key(1)
    desk.enter(desk.key(2).kept.version)
    others = [one for one in sheets_of(session, desk.item) if one.id != desk.sheet.id]
    numbers = (CHAIR, FIRST_MEMBER + 1)
    for sheet, number in zip(others, numbers, strict=True):
        score(session, desk.people, sheet, desk.people.council_member(number), answers=desk.best)
    result = lock_with(session, desk.people, desk.item)
    close(session, desk.people, desk.meeting)
    data = minutes_data(get_meeting(session, desk.meeting.code, actor=desk.people.agency()))
    (item,) = cast("list[dict[str, str]]", data["items"])
    assert "1 phiếu chấm trên giấy, nhập hai lần." in item["reason"]
    assert "paper" not in canonical_json(result.document)


# --- the grid ---------------------------------------------------------------------------------


def test_the_grid_is_the_rubric_with_a_box_for_every_option_and_the_sheets_code(
    desk: Desk,
) -> None:
    pdf = sheet_grid(desk.session, desk.sheet.code, actor=desk.member, at=AT, demonstration=False)
    said = " ".join(pdf_words(pdf).split())
    for criterion in desk.rubric.criteria:
        assert f"{criterion.code}. " in said
        for option in criterion.options:
            assert option.label.split()[-1] in said
    with closing(pypdfium2.PdfDocument(pdf)) as document:  # type: ignore[no-untyped-call]  # -- no types
        picture = document[0].render(scale=2.5).to_pil()
    assert [one.text for one in zxingcpp.read_barcodes(picture)] == [desk.sheet.code]
    assert 4 <= len(PdfReader(BytesIO(pdf)).pages) <= 7


def test_grids_of_a_product_are_one_for_each_member_or_a_blank(
    desk: Desk, session: WriteSession
) -> None:
    def grids() -> str:
        return pdf_words(
            item_grids(session, desk.item.code, actor=desk.secretary, at=AT, demonstration=False)
        )

    said = grids()
    for sheet in sheets_of(session, desk.item):
        assert sheet.code in said
    for sheet in sheets_of(session, desk.item):
        sheet.state = SheetState.SUBMITTED
    session.flush()
    assert "PD-" not in grids()


def test_the_grid_of_a_member_is_for_the_member_and_the_office(desk: Desk) -> None:
    for actor in (desk.member, desk.secretary, desk.officer):
        assert sheet_grid(
            desk.session, desk.sheet.code, actor=actor, at=AT, demonstration=False
        ).startswith(b"%PDF")
    for actor in (desk.people.council_member(CHAIR), desk.people.council_member(9)):
        with pytest.raises((NotPermitted, NotFound)):
            sheet_grid(desk.session, desk.sheet.code, actor=actor, at=AT, demonstration=False)
