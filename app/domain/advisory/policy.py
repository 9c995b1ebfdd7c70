"""Who sets an advisory team up, and who may work as its member."""

from app.core.errors import NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.advisory.rules import TEAM_BASIS, Standing


class AgencySetsUp(NotPermitted):
    """Teams are recorded by the agency that prepares their decision."""

    code = "advisory.agency_sets_up"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được ghi quyết định về Tổ tư vấn."
    basis = TEAM_BASIS


class NotOnTeam(NotPermitted):
    """Only the team in force advises the council."""

    code = "advisory.not_on_team"
    message = (
        "Bạn không thuộc Tổ tư vấn nào đang trong nhiệm kỳ, nên không thực hiện được việc này."
    )
    basis = TEAM_BASIS


def why_not_set_up(actor: Actor) -> Refusal | None:
    """Agency officers record the decisions about advisory teams."""
    return None if actor.has(Role.AGENCY_OFFICER) else AgencySetsUp()


def why_not_serve(actor: Actor, how: Standing) -> Refusal | None:
    """An advisory member works only while on a team in force, once there is any team.

    An agency officer's own tasks do not hang on the team.
    """
    if actor.has(Role.AGENCY_OFFICER) or how is not Standing.DOES_NOT_SERVE:
        return None
    return NotOnTeam()
