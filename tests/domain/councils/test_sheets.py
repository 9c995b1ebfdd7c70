"""The own score sheet: filled, handed in, taken back, declined; blind to everybody else."""

from typing import Any

import pytest

from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, Refused, StaleVersion
from app.domain.accounts.rules import Actor
from app.domain.councils.actions import (
    open_meeting,
    recuse_sheet,
    save_marks,
    submit_sheet,
    withdraw_sheet,
)
from app.domain.councils.enums import SheetState
from app.domain.councils.models import ScoreSheet
from app.domain.councils.queries import get_item, get_sheet
from app.domain.councils.schemas import (
    MarkIn,
    OpenMeeting,
    RecuseSheet,
    SaveMarks,
    SubmitSheet,
    WithdrawSheet,
)
from app.domain.dossiers.models import Dossier
from tests.conftest import AT
from tests.domain.councils.board import (
    best,
    by,
    events,
    hand_in,
    lock_with,
    opened,
    refused,
    take_back,
)
from tests.factories.councils import (
    CHAIR,
    SECRETARY,
    items_of,
    make_meeting,
    score,
    score_all,
    sheets_of,
)
from tests.factories.people import People


def save(
    session: WriteSession, people: People, sheet: ScoreSheet, marks: dict[str, Any], **more: Any
) -> Any:
    return save_marks(
        session,
        sheet.code,
        SaveMarks(
            marks=[
                MarkIn(criterion_code=code, option_code=option) for code, option in marks.items()
            ],
            version=more.pop("version", sheet.version),
        ),
        **by(people.council_member(CHAIR), **more),
    )


def recuse(session: WriteSession, people: People, sheet: ScoreSheet, number: int) -> ScoreSheet:
    return recuse_sheet(
        session,
        sheet.code,
        RecuseSheet(reason="Là thành viên hợp tác xã.", version=sheet.version),
        actor=people.council_member(number),
        at=AT,
    )


def test_marks_are_kept_one_by_one_and_taken_back(session: WriteSession, people: People) -> None:
    sheet = sheets_of(session, opened(session, people))[0]
    save(session, people, sheet, {"1.1": "c", "1.2": "b"})
    row = save(session, people, sheet, {"1.2": None})
    assert row.score.by_criterion["1.1"] == 3
    assert "1.2" in row.score.missing
    assert (sheet.total, sheet.version) == (3, 3)


def test_saving_what_is_stored_changes_and_records_nothing(
    session: WriteSession, people: People
) -> None:
    sheet = sheets_of(session, opened(session, people))[0]
    save(session, people, sheet, {"1.1": "c"})
    save(session, people, sheet, {"1.1": "c", "1.2": None})
    assert sheet.version == 2
    assert len(events(session, "sheet.saved")) == 1


def test_the_log_tells_that_a_sheet_was_filled_and_never_its_points(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item)
    told = events(session, "sheet.saved", "sheet.submitted")
    assert len(told) == 10
    for event in told:
        assert set(event.data) == (
            {"criteria"} if event.kind == "sheet.saved" else {"scoring_round", "marks_hash"}
        )


@pytest.mark.parametrize(
    ("marks", "code"),
    [
        ({"99": "a"}, "sheet.unknown_criterion"),
        ({"1.1": "z"}, "scoring.unknown_answer"),
        ({"1.2": "none"}, "scoring.unknown_answer"),
    ],
)
def test_what_the_rubric_does_not_print_is_refused(
    session: WriteSession, people: People, marks: dict[str, Any], code: str
) -> None:
    sheet = sheets_of(session, opened(session, people))[0]
    with pytest.raises(Invalid) as caught:
        save(session, people, sheet, marks)
    assert set(caught.value.fields) == set(marks)
    assert caught.value.reason_code == code
    assert sheet.version == 1


def test_a_criterion_is_sent_once(session: WriteSession, people: People) -> None:
    sheet = sheets_of(session, opened(session, people))[0]
    twice = [MarkIn(criterion_code="1.1", option_code=option) for option in ("a", "b")]
    with refused(Invalid, code="sheet.named_twice"):
        save_marks(
            session,
            sheet.code,
            SaveMarks(marks=twice, version=1),
            actor=people.council_member(CHAIR),
            at=AT,
        )


