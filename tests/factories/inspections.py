"""Builders of inspections: a plan over certificates, a check with its team, at any point of its life."""

from collections.abc import Mapping
from datetime import date, timedelta

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.accounts.actions import create_user
from app.domain.accounts.enums import Role
from app.domain.accounts.queries import actor_of
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.accounts.schemas import CreateUser, NewGrant
from app.domain.inspections.actions import (
    approve_plan,
    ask_correction,
    change_choice,
    close_record,
    draft_plan,
    plan_inspection,
    save_section,
)
from app.domain.inspections.enums import Finding, InspectionKind
from app.domain.inspections.models import InspectionPlan
from app.domain.inspections.queries import InspectionRow, item_codes
from app.domain.inspections.rules import MARK_SECTION
from app.domain.inspections.schemas import (
    ApprovePlan,
    AskCorrection,
    ChangeChoice,
    CloseRecord,
    DraftPlan,
    ItemIn,
    PlanInspection,
    SaveSection,
)
from app.domain.recognition.models import Certificate
from tests.factories.people import PASSWORD, SINCE, People

MARKET_WATCH = "CHI_CUC_QLTT"
LEADER, INSPECTOR = "canbotinh", "qltt1"


def inspector(
    session: WriteSession,
    people: People,
    username: str = INSPECTOR,
    *,
    agency: str = MARKET_WATCH,
    role: Role = Role.INSPECTOR,
) -> Actor:
    """Open the account of somebody another agency sends onto teams."""
    user = create_user(
        session,
        CreateUser(
            username=username,
            name=f"{username.title()} Thử Nghiệm",
            password=PASSWORD,
            grants=[NewGrant(role=role, agency_code=agency, valid_from=SINCE)],
        ),
        actor=SYSTEM,
        at=people.at,
    )
    return actor_of(session, user, at=people.at)


def plan_data(people: People, *, number: str = "45/KH-SNNMT") -> DraftPlan:
    """Return what a form for a plan holds: three months from today, two agencies."""
    today = local_day(people.at)
    return DraftPlan(
        year=today.year,
        title="Kế hoạch kiểm tra sản phẩm OCOP",
        number=number,
        decided_on=today,
        period_from=today,
        period_to=today + timedelta(days=90),
        agencies=["CQTM_OCOP", MARKET_WATCH],
        reasons="Chọn sản phẩm chưa kiểm tra lần nào.",
    )


def make_plan(
    session: WriteSession, people: People, *certificates: Certificate, approved: bool = True
) -> InspectionPlan:
    """Draft a plan over certificates and let the head approve it."""
    plan = draft_plan(session, plan_data(people), actor=people.agency(), at=people.at)
    if certificates:
        change_choice(
            session,
            plan.code,
            ChangeChoice(
                add=[one.code for one in certificates],
                reason="Chưa kiểm tra lần nào",
                version=plan.version,
            ),
            actor=people.agency(),
            at=people.at,
        )
    if approved:
        approve_plan(
            session,
            plan.code,
            ApprovePlan(version=plan.version),
            actor=people.head(),
            at=people.at,
        )
    return plan


def check_data(
    people: People,
    certificate: Certificate,
    *,
    plan: InspectionPlan | None = None,
    team: tuple[str, ...] = (INSPECTOR,),
    planned_on: date | None = None,
    follows: str = "",
) -> PlanInspection:
    """Return what a form for a check holds: periodic under a plan, otherwise a surprise."""
    return PlanInspection(
        certificate=certificate.code,
        kind=InspectionKind.PERIODIC if plan else InspectionKind.SURPRISE,
        plan=plan.code if plan else "",
        reason="" if plan else "Người mua phản ánh số sao in trên hộp.",
        planned_on=planned_on or local_day(people.at),
        place="Xưởng tại bản Thử Nghiệm",
        leader=LEADER,
        team=list(team),
        follows=follows,
    )


def make_check(
    session: WriteSession,
    people: People,
    certificate: Certificate,
    *,
    plan: InspectionPlan | None = None,
    team: tuple[str, ...] = (INSPECTOR,),
) -> InspectionRow:
    """Plan a check led by the agency; whoever else is on the team has an account."""
    return plan_inspection(
        session,
        check_data(people, certificate, plan=plan, team=team),
        actor=people.agency(),
        at=people.at,
    )


def findings(
    row: InspectionRow,
    section: str = MARK_SECTION,
    said: Mapping[str, Finding] | None = None,
    *,
    version: int = 0,
) -> SaveSection:
    """Return the findings of a section: kept, but for what is said otherwise, with its note."""
    return SaveSection(
        items=[
            ItemIn(
                item=code,
                finding=(said or {}).get(code, Finding.KEPT),
                note="In sai so với giấy chứng nhận." if said and code in said else "",
            )
            for code in item_codes(row.inspection, section)
        ],
        version=version,
    )


def recorded_check(
    session: WriteSession,
    people: People,
    certificate: Certificate,
    *,
    broken: tuple[str, ...] = (),
    team: tuple[str, ...] = (),
) -> InspectionRow:
    """Make a surprise check and close its minutes; `broken` items of the mark are not kept."""
    row = make_check(session, people, certificate, team=team)
    said = dict.fromkeys(broken, Finding.NOT_KEPT)
    save_section(
        session,
        row.inspection.code,
        MARK_SECTION,
        findings(row, said=said),
        actor=people.agency(),
        at=people.at,
    )
    return close_record(
        session,
        row.inspection.code,
        CloseRecord(
            record_number="07/BB-KT",
            held_on=local_day(people.at),
            present="Đoàn kiểm tra; Giám đốc hợp tác xã",
            producer_opinion="Thống nhất với biên bản.",
            version=row.inspection.version,
        ),
        actor=people.agency(),
        at=people.at,
    )


def mending_check(
    session: WriteSession, people: People, certificate: Certificate, *broken: str
) -> InspectionRow:
    """Make a check after which these items of the mark are to be mended within thirty days."""
    row = recorded_check(session, people, certificate, broken=broken)
    return ask_correction(
        session,
        row.inspection.code,
        AskCorrection(
            items=list(broken),
            demand="Thu hồi bao bì in sai, in lại đúng.",
            due_on=local_day(people.at) + timedelta(days=30),
            version=row.inspection.version,
        ),
        actor=people.agency(),
        at=people.at,
    )
