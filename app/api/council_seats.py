"""Councils at work over JSON: seats by a later decision, the chair's delegation, council rules."""

from datetime import date
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from app.api.councils import CouncilCode, ItemCode, MeetingCode, Reading, Writing
from app.api.deps import api_router
from app.core.clock import local_day
from app.domain.councils.actions import (
    amend_council,
    declare_conflicts,
    delegate_chair,
    put_off_item,
)
from app.domain.councils.queries import conflict_board, council_file, get_item, get_meeting
from app.domain.councils.schemas import (
    AmendCouncil,
    ConflictsOut,
    CouncilDetailOut,
    DeclareConflicts,
    DelegateChair,
    ItemDetailOut,
    TakeOffAgenda,
)
from app.rulebooks import loader
from app.rulebooks.comparison import rule_values
from app.rulebooks.model import CouncilRules, Status

router = api_router(tags=["councils"])
RulesCode = Annotated[str, Path(max_length=60, examples=["lai-chau-default"])]


class RuleValueOut(BaseModel):
    """One value of council rules, named by its place in the file."""

    name: str = Field(examples=["quorum.share"])
    value: str = Field(examples=["3/4"])
    default: str = Field(description="Giá trị của quy chế mặc định.", examples=["3/4"])
    differs: bool
    basis: str = Field(examples=["Điều 7.3.b Quyết định 26/2026/QĐ-TTg"])
    note: str


class CouncilRulesOut(BaseModel):
    """One version of the council rules, every value with its basis."""

    code: str = Field(examples=["lai-chau-default"])
    title: str
    sha256: str = Field(description="Mã băm của tệp; gắn với Hội đồng và phiên họp.")
    status: Status
    is_default: bool
    is_in_force: bool = Field(description="Có phải quy chế áp dụng hôm nay không.")
    first: date
    last: date | None
    values: list[RuleValueOut]


@router.post("/councils/{code}/amendments", status_code=201, summary="Thay đổi thành viên Hội đồng")
def amend(call: Writing, code: CouncilCode, data: AmendCouncil) -> CouncilDetailOut:
    """Change who sits on a council by a later decision; the sheets of whoever left stay."""
    amend_council(call.session, code, data, actor=call.actor, at=call.at)
    return council_file(call.session, code, actor=call.actor).out()


@router.post(
    "/councils/{code}/delegations", status_code=201, summary="Ghi văn bản ủy quyền chủ trì"
)
def delegate(call: Writing, code: CouncilCode, data: DelegateChair) -> CouncilDetailOut:
    """Record the chair's paper that lets a voting member preside for some days."""
    delegate_chair(call.session, code, data, actor=call.actor, at=call.at)
    return council_file(call.session, code, actor=call.actor).out()


@router.get("/meetings/{code}/conflicts", summary="Xung đột lợi ích của phiên họp")
def conflicts(call: Reading, code: MeetingCode) -> ConflictsOut:
    """Show the own declarations with hints; those of all to whoever presides and the secretary."""
    row = get_meeting(
        call.session, code, actor=call.actor, rules_dir=call.settings.council_rules_dir
    )
    return conflict_board(call.session, row, on=local_day(call.at)).out()


@router.put("/meetings/{code}/conflicts", summary="Khai xung đột lợi ích của mình")
def declare(call: Writing, code: MeetingCode, data: DeclareConflicts) -> ConflictsOut:
    """Declare the own interests in products of the agenda; a conflict ends judging that product."""
    return declare_conflicts(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    ).out()


@router.post("/items/{code}/put-off", summary="Chuyển sản phẩm sang phiên khác")
def put_off(call: Writing, code: ItemCode, data: TakeOffAgenda) -> ItemDetailOut:
    """Put a product off whose quorum was lost by conflicts of interest; its sheets do not count."""
    directory = call.settings.council_rules_dir
    put_off_item(
        call.session, code, data, actor=call.actor, at=call.at, council_rules_dir=directory
    )
    return get_item(call.session, code, actor=call.actor, rules_dir=directory).out()


@router.get("/council-rules", summary="Quy chế hoạt động của Hội đồng")
def all_rules(call: Reading) -> list[CouncilRulesOut]:
    """List every version of the council rules that is held, the one in force first."""
    directory = call.settings.council_rules_dir
    today = local_day(call.at)
    in_force = loader.council_rules_in_force(today, directory)
    others = (
        loader.council_rules(code, directory) for code in loader.council_rules_codes(directory)
    )
    return [
        _rules_out(one, in_force)
        for one in (in_force, *(one for one in others if one.code != in_force.code))
    ]


@router.get("/council-rules/{code}", summary="Một bản quy chế")
def one_rules(call: Reading, code: RulesCode) -> CouncilRulesOut:
    """Show one version of the council rules, with where it differs from the default."""
    directory = call.settings.council_rules_dir
    in_force = loader.council_rules_in_force(local_day(call.at), directory)
    return _rules_out(loader.council_rules(code, directory), in_force)


def _rules_out(rules: CouncilRules, in_force: CouncilRules) -> CouncilRulesOut:
    return CouncilRulesOut(
        code=rules.code,
        title=rules.title,
        sha256=rules.sha256,
        status=rules.status,
        is_default=rules.is_default,
        is_in_force=rules.code == in_force.code,
        first=rules.in_force.first,
        last=rules.in_force.last,
        values=[
            RuleValueOut(
                name=one.name,
                value=one.value,
                default=one.default,
                differs=one.differs,
                basis=one.citation,
                note=one.note,
            )
            for one in rule_values(rules, loader.default_council_rules())
        ],
    )
