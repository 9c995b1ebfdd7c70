"""Pure rules of checks after recognition: states, what is looked at on the mark, who answers what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.accounts.enums import Role
from app.domain.inspections.enums import (
    CorrectionState,
    CorrectionStep,
    Finding,
    InspectionKind,
    InspectionState,
    InspectionStep,
    MarkItem,
    Outcome,
    PlanState,
    PlanStep,
    Risk,
)
from app.rulebooks.model import Criterion, Option, Section

CHECKING: Final = "26/2026/QĐ-TTg, Điều 9"
FAIRNESS: Final = "26/2026/QĐ-TTg, Điều 9.2"
CONTENT: Final = "26/2026/QĐ-TTg, Điều 9.3"
CRITERIA_KEPT: Final = "26/2026/QĐ-TTg, Điều 9.3.a"
MARK_USE: Final = "26/2026/QĐ-TTg, Điều 9.3.b"
AGENCY_LEADS: Final = "26/2026/QĐ-TTg, Điều 9.4.a"
LEADS_TO_REVOCATION: Final = "26/2026/QĐ-TTg, Điều 8.1, Điều 8.4"

# The decision names no number of days: a week leaves time to send what is missing.
REMINDED_DAYS_BEFORE: Final = 7
# «Near the end» of a certificate: the half year in which it may be renewed (art. 7.6.a).
NEAR_END_DAYS: Final = 180
LONGEST_CORRECTION_DAYS: Final = 180
MARK_SECTION: Final = "nhan-hieu"

# Who may sit on a team, and who may lead it (art. 9.4.a: the agency leads, departments take part).
LEADERS: Final = frozenset({Role.AGENCY_OFFICER, Role.AGENCY_HEAD})
TEAM: Final = LEADERS | {Role.INSPECTOR, Role.DEPARTMENT_OFFICER}
GUESTS: Final = frozenset({Role.INSPECTOR, Role.DEPARTMENT_OFFICER})


@dataclass(frozen=True, slots=True)
class MarkRule:
    """One thing to look at where the mark is used, and where the law says so."""

    item: MarkItem
    wording: str
    basis: str


# In the order in which a team goes through a shelf: what is it, whose, how many stars, until when.
MARK_LABELS: dict[MarkItem, str] = {
    MarkItem.PRODUCT: "Sản phẩm mang nhãn hiệu OCOP đúng là sản phẩm ghi trên giấy chứng nhận",
    MarkItem.PRODUCER: "Chủ thể ghi trên nhãn đúng là chủ thể của giấy chứng nhận",
    MarkItem.STAR: "Số sao in trên bao bì, quảng cáo đúng hạng được công nhận",
    MarkItem.IN_FORCE: (
        "Giấy chứng nhận còn hiệu lực; lô hàng mang sao được sản xuất trong thời hạn đó"
    ),
    MarkItem.TEMPLATE: "Nhãn hiệu in đúng mẫu, đúng màu, không thêm bớt chi tiết",
    MarkItem.LABEL: (
        "Nhãn có đủ nội dung bắt buộc theo quy định về ghi nhãn hàng hóa: tên hàng, nơi chịu trách "
        "nhiệm, xuất xứ, định lượng, hạn sử dụng, thành phần"
    ),
    MarkItem.PAPERS: "Bản công bố chất lượng, giấy chứng nhận an toàn thực phẩm còn hạn",
    MarkItem.TRACE_CODE: (
        "Mã truy xuất, mã vạch trên nhãn quét được và dẫn tới đúng sản phẩm, chủ thể"
    ),
    MarkItem.STAMPS: (
        "Số tem trên sản phẩm có trong sổ phát hành và được phát cho giấy chứng nhận này"
    ),
    MarkItem.SIBLINGS: (
        "Sản phẩm khác của chủ thể, chưa được công nhận, không mang nhãn hiệu OCOP"
    ),
    MarkItem.ADVERTISING: "Trang bán hàng, biển hiệu, tờ rơi nói đúng về sản phẩm và hạng sao",
}
_SCOPE = "26/2026/QĐ-TTg, Điều 4.3, Điều 8.1.d"
_MISUSE = "26/2026/QĐ-TTg, Điều 8.1.d"
MARK_BASIS: dict[MarkItem, str] = {
    MarkItem.PRODUCT: _SCOPE,
    MarkItem.PRODUCER: _SCOPE,
    MarkItem.STAR: _MISUSE,
    MarkItem.IN_FORCE: "26/2026/QĐ-TTg, Điều 4.3, Điều 12.3",
    MarkItem.TEMPLATE: "1162/QĐ-VPĐP-OCOP",
    MarkItem.LABEL: "26/2026/QĐ-TTg, Điều 8.1.c",
    MarkItem.PAPERS: "26/2026/QĐ-TTg, Điều 8.1.c, Phụ lục III Mẫu số 02",
    MarkItem.TRACE_CODE: "26/2026/QĐ-TTg, Phụ lục II, tiêu chí ghi nhãn",
    MarkItem.STAMPS: MARK_USE,
    MarkItem.SIBLINGS: _MISUSE,
    MarkItem.ADVERTISING: MARK_USE,
}
MARK_RULES: Final[tuple[MarkRule, ...]] = tuple(
    MarkRule(item, wording, MARK_BASIS[item]) for item, wording in MARK_LABELS.items()
)
SECTION_HEADINGS: dict[str, str] = {
    MARK_SECTION: "Sử dụng nhãn hiệu, thông tin, quảng bá sản phẩm OCOP"
}

KIND_LABELS: dict[InspectionKind, str] = {
    InspectionKind.PERIODIC: "Định kỳ",
    InspectionKind.SURPRISE: "Đột xuất",
}
STATE_LABELS: dict[InspectionState, str] = {
    InspectionState.PLANNED: "Chờ kiểm tra",
    InspectionState.UNDER_WAY: "Đang kiểm tra",
    InspectionState.RECORDED: "Đã lập biên bản",
    InspectionState.CORRECTING: "Đang khắc phục",
    InspectionState.CONCLUDED: "Đã kết luận",
    InspectionState.CANCELLED: "Đã hủy",
}
PLAN_LABELS: dict[PlanState, str] = {
    PlanState.DRAFT: "Dự thảo",
    PlanState.APPROVED: "Đã duyệt",
}
FINDING_LABELS: dict[Finding, str] = {
    Finding.KEPT: "Duy trì",
    Finding.NOT_KEPT: "Không duy trì",
    Finding.NOT_CHECKED: "Không kiểm tra",
}
CORRECTION_LABELS: dict[CorrectionState, str] = {
    CorrectionState.ASKED: "Chờ khắc phục",
    CorrectionState.ANSWERED: "Chờ xem xét",
    CorrectionState.ACCEPTED: "Đã khắc phục",
    CorrectionState.REFUSED: "Chưa đạt, làm lại",
}
OUTCOME_LABELS: dict[Outcome, str] = {
    Outcome.KEPT: "Duy trì đầy đủ",
    Outcome.CORRECTED: "Đã khắc phục đủ",
    Outcome.BREACH: "Đề nghị thu hồi",
}
RISK_LABELS: dict[Risk, str] = {
    Risk.EXTENDED: "Đang được kéo dài hiệu lực",
    Risk.COMPLAINED: "Bị phản ánh",
    Risk.NEVER_CHECKED: "Chưa kiểm tra lần nào",
    Risk.NEAR_END: "Sắp hết thời hạn",
    Risk.BREACHED: "Lần trước phải khắc phục",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a table of transitions."""

    step: str
    before: str
    after: str


