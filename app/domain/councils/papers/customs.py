"""What the papers of a council share: who writes, the law, how a result is told, who signs."""

from fractions import Fraction

from app.core.layout import Cell, Row, Signature, text
from app.domain.councils.enums import Seat
from app.domain.councils.models import CouncilMember
from app.domain.councils.rules import OUTCOME_LABELS, SEAT_LABELS
from app.rulebooks.scoring import Outcome, decimal_text

PLACE = "Lai Châu"
AUTHORITY = "HỘI ĐỒNG ĐÁNH GIÁ, PHÂN HẠNG SẢN PHẨM OCOP TỈNH LAI CHÂU"
LAW = (
    "Quyết định số 26/2026/QĐ-TTg ngày 22 tháng 5 năm 2026 của Thủ tướng Chính phủ ban hành Bộ tiêu "
    "chí và quy trình đánh giá, phân hạng sản phẩm Mỗi xã một sản phẩm"
)
SIGN_HERE = "(Ký, ghi rõ họ tên)"


def decided(outcome: Outcome, star: int) -> str:
    """Return what the council found, as its papers write it."""
    match outcome:
        case Outcome.EXCLUDED:
            return OUTCOME_LABELS[outcome]
        case Outcome.AWAITING_CENTRE:
            return (
                f"{star} sao: {OUTCOME_LABELS[outcome].lower().replace('trung ương', 'Trung ương')}"
            )
        case _:
            return f"{star} sao"


def chair_of(presiding: CouncilMember | None, *, note: str = "") -> dict[str, str]:
    """Return who signs with the chair's word; `note` tells of the paper behind a delegate."""
    is_delegate = presiding is not None and presiding.seat is not Seat.CHAIR
    return {
        "title": "Người được Chủ tịch Hội đồng ủy quyền"
        if is_delegate
        else SEAT_LABELS[Seat.CHAIR],
        "name": presiding.name if presiding else "",
        "note": note,
    }


def percent(part: int, whole: int) -> str:
    """Write a share cut off to one decimal: 74,9 % never reads as 75 %."""
    if whole == 0:
        return "0 %"
    return f"{decimal_text(Fraction(100 * part, whole), 1).removesuffix(',0')} %"


def row_of(*cells: str, bold: bool = False) -> Row:
    """Return a table row of short texts."""
    return tuple(Cell((text(cell, bold=bold, align="left"),)) for cell in cells)


def pen(signer: dict[str, str], *, place_and_date: str = "") -> Signature:
    """Return room for the pen of whoever signs: nobody's signature is drawn."""
    return Signature(
        place_and_date=place_and_date,
        title=(signer["title"].upper(),),
        hint=SIGN_HERE,
        note=signer.get("note", ""),
        name=signer["name"],
    )
