"""Interests: hints from data, declarations per product, and what they do to the quorum."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import ReadSession, WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership, User
from app.domain.accounts.rules import Actor
from app.domain.councils.actions import (
    declare_conflicts,
    lock_item,
    open_meeting,
    put_off_item,
    recuse_sheet,
    why_not_lock,
)
from app.domain.councils.enums import Hint, ItemState, SheetState
from app.domain.councils.models import AgendaItem, CouncilMember, Meeting
from app.domain.councils.papers.minutes import minutes_data
from app.domain.councils.queries import ConflictBoard, conflict_board, get_item, get_meeting
from app.domain.councils.rules import quorum_count
from app.domain.councils.schemas import (
    DeclareConflict,
    DeclareConflicts,
    LockItem,
    OpenMeeting,
    RecuseSheet,
    TakeOffAgenda,
)
from app.domain.dossiers.enums import DossierState, Recommendation
from app.domain.dossiers.models import AdvisoryReport, Dossier
from app.domain.producers.models import Producer
from app.rulebooks import loader
from tests.conftest import AT, commit
from tests.domain.councils.board import (
    by,
    events,
    lock_with,
    meeting_of,
    opened,
    refused,
    several_products,
)
from tests.factories.councils import (
    CHAIR,
    SECRETARY,
    close,
    convene,
    items_of,
    make_meeting,
    score,
    sheets_of,
)
from tests.factories.people import HOME, SINCE, People
from tests.factories.statements import counted

TODAY = AT.date()


def say(
    session: WriteSession,
    people: People,
    meeting: Meeting,
    number: int,
    *said: tuple[AgendaItem, bool, str],
) -> ConflictBoard:
    return declare_conflicts(
        session,
        meeting.code,
        DeclareConflicts(
            declarations=[
                DeclareConflict(item=item.code, has_conflict=conflict, reason=reason)
                for item, conflict, reason in said
            ]
        ),
        **by(people.council_member(number)),
    )


def board(session: WriteSession, meeting: Meeting, actor: Actor) -> ConflictBoard:
    row = get_meeting(ReadSession(session), meeting.code, actor=actor)
    return conflict_board(ReadSession(session), row, on=TODAY)


def hints_of(session: WriteSession, meeting: Meeting, people: People, number: int) -> set[Hint]:
    actor = people.council_member(number)
    return {hint for line in board(session, meeting, actor).own for hint in line.hints}


def user_of(session: WriteSession, number: int) -> User:
    return session.exec(select(User).where(col(User.username) == f"hoidong{number}")).one()


def grant(session: WriteSession, number: int, role: Role, **what: Any) -> None:
    user = user_of(session, number)
    session.add(Membership(user_id=user.id or 0, role=role, valid_from=SINCE, **what))
    session.flush()


# --- hints ------------------------------------------------------------------------------------


def test_posts_in_the_commune_or_for_the_producer_are_hints(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    assert hints_of(session, meeting, people, 3) == set()
    grant(session, 3, Role.COMMUNE_OFFICER, unit_code=HOME)
    producer = session.exec(select(Producer)).one()
    grant(session, 4, Role.PRODUCER, producer_id=producer.id)
    grant(session, 5, Role.COMMUNE_OFFICER, unit_code="03405")
    assert hints_of(session, meeting, people, 3) == {Hint.SAME_COMMUNE}
    assert hints_of(session, meeting, people, 4) == {Hint.ACTS_FOR_PRODUCER}
    assert hints_of(session, meeting, people, 5) == set()


def test_the_organisation_is_a_hint_where_it_names_commune_or_producer(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    producer = session.exec(select(Producer)).one()
    members = {one.user_id: one for one in session.exec(select(CouncilMember)).all()}
    members[user_of(session, 3).id or 0].organisation = "Ủy ban nhân dân xã Bình Lư"
    members[user_of(session, 4).id or 0].organisation = producer.name.upper()
    session.flush()
    assert hints_of(session, meeting, people, 3) == {Hint.SAME_COMMUNE}
    assert hints_of(session, meeting, people, 4) == {Hint.SAME_ORGANISATION}


def test_who_worked_on_the_dossier_or_advised_on_it_is_told(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    commit(session)
    (item,) = items_of(session, meeting)
    dossier = session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()
    session.add(
        AdvisoryReport(
            dossier_id=dossier.id or 0,
            recommendation=next(iter(Recommendation)),
            written_by_id=user_of(session, 4).id,
            written_by="Người viết",
            written_at=AT,
        )
    )
    officer = session.exec(select(User).where(col(User.username) == f"canbo{HOME}")).one()
    seat = session.exec(
        select(CouncilMember).where(col(CouncilMember.user_id) == user_of(session, 3).id)
    ).one()
    seat.user_id = officer.id or 0
    session.flush()
    lines = board(session, meeting, people.council_member(SECRETARY)).told
    told = {line.member.id: set(line.hints) for line in lines}
    assert Hint.HELPED in told[seat.id]
    assert set() not in told.values()
    assert {Hint.ADVISED} in told.values()


# --- declaring --------------------------------------------------------------------------------


def test_a_member_declares_for_the_whole_agenda_before_the_meeting(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people, products=several_products(session, people, 2))
    first, second = items_of(session, meeting)
    say(session, people, meeting, 3, (first, False, ""), (second, True, "Em ruột là giám đốc."))
    convene(session, people, meeting)
    states = {sheet.state for sheet in sheets_of(session, first)}
    assert states == {SheetState.DRAFT}
    recused = [s for s in sheets_of(session, second) if s.state is SheetState.RECUSED]
    assert [sheet.recusal_reason for sheet in recused] == ["Em ruột là giám đốc."]
    detail = get_item(session, second.code, actor=people.agency())
    assert (detail.quorum.present, detail.quorum.voting) == (4, 4)
    declared = events(session, "conflict.declared")
    assert [event.data["has_conflict"] for event in declared] == [False, True]
    assert not any("points" in event.data or "total" in event.data for event in declared)


def test_an_absent_member_with_a_conflict_leaves_the_denominator_too(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people, members=3)  # four vote, three must be there
    (item,) = items_of(session, meeting)
    say(session, people, meeting, 5, (item, True, "Là vợ của chủ thể."))
    open_meeting(
        session,
        meeting.code,
        OpenMeeting(present=["hoidong1", "hoidong2", "hoidong3", "hoidong4"], version=1),
        **by(people.council_member(SECRETARY)),
    )
    count = get_item(session, item.code, actor=people.agency()).quorum
    assert (count.present, count.voting, count.needed) == (3, 3, 3)


def test_a_conflict_needs_its_reason_and_a_no_answers_a_hint(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    grant(session, 3, Role.COMMUNE_OFFICER, unit_code=HOME)
    (item,) = items_of(session, meeting)
    for conflict, said in ((True, "xung đột"), (False, "dấu hiệu")):
        with pytest.raises(Invalid) as caught:
            say(session, people, meeting, 3, (item, conflict, ""))
        assert said in caught.value.fields["declarations.0.reason"]
    shown = say(session, people, meeting, 3, (item, False, "Đã chuyển công tác từ 2025."))
    (line,) = shown.own
    assert (line.is_unanswered, line.matters) == (False, True)
    (event,) = events(session, "conflict.declared")
    assert event.data["hints"] == ["same_commune"]


def test_a_hint_is_told_to_the_member_to_chair_and_secretary_only(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    grant(session, 3, Role.COMMUNE_OFFICER, unit_code=HOME)
    for number, sees in ((CHAIR, True), (SECRETARY, True), (4, False)):
        assert bool(board(session, meeting, people.council_member(number)).told) is sees
    assert board(session, meeting, people.council_member(SECRETARY)).own == ()
    (own,) = board(session, meeting, people.council_member(3)).own
    assert own.is_unanswered
    assert board(session, meeting, people.council_member(4)).out().council == []


def test_who_does_not_vote_declares_nothing(session: WriteSession, people: People) -> None:
    meeting = make_meeting(session, people)
    (item,) = items_of(session, meeting)
    with refused(NotPermitted, code="conflict.not_voting", basis="xung đột"):
        say(session, people, meeting, SECRETARY, (item, False, ""))
    with refused(NotFound, code="not_found"):
        say(session, people, meeting, 9, (item, False, ""))


def test_what_is_not_on_the_agenda_is_not_declared(session: WriteSession, people: People) -> None:
    meeting = make_meeting(session, people)
    stranger = AgendaItem(
        code="MH-0000000X",
        meeting_id=0,
        dossier_id=0,
        position=1,
        papers_open_on=local_day(people.at),
    )
    with refused(NotFound, code="not_found"):
        say(session, people, meeting, 3, (stranger, False, ""))


def test_saying_the_same_again_changes_and_records_nothing(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    (item,) = items_of(session, meeting)
    for _ in range(2):
        say(session, people, meeting, 3, (item, False, ""))
    say(session, people, meeting, 3, (item, True, "Nhớ ra: góp vốn năm 2024."))
    assert [one.data["has_conflict"] for one in events(session, "conflict.declared")] == [
        False,
        True,
    ]


def test_during_scoring_a_conflict_is_the_same_write_as_not_taking_part(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    meeting = meeting_of(session, item)
    say(session, people, meeting, 3, (item, True, "Là cổ đông của chủ thể."))
    sheet = sheets_of(session, item)[1]
    assert (sheet.state, sheet.recusal_reason) == (SheetState.RECUSED, "Là cổ đông của chủ thể.")
    recuse_sheet(
        session,
        sheets_of(session, item)[2].code,
        RecuseSheet(reason="Là người nhà.", version=1),
        **by(people.council_member(4)),
    )
    lines = board(session, meeting, people.council_member(CHAIR)).of_item(item)
    assert [line.declared.has_conflict for line in lines if line.declared] == [True, True]
    assert len(events(session, "sheet.recused")) == 2


def test_a_conflict_comes_before_the_sheet_and_is_not_taken_back(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    meeting = meeting_of(session, item)
    score(session, people, sheets_of(session, item)[1], people.council_member(3))
    with refused(Conflict, code="sheet.state", says="Đã nộp"):
        say(session, people, meeting, 3, (item, True, "Là cổ đông."))
    say(session, people, meeting, 4, (item, True, "Là cổ đông."))
    with refused(Conflict, code="sheet.state", says="Không tham gia"):
        say(session, people, meeting, 4, (item, False, "Nhầm."))


# --- the quorum of one product ----------------------------------------------------------------


def lose(session: WriteSession, people: People) -> AgendaItem:
    """Open a meeting of four voters without one of them, then let another one step back."""
    meeting = make_meeting(session, people, members=3)
    open_meeting(
        session,
        meeting.code,
        OpenMeeting(present=["hoidong1", "hoidong2", "hoidong3", "hoidong4"], version=1),
        **by(people.council_member(SECRETARY)),
    )
    (item,) = items_of(session, meeting)
    say(session, people, meeting, 4, (item, True, "Là người nhà của chủ thể."))
    return item


def test_a_lost_quorum_stands_in_the_way_of_the_lock_with_its_reason(
    session: WriteSession, people: People
) -> None:
    item = lose(session, people)
    detail = get_item(session, item.code, actor=people.council_member(CHAIR))
    assert (detail.quorum.present, detail.quorum.voting, detail.quorum.needed) == (2, 3, 3)
    refusal = why_not_lock(detail)
    assert refusal is not None
    assert "2/3" in refusal.text
    with refused(Refused, code="item.quorum_not_met", says="cần ít nhất 3", basis="Điều 7.3.d"):
        lock_item(
            session, item.code, LockItem(version=item.version), **by(people.council_member(CHAIR))
        )


def put_off(session: WriteSession, people: People, item: AgendaItem, number: int) -> AgendaItem:
    return put_off_item(
        session,
        item.code,
        TakeOffAgenda(reason="Không đủ người chấm.", version=item.version),
        **by(people.council_member(number)),
    )


def test_a_product_without_its_quorum_is_put_off_and_waits_again(
    session: WriteSession, people: People
) -> None:
    item = lose(session, people)
    with refused(NotPermitted, code="meeting.not_presiding"):
        put_off(session, people, item, 3)
    put_off(session, people, item, CHAIR)
    assert (item.state, item.taken_off_reason) == (ItemState.TAKEN_OFF, "Không đủ người chấm.")
    dossier = session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()
    assert dossier.state is DossierState.ACCEPTED
    row = get_meeting(session, meeting_of(session, item).code, actor=people.agency())
    assert row.open_items == 0
    (event,) = events(session, "item.put_off")
    assert event.data["reason"] == "Không đủ người chấm."


def test_a_product_with_its_quorum_is_not_put_off(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    with refused(Refused, code="item.quorum_is_met", says="5/5"):
        put_off(session, people, item, CHAIR)


def test_the_minutes_tell_who_did_not_judge_and_which_hints_stayed_unanswered(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    grant(session, 3, Role.COMMUNE_OFFICER, unit_code=HOME)
    grant(session, 4, Role.COMMUNE_OFFICER, unit_code=HOME)
    (item,) = items_of(session, meeting)
    say(session, people, meeting, 4, (item, False, "Đã chuyển công tác."))
    say(session, people, meeting, 5, (item, True, "Là anh trai của chủ thể."))
    convene(session, people, meeting)
    judging = zip(sheets_of(session, item), (CHAIR, 3, 4, 6), strict=False)
    for sheet, number in judging:
        score(session, people, sheet, people.council_member(number))
    lock_with(session, people, item)
    close(session, people, meeting)
    row = get_meeting(session, meeting.code, actor=people.agency())
    told: Any = minutes_data(row, board=conflict_board(session, row, on=TODAY))
    interests = told["items"][0]["interests"]
    for name, said in (
        (people.council_member(3).name, "công tác tại xã, phường của chủ thể, chưa khai báo."),
        (people.council_member(4).name, "khai không có xung đột: Đã chuyển công tác."),
        (people.council_member(5).name, "không chấm: Là anh trai của chủ thể."),
    ):
        assert f"{name}" in interests
        assert said in interests


@given(
    voting=st.integers(1, 40),
    recused=st.integers(0, 40),
    absent=st.integers(0, 40),
    chair=st.booleans(),
)
def test_recusals_leave_both_sides_of_the_quorum(
    voting: int, recused: int, absent: int, *, chair: bool
) -> None:
    rules = loader.default_council_rules()
    eligible = max(0, voting - recused)
    present = max(0, eligible - absent)
    count = quorum_count(rules, voting=eligible, present=present, chair_present=chair)
    # As an official would count with three beans for every four members, in whole numbers.
    assert count.is_met == (eligible > 0 and chair and 4 * present >= 3 * eligible)
    assert 4 * count.needed >= 3 * eligible > 4 * (count.needed - 1) or eligible == 0
    if count.is_met and present > 0:
        # One more who is present and steps back never turns a met quorum of all into an unmet one.
        fewer = quorum_count(rules, voting=eligible - 1, present=present - 1, chair_present=chair)
        assert fewer.is_met or present < eligible or eligible == 1


@pytest.mark.parametrize("products", [1, 3])
def test_the_board_of_interests_is_read_in_one_statement(
    session: WriteSession, people: People, engine: Engine, products: int
) -> None:
    meeting = make_meeting(session, people, products=several_products(session, people, products))
    commit(session)
    row = get_meeting(session, meeting.code, actor=people.council_member(CHAIR))
    with counted(engine) as sent:
        assert len(conflict_board(session, row, on=TODAY).lines) == 5 * products
    assert len(sent) == 1
