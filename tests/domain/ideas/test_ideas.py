"""The life of a product idea on real tables: who does what, what is kept, who reads what."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refusal, StaleVersion
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import waiting_kinds
from app.domain.audit.models import AuditEvent
from app.domain.ideas.actions import convert_idea, register_idea, review_idea, revise_idea
from app.domain.ideas.enums import IdeaState, IdeaStep
from app.domain.ideas.models import ProductIdea
from app.domain.ideas.policy import (
    why_not_convert,
    why_not_register,
    why_not_review,
    why_not_revise,
)
from app.domain.ideas.queries import (
    counts_by_commune,
    get_idea,
    idea_detail,
    idea_of_product,
    ideas_page,
    reviews_of,
    work_for,
)
from app.domain.ideas.rules import MOVES, REGISTRATION, state_after
from app.domain.ideas.schemas import ConvertIdea, RegisterIdea, ReviewIdea, ReviseIdea
from app.domain.producers.models import Producer
from app.domain.products.actions import ProductKnown
from app.domain.products.models import Product
from tests.conftest import commit
from tests.factories.ideas import CONTACT, idea_texts, make_idea, new_maker
from tests.factories.people import ELSEWHERE, HOME, People
from tests.factories.register import make_producer, make_product

ACCEPT = {"decision": IdeaStep.ACCEPT}


def answer(idea: ProductIdea, decision: IdeaStep, reason: str = "") -> ReviewIdea:
    return ReviewIdea.model_validate(
        {"decision": decision, "reason": reason, "version": idea.version}
    )


def conversion(idea: ProductIdea, **more: object) -> ConvertIdea:
    return ConvertIdea.model_validate({"set_number": 5, "version": idea.version} | more)


def test_a_producer_registers_its_own_idea_and_the_officer_anybody_s(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    own = make_idea(session, people, producer=producer)
    assert own.code.startswith("YT-")
    assert (own.commune_code, own.producer_id) == (HOME, producer.id)
    assert not own.registered_by_helper
    helped = make_idea(session, people, title="Nón lá cọ")
    assert helped.registered_by_helper
    assert helped.producer_id is None
    assert helped.registered_by == people.officer().name
    assert waiting_kinds(session)[-2:] == ["idea.registered", "idea.registered"]


def test_nobody_registers_for_others_or_for_a_commune_that_is_not(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    for source, actor, refusal in (
        ({"commune_code": ELSEWHERE}, people.officer(), NotPermitted),
        ({"commune_code": HOME}, people.agency(), NotPermitted),
        ({"commune_code": HOME}, people.producer(producer.id or 0), NotPermitted),
        ({"producer_code": producer.code}, people.agency(), NotPermitted),
        ({"producer_code": producer.code}, people.officer(ELSEWHERE), NotFound),
    ):
        with pytest.raises(refusal):
            register_idea(
                session, RegisterIdea(**idea_texts(), **source), actor=actor, at=people.at
            )
    for wrong in ({}, {"commune_code": HOME, "producer_code": producer.code}):
        with pytest.raises(ValidationError):
            RegisterIdea(**idea_texts(), **wrong)


def test_an_idea_is_given_back_bettered_and_accepted_with_every_answer_kept(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    owner = people.producer(producer.id or 0)
    idea = make_idea(session, people, producer=producer, state=IdeaState.RETURNED)
    assert idea.state is IdeaState.RETURNED
    people.at += timedelta(days=3)
    better = idea_texts() | {"material": "Giảo cổ lam trồng ở bản, 2 ha"}
    revised = revise_idea(
        session, idea.code, ReviseIdea(**better, version=idea.version), actor=owner, at=people.at
    )
    assert (revised.state, revised.submitted_at) == (IdeaState.SUBMITTED, people.at)
    review_idea(
        session, idea.code, answer(idea, IdeaStep.ACCEPT), actor=people.officer(), at=people.at
    )
    assert [(one.decision, one.reason) for one in reviews_of(session, idea)] == [
        (IdeaStep.ASK_CHANGES, "Hãy nói rõ nguồn nguyên liệu."),
        (IdeaStep.ACCEPT, ""),
    ]
    detail = idea_detail(session, idea.code, actor=owner)
    assert [one.reviewed_by for one in detail.reviews] == [people.officer().name] * 2


def test_an_idea_given_back_comes_in_again_even_unchanged_and_an_untouched_one_is_no_event(
    session: WriteSession, people: People
) -> None:
    waiting = make_idea(session, people)
    same = ReviseIdea(**idea_texts(), version=waiting.version)
    revise_idea(session, waiting.code, same, actor=people.officer(), at=people.at)
    assert waiting.version == 1
    back = make_idea(session, people, state=IdeaState.RETURNED, title="Nón lá cọ")
    again = ReviseIdea(**idea_texts("Nón lá cọ"), version=back.version)
    revise_idea(session, back.code, again, actor=people.officer(), at=people.at)
    assert back.state is IdeaState.SUBMITTED


@pytest.mark.parametrize("decision", [IdeaStep.ASK_CHANGES, IdeaStep.DECLINE])
def test_only_an_acceptance_needs_no_reason(decision: IdeaStep) -> None:
    with pytest.raises(ValidationError, match="lý do"):
        ReviewIdea.model_validate({"decision": decision, "reason": "  ", "version": 1})


def test_an_accepted_idea_becomes_the_product_of_a_new_producer_once(
    session: WriteSession, people: People
) -> None:
    idea = make_idea(session, people, state=IdeaState.ACCEPTED)
    officer = people.officer()
    wanted = conversion(idea, **new_maker())
    product = convert_idea(session, idea.code, wanted, actor=officer, at=people.at)
    assert (product.name, product.set_number, product.commune_code) == (idea.title, 5, HOME)
    assert product.story == idea.local_identity
    producer = session.exec(select(Producer).where(col(Producer.id) == product.producer_id)).one()
    assert producer.name == "Tổ hợp tác Nà Đon"
    assert (idea.state, idea.product_id, idea.producer_id) == (
        IdeaState.CONVERTED,
        product.id,
        producer.id,
    )
    assert waiting_kinds(session)[-3:] == ["producer.created", "product.created", "idea.converted"]
    assert idea_of_product(session, product, actor=officer) is idea
    assert get_idea(session, idea.code, actor=officer).product is product
    with pytest.raises(Conflict) as twice:
        convert_idea(
            session, idea.code, conversion(idea, **new_maker()), actor=officer, at=people.at
        )
    assert twice.value.reason_code == "idea.wrong_state"
    assert len(session.exec(select(Product)).all()) == 1


def test_a_producer_makes_a_product_of_its_own_accepted_idea(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    idea = make_idea(session, people, producer=producer, state=IdeaState.ACCEPTED)
    owner = people.producer(producer.id or 0)
    product = convert_idea(
        session, idea.code, conversion(idea, producer_code=producer.code), actor=owner, at=people.at
    )
    assert product.producer_id == producer.id


def test_a_conversion_that_is_refused_leaves_the_idea_as_it_was(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    away = make_producer(session, people, "Hợp tác xã Nơi Khác", commune_code=ELSEWHERE)
    idea = make_idea(session, people, state=IdeaState.ACCEPTED)
    make_product(session, people, producer, idea.title)
    known = conversion(idea, producer_code=producer.code)
    with pytest.raises(ProductKnown):
        convert_idea(session, idea.code, known, actor=people.officer(), at=people.at)
    people.officer(ELSEWHERE)
    elsewhere = conversion(idea, producer_code=away.code)
    with pytest.raises(NotFound):
        convert_idea(session, idea.code, elsewhere, actor=people.officer(), at=people.at)
    assert (idea.state, idea.product_id) == (IdeaState.ACCEPTED, None)
    for half in ({}, {"producer_name": "Tổ hợp tác"}, new_maker() | {"address": "x"}):
        with pytest.raises(ValidationError, match="chủ thể"):
            conversion(idea, **half)


def test_an_officer_of_two_communes_keeps_each_idea_in_its_own(
    session: WriteSession, people: People
) -> None:
    away = make_producer(session, people, "Hợp tác xã Nơi Khác", commune_code=ELSEWHERE)
    idea = make_idea(session, people, state=IdeaState.ACCEPTED)
    both = Actor(
        people.officer().user_id,
        "Cán bộ hai xã",
        people.officer().grants + people.officer(ELSEWHERE).grants,
    )
    with pytest.raises(Invalid) as wrong:
        convert_idea(
            session, idea.code, conversion(idea, producer_code=away.code), actor=both, at=people.at
        )
    assert set(wrong.value.fields) == {"producer_code"}


@pytest.mark.parametrize("state", list(IdeaState))
def test_each_state_admits_the_steps_of_the_table_and_no_other(
    session: WriteSession, people: People, state: IdeaState
) -> None:
    idea = make_idea(session, people, state=state)
    officer = people.officer()
    policies: dict[IdeaStep, Callable[[Actor, ProductIdea], Refusal | None]] = {
        IdeaStep.REVISE: why_not_revise,
        IdeaStep.ACCEPT: why_not_review,
        IdeaStep.CONVERT: why_not_convert,
    }
    for step, why_not in policies.items():
        refusal = why_not(officer, idea)
        if state_after(state, step) is not None:
            assert refusal is None
        else:
            assert refusal is not None
            assert (refusal.reason_code, refusal.legal_basis) == ("idea.wrong_state", REGISTRATION)
        for stranger in (people.agency(), people.officer(ELSEWHERE), people.leader()):
            other = why_not(stranger, idea)
            assert other is not None
            assert other.reason_code in {"idea.not_proposer", "idea.not_reviewer"}


def test_the_commune_answers_only_what_waits_and_an_old_version_is_refused(
    session: WriteSession, people: People
) -> None:
    idea = make_idea(session, people)
    officer = people.officer()
    with pytest.raises(NotPermitted):
        review_idea(
            session, idea.code, answer(idea, IdeaStep.ACCEPT), actor=people.leader(), at=people.at
        )
    stale = ReviewIdea.model_validate(ACCEPT | {"version": idea.version + 1})
    with pytest.raises(StaleVersion):
        review_idea(session, idea.code, stale, actor=officer, at=people.at)
    review_idea(session, idea.code, answer(idea, IdeaStep.ACCEPT), actor=officer, at=people.at)
    with pytest.raises(Conflict):
        review_idea(session, idea.code, answer(idea, IdeaStep.ACCEPT), actor=officer, at=people.at)
    assert len(reviews_of(session, idea)) == 1


def test_how_to_reach_a_proposer_is_read_by_the_officer_and_the_proposer_alone(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    own = make_idea(session, people, producer=producer)
    taken = make_idea(session, people, state=IdeaState.CONVERTED, title="Nón lá cọ")
    maker = people.producer(taken.producer_id or 0)
    for idea, actor, sees in (
        (own, people.officer(), True),
        (own, people.producer(producer.id or 0), True),
        (own, people.agency(), False),
        (own, people.leader(), False),
        (taken, people.officer(), True),
        (taken, maker, False),
    ):
        told = idea_detail(session, idea.code, actor=actor).contact
        assert told == (CONTACT if sees else None), actor
    commit(session)
    said = [event.data for event in session.exec(select(AuditEvent))]
    assert CONTACT not in str(said)


def test_each_sees_its_own_its_commune_or_the_province(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    own = make_idea(session, people, producer=producer, title="Mật ong lên men")
    away = make_idea(session, people, commune_code=ELSEWHERE)
    sights = {
        people.producer(producer.id or 0): [own.code],
        people.officer(): [own.code],
        people.leader(ELSEWHERE): [away.code],
        people.agency(): [away.code, own.code],
        people.council_member(1): [],
        people.partner(): [],
    }
    for actor, codes in sights.items():
        assert [row.idea.code for row in ideas_page(session, actor=actor).items] == codes, actor
        for idea in (own, away):
            if idea.code not in codes:
                with pytest.raises(NotFound):
                    get_idea(session, idea.code, actor=actor)
    agency = people.agency()
    found = ideas_page(session, actor=agency, search="MAT ong").items
    assert [row.idea.code for row in found] == [own.code]
    assert ideas_page(session, actor=agency, state=IdeaState.DECLINED).items == []
    first = ideas_page(session, actor=agency, limit=1)
    rest = ideas_page(session, actor=agency, limit=1, after=first.next_after or 0).items
    assert [row.idea.code for row in rest] == [own.code]


def test_the_province_counts_the_ideas_of_each_commune(
    session: WriteSession, people: People
) -> None:
    make_idea(session, people)
    make_idea(session, people, title="Nón lá cọ")
    make_idea(session, people, state=IdeaState.DECLINED, title="Rượu ngô")
    make_idea(session, people, commune_code=ELSEWHERE)
    counted = counts_by_commune(session, actor=people.agency())
    assert {(one.commune_code, one.state): one.count for one in counted} == {
        (HOME, IdeaState.SUBMITTED): 2,
        (HOME, IdeaState.DECLINED): 1,
        (ELSEWHERE, IdeaState.SUBMITTED): 1,
    }
    assert {one.commune_code for one in counts_by_commune(session, actor=people.officer())} == {
        HOME
    }
    assert counts_by_commune(session, actor=people.partner()) == []


def test_ideas_wait_for_the_officer_and_those_given_back_for_who_proposed(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    owner, on = people.producer(producer.id or 0), local_day(people.at)
    fresh = make_idea(session, people, producer=producer)
    back = make_idea(session, people, producer=producer, state=IdeaState.RETURNED, title="Nón")
    helped = make_idea(session, people, state=IdeaState.RETURNED, title="Rượu ngô")
    make_idea(session, people, state=IdeaState.ACCEPTED, title="Gạo séng cù")

    def waiting(actor: Actor) -> set[tuple[str, str]]:
        return {(item.code, item.route_name) for item in work_for(session, actor, on=on)}

    assert waiting(people.officer()) == {
        (fresh.code, "ideas.review"),
        (helped.code, "ideas.edit"),
    }
    assert waiting(owner) == {(back.code, "ideas.edit")}
    for idle in (people.leader(), people.agency(), people.officer(ELSEWHERE)):
        assert waiting(idle) == set()


def test_the_database_holds_a_product_and_its_state_together(
    session: WriteSession, people: People
) -> None:
    idea = make_idea(session, people, state=IdeaState.ACCEPTED)
    idea.state = IdeaState.CONVERTED
    with pytest.raises(IntegrityError):
        session.flush()


def test_no_step_of_the_table_is_without_a_policy() -> None:
    assert {move.step for move in MOVES} == set(IdeaStep)
    nobody = Actor(1, "Không vai trò")
    refusal = why_not_register(nobody)
    assert refusal is not None
    assert refusal.reason_code == "idea.not_proposer"