def test_an_old_version_is_refused(session: WriteSession, people: People) -> None:
    sheet = sheets_of(session, opened(session, people))[0]
    save(session, people, sheet, {"1.1": "c"})
    with refused(StaleVersion, code="stale_version"):
        save(session, people, sheet, {"1.1": "b"}, version=1)
    with refused(StaleVersion, code="stale_version"):
        submit_sheet(
            session,
            sheet.code,
            SubmitSheet(version=1),
            actor=people.council_member(CHAIR),
            at=AT,
        )


def test_an_incomplete_sheet_names_what_is_blank(session: WriteSession, people: People) -> None:
    sheet = sheets_of(session, opened(session, people))[0]
    marks = {code: option for code, option in best().items() if code not in {"3.1", "12"}}
    save(session, people, sheet, marks)
    with refused(
        Refused, code="sheet.incomplete", says="2 tiêu chí chưa chấm: 3.1, 12", basis="3.3"
    ):
        hand_in(session, people, sheet, CHAIR)


def test_a_story_that_is_not_there_needs_no_second_mark(
    session: WriteSession, people: People
) -> None:
    sheet = sheets_of(session, opened(session, people))[0]
    marks = {code: option for code, option in best().items() if code != "5.2"} | {"5.1": "a"}
    row = save(session, people, sheet, marks)
    assert row.score.not_applicable == ("5.2",)
    assert hand_in(session, people, sheet, CHAIR).state is SheetState.SUBMITTED


