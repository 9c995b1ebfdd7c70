"""A council under the province's own rules: every value is the one that counts, file or no file."""

from pathlib import Path

import pytest
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Refused
from app.domain.councils.actions import (
    decide_gate,
    open_meeting,
    raise_gate,
    schedule_meeting,
    set_up_council,
)
from app.domain.councils.enums import GateKind, GateState, Seat
from app.domain.councils.models import AgendaItem, Council
from app.domain.councils.queries import get_item, get_result
from app.domain.councils.rules import gates_of
from app.domain.councils.schemas import (
    DecideGate,
    OpenMeeting,
    RaiseGate,
    ScheduleMeeting,
    SeatIn,
    SetUpCouncil,
)
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.rulebooks import loader
from tests.conftest import AT
from tests.domain.councils.board import by, lock_with, refused, with_total
from tests.factories.councils import CHAIR, SECRETARY, items_of, score_all, the_round
from tests.factories.dossiers import make_dossier
from tests.factories.people import People
from tests.factories.rules import own_file


@pytest.fixture
def judged(session: WriteSession, people: People, tmp_path: Path) -> AgendaItem:
    """Open a meeting under the province's own file without the chair, then lose the file."""
    own_file(tmp_path)
    rules = loader.council_rules("lai-chau-2026", tmp_path)
    for number in range(1, 6):
        people.council_member(number)
    seats = [
        SeatIn(username="hoidong1", seat=Seat.CHAIR),
        SeatIn(username="hoidong2", seat=Seat.SECRETARY),
        *(SeatIn(username=f"hoidong{number}", seat=Seat.MEMBER) for number in (3, 4, 5)),
    ]
    council = set_up_council(
        session,
        SetUpCouncil(decision_number="900/QĐ-UBND", decided_on=AT.date(), seats=seats),
        **by(people.agency()),
        council_rules_dir=tmp_path,
    )
    round_ = the_round(session, people)
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED, round_=round_)
    dossier.council_rules_code, dossier.council_rules_hash = rules.code, rules.sha256
    (tmp_path / "lai-chau-2026.yaml").unlink()
    meeting = schedule_meeting(
        session,
        ScheduleMeeting(
            council=council.code,
            round=round_.code,
            place="Phòng họp số 2",
            starts_at=AT,
            dossiers=[dossier.code],
        ),
        **by(people.agency()),
    )
    open_meeting(
        session,
        meeting.code,
        OpenMeeting(present=[f"hoidong{n}" for n in (1, 2, 3, 4)], version=meeting.version),
        **by(people.council_member(SECRETARY)),
    )
    assert meeting.council_rules_hash == rules.sha256
    return items_of(session, meeting)[0]


def test_two_thirds_are_enough_where_the_province_says_so(
    session: WriteSession, people: People, judged: AgendaItem
) -> None:
    count = get_item(session, judged.code, actor=people.agency()).quorum
    assert (count.present, count.voting, count.needed, count.is_met) == (3, 4, 3, True)
    council = session.exec(select(Council)).one()
    assert council.council_rules_code == "lai-chau-2026"


def test_twelve_points_apart_are_no_matter_below_fifteen(
    session: WriteSession, people: People, judged: AgendaItem
) -> None:
    score_all(session, people, judged, each=[with_total(n) for n in (80, 86, 92)])
    result = lock_with(session, people, judged)
    assert (result.spread, len(result.average_text.partition(",")[2])) == (12, 3)


def test_beyond_fifteen_points_two_rounds_of_scoring_are_asked_for(
    session: WriteSession, people: People, judged: AgendaItem
) -> None:
    each = [with_total(n) for n in (70, 80, 92)]
    score_all(session, people, judged, each=each)
    for scoring_round in (1, 2):
        judged.scoring_round = scoring_round
        session.flush()
        with refused(Refused, code="item.divergent", says="quá 15 điểm"):
            lock_with(session, people, judged, note="Đã thảo luận.")
    judged.scoring_round = 3
    session.flush()
    assert lock_with(session, people, judged, note="Đã thảo luận.").spread == 22


def test_whoever_presides_decides_a_gate_alone(
    session: WriteSession, people: People, judged: AgendaItem
) -> None:
    dossier = session.exec(select(Dossier).where(col(Dossier.id) == judged.dossier_id)).one()
    criterion, kind, _ = gates_of(loader.rubric(dossier.rubric_code))[0]
    gate = raise_gate(
        session,
        judged.code,
        RaiseGate(criterion_code=criterion, kind=GateKind(kind), reason="Hồ sơ có dấu hiệu giả."),
        **by(people.council_member(3)),
    )
    chair = by(people.council_member(CHAIR))
    with refused(Refused, code="gate.too_many_votes", says="Chỉ có 1"):
        decide_gate(session, gate.code, DecideGate(votes_for=2, votes_against=0), **chair)
    decide_gate(session, gate.code, DecideGate(votes_for=1, votes_against=0), **chair)
    assert gate.state is GateState.UPHELD


def test_a_producer_is_told_the_star_and_nothing_more(
    session: WriteSession, people: People, judged: AgendaItem
) -> None:
    score_all(session, people, judged, each=[with_total(85)] * 3)
    result = lock_with(session, people, judged)
    dossier = session.exec(select(Dossier).where(col(Dossier.id) == judged.dossier_id)).one()
    owner = people.producer(dossier.producer_id)
    told = get_result(session, dossier.code, actor=owner).out()
    assert (told.star, told.average, told.average_text) == (result.star, "", "")
    assert (told.criterion_means, told.minima, told.reasons) == ({}, [], [])
    whole = get_result(session, dossier.code, actor=people.agency()).out()
    assert whole.average == "85/1"
