"""After the lock nothing changes but by a recorded reopening that two people stand for."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Conflict, NotFound, NotPermitted, StaleVersion
from app.domain.accounts.rules import Actor
from app.domain.councils.actions import decide_reopening, request_reopening
from app.domain.councils.enums import ItemState, MeetingState, ReopeningState, SheetState
from app.domain.councils.models import AgendaItem, Reopening, Result, SupersededResult
from app.domain.councils.papers.minutes import minutes_data
from app.domain.councils.queries import get_item, get_meeting, reopened_in, work_for
from app.domain.councils.schemas import DecideReopening, RequestReopening
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.recomputation import recomputed
from tests.conftest import AT, commit
from tests.domain.councils.board import (
    by,
    confirm_all,
    events,
    honey,
    lock_with,
    meeting_of,
    opened,
    refused,
    take_back,
    with_total,
)
from tests.factories.councils import CHAIR, SECRETARY, close, score, score_all, sheets_of
from tests.factories.dossiers import make_dossier
from tests.factories.people import People

REASON = "Phiếu giấy số 3 đã nhập nhầm tiêu chí 2.1."


def head(people: People) -> Actor:
    return people.head()


def locked(session: WriteSession, people: People, total: int = 75) -> tuple[AgendaItem, Result]:
    item = opened(session, people)
    score_all(session, people, item, answers=with_total(total))
    return item, lock_with(session, people, item)


def asked(session: WriteSession, people: People, item: AgendaItem) -> Reopening:
    return request_reopening(
        session,
        item.code,
        RequestReopening(reason=REASON, version=item.version),
        **by(people.council_member(CHAIR)),
    )


def decided(
    session: WriteSession, people: People, reopening: Reopening, *, grant: bool = True
) -> Reopening:
    return decide_reopening(
        session,
        reopening.code,
        DecideReopening(
            grant=grant,
            decision_number="15/QĐ-VPĐP" if grant else "",
            answer="Để Hội đồng xem xét lại." if grant else "Không đủ căn cứ.",
            version=reopening.version,
        ),
        **by(head(people)),
    )


def dossier_of(session: WriteSession, item: AgendaItem) -> Dossier:
    return session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()


def test_a_granted_request_keeps_the_old_result_and_lets_the_council_go_on(
    session: WriteSession, people: People
) -> None:
    item, result = locked(session, people)
    before = result.model_dump()
    reopening = asked(session, people, item)
    assert item.state is ItemState.LOCKED
    (work,) = work_for(session, head(people), AT.date())
    assert (work.kind, work.code, work.subtitle) == ("reopening.decide", item.code, REASON)
    decided(session, people, reopening)
    commit(session)
    assert work_for(session, head(people), AT.date()) == []

    assert (item.state, item.locked_by, item.certified_hash) == (ItemState.SCORING, None, "")
    assert dossier_of(session, item).state is DossierState.SCORING
    assert session.exec(select(Result)).all() == []
    kept = session.exec(select(SupersededResult)).one()
    for name in ("code", "star", "average_text", "document", "sealed", "document_hash"):
        assert getattr(kept, name) == before[name]
    assert kept.locked_by == people.council_member(CHAIR).name
    assert kept.certified_by == people.council_member(SECRETARY).name
    again = recomputed(
        kept.document,
        kept.sealed,
        honey(),
        loader.in_force(AT.date()),
        loader.council_rules("lai-chau-default"),
    )
    assert again.hash == kept.document_hash
    assert {one.state for one in sheets_of(session, item)} == {SheetState.SUBMITTED}

    sheet = take_back(session, people, sheets_of(session, item)[1], 3)
    score(session, people, sheet, people.council_member(3), answers=with_total(78))
    confirm_all(session, people, item)
    anew = lock_with(session, people, item)
    assert (anew.average_text, anew.code != kept.code) == ("75,60", True)
    assert dossier_of(session, item).state is DossierState.BELOW_THREE
    (told,) = get_item(session, item.code, actor=people.council_member(3)).out().reopenings
    assert (told.state, told.decision_number) == (ReopeningState.GRANTED, "15/QĐ-VPĐP")
    assert told.superseded is not None
    assert told.superseded.document_hash == kept.document_hash


def test_the_log_tells_who_asked_who_granted_and_what_was_superseded(
    session: WriteSession, people: People
) -> None:
    item, result = locked(session, people)
    code, old_hash = result.code, result.document_hash
    decided(session, people, asked(session, people, item))
    requested, reopened = events(session, "reopening.requested", "result.reopened")
    assert requested.data["reason"] == REASON
    assert requested.actor_name == people.council_member(CHAIR).name
    assert reopened.actor_name == head(people).name
    assert reopened.data["result"] == code
    assert reopened.data["document_hash"] == old_hash
    assert reopened.data["decision"] == "15/QĐ-VPĐP"
    (moved,) = events(session, "dossier.scoring_reopened")
    assert moved.data["after"] == "scoring"


def test_a_declined_request_changes_nothing_of_the_result(
    session: WriteSession, people: People
) -> None:
    item, result = locked(session, people)
    reopening = decided(session, people, asked(session, people, item), grant=False)
    assert reopening.state is ReopeningState.DECLINED
    assert (item.state, session.exec(select(Result)).one()) == (ItemState.LOCKED, result)
    (event,) = events(session, "reopening.declined")
    assert event.data["answer"] == "Không đủ căn cứ."
    assert asked(session, people, item).state is ReopeningState.REQUESTED


def test_only_whoever_presided_asks_and_only_the_head_decides(
    session: WriteSession, people: People
) -> None:
    item, _ = locked(session, people)
    for actor in (people.council_member(SECRETARY), people.council_member(3), head(people)):
        with refused(NotPermitted, code="meeting.not_presiding"):
            request_reopening(
                session,
                item.code,
                RequestReopening(reason=REASON, version=item.version),
                **by(actor),
            )
    reopening = asked(session, people, item)
    data = DecideReopening(
        grant=True, decision_number="1/QĐ", answer="Đồng ý.", version=reopening.version
    )
    with refused(NotPermitted, code="reopening.not_head", says="Chỉ lãnh đạo"):
        decide_reopening(session, reopening.code, data, **by(people.agency()))
    for stranger in (people.council_member(3), people.officer()):
        with refused(NotFound, code="not_found"):
            decide_reopening(session, reopening.code, data, **by(stranger))
    with refused(StaleVersion, code="stale_version"):
        decide_reopening(
            session, reopening.code, data.model_copy(update={"version": 9}), **by(head(people))
        )


def test_who_asked_never_decides_even_as_head_of_the_agency(
    session: WriteSession, people: People
) -> None:
    item, _ = locked(session, people)
    reopening = asked(session, people, item)
    reopening.requested_by_id = head(people).user_id or 0
    with refused(NotPermitted, code="reopening.own_request"):
        decided(session, people, reopening)


def test_a_request_is_decided_once_and_waits_alone(session: WriteSession, people: People) -> None:
    item, _ = locked(session, people)
    reopening = asked(session, people, item)
    with refused(Conflict, code="reopening.pending"):
        asked(session, people, item)
    decided(session, people, reopening, grant=False)
    with refused(Conflict, code="reopening.decided", says="Không mở lại"):
        decided(session, people, reopening)


def test_nothing_is_asked_before_the_lock(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    with refused(Conflict, code="item.state", says="Đang chấm"):
        asked(session, people, item)


def test_granting_needs_the_number_of_a_decision() -> None:
    with pytest.raises(ValueError, match="số văn bản"):
        DecideReopening(grant=True, answer="Đồng ý mở lại.", version=1)
    assert not DecideReopening(grant=False, answer="Không mở lại.", version=1).decision_number


@pytest.mark.parametrize(
    "state", [DossierState.RECOGNISED, DossierState.AWAITING_CENTRE, DossierState.WITHDRAWN]
)
def test_a_result_that_something_rests_on_is_not_taken_up_again(
    session: WriteSession, people: People, state: DossierState
) -> None:
    item, _ = locked(session, people)
    reopening = asked(session, people, item)
    dossier_of(session, item).state = state
    with refused(Conflict, code="result.not_reopenable"):
        decided(session, people, reopening)


def test_a_product_below_three_stars_is_taken_up_again_unless_it_began_anew(
    session: WriteSession, people: People
) -> None:
    item, _ = locked(session, people, 49)
    dossier = dossier_of(session, item)
    assert (dossier.state, dossier.closed_at) == (DossierState.BELOW_THREE, AT)
    reopening = asked(session, people, item)
    product = session.exec(select(Product).where(col(Product.id) == dossier.product_id)).one()
    other = make_dossier(session, people, product=product)
    with refused(Conflict, code="result.other_dossier", says=other.code):
        decided(session, people, reopening)
    other.state = DossierState.WITHDRAWN
    session.flush()
    decided(session, people, reopening)
    assert (dossier.state, dossier.closed_at) == (DossierState.SCORING, None)


def test_a_meeting_that_had_ended_is_open_again_and_its_minutes_are_kept(
    session: WriteSession, people: People
) -> None:
    item, _ = locked(session, people)
    meeting = close(session, people, meeting_of(session, item))
    minutes, conclusion = meeting.minutes_number, meeting.conclusion
    decided(session, people, asked(session, people, item))
    assert (meeting.state, meeting.minutes_number, meeting.closed_at) == (
        MeetingState.OPEN,
        "",
        None,
    )
    kept = session.exec(select(SupersededResult)).one()
    assert (kept.minutes_number, kept.conclusion) == (minutes, conclusion)
    (event,) = events(session, "meeting.reopened")
    assert event.data["minutes_number"] == minutes
    lock_with(session, people, item)
    close(session, people, meeting)
    assert meeting.state is MeetingState.CLOSED
    row = get_meeting(session, meeting.code, actor=people.council_member(SECRETARY))
    told = minutes_data(row, reopened=reopened_in(session, meeting.id or 0))["items"][0]["reason"]
    assert f"mã băm {kept.document_hash}" in told
    assert "15/QĐ-VPĐP" in told
    assert REASON in told


@pytest.mark.parametrize(
    "verb", ["UPDATE superseded_results SET star = 5", "DELETE FROM superseded_results"]
)
def test_no_statement_changes_what_was_superseded(
    session: WriteSession, people: People, verb: str
) -> None:
    item, _ = locked(session, people)
    decided(session, people, asked(session, people, item))
    commit(session)
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(verb))


def test_an_unknown_request_is_not_found(session: WriteSession, people: People) -> None:
    with refused(NotFound, code="not_found"):
        decide_reopening(
            session,
            "ML-0000000",
            DecideReopening(grant=False, answer="Không có.", version=1),
            **by(head(people)),
        )


def test_a_reason_of_a_word_is_no_reason() -> None:
    with pytest.raises(ValueError, match="10"):
        RequestReopening(reason="Sai.", version=1)
