"""The board of a meeting for chair and secretary, and how far its members lie apart."""

from fractions import Fraction

from fastapi import Response

from app.domain.councils.queries import board_head, get_agreement, get_board
from app.domain.councils.rules import ITEM_LABELS, MEETING_LABELS, SEAT_LABELS, SHEET_LABELS
from app.web.agenda_items import SHEET_TONES
from app.web.councils import MEETING_TONES
from app.web.deps import Page, page_router
from app.web.render import points
from app.web.tones import ITEM_TONES

router = page_router()

READING_LABELS: dict[str, str] = {
    "reliable": "Thống nhất",
    "tentative": "Tạm thống nhất",
    "weak": "Chưa thống nhất",
    "unknown": "Chưa nói được",
}
READING_SENTENCES: dict[str, str] = {
    "reliable": "Các thành viên hiểu tiêu chí như nhau.",
    "tentative": "Nên trao đổi thêm về tiêu chí còn chấm khác nhau.",
    "weak": "Nên trao đổi cách hiểu tiêu chí trước khi chấm tiếp.",
    "unknown": "Cần ít nhất hai sản phẩm đã chốt, mỗi sản phẩm hai phiếu.",
}
READING_TONES: dict[str, str] = {
    "reliable": "good",
    "tentative": "warn",
    "weak": "bad",
    "unknown": "",
}


@router.get("/meetings/{code}/board", name="meetings.board")
def show(page: Page, code: str, seen: str = "") -> Response:
    """Show who has done what and what waits; the part alone, and only if it changed, for htmx."""
    head = board_head(page.session, code, actor=page.actor)
    if page.is_fragment and seen == head.mark:
        return Response(status_code=204)
    board = get_board(
        page.session, head, actor=page.actor, rules_dir=page.settings.council_rules_dir
    )
    return page.render(
        "councils/_board.html" if page.is_fragment else "councils/board.html",
        board=board,
        meeting=board.meeting.meeting,
        at=page.at,
        numbers=range(1, len(board.members) + 1),
        labels=MEETING_LABELS,
        tones=MEETING_TONES,
        item_labels=ITEM_LABELS,
        item_tones=ITEM_TONES,
        sheet_labels=SHEET_LABELS,
        sheet_tones=SHEET_TONES,
        seat_labels=SEAT_LABELS,
    )


@router.get("/meetings/{code}/agreement", name="meetings.agreement")
def agreement(page: Page, code: str) -> Response:
    """Show the own severity, and to whoever presides how well the members agree."""
    found = get_agreement(page.session, code, actor=page.actor)
    return page.render(
        "councils/agreement.html",
        found=found,
        meeting=found.meeting,
        reading=READING_LABELS[found.reading],
        advice=READING_SENTENCES[found.reading],
        tone=READING_TONES[found.reading],
        own=[(sheet, _signed(apart)) for sheet, apart in found.own],
        own_mean=None if found.own_mean is None else _signed(found.own_mean),
        places=[
            (
                f"{one.first}–{one.last}" if one.last > one.first else str(one.first),
                one.mean,
                _signed(one.mean),
                one.sheets,
            )
            for one in found.by_place
        ],
        hours=[
            (f"{one.hour:%H:%M %d/%m}" if one.hour else "", one.mean, _signed(one.mean), one.sheets)
            for one in found.by_hour
        ],
    )


def _signed(value: Fraction) -> str:
    """Write points with their sign; what is cut off is cut towards zero."""
    sign = "−" if value < 0 else "+" if value > 0 else ""
    return f"{sign}{points(abs(value))}"
