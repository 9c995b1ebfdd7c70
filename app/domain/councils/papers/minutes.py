"""The printed minutes of a meeting, with the hash of each result beside it.

Nobody's signature is drawn: the minutes leave room for the pens of chair and secretary.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from app.core.clock import VIET_NAM, local_day
from app.core.db import ReadSession
from app.core.errors import Conflict
from app.core.layout import Paper
from app.core.official_days import written_day
from app.core.own_templates import ReplaceablePaper
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import MeetingState, Seat, SheetOrigin, SheetState
from app.domain.councils.models import CouncilMember, Reopening, SupersededResult
from app.domain.councils.papers.customs import AUTHORITY, LAW, PLACE, chair_of, decided, percent
from app.domain.councils.papers.minutes_layout import laid_out
from app.domain.councils.queries import (
    ConflictBoard,
    ConflictLine,
    CouncilFile,
    ItemRow,
    MeetingRow,
    conflict_board,
    council_file,
    get_meeting,
    reopened_in,
)
from app.domain.councils.rules import (
    HINT_LABELS,
    MEETING_BASIS,
    MEETING_LABELS,
    SEAT_LABELS,
)
from app.rulebooks.scoring import Outcome

TEMPLATE = "minutes"
Reopened = Mapping[int, Sequence[tuple[Reopening, SupersededResult]]]
# Reasons of a result that a reader of the minutes does not see in the row above them.
_TOLD = ("gate_", "minimum_missed", "star_lowered")
# Sheets that did not come by this system's own pages; minutes are Vietnamese only.
_BROUGHT = {
    SheetOrigin.PACK: "{count} phiếu chấm bằng gói không cần mạng.",
    SheetOrigin.PAPER: "{count} phiếu chấm trên giấy, nhập hai lần.",
}


class NoMinutesYet(Conflict):
    """Minutes are those of a meeting that is over."""

    code = "meeting.no_minutes"
    message = "Phiên họp đang ở trạng thái «{state}»: chưa có biên bản để in."
    basis = MEETING_BASIS


def minutes_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    demonstration: bool,
    rules_dir: Path | None,
) -> ReplaceablePaper:
    """Return the minutes of a meeting this actor may see as a paper; refused until it is closed."""
    row = get_meeting(session, code, actor=actor, rules_dir=rules_dir)
    opened = local_day(row.meeting.opened_at or row.meeting.starts_at)
    data = minutes_data(
        row,
        board=conflict_board(session, row, on=opened),
        file=council_file(session, row.council.code, actor=actor),
        reopened=reopened_in(session, row.meeting.id or 0),
    )
    title, blocks = laid_out(data)
    return ReplaceablePaper(TEMPLATE, data, Paper(title, blocks, specimen=demonstration))


def minutes_data(
    row: MeetingRow,
    *,
    board: ConflictBoard | None = None,
    file: CouncilFile | None = None,
    reopened: Reopened | None = None,
) -> dict[str, Any]:
    """Return what a template of the minutes reads of a closed meeting.

    With the board of interests the minutes tell who did not judge what and which hints stayed
    unanswered; with the file of the council, the decisions and papers behind who sat there; with what
    was taken up again, the results that are no longer in force.
    """
    meeting, council, round_ = row.meeting, row.council, row.round
    if (
        meeting.state is not MeetingState.CLOSED
        or meeting.opened_at is None
        or meeting.closed_at is None
    ):
        raise NoMinutesYet(state=MEETING_LABELS[meeting.state])
    opened, closed = local_day(meeting.opened_at), local_day(meeting.closed_at)
    quorum = row.quorum
    answered = [one for one in row.seats if one.member.voting and not row.has_lapsed(one.member)]
    present = len(answered) if row.is_written else quorum.present
    secretary = next((s.member for s in row.seats if s.member.seat is Seat.SECRETARY), None)
    return {
        "authority": AUTHORITY,
        "number": meeting.minutes_number,
        "place_and_date": f"{PLACE}, {written_day(closed)}",
        "round": f"Đợt {round_.ordinal} năm {round_.year}" if round_ else "",
        "bases": [
            LAW,
            (
                f"Quyết định số {council.decision_number} {written_day(council.decided_on)} về việc "
                "thành lập Hội đồng"
            ),
            *_amendments(file, by=opened),
            row.rules.title,
        ],
        "opened": f"{_hour(meeting.opened_at)}, ngày {opened:%d/%m/%Y}",
        "closed": f"{_hour(meeting.closed_at)} cùng ngày"
        if closed == opened
        else f"{_hour(meeting.closed_at)}, ngày {closed:%d/%m/%Y}",
        "form": meeting.form.value,
        "place": meeting.place,
        "papers": _papers(row),
        "due": f"{meeting.opinions_due_on:%d/%m/%Y}" if meeting.opinions_due_on else "",
        "attendance": {
            "total": str(quorum.voting),
            "present": str(present),
            "needed": str(quorum.needed),
            "rate": percent(present, quorum.voting),
            "members": [
                {
                    "name": seat.member.name,
                    "organisation": seat.member.organisation,
                    "seat": SEAT_LABELS[seat.member.seat],
                    "present": seat.member.id in row.present_ids,
                    "opinion": _opinion(row, seat.member),
                }
                for seat in row.seats
            ],
        },
        "items": [
            _item(one, (reopened or {}).get(one.item.id or 0, ()))
            | {"interests": _interests(board.of_item(one.item) if board else ())}
            for one in row.items
        ],
        "taken_off": [
            {
                "product": one.product.name,
                "producer": one.producer.name,
                "reason": one.item.taken_off_reason,
            }
            for one in row.taken_off
        ],
        "conclusion": meeting.conclusion,
        "chair": chair_of(row.presiding, note=_delegation(row, file)),
        "secretary": {
            "title": SEAT_LABELS[Seat.SECRETARY],
            "name": secretary.name if secretary else "",
            "note": "",
        },
    }


def _papers(row: MeetingRow) -> str:
    """Return when members could read the dossiers, and which ones they got later than promised."""
    promised = row.meeting.papers_promised_on
    if promised is None:
        return ""
    told = f"Theo Quy chế, hồ sơ được gửi thành viên chậm nhất ngày {promised:%d/%m/%Y}"
    late = "; ".join(
        f"{one.product.name} (ngày {one.item.papers_open_on:%d/%m/%Y})" for one in row.late_papers
    )
    return f"{told}. Gửi muộn hơn: {late}." if late else f"{told}; các hồ sơ đã được gửi đúng hạn."


def _opinion(row: MeetingRow, member: CouncilMember) -> str:
    """Return whether a member gave the written opinion that was asked for, and when."""
    if not member.voting:
        return "–"
    if row.has_lapsed(member):
        return "Không gửi"
    own = [sheet for one in row.items for sheet in one.sheets if sheet.member_id == member.id]
    return "Có, muộn" if any(row.was_late(sheet) for sheet in own) else "Có"


def _item(
    row: ItemRow, reopened: Sequence[tuple[Reopening, SupersededResult]] = ()
) -> dict[str, str]:
    result = row.result
    if result is None:  # a meeting closes only when every result is locked
        message = f"item {row.item.code} of a closed meeting has no result"
        raise ValueError(message)
    said = result.document
    reasons = [reason["text"] for reason in said["reasons"] if reason["code"].startswith(_TOLD)]
    if row.recused:
        reasons.append(f"{row.recused} thành viên không tham gia chấm sản phẩm này.")
    for origin, told in _BROUGHT.items():
        counted = [sheet for sheet in row.sheets if sheet.state is SheetState.SUBMITTED]
        if count := sum(sheet.origin is origin for sheet in counted):
            reasons.append(told.format(count=count))
    if row.item.divergence_note:
        reasons.append(f"Ý kiến thảo luận về chênh lệch điểm: {row.item.divergence_note}")
    reasons += [
        f"Kết quả trước đó ({was.average_text} điểm, {was.star} sao, mã băm {was.document_hash}) được "
        f"mở lại theo {why.decision_number}: {why.reason}"
        for why, was in reopened
    ]
    return {
        "product": row.product.name,
        "producer": row.producer.name,
        "sheets": str(result.sheets_counted),
        "average": result.average_text,
        "lowest": str(said["lowest"]),
        "highest": str(said["highest"]),
        "band": f"{result.band_star} sao",
        "result": decided(Outcome(result.outcome), result.star),
        "reason": " ".join(reasons),
        "hash": result.document_hash,
    }


def _amendments(file: CouncilFile | None, *, by: date) -> list[str]:
    """Return the decisions that had changed the council by a day, the oldest first."""
    return [
        f"Quyết định số {one.decision_number} {written_day(one.decided_on)} về việc thay đổi thành viên "
        "Hội đồng"
        for one in reversed(file.amendments if file else ())
        if one.effective_on <= by
    ]


def _delegation(row: MeetingRow, file: CouncilFile | None) -> str:
    papers = file.delegations if file else ()
    found = next((one for one in papers if one.delegation.id == row.meeting.delegation_id), None)
    if found is None:
        return ""
    paper = found.delegation
    return f"Văn bản ủy quyền số {paper.number} {written_day(paper.signed_on)}"


def _interests(lines: Sequence[ConflictLine]) -> str:
    """Return who did not judge a product and why, which hints were answered, and which were not."""
    told = []
    for one in lines:
        hints = "; ".join(HINT_LABELS[hint].lower() for hint in one.hints)
        declared = one.declared
        if declared is None:
            told.append(f"{one.member.name}: {hints}, chưa khai báo.")
        elif declared.has_conflict:
            told.append(f"{one.member.name} không chấm: {declared.reason}")
        else:
            told.append(f"{one.member.name}: {hints}; khai không có xung đột: {declared.reason}")
    return " ".join(one if one.endswith(".") else f"{one}." for one in told)


def _hour(at: datetime) -> str:
    local = at.astimezone(VIET_NAM)
    return f"{local:%H} giờ {local:%M}"