PLAN_MOVES: Final = (
    Move(PlanStep.REVISE, PlanState.DRAFT, PlanState.DRAFT),
    Move(PlanStep.APPROVE, PlanState.DRAFT, PlanState.APPROVED),
    Move(PlanStep.AMEND, PlanState.APPROVED, PlanState.APPROVED),
)
MOVES: Final = (
    Move(InspectionStep.REARRANGE, InspectionState.PLANNED, InspectionState.PLANNED),
    Move(InspectionStep.CANCEL, InspectionState.PLANNED, InspectionState.CANCELLED),
    Move(InspectionStep.CANCEL, InspectionState.UNDER_WAY, InspectionState.CANCELLED),
    Move(InspectionStep.BEGIN, InspectionState.PLANNED, InspectionState.UNDER_WAY),
    Move(InspectionStep.SAVE, InspectionState.UNDER_WAY, InspectionState.UNDER_WAY),
    Move(InspectionStep.CLOSE, InspectionState.UNDER_WAY, InspectionState.RECORDED),
    Move(InspectionStep.ASK_CORRECTION, InspectionState.RECORDED, InspectionState.CORRECTING),
    Move(InspectionStep.ANSWER, InspectionState.CORRECTING, InspectionState.CORRECTING),
    Move(InspectionStep.JUDGE, InspectionState.CORRECTING, InspectionState.CORRECTING),
    Move(InspectionStep.CONCLUDE, InspectionState.RECORDED, InspectionState.CONCLUDED),
    Move(InspectionStep.CONCLUDE, InspectionState.CORRECTING, InspectionState.CONCLUDED),
)
FINAL: Final = frozenset({InspectionState.CONCLUDED, InspectionState.CANCELLED})
CORRECTION_MOVES: Final = (
    Move(CorrectionStep.ANSWER, CorrectionState.ASKED, CorrectionState.ANSWERED),
    Move(CorrectionStep.ANSWER, CorrectionState.ANSWERED, CorrectionState.ANSWERED),
    Move(CorrectionStep.ANSWER, CorrectionState.REFUSED, CorrectionState.ANSWERED),
    Move(CorrectionStep.ACCEPT, CorrectionState.ANSWERED, CorrectionState.ACCEPTED),
    Move(CorrectionStep.REFUSE, CorrectionState.ANSWERED, CorrectionState.REFUSED),
)
CORRECTION_FINAL: Final = frozenset({CorrectionState.ACCEPTED})

