"""Product ideas over JSON."""

from typing import Annotated

from fastapi import Query

from app.api.deps import Call, PageOut, Pages, api_router, code_path, needs, page_out
from app.domain.accounts.enums import Scope
from app.domain.ideas.actions import convert_idea, register_idea, review_idea, revise_idea
from app.domain.ideas.enums import IdeaState
from app.domain.ideas.queries import counts_by_commune, idea_detail, ideas_page
from app.domain.ideas.schemas import (
    ConvertIdea,
    IdeaCount,
    IdeaDetailOut,
    IdeaOut,
    RegisterIdea,
    ReviewIdea,
    ReviseIdea,
)

router = api_router(tags=["ideas"])
Reading = Annotated[Call, needs(Scope.REGISTER_READ)]
Writing = Annotated[Call, needs(Scope.REGISTER_WRITE)]
Code = Annotated[str, code_path("YT-7K2M9Q4")]


@router.get("/ideas", summary="Danh sách ý tưởng sản phẩm")
def index(
    call: Reading,
    pages: Pages,
    q: Annotated[str, Query(max_length=80, description="Tên ý tưởng, không cần dấu.")] = "",
    state: IdeaState | None = None,
    commune_code: Annotated[str, Query(pattern=r"^(\d{5})?$", examples=["03390"])] = "",
) -> PageOut[IdeaOut]:
    """List the ideas the token's owner may see, newest first."""
    found = ideas_page(
        call.session,
        actor=call.actor,
        search=q,
        state=state,
        commune_code=commune_code,
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, lambda row: row.out(call.actor))


@router.post("/ideas", status_code=201, summary="Đăng ký ý tưởng sản phẩm")
def register(call: Writing, data: RegisterIdea) -> IdeaDetailOut:
    """Register an idea with its commune."""
    idea = register_idea(call.session, data, actor=call.actor, at=call.at)
    return _told(call, idea.code)


@router.get("/idea-counts", summary="Số ý tưởng theo xã và trạng thái")
def counts(call: Reading) -> list[IdeaCount]:
    """Count the ideas of each commune in each state, of those the token's owner may see."""
    return counts_by_commune(call.session, actor=call.actor)


@router.get("/ideas/{code}", summary="Một ý tưởng sản phẩm")
def show(call: Reading, code: Code) -> IdeaDetailOut:
    """Show one idea with everything the commune said to it."""
    return _told(call, code)


@router.put("/ideas/{code}", summary="Sửa, gửi lại ý tưởng")
def revise(call: Writing, code: Code, data: ReviseIdea) -> IdeaDetailOut:
    """Better an idea; one that was given back comes in again."""
    revise_idea(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.post("/ideas/{code}/review", summary="Ý kiến của xã về ý tưởng")
def review(call: Writing, code: Code, data: ReviewIdea) -> IdeaDetailOut:
    """Accept an idea, ask for changes, or decline it with a reason."""
    review_idea(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.post("/ideas/{code}/convert", summary="Chuyển ý tưởng thành sản phẩm")
def convert(call: Writing, code: Code, data: ConvertIdea) -> IdeaDetailOut:
    """Make a product of an accepted idea, once."""
    convert_idea(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


def _told(call: Call, code: str) -> IdeaDetailOut:
    return idea_detail(call.session, code, actor=call.actor)
