"""When a paper runs out, and which kind of paper suits a criterion: pure, no database, no clock."""

from collections.abc import Iterable
from datetime import date

from app.core.text import fold
from app.domain.dossiers.enums import EvidenceKind
from app.domain.dossiers.rules import EVIDENCE_LIST, has_expired
from app.domain.wallet.enums import PaperState
from app.rulebooks.model import EvidenceGuide

WALLET = EVIDENCE_LIST

# The decision gives no number of days. Ninety: a renewed certificate or test takes weeks, and after
# it the commune has 15 working days (art. 7.2) before the province's round closes (art. 5.1).
NOTICE_DAYS = 90
# Thirty: about the commune's 15 working days with holidays and a way back; after that a renewed
# paper no longer comes in time for this round. On the day itself (0) the paper is still good.
URGENT_DAYS = 30

STATE_LABELS: dict[PaperState, str] = {
    PaperState.VALID: "Còn hạn",
    PaperState.EXPIRING: "Sắp hết hạn",
    PaperState.EXPIRED: "Đã hết hạn",
    PaperState.REPLACED: "Đã thay",
    PaperState.WITHDRAWN: "Thôi dùng",
}

# How the criteria of the 26 sets name what the list of Mẫu 02 part III calls by its own topics,
# written without accents: the decision joins the two by meaning only.
_NAMED_IN_CRITERIA: dict[EvidenceKind, tuple[str, ...]] = {
    EvidenceKind.BUSINESS_REGISTRATION: ("loai hinh to chuc", "dieu kien kinh doanh"),
    EvidenceKind.PRODUCTION_CONDITIONS: ("nang luc san xuat", "dieu kien", "an toan"),
    EvidenceKind.MATERIAL_ORIGIN: (
        "nguyen lieu",
        "nguon goc san pham",
        "vung san xuat",
        "lien ket",
    ),
    EvidenceKind.ENVIRONMENT: ("moi truong", "cong nghe", "nang luong"),
    EvidenceKind.LOCAL_LABOUR: ("lao dong",),
    EvidenceKind.GROWTH: ("tang truong",),
    EvidenceKind.INTELLECTUAL_PROPERTY: ("so huu tri tue",),
    EvidenceKind.MARKET: ("phan phoi", "thi truong", "ban hang"),
    EvidenceKind.PROMOTION: ("quang ba",),
    EvidenceKind.STORY: ("cau chuyen", "y tuong", "ban sac"),
    EvidenceKind.QUALITY_DECLARATION: ("cong bo",),
    EvidenceKind.TEST_REPORT: ("cong bo", "chat luong", "kiem tra dinh ky", "an toan"),
    EvidenceKind.BARCODE: ("ghi nhan", "bao bi"),
    EvidenceKind.QUALITY_SYSTEM: ("chat luong", "vung nguyen lieu", "vung san xuat"),
    EvidenceKind.AWARD: ("doc dao",),
}


def state_of(
    *, expires_on: date | None, is_replaced: bool, is_withdrawn: bool, on: date
) -> PaperState:
    """Return how a paper stands on a day."""
    if is_replaced:
        return PaperState.REPLACED
    if is_withdrawn:
        return PaperState.WITHDRAWN
    if has_expired(expires_on, on):
        return PaperState.EXPIRED
    if expires_on is not None and (expires_on - on).days <= NOTICE_DAYS:
        return PaperState.EXPIRING
    return PaperState.VALID


def is_urgent(expires_on: date | None, on: date) -> bool:
    """Tell whether a paper runs out within thirty days, or has run out."""
    return expires_on is not None and (expires_on - on).days <= URGENT_DAYS


def fitting_kinds(criterion_name: str, guide: Iterable[EvidenceGuide]) -> frozenset[EvidenceKind]:
    """Return the kinds of the regime's list of evidence that a criterion asks for by its name."""
    name = fold(criterion_name)
    known = {one.kind for one in guide}
    return frozenset(
        kind
        for kind, phrases in _NAMED_IN_CRITERIA.items()
        if kind in known and any(phrase in name for phrase in phrases)
    )
