"""Who sees which dossier, what waits for whom, and how many statements that takes."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from app.core.db import WriteSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.dossiers import queries
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import (
    EvidenceUnknown,
    RulebookChanged,
    dossiers_page,
    get_dossier,
    get_evidence,
    self_assessment,
    work_for,
)
from tests.conftest import AT
from tests.factories.dossiers import (
    complete_answers,
    make_dossier,
    make_evidence,
    report_on,
)
from tests.factories.people import ELSEWHERE, People
from tests.factories.register import make_producer, make_product
from tests.factories.statements import counted

ON = date(2026, 9, 14)


@pytest.fixture
def two(session: WriteSession, people: People) -> tuple[Dossier, Dossier]:
    """Return a dossier at home and one of another producer elsewhere."""
    home = make_dossier(session, people)
    producer = make_producer(session, people, "Hợp tác xã Tả Lèng", commune_code=ELSEWHERE)
    made = make_product(session, people, producer, "Chè Tả Lèng")
    return home, make_dossier(session, people, product=made)


def seen_by(session: WriteSession, actor: Actor, **more: Any) -> list[str]:
    return [row.dossier.code for row in dossiers_page(session, actor=actor, **more).items]


def test_each_sees_its_own_its_commune_or_the_province(
    session: WriteSession, people: People, two: tuple[Dossier, Dossier]
) -> None:
    home, away = two
    every = [away.code, home.code]
    sights = {
        people.producer(home.producer_id): [home.code],
        people.producer(away.producer_id): [away.code],
        people.officer(): [home.code],
        people.leader(ELSEWHERE): [away.code],
        people.agency(): every,
        people.head(): every,
        people.signer(): every,
        people.auditor(): every,
        people.council_member(1): [],
        people.administrator(): [],
        people.partner(): [],
    }
    for actor, codes in sights.items():
        assert seen_by(session, actor) == codes, actor
        for dossier in two:
            if dossier.code in codes:
                assert get_dossier(session, dossier.code, actor=actor).dossier is dossier
            else:
                with pytest.raises(NotFound):
                    get_dossier(session, dossier.code, actor=actor)


def test_an_agenda_adds_its_dossiers_to_what_a_member_sees(
    session: WriteSession, people: People, two: tuple[Dossier, Dossier]
) -> None:
    member, extra = people.council_member(1), {two[0].id or 0}
    assert seen_by(session, member, extra_ids=extra) == [two[0].code]
    assert get_dossier(session, two[0].code, actor=member, extra_ids=extra).commune == "Xã Bình Lư"
    with pytest.raises(NotFound):
        get_dossier(session, two[1].code, actor=member, extra_ids=extra)


def test_a_list_is_searched_without_accents_filtered_and_paged(
    session: WriteSession, people: People, two: tuple[Dossier, Dossier]
) -> None:
    home, away = two
    agency = people.agency()
    assert seen_by(session, agency, search="CHE ta leng") == [away.code]
    assert seen_by(session, agency, search="mật ong") == [home.code]
    assert seen_by(session, agency, search="% _") == [away.code, home.code]
    assert seen_by(session, agency, commune_code=ELSEWHERE) == [away.code]
    assert seen_by(session, agency, state=DossierState.FILED) == []
    first = dossiers_page(session, actor=agency, limit=1)
    assert first.next_after == away.id
    assert seen_by(session, agency, after=first.next_after, limit=1) == [home.code]


@pytest.mark.parametrize("read", ["list", "work"])
def test_three_rows_take_as_many_statements_as_one(
    session: WriteSession, people: People, engine: Engine, read: str
) -> None:
    agency = people.agency()
    reads: dict[str, Callable[[], Any]] = {
        "list": lambda: [row.out(ON) for row in dossiers_page(session, actor=agency).items],
        "work": lambda: work_for(session, agency, ON),
    }
    for count in (1, 3):
        while len(dossiers_page(session, actor=agency).items) < count:
            make_dossier(session, people, state=DossierState.PROPOSED)
        session.flush()
        with counted(engine) as sent:
            assert len(reads[read]()) == count
        assert len(sent) == 1


def test_a_self_assessment_takes_two_statements_however_many_papers(
    session: WriteSession, people: People, engine: Engine
) -> None:
    dossier = make_dossier(session, people)
    owner = people.producer(dossier.producer_id)
    for number in range(3):
        paper = make_evidence(session, people, dossier, f"Giấy {number}", criterion_code="1.1")
        row = get_dossier(session, dossier.code, actor=owner)
        with counted(engine) as sent:
            found = self_assessment(session, row, actor=owner)
        assert len(sent) == 2
        assert len(found.cited) == number + 1
        assert found.criteria_of(paper) == ["1.1"]


def test_a_self_assessment_adds_up_and_says_what_each_star_lacks(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    owner = people.producer(dossier.producer_id)
    row = get_dossier(session, dossier.code, actor=owner)
    out = self_assessment(session, row, actor=owner).out()
    assert (out.total, out.by_part, out.missing) == (100, {"A": 40, "B": 25, "C": 35}, [])
    assert [one.star for one in out.nearest] == [3, 4, 5]
    assert all(one.is_reached for one in out.nearest)
    assert len(out.criteria) == len(complete_answers(row.rubric)) == 32


def test_a_member_sees_the_papers_that_are_cited_and_no_others(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    cited = make_evidence(session, people, dossier, criterion_code="1.1")
    other = make_evidence(session, people, dossier, "Giấy riêng")
    member, owner = people.council_member(1), people.producer(dossier.producer_id)
    row = get_dossier(session, dossier.code, actor=member, extra_ids={dossier.id or 0})
    assert self_assessment(session, row, actor=member).papers == (cited,)
    assert self_assessment(session, row, actor=owner).papers == (cited, other)
    assert get_evidence(session, row, cited.code, actor=member) is cited
    assert get_evidence(session, row, other.code, actor=owner) is other
    with pytest.raises(EvidenceUnknown):
        get_evidence(session, row, other.code, actor=member)


def test_a_rubric_that_was_altered_after_pinning_is_not_used(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    dossier.rubric_hash = "0" * 64
    row = get_dossier(session, dossier.code, actor=people.officer())
    with pytest.raises(RulebookChanged, match="04"):
        self_assessment(session, row, actor=people.officer())


# --- what waits ---------------------------------------------------------------------------------


def kinds(session: WriteSession, actor: Actor) -> list[str]:
    return [item.kind for item in work_for(session, actor, ON)]


@pytest.mark.parametrize(
    ("state", "who", "kind"),
    [
        (DossierState.DRAFT, "producer", "dossier.draft"),
        (DossierState.RETURNED, "producer", "dossier.returned"),
        (DossierState.FILED, "officer", "dossier.report"),
        (DossierState.ASSESSED, "leader", "dossier.propose"),
        (DossierState.PROPOSED, "agency", "dossier.accept"),
        (DossierState.ACCEPTED, "", ""),
        (DossierState.WITHDRAWN, "", ""),
    ],
)
def test_a_dossier_waits_for_one_person_at_a_time(
    session: WriteSession, people: People, state: DossierState, who: str, kind: str
) -> None:
    dossier = make_dossier(session, people, state=state)
    actors = {
        "producer": people.producer(dossier.producer_id),
        "officer": people.officer(),
        "leader": people.leader(),
        "agency": people.agency(),
        "elsewhere": people.officer(ELSEWHERE),
        "auditor": people.auditor(),
        "member": people.council_member(1),
    }
    for name, actor in actors.items():
        assert kinds(session, actor) == ([kind] if name == who else []), name


def test_a_report_with_all_findings_confirmed_waits_for_the_leader_only(
    session: WriteSession, people: People
) -> None:
    report_on(session, people, make_dossier(session, people, state=DossierState.FILED))
    assert kinds(session, people.leader()) == ["dossier.sign"]
    assert kinds(session, people.officer()) == []


def test_the_oldest_deadline_comes_first_and_what_is_late_is_marked(
    session: WriteSession, people: People
) -> None:
    people.at = AT + timedelta(days=2)
    later = make_dossier(session, people, state=DossierState.FILED)
    people.at = AT
    sooner = make_dossier(session, people, state=DossierState.FILED)
    items = work_for(session, people.officer(), date(2026, 10, 6))
    assert [(item.code, item.overdue) for item in items] == [
        (sooner.code, True),
        (later.code, False),
    ]
    assert items[0].due_on == date(2026, 10, 5)
    assert all("Điều 7.2" in item.basis for item in items)


def test_what_waits_for_the_leader_hides_nothing_that_waits_for_the_officer(
    session: WriteSession, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_on(session, people, make_dossier(session, people, state=DossierState.FILED))
    make_dossier(session, people, state=DossierState.FILED)
    monkeypatch.setattr(queries, "MOST_WORK", 1)
    assert kinds(session, people.officer()) == ["dossier.report"]
