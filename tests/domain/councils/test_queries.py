"""What is seen of councils, by whom, at which cost; and the work that waits."""

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from app.core.db import ReadSession, WriteSession, reading
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.councils.models import AgendaItem, Meeting, Round, ScoreSheet
from app.domain.councils.queries import (
    councils_list,
    get_council,
    get_item,
    get_meeting,
    get_result,
    get_round,
    get_sheet,
    meetings_page,
    result_to_recompute,
    rounds_list,
    schedulable,
    work_for,
)
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from tests.conftest import AT, commit
from tests.domain.councils.board import (
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
    score_all,
    sheets_of,
    the_round,
)
from tests.factories.dossiers import make_dossier
from tests.factories.people import People
from tests.factories.statements import counted

TODAY = AT.date()


def provincial(people: People) -> list[Actor]:
    return [people.agency(), people.head(), people.signer(), people.auditor()]


def seated(people: People) -> list[Actor]:
    return [
        people.council_member(CHAIR),
        people.council_member(SECRETARY),
        people.council_member(3),
    ]


def strangers(session: WriteSession, people: People) -> list[Actor]:
    dossier = session.exec(select(Dossier)).first()
    assert dossier is not None
    return [
        people.council_member(9),
        people.officer(),
        people.leader(),
        people.producer(dossier.producer_id),
        people.partner(),
        people.administrator(),
    ]


