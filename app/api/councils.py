"""Councils over JSON: rounds, seats, meetings, blind sheets, findings, and results once locked."""

from typing import Annotated, Any

from fastapi import Header, Query, Response

from app.api.deps import Call, PageOut, Pages, api_router, code_path, needs, page_out
from app.core.clock import local_day
from app.domain.accounts.enums import Scope
from app.domain.councils.actions import (
    certify_item,
    close_meeting,
    confirm_minimum,
    decide_gate,
    decide_reopening,
    lock_item,
    open_meeting,
    open_round,
    raise_gate,
    record_survey,
    recuse_sheet,
    request_reopening,
    rescore_item,
    save_marks,
    schedule_meeting,
    set_up_council,
    submit_sheet,
    withdraw_sheet,
)
from app.domain.councils.queries import (
    board_head,
    council_file,
    councils_list,
    gate_item_code,
    get_agreement,
    get_board,
    get_council,
    get_item,
    get_meeting,
    get_result,
    get_round,
    get_sheet,
    meetings_page,
    own_sheets,
    reopening_item_code,
    result_to_recompute,
    round_out,
    rounds_list,
    schedulable,
    standings,
    superseded_sheets,
)
from app.domain.councils.schemas import (
    AgreementOut,
    BoardOut,
    CertifyItem,
    CloseMeeting,
    ConfirmMinimum,
    CouncilDetailOut,
    CouncilOut,
    DecideGate,
    DecideReopening,
    ItemDetailOut,
    LockItem,
    MeetingBriefOut,
    MeetingOut,
    OpenMeeting,
    OpenRound,
    OwnSheetOut,
    RaiseGate,
    RecordSurvey,
    RecuseSheet,
    RequestReopening,
    RescoreItem,
    ResultOut,
    RoundOut,
    SaveMarks,
    ScheduleMeeting,
    SetUpCouncil,
    SheetOut,
    StandingOut,
    SubmitSheet,
    SupersededOut,
    WithdrawSheet,
)
from app.domain.dossiers.schemas import DossierOut

router = api_router(tags=["councils"])
Reading = Annotated[Call, needs(Scope.COUNCILS_READ)]
Writing = Annotated[Call, needs(Scope.COUNCILS_WRITE)]
RoundCode = Annotated[str, code_path("D2-2026")]
CouncilCode = Annotated[str, code_path("HD-7K2M9Q4")]
MeetingCode = Annotated[str, code_path("PH-7K2M9Q4")]
ItemCode = Annotated[str, code_path("MH-7K2M9Q4")]
ReopeningCode = Annotated[str, code_path("ML-7K2M9Q4")]
GateCode = Annotated[str, code_path("DK-7K2M9Q4")]
SheetCode = Annotated[str, code_path("PD-7K2M9Q4")]
DossierCode = Annotated[str, code_path("HS-7K2M9Q4")]

FILE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            "Tệp kết quả ở dạng chuẩn: `document` là tài liệu có mã băm in trong biên bản "
            "(`document_hash`, cũng trong `ETag`), `rules` là quy định để tính, `sealed` là các phiếu "
            "không tên – chỉ gửi cho Hội đồng và cấp tỉnh."
        ),
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


# --- rounds -----------------------------------------------------------------------------------


@router.get("/rounds", summary="Các đợt đánh giá")
def rounds(call: Reading) -> list[RoundOut]:
    """List the newest rounds."""
    return [round_out(row) for row in rounds_list(call.session, actor=call.actor)]


@router.post("/rounds", status_code=201, summary="Mở đợt đánh giá")
def start_round(call: Writing, data: OpenRound) -> RoundOut:
    """Open a round of a year with the dates of the regime."""
    return round_out(
        open_round(
            call.session,
            data,
            actor=call.actor,
            at=call.at,
            council_rules_dir=call.settings.council_rules_dir,
        )
    )


