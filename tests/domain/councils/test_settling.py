"""What the council settles: gates by vote, minima by the chair's word, scoring anew, the lock."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError
from sqlmodel import col, func, select, update

from app.core.db import WriteSession
from app.core.errors import (
    Conflict,
    Invalid,
    NotFound,
    NotPermitted,
    Refusal,
    Refused,
    StaleVersion,
)
from app.domain.accounts.rules import Actor
from app.domain.councils.actions import (
    confirm_minimum,
    decide_gate,
    lock_item,
    raise_gate,
    rescore_item,
)
from app.domain.councils.enums import GateKind, GateState, ItemState, SheetState
from app.domain.councils.models import (
    AgendaItem,
    GateFinding,
    MinimumConfirmation,
    Result,
    SupersededSheet,
)
from app.domain.councils.queries import get_item
from app.domain.councils.schemas import (
    ConfirmMinimum,
    DecideGate,
    LockItem,
    RaiseGate,
    RescoreItem,
)
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.rulebooks import loader
from app.rulebooks.recomputation import recomputed
from app.rulebooks.scoring import document_hash
from tests.conftest import AT, commit
from tests.domain.councils.board import (
    LAW,
    best,
    events,
    hand_in,
    honey,
    lock_with,
    opened,
    refused,
    take_back,
    with_total,
)
from tests.factories.councils import CHAIR, SECRETARY, certify, score, score_all, sheets_of
from tests.factories.dossiers import complete_answers
from tests.factories.people import People
from tests.rulebooks import naive

WATER = 16


def raise_it(
    session: WriteSession,
    people: People,
    item: AgendaItem,
    criterion: str = "6.1",
    kind: GateKind = GateKind.STOP,
    number: int = 3,
) -> GateFinding:
    return raise_gate(
        session,
        item.code,
        RaiseGate(criterion_code=criterion, kind=kind, reason="Có tạp chất lạ."),
        actor=people.council_member(number),
        at=AT,
    )


def vote(
    session: WriteSession,
    people: People,
    gate: GateFinding,
    votes_for: int,
    votes_against: int,
    number: int = CHAIR,
) -> GateFinding:
    return decide_gate(
        session,
        gate.code,
        DecideGate(votes_for=votes_for, votes_against=votes_against),
        actor=people.council_member(number),
        at=AT,
    )


def confirm(
    session: WriteSession,
    people: People,
    item: AgendaItem,
    criterion: str,
    star: int,
    *,
    met: bool,
    number: int = CHAIR,
) -> MinimumConfirmation:
    return confirm_minimum(
        session,
        item.code,
        ConfirmMinimum(criterion_code=criterion, star=star, met=met, reason="Đã xem giấy."),
        actor=people.council_member(number),
        at=AT,
    )


def rescore(
    session: WriteSession, people: People, item: AgendaItem, number: int = CHAIR, **more: Any
) -> AgendaItem:
    return rescore_item(
        session,
        item.code,
        RescoreItem(reason="Chênh nhau quá xa.", version=more.get("version", item.version)),
        actor=people.council_member(number),
        at=AT,
    )


def dossier_of(session: WriteSession, item: AgendaItem) -> Dossier:
    return session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()


# --- gates ------------------------------------------------------------------------------------


def test_a_raised_gate_holds_the_lock_until_the_vote(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    score_all(session, people, item)
    gate = raise_it(session, people, item)
    with refused(Refused, code="item.gates_open", says=": 6.1.", basis="Điều 7.3.d"):
        lock_with(session, people, item)
    vote(session, people, gate, 2, 3)
    assert gate.state is GateState.DISMISSED
    assert lock_with(session, people, item).outcome == "awaiting_centre"
    told = events(session, "gate.raised", "gate.decided")
    assert [event.data.get("state") for event in told] == [None, "dismissed"]


@pytest.mark.parametrize(
    ("votes_for", "votes_against", "state"),
    [
        (3, 2, GateState.UPHELD),
        (3, 0, GateState.UPHELD),
        (2, 0, GateState.DISMISSED),
        (2, 3, GateState.DISMISSED),
    ],
)
def test_a_gate_is_upheld_by_more_than_half_of_those_who_may_vote(
    session: WriteSession, people: People, votes_for: int, votes_against: int, state: GateState
) -> None:
    gate = raise_it(session, people, opened(session, people))
    assert vote(session, people, gate, votes_for, votes_against).state is state


def test_an_upheld_gate_ends_the_matter_without_a_star(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item, each=[best(), *[with_total(60)] * 4])
    vote(session, people, raise_it(session, people, item), 4, 1)
    result = lock_with(session, people, item)  # neither spread nor minima matter any more
    assert (result.star, result.outcome) == (0, "excluded")
    assert dossier_of(session, item).state is DossierState.EXCLUDED
    assert "tạp chất" in result.document["reasons"][1]["text"]
    assert "(4 thuận, 1 không thuận)" in result.document["reasons"][1]["text"]


def test_a_miscounted_vote_is_entered_again(session: WriteSession, people: People) -> None:
    gate = raise_it(session, people, opened(session, people))
    vote(session, people, gate, 4, 1)
    vote(session, people, gate, 1, 4)
    assert (gate.state, gate.votes_for) == (GateState.DISMISSED, 1)
    assert len(events(session, "gate.decided")) == 2


def test_no_more_votes_than_members_who_may_vote(session: WriteSession, people: People) -> None:
    gate = raise_it(session, people, opened(session, people))
    with refused(Refused, code="gate.too_many_votes", says="5 thành viên", basis="Điều 7.3.d"):
        vote(session, people, gate, 4, 2)
    with refused(Invalid, code="invalid"):
        vote(session, people, gate, 0, 0)
    assert gate.state is GateState.RAISED


def test_a_gate_is_raised_once_and_only_as_printed(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    raise_it(session, people, item)
    with refused(Conflict, code="gate.raised_already", says=people.council_member(3).name):
        raise_it(session, people, item, number=4)
    for criterion, kind in (("6.1", GateKind.EXCLUDE), ("1.1", GateKind.STOP)):
        with refused(Invalid, code="gate.unknown"):
            raise_it(session, people, item, criterion, kind)


def test_only_members_who_judge_raise_and_only_the_chair_enters_the_vote(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    with refused(NotPermitted, code="meeting.not_scoring", basis="Điều 7.3.d"):
        raise_it(session, people, item, number=SECRETARY)
    gate = raise_it(session, people, item)
    for number in (SECRETARY, 3):
        with refused(NotPermitted, code="meeting.not_presiding", basis="Điều 7.3.d"):
            vote(session, people, gate, 5, 0, number=number)
    with refused(NotFound, code="not_found"):
        vote(session, people, gate, 5, 0, number=9)
    with refused(NotFound, code="not_found"):
        decide_gate(
            session,
            "DK-0000",
            DecideGate(votes_for=1, votes_against=0),
            actor=people.council_member(CHAIR),
            at=AT,
        )


def water_answers(*, zero: bool) -> dict[str, str]:
    answers = complete_answers(loader.rubric_in_force(WATER, AT.date()))
    return answers | ({"6.2": "a"} if zero else {})


@pytest.mark.parametrize(
    ("zeros", "outcome"), [(0, "awaiting_centre"), (2, "suggested"), (3, "excluded")]
)
def test_a_zero_on_water_is_voted_on_or_decided_by_most_sheets(
    session: WriteSession, people: People, zeros: int, outcome: str
) -> None:
    item = opened(session, people, set_number=WATER)
    score_all(
        session,
        people,
        item,
        each=[water_answers(zero=position < zeros) for position in range(5)],
    )
    if outcome == "suggested":
        with refused(Refused, code="item.gates_open", says=": 6.4."):
            lock_with(session, people, item)
        gate = raise_it(session, people, item, "6.4", GateKind.STOP)
        with refused(Refused, code="item.gates_open", says=": 6.4."):
            lock_with(session, people, item)
        vote(session, people, gate, 1, 4)
        detail = get_item(session, item.code, actor=people.council_member(CHAIR))
        assert detail.gates_to_vote == ()
        for finding in detail.computed.awaiting_chair if detail.computed else ():
            confirm(session, people, item, finding.criterion_code, finding.star, met=True)
        assert lock_with(session, people, item).star >= 3
    else:
        result = lock_with(session, people, item)
        assert result.outcome == outcome
        assert result.document["gates_upheld"] == (
            []
            if zeros == 0
            else [
                {
                    "criterion": "6.4",
                    "effect": "stop",
                    "reason": "3/5 phiếu cho 0 điểm",
                    "votes_for": None,
                    "votes_against": None,
                }
            ]
        )


# --- minima -----------------------------------------------------------------------------------


def split(session: WriteSession, people: People) -> AgendaItem:
    """Let two of five sheets miss the five-star minimum of 4.1 (c: four stars)."""
    item = opened(session, people)
    lower = best() | {"4.1": "c"}
    score_all(session, people, item, each=[best(), best(), best(), lower, lower])
    return item


@pytest.mark.parametrize(("met", "star"), [(True, 5), (False, 4)])
def test_the_chair_decides_a_minimum_the_sheets_do_not_see_alike(
    session: WriteSession, people: People, *, met: bool, star: int
) -> None:
    item = split(session, people)
    with refused(Refused, code="item.minima_open", says="4.1 (5 sao)", basis="Điều 3.3"):
        lock_with(session, people, item)
    confirm(session, people, item, "4.1", 5, met=not met)
    confirm(session, people, item, "4.1", 5, met=met)  # the last word counts
    result = lock_with(session, people, item)
    assert (result.star, result.band_star) == (star, 5)
    assert len(events(session, "minimum.confirmed")) == 2


@pytest.mark.parametrize(
    ("criterion", "star"), [("4.1", 4), ("4.1", 3), ("8", 5), ("1.1", 5), ("99", 3)]
)
def test_what_is_seen_alike_or_not_marked_is_not_confirmed(
    session: WriteSession, people: People, criterion: str, star: int
) -> None:
    item = split(session, people)
    with refused(Refused, code="minimum.nothing_to_confirm", says=criterion, basis="Điều 3.3"):
        confirm(session, people, item, criterion, star, met=True)


def test_minima_are_confirmed_by_whoever_presides_when_all_sheets_are_in(
    session: WriteSession, people: People
) -> None:
    item = split(session, people)
    with refused(NotPermitted, code="meeting.not_presiding"):
        confirm(session, people, item, "4.1", 5, met=True, number=SECRETARY)
    take_back(session, people, sheets_of(session, item)[1], 3)
    with refused(Refused, code="item.sheets_missing", says="4/5"):
        confirm(session, people, item, "4.1", 5, met=True)


@pytest.mark.parametrize("step", ["withdraw", "rescore"])
def test_a_confirmation_falls_with_the_sheets_it_was_about(
    session: WriteSession, people: People, step: str
) -> None:
    item = split(session, people)
    confirm(session, people, item, "4.1", 5, met=True)
    if step == "withdraw":
        sheet = sheets_of(session, item)[1]
        take_back(session, people, sheet, 3)
        hand_in(session, people, sheet, 3)
        with refused(Refused, code="item.minima_open", says="4.1 (5 sao)"):
            lock_with(session, people, item)
    else:
        rescore(session, people, item)
    left = session.exec(select(func.count()).select_from(MinimumConfirmation)).one()
    assert left == 0


# --- scoring anew -----------------------------------------------------------------------------


def test_ten_points_apart_is_not_too_far(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    vary = [with_total(total) for total in (65, 75, 70, 70, 70)]
    score_all(session, people, item, each=vary)
    detail = get_item(session, item.code, actor=people.council_member(CHAIR))
    assert detail.computed is not None
    assert (detail.computed.spread, detail.computed.is_divergent) == (10, False)


def test_sheets_too_far_apart_are_scored_anew_and_kept(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    far = [best() | {"7": "a", "9": "a"}, *[with_total(100)] * 4]
    far[0] = far[0] | {"4.2": "a", "4.3": "a"}  # 14 points fewer, no starred line missed
    score_all(session, people, item, each=far)
    with refused(Refused, code="item.divergent", says="14 điểm, quá 10 điểm", basis="Điều 3.3"):
        lock_with(session, people, item, note="Chúng tôi khác ý.")
    rescore(session, people, item)
    sheets = sheets_of(session, item)
    assert {sheet.state for sheet in sheets} == {SheetState.DRAFT}
    commit(session)
    kept = session.exec(
        select(SupersededSheet).order_by(col(SupersededSheet.total), col(SupersededSheet.id))
    ).all()
    assert [one.total for one in kept] == [86, 100, 100, 100, 100]
    assert kept[0].marks["7"]["option"] == "a"
    for sheet, number in zip(sheets, (1, 3, 4, 5, 6), strict=True):
        hand_in(session, people, sheet, number)
    with refused(Refused, code="item.divergence_unexplained", says="14 điểm", basis="Điều 3.3"):
        lock_with(session, people, item)
    result = lock_with(session, people, item, note="Hai cách nhìn về bao bì.")
    assert result.average_text == "97,20"
    assert item.divergence_note == "Hai cách nhìn về bao bì."
    (event,) = events(session, "item.rescored")
    assert (event.data["scoring_round"], event.data["reason"]) == (2, "Chênh nhau quá xa.")


@pytest.mark.parametrize("step", ["update", "delete"])
def test_superseded_sheets_stay_as_they_were(
    session: WriteSession, people: People, step: str
) -> None:
    item = opened(session, people)
    score_all(session, people, item)
    rescore(session, people, item)
    commit(session)
    kept = session.exec(select(SupersededSheet)).first()
    assert kept is not None
    with pytest.raises(DatabaseError, match="append-only"):
        if step == "update":
            session.exec(update(SupersededSheet).values(total=1))
        else:
            session.delete(kept)
            session.flush()


def test_scoring_anew_needs_every_sheet_the_chair_and_the_version_seen(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    with refused(Refused, code="item.sheets_missing", says="0/5"):
        rescore(session, people, item)
    score_all(session, people, item)
    with refused(NotPermitted, code="meeting.not_presiding"):
        rescore(session, people, item, number=3)
    with refused(StaleVersion, code="stale_version"):
        rescore(session, people, item, version=9)


# --- the lock ---------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [1, 5])
def test_a_missing_sheet_holds_the_lock(
    session: WriteSession, people: People, missing: int
) -> None:
    item = opened(session, people)
    for sheet, number in list(zip(sheets_of(session, item), (1, 3, 4, 5, 6), strict=True))[
        missing:
    ]:
        score(session, people, sheet, people.council_member(number))
    with refused(
        Refused, code="item.sheets_missing", says=f"{5 - missing}/5 phiếu", basis="Điều 3.3"
    ):
        lock_with(session, people, item)


def test_only_whoever_presides_locks_and_on_the_version_seen(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item)
    certify(session, people, item)

    def locks(actor: Actor, version: int = item.version) -> Result:
        return lock_item(session, item.code, LockItem(version=version), actor=actor, at=AT)

    for actor in (people.council_member(SECRETARY), people.council_member(3), people.agency()):
        with refused(NotPermitted, code="meeting.not_presiding", basis="Điều 7.3.d"):
            locks(actor)
    for actor in (people.council_member(9), people.officer()):
        with refused(NotFound, code="not_found"):
            locks(actor)
    with refused(StaleVersion, code="stale_version"):
        locks(people.council_member(CHAIR), version=9)
    assert locks(people.council_member(CHAIR)).star == 5


@pytest.mark.parametrize(
    ("total", "band", "state"),
    [
        (100, 5, DossierState.LOCKED),
        (49, 2, DossierState.BELOW_THREE),
        (38, 2, DossierState.BELOW_THREE),
    ],
)
def test_where_the_result_ends_the_dossier_ends(
    session: WriteSession, people: People, total: int, band: int, state: DossierState
) -> None:
    item = opened(session, people)
    score_all(session, people, item, answers=with_total(total))
    result = lock_with(session, people, item)
    assert result.band_star == band
    assert dossier_of(session, item).state is state
    assert [event.data["star"] for event in events(session, "item.locked")] == [result.star]


@pytest.mark.parametrize(
    ("totals", "band", "text"),
    [
        ([70, 70, 70, 70, 70, 70, 70], 4, "70,00"),
        ([65, 75, 70, 70, 70, 70, 70], 4, "70,00"),
        ([70, 70, 70, 70, 70, 70, 69], 3, "69,85"),  # 489/7 would round to 69,86
        ([90, 90, 90, 90, 90, 90, 89], 4, "89,85"),
    ],
)
def test_the_band_is_read_on_the_exact_average_and_nothing_is_rounded_up(
    session: WriteSession, people: People, totals: list[int], band: int, text: str
) -> None:
    item = opened(session, people, members=6)
    sheets = [with_total(total) for total in totals]
    score_all(session, people, item, each=sheets)
    detail = get_item(session, item.code, actor=people.council_member(CHAIR))
    chair = {}
    for finding in detail.computed.awaiting_chair if detail.computed else ():
        chair[(finding.criterion_code, finding.star)] = True
        confirm(session, people, item, finding.criterion_code, finding.star, met=True)
    result = lock_with(session, people, item)
    average = Fraction(result.average_numerator, result.average_denominator)
    assert average == Fraction(sum(totals), 7)
    assert (result.band_star, result.average_text) == (band, text)
    expected = naive.verdict(naive.raw_set(4), sheets, chair=chair, gate_upheld=False)
    assert expected == {
        "average": average,
        "band": result.band_star,
        "star": result.star,
        "outcome": result.outcome,
    }


def test_a_locked_document_is_recomputed_from_itself_and_matches_its_hash(
    session: WriteSession, people: People
) -> None:
    item = split(session, people)
    confirm(session, people, item, "4.1", 5, met=False)
    vote(session, people, raise_it(session, people, item), 0, 5)
    result = lock_with(session, people, item)
    commit(session)
    session.expire_all()
    again = recomputed(
        result.document,
        result.sealed,
        honey(),
        loader.in_force(date(2026, 9, 14)),
        loader.council_rules("lai-chau-default"),
    )
    assert (again.document, again.sealed) == (result.document, result.sealed)
    assert again.hash == result.document_hash
    assert document_hash(again.document | {"star": 5}) != result.document_hash
    told = str(result.document) + str(result.sealed)
    assert not [n for n in range(1, 7) if people.council_member(n).name in told]
    (event,) = events(session, "item.locked")
    assert event.data["document_hash"] == result.document_hash


STEPS_AFTER: dict[str, Callable[[WriteSession, People, AgendaItem, GateFinding], object]] = {
    "lock": lambda s, p, item, _g: lock_with(s, p, item),
    "rescore": lambda s, p, item, _g: rescore(s, p, item),
    "gate": lambda s, p, item, _g: raise_it(s, p, item, "2.1", GateKind.EXCLUDE),
    "vote": lambda s, p, _item, gate: vote(s, p, gate, 5, 0),
    "minimum": lambda s, p, item, _g: confirm(s, p, item, "4.1", 5, met=True),
    "withdraw": lambda s, p, item, _g: take_back(s, p, sheets_of(s, item)[1], 3),
    "submit": lambda s, p, item, _g: hand_in(s, p, sheets_of(s, item)[1], 3),
    "mark": lambda s, p, item, _g: score(s, p, sheets_of(s, item)[1], p.council_member(3)),
}


def test_nothing_changes_a_locked_item(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    gate = raise_it(session, people, item)
    vote(session, people, gate, 0, 5)
    score_all(session, people, item)
    result = lock_with(session, people, item)
    commit(session)

    def everything() -> list[Any]:
        session.expire_all()
        rows = [item, result, gate, *sheets_of(session, item)]
        return [row.model_dump() for row in rows]

    before = everything()
    for step, act in STEPS_AFTER.items():
        with pytest.raises(Refusal) as caught:
            act(session, people, item, gate)
        assert caught.value.reason_code == "item.state", step
        assert "Đã chốt" in caught.value.text
        assert caught.value.legal_basis
        assert LAW in caught.value.legal_basis
    commit(session)
    assert everything() == before
    assert item.state is ItemState.LOCKED
