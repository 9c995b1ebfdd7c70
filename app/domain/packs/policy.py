"""Who may take a pack, hand its answers in, and key paper in: the member, or the council's office."""

from app.core.errors import Conflict, NotPermitted, Refusal, Refused
from app.domain.councils.policy import why_not_mark
from app.domain.councils.queries import SheetRow
from app.domain.packs.enums import PaperSheetState
from app.domain.packs.models import PaperSheet
from app.domain.packs.rules import PACK_BASIS, PAPER_STATE_LABELS


class NothingToScore(Refused):
    """A pack holds the member's own sheets that are being scored; there are none."""

    code = "pack.nothing_to_score"
    message = "Bạn không có phiếu nào đang chấm ở đây, nên chưa có gói chấm để tải."
    basis = PACK_BASIS


class OthersPack(NotPermitted):
    """An answer file is handed in by its member, or by the council's office."""

    code = "pack.others"
    message = "Tệp này là của thành viên {member}. Chỉ người đó hoặc Thư ký Hội đồng nộp lại được."
    basis = PACK_BASIS


class ScoredAnew(Conflict):
    """The dossier is scored anew: what was filled in before is superseded."""

    code = "pack.scored_anew"
    message = (
        "Sản phẩm đã chuyển sang lượt chấm {now}; tệp thuộc lượt {then} nên không đưa vào được. "
        "Hãy tải gói mới."
    )
    basis = PACK_BASIS


class WrongPaperState(Conflict):
    """The sheet on paper is not at this point."""

    code = "paper_sheet.state"
    message = "Phiếu giấy đang ở trạng thái «{state}», không thực hiện được việc này."
    basis = PACK_BASIS


def why_not_bring_in(row: SheetRow, *, scoring_round: int) -> Refusal | None:
    """Answers are brought into a draft of the very round of scoring they were made for."""
    if row.item.scoring_round != scoring_round:
        return ScoredAnew(now=row.item.scoring_round, then=scoring_round)
    return why_not_mark(row.sheet, row.meeting, row.item)


def why_not_at(paper: PaperSheet, state: PaperSheetState) -> Refusal | None:
    """Keying, resolving and entering follow one another."""
    if paper.state is state:
        return None
    return WrongPaperState(state=PAPER_STATE_LABELS[paper.state])