@router.get("/rounds/{code}", summary="Một đợt đánh giá")
def show_round(call: Reading, code: RoundCode) -> RoundOut:
    """Show a round."""
    return round_out(get_round(call.session, code, actor=call.actor))


@router.get("/rounds/{code}/dossiers", summary="Hồ sơ của đợt chưa có phiên họp")
def waiting_dossiers(call: Reading, code: RoundCode) -> list[DossierOut]:
    """List the accepted dossiers of a round that are on no agenda yet, for the province."""
    row = get_round(call.session, code, actor=call.actor)
    day = local_day(call.at)
    return [one.out(day) for one in schedulable(call.session, row.id or 0, actor=call.actor)]


# --- councils ---------------------------------------------------------------------------------


@router.get("/councils", summary="Các Hội đồng")
def councils(call: Reading) -> list[CouncilOut]:
    """List the newest councils with their seats: all for the province, the own ones otherwise."""
    return [row.out() for row in councils_list(call.session, actor=call.actor)]


@router.post("/councils", status_code=201, summary="Lập Hội đồng")
def start_council(call: Writing, data: SetUpCouncil) -> CouncilOut:
    """Set a council up by decision."""
    council = set_up_council(
        call.session,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return get_council(call.session, council.code, actor=call.actor).out()


@router.get("/councils/{code}", summary="Một Hội đồng")
def show_council(call: Reading, code: CouncilCode) -> CouncilDetailOut:
    """Show a council with its seats, the decisions that changed them, and delegations."""
    return council_file(call.session, code, actor=call.actor).out()


# --- meetings ---------------------------------------------------------------------------------


@router.get("/meetings", summary="Danh sách phiên họp")
def meetings(
    call: Reading,
    pages: Pages,
    of_round: Annotated[
        str, Query(alias="round", max_length=20, description="Chỉ của đợt này.")
    ] = "",
) -> PageOut[MeetingBriefOut]:
    """List the meetings the token's owner may see, newest first."""
    held_in = get_round(call.session, of_round, actor=call.actor) if of_round else None
    found = meetings_page(
        call.session,
        actor=call.actor,
        round_id=held_in.id if held_in else None,
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, lambda row: row.out())


@router.post("/meetings", status_code=201, summary="Lên lịch phiên họp")
def schedule(call: Writing, data: ScheduleMeeting) -> MeetingOut:
    """Schedule a meeting with its agenda."""
    meeting = schedule_meeting(
        call.session,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _meeting(call, meeting.code)


@router.get("/meetings/{code}", summary="Một phiên họp")
def show_meeting(call: Reading, code: MeetingCode) -> MeetingOut:
    """Show a meeting with its agenda; results only where they are locked."""
    return _meeting(call, code)


@router.post("/meetings/{code}/open", summary="Mở phiên họp")
def open_(call: Writing, code: MeetingCode, data: OpenMeeting) -> MeetingOut:
    """Open a meeting with who is present: members get their sheets."""
    open_meeting(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _meeting(call, code)


@router.post("/meetings/{code}/close", summary="Kết thúc phiên họp")
def close(call: Writing, code: MeetingCode, data: CloseMeeting) -> MeetingOut:
    """End a meeting whose results are all locked, with its minutes."""
    close_meeting(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _meeting(call, code)


@router.get(
    "/meetings/{code}/board",
    summary="Bảng theo dõi phiên họp",
    response_model=BoardOut,
    responses={304: {"description": "Chưa có gì thay đổi so với `ETag` đã gửi."}},
)
def board(
    call: Reading,
    answer: Response,
    code: MeetingCode,
    if_none_match: Annotated[str, Header(max_length=80)] = "",
) -> BoardOut | Response:
    """Show who has done what and what waits, for whoever presides and the secretary."""
    head = board_head(call.session, code, actor=call.actor)
    mark = f'"{head.mark}"'
    if if_none_match == mark:
        return Response(status_code=304, headers={"etag": mark})
    answer.headers["etag"] = mark
    found = get_board(
        call.session, head, actor=call.actor, rules_dir=call.settings.council_rules_dir
    )
    return found.out()


@router.get("/meetings/{code}/agreement", summary="Mức thống nhất khi chấm điểm")
def show_agreement(call: Reading, code: MeetingCode) -> AgreementOut:
    """Show the own severity, and to whoever presides how well the members agree."""
    return get_agreement(call.session, code, actor=call.actor).out()


@router.get("/meetings/{code}/own-sheets", summary="Phiếu của mình theo thứ tự chấm riêng")
def own(call: Reading, code: MeetingCode) -> list[OwnSheetOut]:
    """List the own sheets of a meeting in the member's own order; the agenda keeps the meeting's."""
    return [one.out() for one in own_sheets(call.session, code, actor=call.actor).sheets]


@router.get("/meetings/{code}/standings", summary="Kết quả tạm theo tổng điểm các phiếu")
def provisional(call: Reading, code: MeetingCode) -> list[StandingOut]:
    """List how the products stand by the totals of their sheets, for whoever may know it."""
    found = standings(
        call.session, code, actor=call.actor, rules_dir=call.settings.council_rules_dir
    )
    return [one.out() for one in found]


# --- one dossier before the council -----------------------------------------------------------


@router.get("/items/{code}", summary="Một hồ sơ trước Hội đồng")
def show_item(call: Reading, code: ItemCode) -> ItemDetailOut:
    """Show a dossier of an agenda with what must be settled before its lock."""
    return _item(call, code)


@router.post("/items/{code}/survey", summary="Ghi biên bản khảo sát")
def survey(call: Writing, code: ItemCode, data: RecordSurvey) -> ItemDetailOut:
    """Note the record of the survey on the spot, where the council rules ask for one."""
    record_survey(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _item(call, code)


@router.post("/items/{code}/gates", status_code=201, summary="Nêu điều kiện loại trừ")
def raise_(call: Writing, code: ItemCode, data: RaiseGate) -> ItemDetailOut:
    """Raise a gate the rubric prints, for the council to vote on."""
    raise_gate(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _item(call, code)


@router.post("/gates/{code}/decide", summary="Ghi kết quả biểu quyết")
def decide(call: Writing, code: GateCode, data: DecideGate) -> ItemDetailOut:
    """Enter the council's vote on a raised gate."""
    decide_gate(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _item(call, gate_item_code(call.session, code))


@router.post("/items/{code}/minima", summary="Xác nhận yêu cầu tối thiểu")
def confirm(call: Writing, code: ItemCode, data: ConfirmMinimum) -> ItemDetailOut:
    """Say whether a minimum that the sheets do not see alike is met."""
    confirm_minimum(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _item(call, code)


@router.post("/items/{code}/rescore", summary="Thảo luận và chấm lại")
def rescore(call: Writing, code: ItemCode, data: RescoreItem) -> ItemDetailOut:
    """Have a dossier scored anew; the sheets so far are kept as superseded."""
    rescore_item(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _item(call, code)


@router.post("/items/{code}/certify", summary="Xác nhận bảng tổng hợp")
def certify(call: Writing, code: ItemCode, data: CertifyItem) -> ItemDetailOut:
    """Confirm as the secretary that the tally is what the sheets add up to; the chair locks then."""
    certify_item(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _item(call, code)


@router.post("/items/{code}/lock", summary="Chốt kết quả")
def lock(call: Writing, code: ItemCode, data: LockItem) -> ResultOut:
    """Fix the result of a dossier; nothing of it changes afterwards."""
    lock_item(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    dossier = get_item(
        call.session, code, actor=call.actor, rules_dir=call.settings.council_rules_dir
    ).row.dossier
    return get_result(call.session, dossier.code, actor=call.actor).out()


@router.post("/items/{code}/reopenings", status_code=201, summary="Đề nghị mở lại kết quả đã chốt")
def request_again(call: Writing, code: ItemCode, data: RequestReopening) -> ItemDetailOut:
    """Ask as whoever presided for a locked result to be taken up again."""
    request_reopening(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _item(call, code)


@router.post("/reopenings/{code}/decide", summary="Quyết định mở lại kết quả")
def decide_again(call: Writing, code: ReopeningCode, data: DecideReopening) -> ItemDetailOut:
    """Grant or decline as the head of the agency; what was locked is kept as superseded."""
    decide_reopening(call.session, code, data, actor=call.actor, at=call.at)
    return _item(call, reopening_item_code(call.session, code))


# --- score sheets -----------------------------------------------------------------------------


@router.get("/score-sheets/{code}", summary="Một phiếu đánh giá")
def show_sheet(call: Reading, code: SheetCode) -> SheetOut:
    """Show the own sheet, or anybody's once the result is locked."""
    return _sheet(call, code)


@router.get("/score-sheets/{code}/superseded", summary="Phiếu trước khi chấm lại")
def old_sheets(call: Reading, code: SheetCode) -> list[SupersededOut]:
    """List what a sheet was in earlier rounds of scoring, for whoever may read the sheet."""
    return [one.out() for one in superseded_sheets(call.session, code, actor=call.actor)]


@router.put("/score-sheets/{code}/marks", summary="Ghi điểm trên phiếu của mình")
def mark(call: Writing, code: SheetCode, data: SaveMarks) -> SheetOut:
    """Store marks of the own draft; criteria that are not named stay as they are."""
    save_marks(call.session, code, data, actor=call.actor, at=call.at)
    return _sheet(call, code)


@router.post("/score-sheets/{code}/submit", summary="Nộp phiếu")
def submit(call: Writing, code: SheetCode, data: SubmitSheet) -> SheetOut:
    """Hand the own sheet in."""
    submit_sheet(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _sheet(call, code)


@router.post("/score-sheets/{code}/withdraw", summary="Lấy lại phiếu đã nộp")
def withdraw(call: Writing, code: SheetCode, data: WithdrawSheet) -> SheetOut:
    """Take the own sheet back before the lock."""
    withdraw_sheet(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _sheet(call, code)


@router.post("/score-sheets/{code}/recuse", summary="Không tham gia chấm sản phẩm này")
def recuse(call: Writing, code: SheetCode, data: RecuseSheet) -> SheetOut:
    """Not judge this product, with the reason."""
    recuse_sheet(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _sheet(call, code)


# --- results ----------------------------------------------------------------------------------


@router.get("/dossiers/{code}/result", summary="Kết quả của Hội đồng")
def result(call: Reading, code: DossierCode) -> ResultOut:
    """Show the locked result of a dossier: averages and reasons, no names, no sheets."""
    return get_result(call.session, code, actor=call.actor).out()


@router.get(
    "/dossiers/{code}/result/file",
    summary="Tệp kết quả để tính lại",
    response_class=Response,
    responses=FILE_ANSWER,
)
def file(call: Reading, code: DossierCode) -> Response:
    """Send all that is needed to compute the result again, sheets only to those who may see them."""
    row = result_to_recompute(call.session, code, actor=call.actor)
    return Response(
        row.file,
        media_type="application/json",
        headers={"etag": f'"{row.result.document_hash}"', "cache-control": "private, no-store"},
    )


def _meeting(call: Call, code: str) -> MeetingOut:
    return get_meeting(
        call.session, code, actor=call.actor, rules_dir=call.settings.council_rules_dir
    ).out()


def _item(call: Call, code: str) -> ItemDetailOut:
    return get_item(
        call.session, code, actor=call.actor, rules_dir=call.settings.council_rules_dir
    ).out()


def _sheet(call: Call, code: str) -> SheetOut:
    return get_sheet(call.session, code, actor=call.actor).out()
