"""The commune is told of ideas that come in, the producer of the commune's answer."""

from app.core.db import WriteSession
from app.domain.ideas.actions import revise_idea
from app.domain.ideas.enums import IdeaState
from app.domain.ideas.schemas import ReviseIdea
from tests.factories.ideas import CONTACT, idea_texts, make_idea
from tests.factories.notices import notices_of, title_of, todo_of, told
from tests.factories.people import HOME, People
from tests.factories.register import make_producer

OFFICER = f"canbo{HOME}"


def test_an_idea_of_a_producer_goes_up_and_its_answer_comes_down(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    idea = make_idea(session, people, producer=producer, state=IdeaState.RETURNED)
    assert set(told(session, "idea.came")) == {OFFICER}
    (answered,) = told(session, "idea.answered").values()
    assert set(told(session, "idea.answered")) == {f"chuthe{producer.id}"}
    assert title_of(answered) == f"Xã đã trả lời ý tưởng «{idea.title}»: Cần hoàn thiện"
    revise_idea(
        session,
        idea.code,
        ReviseIdea(**idea_texts(), version=idea.version),
        actor=people.producer(producer.id or 0),
        at=people.at.replace(minute=30),
    )
    assert len(notices_of(session, "idea.came")) == 2


def test_how_to_reach_somebody_is_in_no_notice(session: WriteSession, people: People) -> None:
    people.leader()
    make_idea(session, people, producer=make_producer(session, people))
    for kind in ("idea.came", "idea.answered"):
        for _, notice in notices_of(session, kind):
            assert CONTACT not in title_of(notice) + todo_of(notice)


def test_what_the_officer_wrote_down_for_a_person_is_told_to_nobody(
    session: WriteSession, people: People
) -> None:
    make_idea(session, people, state=IdeaState.ACCEPTED)
    assert not notices_of(session, "idea.came")
    assert not notices_of(session, "idea.answered")