# While these last the producer's side sees only that and when it is checked.
BEFORE_ANYTHING_IS_TOLD: Final = frozenset(
    {InspectionState.PLANNED, InspectionState.UNDER_WAY, InspectionState.RECORDED}
)
WRITABLE: Final = frozenset({InspectionState.PLANNED, InspectionState.UNDER_WAY})


def may_follow(state: InspectionState, step: InspectionStep) -> bool:
    """Tell whether a step may be taken in a state."""
    return any(row.step == step and row.before == state for row in MOVES)


def needed_option(criterion: Criterion, star: int) -> Option | None:
    """Return the option whose star mark must still be reached for a star; None without a mark.

    Marks are cumulative: four stars need the highest mark up to four (Phụ lục II).
    """
    marked = [one for one in criterion.options if one.star_min and one.star_min <= star]
    return max(marked, key=lambda one: one.star_min or 0) if marked else None


def possible_outcomes(
    findings: Mapping[str, Finding], corrections: Mapping[str, CorrectionState]
) -> frozenset[Outcome]:
    """Return what a check may be concluded with, from what was found and what was mended.

    Everything kept is «kept»; everything not kept and mended is «corrected»; a breach may be
    concluded whenever something was not kept, also where the law was broken before it was mended.
    """
    broken = {code for code, found in findings.items() if found is Finding.NOT_KEPT}
    if not broken:
        return frozenset({Outcome.KEPT})
    mended = {code for code, state in corrections.items() if state is CorrectionState.ACCEPTED}
    if broken <= mended:
        return frozenset({Outcome.CORRECTED, Outcome.BREACH})
    return frozenset({Outcome.BREACH})


def section_title(section: Section) -> str:
    """Return the heading of a section of the rubric as the checklist shows it."""
    return f"{section.code}. {section.name}"