def test_meetings_and_councils_are_for_the_province_and_for_who_sits_there(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    meeting = meeting_of(session, item)
    for actor in [*provincial(people), *seated(people)]:
        row = get_meeting(session, meeting.code, actor=actor)
        assert get_item(session, item.code, actor=actor).row.item.id == item.id
        assert get_council(session, row.council.code, actor=actor).council.id == row.council.id
        assert len(councils_list(session, actor=actor)) == 1
        (brief,) = meetings_page(session, actor=actor).items
        assert (brief.items, brief.locked) == (1, 0)
    for actor in strangers(session, people):
        for look in (
            lambda who: get_meeting(session, meeting.code, actor=who),
            lambda who: get_item(session, item.code, actor=who),
            lambda who: get_council(session, row.council.code, actor=who),
        ):
            with refused(NotFound, code="not_found"):
                look(actor)
        assert meetings_page(session, actor=actor).items == []
        assert councils_list(session, actor=actor) == []


def test_rounds_are_for_the_province_and_for_people_of_councils(
    session: WriteSession, people: People
) -> None:
    round_ = the_round(session, people)
    make_dossier(session, people, state=DossierState.ACCEPTED, round_=round_)
    for actor in [*provincial(people), people.council_member(9)]:
        assert get_round(session, round_.code, actor=actor).id == round_.id
        assert len(rounds_list(session, actor=actor)) == 1
        waiting = schedulable(session, round_.id, actor=actor)
        assert len(waiting) == (1 if actor.sees_province else 0)
    for actor in strangers(session, people)[1:]:
        with refused(NotFound, code="not_found"):
            get_round(session, round_.code, actor=actor)
        assert rounds_list(session, actor=actor) == []
        assert schedulable(session, round_.id, actor=actor) == []


def test_meetings_come_in_pages_newest_first_and_by_round(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    second = Meeting.model_validate(meeting.model_dump() | {"id": None, "code": "PH-SECOND"})
    session.add(second)
    session.flush()
    first_page = meetings_page(session, actor=people.agency(), limit=1)
    assert [row.meeting.code for row in first_page.items] == ["PH-SECOND"]
    rest = meetings_page(session, actor=people.agency(), after=first_page.next_after or 0)
    assert [row.meeting.code for row in rest.items] == [meeting.code]
    assert rest.next_after is None
    none = meetings_page(session, actor=people.agency(), round_id=(meeting.round_id or 0) + 1)
    assert none.items == []


def test_what_the_sheets_add_up_to_is_told_to_chair_and_secretary_when_all_are_in(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    sheets = sheets_of(session, item)
    for sheet, number in zip(sheets, (1, 3, 4, 5, 6), strict=True):
        for actor in [*seated(people), *provincial(people)]:
            out = get_item(session, item.code, actor=actor).out()
            assert (out.settling, out.star, out.average) == (None, None, None)
        score(session, people, sheet, people.council_member(number))
    for actor in seated(people)[:2]:
        told = get_item(session, item.code, actor=actor).out().settling
        assert told is not None
        assert (told.average, told.spread, told.star) == ("100,00", 0, 5)
    for actor in [people.council_member(3), *provincial(people)]:
        out = get_item(session, item.code, actor=actor).out()
        assert (out.settling, out.star, out.average) == (None, None, None)


def test_everybody_finds_the_own_sheet_and_no_other_code(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    codes = [sheet.code for sheet in sheets_of(session, item)]
    for actor, own in (
        (people.council_member(CHAIR), codes[0]),
        (people.council_member(3), codes[1]),
        (people.council_member(SECRETARY), None),
        (people.agency(), None),
    ):
        out = get_item(session, item.code, actor=actor).out()
        assert out.my_sheet == own
        said = out.model_dump_json()
        assert [code for code in codes if code in said] == ([own] if own else [])


def test_a_result_is_told_after_the_lock_without_names_and_its_sheets_not_to_the_producer(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    dossier = session.get(Dossier, item.dossier_id)
    assert dossier is not None
    producer = people.producer(dossier.producer_id)
    with refused(NotFound, code="not_found"):
        get_result(session, dossier.code, actor=producer)
    score_all(session, people, item)
    lock_with(session, people, item)
    for actor in (producer, people.officer(), people.agency(), people.council_member(3)):
        out = get_result(session, dossier.code, actor=actor).out()
        assert (out.average, out.average_text, out.star) == ("100/1", "100,00", 5)
        assert out.criterion_means["1.1"] == "3/1"
        said = out.model_dump_json()
        assert not [n for n in range(1, 7) if people.council_member(n).name in said]
    for actor in (people.agency(), people.auditor(), people.council_member(3)):
        row = result_to_recompute(session, dossier.code, actor=actor)
        assert row.sees_sheets
        assert len(json.loads(row.file)["sealed"]["sheets"]) == 5
    for actor in (producer, people.officer()):
        row = result_to_recompute(session, dossier.code, actor=actor)
        assert "sealed" not in json.loads(row.file)
        assert json.loads(row.file)["document_hash"] == row.result.document_hash
        assert not [n for n in range(1, 7) if people.council_member(n).name in row.file]
    for actor in (people.council_member(9), people.administrator()):
        with refused(NotFound, code="not_found"):
            get_result(session, dossier.code, actor=actor)


# --- cost -------------------------------------------------------------------------------------

LOOKS: dict[str, tuple[int, Callable[[ReadSession, Actor], object]]] = {
    "meeting": (
        4,
        lambda s, who: get_meeting(s, s.exec(select(Meeting)).one().code, actor=who).out(),
    ),
    "item": (
        5,
        lambda s, who: get_item(s, first(s, AgendaItem).code, actor=who).out(),
    ),
    "sheet": (
        3,
        lambda s, who: get_sheet(s, first(s, ScoreSheet).code, actor=who).out(),
    ),
    "work": (1, lambda s, who: work_for(s, who, TODAY)),
    "meetings": (2, lambda s, who: [row.out() for row in meetings_page(s, actor=who).items]),
    "councils": (2, lambda s, who: [row.out() for row in councils_list(s, actor=who)]),
}
ASKED_FOR_CODE = {"meeting": 1, "item": 1, "sheet": 1}


def first(session: ReadSession, kind: type) -> AgendaItem | ScoreSheet:
    found: AgendaItem | ScoreSheet = session.exec(select(kind).order_by(kind.id).limit(1)).one()  # type: ignore[attr-defined]  # -- each has an id
    return found


@pytest.mark.parametrize("count", [1, 3])
def test_a_look_costs_the_same_however_long_the_agenda_is(
    session: WriteSession, people: People, engine: Engine, count: int
) -> None:
    products = several_products(session, people, count)
    item = opened(session, people, products=products)
    for one in items_of(session, meeting_of(session, item)):
        score_all(session, people, one)
    chair = people.council_member(CHAIR)
    commit(session)
    for name, (statements, look) in LOOKS.items():
        with reading(engine) as own, counted(engine) as sent:
            assert look(own, chair)
        told = "\n".join([name, *sent])
        assert len(sent) - ASKED_FOR_CODE.get(name, 0) == statements, told


# --- work -------------------------------------------------------------------------------------


def kinds(session: WriteSession, actor: Actor, on: date = TODAY) -> list[str]:
    return [one.kind for one in work_for(session, actor, on)]


def test_the_agency_puts_accepted_dossiers_on_an_agenda(
    session: WriteSession, people: People
) -> None:
    round_ = the_round(session, people)
    make_dossier(session, people, state=DossierState.ACCEPTED, round_=round_)
    (work,) = work_for(session, people.agency(), TODAY)
    assert (work.kind, work.code) == ("round.schedule", "D2-2026")
    assert (work.due_on, work.overdue) == (date(2026, 12, 29), False)
    (late,) = work_for(session, people.agency(), date(2026, 12, 30))
    assert late.overdue
    assert kinds(session, people.auditor()) == []


def test_each_seat_is_told_what_waits_for_it(session: WriteSession, people: People) -> None:
    meeting = make_meeting(session, people, products=several_products(session, people, 2))
    chair, secretary, member = seated(people)
    assert kinds(session, people.agency()) == []
    for actor in (chair, secretary):
        assert kinds(session, actor) == ["meeting.open"]
        assert kinds(session, actor, TODAY - timedelta(days=1)) == []
    assert kinds(session, member) == []

    convene(session, people, meeting)
    one, two = items_of(session, meeting)
    assert kinds(session, chair) == kinds(session, member) == ["sheet.score", "sheet.score"]
    assert kinds(session, secretary) == []

    score_all(session, people, one)
    assert kinds(session, chair) == ["item.lock", "sheet.score"]
    assert kinds(session, secretary) == ["item.certify"]
    assert kinds(session, member) == ["sheet.score"]

    lock_with(session, people, one)
    score_all(session, people, two)
    assert kinds(session, chair) == ["item.lock"]
    assert kinds(session, secretary) == ["item.certify"]
    assert kinds(session, member) == []

    lock_with(session, people, two)
    assert kinds(session, chair) == kinds(session, secretary) == ["meeting.close"]
    close(session, people, meeting)
    assert kinds(session, chair) == kinds(session, secretary) == kinds(session, member) == []


def test_who_sits_elsewhere_has_no_work_here(session: WriteSession, people: People) -> None:
    opened(session, people)
    for actor in strangers(session, people):
        assert kinds(session, actor) == []
    assert session.exec(select(Round)).all()
