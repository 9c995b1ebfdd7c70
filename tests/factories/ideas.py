"""Builders of product ideas: every state, through the real actions."""

from typing import Any

from app.core.db import WriteSession
from app.domain.ideas.actions import convert_idea, register_idea, review_idea
from app.domain.ideas.enums import IdeaState, IdeaStep
from app.domain.ideas.models import ProductIdea
from app.domain.ideas.schemas import ConvertIdea, RegisterIdea, ReviewIdea
from app.domain.producers.enums import ProducerKind
from app.domain.producers.models import Producer
from tests.factories.people import HOME, People

CONTACT = "0988 000 111"
_ANSWERS = {
    IdeaState.RETURNED: (IdeaStep.ASK_CHANGES, "Hãy nói rõ nguồn nguyên liệu."),
    IdeaState.ACCEPTED: (IdeaStep.ACCEPT, ""),
    IdeaState.CONVERTED: (IdeaStep.ACCEPT, ""),
    IdeaState.DECLINED: (IdeaStep.DECLINE, "Trùng với sản phẩm đã có."),
}


def idea_texts(title: str = "Trà giảo cổ lam sấy lạnh") -> dict[str, str]:
    """Return what is typed into the form of an idea."""
    return {
        "proposer": "Nhóm phụ nữ bản Nà Đon",
        "village": "Bản Nà Đon",
        "contact": CONTACT,
        "title": title,
        "description": "Trà túi lọc từ giảo cổ lam hái ở bản.",
        "material": "Giảo cổ lam mọc trong rừng của bản",
        "local_identity": "Bài thuốc của người Thái trong bản",
        "wished_support": "Máy sấy",
    }


def new_maker() -> dict[str, Any]:
    """Return the new producer that is to make a product of an idea."""
    return {
        "producer_name": "Tổ hợp tác Nà Đon",
        "producer_kind": ProducerKind.COOPERATIVE_GROUP,
        "address": "Bản Nà Đon",
        "representative": "Lò Thị Mẫu (nhân vật minh họa)",
    }


def make_idea(
    session: WriteSession,
    people: People,
    *,
    state: IdeaState = IdeaState.SUBMITTED,
    producer: Producer | None = None,
    commune_code: str = HOME,
    title: str = "Trà giảo cổ lam sấy lạnh",
) -> ProductIdea:
    """Register an idea, of a producer's account or by the officer for a person, and answer it."""
    officer = people.officer(producer.commune_code if producer else commune_code)
    idea = register_idea(
        session,
        RegisterIdea(
            **idea_texts(title),
            producer_code=producer.code if producer else "",
            commune_code="" if producer else commune_code,
        ),
        actor=people.producer(producer.id or 0) if producer else officer,
        at=people.at,
    )
    if state in _ANSWERS:
        decision, reason = _ANSWERS[state]
        review_idea(
            session,
            idea.code,
            ReviewIdea.model_validate(
                {"decision": decision, "reason": reason, "version": idea.version}
            ),
            actor=officer,
            at=people.at,
        )
    if state is IdeaState.CONVERTED:
        maker = {"producer_code": producer.code} if producer else new_maker()
        convert_idea(
            session,
            idea.code,
            ConvertIdea.model_validate({"set_number": 5, "version": idea.version} | maker),
            actor=officer,
            at=people.at,
        )
    return idea