def test_a_sheet_is_handed_in_taken_back_and_handed_in_again(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    sheet = sheets_of(session, item)[0]
    score(session, people, sheet, people.council_member(CHAIR))
    with refused(Conflict, code="sheet.state", says="Đã nộp", basis="Điều 7.3.d"):
        save(session, people, sheet, {"1.1": "a"})
    with refused(Conflict, code="sheet.state", says="Đã nộp"):
        hand_in(session, people, sheet, CHAIR)
    take_back(session, people, sheet, CHAIR)
    assert (sheet.state, sheet.submitted_at) == (SheetState.DRAFT, None)
    with refused(Conflict, code="sheet.state", says="Đang chấm"):
        take_back(session, people, sheet, CHAIR)
    save(session, people, sheet, {"1.1": "a"})
    hand_in(session, people, sheet, CHAIR)
    assert sheet.total == 98
    kinds = [one.kind for one in events(session, "sheet.submitted", "sheet.withdrawn")]
    assert kinds == ["sheet.submitted", "sheet.withdrawn", "sheet.submitted"]


def test_taking_a_sheet_back_makes_a_prepared_lock_stale(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item)
    seen = item.version
    sheet = sheets_of(session, item)[1]
    take_back(session, people, sheet, 3)
    save(session, people, sheet, {"1.1": "a"}, actor=people.council_member(3))
    hand_in(session, people, sheet, 3)
    assert item.version == seen + 1


def test_nobody_touches_the_sheet_of_another(session: WriteSession, people: People) -> None:
    sheet = sheets_of(session, opened(session, people))[1]
    for actor in (
        people.council_member(CHAIR),
        people.council_member(SECRETARY),
        people.agency(),
        people.administrator(),
    ):
        with refused(NotFound, code="not_found"):
            save(session, people, sheet, {"1.1": "a"}, actor=actor)
        for step, data in (
            (submit_sheet, SubmitSheet(version=1)),
            (withdraw_sheet, WithdrawSheet(version=1)),
            (recuse_sheet, RecuseSheet(reason="Không phải phiếu của tôi.", version=1)),
        ):
            act: Any = step
            with refused(NotFound, code="not_found"):
                act(session, sheet.code, data, actor=actor, at=AT)


def test_a_sheet_that_is_not_there_is_not_found(session: WriteSession, people: People) -> None:
    member = people.council_member(CHAIR)
    with refused(NotFound, code="not_found"):
        submit_sheet(session, "PD-0000", SubmitSheet(version=1), actor=member, at=AT)
    with refused(NotFound, code="not_found"):
        get_sheet(session, "PD-0000", actor=member)


def onlookers(people: People) -> list[Actor]:
    return [
        people.council_member(CHAIR),
        people.council_member(SECRETARY),
        people.council_member(4),
        people.agency(),
        people.head(),
        people.signer(),
        people.auditor(),
        people.administrator(),
        people.partner(),
    ]


@pytest.mark.parametrize("submit", [False, True])
def test_before_the_lock_a_sheet_is_read_by_its_member_alone(
    session: WriteSession, people: People, *, submit: bool
) -> None:
    item = opened(session, people)
    sheet, member = sheets_of(session, item)[1], people.council_member(3)
    score(session, people, sheet, member, submit=submit)
    dossier = session.get(Dossier, item.dossier_id)
    assert dossier is not None
    assert get_sheet(session, sheet.code, actor=member).out().total == 100
    for actor in [*onlookers(people), people.producer(dossier.producer_id), people.officer()]:
        with refused(NotFound, code="not_found"):
            get_sheet(session, sheet.code, actor=actor)


def test_after_the_lock_council_and_province_read_the_sheets_and_the_producer_does_not(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item)
    lock_with(session, people, item)
    sheet = sheets_of(session, item)[1]
    dossier = session.get(Dossier, item.dossier_id)
    assert dossier is not None
    strangers = [
        people.administrator(),
        people.partner(),
        people.producer(dossier.producer_id),
        people.officer(),
        people.council_member(9),
    ]
    for actor in onlookers(people):
        if actor not in strangers:
            assert get_sheet(session, sheet.code, actor=actor).out().total == 100
    for actor in strangers:
        with refused(NotFound, code="not_found"):
            get_sheet(session, sheet.code, actor=actor)


def test_a_recusal_leaves_numerator_and_denominator(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    sheet = sheets_of(session, item)[1]
    recuse(session, people, sheet, 3)
    detail = get_item(session, item.code, actor=people.agency())
    assert (detail.quorum.present, detail.quorum.voting, detail.quorum.needed) == (4, 4, 3)
    assert (detail.row.expected, detail.row.recused) == (4, 1)
    (event,) = events(session, "sheet.recused")
    assert event.data["reason"] == "Là thành viên hợp tác xã."
    for again in (
        lambda: recuse(session, people, sheet, 3),
        lambda: hand_in(session, people, sheet, 3),
        lambda: save(session, people, sheet, {"1.1": "a"}, actor=people.council_member(3)),
    ):
        with refused(Conflict, code="sheet.state", says="Không tham gia"):
            again()


def test_a_submitted_sheet_is_not_declined_before_it_is_taken_back(
    session: WriteSession, people: People
) -> None:
    sheet = sheets_of(session, opened(session, people))[1]
    score(session, people, sheet, people.council_member(3))
    with refused(Conflict, code="sheet.state", says="Đã nộp"):
        recuse(session, people, sheet, 3)


def test_everybody_may_step_back_and_then_nobody_locks(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people, members=3)  # four judge
    sheets = sheets_of(session, item)
    for sheet, number in zip(sheets, (CHAIR, 3, 4, 5), strict=True):
        recuse(session, people, sheet, number)
    assert {sheet.state for sheet in sheets} == {SheetState.RECUSED}
    with refused(Refused, code="item.quorum_not_met", says="0/0", basis="Điều 7.3.d"):
        lock_with(session, people, item)


def test_with_absent_members_a_second_recusal_costs_the_quorum(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)  # five vote, four come: 80 %
    open_meeting(
        session,
        meeting.code,
        OpenMeeting(
            present=["hoidong1", "hoidong2", "hoidong3", "hoidong4", "hoidong5"], version=1
        ),
        actor=people.council_member(SECRETARY),
        at=AT,
    )
    (item,) = items_of(session, meeting)
    sheets = sheets_of(session, item)
    recuse(session, people, sheets[1], 3)  # 3 of 4: exactly three quarters
    assert get_item(session, item.code, actor=people.agency()).quorum.is_met
    recuse(session, people, sheets[2], 4)
    with refused(Refused, code="item.quorum_not_met", says="2/3"):
        lock_with(session, people, item)
