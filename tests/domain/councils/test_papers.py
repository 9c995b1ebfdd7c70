"""The printed minutes: only of a closed meeting, with what anyone needs to recompute."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from app.core.db import WriteSession
from app.core.errors import Conflict, NotFound
from app.core.layout import PaperFormat
from app.domain.accounts.rules import Actor
from app.domain.councils.actions import lock_item, open_meeting
from app.domain.councils.papers import minutes_data, minutes_paper
from app.domain.councils.queries import get_meeting
from app.domain.councils.schemas import LockItem, OpenMeeting
from tests.conftest import AT
from tests.domain.councils.board import lock_with, meeting_of, opened, refused, with_total
from tests.factories.councils import (
    CHAIR,
    certify,
    close,
    items_of,
    make_meeting,
    score,
    score_all,
    sheets_of,
)
from tests.factories.people import People


def printed(session: WriteSession, code: str, actor: Actor, *, demonstration: bool = False) -> str:
    content = minutes_paper(
        session, code, actor=actor, demonstration=demonstration, rules_dir=None
    ).printed(PaperFormat.PDF, own=None, at=AT)
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    return " ".join(text.split())


def test_minutes_tell_the_result_and_its_hash(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    score_all(session, people, item, answers=with_total(49))
    result = lock_with(session, people, item)
    meeting = close(session, people, meeting_of(session, item))
    told = printed(session, meeting.code, people.agency())
    for words in (
        "02/BB-HĐ",
        "Đợt 2 năm 2026",
        "812/QĐ-UBND",
        "09 giờ 00, ngày 14/09/2026",
        "Có mặt 5/5",
        "Mật ong thử nghiệm",
        "49,00",
        "2 sao",
        "Hội đồng thống nhất kết quả nêu trên.",
        people.council_member(CHAIR).name,
    ):
        assert words in told
    assert result.document_hash in told.replace(" ", "")
    assert told == printed(session, meeting.code, people.council_member(3))


@pytest.mark.parametrize("state", ["scheduled", "open"])
def test_there_are_no_minutes_before_the_end(
    session: WriteSession, people: People, state: str
) -> None:
    meeting = (
        make_meeting(session, people)
        if state == "scheduled"
        else meeting_of(session, opened(session, people))
    )
    with refused(Conflict, code="meeting.no_minutes", basis="Điều 7.3.d"):
        printed(session, meeting.code, people.agency())


def test_minutes_are_for_who_may_see_the_meeting(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    score_all(session, people, item)
    lock_with(session, people, item)
    meeting = close(session, people, meeting_of(session, item))
    for actor in (people.officer(), people.council_member(9), people.administrator()):
        with refused(NotFound, code="not_found"):
            printed(session, meeting.code, actor)


def test_minutes_name_the_delegate_who_presided_and_who_was_away(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    open_meeting(
        session,
        meeting.code,
        OpenMeeting(
            present=["hoidong2", "hoidong3", "hoidong4", "hoidong5", "hoidong6"],
            delegate="hoidong3",
            version=1,
        ),
        actor=people.council_member(2),
        at=AT,
    )
    (item,) = items_of(session, meeting)
    for sheet, number in zip(sheets_of(session, item), (3, 4, 5, 6), strict=True):
        score(session, people, sheet, people.council_member(number))
    certify(session, people, item)
    lock_item(
        session,
        item.code,
        LockItem(version=item.version),
        actor=people.council_member(3),
        at=AT,
    )
    close(session, people, meeting)
    data = minutes_data(get_meeting(session, meeting.code, actor=people.agency()))
    assert data["chair"] == {
        "title": "Người được Chủ tịch Hội đồng ủy quyền",
        "name": people.council_member(3).name,
        "note": "",
    }
    attendance = data["attendance"]
    assert isinstance(attendance, dict)
    assert (attendance["present"], attendance["total"], attendance["rate"]) == ("4", "5", "80 %")
    assert [one["present"] for one in attendance["members"]] == [False, *[True] * 5]
    items = data["items"]
    assert isinstance(items, list)
    assert items[0]["result"] == "5 sao: đề nghị Trung ương đánh giá"
