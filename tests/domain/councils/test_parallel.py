"""Two people at the same moment: one result, and nothing counted that nobody handed in."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from app.core.db import WriteSession, transaction
from app.core.errors import Refusal
from app.domain.accounts.rules import Actor
from app.domain.councils.actions import lock_item, save_marks, submit_sheet, withdraw_sheet
from app.domain.councils.enums import ItemState, SheetState
from app.domain.councils.models import AgendaItem, Result, ScoreSheet
from app.domain.councils.queries import item_for_update
from app.domain.councils.schemas import LockItem, MarkIn, SaveMarks, SubmitSheet, WithdrawSheet
from tests.conftest import AT, commit
from tests.domain.councils.board import opened, refused
from tests.factories.councils import CHAIR, certify, score, score_all, sheets_of
from tests.factories.people import People

Job = Callable[[WriteSession], object]


def together(engine: Engine, *jobs: Job) -> list[str]:
    """Run each job in a transaction of its own at the same moment; tell "done" or why not."""
    start = Barrier(len(jobs))
    told = ["" for _ in jobs]

    def run(position: int, job: Job) -> None:
        start.wait()
        try:
            with transaction(engine) as session:
                job(session)
            told[position] = "done"
        except Refusal as refusal:
            told[position] = refusal.reason_code

    threads = [Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return told


def locking(item: AgendaItem, chair: Actor) -> Job:
    return lambda session: lock_item(
        session, item.code, LockItem(version=item.version), actor=chair, at=AT
    )


def what_stands(session: WriteSession) -> tuple[list[Result], AgendaItem, list[ScoreSheet]]:
    session.rollback()
    session.expire_all()
    return (
        list(session.exec(select(Result)).all()),
        session.exec(select(AgendaItem)).one(),
        list(session.exec(select(ScoreSheet)).all()),
    )


def test_two_locks_of_one_item_make_one_result(
    session: WriteSession, people: People, engine: Engine
) -> None:
    item = opened(session, people, members=3)
    score_all(session, people, item)
    certify(session, people, item)
    chair = people.council_member(CHAIR)
    commit(session)
    told = together(engine, locking(item, chair), locking(item, chair))
    assert sorted(told) == ["done", "item.state"]
    results, _, _ = what_stands(session)
    assert len(results) == 1


def test_a_sheet_handed_in_while_the_chair_locks_holds_the_lock(
    session: WriteSession, people: People, engine: Engine
) -> None:
    item = opened(session, people, members=3)
    sheets = sheets_of(session, item)
    for sheet, number in zip(sheets, (1, 3, 4, 5), strict=True):
        score(session, people, sheet, people.council_member(number), submit=number != 5)
    last, member = sheets[3], people.council_member(5)
    chair = people.council_member(CHAIR)
    commit(session)
    told = together(
        engine,
        locking(item, chair),
        lambda own: submit_sheet(
            own, last.code, SubmitSheet(version=last.version), actor=member, at=AT
        ),
    )
    assert told[0] in {"item.not_certified", "item.sheets_missing"}
    assert told[1] == "done"
    results, stands, all_sheets = what_stands(session)
    assert {sheet.state for sheet in all_sheets} == {SheetState.SUBMITTED}
    assert (results, stands.state) == ([], ItemState.SCORING)


def test_a_sheet_taken_back_while_the_chair_locks_is_either_counted_or_gone(
    session: WriteSession, people: People, engine: Engine
) -> None:
    item = opened(session, people, members=3)
    score_all(session, people, item)
    certify(session, people, item)
    sheet, member = sheets_of(session, item)[1], people.council_member(3)
    chair = people.council_member(CHAIR)
    commit(session)
    told = together(
        engine,
        locking(item, chair),
        lambda own: withdraw_sheet(
            own, sheet.code, WithdrawSheet(version=sheet.version), actor=member, at=AT
        ),
    )
    results, _, all_sheets = what_stands(session)
    submitted = sum(one.state is SheetState.SUBMITTED for one in all_sheets)
    if told[0] == "done":
        assert told[1] == "item.state"
        assert (len(results), submitted) == (1, 4)
    else:
        assert told in (["stale_version", "done"], ["item.sheets_missing", "done"])
        assert (len(results), submitted) == (0, 3)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_sheet_is_judged_by_the_row_its_lock_waited_for(
    session: WriteSession, people: People, engine: Engine
) -> None:
    """On SQLite one writer waits for the other whole; on PostgreSQL reads come before locks."""
    item = opened(session, people, members=3)
    sheet, member = sheets_of(session, item)[1], people.council_member(3)
    score(session, people, sheet, member, submit=False)
    seen = sheet.version
    commit(session)
    with transaction(engine) as slow:
        item_for_update(slow, item.code, actor=member)  # reads the sheets of the item, unlocked
        with transaction(engine) as quick:
            save_marks(
                quick,
                sheet.code,
                SaveMarks(marks=[MarkIn(criterion_code="1.1", option_code="a")], version=seen),
                actor=member,
                at=AT,
            )
        with refused(Refusal, code="stale_version"):
            submit_sheet(slow, sheet.code, SubmitSheet(version=seen), actor=member, at=AT)
