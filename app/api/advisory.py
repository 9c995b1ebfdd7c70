"""Advisory teams over JSON."""

from typing import Annotated

from app.api.deps import Call, api_router, code_path, needs
from app.domain.accounts.enums import Scope
from app.domain.advisory.actions import amend_team, set_up_team
from app.domain.advisory.queries import get_team, teams_list
from app.domain.advisory.schemas import AmendTeam, SetUpTeam, TeamOut

router = api_router(tags=["councils"])
Reading = Annotated[Call, needs(Scope.COUNCILS_READ)]
Writing = Annotated[Call, needs(Scope.COUNCILS_WRITE)]
TeamCode = Annotated[str, code_path("TT-7K2M9Q4")]


@router.get("/advisory-teams", summary="Các Tổ tư vấn")
def teams(call: Reading) -> list[TeamOut]:
    """List the newest teams the token's owner may see."""
    return [row.out() for row in teams_list(call.session, actor=call.actor)]


@router.post("/advisory-teams", status_code=201, summary="Ghi quyết định lập Tổ tư vấn")
def start_team(call: Writing, data: SetUpTeam) -> TeamOut:
    """Set a team up by decision; from the first one on only its members advise the council."""
    team = set_up_team(call.session, data, actor=call.actor, at=call.at)
    return get_team(call.session, team.code, actor=call.actor).out()


@router.get("/advisory-teams/{code}", summary="Một Tổ tư vấn")
def show_team(call: Reading, code: TeamCode) -> TeamOut:
    """Show a team with its places and the decisions that changed it."""
    return get_team(call.session, code, actor=call.actor).out()


@router.post(
    "/advisory-teams/{code}/amendments", status_code=201, summary="Thay đổi thành viên Tổ tư vấn"
)
def amend(call: Writing, code: TeamCode, data: AmendTeam) -> TeamOut:
    """Change who serves on a team by a later decision."""
    amend_team(call.session, code, data, actor=call.actor, at=call.at)
    return get_team(call.session, code, actor=call.actor).out()
